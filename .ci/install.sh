#!/usr/bin/env bash
# Installs what a purpose needs on Debian 12:  .ci/install.sh build run test bench deep data
#
#   build  compile the program and the plugins       test   compile and run the tests
#   run    run what was compiled                     bench  measure beside other tools
#   data   the real data of the samples              deep   sanitizers, fuzzers and a browser
#
# Debian packages come from apt-get, and only if one is missing: with everything there no root is needed. What
# Debian does not package goes to build/third_party (JACKFIELD_THIRD_PARTY to put it elsewhere), each archive
# checked against the digest below. JACKFIELD_SKIP_PACKAGES=1 leaves Debian's packages to you, for other systems.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
third_party=${JACKFIELD_THIRD_PARTY:-$root/build/third_party}

# --- Debian packages: name, or name:command where the command may also come from elsewhere -------------------------
# Never libboost-dev: it is 1.74 and silently removes 1.81.
build=(g++:g++ cmake:cmake ninja-build:ninja pkg-config:pkg-config mold:mold ccache:ccache
       libboost1.81-dev libboost-json1.81-dev libsimdjson-dev libfast-float-dev libcli11-dev
       libsqlite3-dev libhowardhinnant-date-dev libssl-dev libzstd-dev zlib1g-dev libre2-dev libxxhash-dev libpq-dev
       libcurl4-openssl-dev libjavascriptcoregtk-4.1-dev librsvg2-dev libcairo2-dev libfreetype-dev libfontconfig-dev)
run=(libboost-json1.81.0 libsimdjson14 libsqlite3-0 libdate-tz3 tzdata libssl3 libzstd1 zlib1g libre2-9 libxxhash0 libpq5 libcurl4
     libjavascriptcoregtk-4.1-0 librsvg2-2 libcairo2 fonts-dejavu-core)
test=(catch2 git:git python3:python3 clang:clang++ libc++-dev libc++abi-dev abigail-tools:abidw strace:strace
      librsvg2-bin:rsvg-convert fonts-noto-core fonts-noto-cjk zsh:zsh python3-jsonschema
      postgresql-15 postgresql-client-15 pgbouncer openssl:openssl libpcre2-8-0 nodejs:node)
bench=(python3:python3 python3-venv)
deep=(clang-19:clang-19 libclang-rt-14-dev libclang-rt-19-dev chromium:chromium)
data=()

# --- What Debian does not package: group, name, source, SHA-512 as the npm registry states it -----------------------
# valijson and nginx are in Debian, but installing them would bring Qt, and start a server on port 80: what is needed is
# taken out of the package.
archives='
build valijson       libvalijson-dev=1.0+repack-2                  -
build duckdb-header  duckdb@1.4.4                                  hEJJ5hyVF0VLj3dmOLpsWrQR0b3d4Ykqtygm6iUXjHJDDnSqg/USKxcb5qvNrOhFYPgktayU6dXCtgPqcmmpog==
run   duckdb-library @duckdb/node-bindings-linux-x64@1.5.6-r.1     IXcrZJE6kEqM0Z4wwdVnGBHX/frOS33VPNAwDXQ/Q+Fs84b058Qe94chrCCIcNJlG8Y3UHIUU4eBeCQxW5mN1Q==
test  nginx          nginx                                         -
run   echarts        echarts@6.1.0                                 q0yaFPggC9FUdsWH4blavRWFmxdrIodbkoKNAjJudAI6CA9gNPxHtV2RcZNEepZVlk4yvBYkOkbk6HIVpIyHZA==
data  vega-datasets  vega-datasets@3.2.1                           lTSwZA6yq6qSU2YZm+6bqILiIvTPPxn4itir7jPGFmHIdPvUfQ9pCzzcrklYywMJgLUbaIeSkZQdiJd6wBxPug==
'

# What is kept of each archive: path inside, path under build/third_party.
kept() {
  case $1 in
    valijson)       echo usr/include/valijson valijson/include/valijson
                    echo usr/share/doc/libvalijson-dev/copyright valijson/LICENSE ;;
    duckdb-header)  echo package/src/duckdb/src/include/duckdb.h duckdb/include/duckdb.h ;;
    duckdb-library) echo package/libduckdb.so duckdb/lib/libduckdb.so ;;
    nginx)          echo usr/sbin/nginx nginx/nginx
                    echo usr/share/doc/nginx/copyright nginx/LICENSE ;;
    echarts)        echo package/dist/echarts.min.js echarts/echarts.min.js
                    echo package/LICENSE echarts/LICENSE
                    echo package/NOTICE echarts/NOTICE ;;
    vega-datasets)  echo package/data/flights-3m.parquet vega-datasets/flights-3m.parquet
                    echo package/data/airports.csv vega-datasets/airports.csv ;;
  esac
}

say() { printf '  %s\n' "$*"; }
fail() { printf '.ci/install.sh: %s\n' "$*" >&2; exit 1; }

# Writes the packages of the arguments that are missing, one a line.
missing_packages() {
  local entry names=() installed
  for entry in "$@"; do
    if [[ $entry == *:* ]] && command -v "${entry#*:}" >/dev/null; then continue; fi
    names+=("${entry%%:*}")
  done
  ((${#names[@]})) || return 0
  installed=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' "${names[@]}" 2>/dev/null |
              sed -n 's/^\([^ :]*\)[^ ]* installed$/\1/p') || true
  printf '%s\n' "${names[@]}" | sort -u | { grep -vxF -f <(printf '%s\n' "$installed" '!') || true; }
}

# The server packages of the tests must not start servers of their own; whoever has a policy keeps it.
apt_install() {
  local policy=/usr/sbin/policy-rc.d made= status
  [[ -e $policy ]] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1; }
  apt_install_now "$@" && status=0 || status=$?
  [[ ! $made ]] || rm -f $policy
  return $status
}

apt_install_now() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 \
    install -y --no-install-recommends "$@" </dev/null
}

install_packages() {
  local missing log
  [[ ${JACKFIELD_SKIP_PACKAGES:-} ]] && return
  command -v dpkg-query >/dev/null ||
    fail "this is no Debian system; install the counterparts of ${*%%:*} yourself and set JACKFIELD_SKIP_PACKAGES=1"
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || { say "Debian packages: all there"; return; }
  [[ $EUID == 0 ]] ||
    fail "Debian packages are missing; install them with: sudo apt-get install --no-install-recommends ${missing[*]}"
  say "Debian packages: installing ${#missing[@]} (${missing[*]})"
  log=$(mktemp)
  # Package lists may be absent or old: the first failure refreshes them.
  compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt-get -q update >"$log" 2>&1 || true
  if ! apt_install "${missing[@]}" >>"$log" 2>&1; then
    apt-get -q update >>"$log" 2>&1 || true
    if ! apt_install "${missing[@]}" >>"$log" 2>&1; then
      tail -n 5 "$log" >&2
      fail "apt-get could not install ${missing[*]}; its whole output is in $log"
    fi
  fi
  rm -f "$log"
  say "Debian packages: done"
}

# download SOURCE FOLDER: leaves one archive in the folder.
download() {
  local source=$1 folder=$2
  cd "$folder"
  if [[ $source == *@* ]]; then
    npm pack --silent --no-update-notifier "$source" >/dev/null 2>npm.log </dev/null
  elif ! apt-get -q download "$source" >apt.log 2>&1; then
    # No package lists on this machine, and perhaps no right to write them: fetch them into a private folder.
    mkdir -p lists/partial archives/partial
    apt-get -q -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD" update >>apt.log 2>&1 &&
      apt-get -q -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD" download "$source" >>apt.log 2>&1
  fi
}

# unpack SOURCE DIGEST FOLDER: checks the one archive in the folder and unpacks it to FOLDER/tree.
unpack() {
  local source=$1 digest=$2 folder=$3 archive wanted
  mkdir "$folder/tree"
  if [[ $source != *@* ]]; then # apt-get has checked it against Debian's signature
    dpkg-deb -x "$folder"/*.deb "$folder/tree"
    return
  fi
  archive=$(echo "$folder"/*.tgz)
  wanted=$(printf %s "$digest" | base64 -d | od -An -v -tx1 | tr -d ' \n')
  sha512sum -c --status - <<<"$wanted  $archive" ||
    { echo "$source is not the archive that .ci/install.sh expects: its SHA-512 differs" >"$folder/reason"; return 1; }
  tar -xzf "$archive" -C "$folder/tree"
}

# there NAME SOURCE DIGEST: whether that archive's files are in their place.
there() { [[ -e $third_party/.stamp/$1 && $(<"$third_party/.stamp/$1") == "$2 $3" ]]; }

# fetch NAME SOURCE DIGEST: an archive's files in their place, or a sentence and status 1.
fetch() {
  local name=$1 source=$2 digest=$3 stamp=$third_party/.stamp/$1 work inside target attempt reason
  mkdir -p "$third_party/.stamp"
  for attempt in 1 2; do
    work=$(mktemp -d "$third_party/.fetch.XXXXXX")
    if (download "$source" "$work") && unpack "$source" "$digest" "$work" 2>"$work/unpack.log"; then break; fi
    if ((attempt == 2)); then
      reason=$(cat "$work"/reason "$work"/*.log 2>/dev/null | tail -n 3) || true
      rm -rf "$work"
      echo ".ci/install.sh: could not fetch $source, tried twice: ${reason:-no answer from the npm registry}" >&2
      return 1
    fi
    rm -rf "$work"
    sleep 2
  done
  while read -r inside target; do
    mkdir -p "$third_party/$(dirname "$target")"
    rm -rf "${third_party:?}/$target"
    if ! mv "$work/tree/$inside" "$third_party/$target"; then # keeps its old date: nothing is compiled again
      rm -rf "$work"
      return 1
    fi
  done < <(kept "$name")
  rm -rf "$work"
  echo "$source $digest" >"$stamp"
  say "$name: fetched $source"
}

fetch_archives() {
  local group name source digest pids=() pid status=0
  mkdir -p "$third_party"
  exec 9>"$third_party/.lock"
  flock 9 # two runs at once: the second finds everything there
  rm -rf "$third_party"/.fetch.* # of a run that was killed
  while read -r group name source digest; do
    [[ $name && " $* " == *" $group "* ]] || continue
    if there "$name" "$source" "$digest"; then continue; fi
    fetch "$name" "$source" "$digest" 9>&- &
    pids+=($!)
  done <<<"$archives"
  for pid in "${pids[@]}"; do wait "$pid" || status=1; done
  exec 9>&-
  ((${#pids[@]})) || say "archives: all there"
  return $status
}

# json-server, for the tests of http, is a tree of packages: npm takes it from the registry as the digests of
# package-lock.json say. Nothing of it runs while it is installed.
fetch_json_server() {
  local folder=$root/tests/support/servers/json_server target=$third_party/json-server
  if cmp -s "$folder/package-lock.json" "$target/package-lock.json" && [[ -e $target/node_modules/json-server ]]; then return; fi
  rm -rf "$target"
  mkdir -p "$target"
  cp "$folder/package.json" "$folder/package-lock.json" "$target"
  if ! npm ci --prefix "$target" --ignore-scripts --no-audit --no-fund --no-update-notifier --silent >"$target/npm.log" 2>&1 </dev/null; then
    tail -n 3 "$target/npm.log" >&2
    rm -rf "$target"
    fail "could not fetch json-server from the npm registry"
  fi
  say "json-server: fetched as package-lock.json says"
}

# Whether an archive of these groups that is not there yet comes from npm.
needs_npm() {
  local group name source digest
  if [[ " $* " == *" test "* && ! -e $third_party/json-server/node_modules ]]; then return 0; fi
  while read -r group name source digest; do
    [[ $source == *@* && " $* " == *" $group "* ]] || continue
    there "$name" "$source" "$digest" || return 0
  done <<<"$archives"
  return 1
}

main() {
  local group packages=()
  (($#)) || fail "say what for: one or more of build run test bench deep data"
  for group in "$@"; do
    case $group in
      build | run | test | bench | deep | data) local -n list=$group; packages+=("${list[@]}") ;;
      *) fail "no group '$group'; the groups are build run test bench deep data" ;;
    esac
  done
  # Debian's npm brings some 360 packages: only where there is none at all, and only if something is to be fetched.
  if needs_npm "$@"; then packages+=(npm:npm); fi
  install_packages "${packages[@]}"
  fetch_archives "$@"
  if [[ " $* " == *" test "* ]]; then fetch_json_server; fi
}

main "$@"

#!/usr/bin/env bash
# The installed package and the tarball serve people who have no source tree: samples 03, 04 and 05 and new plugins are built
# against them as outside projects, run and checked; samples with an expected.txt print what it says.
#
#   JACKFIELD_BUILD         a finished build of this tree; build/release if not set. Nothing in it is changed.
#   JACKFIELD_THIRD_PARTY   where .ci/install.sh put the data of sample 01; without it the sample is not run
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${JACKFIELD_BUILD:-$root/build/release}
work=$(mktemp -d "${TMPDIR:-/tmp}/jackfield-package-XXXXXX")
trap 'rm -rf "$work"' EXIT
export DATA=${JACKFIELD_THIRD_PARTY:-$root/build/third_party}/vega-datasets
export JACKFIELD_HOME=$work/home NO_COLOR=1 LC_ALL=C.UTF-8 HOME=$work PYTHONDONTWRITEBYTECODE=1
export CCACHE_DIR=${CCACHE_DIR:-$work/ccache}
unset JACKFIELD_PLUGIN_PATH JACKFIELD_DUCKDB
passed=0 failed=0

# count SENTENCE COMMAND…: one test; what the command prints is shown if it fails.
count() {
  local sentence=$1
  shift
  if "$@" >"$work/log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    return 0
  fi
  failed=$((failed + 1))
  printf 'FAILED: %s\n' "$sentence"
  tail -n 25 "$work/log" | sed 's/^/    /'
  return 1
}
end() { printf '%d passed, %d failed\n' "$passed" "$failed"; exit "$((failed > 0))"; }

# build_sample FOLDER PREFIX TO: as its reader does it, with nothing but the package.
build_sample() {
  cp -r "$root/samples/$1" "$3.source" &&
    cmake -S "$3.source" -B "$3" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$2" &&
    cmake --build "$3" && ln -s "$3" "$3.source/build"
}
# prints_what_is_expected FOLDER: the transcript in it, with the installed program.
prints_what_is_expected() {
  (cd "$1" && PATH=$(dirname "$program"):$PATH && python3 "$root/tests/package/run_transcript.py" expected.txt)
}
# new_plugin KIND LANGUAGE: as `plugin new` tells its reader to go on.
new_plugin() {
  local name=acme-$1-$2
  cd "$work" && "$program" plugin new "$name" --kind "$1" --lang "$2" && cd "$name" &&
    cmake --preset release -DCMAKE_PREFIX_PATH="$prefix" && cmake --build --preset release &&
    "$program" plugin check --quick "build/$name.so"
}
new_is_refused() { ! "$program" plugin new "acme-$1-c" --kind "$1" --lang c 2>"$work/refused" && grep -q 'in C there is a start for a source only' "$work/refused"; }
run_service() {
  (cd "$work/05.source" && "$work/05/service" count.flow.json "$plugins" >"$work/service.out") &&
    diff "$work/05.source/expected.txt" "$work/service.out"
}
exports_one_symbol() { [[ $(nm -D --defined-only "$1" | awk '{print $3}') == jf_plugin_entry_v1 ]]; }
lists() { # PROGRAM WORD…: `plugin list` names all of them
  local listing
  listing=$("$1" plugin list) || return
  printf '%s\n' "$listing"
  for word in "${@:2}"; do grep -qw -- "$word" <<<"$listing" || { echo "'$word' is not listed"; return 1; }; done
}
no_path_of_the_tree() { ! grep -rlF -- "$root" "$1" --include='*.cmake' --include='*.h' --include='*.hpp' --include='*.map'; }
compiles_alone() { # INCLUDE-FOLDER HEADER
  local flags=(-Wall -Wextra -Wpedantic -Werror -fsyntax-only "-I$1")
  if [[ $2 == *.h ]]; then
    printf '#include <%s>\nint main(void) { return 0; }\n' "$2" | gcc -std=c11 -x c "${flags[@]}" -
  else
    printf '#include <%s>\nint main() { return 0; }\n' "$2" | g++ -std=c++20 -x c++ "${flags[@]}" -
  fi
}

for needed in "$build/bin/jackfield" "$build/cmake_install.cmake"; do
  [[ -e $needed ]] || { echo "there is no $needed; build the tree first: tests/run.sh"; failed=1; end; }
done

# ---- cmake --install -----------------------------------------------------------------------------------------------
prefix=$work/prefix
count "the build installs" cmake --install "$build" --prefix "$prefix" || end
program=$prefix/bin/jackfield
plugins=$(find "$prefix" -type d -path '*/jackfield/plugins' | head -n 1)
count "the installed program starts" "$program" version
count "it finds the plugins that were installed with it" lists "$program" files duckdb checks program
count "nothing installed names a path of the source tree" no_path_of_the_tree "$prefix"
while read -r header; do
  count "$header compiles alone" compiles_alone "$prefix/include" "$header"
done < <(cd "$prefix/include" && find jackfield -name '*.h' -o -name '*.hpp' | sort)

count "sample 03 builds against the package" build_sample 03-write-a-task "$prefix" "$work/03"
count "sample 04 builds against the package" build_sample 04-write-a-source "$prefix" "$work/04"
for plugin in "$work/03/scale.so" "$work/04/ticks.so" "$work/04/ticks_c.so"; do
  [[ -e $plugin ]] || continue
  count "$(basename "$plugin") exports one symbol" exports_one_symbol "$plugin"
  count "the installed program passes $(basename "$plugin")" "$program" plugin check --quick "$plugin"
done
count "sample 03 prints what is expected" prints_what_is_expected "$work/03.source"
count "sample 04 prints what is expected" prints_what_is_expected "$work/04.source"
if [[ -e $DATA/flights-3m.parquet ]]; then
  cp -r "$root/samples/01-run-a-flow" "$work/01" && mkdir "$work/01/out"
  count "sample 01 prints what is expected" prints_what_is_expected "$work/01"
fi
for kind in source sink task chart connection auth; do
  count "a new $kind in C++ builds against the package and passes the kit" new_plugin "$kind" cpp
  [[ $kind == source ]] || count "there is no start for a $kind in C, and that is said" new_is_refused "$kind"
done
count "a new source in C builds against the package and passes the kit" new_plugin source c
if count "sample 05 builds against the package" build_sample 05-embed "$prefix" "$work/05"; then
  count "sample 05 prints what is expected" run_service
fi

# ---- the tarball ---------------------------------------------------------------------------------------------------
if count "CPack makes a tarball" cpack --config "$build/CPackConfig.cmake" -G TGZ -B "$work/cpack"; then
  tarball=$(find "$work/cpack" -maxdepth 1 -name '*.tar.gz' | head -n 1)
  mkdir "$work/elsewhere"
  count "it unpacks" tar -xzf "$tarball" -C "$work/elsewhere" --strip-components=1
  rm -rf "$prefix" # whoever still reached into it would fail now
  program=$work/elsewhere/bin/jackfield
  count "the program of the tarball finds its plugins" lists "$program" files duckdb checks program
  count "sample 04 builds from the tarball alone" build_sample 04-write-a-source "$work/elsewhere" "$work/again"
  count "the program of the tarball passes it" "$program" plugin check --quick "$work/again/ticks.so"
fi
end

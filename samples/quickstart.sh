#!/usr/bin/env bash
# From a bare Debian 12 machine to a page with charts over three million flights: installs, builds, runs.
#
#   samples/quickstart.sh        the first time takes minutes, the second seconds
#
# Everything made is under build/; only Debian packages that are missing are installed outside of it (as root).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
third_party=${JACKFIELD_THIRD_PARTY:-$root/build/third_party}
folder=build/release
program=$folder/bin/jackfield
targets=(jackfield files duckdb steps checks charts)
flow=samples/01-run-a-flow/flights.flow.json
out=$root/build/quickstart

step() { printf '\n[%s/4] %s\n' "$1" "$2"; }
stop() { printf '\n%s\n' "$1" >&2; exit 1; }

build() {
  local log=$folder/quickstart.log
  if [[ -t 1 ]]; then
    NINJA_STATUS='  %f of %t, %e s: ' ninja -C "$folder" "${targets[@]}" || stop "The build stopped; what went wrong is above."
    return
  fi
  NINJA_STATUS='[%f/%t] ' ninja -C "$folder" "${targets[@]}" 2>&1 </dev/null | tee "$log" |
    awk -F'[][/]' '/^\[[0-9]+\/[0-9]+\]/ { quarter = int($2 * 4 / $3)
      if (quarter > last) { printf "  %d of %d\n", $2, $3; fflush(); last = quarter } }' ||
    { tail -n 40 "$log" >&2; stop "The build stopped; its whole output is in $log."; }
}

step 1 "Libraries and data"
.ci/install.sh build run data

step 2 "Build: the program and its plugins, on $(nproc) cores"
mkdir -p "$folder" "$out"
exec {lock}>build/.release.lock
flock "$lock" # the tests may be building in the same folder
# Ninja itself sees when a build file changed, but not when a folder with a new one came.
listing=$(find CMakeLists.txt sdk runtime plugins -name CMakeLists.txt | sort)
if [[ ! -e $folder/build.ninja || $listing != "$(cat "$folder/quickstart.listing" 2>/dev/null)" ]]; then
  # On a system whose libraries you chose yourself a new compiler's warning should not stop you.
  cmake --preset release -DJACKFIELD_TESTS=OFF -DJACKFIELD_THIRD_PARTY="$third_party" \
    ${JACKFIELD_SKIP_PACKAGES:+-DJACKFIELD_WERROR=OFF} \
    >"$folder/configure.log" 2>&1 || { tail -n 20 "$folder/configure.log" >&2; stop "CMake could not configure the build."; }
  echo "$listing" >"$folder/quickstart.listing"
fi
build
exec {lock}>&-

step 3 "Run: $flow"
"$program" run "$flow" --param "data=$third_party/vega-datasets" --param "out=$out" ||
  stop "The flow failed; its last lines say what is true now. To look closer: $program runs list"

step 4 "Look at it"
page=$(find "$out" -maxdepth 1 -name '*.html' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
[[ $page ]] || stop "The flow ran, but there is no page in $out."
printf '  open file://%s in a browser\n  the flow is %s; change it and run this again (%d s this time)\n' "$page" "$flow" "$SECONDS"

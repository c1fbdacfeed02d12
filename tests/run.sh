#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs every test; the last line is "N passed, N failed".
#
#   tests/run.sh                   preset release: C++ tests, then each tests/*/run_*.sh
#   tests/run.sh --only REGEX      only the tests and scripts whose name matches
#   tests/run.sh --preset NAME     another preset of CMakePresets.json (dev, asan, tsan)
#   tests/run.sh --deep            also: sanitizers, fuzzers (10 minutes each; JACKFIELD_FUZZ_SECONDS), long scripts
#
# tests/README.md says how a test is added and what a script may expect. Everything made is under build/.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
export NO_COLOR=1
# Without intercept_tls_get_addr=0 the leak check dies on plugins with thread_local data (sanitizers issue 1322).
export ASAN_OPTIONS=${ASAN_OPTIONS:-intercept_tls_get_addr=0:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1}

only=. preset=release deep=
passed=0 failed=0
jobs=$(nproc)

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed '/^set /d'; }
say() { printf '%2d:%02d  %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }
finish() {
  printf 'total time %d min %d s\n%d passed, %d failed\n' $((SECONDS / 60)) $((SECONDS % 60)) "$passed" "$failed"
  ((failed == 0 && passed > 0)) || exit 1
  exit 0
}
# give_up WHAT LOG: a step without which nothing can be tested.
give_up() {
  say "$1 failed; the end of $2:"
  tail -n 60 "$2"
  failed=$((failed + 1))
  finish
}

# "[12/480] text" of ninja on stdin: one line for each tenth of the way.
build_progress() {
  awk -F'[][/]' '/^\[[0-9]+\/[0-9]+\]/ { tenth = int($2 * 10 / $3)
    if (tenth > last || $2 == 1) { printf "       %d of %d built\n", $2, $3; fflush(); last = tenth } }'
}

# "1/9 Test #1: name .... Passed 0.1 sec" of ctest on stdin: one short line for each program.
test_progress() {
  sed -unE 's|^ *([0-9]+/[0-9]+) Test +#[0-9]+: ([^ ]+) \.*(.*[^ ]) +([0-9.]+) sec.*|       \1 \2 \4 s\3|p' |
    sed -uE 's/ +Passed$//; s/ s\*+(.*)$/ s  \1/'
}

# configure_and_build PRESET [TARGET…]
configure_and_build() {
  local preset=$1 folder=build/$1 log=build/$1/build.log
  shift
  mkdir -p "$folder"
  say "configure $preset"
  cmake --preset "$preset" -DJACKFIELD_TESTS=ON ${JACKFIELD_THIRD_PARTY:+-DJACKFIELD_THIRD_PARTY="$JACKFIELD_THIRD_PARTY"} \
    >"$folder/configure.log" 2>&1 </dev/null || give_up "configure $preset" "$folder/configure.log"
  say "build $preset"
  NINJA_STATUS='[%f/%t] ' ninja -C "$folder" -j "$jobs" "$@" 2>&1 </dev/null | tee "$log" | build_progress ||
    give_up "build $preset" "$log"
}

# run_programs PRESET LIMIT: every program that CMake knows as a test, two at a time; adds to the counts.
run_programs() {
  local preset=$1 limit=$2 folder=build/$1 counts
  rm -f "$folder/junit.xml"
  say "test $preset"
  # ctest's status is in the JUnit file, where each test case is counted.
  ctest --test-dir "$folder" -R "$only" -j 2 --timeout "$limit" --no-tests=ignore \
    --output-junit junit.xml --test-output-size-passed 1000000 --test-output-size-failed 1000000 \
    >"$folder/ctest.log" 2>&1 </dev/null &
  tail -n +1 -f --pid=$! "$folder/ctest.log" | test_progress || true
  wait $! || true
  counts=$(python3 tests/count_results.py "$folder/junit.xml" "$folder/ctest.log") || true
  add_counts "${counts:-0 passed, 1 failed}"
}

# add_counts TEXT: prints the text but its last line, "N passed, N failed", which it adds to the counts.
add_counts() {
  local last=${1##*$'\n'}
  [[ $1 == *$'\n'* ]] && printf '%s\n' "${1%$'\n'*}"
  [[ $last =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed ]] || return 0
  passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
}

# run_script FILE LIMIT [ARGUMENT…]: counts its closing line, or one test where it has none.
run_script() {
  local script=$1 limit=$2 log began=$SECONDS status=0 last
  shift 2
  log=build/$preset/$(basename "$script" .sh).log
  timeout --foreground -k 10 "$limit" bash "$script" "$@" >"$log" 2>&1 </dev/null || status=$?
  last=$(grep -E '^([a-z]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1) || true
  # A script that fails fails the run, whatever it counted.
  [[ $last && ! ($status != 0 && $last == *" 0 failed"*) ]] || last="$((status == 0)) passed, $((status != 0)) failed"
  printf '       %s %d s  %s\n' "$script" $((SECONDS - began)) "$last"
  add_counts "$last"
  ((status == 0)) || { ((status != 124)) || echo "stopped after its $limit s"; tail -n 60 "$log"; }
}

run_scripts() {
  local script limit=$1
  shift
  say "scripts $*"
  export JACKFIELD_BUILD="$root/build/$preset"
  for script in tests/*/run_*.sh; do
    if [[ -e $script && $script =~ $only ]]; then run_script "$script" "$limit" "$@"; fi
  done
}

# Each fuzz_* program for its share of time, two at a time; a finding is left in build/fuzz/findings.
run_fuzzers() {
  local seconds=${JACKFIELD_FUZZ_SECONDS:-600} names name folder=$root/build/fuzz status
  configure_and_build fuzz help
  names=$(ninja -C build/fuzz -t targets all | sed -n 's/^bin\/\(fuzz_[a-z0-9_]*\): .*EXECUTABLE.*/\1/p' | grep -E "$only" || true)
  [[ $names ]] || { say "no fuzz_* program in the preset fuzz"; return; }
  configure_and_build fuzz $names
  say "fuzz for $seconds s each: ${names//$'\n'/ }"
  mkdir -p "$folder/findings"
  for name in $names; do
    mkdir -p "$folder/corpus/$name"
    echo "$name"
  done | xargs -P 2 -I NAME bash -c '
    seeds=tests/fuzz/seeds/NAME; [[ -d $seeds ]] || seeds=
    "$0/bin/NAME" -max_total_time="$1" -timeout=10 -rss_limit_mb=3000 -artifact_prefix="$0/findings/NAME-" \
      "$0/corpus/NAME" $seeds >"$0/NAME.log" 2>&1; echo $? >"$0/NAME.status"' "$folder" "$seconds"
  for name in $names; do
    status=$(<"$folder/$name.status")
    printf '       %s %s\n' "$name" "$( ((status == 0)) && echo passed || echo "FAILED, see build/fuzz/$name.log")"
    add_counts "$((status == 0)) passed, $((status != 0)) failed"
  done
}

while (($#)); do
  case $1 in
    --deep) deep=1 ;;
    --only) only=${2:?--only needs a regular expression}; shift ;;
    --preset) preset=${2:?--preset needs a name of CMakePresets.json}; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; echo "tests/run.sh: unknown argument '$1'" >&2; exit 2 ;;
  esac
  shift
done

mkdir -p build
exec {lock}>"build/.$preset.lock"
flock -n "$lock" || { say "waiting for another run in build/$preset"; flock "$lock"; }

say install
.ci/install.sh build run test data ${deep:+deep} </dev/null || { failed=1; finish; }
configure_and_build "$preset"
run_programs "$preset" 300
run_scripts 900
if [[ $deep ]]; then
  for sanitizer in asan tsan; do
    configure_and_build "$sanitizer"
    run_programs "$sanitizer" 1800
  done
  run_fuzzers
  run_scripts 14400 --deep
fi
((passed + failed > 0)) || say "no test matches '$only'"
finish

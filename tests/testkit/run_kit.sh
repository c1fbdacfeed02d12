#!/usr/bin/env bash
# The conformance kit as a vendor runs it, through the program. `--deep`: over every plugin with all its repetitions (ctest has the
# short form of the same: kit_*).
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${JACKFIELD_BUILD:-$folder/../../build/release}
program=$build/bin/jackfield
plugins=$build/lib/jackfield
passed=0 failed=0
# check SENTENCE COMMAND…
check() {
  local said
  if said=$("${@:2}" 2>&1); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n%s\n' "$1" "$said"
  fi
}
# says STATUS WORDS COMMAND…: ends so, with the words in its output.
says() {
  local status=0 said
  said=$("${@:3}" 2>&1) || status=$?
  printf '%s\n' "$said"
  [[ $status == "$1" && $said == *"$2"* ]]
}
ledger=(--config '{"file": "${dir}/ledger.db"}' --facts '{"columns": {"part": "int64", "n": "int64"}}' --fixture "$folder/ledger.py")

check "a component is checked with --config and --fixture" says 0 ' 0 failed' \
  "$program" plugin check "$plugins/test_plugins/demo_partitions.so" --quick --component sink:demo.ledger "${ledger[@]}"
check "what fails is repeated with the words of its line" says 1 'repeat: --only crash --seed 7 --component sink:demo.split' \
  "$program" plugin check "$plugins/test_plugins/demo_partitions.so" --quick --component sink:demo.split --only crash --seed 7 "${ledger[@]}"
check "a fixture fills what a source reads" says 0 'the same 300 rows' \
  "$program" plugin check "$plugins/plugins/files.so" --quick --component source:files --config '{"path": "${dir}/filled.csv"}' \
  --only repeat --only garbage --fixture "$folder/fill.sh"
check "tests are listed and not run" says 0 'killed anywhere: nothing lost, nothing doubled' \
  "$program" plugin check "$plugins/plugins/files.so" --component sink:files --list
check "an unknown test is named" says 2 "no test 'speed'" "$program" plugin check "$plugins/plugins/files.so" --only speed
check "an unknown component is named with those that there are" says 2 'source:files' \
  "$program" plugin check "$plugins/plugins/files.so" --component csv
if [[ ${1:-} == --deep ]]; then
  for facts in "$folder"/facts/*.json; do
    name=$(basename "$facts" .json)
    file=$plugins/plugins/${name%_s*}.so # files_source, files_sink
    [[ -e $file ]] || continue
    check "the whole kit over $name" "$program" plugin check "$file" --facts "$facts" --timeout 20
  done
fi
echo "$passed passed, $failed failed"
((failed == 0))

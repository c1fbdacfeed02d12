#!/usr/bin/env bash
# Whole flows under kill -9: CSV → NDJSON and CSV → DuckDB through the program, compared row by row by another program.
# `--deep`: 300 kills each instead of 25, at least 20 in each place.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${JACKFIELD_BUILD:-$folder/../../build/release}
program=$build/bin/jackfield
kills=25 least=2 rows=60000
if [[ ${1:-} == --deep ]]; then kills=300 least=20; fi
[[ -x $program ]] || { echo "$program is not there; build the target jackfield first"; exit 1; }

passed=0 failed=0
# flow NAME SINK: a flow of 60 epochs and its campaign.
flow() {
  echo "== $1"
  if python3 "$folder/campaign.py" --kills "$kills" --least "$least" \
    --prepare "python3 $folder/flow_under_kill.py prepare {dir} $rows $2" \
    --command "python3 $folder/flow_under_kill.py run {dir} $program" \
    --compare "python3 $folder/flow_under_kill.py compare {dir} $rows $2 $program"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $1"
  fi
}
flow "CSV to NDJSON loses and doubles nothing" ndjson
flow "CSV to DuckDB loses and doubles nothing" duckdb
echo "$passed passed, $failed failed"
((failed == 0))

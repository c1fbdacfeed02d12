#!/usr/bin/env bash
# Whole flows under kill -9: CSV → NDJSON, → DuckDB and → PostgreSQL through the program, compared row by row by another program.
# `--deep`: 300 kills each (PostgreSQL 500) instead of 25, at least 20 in each place.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${JACKFIELD_BUILD:-$folder/../../build/release}
program=$build/bin/jackfield
kills=25 least=2 rows=60000
if [[ ${1:-} == --deep ]]; then kills=300 least=20; fi
[[ -x $program ]] || { echo "$program is not there; build the target jackfield first"; exit 1; }

passed=0 failed=0
# flow NAME SINK [KILLS]: a flow of 60 epochs and its campaign.
flow() {
  echo "== $1"
  if python3 "$folder/campaign.py" --kills "${3:-$kills}" --least "$least" \
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
if [[ -e $build/lib/jackfield/plugins/postgres.so ]]; then
  set -a
  eval "$(python3 "$folder/../support/servers/postgres.py" start new)"
  set +a
  flow "CSV to PostgreSQL loses and doubles nothing" postgres $((kills > 25 ? 500 : kills))
  flow "CSV to PostgreSQL by key loses and doubles nothing" postgres-upsert
fi
echo "$passed passed, $failed failed"
((failed == 0))

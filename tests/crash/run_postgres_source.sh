#!/usr/bin/env bash
# Flows out of PostgreSQL under kill -9: → PostgreSQL by key, → DuckDB, and from a table under writers whose transactions commit
# in any order. `--deep`: 300 kills each instead of 15, at least 20 in each place.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${JACKFIELD_BUILD:-$folder/../../build/release}
program=$build/bin/jackfield
kills=15 least=1 rows=30000
if [[ ${1:-} == --deep ]]; then kills=300 least=20 rows=60000; fi
[[ -x $program ]] || { echo "$program is not there; build the target jackfield first"; exit 1; }
set -a
eval "$(python3 "$folder/../support/servers/postgres.py" start new)"
set +a

passed=0 failed=0
# flow NAME SINK [writers]: a flow of 60 epochs and its campaign.
flow() {
  echo "== $1"
  if python3 "$folder/campaign.py" --kills "$kills" --least "$least" \
    --prepare "python3 $folder/postgres_under_kill.py prepare {dir} $rows $2 ${3:-}" \
    --command "python3 $folder/postgres_under_kill.py run {dir} $program" \
    --compare "python3 $folder/postgres_under_kill.py compare {dir} $rows $2 $program"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $1"
  fi
}
flow "PostgreSQL to PostgreSQL by key loses and doubles nothing" postgres-upsert
flow "PostgreSQL to DuckDB loses and doubles nothing" duckdb
flow "a table under writers that commit out of order loses and doubles nothing" postgres writers
echo "$passed passed, $failed failed"
((failed == 0))

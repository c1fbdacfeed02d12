#!/usr/bin/env bash
# A flow of all tasks of the plugin 'postgres' through the program: checked, planned, run, run again, made anew.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${JACKFIELD_BUILD:-$folder/../../build/release}/bin/jackfield
eval "$(python3 "$folder/../support/servers/postgres.py" start new)"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export JACKFIELD_HOME=$scratch
passed=0 failed=0

sql() { psql -h "$JF_PG_SOCKET_DIR" -p "$JF_PG_PORT" -U jackfield -d postgres -X -q -A -t -c "$1"; }
flow() {
  local command=$1
  shift
  "$program" "$command" "$folder/postgres_tasks.flow.json" --param socket="$JF_PG_SOCKET_DIR" --param port="$JF_PG_PORT" "$@"
}
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
# gives WANTED COMMAND…: prints what the command does, and succeeds if that is it.
gives() {
  local said
  said=$("${@:2}") || true
  printf 'got:    %s\nwanted: %s\n' "$said" "$1"
  [[ $said == "$1" ]]
}
# says WORDS COMMAND…
says() {
  local said
  said=$("${@:2}" 2>&1) || true
  printf '%s\n' "$said"
  [[ $said == *"$1"* ]]
}

check "the flow is right" flow check
check "the plan says what each task does" says "buckets of hour in hourly, from the newest on computed anew and 2h before it" flow plan
check "all tasks run" flow run
check "the aggregate is right" gives "10|600|179700" sql "SELECT count(*), sum(n), sum(total) FROM hourly"
check "the view is refreshed" gives 600 sql "SELECT n FROM days"
check "all tasks run again" flow run
check "an increment looks at the last buckets only" gives "60|120" sql "SELECT min(n), max(n) FROM hourly"
check "all is made anew with --full-refresh" flow run --full-refresh
check "a full refresh looks at every bucket" gives "180|180" sql "SELECT min(n), max(n) FROM hourly"
python3 "$folder/../support/servers/postgres.py" kill "$JF_PG_DIR"
check "a server that is gone is named" says "cannot connect to $JF_PG_SOCKET_DIR" flow run --new
echo "$passed passed, $failed failed"
((failed == 0))

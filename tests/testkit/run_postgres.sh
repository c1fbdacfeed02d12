#!/usr/bin/env bash
# The conformance kit over the plugin 'postgres' and a server. `--deep`: with all its repetitions.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${JACKFIELD_BUILD:-$folder/../../build/release}
quick=(--quick)
[[ ${1:-} != --deep ]] || quick=()
eval "$(python3 "$folder/../support/servers/postgres.py" start new)"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
# kit COMPONENT CONFIG [FACTS]: facts after a comma. Leaves "passed" or "failed" as a line of $results/all.
kit() {
  local said fixture=() database=postgres
  [[ $1 != sink:* ]] || { fixture=(--fixture "$folder/postgres_table.py"); database=sinks; }
  local to="\"connection\": {\"host\": \"$JF_PG_SOCKET_DIR\", \"port\": $JF_PG_PORT, \"user\": \"jackfield\", \"database\": \"$database\"}"
  if said=$("$build/bin/jackfield" plugin check "$build/lib/jackfield/plugins/postgres.so" "${quick[@]}" --timeout 60 \
    "${fixture[@]}" --facts "{\"component\": \"$1\", $to, \"config\": $2${3:-}}" 2>&1); then
    echo passed >>"$results/all"
  else
    echo failed >>"$results/all"
    printf 'FAILED: %s %s\n%s\n' "$1" "$2" "$said"
  fi
}
psql -h "$JF_PG_SOCKET_DIR" -p "$JF_PG_PORT" -U jackfield -d postgres -X -q -c "CREATE TABLE origin AS SELECT i::bigint AS n, 'row ' || i AS label, i % 10 AS part
  FROM generate_series(0, 599) AS i; ALTER TABLE origin ADD PRIMARY KEY (n)"
# The sinks beside the rest, in a database of their own, since their fixture drops the schema of progress.
psql -h "$JF_PG_SOCKET_DIR" -p "$JF_PG_PORT" -U jackfield -d postgres -X -q -c "CREATE DATABASE sinks"
{
  kit sink:postgres '{"table": "t"}'
  kit sink:postgres '{"table": "t", "mode": "replace"}'
  kit sink:postgres '{"table": "t", "mode": "upsert", "key": ["n"]}'
  kit source:postgres '{"table": "origin", "split_by": "n", "partitions": 3}'
} &
sinks=$!
kit source:postgres '{"table": "origin"}'
kit source:postgres '{"table": "origin", "key": ["n"]}'
kit source:postgres '{"table": "origin", "cursor": "part", "key": ["n"]}'
kit source:postgres '{"query": "SELECT n / 3 AS n, label FROM origin WHERE part >= $1", "params": [0], "cursor": "n"}' ', "alike": ["n"]'
kit source:postgres '{"table": "origin", "key": ["n"], "horizon": "snapshot"}'
kit source:postgres '{"table": "origin", "key": ["n"], "split_by": "n", "split_at": [100, 350]}'
kit connection:postgres "{\"host\": \"$JF_PG_SOCKET_DIR\", \"port\": $JF_PG_PORT, \"user\": \"jackfield\", \"database\": \"postgres\"}" \
  ', "parameter": "SELECT $1::text AS a", "many": "SELECT * FROM origin"'

# Tasks run on what is there already, and are stopped in the middle of what takes longer than the kit waits.
psql -h "$JF_PG_SOCKET_DIR" -p "$JF_PG_PORT" -U jackfield -d postgres -X -q <<'SQL'
CREATE TABLE events AS SELECT now() AS at, 1 AS n;
CREATE MATERIALIZED VIEW numbers AS SELECT n FROM events;
CREATE UNIQUE INDEX ON numbers (n);
SQL
kit task:postgres.sql '{"sql": "SELECT n FROM events; SELECT pg_sleep(3)"}'
kit task:postgres.aggregate '{"table": "events", "target": "hourly", "time": "at", "bucket": "hour", "measures": {"n": {"count": "*"}}}'
kit task:postgres.refresh '{"view": "numbers"}'
kit task:postgres.index '{"table": "events", "columns": ["at"]}'
kit task:postgres.reindex '{"table": "events"}'
kit task:postgres.vacuum '{"table": "events"}'
kit task:postgres.partition '{"table": "parted", "every": "day", "definition": "at timestamptz", "column": "at"}'
wait "$sinks"
passed=$(grep -c passed "$results/all") || true
failed=$(grep -c failed "$results/all") || true
echo "$passed passed, $failed failed"
((failed == 0 && passed == 18))

#!/usr/bin/env bash
# Sample 06 against a real PostgreSQL and a web server: prints what its expected.txt says, twice the same numbers.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=${JACKFIELD_BUILD:-$root/build/release}/bin/jackfield
scratch=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$scratch"' EXIT
eval "$(python3 "$root/tests/support/servers/postgres.py" start new)"
cp -r "$root/samples/06-warehouse/." "$scratch"
cd "$scratch"
mkdir out
python3 -u -m http.server --bind 127.0.0.1 --directory api 0 >web.log 2>&1 &
server=$!
for ((i = 0; i < 600; ++i)); do
  web=$(sed -n 's/.*(\(http:[^)]*\)\/).*/\1/p' web.log)
  [[ $web ]] && break
  sleep 0.05
done
psql -h "$JF_PG_SOCKET_DIR" -p "$JF_PG_PORT" -U jackfield -d postgres -X -q -c 'CREATE DATABASE warehouse'
export WAREHOUSE_PASSWORD=$JF_PG_PASSWORD WEB=$web PGHOST=$JF_PG_SOCKET_DIR PGPORT=$JF_PG_PORT PGUSER=jackfield PGDATABASE=warehouse
export JACKFIELD_HOME=$scratch/home NO_COLOR=1 LC_ALL=C.UTF-8
PATH=$(dirname "$program"):$PATH
if python3 "$root/tests/package/run_transcript.py" expected.txt; then
  echo "1 passed, 0 failed"
else
  echo "0 passed, 1 failed"
  exit 1
fi

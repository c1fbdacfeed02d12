#!/usr/bin/env bash
# The conformance kit over the plugin 'postgres' and a server. `--deep`: with all its repetitions.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${JACKFIELD_BUILD:-$folder/../../build/release}
quick=(--quick)
[[ ${1:-} != --deep ]] || quick=()
eval "$(python3 "$folder/../support/servers/postgres.py" start new)"
to="\"connection\": {\"host\": \"$JF_PG_SOCKET_DIR\", \"port\": $JF_PG_PORT, \"user\": \"jackfield\", \"database\": \"postgres\"}"
passed=0 failed=0
# kit COMPONENT CONFIG
kit() {
  local said
  if said=$("$build/bin/jackfield" plugin check "$build/lib/jackfield/plugins/postgres.so" "${quick[@]}" --timeout 60 \
    --fixture "$folder/postgres_table.py" --facts "[{\"component\": \"$1\", $to, \"config\": $2}]" 2>&1); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s %s\n%s\n' "$1" "$2" "$said"
  fi
}
kit sink:postgres '{"table": "t"}'
kit sink:postgres '{"table": "t", "mode": "replace"}'
kit sink:postgres '{"table": "t", "mode": "upsert", "key": ["n"]}'
echo "$passed passed, $failed failed"
((failed == 0))

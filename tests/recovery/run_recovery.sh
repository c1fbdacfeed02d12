#!/usr/bin/env bash
# Going on after failures and kills: resume, backfills, slots, gates, full disks, signals; see test_*.py.
set -euo pipefail
folder=$(dirname "${BASH_SOURCE[0]}")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for file in "$folder"/test_*.py; do
  echo "== $(basename "$file" .py)"
  python3 "$file" "$@" | tee -a "$log" || true # how it ended is in its last line
done
awk '/^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3; files++ }
     END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 || passed == 0 || files < '"$(find "$folder" -name 'test_*.py' | wc -l)"' }' "$log"

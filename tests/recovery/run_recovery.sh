#!/usr/bin/env bash
# Going on after failures and kills: resume, backfills, slots, gates, full disks, signals; see test_*.py.
set -euo pipefail
folder=$(dirname "${BASH_SOURCE[0]}")
status=0
for file in "$folder"/test_*.py; do
  echo "== $(basename "$file" .py)"
  python3 "$file" "$@" || status=1
done
exit $status

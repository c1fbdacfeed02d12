#!/usr/bin/env bash
# Runs every check over the repository's text: includes, headers, words, links, code blocks.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTHONDONTWRITEBYTECODE=1
passed=0 failed=0
for check in includes one_definition headers words links blocks; do
  output=$(python3 "check_$check.py" 2>&1) || true
  counts=$(tail -n 1 <<<"$output")
  if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    sed '$d' <<<"$output" | sed "s/^/$check: /"
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  else # the check itself broke
    printf '%s\n' "$output"
    failed=$((failed + 1))
  fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))

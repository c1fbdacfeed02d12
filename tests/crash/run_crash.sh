#!/usr/bin/env bash
# Delivery under kill -9: processes that trade partitions, a load that is killed at every place, and a sink that is known to be
# wrong, which the same harness must report. `--deep`: 300 kills each instead of 60.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${JACKFIELD_BUILD:-$folder/../../build/release}
runner=$build/bin/crash_runner plugins=$build/lib/jackfield/test_plugins
kills=60 least=5 trades=2
if [[ ${1:-} == --deep ]]; then kills=300 least=20 trades=10; fi
[[ -x $runner ]] || { echo "$runner is not there; build the target crash_runner first"; exit 1; }

passed=0 failed=0
# check NAME COMMAND…
check() {
  local name=$1
  shift
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name"; fi
}
# load SINK: the command that campaign.py kills.
load() { echo "$runner $plugins demo.numbers '{\"rows\":20000}' $1 '{\"file\":\"{dir}/out.db\"}' 400"; }
compare="python3 $folder/compare_ledger.py {dir}/out.db 1 20000"

for ((seed = 1; seed <= trades; ++seed)); do
  check "three processes trade partitions while killed and frozen, and the shell that started it goes away, seed $seed" \
    python3 "$folder/orphaned.py" python3 "$folder/trade.py" "$runner" "$plugins" --seed "$seed" --kills 10 --freezes 10
done
# without_fences: whether a zombie is caught in its commit is chance, on a busy machine rarely; one seed that shows it is enough
without_fences() {
  local seed
  for seed in 1 2 3 4; do
    python3 "$folder/trade.py" "$runner" "$plugins" --seed "$seed" --kills 10 --freezes 15 --no-fences && return 0
  done
  return 1
}
check "without fences the same zombies double rows" without_fences
check "a sink that keeps rows and token in one transaction loses and doubles nothing" \
  python3 "$folder/campaign.py" --kills "$kills" --least "$least" --command "$(load demo.ledger)" --compare "$compare"
check "a sink that keeps its token in a file of its own is found out" \
  python3 "$folder/campaign.py" --kills "$kills" --least "$least" --command "$(load demo.split)" --compare "$compare" --expect-faults
echo "$passed passed, $failed failed"
((failed == 0))

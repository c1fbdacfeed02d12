#!/usr/bin/env bash
# Measures every goal of speed and memory beside its peer; one line each, and 1 as the status if one is short:
#   NAME ours=… peer=… ratio=… goal=… ok|short
#
#   tests/bench/run.sh              every goal but the slow ones
#   tests/bench/run.sh NAME…        these: names of goals, or of files in tests/bench/goals
#   tests/bench/run.sh --slow       the slow ones too (build, edit: they compile everything anew)
#   tests/bench/run.sh --raw        also every single figure, and the version of the peer
#   tests/bench/run.sh --list       names, and what each one measures
#
# Figures are medians of five rounds; both sides are measured in turns. Nothing else should run on the machine.
# docs/performance.md has the figures of one machine. Everything made is under build/.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed '/^set /d'; }
# quietly LOG COMMAND…: runs it; its output is shown only if it fails.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null || { tail -n 30 "$log" >&2; echo "tests/bench/run.sh: '$*' failed" >&2; exit 2; }
}

for word in "$@"; do
  case $word in
    -h | --help) usage; exit 0 ;;
    --list) exec /usr/bin/env python3 tests/bench/bench.py --list ;;
    --slow | --raw) ;;
    -*) usage >&2; echo "tests/bench/run.sh: unknown option '$word'" >&2; exit 2 ;;
  esac
done

build=$root/build/release peers=$root/build/bench/peers
mkdir -p build/bench "$build"
exec {lock}>build/.release.lock # as tests/run.sh has it: one of them at a time
flock "$lock"
quietly build/bench/install.log .ci/install.sh build run test bench
if ! cmp -s tests/bench/peers.txt "$peers/installed.txt"; then
  rm -rf "$peers"
  quietly build/bench/venv.log /usr/bin/env python3 -m venv "$peers"
  quietly build/bench/pip.log "$peers/bin/pip" install --disable-pip-version-check --only-binary :all: -r tests/bench/peers.txt
  cp tests/bench/peers.txt "$peers/installed.txt"
fi
quietly build/bench/configure.log cmake --preset release -DJACKFIELD_TESTS=ON \
  ${JACKFIELD_THIRD_PARTY:+-DJACKFIELD_THIRD_PARTY="$JACKFIELD_THIRD_PARTY"}
quietly build/bench/build.log ninja -C "$build" bench
exec "$peers/bin/python" tests/bench/bench.py "$@"

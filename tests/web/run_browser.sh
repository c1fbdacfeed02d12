#!/usr/bin/env bash
# A page of charts of every kind in a real browser (chromium, headless): each is drawn, and nothing complains. Only with --deep: the
# browser is in the group `deep` of .ci/install.sh. The picture stays in the build folder, to be looked at: kinds.png.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${JACKFIELD_BUILD:-$folder/../../build/release}
build=$(cd "$build" && pwd)
if [[ ${1:-} != --deep ]]; then
  echo "0 passed, 0 failed"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export JACKFIELD_HOME=$work/home HOME=$work NO_COLOR=1
passed=0 failed=0
# check SENTENCE COMMAND…
check() {
  if "${@:2}"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1"; fi
}
# browse ARGUMENT…: the page, with all that its scripts do in eight seconds of its own clock. No sandbox: tests may run as root.
browse() {
  timeout 120 chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size=1400,2600 --enable-logging=stderr \
    --user-data-dir="$work/profile" --virtual-time-budget=8000 "$@" "file://$work/kinds.html" 2>"$work/log"
}
every_chart_is_drawn() {
  browse --dump-dom >"$work/dom.html"
  python3 - "$work/dom.html" <<'END'
import re, sys
dom = re.sub(r"<script.*?</script>", "", open(sys.argv[1], encoding="utf-8").read(), flags=re.S)
cards = re.split(r'<div class="card"', dom)[1:]
empty = [number for number, card in enumerate(cards) if "<canvas" not in card and "<td" not in card]
print(len(cards), "charts, not drawn:", empty)
sys.exit(0 if len(cards) == 11 and not empty else 1)
END
}
nothing_complains() { ! grep -E 'CONSOLE|Refused to|ERR_' "$work/log"; }
# The ground of the page alone makes a picture of a tenth of this.
picture_is_full() { browse --screenshot="$build/kinds.png" && (($(stat -c %s "$build/kinds.png") > 60000)); }

cp "$folder/kinds.flow.json" "$work"
check "the flow runs" bash -c 'cd "$1" && "$2/bin/jackfield" run kinds.flow.json' - "$work" "$build"
check "every chart of the page is drawn" every_chart_is_drawn
check "the browser has nothing to complain about" nothing_complains
check "the picture of the page is not empty" picture_is_full
echo "$passed passed, $failed failed"
((failed == 0))

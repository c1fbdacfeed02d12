#!/usr/bin/env python3
"""Counts test cases: count_results.py JUNIT LOG prints what failed, then "N passed, N failed".

JUNIT is what ctest writes. A Catch2 program is one entry there; its own summary says how many cases it ran. A
program without a summary counts as one test, a crashed one as one failed test. LOG is ctest's own output, shown
where there is no JUNIT.
"""
import re
import sys
import xml.etree.ElementTree as xml

LINES_SHOWN = 80


def count(output, ok):
    """(passed, failed) of one program from what it printed and whether ctest calls it passed."""
    passed = failed = 0
    for cases in re.findall(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)$", output, re.M):
        passed += int(cases)
    for line in re.findall(r"^test cases: .*$", output, re.M):
        passed += sum(map(int, re.findall(r"(\d+) passed", line)))
        failed += sum(map(int, re.findall(r"(\d+) failed(?! as expected)", line)))
    for good, bad in re.findall(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, \d+ skipped)?$", output, re.M)[-1:]:
        passed, failed = passed + int(good), failed + int(bad)
    if ok:
        return max(passed, 1), 0
    return passed, max(failed, 1)


def main(junit, log):
    try:
        cases = list(xml.parse(junit).getroot().iter("testcase"))
    except (OSError, xml.ParseError):
        with open(log, encoding="utf-8", errors="replace") as text:
            print(*text.read().splitlines()[-LINES_SHOWN:], sep="\n")
        print("0 passed, 1 failed")
        return 1
    passed = failed = 0
    for case in cases:
        if case.get("status") == "disabled":
            continue
        output = "".join(part.text or "" for part in case.iter("system-out"))
        good, bad = count(output, case.get("status") == "run")
        passed, failed = passed + good, failed + bad
        if bad:
            reason = case.find("failure")
            message = (reason.get("message") if reason is not None else "") or case.get("status")
            print(f"--- {case.get('name')}: {message}")
            print(*output.splitlines()[-LINES_SHOWN:], sep="\n")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))

#!/usr/bin/env python3
"""No notes to oneself and no paths of one machine in any file of the repository."""
import re
import sys

from repository import Report, files, text

# Written in two halves, so that this file passes its own check.
FORBIDDEN = [
    (r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b", "a note to oneself; do it or open an issue"),
    (r"(?<![\w.])/(wo" r"rk|ro" r"ot|ho" r"me/[a-z]+)/", "a path of one machine"),
    (r"(?<![\w.])/tm" r"p/jf\b", "a path of one machine"),
]


def main():
    report = Report()
    for path in files():
        content = text(path)
        if content is None:
            continue
        good = True
        for pattern, sentence in FORBIDDEN:
            for match in re.finditer(pattern, content):
                line = content.count("\n", 0, match.start()) + 1
                good = report.check(False, f"{path}:{line}", f"'{match.group()}': {sentence}")
        if good:
            report.check(True, path, "")
    report.finish()


if __name__ == "__main__":
    sys.exit(main())

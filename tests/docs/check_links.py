#!/usr/bin/env python3
"""Every relative link of every .md file leads to a file that is there, and every #anchor to a heading."""
import re
import sys
import urllib.parse

from repository import ROOT, Report, files, text

LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)", re.M)
FENCE = re.compile(r"^(```+|~~~+).*?^\1\s*$", re.M | re.S)
CODE = re.compile(r"`[^`\n]*`")


def without_code(source):
    """The text with code blanked out, line numbers kept."""
    source = FENCE.sub(lambda match: "\n" * match.group().count("\n"), source)
    return CODE.sub(lambda match: " " * len(match.group()), source)


def anchors(source):
    """The anchors of a page, as the common forges derive them from its headings."""
    found, seen = set(), {}
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", FENCE.sub("", source), re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = seen.get(slug, 0)
        seen[slug] = number + 1
        found.add(f"{slug}-{number}" if number else slug)
    return found | set(re.findall(r'<a\s+(?:id|name)="([^"]+)"', source))


def check_link(report, path, line, link):
    place = f"{path}:{line}"
    target, _, anchor = urllib.parse.unquote(link).partition("#")
    file = (ROOT / path).parent / target if target else ROOT / path
    if not report.check(not target.startswith("/") and file.exists(), place, f"the link '{link}' leads nowhere"):
        return
    if anchor and file.suffix == ".md":
        report.check(anchor in anchors(file.read_text(encoding="utf-8")), place, f"'{target or path}' has no heading for '#{anchor}'")


def main():
    report = Report()
    for path in files(".md"):
        source = without_code(text(path))
        for match in [*LINK.finditer(source), *REFERENCE.finditer(source)]:
            if not re.match(r"[a-z]+:", match.group(1)):
                check_link(report, path, source.count("\n", 0, match.start()) + 1, match.group(1))
    report.finish()


if __name__ == "__main__":
    sys.exit(main())

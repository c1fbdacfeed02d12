#!/usr/bin/env python3
"""Reads every #include line and holds who may know whom: plugins → sdk ← runtime ← bindings.

Also: a header of the C ABI includes only <stddef.h>, <stdint.h> and its siblings; the SDK only the standard
library; inside the runtime nothing includes what comes later on the flow's way; the runtime names no plugin.
"""
import pathlib
import re
import sys

from repository import ROOT, Report, files, text

SOURCES = (".h", ".hpp", ".c", ".cpp", ".cc", ".hh", ".ipp", ".inc")
ROOTS = ["sdk/include", "runtime/include", "runtime/src", "runtime", "bindings", "plugins", "."]

# Area → areas it may include. An area is the longest matching folder; files elsewhere (tests, samples) are free,
# but for samples, which are outside projects.
ALLOWED = {
    "sdk/include/jackfield/abi": {"sdk/include/jackfield/abi"},
    "sdk/include/jackfield/sdk": {"sdk/include/jackfield/sdk", "sdk/include/jackfield/abi"},
    "sdk/include/jackfield/testkit": {"sdk/include"},
    "sdk": {"sdk"},
    "plugins": {"sdk"},  # and the plugin's own folder, and plugins/support, which they share
    "runtime": {"runtime", "sdk"},
    "bindings": {"bindings", "runtime/include", "sdk"},
    "samples": {"samples", "runtime/include", "sdk"},
}
# The flow's way: what a folder of runtime/src must not include.
LATER = {
    "flow": {"load", "plan", "exec"}, "load": {"plan", "exec"}, "plan": {"exec"}, "exec": set(),
    "store": {"load", "plan", "exec"}, "observe": {"load", "plan", "exec"},
}
STANDARD_C = {"stddef.h", "stdint.h"}
PLUGIN_NAMES = ("files http postgres kafka clickhouse duckdb redis adbc window checks steps notify program ldap oidc "
                "saml local_auth echarts svg charts").split()
# Names that no flow file, protocol or sentence uses otherwise, so that the whole word is suspicious by itself.
OUTSIDE_NAMES = "postgres kafka clickhouse duckdb redis adbc ldap oidc saml echarts".split()
# `init`, `plugin new` and examples of --help are texts for people, kept in files of their own.
MAY_NAME_PLUGINS = re.compile(r"runtime/cli/.*(template|example|help|init|new)")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*")', re.S)


def area_of(path):
    name = str(path)
    found = [area for area in ALLOWED if name.startswith(area + "/")]
    return max(found, key=len) if found else None


def resolve(path, target):
    """The file of this repository that an #include in `path` means, or None for one from outside."""
    roots = [str(path.parent), *ROOTS]
    if path.parts[0] in ("plugins", "samples") and len(path.parts) > 2:
        roots.insert(1, "/".join(path.parts[:2]))
    for root in roots:
        candidate = (ROOT / root / target).resolve()
        if candidate.is_file() and candidate.is_relative_to(ROOT):
            return pathlib.PurePath(candidate.relative_to(ROOT))
    return None


def may_include(path, area, target):
    name = str(target)
    if area == "plugins" and target.parts[:2] in (path.parts[:2], ("plugins", "support")):
        return True
    return any(name.startswith(allowed + "/") for allowed in ALLOWED[area])


def check_include(report, path, line, kind, target):
    area = area_of(path)
    if area is None:
        return
    place = f"{path}:{line}"
    found = resolve(path, target)
    if found is None:
        if target.startswith("jackfield/"):
            report.check(False, place, f"there is no header {target}")
        elif area.endswith("/abi"):
            report.check(target in STANDARD_C, place, f"a header of the C ABI includes only <stddef.h> and <stdint.h>, not {target}")
        elif area.startswith("sdk/include") and not area.endswith("/testkit"):
            report.check(kind == "<" and "/" not in target, place, f"the SDK includes the standard library only, not {target}")
        return
    report.check(may_include(path, area, found), place,
                 f"{area} may include {', '.join(sorted(ALLOWED[area]))}, not {found}")
    if path.parts[:2] == ("runtime", "src") == found.parts[:2]:
        later = LATER.get(path.parts[2], set())
        report.check(found.parts[2] not in later, place, f"{path.parts[2]} comes before {found.parts[2]} on the flow's way")


def check_names(report, path, source):
    """No string of the runtime names a plugin: everything about one comes from its own tables."""
    component = re.compile(r'"(?:%s)\.[a-z_]+"' % "|".join(PLUGIN_NAMES))
    outside = re.compile(r'"(?:%s)"' % "|".join(OUTSIDE_NAMES))
    code = COMMENT.sub(lambda match: match.group(1) or "\n" * match.group().count("\n"), source)
    for match in [*component.finditer(code), *outside.finditer(code)]:
        literal = match.group()
        if literal.endswith(('.json"', '.hpp"', '.h"', '.so"', '.size"')):
            continue
        report.check(False, f"{path}:{code.count(chr(10), 0, match.start()) + 1}",
                     f"the runtime names no plugin, but here is {literal}; ask the catalog instead")
    report.check(True, path, "")


def main():
    report = Report()
    for path in files(*SOURCES):
        source = text(path)
        if source is None:
            continue
        for match in INCLUDE.finditer(source):
            check_include(report, path, source.count("\n", 0, match.start()) + 1, *match.groups())
        if path.parts[0] == "runtime" and not MAY_NAME_PLUGINS.match(str(path)):
            check_names(report, path, source)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())

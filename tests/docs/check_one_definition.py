#!/usr/bin/env python3
"""One name, one class: no two files that may meet in one program define a class or an inline function of the same full name.

The linker cannot see it: it takes one of two destructors `jackfield::Attempt::~Attempt()` and drops the other, and the program
crashes somewhere else. Names in unnamed namespaces are free. What meets: the runtime with the SDK; each plugin with
plugins/support and the SDK; the test programs of a folder with each other and with what they test.
"""
import collections
import pathlib
import re
import sys

from repository import Report, files, text

# Comments, raw strings, strings, characters (not the ' of 1'000), preprocessor lines with their continuations.
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
                   r'|^[ \t]*#(?:\\\n|[^\n])*', re.S | re.M)
TOKEN = re.compile(r"[A-Za-z_]\w*(?:::~?[A-Za-z_]\w*)*|\S")
KEYS = {"class", "struct", "union", "enum"}
# Programs of these folders of tests link what they test; the others link the runtime.
TESTED = re.compile(r"tests/(?:plugins|fuzz)/(\w+)/")
# Two ways to build one program, or sources of several programs in one folder.
PROGRAMS_OF_THEIR_OWN = re.compile(r"(plugins/charts/engine|tests/fuzz/\w+|tests/support/\w+|samples/[\w-]+|tests/bench)/")


def without_templates(tokens):
    """`template <class T> struct X` → `struct X`"""
    out, depth, at = [], 0, 0
    while at < len(tokens):
        if tokens[at] == "template" and tokens[at + 1:at + 2] == ["<"]:
            at += 1
            while at < len(tokens):
                depth += {"<": 1, ">": -1}.get(tokens[at], 0)
                at += 1
                if depth == 0:
                    break
            continue
        out.append(tokens[at])
        at += 1
    return out


def without_brackets(tokens):
    """Attributes `[[…]]` and `alignas(…)` taken out."""
    joined = " ".join(tokens)
    return re.sub(r"\[ \[.*?\] \]|alignas \( [^)]* \)", " ", joined).split()


def opened(head):
    """What a `{` after these tokens opens: ("namespace", name or ""), ("class", name), ("function", name(parameters)), ("block", "")."""
    template = "template" in head
    head = without_brackets(without_templates(head))
    if "namespace" in head:
        return "namespace", "".join(head[head.index("namespace") + 1:])
    if head == ["extern"]:
        return "extern", ""
    keys = [i for i, token in enumerate(head) if token in KEYS]
    if keys and "=" not in head:
        rest = [token for token in head[keys[0] + 1:] if token not in KEYS]
        bases = rest[:rest.index(":")] if ":" in rest else rest
        if rest and "(" not in bases and re.match(r"[A-Za-z_]", rest[0]):
            return "class", "".join(token for token in bases if token != "final")
    if "(" in head and "=" not in head[:head.index("(")] and (template or {"inline", "constexpr"} & set(head)):
        start = head.index("(")
        depth, end = 0, start
        for end in range(start, len(head)):
            depth += {"(": 1, ")": -1}.get(head[end], 0)
            if depth == 0:
                break
        if start and re.match(r"[A-Za-z_~]", head[start - 1]) and "::" not in head[start - 1]:
            return "function", head[start - 1] + " ".join(head[start:end + 1]) + (" template" if template else "")
    return "block", ""


def definitions(source):
    """(full name, line) of each class and inline function of a file that others could define too."""
    code = NOISE.sub(lambda match: " " + "\n" * match.group().count("\n"), source)
    scopes, head, parentheses = [], [], 0
    for match in TOKEN.finditer(code):
        token = match.group()
        parentheses += {"(": 1, ")": -1}.get(token, 0)
        if token == "{" and parentheses == 0:
            kind, name = opened(head)
            visible = all(outer == "extern" or (outer == "namespace" and inner) for outer, inner in scopes)
            if visible and kind in ("class", "function"):
                yield "::".join([inner for outer, inner in scopes if outer == "namespace"] + [name]), code.count("\n", 0, match.start()) + 1
            scopes.append((kind, name))
            head = []
        elif token == "}" and parentheses == 0:
            if scopes:
                scopes.pop()
            head = []
        elif token == ";" and parentheses == 0:
            head = []
        else:
            head.append(token)


def programs(path):
    """The names of the programs that a file may be part of."""
    name = str(path)
    if own := PROGRAMS_OF_THEIR_OWN.match(name):
        return [own.group(1)]
    if path.parts[0] in ("sdk", "runtime", "plugins"):
        return [path.parts[1] if path.parts[0] == "plugins" else path.parts[0]]
    return [str(path.parent)]


def main():
    report = Report()
    found = collections.defaultdict(lambda: collections.defaultdict(list))  # program → full name → places
    everything = [path for path in files(".hpp", ".cpp") if text(path) is not None]
    tests = {str(path.parent) for path in everything if path.parts[0] == "tests" and not PROGRAMS_OF_THEIR_OWN.match(str(path))}
    plugins = {path.parts[1] for path in everything if path.parts[0] == "plugins" and len(path.parts) > 2} - {"support"}
    for path in everything:
        own = programs(path)[0]
        meets = {own}
        if own == "sdk":
            meets = {"runtime"} | plugins | tests
        elif own == "runtime":
            meets |= {folder for folder in tests if not TESTED.match(folder + "/")}
        elif own == "support" and path.parts[0] == "plugins":
            meets = plugins | {folder for folder in tests if TESTED.match(folder + "/")}
        elif own in plugins:
            meets |= {folder for folder in tests if (tested := TESTED.match(folder + "/")) and tested.group(1) == own}
        for name, line in definitions(text(path)):
            for program in meets:
                found[program][name].append((str(path), line))
    told = set()
    for program, names in sorted(found.items()):
        for name, places in sorted(names.items()):
            different = sorted({path for path, _ in places})
            if len(different) < 2 or (name, *different) in told:
                continue
            told.add((name, *different))
            first = min(line for path, line in places if path == different[0])
            report.check(False, f"{different[0]}:{first}", f"{name} is defined in {' and '.join(different[1:])} too, and they may meet in one program ({program})")
        report.check(True, program, "")
    report.finish()


if __name__ == "__main__":
    sys.exit(main())

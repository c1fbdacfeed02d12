#!/usr/bin/env python3
"""Code blocks of README.md, CONTRIBUTING.md and docs/ are samples: they equal a file or are run and compared.

    ```json file=samples/01-run-a-flow/flights.flow.json    the block equals the file
    ```cpp file=sdk/include/jackfield/abi/base.h part       the block is some whole lines of the file
    ```console                                              "$ command" lines are run, what follows is compared
    ```console dir=samples/01-run-a-flow                    the same, in a copy of that folder
    ```console dir=.                                        the same, in the repository itself
    ```console output=samples/01-run-a-flow/expected.txt    not run: each line of output fits a line of the file, in its order
    ```json fits=source                                     `jackfield check` accepts it as a source (or chart) of a flow
    ```cpp sketch                                           neither; also for console

A block of text, without a language or ```text, is free. In expected output `…` stands for anything within a line,
and a line that is only `…` for any lines. The blocks of one page with the same dir share one folder; `$ echo $?`
shows the status of the command before. `--write` copies the files into their blocks; `--no-run` runs nothing.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from repository import ROOT, Report, files, text

BLOCK = re.compile(r"^(?P<fence>```+)(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.M | re.S)
FREE = {"", "text", "mermaid", "diff"}
LIMIT_SECONDS = 300
PROGRAMS = pathlib.Path(os.environ.get("JACKFIELD_BUILD", ROOT / "build/release")) / "bin"


class Block:
    def __init__(self, path, source, match):
        words = match["info"].split()
        self.language = words[0] if words else ""
        self.options = dict(word.partition("=")[::2] for word in words[1:])
        self.body = match["body"]
        self.place = f"{path}:{source.count(chr(10), 0, match.start()) + 1}"


def check_file(report, block):
    name, body = block.options["file"], block.body
    if not report.check((ROOT / name).is_file(), block.place, f"there is no file {name}"):
        return
    content = (ROOT / name).read_text(encoding="utf-8")
    if "part" in block.options:
        report.check(("\n" + body) in ("\n" + content), block.place, f"these lines are not in {name}")
    else:
        report.check(body == content, block.place, f"differs from {name}; tests/docs/check_blocks.py --write copies it here")


def pattern_of(expected):
    """A regular expression for expected output with `…`."""
    parts = []
    for line in expected:
        if line.strip() == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(r"[^\n]*?".join(map(re.escape, line.rstrip().split("…"))) + r"[ \t]*\n")
    return re.compile("".join(parts))


def steps_of(body):
    """[(command, expected lines)] of a console block; a command goes on after a backslash at the end of its line."""
    steps = []
    for line in body.splitlines():
        if steps and steps[-1][0].endswith("\\") and not steps[-1][1]:
            steps[-1] = (steps[-1][0] + "\n" + line.removeprefix("> "), [])
        elif line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps:
            steps[-1][1].append(line)
    return steps


def check_output(report, block):
    """What a page shows of a run that takes too long for it: another test holds the file against a real run."""
    lines = (ROOT / block.options["output"]).read_text(encoding="utf-8").splitlines()
    at = 0
    for line in block.body.splitlines():
        if line.startswith("$ ") or line.strip() == "…":
            continue
        found = next((i for i in range(at, len(lines)) if pattern_of([lines[i]]).fullmatch(line + "\n")), None)
        if report.check(found is not None, block.place, f"no such line in {block.options['output']}: {line}"):
            at = found + 1


def check_fits(report, block, shell):
    """The block put into the smallest flow that has a place for it."""
    try:
        part = json.loads(block.body)
    except ValueError as error:
        report.check(False, block.place, f"no JSON: {error}")
        return
    task = {"source": {"source": part, "sink": {"use": "files", "path": "out.ndjson"}},
            "chart": {"out": "out.html", "charts": [{"use": "charts.echarts", "data": {"on": "w", "query": "select 1"}, **part}]}}[block.options["fits"]]
    flow = {"flow": "block", "connections": {"w": {"use": "duckdb", "path": ":memory:"}}, "tasks": {"block": task}}
    (shell.folder("") / "block.flow.json").write_text(json.dumps(flow), encoding="utf-8")
    said = shell.run("jackfield check block.flow.json", "")
    report.check(shell.status_ == 0, block.place, f"is not accepted as {block.options['fits']}:\n{said}")


class Shell:
    """Runs the commands of one page, each in its folder. One thread at a time."""

    def __init__(self):
        self.home_ = tempfile.TemporaryDirectory(prefix="jackfield-docs-")
        self.folders_ = {}
        self.status_ = 0

    def folder(self, name):
        if name == ".":
            return ROOT
        if name not in self.folders_:
            copy = pathlib.Path(self.home_.name) / f"folder{len(self.folders_)}"
            if name:
                shutil.copytree(ROOT / name, copy)
            else:
                copy.mkdir()
            self.folders_[name] = copy
        return self.folders_[name]

    def run(self, command, name):
        """What the command prints, both streams, and its status."""
        environment = {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": self.home_.name, "TERM": "dumb",
                       "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "JACKFIELD_HOME": f"{self.home_.name}/jackfield"}
        script = f"(exit {self.status_}); {command}"
        try:
            done = subprocess.run(["bash", "-c", script], cwd=self.folder(name), env=environment, text=True, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=LIMIT_SECONDS, errors="replace")
        except subprocess.TimeoutExpired:
            return f"(stopped after {LIMIT_SECONDS} s)\n"
        self.status_ = done.returncode
        return done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"

    def close(self):
        self.home_.cleanup()


def check_console(report, block, shell):
    steps = steps_of(block.body)
    report.check(steps, block.place, "a console block needs a line that begins with '$ '")
    for command, expected in steps:
        printed = shell.run(command, block.options.get("dir", ""))
        while expected and not expected[-1].strip():
            expected.pop()
        shown = "\n".join("    " + line for line in printed.splitlines()[:40])
        report.check(pattern_of(expected).fullmatch(printed), block.place, f"'{command}' printed something else:\n{shown}")


def write(path, source):
    def replace(match):
        block = Block(path, source, match)
        if "file" not in block.options or "part" in block.options:
            return match.group()
        return f"{match['fence']}{match['info']}\n{(ROOT / block.options['file']).read_text(encoding='utf-8')}{match['fence']}"

    changed = BLOCK.sub(replace, source)
    if changed != source:
        (ROOT / path).write_text(changed, encoding="utf-8")
        print(f"{path}: written")


def check_page(report, path, source, run):
    shell = Shell()
    for match in BLOCK.finditer(source):
        block = Block(path, source, match)
        if "sketch" in block.options or block.language in FREE:
            continue
        if "file" in block.options:
            check_file(report, block)
        elif "output" in block.options:
            check_output(report, block)
        elif "fits" in block.options:
            if run:
                check_fits(report, block, shell)
        elif block.language == "console":
            if run:
                check_console(report, block, shell)
        else:
            report.check(False, block.place, f"code without a sample: write ```{block.language} file=PATH, or 'sketch' if there can be none")
    shell.close()


def main(arguments):
    report = Report()
    for path in files(".md"):
        if path.parts[0] != "docs" and str(path) not in ("README.md", "CONTRIBUTING.md"):
            continue
        if "--write" in arguments:
            write(path, text(path))
        check_page(report, path, text(path), "--no-run" not in arguments)
    report.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

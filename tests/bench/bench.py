#!/usr/bin/env python3
"""Runs goals and prints a line for each. tests/bench/run.sh prepares what they need and says how to call it.

A goal is a function in tests/bench/goals/AREA.py; a new file there is found by itself:

    @goal("ndjson_walk", "NDJSON to Arrow beside simdjson's own walk over all fields", at_least=0.8)
    def ndjson_walk(bench):
        return bench.in_turns("GB/s", ours=lambda: …, simdjson=lambda: …)

`at_least` bounds the ratio of ours to the best peer (above 1: ours is better, for speeds and times alike); `below` bounds
our own figure.
"""
import contextlib
import importlib.util
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
BUILD = ROOT / "build/release"
ROUNDS = 5
GOALS = []


class Goal:
    def __init__(self, name, about, measure, at_least, below, slow, area):
        self.name, self.about, self.measure, self.at_least, self.below, self.slow, self.area = name, about, measure, at_least, below, slow, area


def goal(name, about, *, at_least=None, below=None, slow=False):
    """Declares one goal. `measure(bench)` returns Figures."""
    if (at_least is None) == (below is None):
        raise ValueError(f"{name}: give at_least or below")

    def declare(measure):
        GOALS.append(Goal(name, about, measure, at_least, below, slow, measure.__globals__["__name__"]))
        return measure

    return declare


class Figures:
    """What was measured: for each side its figures, all in one unit. In GB/s more is better, in anything else less is."""

    def __init__(self, unit, sides, note=""):
        self.unit, self.sides, self.note = unit, sides, note
        self.more_is_better = unit.endswith("/s")

    def median(self, side):
        return statistics.median(self.sides[side])

    def best_peer(self):
        peers = [side for side in self.sides if side != "ours"]
        choose = max if self.more_is_better else min
        return choose(peers, key=self.median) if peers else None

    def ratio(self):
        ours, peer = self.median("ours"), self.median(self.best_peer())
        return ours / peer if self.more_is_better else peer / ours


class Failed(Exception):
    """A measurement that could not be made: one sentence."""


class Bench:
    """What goals measure with."""

    def __init__(self):
        self.data = ROOT / "build/bench/data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.helpers = BUILD / "libexec/jackfield"

    def in_turns(self, unit, *, rounds=ROUNDS, **sides):
        """Calls every side once in each round; each call returns one figure."""
        found = {name: [] for name in sides}
        for _ in range(rounds):
            for name, measure in sides.items():
                found[name].append(measure())
        return Figures(unit, found)

    def figures(self, unit, note="", **sides):
        """What was measured in another way: lists of figures by side."""
        return Figures(unit, sides, note)

    @contextlib.contextmanager
    def folder(self):
        """A folder on the disk of the build, gone afterwards."""
        path = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=ROOT / "build/bench"))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def program(self, name):
        return str(BUILD / "bin" / name)

    def plugin(self, name):
        return str(BUILD / f"lib/jackfield/plugins/{name}.so")

    def made(self, name, make):
        """A file of test data that `make(file)` writes at first use."""
        file = self.data / name
        if not file.exists():
            half = file.with_suffix(".half")
            make(half)
            half.rename(file)
        return file

    def output(self, *words, cpus=None, env=None, cwd=None, statuses=(0,)):
        """What a program prints. cpus: the processors it may use, "0" or "0,1"; statuses: those that are no failure."""
        pinned = ["taskset", "-c", cpus] if cpus else []
        done = subprocess.run([*pinned, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
                              env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL)
        if done.returncode not in statuses:
            raise Failed(f"'{' '.join(map(str, words))[:200]}' ended with {done.returncode}: {(done.stderr or done.stdout)[-500:]}")
        return done.stdout

    def seconds(self, *words, **how):
        """How long a program runs, from its start to its end."""
        start = time.monotonic()
        self.output(*words, **how)
        return time.monotonic() - start

    def home(self, folder):
        """Variables of runs whose state and cache lie in `folder`."""
        return {"JACKFIELD_HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache"), "JACKFIELD_PLUGIN_PATH": "", "NO_COLOR": "1"}

    def environment(self, folder):
        """The whole environment of such runs."""
        return {**os.environ, **self.home(folder)}

    def flow(self, folder, name, tasks, **more):
        """Writes a flow and returns its file."""
        file = folder / f"{name}.flow.json"
        file.write_text(json.dumps({"flow": name, **more, "tasks": tasks}))
        return file


def load_goals():
    for file in sorted((HERE / "goals").glob("*.py")):
        spec = importlib.util.spec_from_file_location(file.stem, file)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def number(value):
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def line_of(goal, figures):
    """The line of a goal, and whether it is met."""
    ours, unit, peer = figures.median("ours"), figures.unit, figures.best_peer()
    if goal.below is not None:
        met, limit = ours < goal.below, f"<{number(goal.below)}{unit}"
    else:
        met, limit = figures.ratio() >= goal.at_least, f">={goal.at_least:g}"
    theirs = f"{peer}:{number(figures.median(peer))}{unit}" if peer else "-"
    ratio = f"{figures.ratio():.2f}" if peer else "-"
    return f"{goal.name} ours={number(ours)}{unit} peer={theirs} ratio={ratio} goal={limit} {'ok' if met else 'short'}", met


def main(words):
    sys.modules.setdefault("bench", sys.modules["__main__"]) # what the files of goals import
    load_goals()
    options, names = {w for w in words if w.startswith("--")}, [w for w in words if not w.startswith("--")]
    if "--list" in options:
        for one in GOALS:
            print(f"{one.name:<22} {one.about}{' (slow)' if one.slow else ''}")
        return 0
    unknown = [n for n in names if not any(n in (g.name, g.area) for g in GOALS)]
    if unknown:
        print(f"tests/bench/run.sh: there is no goal '{unknown[0]}'; --list names all", file=sys.stderr)
        return 2
    chosen = [g for g in GOALS if (g.name in names or g.area in names if names else "--slow" in options or not g.slow)]
    bench, short = Bench(), 0
    for one in chosen:
        try:
            figures = one.measure(bench)
        except Failed as why:
            print(f"{one.name} was not measured: {why} short", flush=True)
            short += 1
            continue
        text, met = line_of(one, figures)
        short += not met
        print(text, flush=True)
        if "--raw" in options:
            if figures.note:
                print(f"    {figures.note}", flush=True)
            for side, values in figures.sides.items():
                print(f"    {side}: {' '.join(number(v) for v in values)} {figures.unit}", flush=True)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

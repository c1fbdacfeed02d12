#!/usr/bin/env python3
"""Kills a load again and again, lets it finish, and has a separate program compare what came out.

    campaign.py --kills 300 --command 'jackfield run {dir}/load.flow.json' --compare 'compare.py {dir}/out.ndjson' [--prepare CMD]

Each load gets an empty folder {dir}; --prepare fills it. --command is started until it ends by itself with status 0; each start is
killed (SIGKILL), either at a named point (runtime/src/exec/pipeline/crash_points.hpp) or at a random moment. Where a kill landed
is read from the page that the process leaves behind. --compare: exit status 0: exactly right.

    between write and commit   something of the epoch was written, or its barrier reached, and commit() not called
    inside commit              commit() of the main sink was called and had not come back
    between commit and ack     commit() was back, the source had not been told

Prints counts, then "faults: N". Exit status 0: no load was wrong and every place was hit --least times; with --expect-faults:
at least one load was wrong, which shows that the harness can see it.
"""
import argparse
import collections
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PLACES = {"": "before the first write", "write": "between write and commit", "barrier": "between write and commit",
          "log": "between write and commit", "side_commit": "between write and commit",
          "side_committed": "between side commit and commit", "commit": "inside commit",
          "committed": "between commit and ack", "acked": "after the ack"}
MUST = ["between write and commit", "inside commit", "between commit and ack"]

parser = argparse.ArgumentParser()
parser.add_argument("--kills", type=int, default=300)
parser.add_argument("--kills-per-load", type=int, default=10)
parser.add_argument("--least", type=int, default=20)
parser.add_argument("--epochs", type=int, default=50, help="about how many a load has; at least 50 for a real campaign")
parser.add_argument("--commit-us", type=int, default=2000, help="how long a commit takes, at most; kills inside are spread over it")
parser.add_argument("--run-ms", type=int, default=300, help="how long a load takes; random kills are spread over it")
parser.add_argument("--sides", action="store_true", help="the load has side sinks: kill between their commit and the main one too")
parser.add_argument("--prepare", default="")
parser.add_argument("--command", required=True)
parser.add_argument("--compare", required=True)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--expect-faults", action="store_true")
parser.add_argument("--limit", type=float, default=3600, help="seconds")
options = parser.parse_args()
chance = random.Random(options.seed)


def words(text, folder):
    return [word.replace("{dir}", folder) for word in shlex.split(text)]


def wish():
    """Where the next start is to be killed: the value of JACKFIELD_CRASH_AT, or a delay in seconds."""
    # Early epochs mostly, so that a load is killed several times before it is through.
    epoch = chance.randint(1, max(2, options.epochs // (options.kills_per_load // 2 + 1)))
    points = ["write", "barrier", "commit", "committed", "in commit", "in commit", "time", "time"]
    if options.sides:
        points += ["side_committed"]
    point = chance.choice(points)
    if point == "time":
        return None, chance.uniform(0, options.run_ms / 1000)
    if point == "in commit":
        return f"commit:{epoch}:{chance.randint(1, options.commit_us)}", None
    return f"{point}:{epoch}", None


def start(folder, kill):
    """One start; the place where it was killed, or None if it came to its end."""
    phase = os.path.join(folder, "phase")
    if os.path.exists(phase):
        os.remove(phase)
    environment = {**os.environ, "JACKFIELD_CRASH_PHASE": phase}
    environment.pop("JACKFIELD_CRASH_AT", None)
    at, delay = wish() if kill else (None, None)
    if at:
        environment["JACKFIELD_CRASH_AT"] = at
    process = subprocess.Popen(words(options.command, folder), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, errors = process.communicate(timeout=delay if delay is not None else 120)
    except subprocess.TimeoutExpired:
        process.kill()
        _, errors = process.communicate()
        if delay is None:
            sys.exit("a start did not end within two minutes")
    if process.returncode == 0:
        return None
    if process.returncode != -signal.SIGKILL:
        sys.exit(f"a start failed by itself ({process.returncode}): {errors.decode(errors='replace')}")
    name = ""
    if os.path.exists(phase):
        with open(phase, "rb") as page:
            name = page.read().split(b"\0")[0].decode()
    return PLACES.get(name, name)


landed, loads, faults = collections.Counter(), 0, 0
began = time.monotonic()
while (sum(landed.values()) < options.kills or any(landed[place] < options.least for place in MUST)) and time.monotonic() - began < options.limit:
    folder = tempfile.mkdtemp(prefix="jackfield-crash-")
    if options.prepare:
        subprocess.run(words(options.prepare, folder), check=True)
    kills, place = 0, ""
    while place is not None:
        place = start(folder, kills < options.kills_per_load)
        if place is not None:
            landed[place] += 1
            kills += 1
    loads += 1
    compared = subprocess.run(words(options.compare, folder), capture_output=True, text=True)
    if compared.returncode != 0:
        faults += 1
        if faults == 1 or not options.expect_faults:
            print(compared.stdout, end="")
    shutil.rmtree(folder)
for place, count in sorted(landed.items()):
    print(f"{count:5} {place}")
print(f"{sum(landed.values())} kills in {loads} loads, {time.monotonic() - began:.0f} s, seed {options.seed}, faults: {faults}")
hit = all(landed[place] >= options.least for place in MUST)
if not hit:
    print("too few kills in some place")
sys.exit(0 if hit and (faults > 0) == options.expect_faults else 1)

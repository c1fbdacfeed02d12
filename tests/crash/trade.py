#!/usr/bin/env python3
"""Three processes read leased partitions into one ledger, trade them, are killed and frozen, and wake up as zombies.

    trade.py RUNNER PLUGINS [--seed N] [--kills N] [--freezes N] [--rows N] [--no-fences]

Ends when all partitions are read; then compare_ledger.py, a separate program, counts the rows. Exit status 0: each once; with
--no-fences (the ledger lets zombies commit): not so, which shows that the zombies of this test are real.
"""
import argparse
import atexit
import collections
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that what is registered with atexit runs
parser = argparse.ArgumentParser()
parser.add_argument("runner")
parser.add_argument("plugins")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--kills", type=int, default=20)
parser.add_argument("--freezes", type=int, default=20)
parser.add_argument("--rows", type=int, default=20_000)
parser.add_argument("--partitions", type=int, default=6)
parser.add_argument("--limit", type=float, default=240)
parser.add_argument("--no-fences", action="store_true")
options = parser.parse_args()
chance = random.Random(options.seed)
folder = tempfile.mkdtemp(prefix="jackfield-trade-")
ledger = os.path.join(folder, "ledger.db")
source = {"file": os.path.join(folder, "leases.db"), "partitions": options.partitions, "rows": options.rows,
          "lease": "300ms", "trade": "200ms"}
command = [options.runner, options.plugins, "demo.leases", json.dumps(source), "demo.ledger", json.dumps({"file": ledger, "fences": not options.no_fences}), "70"]
log = open(os.path.join(folder, "log"), "w+")
counts = collections.Counter()
members, frozen = [], {}


def start():
    # Frozen once with a full epoch in its hands, just before it commits: as a zombie it goes straight on to the commit.
    at = f"commit:{chance.randint(2, 40)}:stop"
    # In a session of its own: with a stopped process in our own group the kernel ends the whole group when our starter goes away.
    members.append(subprocess.Popen(command, stderr=log, env={**os.environ, "JACKFIELD_CRASH_AT": at}, start_new_session=True))
    counts["starts"] += 1


def find_self_frozen():
    for member in members:
        if member in frozen or member.poll() is not None:
            continue
        with open(f"/proc/{member.pid}/stat") as stat:
            if stat.read().rsplit(")", 1)[1].split()[0] == "T":
                frozen[member] = time.monotonic() + chance.uniform(0.5, 1.0)
                counts["frozen before a commit"] += 1


def finish_ended():
    """Takes away processes that ended by themselves. True when one of them saw the end of all partitions."""
    done = False
    for member in list(members):
        if member.poll() is not None:
            members.remove(member)
            frozen.pop(member, None)
            done = done or member.returncode == 0
            counts["finished" if member.returncode == 0 else "failed"] += 1
    return done


def disturb():
    awake = [member for member in members if member not in frozen]
    if not awake:
        return
    victim = chance.choice(awake)
    if counts["kills"] < options.kills and (counts["freezes"] >= options.freezes or chance.random() < 0.5):
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        members.remove(victim)
        counts["kills"] += 1
    elif counts["freezes"] < options.freezes:
        victim.send_signal(signal.SIGSTOP)
        frozen[victim] = time.monotonic() + chance.uniform(0.2, 1.0)  # mostly longer than its leases
        counts["freezes"] += 1


def kill_all():
    for member in members:
        if member.poll() is None:
            member.kill()


atexit.register(kill_all)
began, ended = time.monotonic(), False
while not ended and time.monotonic() - began < options.limit:
    while len(members) < 3:
        start()
    time.sleep(chance.uniform(0.03, 0.2))
    ended = finish_ended()
    find_self_frozen()
    for member, when in list(frozen.items()):
        if time.monotonic() >= when:
            del frozen[member]
            member.send_signal(signal.SIGCONT)
    if not ended:
        disturb()
for member in members:
    member.send_signal(signal.SIGCONT)
for member in members:
    try:
        member.wait(60)
        counts["finished" if member.returncode == 0 else "failed"] += 1
    except subprocess.TimeoutExpired:
        member.kill()
        counts["stuck"] += 1
log.seek(0)
messages = collections.Counter(re.sub(r"'p\d+'", "'p…'", line.strip()) for line in log)
for message, count in messages.items():
    print(f"  {count} × {message}")
compare = subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "compare_ledger.py"), ledger,
                          str(options.partitions), str(options.rows)])
print(f"seed {options.seed}: " + ", ".join(f"{count} {name}" for name, count in counts.items())
      + f", {time.monotonic() - began:.1f} s")
good = ended and (compare.returncode != 0) == options.no_fences and not counts["stuck"]
if good:
    shutil.rmtree(folder)
else:
    print("kept:", folder)
sys.exit(0 if good else 1)

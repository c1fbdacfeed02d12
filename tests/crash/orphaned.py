#!/usr/bin/env python3
"""Runs a command as a job of a shell that goes away as soon as some process of the job is frozen.

    orphaned.py COMMAND [ARGUMENT…]

When the last parent outside of a process group ends, the kernel sends SIGHUP to the whole group if one of its members is stopped
(POSIX, "orphaned process group"). A harness that freezes processes in its own group would end without a word. Exit status: that of
the command; 1 if it was ended before it could say one.
"""
import os
import subprocess
import sys
import time


def state(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "gone"


def family(pid):
    """The process and all its descendants, in whatever group or session they are."""
    yield pid
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            for child in children.read().split():
                yield from family(int(child))
    except OSError:
        pass


def be_the_shell(command, pipe_end):
    os.setsid()
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        status = subprocess.call(command)
        os.write(pipe_end, bytes([status & 255]))
        os._exit(0)
    while not any(state(pid) == "T" for pid in family(job)) and os.waitpid(job, os.WNOHANG) == (0, 0):
        time.sleep(0.005)
    os._exit(0)


reading, writing = os.pipe()
shell = os.fork()
if shell == 0:
    os.close(reading)
    be_the_shell(sys.argv[1:], writing)
os.close(writing)
os.waitpid(shell, 0)
said = os.read(reading, 1)
if not said:
    print("the command was ended with its process group when its shell went away")
sys.exit(said[0] if said else 1)

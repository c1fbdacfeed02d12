#!/usr/bin/env python3
"""Runs the commands of a transcript in the current folder and compares what they print.

    run_transcript.py FILE

"$ command" lines are run by bash; the lines after each are what it prints, both streams, with `…` for anything within a line (as
in console blocks of the docs). Exit status 0: all of it was as expected.
"""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "docs"))
from check_blocks import pattern_of, steps_of  # noqa: E402

failed = False
for command, expected in steps_of(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")):
    done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if not pattern_of(expected).fullmatch(done.stdout):
        failed = True
        print(f"'{command}' was to print\n" + "\n".join(expected) + f"\nand printed\n{done.stdout}")
sys.exit(1 if failed else 0)

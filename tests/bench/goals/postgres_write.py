"""Two million rows (bigint, int, text, numeric(12,2), timestamptz) into a logged table of PostgreSQL, beside psql's \\copy of ready files.

Server and client share the machine; the server keeps fsync on.
"""
import functools
import os
import subprocess
import sys

from bench import ROOT, goal

ROWS = 2_000_000
SERVER = str(ROOT / "tests/support/servers/postgres.py")
SIDES = ["ours", "binary", "text", "csv", "processor"]


@functools.cache
def measured(bench, lanes):
    """The figures of five rounds by side."""
    said = bench.output(sys.executable, SERVER, "start", "new", "--durable", "--owner", str(os.getpid()))
    facts = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    facts = {name: value.strip("'\"") for name, value in facts.items()}
    try:
        with bench.folder() as folder:
            lines = bench.output(bench.program("bench_postgres_sink"), bench.plugin("postgres"), facts["JF_PG_SOCKET_DIR"], facts["JF_PG_PORT"],
                                 folder, ROWS, lanes, 5).splitlines()
    finally:
        subprocess.run([sys.executable, SERVER, "stop", facts["JF_PG_DIR"]], check=False, stdout=subprocess.DEVNULL)
    return dict(zip(SIDES, zip(*[[float(word) for word in line.split()] for line in lines])))


@goal("postgres_write_binary", "2 M rows of Arrow into a table beside psql's copy of a ready binary file", at_least=0.95)
def postgres_write_binary(bench):
    found = measured(bench, 1)
    return bench.figures("s", ours=found["ours"], psql=found["binary"])


@goal("postgres_write_text", "the same beside psql's copy of a ready text file", at_least=1.8)
def postgres_write_text(bench):
    found = measured(bench, 1)
    return bench.figures("s", ours=found["ours"], psql=found["text"])


@goal("postgres_write_processor", "microseconds of the client's processor for a row", below=0.15)
def postgres_write_processor(bench):
    return bench.figures("us", ours=measured(bench, 1)["processor"])


@goal("postgres_write_lanes", "two lanes beside one", at_least=1.3)
def postgres_write_lanes(bench):
    return bench.figures("s", ours=measured(bench, 2)["ours"], one=measured(bench, 1)["ours"])

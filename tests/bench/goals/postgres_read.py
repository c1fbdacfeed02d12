"""Two million rows out of PostgreSQL (bigint, int, text, numeric(12,2), timestamptz) beside psql, ADBC and DuckDB.

Server and clients share the machine. Each side starts with a connection of its own.
"""
import contextlib
import os
import subprocess
import sys

from bench import ROOT, goal

ROWS = 2_000_000
SERVER = str(ROOT / "tests/support/servers/postgres.py")
MAKE = f"""CREATE TABLE rows AS SELECT i::bigint AS id, (i * 7919 % 100000)::int AS n, 'customer ' || i * 7919 % 1000000 AS name,
(i * 104729 % 10000000 / 100.0)::numeric(12,2) AS amount, timestamptz '2023-11-14 00:00:00+00' + i * interval '1 s' AS changed
FROM generate_series(1, {ROWS}) AS i; VACUUM ANALYZE rows"""


@contextlib.contextmanager
def server(bench):
    """A server with the table; what its script says of it."""
    said = bench.output(sys.executable, SERVER, "start", "new", "--owner", str(os.getpid()))
    facts = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    facts = {name: value.strip("'\"") for name, value in facts.items()}
    try:
        for statement in MAKE.split("; "):
            psql(bench, facts, statement)
        psql(bench, facts, "SELECT sum(id) FROM rows")
        yield facts
    finally:
        subprocess.run([sys.executable, SERVER, "stop", facts["JF_PG_DIR"]], check=False, stdout=subprocess.DEVNULL)


def psql(bench, facts, command):
    return bench.seconds("psql", "-h", facts["JF_PG_SOCKET_DIR"], "-p", facts["JF_PG_PORT"], "-U", "jackfield", "-d", "postgres", "-X", "-q",
                         "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-c", command)


def uri(facts):
    return f"host={facts['JF_PG_SOCKET_DIR']} port={facts['JF_PG_PORT']} user=jackfield dbname=postgres"


def ours(bench, facts):
    rows, seconds = bench.output(bench.program("bench_postgres_source"), bench.plugin("postgres"), facts["JF_PG_SOCKET_DIR"], facts["JF_PG_PORT"],
                                 "SELECT * FROM rows").split()
    assert int(rows) == ROWS
    return float(seconds)


def peer(bench, *words):
    """The peers need a DuckDB of the version that the extension was built for, so they have an environment of their own."""
    wanted, environment = ROOT / "tests/bench/peers_postgres.txt", ROOT / "build/bench/peers_postgres"
    have = environment / "installed.txt"
    if not have.exists() or have.read_text() != wanted.read_text():
        bench.output(sys.executable, "-m", "venv", "--clear", environment)
        bench.output(environment / "bin/pip", "install", "--disable-pip-version-check", "--only-binary", ":all:", "-r", wanted)
        have.write_text(wanted.read_text())
    return float(bench.output(environment / "bin/python", ROOT / "tests/bench/peers/postgres_read.py", *words))


def flow(bench, folder, facts, sink, stores):
    origin = {"use": "postgres", "host": facts["JF_PG_SOCKET_DIR"], "port": int(facts["JF_PG_PORT"]), "user": "jackfield", "database": "postgres"}
    file = bench.flow(folder, "read", {"read": {"source": {"use": "postgres", "on": "origin", "table": "rows"}, "sink": sink}},
                      connections={"origin": origin, **stores})
    return bench.seconds(bench.program("jackfield"), "run", file, "-q", env=bench.home(folder))


@goal("postgres_arrow", "2 M rows of PostgreSQL into Arrow beside psql's binary COPY into a file", at_least=0.85)
def postgres_arrow(bench):
    with server(bench) as facts, bench.folder() as folder:
        return bench.in_turns("s", ours=lambda: ours(bench, facts),
                              psql=lambda: psql(bench, facts, f"\\copy rows TO '{folder}/rows.bin' (FORMAT binary)"))


@goal("postgres_arrow_adbc", "the same beside adbc_driver_postgresql", at_least=1.8)
def postgres_arrow_adbc(bench):
    with server(bench) as facts:
        address = f"postgresql:///postgres?host={facts['JF_PG_SOCKET_DIR']}&port={facts['JF_PG_PORT']}&user=jackfield"
        return bench.in_turns("s", ours=lambda: ours(bench, facts), adbc=lambda: peer(bench, "adbc", address, "SELECT * FROM rows"))


@goal("postgres_csv", "2 M rows of PostgreSQL into a CSV file beside psql's copy", at_least=0.9)
def postgres_csv(bench):
    def run(facts):
        with bench.folder() as folder:
            return flow(bench, folder, facts, {"use": "files", "path": str(folder / "rows.csv")}, {})

    with server(bench) as facts, bench.folder() as folder:
        return bench.in_turns("s", ours=lambda: run(facts), psql=lambda: psql(bench, facts, f"\\copy rows TO '{folder}/rows.csv' (FORMAT csv, HEADER)"))


@goal("postgres_duckdb", "2 M rows of PostgreSQL into a DuckDB file beside DuckDB's postgres extension", at_least=1.3)
def postgres_duckdb(bench):
    def run(facts):
        with bench.folder() as folder:
            store = {"use": "duckdb", "path": str(folder / "rows.db")}
            return flow(bench, folder, facts, {"use": "duckdb", "on": "store", "table": "rows"}, {"store": store})

    def extension(facts):
        with bench.folder() as folder:
            return peer(bench, "duckdb", uri(facts), "rows", str(folder / "rows.db"))

    with server(bench) as facts:
        return bench.in_turns("s", ours=lambda: run(facts), duckdb=lambda: extension(facts))

"""A CSV file of 10 million rows into a DuckDB table in a file, checkpoint included, beside DuckDB's own COPY.

Both are flows of one task, run by the same program with the same library, from the start of the process to its end.
"""
from bench import goal

ROWS = 10_000_000
TABLE = "CREATE TABLE rows (id BIGINT, grp INTEGER, name VARCHAR, amount DECIMAL(12,2), ts TIMESTAMPTZ)"
TYPES = {"id": "int64", "grp": "int32", "name": "utf8", "amount": "decimal(12,2)", "ts": "timestamp(us, UTC)"}


def load(bench, processors):
    csv = bench.made("rows-10m.csv", lambda file: bench.output(bench.program("bench_files"), "make", "csv", ROWS, file))
    threads = processors.count(",") + 1

    def run(task):
        with bench.folder() as folder:
            store = {"use": "duckdb", "path": str(folder / "rows.db"), "threads": threads}
            if threads > 1: # for both sides: rows may lie in another order
                store["options"] = {"preserve_insertion_order": "false"}
            flow = bench.flow(folder, "load", {"load": task}, connections={"store": store})
            return bench.seconds(bench.program("jackfield"), "run", flow, "-q", env=bench.home(folder), cpus=processors)

    ours = {"source": {"use": "files", "path": str(csv), "columns": TYPES}, "sink": {"use": "duckdb", "on": "store", "table": "rows"}}
    copy = {"use": "duckdb.sql", "on": "store", "sql": f"{TABLE}; COPY rows FROM '{csv}' (HEADER)"}
    return bench.in_turns("s", ours=lambda: run(ours), copy=lambda: run(copy))


@goal("duckdb_load_1", "10 M rows of CSV into a DuckDB file beside its own COPY, one processor", at_least=1.35)
def duckdb_load_1(bench):
    return load(bench, "0")


@goal("duckdb_load_2", "the same on two", at_least=1.2)
def duckdb_load_2(bench):
    return load(bench, "0,1")

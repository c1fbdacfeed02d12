"""CSV and NDJSON text in memory to Arrow batches, typed, one thread and one processor each; GB of text a second."""
import pathlib
import sys

from bench import goal

READERS = pathlib.Path(__file__).resolve().parents[1] / "peers/readers.py"
ROWS = {"csv": 2_000_000, "ndjson": 1_000_000}


def text_of(bench, format):
    return bench.made(f"rows.{format}", lambda file: bench.output(bench.program("bench_files"), "make", format, ROWS[format], file))


def ours(bench, what, file):
    return lambda: file.stat().st_size / 1e9 / float(bench.output(bench.program("bench_files"), what, file, cpus="0"))


def peer(bench, name, format, file):
    one_thread = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_IO_THREADS": "1"}
    return lambda: file.stat().st_size / 1e9 / float(bench.output(sys.executable, READERS, name, format, file, cpus="0", env=one_thread))


@goal("ndjson_walk", "NDJSON of 9 fields to Arrow beside simdjson's own walk over all of them", at_least=0.8)
def ndjson_walk(bench):
    file = text_of(bench, "ndjson")
    return bench.in_turns("GB/s", ours=ours(bench, "ndjson-text", file), simdjson=ours(bench, "walk", file))


@goal("ndjson_peers", "the same with times as timestamps, beside DuckDB, polars, pyarrow", at_least=5)
def ndjson_peers(bench):
    file = text_of(bench, "ndjson")
    return bench.in_turns("GB/s", ours=ours(bench, "ndjson", file), **{p: peer(bench, p, "ndjson", file) for p in ("duckdb", "polars", "pyarrow")})


@goal("csv_peers", "CSV (bigint, int, text, decimal, timestamp) to Arrow beside DuckDB, polars, pyarrow", at_least=3)
def csv_peers(bench):
    file = text_of(bench, "csv")
    return bench.in_turns("GB/s", ours=ours(bench, "csv", file), **{p: peer(bench, p, "csv", file) for p in ("duckdb", "polars", "pyarrow")})

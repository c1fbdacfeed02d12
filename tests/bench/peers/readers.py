#!/usr/bin/env python3
"""readers.py duckdb|polars|pyarrow csv|ndjson FILE: seconds of processor time to read it into Arrow, the second time.

Each reader in the fastest of its ways that types all columns: of DuckDB and pyarrow the streaming ones, so that nobody
pays for memory that the others do not need.
"""
import sys
import time

TIMES = "TIMESTAMPTZ"


def duckdb(format, file):
    import duckdb
    database = duckdb.connect(config={"threads": 1})
    if format == "csv":
        columns = {"id": "BIGINT", "grp": "INTEGER", "name": "VARCHAR", "amount": "DECIMAL(12,2)", "ts": TIMES}
        query = f"select * from read_csv('{file}', header=true, auto_detect=false, delim=',', columns={columns})"
    else:
        columns = {"id": "BIGINT", "ts": TIMES, "user": "VARCHAR", "kind": "VARCHAR", "price": "DOUBLE", "count": "BIGINT",
                   "ok": "BOOLEAN", "path": "VARCHAR", "agent": "VARCHAR"}
        query = f"select * from read_json('{file}', format='newline_delimited', columns={columns})"

    def read():
        return sum(batch.num_rows for batch in database.sql(query).to_arrow_reader(100_000))

    return read


def polars(format, file):
    import polars as pl
    time_type = pl.Datetime("us", "UTC")
    if format == "csv":
        schema = {"id": pl.Int64, "grp": pl.Int32, "name": pl.String, "amount": pl.Decimal(12, 2), "ts": pl.String}
        # Its CSV reader knows no offsets of times: they are parsed right after, as its manual says.
        return lambda: pl.read_csv(file, schema=schema).with_columns(pl.col("ts").str.to_datetime("%Y-%m-%d %H:%M:%S%#z", time_unit="us")).height
    schema = {"id": pl.Int64, "ts": pl.String, "user": pl.String, "kind": pl.String, "price": pl.Float64, "count": pl.Int64,
              "ok": pl.Boolean, "path": pl.String, "agent": pl.String}
    return lambda: pl.read_ndjson(file, schema=schema).with_columns(pl.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_zone="UTC").cast(time_type)).height


def pyarrow(format, file):
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.json
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    if format == "csv":
        types = {"id": pa.int64(), "grp": pa.int32(), "name": pa.string(), "amount": pa.decimal128(12, 2), "ts": pa.timestamp("us", "UTC")}
        read_options, convert = pa.csv.ReadOptions(use_threads=False), pa.csv.ConvertOptions(column_types=types)
        return lambda: sum(b.num_rows for b in pa.csv.open_csv(file, read_options=read_options, convert_options=convert))
    schema = pa.schema({"id": pa.int64(), "ts": pa.timestamp("us"), "user": pa.string(), "kind": pa.string(), "price": pa.float64(),
                        "count": pa.int64(), "ok": pa.bool_(), "path": pa.string(), "agent": pa.string()})
    parse = pa.json.ParseOptions(explicit_schema=schema)
    return lambda: pa.json.read_json(file, pa.json.ReadOptions(use_threads=False), parse).num_rows


def main(name, format, file):
    read = {"duckdb": duckdb, "polars": polars, "pyarrow": pyarrow}[name](format, file)
    rows = read()
    start = time.process_time()
    if read() != rows or rows == 0:
        sys.exit(f"{name} read another number of rows")
    print(time.process_time() - start)


main(*sys.argv[1:])

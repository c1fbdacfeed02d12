"""Peers of the source 'postgres', each in a process of its own: prints the seconds of one read.

    postgres_read.py adbc URI QUERY              adbc_driver_postgresql into Arrow
    postgres_read.py duckdb URI TABLE FILE       DuckDB's postgres extension into a table of a file, its checkpoint included
"""
import sys
import time

what, uri = sys.argv[1:3]
if what == "adbc":
    import adbc_driver_postgresql.dbapi

    start = time.monotonic()
    with adbc_driver_postgresql.dbapi.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute(sys.argv[3])
        cursor.fetch_arrow_table()
else:
    import pathlib

    import duckdb
    import duckdb_extension_postgres_scanner as extension

    file = next(pathlib.Path(extension.__file__).parent.rglob("*.duckdb_extension"))
    start = time.monotonic()
    with duckdb.connect(sys.argv[4]) as store:
        store.execute(f"LOAD '{file}'")
        store.execute(f"ATTACH '{uri}' AS origin (TYPE postgres, READ_ONLY)")
        store.execute(f"CREATE TABLE rows AS SELECT * FROM origin.public.{sys.argv[3]}")
print(time.monotonic() - start)

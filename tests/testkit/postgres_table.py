#!/usr/bin/env python3
"""The fixture of the sink 'postgres', as `jackfield plugin check --fixture` calls it: postgres_table.py fill|clear|read."""
import json
import os
import subprocess
import sys

if sys.argv[1] == "fill":
    sys.exit()
connection = json.loads(os.environ["JACKFIELD_CONNECTION"])
table = json.loads(os.environ["JACKFIELD_CONFIG"])["table"]
PSQL = ["psql", "-h", connection["host"], "-p", str(connection["port"]), "-U", connection["user"], "-d", connection["database"], "-X", "-q", "-A", "-t"]


def psql(sql):
    return subprocess.run([*PSQL, "-v", "ON_ERROR_STOP=1", "-c", sql], capture_output=True, text=True, check=True).stdout


if sys.argv[1] == "clear":
    psql(f'DROP TABLE IF EXISTS "{table}"')
    psql("DROP SCHEMA IF EXISTS jackfield CASCADE")
elif psql(f"SELECT to_regclass('\"{table}\"') IS NOT NULL").strip() == "t":
    print(psql(f'SELECT row_to_json(t) FROM "{table}" AS t'), end="")

"""Makes a flow and its input, and says afterwards which rows are missing or doubled.

    flow_under_kill.py prepare DIR ROWS SINK             SINK: ndjson, duckdb, postgres or postgres-upsert
    flow_under_kill.py run DIR PROGRAM                   what somebody does after a kill: nothing if the run is known as completed
    flow_under_kill.py compare DIR ROWS SINK PROGRAM     exit status 1 if the multisets differ
"""

import collections
import json
import os
import subprocess
import sys
from pathlib import Path


def prepare(folder: Path, rows: int, sink: str) -> None:
    with (folder / "in.csv").open("w") as out:
        out.write("id,region,cents\n")
        out.writelines(f"{i},r{i % 7},{i * 31 % 1000}\n" for i in range(rows))
    target = {"use": "files", "path": str(folder / "out.ndjson")}
    if sink == "duckdb":
        target = {"use": "duckdb", "on": "store", "table": "rows"}
    connections = {"store": {"use": "duckdb", "path": str(folder / "out.db")}}
    if sink.startswith("postgres"):
        connections["store"] = {"use": "postgres", "host": os.environ["JF_PG_SOCKET_DIR"], "port": int(os.environ["JF_PG_PORT"]), "user": "jackfield", "database": "postgres"}
        target = {"use": "postgres", "on": "store", "table": table_of(folder), "progress_schema": "p_" + table_of(folder)}
        if sink == "postgres-upsert":
            target |= {"mode": "upsert", "key": ["id"]}
    columns = {"id": "int64", "region": "utf8", "cents": "int64"}
    load = {
        "source": {"use": "files", "path": str(folder / "in.csv"), "columns": columns},
        "sink": target,
        "limits": {"epoch": {"rows": rows // 60}},
    }
    (folder / "load.flow.json").write_text(json.dumps({"flow": "load", "connections": connections, "tasks": {"load": load}}))
    dump = {
        "source": {"use": "duckdb", "on": "store", "query": "select id, region, cents from rows"},
        "sink": {"use": "files", "path": str(folder / "dump.ndjson"), "mode": "replace"},
    }
    (folder / "dump.flow.json").write_text(json.dumps({"flow": "dump", "connections": connections, "tasks": {"dump": dump}}))


def table_of(folder: Path) -> str:
    return "t_" + folder.name.lower()


def dump_table(folder: Path) -> str:
    """The rows of the table in PostgreSQL, by its own program."""
    to = ["-h", os.environ["JF_PG_SOCKET_DIR"], "-p", os.environ["JF_PG_PORT"], "-U", "jackfield", "-d", "postgres"]
    rows = f'SELECT row_to_json(r) FROM (SELECT id, region, cents FROM "{table_of(folder)}") AS r'
    return subprocess.run(["psql", *to, "-X", "-q", "-A", "-t", "-c", rows], capture_output=True, text=True, check=True).stdout


def compare(folder: Path, rows: int, sink: str, program: str) -> int:
    written = folder / "out.ndjson"
    if sink == "duckdb":
        written = folder / "dump.ndjson"
        environment = dict(os.environ, JACKFIELD_HOME=str(folder / "home2"))
        subprocess.run([program, "run", str(folder / "dump.flow.json"), "--quiet"], env=environment, check=True)
    found = collections.Counter()
    for line in (dump_table(folder) if sink.startswith("postgres") else written.read_text()).splitlines():
        row = json.loads(line)
        found[(row["id"], row["region"], row["cents"])] += 1
    wanted = collections.Counter((i, f"r{i % 7}", i * 31 % 1000) for i in range(rows))
    missing = sum((wanted - found).values())
    doubled = sum((found - wanted).values())
    if missing or doubled:
        print(f"{missing} rows missing, {doubled} rows too many")
    return 1 if missing or doubled else 0


def run(folder: Path, program: str) -> None:
    os.environ["JACKFIELD_HOME"] = str(folder / "home")
    crash = {name: os.environ.pop(name) for name in ("JACKFIELD_CRASH_AT", "JACKFIELD_CRASH_PHASE") if name in os.environ}
    listed = subprocess.run([program, "runs", "list", "--json"], capture_output=True, text=True).stdout.splitlines()
    if listed and json.loads(listed[0])["state"] == "completed":
        return  # running a completed load again would load it again
    os.environ.update(crash)
    os.execv(program, [program, "run", str(folder / "load.flow.json"), "--quiet"])


if __name__ == "__main__":
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "run":
        run(folder, sys.argv[3])
    elif what == "prepare":
        prepare(folder, int(sys.argv[3]), sys.argv[4])
    else:
        sys.exit(compare(folder, int(sys.argv[3]), sys.argv[4], sys.argv[5]))

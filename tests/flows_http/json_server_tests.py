"""json-server from npm: an API with pages, Link headers and filters, written by someone else."""
import json
import shutil
import subprocess
import urllib.request

from world import THIRD_PARTY, Skipped, free_port, listens, wait_for


def json_server(w, count=47):
    program = THIRD_PARTY / "json-server/node_modules/json-server/lib/cli/bin.js"
    node = shutil.which("node")
    if not program.exists() or not node:
        raise Skipped("no json-server; .ci/install.sh test brings it")
    rows = [{"id": i, "day": f"2026-03-{i // 5 + 1:02}", "text": f"post {i}"} for i in range(count)]
    (w.folder / "api.json").write_text(json.dumps({"posts": rows, "copies": []}))
    w.port = free_port()
    w.url = f"http://127.0.0.1:{w.port}"
    w.start(node, program, "--host", "127.0.0.1", "--port", str(w.port), "--quiet", "api.json", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: listens(w.port), "json-server", 120)
    return rows


def post(w, row):
    request = urllib.request.Request(f"{w.url}/posts", json.dumps(row).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).close()


def test_json_server_is_read_by_page_and_by_link(w):
    rows = json_server(w)
    page = {"path": "/posts", "query": {"_sort": "id"}, "pagination": {"by": "page", "parameter": "_page", "size": 10, "size_parameter": "_limit"}}
    assert w.load(page) == rows
    link = {"path": "/posts", "query": {"_page": "1", "_limit": "10", "_sort": "id"}, "pagination": {"by": "link"}}
    assert w.load(link) == rows
    offset = {"path": "/posts", "query": {"_sort": "id"}, "pagination": {"by": "offset", "parameter": "_start", "size": 20, "size_parameter": "_limit"}}
    assert w.load(offset) == rows


def test_json_server_gives_what_is_new(w):
    rows = json_server(w)
    source = {"path": "/posts", "query": {"_sort": "day,id", "_order": "asc,asc"},
              "pagination": {"by": "page", "parameter": "_page", "size": 10, "size_parameter": "_limit"},
              "incremental": {"field": "day", "parameter": "day_gte", "ordered": True}}
    flow = w.flow(source, sink={"use": "duckdb", "on": "db", "table": "t", "mode": "append"})
    for new in ([], [], [{"id": 100, "day": "2026-03-10", "text": "late on the last day"}], [{"id": 101, "day": "2026-04-01", "text": "later"}]):
        for row in new:
            post(w, row)
        rows += new
        ran = w.jackfield("run", flow)
        assert ran.code == 0, ran
        assert sorted(r["id"] for r in w.table()) == sorted(r["id"] for r in rows)


def test_json_server_takes_a_row_a_request(w):
    json_server(w)
    (w.folder / "in.csv").write_text("name,score\n" + "".join(f"n{i},{i}\n" for i in range(20)))
    ran = w.jackfield("run", "--new", w.flow({"use": "files", "path": "in.csv"}, sink={"use": "http", "on": "api", "path": "/copies", "format": "object"}))
    assert ran.code == 0, ran
    with urllib.request.urlopen(f"{w.url}/copies", timeout=30) as answer:
        copies = json.load(answer)
    assert sorted(c["name"] for c in copies) == sorted(f"n{i}" for i in range(20)), copies[:2]

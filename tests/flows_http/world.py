"""What the tests of HTTP share: a folder, the program, servers on free ports."""
import collections
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("JACKFIELD_BUILD", ROOT / "build/release"))
PROGRAM = BUILD / "bin/jackfield"
THIRD_PARTY = pathlib.Path(os.environ.get("JACKFIELD_THIRD_PARTY", ROOT / "build/third_party"))
HOSTILE = ROOT / "tests/support/servers/hostile_http.py"
PORTS, PORTS_LOCK = set(), threading.Lock()


class Skipped(Exception):
    pass


class Ran:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.text = out + err

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def free_port():
    """A port that no test of this run was given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with PORTS_LOCK:
            if port not in PORTS:
                PORTS.add(port)
                return port


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class World:
    """A folder of its own with a home of its own, and the processes started in it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="jackfield-http-"))
        self.processes = []
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("JACKFIELD_") and not k.lower().endswith("_proxy")}
        self.env.update(JACKFIELD_HOME=str(self.folder / "home"), NO_COLOR="1", LC_ALL="C.UTF-8", TZ="UTC")

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *words, **more):
        process = subprocess.Popen([str(word) for word in words], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, **more)
        self.processes.append(process)
        return process

    def hostile(self):
        """The hostile server, with a store for posted rows; its address."""
        self.store = self.folder / "store.ndjson"
        process = self.start(sys.executable, HOSTILE, "--store", self.store, stdout=subprocess.PIPE, text=True)
        self.port = int(process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"
        return self.url

    def get(self, path):
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            return json.load(answer)

    def seen(self, path=""):
        """The requests so far, those below `path`."""
        return [request for request in self.get("/seen") if request["path"].startswith(path)]

    def jackfield(self, *words, env=None, timeout=120):
        done = subprocess.run([str(PROGRAM), *map(str, words)], cwd=self.folder, env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)
        return Ran(done.returncode, done.stdout, done.stderr)

    def flow(self, source, connection=None, sink=None, name="t", **task):
        """Writes NAME.flow.json: `source` on the API into out.ndjson, or `sink`."""
        source = source if "use" in source else {"use": "http", "on": "api", **source}
        sink = sink or {"use": "files", "path": "out.ndjson", "mode": "replace"}
        connections = {"api": {"use": "http", "url": self.url, **(connection or {})}, "db": {"use": "duckdb", "path": "t.duckdb"}}
        used = {source.get("on"), sink.get("on")}
        flow = {"flow": name, "connections": {k: v for k, v in connections.items() if k in used},
                "tasks": {"land": {"source": source, "sink": sink, **task}}}
        file = self.folder / f"{name}.flow.json"
        file.write_text(json.dumps(flow, indent=1))
        return file

    def load(self, source, connection=None, env=None, **task):
        """Runs such a flow; the rows that arrived, or an assertion with what it said."""
        ran = self.jackfield("run", "--new", self.flow(source, connection, **task), env=env)
        assert ran.code == 0, ran
        return self.rows()

    def refused(self, source, connection=None, env=None, **task):
        """Runs a flow that must fail; what it said."""
        ran = self.jackfield("run", "--new", self.flow(source, connection, **task), env=env)
        assert ran.code != 0, ran
        return ran.text

    def rows(self, name="out.ndjson"):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def table(self, name="t"):
        """All rows of a table of t.duckdb, through the program."""
        flow = {"flow": "dump", "connections": {"db": {"use": "duckdb", "path": "t.duckdb"}}, "tasks": {"dump": {
            "source": {"use": "duckdb", "on": "db", "table": name}, "sink": {"use": "files", "path": "dump.ndjson", "mode": "replace"}}}}
        (self.folder / "dump.flow.json").write_text(json.dumps(flow))
        ran = self.jackfield("run", "--new", "dump.flow.json")
        assert ran.code == 0, ran
        return self.rows("dump.ndjson")


def multiset(rows):
    return collections.Counter(json.dumps(row, sort_keys=True) for row in rows)

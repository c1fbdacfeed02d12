"""What the tests of this folder share: a world with the program in it, DuckDB tables read back, and the runner."""
import importlib.util
import json
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

_FILE = pathlib.Path(__file__).resolve().parents[1] / "cli/test_cli.py"
_spec = importlib.util.spec_from_file_location("test_cli", _FILE)
cli = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cli)
World, Skipped, expect, need_plugins, BUILD, PROGRAM = cli.World, cli.Skipped, cli.expect, cli.need_plugins, cli.BUILD, cli.PROGRAM


def rows(world, database, query):
    """The rows of a query on a DuckDB file, as the program itself reads them, with a state of their own."""
    name = f"dump-{time.monotonic_ns()}"
    world.write(f"{name}.flow.json", {
        "flow": "dump", "connections": {"db": {"use": "duckdb", "path": str(world.path(database))}},
        "tasks": {"dump": {"source": {"use": "duckdb", "on": "db", "query": query}, "sink": {"use": "files", "path": str(world.path(name + ".ndjson")), "mode": "replace"}}}})
    answer = world.run("run", f"{name}.flow.json", "--state", "none", "--quiet")
    expect(answer.code == 0, answer)
    return [json.loads(line) for line in world.path(name + ".ndjson").read_text().splitlines()]


def runs(world):
    """All runs, the newest first."""
    return [json.loads(line) for line in world.run("runs", "list", "--json", "--limit", "1000").out.splitlines()]


def record(world, run):
    return json.loads(world.run("runs", "show", run, "--json").out)


def lines(world, name):
    file = world.path(name)
    return file.read_text().splitlines() if file.exists() else []


def wait_for(condition, what, seconds=60):
    """Waits until it holds; a test that waits in vain fails."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def main(tests):
    words, passed, failed = [word for word in sys.argv[1:] if not word.startswith("-")], 0, 0
    with tempfile.TemporaryDirectory(prefix="jackfield-recovery-cache-") as cache:
        cli.CACHE = cache
        for name, test in list(tests.items()):
            if not name.startswith("test_") or (words and not any(word in name for word in words)):
                continue
            world, sentence = World(), name[5:].replace("_", " ")
            try:
                test(world)
                passed += 1
                print(f"ok      {sentence}", flush=True)
            except Skipped as why:
                print(f"skipped {sentence}: {why}", flush=True)
            except Exception as error:
                failed += 1
                print(f"FAILED  {sentence}", flush=True)
                print("    " + (str(error) if isinstance(error, AssertionError) and str(error) else traceback.format_exc()).replace("\n", "\n    "))
            finally:
                shutil.rmtree(world.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(0 if failed == 0 and passed > 0 else 1)

#!/usr/bin/env python3
"""A load, its quality gate and its token in one transaction."""
import signal
import subprocess

from recovery import *


def gated(world, ids, how, sink=None, mode="append"):
    """A load of ids behind a gate: unique ids, at most 60,000 rows, no negative one. how: "steps" or "list"."""
    need_plugins(world, "files", "duckdb", "checks")
    world.write("in.csv", "id\n" + "".join(f"{i}\n" for i in ids))
    gate = {"use": "checks", "table": "t", "unique": ["id"], "row_count": {"max": 60000},
            "sql": [{"name": "no_negative", "query": "select id from t where id < 0"}]}
    task = {"source": {"use": "files", "path": str(world.path("in.csv")), "columns": {"id": "int64"}},
            "sink": sink or {"use": "duckdb", "on": "db", "table": "t", "mode": mode}}
    task.update({"steps": [gate], "gate": "transactional"} if how == "steps" else {"gate": [gate]})
    world.write("f.flow.json", {"flow": "f", "connections": {"db": {"use": "duckdb", "path": str(world.path("t.duckdb"))}}, "tasks": {"load": task}})


def count(world):
    if not world.path("t.duckdb").exists():
        return 0
    found = rows(world, "t.duckdb", "select count(*) as n from information_schema.tables where table_name = 't'")[0]["n"]
    return rows(world, "t.duckdb", "select count(*) as n from t")[0]["n"] if found else 0


def test_a_gate_that_says_no_keeps_every_row_out(world):
    for how in ("steps", "list"):
        for ids, rule in [(list(range(1000)) + [5], "unique(id): 1 rows"), ([1, 2, -3], "no_negative"), (range(60001), "row_count")]:
            gated(world, ids, how)
            answer = world.run("run", "f.flow.json", "--new")
            expect(answer.code == 1 and rule in answer.out and "no row was committed" in answer.out, (how, rule, answer))
            expect(count(world) == 0, (how, rule))


def test_a_gate_that_says_yes_commits_all_at_once_and_looks_at_what_was_there_before_too(world):
    gated(world, range(1000), "steps")
    answer = world.run("run", "f.flow.json")
    expect(answer.code == 0 and count(world) == 1000, answer)
    gated(world, range(999, 2000), "steps")
    answer = world.run("run", "f.flow.json", "--new")
    expect(answer.code == 1 and "unique(id)" in answer.out and count(world) == 1000, answer)
    gated(world, range(1000, 2000), "steps")
    answer = world.run("run", "f.flow.json", "--new")
    expect(answer.code == 0 and count(world) == 2000, answer)


def test_a_mended_input_goes_through_the_gate_when_the_flow_is_run_again(world):
    gated(world, [1, 2, 2], "steps", mode="replace")
    expect(world.run("run", "f.flow.json").code == 1 and count(world) == 0)
    gated(world, [1, 2, 3], "steps", mode="replace")
    answer = world.run("run", "f.flow.json")
    expect(answer.code == 0 and count(world) == 3, answer)


def test_plan_says_what_the_gate_does_and_refuses_a_sink_that_cannot_show_its_open_epoch(world):
    gated(world, [1], "steps")
    answer = world.run("plan", "f.flow.json")
    expect(answer.code == 0 and "gate" in answer.out, answer)
    gated(world, [1], "steps", sink={"use": "files", "path": str(world.path("out.ndjson"))})
    answer = world.run("plan", "f.flow.json")
    expect(answer.code == 2 and "tasks.load.gate" in answer.err and "'files' cannot show" in answer.err, answer)
    world.write("f.flow.json", {"flow": "f", "connections": {"db": {"use": "duckdb", "path": "t.duckdb"}}, "tasks": {"load": {
        "source": {"use": "files", "path": str(world.path("in.csv"))}, "sink": {"use": "duckdb", "on": "db", "table": "t"},
        "steps": [{"use": "checks", "not_null": ["id"]}], "gate": "transactional"}}})
    answer = world.run("check", "f.flow.json")
    expect(answer.code == 2 and "nothing to ask before the commit" in answer.err + answer.out, answer)


def test_a_kill_between_gate_and_commit_leaves_nothing_and_one_after_the_commit_everything(world):
    for point, visible in (("barrier:1", 0), ("log:1", 0), ("commit:1", 0), ("committed:1", 1000)):
        gated(world, range(1000), "steps")
        killed = subprocess.run([str(PROGRAM), "run", "f.flow.json", "--new"], cwd=world.folder, env={**world.env, "JACKFIELD_CRASH_AT": point}, capture_output=True)
        expect(killed.returncode == -signal.SIGKILL, (point, killed))
        expect(count(world) == visible, (point, count(world)))
        answer = world.run("run", "f.flow.json")
        expect(answer.code == 0 and count(world) == 1000, (point, answer))
        world.path("t.duckdb").unlink()
        world.run("reset", "f.flow.json", "--yes")


if __name__ == "__main__":
    main(globals())

#!/usr/bin/env python3
"""jackfield runs resume: a run goes on from its unfinished tasks."""
import json
import signal
import sqlite3

from recovery import *


def note(world, name):
    """A shell command that leaves a line each time it is run."""
    return f"echo {name} >> {world.path('log')}"


def flow_with(world, condition):
    """Three tasks in a row and a fan-out; the middle one and one item hang on a condition of the shell."""
    return {"flow": "f", "parameters": {"day": {"type": "date", "default": "2026-01-01"}}, "tasks": {
        "first": {"use": "program", "command": ["sh", "-c", note(world, "first-${day}") + "; printf '{\"n\":7}'"], "result": "json"},
        "items": {"after": ["first"], "for_each": {"in": ["a", "b", "c"], "fail": "collect"}, "use": "program",
                  "command": ["sh", "-c", note(world, "item-${item}") + "; " + "[ ${item} != b ] || " + condition]},
        "last": {"after": ["items"], "use": "program", "command": ["sh", "-c", note(world, "last-${tasks.first.result.n}")]}}}


def failed_run(world, condition="test -e now"):
    need_plugins(world, "program")
    world.write("f.flow.json", flow_with(world, condition))
    answer = world.run("run", "f.flow.json", "-p", "day=2026-02-03")
    expect(answer.code == 1, answer)
    return runs(world)[0]["run"]


def test_tasks_and_items_that_completed_are_not_run_again_and_their_results_are_read_back(world):
    run = failed_run(world, f"test -e {world.path('now')}")
    expect(sorted(lines(world, "log")) == ["first-2026-02-03", "item-a", "item-b", "item-c"], lines(world, "log"))
    world.path("log").unlink()
    world.write("now", "")
    answer = world.run("runs", "resume", run)
    expect(answer.code == 0, answer)
    expect(lines(world, "log") == ["item-b", "last-7"], lines(world, "log"))
    expect(f"continues run {run}, which completed first, items" in answer.out, answer)
    expect(answer.out.count(f"completed by run {run}") == 3, answer)
    newest = runs(world)[0]
    expect(newest["parameters"] == {"day": "2026-02-03"} and newest["continued_from"] == run, newest)


def test_a_failed_task_may_be_mended_before_its_run_is_resumed(world):
    run = failed_run(world, "false")
    world.path("log").unlink()
    mended = flow_with(world, "false")
    mended["tasks"]["last"]["trigger"] = "all_done"
    mended["tasks"]["items"]["retry"] = {"retries": 1, "delay": "1ms"}
    world.write("f.flow.json", mended)
    answer = world.run("runs", "resume", run)
    expect(answer.code == 1 and lines(world, "log") == ["item-b", "last-7"], (answer, lines(world, "log")))


def test_a_completed_task_that_was_changed_is_refused_with_the_remedy(world):
    run = failed_run(world)
    changed = flow_with(world, "test -e now")
    changed["tasks"]["first"]["command"][2] += " "
    world.write("f.flow.json", changed)
    answer = world.run("runs", "resume", run)
    expect(answer.code == 2 and f"task 'first' was changed since run {run} completed it" in answer.err, answer)
    expect("jackfield run f.flow.json" in answer.err and len(runs(world)) == 1, answer)


def test_a_run_that_another_one_followed_is_refused(world):
    run = failed_run(world, f"test -e {world.path('now')}")
    expect(world.run("run", "f.flow.json", "-p", "day=2026-03-03").code == 1)
    newer = runs(world)[0]["run"]
    answer = world.run("runs", "resume", run)
    expect(answer.code == 2 and f"was followed by run {newer}" in answer.err and "resume that one" in answer.err, answer)
    world.write("now", "")
    expect(world.run("runs", "resume", newer).code == 0)
    answer = world.run("runs", "resume", newer)
    expect(answer.code == 2 and "nothing to go on with" in answer.err, answer)


def test_a_killed_run_is_resumed_and_so_is_the_one_that_was_killed_while_it_went_on(world):
    need_plugins(world, "program")
    gate = world.path("go")
    world.write("f.flow.json", {"flow": "f", "tasks": {
        "one": {"use": "program", "command": ["sh", "-c", note(world, "one")]},
        "two": {"after": ["one"], "use": "program", "command": ["sh", "-c", note(world, "two") + f"; until [ -e {gate} ]; do sleep 0.05; done"]},
        "three": {"after": ["two"], "use": "program", "command": ["sh", "-c", note(world, "three")]}}})
    for attempt in (1, 2):
        words = ["run", "f.flow.json"] if attempt == 1 else ["runs", "resume", runs(world)[0]["run"]]
        process = world.start(*words)
        wait_for(lambda: lines(world, "log").count("two") == attempt, "task two")
        wait_for(lambda: any(task["task"] == "one" and task["state"] == "completed" for task in record(world, runs(world)[0]["run"])["tasks"]), "the history")
        process.kill()
        process.communicate()
    world.write("go", "")
    answer = world.run("runs", "resume", runs(world)[0]["run"])
    expect(answer.code == 0, answer)
    expect(lines(world, "log") == ["one", "two", "two", "two", "three"], lines(world, "log"))


def test_a_sub_flow_of_a_resumed_run_goes_on_too(world):
    need_plugins(world, "program")
    world.write("inner.flow.json", {"flow": "inner", "parameters": {"x": {"type": "string"}}, "tasks": {
        "begin": {"use": "program", "command": ["sh", "-c", note(world, "begin-${x}")]},
        "end": {"after": ["begin"], "use": "program", "command": ["test", "-e", str(world.path("now"))]}}})
    world.write("f.flow.json", {"flow": "outer", "tasks": {"each": {"for_each": {"in": ["p", "q"], "fail": "collect"}, "flow": "inner.flow.json", "parameters": {"x": "${item}"}}}})
    expect(world.run("run", "f.flow.json").code == 1)
    expect(sorted(lines(world, "log")) == ["begin-p", "begin-q"], lines(world, "log"))
    world.write("now", "")
    outer = next(run["run"] for run in runs(world) if run["flow"] == "outer")
    answer = world.run("runs", "resume", outer, "f.flow.json")
    expect(answer.code == 0, answer)
    expect(len(lines(world, "log")) == 2, lines(world, "log"))
    inner = next(run["run"] for run in runs(world) if run["flow"] == "inner")
    answer = world.run("runs", "resume", inner, "inner.flow.json")
    expect(answer.code == 2, answer)


def test_a_fan_out_over_a_sub_flow_loads_the_rows_of_every_item(world):
    need_plugins(world, "files")
    for name in "pqr":
        world.write(f"{name}.csv", "id\n" + "".join(f"{name}{i}\n" for i in range(50)))
    world.write("inner.flow.json", {"flow": "inner", "parameters": {"x": {"type": "string"}}, "tasks": {
        "load": {"source": {"use": "files", "path": str(world.path("${x}.csv"))}, "sink": {"use": "files", "path": str(world.path("${x}.ndjson"))}}}})
    world.write("f.flow.json", {"flow": "outer", "tasks": {"each": {"for_each": ["p", "q", "r"], "flow": "inner.flow.json", "parameters": {"x": "${item}"}}}})
    answer = world.run("run", "f.flow.json")
    expect(answer.code == 0, answer)
    expect([len(lines(world, f"{name}.ndjson")) for name in "pqr"] == [50, 50, 50])


def test_the_environment_is_that_of_the_run(world):
    need_plugins(world, "program", "duckdb")
    world.write("connections.json", {"environments": {name: {"connections": {"db": {"use": "duckdb", "path": str(world.path(name + ".duckdb"))}}} for name in ("dev", "prod")}})
    world.write("f.flow.json", {"flow": "f", "tasks": {
        "wait": {"use": "program", "command": ["test", "-e", str(world.path("now"))]},
        "make": {"after": ["wait"], "use": "duckdb.sql", "on": "db", "sql": "create table t as select 1 as n"}}})
    expect(world.run("run", "f.flow.json", "--env", "prod").code == 1)
    run = runs(world)[0]["run"]
    answer = world.run("runs", "resume", run, "--env", "dev")
    expect(answer.code == 2 and "--env prod" in answer.err, answer)
    world.write("now", "")
    answer = world.run("runs", "resume", run)
    expect(answer.code == 0 and world.path("prod.duckdb").exists() and not world.path("dev.duckdb").exists(), answer)


def test_a_run_that_starts_declares_no_living_run_dead(world):
    need_plugins(world, "program")
    gate = world.path("go")
    world.write("slow.flow.json", {"flow": "slow", "tasks": {"s": {"use": "program", "command": ["sh", "-c", note(world, "slow") + f"; until [ -e {gate} ]; do sleep 0.05; done"]}, "n": {"after": ["s"], "use": "nothing"}}})
    world.write("quick.flow.json", {"flow": "quick", "tasks": {"n": {"use": "nothing"}}})
    process = world.start("run", "slow.flow.json")
    wait_for(lambda: lines(world, "log") == ["slow"], "the slow flow")
    expect(world.run("run", "quick.flow.json").code == 0)
    expect({run["flow"]: run["state"] for run in runs(world)} == {"slow": "running", "quick": "completed"}, runs(world))
    world.write("go", "")
    out, err = process.communicate(timeout=60)
    expect(process.returncode == 0, out + err)
    expect({run["flow"]: run["state"] for run in runs(world)} == {"slow": "completed", "quick": "completed"}, runs(world))


def test_a_state_file_of_the_first_format_is_brought_up_to_date_and_its_run_goes_on(world):
    need_plugins(world, "program", "files")
    shutil.rmtree(world.path("home"), ignore_errors=True)
    world.path("home").mkdir()
    with sqlite3.connect(world.path("home/state.db")) as database:
        database.executescript((pathlib.Path(__file__).parent / "state_v1.sql").read_text())
    world.write("in.csv", "id\n1\n2\n3\n4\n5\n")
    world.write("golden.flow.json", {"flow": "golden", "parameters": {"day": {"type": "date", "default": "2026-01-01"}}, "tasks": {
        "land": {"source": {"use": "files", "path": "in.csv", "columns": {"id": "int64"}}, "sink": {"use": "files", "path": "out.ndjson"}, "limits": {"epoch": {"rows": 2}}},
        "after": {"after": ["land"], "use": "program", "command": ["test", "-e", "now"]},
        "last": {"after": ["after"], "use": "nothing"}}})
    world.write("now", "")
    old = runs(world)[0]
    expect(old["flow"] == "golden" and old["state"] == "failed", old)
    answer = world.run("runs", "resume", old["run"])
    expect(answer.code == 0 and f"completed by run {old['run']}" in answer.out, answer)
    expect(not world.path("out.ndjson").exists(), "land was completed, so it is not run again")
    answer = world.run("run", "golden.flow.json")
    expect(answer.code == 0 and len(lines(world, "out.ndjson")) == 5, answer)
    with sqlite3.connect(world.path("home/state.db")) as database:
        expect([row[0] for row in database.execute("select version from schema_version order by 1")] == [1, 2])


if __name__ == "__main__":
    main(globals())

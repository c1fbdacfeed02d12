#!/usr/bin/env python3
"""jackfield backfill: a flow is run once for each interval of a range."""
import collections
import json
import re
import random
import signal
import subprocess

from recovery import *

RANGE = ["--from", "2026-01-01", "--to", "2026-01-05"]


def noting(world, condition="true"):
    """A flow that leaves a line for its interval, if the condition of the shell holds."""
    need_plugins(world, "program")
    return world.write("f.flow.json", {"flow": "f", "parameters": {"region": {"type": "string", "default": "eu"}}, "tasks": {
        "note": {"use": "program", "command": ["sh", "-c", f"{condition} && echo '${{interval.from}} ${{interval.to}} ${{region}}' >> {world.path('log')}"]}}})


def test_each_interval_is_run_once_in_order_and_again_only_when_asked(world):
    noting(world)
    answer = world.run("backfill", "f.flow.json", *RANGE)
    expect(answer.code == 0 and "4 intervals of 1d" in answer.out and answer.out.count("✓") == 4, answer)
    expect(lines(world, "log") == [f"2026-01-0{i}T00:00:00Z 2026-01-0{i + 1}T00:00:00Z eu" for i in range(1, 5)], lines(world, "log"))
    answer = world.run("backfill", "f.flow.json", *RANGE)
    expect(answer.code == 0 and "nothing to do: all 4 are done" in answer.out and len(lines(world, "log")) == 4, answer)
    answer = world.run("backfill", "f.flow.json", "--from", "2026-01-03", "--to", "2026-01-07", "--order", "newest")
    expect(answer.code == 0 and "2 done already" in answer.out, answer)
    expect([line[:10] for line in lines(world, "log")[4:]] == ["2026-01-06", "2026-01-05"], lines(world, "log"))
    answer = world.run("backfill", "f.flow.json", "--from", "2026-01-01", "--to", "2026-01-02", "--again")
    expect(answer.code == 0 and len(lines(world, "log")) == 7, answer)


def test_days_follow_the_calendar_of_the_zone(world):
    noting(world)
    answer = world.run("backfill", "f.flow.json", "--from", "2025-10-04", "--to", "2025-10-07", "--timezone", "Australia/Sydney")
    expect(answer.code == 0, answer)
    expect([line.split()[0] for line in lines(world, "log")] == ["2025-10-04T00:00:00+10:00", "2025-10-05T00:00:00+10:00", "2025-10-06T00:00:00+11:00"], lines(world, "log"))


def test_a_failure_stops_the_rest_and_the_same_command_goes_on(world):
    noting(world, f"[ '${{interval.date}}' != 2026-01-02 -o -e {world.path('now')} ]")
    answer = world.run("backfill", "f.flow.json", *RANGE)
    expect(answer.code == 1 and "1 of 4 done, 1 failed, 2 not run" in answer.out, answer)
    answer = world.run("backfill", "f.flow.json", *RANGE, "--keep-going")
    expect(answer.code == 1 and "3 of 4 done, 1 failed" in answer.out, answer)
    listed = {line["from"][:10]: line["state"] for line in map(json.loads, world.run("backfill", "f.flow.json", "--list", "--json").out.splitlines())}
    expect(listed == {"2026-01-01": "done", "2026-01-02": "failed", "2026-01-03": "done", "2026-01-04": "done"}, listed)
    listed = world.run("backfill", "f.flow.json", "--list", "--from", "2026-01-04", "--to", "2026-01-06").out
    expect("done" in listed and "missing" in listed, listed)
    world.write("now", "")
    answer = world.run("backfill", "f.flow.json", *RANGE)
    expect(answer.code == 0 and len(lines(world, "log")) == 4, answer)


def test_a_failed_interval_is_resumed_by_the_id_of_its_run_too(world):
    noting(world, f"test -e {world.path('now')}")
    expect(world.run("backfill", "f.flow.json", "--from", "2026-01-01", "--to", "2026-01-02", "-p", "region=us").code == 1)
    world.write("now", "")
    answer = world.run("runs", "resume", runs(world)[0]["run"])
    expect(answer.code == 0 and lines(world, "log") == ["2026-01-01T00:00:00Z 2026-01-02T00:00:00Z us"], answer)
    answer = world.run("backfill", "f.flow.json", "--from", "2026-01-01", "--to", "2026-01-02", "-p", "region=us")
    expect(answer.code == 0 and "nothing to do" in answer.out, answer)


def test_other_parameters_have_intervals_of_their_own(world):
    noting(world)
    for words in ([], ["-p", "region=us"], ["-p", "region=eu"], ["-p", "region=us"]):
        answer = world.run("backfill", "f.flow.json", *RANGE, *words)
        expect(answer.code == 0, answer)
    found = collections.Counter(line.split()[2] for line in lines(world, "log"))
    expect(found == {"eu": 4, "us": 4}, found)


def test_what_makes_no_sense_is_refused_and_nothing_is_run(world):
    noting(world)
    world.write("same.flow.json", {"flow": "same", "tasks": {"n": {"use": "nothing"}}})
    for words, sentence in [
            (["same.flow.json", *RANGE], "reads no ${interval"),
            (["f.flow.json"], "give --from and --to"),
            (["f.flow.json", "--from", "2026-01-05", "--to", "2026-01-01"], "is not after"),
            (["f.flow.json", *RANGE, "--every", "7h"], "a day cannot be cut"),
            (["f.flow.json", "--from", "2026-01-01T05:30", "--to", "2026-01-02", "--every", "1h"], "begin at 2026-01-01T05:00:00Z or 2026-01-01T06:00:00Z"),
            (["f.flow.json", *RANGE, "--timezone", "berlin"], "did you mean 'Europe/Berlin'?"),
            (["f.flow.json", "--from", "2999-01-01", "--to", "2999-02-01"], "not over yet"),
            (["f.flow.json", *RANGE, "-p", "regoin=us"], "unknown parameter")]:
        answer = world.run("backfill", *words)
        expect(answer.code == 2 and sentence in answer.err, (words, answer))
    answer = world.run("run", "f.flow.json")
    expect(answer.code == 2 and "jackfield backfill" in answer.err, answer)
    expect(world.run("check", "f.flow.json").code == 0)
    expect(not runs(world) and not lines(world, "log"))


def test_intervals_of_another_length_over_the_same_time_are_refused(world):
    noting(world)
    expect(world.run("backfill", "f.flow.json", *RANGE).code == 0)
    answer = world.run("backfill", "f.flow.json", "--from", "2026-01-04", "--to", "2026-01-06", "--every", "6h")
    expect(answer.code == 2 and "overlaps" in answer.err and len(lines(world, "log")) == 4, answer)
    expect(world.run("backfill", "f.flow.json", "--from", "2026-01-05", "--to", "2026-01-06", "--every", "6h").code == 0)
    expect(len(lines(world, "log")) == 8)


def test_two_backfills_of_one_flow_at_once_are_refused_but_a_run_of_another_one_is_not(world):
    noting(world, f"until [ -e {world.path('go')} ]; do sleep 0.05; done; true")
    process = world.start("backfill", "f.flow.json", *RANGE, "--parallel", "2")
    wait_for(lambda: len(runs(world)) == 2, "two runs")
    answer = world.run("backfill", "f.flow.json", *RANGE)
    expect(answer.code == 4 and "a backfill of flow 'f' is going on" in answer.err, answer)
    world.write("go", "")
    out, err = process.communicate(timeout=60)
    expect(process.returncode == 0 and len(lines(world, "log")) == 4, out + err)


def test_ctrl_c_stops_after_what_is_in_flight_and_the_same_command_goes_on(world):
    noting(world, f"echo x >> {world.path('begun')}; [ '${{interval.date}}' = 2026-01-01 ] || until [ -e {world.path('go')} ]; do sleep 0.05; done; true")
    process = world.start("backfill", "f.flow.json", *RANGE)
    wait_for(lambda: len(lines(world, "begun")) == 2, "the second interval")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    expect(process.returncode == 130 and "1 of 4 done" in out and "stopping" in err, out + err)
    world.write("go", "")
    answer = world.run("backfill", "f.flow.json", *RANGE)
    expect(answer.code == 0 and len(lines(world, "log")) == 4, answer)


def test_json_has_an_object_for_each_event_with_its_interval(world):
    noting(world)
    answer = world.run("backfill", "f.flow.json", *RANGE, "--json", "--parallel", "2")
    events = [json.loads(line) for line in answer.out.splitlines()]
    ended = [event for event in events if event["event"] == "run_ended"]
    expect(len(ended) == 4 and len({event["interval"] for event in ended}) == 4, answer)
    expect(events[-1]["event"] == "backfill_ended" and events[-1]["state"] == "completed" and events[-1]["completed"] == 4, answer)


def test_a_terminal_shows_how_far_it_is(world):
    noting(world, "sleep 0.3")
    code, text = world.terminal("backfill", "f.flow.json", *RANGE)
    expect(code == 0 and re.search(r"\d of 4 done", text), text)
    expect(cli.screen(text)[-1].strip() == "done: all 4" or "done: all 4" in text, text)


DAYS, ROWS = 12, 600


def loading(world):
    need_plugins(world, "files", "duckdb")
    for day in range(1, DAYS + 1):
        with world.path(f"in-2026-01-{day:02}.csv").open("w") as out:
            out.write("id,day\n" + "".join(f"{day * 100000 + i},{day}\n" for i in range(ROWS)))
    world.write("f.flow.json", {"flow": "f", "connections": {"db": {"use": "duckdb", "path": str(world.path("out.duckdb"))}}, "tasks": {
        "load": {"source": {"use": "files", "path": str(world.path("in-${interval.date}.csv")), "columns": {"id": "int64", "day": "int64"}},
                 "sink": {"use": "duckdb", "on": "db", "table": "t"}, "limits": {"epoch": {"rows": 60}}}}})
    return ["backfill", "f.flow.json", "--from", "2026-01-01", "--to", f"2026-01-{DAYS + 1:02}"]


def expect_exact(world):
    found = collections.Counter(row["id"] for row in rows(world, "out.duckdb", "select id from t"))
    wanted = collections.Counter(day * 100000 + i for day in range(1, DAYS + 1) for i in range(ROWS))
    expect(found == wanted, f"{sum((wanted - found).values())} rows missing, {sum((found - wanted).values())} rows too many")


def test_a_backfill_into_duckdb_that_is_killed_again_and_again_loses_and_doubles_nothing(world):
    words = loading(world) + ["--parallel", "3"]
    chance, landed = random.Random(7), collections.Counter()
    points = ["write", "barrier", "commit", "committed", "acked"]
    for attempt in range(200):
        point = chance.choice(points)
        environment = {**world.env, "JACKFIELD_CRASH_AT": f"{point}:{chance.randint(1, 9)}:{chance.choice([1, 300, 2000])}"}
        code = subprocess.run([str(PROGRAM), *words, "--quiet"], cwd=world.folder, env=environment, capture_output=True, timeout=120).returncode
        if code == 0:
            break
        expect(code == -signal.SIGKILL, f"exit {code}")
        landed[point] += 1
    expect(world.run(*words).code == 0)
    expect_exact(world)
    done = [json.loads(line) for line in world.run("backfill", "f.flow.json", "--list", "--json").out.splitlines()]
    expect(len(done) == DAYS and {one["state"] for one in done} == {"done"}, done)
    expect(sum(landed.values()) >= 4, f"only {dict(landed)} kills landed")
    print(f"        kills: {dict(landed)}")


def test_running_done_intervals_again_adds_their_rows_again_and_a_kill_of_that_doubles_no_more(world):
    words = loading(world)
    expect(world.run(*words).code == 0)
    again = subprocess.run([str(PROGRAM), *words, "--again", "--quiet"], cwd=world.folder, env={**world.env, "JACKFIELD_CRASH_AT": "committed:5"}, capture_output=True, timeout=120)
    expect(again.returncode == -signal.SIGKILL, again)
    expect(world.run(*words).code == 0)
    found = collections.Counter(row["n"] for row in rows(world, "out.duckdb", "select count(*) as n from t group by id"))
    expect(found == {2: DAYS * ROWS}, found)


if __name__ == "__main__":
    main(globals())

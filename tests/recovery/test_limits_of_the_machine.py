#!/usr/bin/env python3
"""Whole flows on a full disk, in a read-only folder, under signals; the order of fsync and rename."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

from recovery import *


def need_root():
    if os.geteuid() != 0 or not shutil.which("unshare"):
        raise Skipped("mounting a small file system needs root and unshare")


def in_small_folder(world, script, size="2m"):
    """Runs a script of the shell with a tmpfs of this size on ./small, seen by nobody else."""
    need_root()
    world.path("small").mkdir(exist_ok=True)
    head = f"set -e; mount -t tmpfs -o size={size} tmpfs small; set +e\n"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", head + script], cwd=world.folder, env={**world.env, "J": str(PROGRAM)}, capture_output=True, text=True, timeout=240)
    return cli.Answer(done.returncode, done.stdout, done.stderr)


def load(world, sink, rows=40000, epoch=500):
    need_plugins(world, "files", "duckdb")
    with world.path("in.csv").open("w") as out:
        out.write("id,text\n" + "".join(f"{i},{'x' * 100}\n" for i in range(rows)))
    world.write("f.flow.json", {"flow": "f", "connections": {"db": {"use": "duckdb", "path": str(world.path("small/t.duckdb"))}}, "tasks": {"load": {
        "source": {"use": "files", "path": str(world.path("in.csv")), "columns": {"id": "int64", "text": "utf8"}}, "sink": sink, "limits": {"epoch": {"rows": epoch}}}}})


def expect_sound(text, start=0):
    """NDJSON whose ids go up by one from `start`; how many."""
    ids = [json.loads(line)["id"] for line in text.splitlines()]
    expect(ids == list(range(start, start + len(ids))), ids[:5])
    return len(ids)


def test_a_full_disk_fails_the_load_in_one_sentence_keeps_whole_epochs_and_the_load_goes_on_when_there_is_room(world):
    load(world, {"use": "files", "path": str(world.path("small/out.ndjson"))})
    answer = in_small_folder(world, """
        $J run f.flow.json; echo "exit $?"; cat small/out.ndjson > first
        mount -o remount,size=64m small
        $J run f.flow.json; echo "exit $?"; cat small/out.ndjson > second""")
    first, second = re.findall(r"^exit (\d+)", answer.out, re.M)
    expect(first == "1" and second == "0", answer)
    expect("space" in answer.out.lower() and "continues run" in answer.out, answer)
    committed = int(re.search(r"stopped after ([\d,]+) rows? \(all of them committed\)", answer.out)[1].replace(",", ""))
    whole = "".join(world.path("first").read_text().splitlines(keepends=True)[:committed])
    expect(committed % 500 == 0 and expect_sound(whole) == committed, (committed, answer))
    expect(expect_sound(world.path("second").read_text()) == 40000)


def test_a_full_disk_fails_a_load_into_duckdb_and_the_load_goes_on_when_there_is_room(world):
    load(world, {"use": "duckdb", "on": "db", "table": "t"}, rows=60000, epoch=2000)
    answer = in_small_folder(world, """
        $J run f.flow.json; echo "exit $?"
        mount -o remount,size=256m small
        $J run f.flow.json; echo "exit $?"; cp small/t.duckdb after.duckdb""", size="1500k")
    first, second = re.findall(r"^exit (\d+)", answer.out, re.M)
    expect(first == "1" and second == "0", answer)
    expect("space" in answer.out.lower() or "disk" in answer.out.lower(), answer)
    found = rows(world, "after.duckdb", "select count(*) as n, count(distinct id) as ids from t")
    expect(found == [{"n": 60000, "ids": 60000}], found)


def test_a_full_disk_under_the_state_file_is_said_and_the_run_can_be_made_again(world):
    load(world, {"use": "files", "path": str(world.path("out.ndjson"))})
    answer = in_small_folder(world, """
        JACKFIELD_HOME=$PWD/small/home; export JACKFIELD_HOME
        head -c 1900000 /dev/zero > small/filler; head -c 900000 /dev/zero > small/filler2 2>/dev/null
        $J run f.flow.json; echo "exit $?"
        rm small/filler*; rm -f out.ndjson
        $J run f.flow.json; echo "exit $?" """)
    first, second = re.findall(r"^exit (\d+)", answer.out, re.M)
    expect(first != "0" and second == "0", answer)
    expect("space" in answer.err + answer.out, answer)
    expect(expect_sound(world.path("out.ndjson").read_text()) == 40000)


def test_a_read_only_file_system_fails_the_load_in_one_sentence_that_names_the_file(world):
    load(world, {"use": "files", "path": str(world.path("small/out.ndjson"))}, rows=100)
    answer = in_small_folder(world, """
        mount -o remount,ro small
        $J run f.flow.json; echo "exit $?"
        mount -o remount,rw small
        $J run f.flow.json; echo "exit $?" """)
    expect(re.findall(r"^exit (\d+)", answer.out, re.M) == ["1", "0"], answer)
    expect(re.search(r"out\.ndjson.*ead-only", answer.out), answer)


def test_a_folder_that_may_not_be_written_fails_the_load_in_one_sentence(world):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skipped("becoming nobody needs root and setpriv")
    load(world, {"use": "files", "path": str(world.path("small/out.ndjson"))}, rows=100)
    world.path("small").mkdir()
    world.path("small").chmod(0o555)
    world.folder.chmod(0o755)
    home = world.path("theirs")
    home.mkdir()
    os.chown(home, 65534, 65534)
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", str(PROGRAM), "run", "f.flow.json"], cwd=world.folder,
                          env={**world.env, "JACKFIELD_HOME": str(home), "XDG_CACHE_HOME": str(home)}, capture_output=True, text=True)
    if "Permission denied" in done.stderr and done.returncode == 127:
        raise Skipped("nobody may not read the program here")
    expect(done.returncode == 1 and "ermission" in done.stdout and "small" in done.stdout, done)


def test_one_signal_commits_what_is_in_flight_and_two_stop_at_once(world):
    load(world, {"use": "files", "path": str(world.path("out.ndjson"))}, rows=400000, epoch=1000)
    for signals, most in ((1, 130), (2, 130)):
        process = world.start("run", "f.flow.json", "--json")
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "task_progress" and event.get("epochs", 0) >= 2:
                break
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        expect(process.returncode == most, (signals, process.returncode, err))
    expect(world.run("run", "f.flow.json").code == 0)
    expect(expect_sound(world.path("out.ndjson").read_text()) == 400000)


def test_the_bytes_are_synced_before_the_token_is_renamed_into_place_and_the_folder_after_it(world):
    if not shutil.which("strace"):
        raise Skipped("strace is not installed")
    load(world, {"use": "files", "path": str(world.path("out.ndjson"))}, rows=3000, epoch=1000)
    trace = world.path("trace")
    done = subprocess.run(["strace", "-f", "-y", "-s", "300", "-e", "trace=write,pwrite64,fsync,fdatasync,rename,renameat,renameat2", "-o", str(trace), str(PROGRAM), "run", "f.flow.json", "--quiet"],
                          cwd=world.folder, env=world.env, capture_output=True, text=True, timeout=120)
    if "ptrace" in done.stderr:
        raise Skipped("strace may not trace here")
    expect(done.returncode == 0, done)
    events = []  # in the order of the calls: what was done to the data, the sidecar and the folder
    data, side = str(world.path("out.ndjson")), None
    for line in trace.read_text().splitlines():
        call = re.search(r"\b(write|pwrite64|fsync|fdatasync|rename\w*)\((.*)", line)
        if not call or call[2].startswith(") "):
            continue
        name, rest = call[1], call[2]
        if name.startswith("rename"):
            names = re.findall(r'"([^"]+)"', rest)
            if len(names) == 2 and str(world.folder) in names[1] and "home" not in names[1]:
                events.append(("rename", names[0], names[1]))
        else:
            file = re.match(r"\d+<([^>]*)>", rest)
            if file and file[1].startswith(str(world.folder)) and "/home/" not in file[1]:
                events.append(("sync" if name.endswith("sync") else "write", file[1]))
    renames = [i for i, event in enumerate(events) if event[0] == "rename"]
    expect(len(renames) >= 3, events)
    for at in renames:
        before = events[:at]
        last_write = max((i for i, event in enumerate(before) if event == ("write", data)), default=-1)
        last_sync = max((i for i, event in enumerate(before) if event == ("sync", data)), default=-1)
        expect(last_write < last_sync or last_write == -1, f"the data was written after it was synced, before the rename:\n{events[:at + 1]}")
        aside = events[at][1]
        written = max((i for i, event in enumerate(before) if event == ("write", aside)), default=-1)
        synced = max((i for i, event in enumerate(before) if event == ("sync", aside)), default=-1)
        expect(-1 < written < synced, f"the sidecar is synced before it is renamed:\n{events[:at + 1]}")
        after = events[at + 1:renames[renames.index(at) + 1]] if at != renames[-1] else events[at + 1:]
        expect(("sync", str(world.folder)) in after, f"the folder is synced after the rename:\n{events[at:at + 6]}")


if __name__ == "__main__":
    main(globals())

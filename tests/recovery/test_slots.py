#!/usr/bin/env python3
"""Slots: how many tasks may work at once, over all runs on one state; real processes, killed at random."""
import json
import os
import random
import signal
import subprocess

from recovery import *

# Each task leaves a mark that names its jackfield, counts the marks whose jackfield lives, waits a little and goes. Marks of a
# process that was killed do not count: what it held is free.
TASK = r'''
me=running/$PPID-$$; : > $me
n=0
for mark in running/*; do
  pid=${mark#running/}; pid=${pid%%-*}
  state=$(sed 's/.*) //; s/ .*//' /proc/$pid/stat 2>/dev/null) || continue
  [ "$state" = Z ] || [ -z "$state" ] || n=$((n + 1))
done
echo $n >> seen
sleep 0.05
rm -f $me
'''


def flow_of(world, name, tasks, slots, **more):
    need_plugins(world, "program")
    world.path("running").mkdir(exist_ok=True)
    world.write("task.sh", TASK)
    one = {"use": "program", "command": ["sh", "task.sh"], "slots": "warehouse", **more}
    world.write(f"{name}.flow.json", {"flow": name, "slots": {"warehouse": slots}, "max_parallel": 8, "tasks": {f"t{i}": one for i in range(tasks)}})


def test_no_more_tasks_of_a_run_work_at_once_than_there_are_slots(world):
    for state in ("state.db", "none"):
        flow_of(world, "f", 8, 2)
        answer = world.run("run", "f.flow.json", "--state", state)
        expect(answer.code == 0, answer)
        seen = [int(line) for line in lines(world, "seen")]
        expect(len(seen) == 8 and max(seen) == 2, seen)
        expect("waits for 'warehouse' (2 slots), held by run" in answer.out, answer)
        world.path("seen").unlink()


def test_a_wait_for_a_slot_is_in_the_history(world):
    flow_of(world, "f", 2, 1)
    expect(world.run("run", "f.flow.json").code == 0)
    changes = record(world, runs(world)[0]["run"])["transitions"]
    waits = [change for change in changes if change.get("name") == "AwaitingSlot"]
    expect(len(waits) == 1 and "held by run" in waits[0]["message"], changes)


def test_items_of_a_fan_out_and_sub_flows_hold_slots_too(world):
    flow_of(world, "inner", 2, 1)
    world.write("f.flow.json", {"flow": "f", "slots": {"warehouse": 1}, "tasks": {
        "items": {"for_each": [1, 2, 3], "use": "program", "command": ["sh", "task.sh"], "slots": ["warehouse"]},
        "inner": {"flow": "inner.flow.json", "slots": ["warehouse"]}}})
    answer = world.run("run", "f.flow.json")
    expect(answer.code == 0, answer)
    seen = [int(line) for line in lines(world, "seen")]
    # The two tasks of the sub-flow share the slot of the task that runs it.
    expect(len(seen) == 5 and max(seen) <= 2, seen)


def test_a_slot_that_nobody_declares_is_a_fault_and_a_typing_error_names_the_right_one(world):
    world.write("f.flow.json", {"flow": "f", "slots": {"warehouse": 1}, "tasks": {"a": {"use": "nothing", "slots": "warehous"}}})
    answer = world.run("check", "f.flow.json")
    expect(answer.code == 2 and "no slots 'warehous'" in answer.err + answer.out and "warehouse" in answer.err + answer.out, answer)


def test_processes_that_are_killed_at_random_leave_no_slot_behind_and_the_limit_holds(world):
    for number in range(4):
        flow_of(world, f"f{number}", 4, 2)
    chance = random.Random(11)
    processes, kills, done = {}, 0, 0
    end = time.monotonic() + 120
    while (kills < 25 or done < 8) and time.monotonic() < end:
        for number in range(4):
            process = processes.get(number)
            if process is None or process.poll() is not None:
                if process is not None:
                    expect(process.returncode in (0, -signal.SIGKILL), process.stderr.read())
                    done += process.returncode == 0
                processes[number] = world.start("run", f"f{number}.flow.json", "--quiet", "--new")
        time.sleep(chance.random() * 0.25)
        victim = processes[chance.randrange(4)]
        if kills < 25 and victim.poll() is None:
            victim.kill()
            victim.wait()
            kills += 1
    for process in processes.values():
        process.wait(timeout=60)
    seen = [int(line) for line in lines(world, "seen")]
    expect(kills >= 25 and done >= 8, (kills, done))
    expect(max(seen) == 2, f"at most 2 may work at once, {max(seen)} did")
    answer = world.run("run", "f0.flow.json", "--new")
    expect(answer.code == 0, answer)
    print(f"        {kills} kills, {len(seen)} tasks, at most {max(seen)} at once")


def test_a_holder_that_was_killed_gives_its_slot_to_whoever_waits(world):
    need_plugins(world, "program")
    hold = {"use": "program", "slots": "one", "command": ["sh", "-c", f"echo x >> {world.path('held')}; until [ -e {world.path('go')} ]; do sleep 0.05; done"]}
    for name in ("a", "b"):
        world.write(f"{name}.flow.json", {"flow": name, "slots": {"one": 1}, "tasks": {"t": hold}})
    first = world.start("run", "a.flow.json")
    wait_for(lambda: len(lines(world, "held")) == 1, "the holder")
    second = world.start("run", "b.flow.json")
    wait_for(lambda: any(change.get("name") == "AwaitingSlot" for run in runs(world) for change in record(world, run["run"])["transitions"]), "the one that waits")
    first.kill()
    first.communicate()
    wait_for(lambda: len(lines(world, "held")) == 2, "the slot")
    world.write("go", "")
    out, err = second.communicate(timeout=60)
    expect(second.returncode == 0, out + err)


if __name__ == "__main__":
    main(globals())

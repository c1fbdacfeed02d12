"""Runs of flows that do nothing, and what the program keeps in memory."""
import json
import subprocess

from bench import Failed, goal

EMPTY = {f"t{i:02}": {"use": "nothing", **({"after": [f"t{i - 1:02}"]} if i else {})} for i in range(40)}


def forty_tasks(bench, measure):
    """Calls of a flow of 40 tasks one after another, with history in a file that is there already."""
    with bench.folder() as folder:
        words = [bench.program("jackfield"), "run", bench.flow(folder, "empty", EMPTY)]
        for _ in range(3):
            bench.output(*words, env=bench.home(folder))
        return bench.in_turns("ms", rounds=11, ours=lambda: measure(words, bench.home(folder)))


@goal("tasks_run", "a run of 40 empty tasks, history in SQLite: from its first to its last state", below=20)
def tasks_run(bench):
    def once(words, home):
        last = json.loads(bench.output(*words, "--json", env=home).splitlines()[-1])
        return last["duration_ns"] / 1e6

    return forty_tasks(bench, once)


@goal("tasks_process", "the same with the start and end of the process", below=60)
def tasks_process(bench):
    return forty_tasks(bench, lambda words, home: bench.seconds(*words, "-q", env=home) * 1000)


def resident(process):
    """Megabytes of a process and all below it."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split("\n")
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in listed if line)}
    family = {process}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    total = 0
    for pid in family:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            total += sum(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
    return total * 1024 / 1e6


@goal("memory_idle", "resident memory with all plugins loaded, a state file open and a run behind it; helpers counted", below=25)
def memory_idle(bench):
    def once():
        with bench.folder() as folder:
            flow = bench.flow(folder, "empty", EMPTY)
            words = [bench.program("bench_idle"), folder / "state.db", flow, bench.plugin("files").rpartition("/")[0]]
            with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=bench.environment(folder)) as idle:
                if not idle.stdout.readline().startswith("idle"):
                    raise Failed("bench_idle said why")
                return resident(idle.pid)

    return bench.in_turns("MB", ours=once)

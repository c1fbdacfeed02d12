#!/usr/bin/env python3
"""The program as a person uses it. Each function test_* is one test; its name is the sentence.

    tests/cli/run_cli.sh [WORD…]     only the tests whose name holds a word
"""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("JACKFIELD_BUILD", ROOT / "build/release"))
PROGRAM = BUILD / "bin/jackfield"
CASES = pathlib.Path(__file__).resolve().parent / "flows"
COMMANDS = ["run", "backfill", "check", "plan", "peek", "test", "render", "reset", "runs", "connections", "plugin", "schema", "init", "completion", "version"]


class Skipped(Exception):
    pass


class Answer:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


class World:
    """A folder of its own with a home of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="jackfield-cli-"))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("JACKFIELD_") and k not in ("NO_COLOR", "TERM")}
        self.env.update(JACKFIELD_HOME=str(self.folder / "home"), XDG_CACHE_HOME=str(CACHE), TERM="xterm-256color", LC_ALL="C.UTF-8", TZ="UTC")

    def path(self, name):
        return self.folder / name

    def write(self, name, content):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        return file

    def run(self, *words, stdin=None, env=None, timeout=120):
        done = subprocess.run([str(PROGRAM), *map(str, words)], cwd=self.folder, env={**self.env, **(env or {})}, input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=True, timeout=timeout)
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *words, **more):
        return subprocess.Popen([str(PROGRAM), *map(str, words)], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def terminal(self, *words, width=100, env=None, during=None, timeout=60):
        """Runs in a pseudo-terminal; what was written to it, and the exit code."""
        child, master = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
            os.execve(PROGRAM, [str(PROGRAM), *map(str, words)], {**self.env, **(env or {})})
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        out, end = b"", time.monotonic() + timeout
        while time.monotonic() < end:
            ready, _, _ = select.select([master], [], [], 0.1)
            if during:
                during(child, out)
            if not ready:
                continue
            try:
                block = os.read(master, 65536)
            except OSError:
                break
            if not block:
                break
            out += block
        _, status = os.waitpid(child, 0)
        os.close(master)
        return os.waitstatus_to_exitcode(status), out.decode()


def tasks(count, **more):
    return {"flow": "joins", "tasks": {f"t{i:02}": {"use": "nothing", **({"after": [f"t{i - 1:02}"]} if i else {}), **more} for i in range(count)}}


def expect(condition, answer=""):
    if not condition:
        raise AssertionError(str(answer))


def expect_lines(text, pattern):
    """The text line by line; `…` in the pattern stands for anything within a line."""
    wanted, got = pattern.strip("\n").splitlines(), text.strip("\n").splitlines()
    same = len(wanted) == len(got) and all(re.fullmatch(".*".join(map(re.escape, w.split("…"))), g.rstrip()) for w, g in zip(wanted, got))
    expect(same, f"expected\n{pattern}\ngot\n{text}")


def need_plugins(world, *names):
    found = world.run("plugin", "list", "--json").out
    have = {json.loads(line)["name"] for line in found.splitlines()}
    missing = set(names) - have
    if missing:
        raise Skipped("no plugin " + ", ".join(sorted(missing)))


def screen(text, width=100, height=200):
    """What a terminal shows after this text: enough of ECMA-48 for our sequences; anything else fails the test."""
    rows, row, column = [[]], 0, 0
    at = 0
    while at < len(text):
        if text.startswith("\x1b[", at):
            match = re.compile(r"\x1b\[(\d*)([A-Za-z])").match(text, at)
            expect(match, repr(text[at:at + 20]))
            count, kind = int(match[1] or "1"), match[2]
            at = match.end()
            if kind == "A":
                row = max(0, row - count)
            elif kind == "J":
                del rows[row + 1:]
                del rows[row][column:]
            else:
                expect(kind == "m", repr(match[0]))
            continue
        char = text[at]
        at += 1
        if char == "\r":
            column = 0
        elif char == "\n":
            row += 1
            while len(rows) <= row:
                rows.append([])
        else:
            expect(char >= " ", repr(char))
            line = rows[row]
            line.extend(" " * (column - len(line)))
            line[column:column + 1] = [char]
            column += 1
            expect(column <= width, "wrapped: " + "".join(line))
    return "\n".join("".join(line).rstrip() for line in rows)


# ---- the words themselves ------------------------------------------------------------------------------------------

def test_help_lists_every_command_and_every_command_has_an_example(world):
    top = world.run("--help")
    expect(top.code == 0 and not top.err, top)
    for command in COMMANDS:
        expect(re.search(rf"^  {command} ", top.out, re.M), f"{command} is not in\n{top.out}")
    expect("Exit codes" in top.out, top)
    paths = [[c] for c in COMMANDS if c not in ("runs", "connections", "plugin")]
    paths += [["runs", c] for c in ("list", "show", "logs", "resume", "prune")] + [["connections", c] for c in ("list", "test")]
    paths += [["plugin", c] for c in ("list", "info", "why", "new")]
    for path in paths:
        answer = world.run(*path, "--help")
        expect(answer.code == 0 and "Examples" in answer.out and "jackfield " + " ".join(path) in answer.out, answer)
        expect(all(len(line) <= 140 for line in answer.out.splitlines()), answer)


def test_no_words_at_all_show_the_help(world):
    answer = world.run()
    expect(answer.code == 0 and "Commands" in answer.out, answer)


def test_a_mistyped_command_is_refused_with_the_one_that_is_meant(world):
    answer = world.run("chekc", "x")
    expect(answer.code == 2 and not answer.out, answer)
    expect_lines(answer.err, "there is no command 'chekc'; did you mean 'check'?. For help: jackfield --help".replace("?.", "?…"))


def test_a_mistyped_command_below_another_one_names_those_there_are(world):
    answer = world.run("plugin", "lst")
    expect(answer.code == 2 and "'list'" in answer.err, answer)


def test_a_mistyped_option_is_refused_with_the_one_that_is_meant(world):
    answer = world.run("run", "x.flow.json", "--quite")
    expect(answer.code == 2 and "no option '--quite'" in answer.err and "'--quiet'" in answer.err, answer)


def test_a_missing_argument_is_named(world):
    answer = world.run("run")
    expect(answer.code == 2 and "jackfield run needs FLOW" in answer.err, answer)


def test_a_number_out_of_range_is_refused(world):
    answer = world.run("runs", "list", "--limit", "zero")
    expect(answer.code == 2 and "'zero' is no whole number" in answer.err, answer)


def test_version_names_the_plugin_interface(world):
    answer = world.run("version")
    expect(answer.code == 0 and re.match(r"jackfield \d+\.\d+\.\d+ · plugin interface jf/0", answer.out), answer)


# ---- check, plan ---------------------------------------------------------------------------------------------------

def test_check_lists_all_faults_with_their_places_and_runs_nothing(world):
    world.write("bad.flow.json", '{\n  "flow": "bad",\n  "tasks": {\n    "a": { "use": "nothign" },\n    "b": { "use": "nothing", "after": ["aa"] },\n    "c": { "use": "nothing", "timeout": "ten minutes" }\n  }\n}\n')
    answer = world.run("check", "bad.flow.json")
    expect(answer.code == 2 and not answer.out, answer)
    expect_lines(answer.err, """
bad.flow.json:4:…tasks.a.use…nothing…
bad.flow.json:5:…tasks.b.after[0]…'aa'…
bad.flow.json:6:…tasks.c.timeout…'ten minutes'…
3 faults; nothing was run
""")


def test_check_of_a_sound_flow_says_so(world):
    world.write("ok.flow.json", tasks(3))
    answer = world.run("check", "ok.flow.json")
    expect(answer.code == 0, answer)
    expect_lines(answer.out, "joins: 3 tasks, no fault")


def test_check_of_a_file_that_is_not_there_names_it(world):
    answer = world.run("check", "none.flow.json")
    expect(answer.code == 2 and "none.flow.json" in answer.err, answer)


def test_plan_draws_the_graph_and_speaks_json(world):
    world.write("ok.flow.json", tasks(3))
    answer = world.run("plan", "ok.flow.json")
    expect(answer.code == 0 and "t00" in answer.out.splitlines()[0] and "t02" in answer.out, answer)
    machine = world.run("plan", "ok.flow.json", "--json")
    expect([t["name"] for t in json.loads(machine.out)["tasks"]] == ["t00", "t01", "t02"], machine)


# ---- run -----------------------------------------------------------------------------------------------------------

def test_run_in_a_pipe_prints_one_plain_line_for_each_task(world):
    world.write("ok.flow.json", tasks(2))
    answer = world.run("run", "ok.flow.json")
    expect(answer.code == 0 and not answer.err and "\x1b" not in answer.out, answer)
    expect_lines(answer.out, """
joins · run … · 2 tasks
  ✓ t00  …ms
  ✓ t01  …ms
done in … ms · jackfield runs show …
""")


def test_run_with_json_prints_one_object_for_each_event(world):
    world.write("ok.flow.json", tasks(2))
    answer = world.run("run", "ok.flow.json", "--json")
    events = [json.loads(line) for line in answer.out.splitlines()]
    expect(answer.code == 0 and events[0]["event"] == "run_started" and events[-1]["event"] == "run_ended", answer)
    expect([e["task"] for e in events if e.get("state") == "completed" and "task" in e] == ["t00", "t01"], answer)
    expect(events[-1]["state"] == "completed", answer)


def test_run_quietly_prints_nothing(world):
    world.write("ok.flow.json", tasks(2))
    answer = world.run("run", "ok.flow.json", "--quiet")
    expect(answer.code == 0 and not answer.out and not answer.err, answer)


def test_run_of_a_bad_flow_runs_nothing_and_leaves_no_history(world):
    world.write("bad.flow.json", {"flow": "bad", "tasks": {"a": {"use": "nothing", "after": ["b"]}}})
    answer = world.run("run", "bad.flow.json")
    expect(answer.code == 2 and "1 fault; nothing was run" in answer.err, answer)
    expect("no runs yet" in world.run("runs", "list").out)


def test_parameters_are_read_in_their_type_and_faults_name_them(world):
    world.write("p.flow.json", {"flow": "p", "parameters": {"n": {"type": "int"}}, "tasks": {"a": {"use": "nothing", "when": "${n} > 3"}}})
    expect("not run" in world.run("run", "p.flow.json", "-p", "n=2").out)
    expect("✓ a" in world.run("run", "p.flow.json", "--param", "n=4").out)
    missing = world.run("run", "p.flow.json")
    expect(missing.code == 2 and "parameters.n" in missing.err, missing)
    wrong = world.run("run", "p.flow.json", "-p", "n")
    expect(wrong.code == 2 and "--param name=value" in wrong.err, wrong)


def test_only_and_from_choose_tasks_and_refuse_unknown_ones(world):
    world.write("ok.flow.json", tasks(4))
    only = world.run("run", "ok.flow.json", "--only", "t01", "--only", "t02")
    expect(re.findall(r"✓ (t\d\d)", only.out) == ["t01", "t02"], only)
    after = world.run("run", "ok.flow.json", "--from", "t02")
    expect(re.findall(r"✓ (t\d\d)", after.out) == ["t02", "t03"], after)
    wrong = world.run("run", "ok.flow.json", "--only", "t99")
    expect(wrong.code == 2 and "no task 't99'" in wrong.err, wrong)


def test_state_none_keeps_nothing(world):
    world.write("ok.flow.json", tasks(1))
    expect(world.run("run", "ok.flow.json", "--state", "none").code == 0)
    expect(not (world.folder / "home").exists() or not list((world.folder / "home").iterdir()))


def test_a_state_that_cannot_be_opened_is_exit_code_3_and_says_where(world):
    world.write("ok.flow.json", tasks(1))
    world.write("state.db", "this is no database, but a text that somebody wrote by hand into the file\n" * 100)
    answer = world.run("run", "ok.flow.json", "--state", "state.db")
    expect(answer.code == 3 and "state.db" in answer.err and len(answer.err.splitlines()) == 1, answer)


def test_a_closed_pipe_does_not_stop_the_run(world):
    world.write("ok.flow.json", tasks(20))
    process = world.start("run", "ok.flow.json", "--json")
    process.stdout.close()
    expect(process.wait(30) == 0)
    expect(json.loads(world.run("runs", "list", "--json").out.splitlines()[0])["state"] == "completed")


def slow_flow(world, seconds=30):
    need_plugins(world, "program")
    return world.write("slow.flow.json", {"flow": "slow", "tasks": {"first": {"use": "nothing"}, "wait": {"use": "program", "after": ["first"], "command": ["sleep", str(seconds)]},
                                                                      "last": {"use": "nothing", "after": ["wait"]}}})


def test_the_first_sigint_stops_gracefully_and_says_so(world):
    slow_flow(world)
    process = world.start("run", "slow.flow.json", "--json")
    for line in process.stdout:
        if '"task":"wait"' in line and '"running"' in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    expect(process.returncode == 130 and "again to stop at once" in err, Answer(process.returncode, out, err))
    run = json.loads(world.run("runs", "list", "--json").out.splitlines()[0])
    expect(run["state"] == "cancelled", run)


def test_sigterm_is_exit_code_143(world):
    slow_flow(world)
    process = world.start("run", "slow.flow.json", "--json")
    for line in process.stdout:
        if '"task":"wait"' in line and '"running"' in line:
            break
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    expect(process.returncode == 143, Answer(process.returncode, out, err))


def test_a_failure_says_what_is_true_now_and_how_to_go_on(world):
    need_plugins(world, "program")
    world.write("f.flow.json", {"flow": "f", "tasks": {"a": {"use": "program", "command": ["false"]}, "b": {"use": "nothing", "after": ["a"]}}})
    answer = world.run("run", "f.flow.json")
    expect(answer.code == 1 and "✗ a" in answer.out and "- b" in answer.out and "jackfield runs logs" in answer.out, answer)


# ---- the live display ----------------------------------------------------------------------------------------------

def test_on_a_terminal_the_running_task_has_a_moving_line_that_is_gone_at_the_end(world):
    slow_flow(world, 1)
    code, text = world.terminal("run", "slow.flow.json")
    expect(code == 0, text)
    expect("⠋" in text or any(mark in text for mark in "⠙⠹⠸⠼⠴⠦⠧⠇⠏"), text)
    shown = screen(text.replace("\r\n", "\r\n"))
    expect(not any(mark in shown for mark in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"), shown)
    expect(re.search(r"✓ wait .*\n.*✓ last .*\ndone in", shown), shown)
    expect(text.count("\x1b[J") <= 10 * 3 + 5, f"{text.count(chr(27) + '[J')} drawings")


def test_no_cursor_is_hidden_whatever_ends_the_program(world):
    slow_flow(world)
    sent = []

    def kill(child, out):
        if "wait".encode() in out and not sent:
            sent.append(os.kill(child, signal.SIGINT))
        elif sent and b"again to stop" in out and len(sent) == 1:
            sent.append(os.kill(child, signal.SIGINT))

    code, text = world.terminal("run", "slow.flow.json", during=kill)
    # the second one may come when the run is over and nobody listens to signals any more: a shell says 130 to both
    expect(code in (130, -signal.SIGINT) and "\x1b[?25l" not in text, (code, text))
    expect(text.endswith("\n"), repr(text[-60:]))


def test_narrow_windows_and_wide_characters_never_wrap(world):
    need_plugins(world, "program")
    world.write("wide.flow.json", {"flow": "wide", "tasks": {"t": {"for_each": ["東京都千代田区丸の内一丁目", "ελληνικά με τόνους"], "use": "program", "command": ["sleep", "1"]}}})
    code, text = world.terminal("run", "wide.flow.json", width=24)
    expect(code == 0, text)
    import unicodedata
    for line in text.replace("\r", "\n").split("\n"):
        plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line)
        if any(mark in plain for mark in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"):
            width = sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in plain)
            expect(width < 24, f"{width}: {plain}")


def test_no_color_and_dumb_terminals_are_respected(world):
    world.write("ok.flow.json", tasks(2))
    expect("\x1b[3" in world.terminal("run", "ok.flow.json")[1])
    expect("\x1b[3" not in world.terminal("run", "ok.flow.json", env={"NO_COLOR": "1"})[1])
    expect("\x1b" not in world.terminal("run", "ok.flow.json", env={"TERM": "dumb"})[1])


# ---- runs ----------------------------------------------------------------------------------------------------------

def test_runs_are_listed_shown_and_pruned(world):
    world.write("ok.flow.json", tasks(2))
    for _ in range(3):
        expect(world.run("run", "ok.flow.json", "-q").code == 0)
    ids = world.run("runs", "list", "--ids").out.split()
    expect(len(ids) == 3 and len(set(ids)) == 3, ids)
    shown = world.run("runs", "show", ids[0])
    expect(shown.code == 0 and f"joins · run {ids[0]} · completed" in shown.out and "TASK" in shown.out and "BECAME" in shown.out, shown)
    machine = json.loads(world.run("runs", "show", ids[0], "--json").out)
    expect([t["task"] for t in machine["tasks"]] == ["t00", "t01"] and machine["transitions"], machine)
    pruned = world.run("runs", "prune", "--keep-runs", "1")
    expect(pruned.code == 0 and "removed 2 runs" in pruned.out, pruned)
    expect(world.run("runs", "list", "--ids").out.split() == ids[:1])
    expect(world.run("runs", "prune").code == 2)


def test_an_unknown_run_is_refused(world):
    answer = world.run("runs", "show", "ffff")
    expect(answer.code == 2 and "ffff" in answer.err, answer)


def test_a_failed_run_is_resumed_from_its_unfinished_tasks(world):
    need_plugins(world, "program")
    world.write("f.flow.json", {"flow": "f", "tasks": {"a": {"use": "nothing"}, "b": {"use": "program", "after": ["a"], "command": ["test", "-e", str(world.path("now"))]}}})
    expect(world.run("run", "f.flow.json").code == 1)
    run = world.run("runs", "list", "--ids").out.split()[0]
    world.write("now", "")
    answer = world.run("runs", "resume", run)
    expect(answer.code == 0 and f"completed by run {run}" in answer.out and "✓ b" in answer.out, answer)
    again = world.run("runs", "resume", world.run("runs", "list", "--ids").out.split()[0])
    expect(again.code == 2 and "nothing to go on with" in again.err, again)


def test_logs_are_followed_until_the_run_ends(world):
    need_plugins(world, "program")
    world.write("l.flow.json", {"flow": "l", "tasks": {"a": {"use": "program", "command": ["sh", "-c", "echo one; sleep 2; echo two"]}}})
    process = world.start("run", "l.flow.json", "--json")
    process.stdout.readline()
    run = world.run("runs", "list", "--ids").out.split()[0]
    followed = world.run("runs", "logs", run, "--follow", "--level", "debug")
    expect(process.wait(20) == 0)
    process.stdout.close()
    expect("one" in followed.out and "two" in followed.out, followed)


def test_reset_asks_unless_it_is_told_not_to(world):
    world.write("ok.flow.json", tasks(1))
    world.run("run", "ok.flow.json", "-q")
    expect(world.run("reset", "ok.flow.json").code == 2)
    done = world.run("reset", "ok.flow.json", "--yes")
    expect(done.code == 0 and "starts from the beginning" in done.out, done)
    expect("no task 'x'" in world.run("reset", "ok.flow.json", "--task", "x", "--yes").err)


# ---- plugins -------------------------------------------------------------------------------------------------------

def test_plugins_are_listed_explained_and_looked_for(world):
    listed = world.run("plugin", "list")
    expect(listed.code == 0 and re.search(r"^task +nothing ", listed.out, re.M), listed)
    info = world.run("plugin", "info", "nothing")
    expect(info.code == 0 and "No options." in info.out and "ABI jf.task/0" in info.out, info)
    wrong = world.run("plugin", "info", "nothin")
    expect(wrong.code == 2 and "'nothing'" in wrong.err, wrong)
    why = world.run("plugin", "why", "postgres")
    expect(why.code == 0 and "lib/jackfield/plugins" in why.out, why)


def test_a_file_that_is_no_plugin_is_refused_with_the_reason(world):
    world.write("p/broken.so", "no library at all")
    answer = world.run("plugin", "list", "--plugins", "p")
    expect(answer.code == 0 and re.search(r"^refused: .*broken\.so: ", answer.out, re.M), answer)


def test_a_new_plugin_of_every_kind_compiles(world):
    for kind in ("source", "sink", "task", "chart", "connection", "auth"):
        made = world.run("plugin", "new", f"acme-{kind}", "--kind", kind)
        expect(made.code == 0 and "cmake --preset release" in made.out, made)
        code = world.path(f"acme-{kind}/acme_{kind}.cpp")
        done = subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers",
                               f"-I{ROOT}/sdk/include", str(code)], capture_output=True, text=True)
        expect(done.returncode == 0, done.stderr)
        json.loads(world.path(f"acme-{kind}/CMakePresets.json").read_text())
    made = world.run("plugin", "new", "acme-c", "--lang", "c")
    done = subprocess.run(["gcc", "-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/sdk/include", str(world.path("acme-c/acme_c.c"))],
                          capture_output=True, text=True)
    expect(made.code == 0 and done.returncode == 0, done.stderr)


def test_a_new_plugin_never_overwrites(world):
    expect(world.run("plugin", "new", "mine").code == 0)
    again = world.run("plugin", "new", "mine")
    expect(again.code == 2 and "is there already" in again.err, again)
    expect(world.run("plugin", "new", "Bad Name").code == 2)


# ---- schema, connections, completion -------------------------------------------------------------------------------

def test_the_schema_is_json_schema_with_every_component(world):
    schema = json.loads(world.run("schema").out)
    expect("draft-07" in schema["$schema"] and '"nothing"' in json.dumps(schema))
    expect(world.run("schema", "-o", "s.json").code == 0 and json.loads(world.path("s.json").read_text()) == schema)


def test_every_sample_flow_fits_the_schema_and_a_faulty_one_does_not(world):
    need_plugins(world, "files", "duckdb", "checks", "charts", "program")
    try:
        import jsonschema
    except ImportError:
        raise Skipped("no python3-jsonschema")
    plugins = BUILD / "tests/testkit/plugins"  # those of samples 03 and 04
    schema = json.loads(world.run("schema", "--plugins", plugins).out)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    flows = sorted((ROOT / "samples").glob("*/*.flow.json"))
    expect(len(flows) >= 5)
    for file in flows:
        flow = json.loads(file.read_text())
        expect(not list(validator.iter_errors(flow)), f"{file}: {[error.message[:300] for error in validator.iter_errors(flow)]}")
    orders = json.loads((ROOT / "samples/02-orders/orders.flow.json").read_text())
    def broken(change):
        flow = json.loads(json.dumps(orders))
        change(flow)
        return list(validator.iter_errors(flow))
    expect(broken(lambda flow: flow["tasks"]["land"]["sink"].update(tabel="x")), "an unknown option of a sink")
    expect(broken(lambda flow: flow["tasks"]["land"]["source"].pop("path")), "a source without its path")
    expect(broken(lambda flow: flow["tasks"].update({"x": {"use": "nothing", "timeout": 3}})), "a time limit that is a number")
    expect(broken(lambda flow: flow.update(task={})), "an unknown member of the flow")


def test_connections_without_a_file_say_what_to_give(world):
    answer = world.run("connections", "list")
    expect(answer.code == 2 and "--connections FILE" in answer.err, answer)


def test_connections_are_listed_by_environment_and_tried(world):
    need_plugins(world, "duckdb")
    world.write("connections.json", {"default": "a", "environments": {"a": {"connections": {"w": {"use": "duckdb", "path": "a.db"}}},
                                                                     "b": {"connections": {"w": {"use": "duckdb", "path": "b.db"}}}}})
    expect("path=a.db" in world.run("connections", "list").out)
    expect("path=b.db" in world.run("connections", "list", "--env", "b").out)
    tried = world.run("connections", "test", "--name", "w")
    expect(tried.code == 0 and "✓ connections.w" in tried.out, tried)
    expect(world.run("connections", "test", "--name", "x").code == 2)


def bash_complete(world, line):
    """What bash offers after this line, with the script loaded as a person loads it."""
    script = f'''source <(jackfield completion bash)
COMP_LINE={json.dumps(line)}; COMP_POINT=${{#COMP_LINE}}
COMP_WORDS=($COMP_LINE); [[ "$COMP_LINE" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _jackfield; printf '%s\\n' "${{COMPREPLY[@]}}"'''
    done = subprocess.run(["bash", "-c", script], cwd=world.folder, env={**world.env, "PATH": f"{PROGRAM.parent}:{world.env['PATH']}"}, capture_output=True, text=True)
    expect(not done.stderr, done.stderr)
    return done.stdout.split()


def test_bash_completes_commands_options_flows_tasks_and_runs(world):
    world.write("some.flow.json", tasks(2))
    world.write("other.txt", "")
    expect(bash_complete(world, "jackfield ch") == ["check"])
    expect(bash_complete(world, "jackfield plugin ") and "why" in bash_complete(world, "jackfield plugin "))
    expect(bash_complete(world, "jackfield run --full") == ["--full-refresh"])
    expect(bash_complete(world, "jackfield run so") == ["some.flow.json"])
    expect("other.txt" not in bash_complete(world, "jackfield run "))
    expect(bash_complete(world, "jackfield run some.flow.json --only t") == ["t00", "t01"])
    expect(bash_complete(world, "jackfield run --state x some.flow.json --from ") == ["t00", "t01"])
    expect(bash_complete(world, "jackfield runs logs --level w") == ["warning"])
    world.run("run", "some.flow.json", "-q")
    expect(bash_complete(world, "jackfield runs show ") == world.run("runs", "list", "--ids").out.split())
    expect("nothing" in bash_complete(world, "jackfield plugin info n"))


def test_every_command_and_option_of_the_help_is_in_the_completion(world):
    script = world.run("completion", "bash").out
    for option in re.findall(r"--[a-z-]+", world.run("run", "--help").out):
        if option not in ("--help",):
            expect(option in script, option)
    expect(subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0)


def zsh_offers(world, line):
    """The words and files that the script offers to zsh after this line; zsh itself then takes those that fit what is typed."""
    script = f'''compdef() {{ : }}; compadd() {{ shift; print -rl -- "$@" }}; _files() {{ print -r -- "files $*" }}
source <(jackfield completion zsh)
words=("${{(@s: :)1}}"); CURRENT=$#words; words[1]=jackfield; _jackfield'''
    done = subprocess.run(["zsh", "-f", "-c", script, "zsh", line], cwd=world.folder, env={**world.env, "PATH": f"{PROGRAM.parent}:{world.env['PATH']}"}, capture_output=True, text=True)
    expect(not done.stderr, done.stderr)
    return done.stdout.splitlines()


def need_zsh():
    if not shutil.which("zsh"):
        raise Skipped("no zsh")


def test_zsh_is_offered_what_bash_is(world):
    need_zsh()
    world.write("some.flow.json", tasks(2))
    expect("check" in zsh_offers(world, "jackfield ch") and set(COMMANDS) <= set(zsh_offers(world, "jackfield ")))
    expect(sorted(zsh_offers(world, "jackfield plugin ")) == sorted(bash_complete(world, "jackfield plugin ")))
    expect("--full-refresh" in zsh_offers(world, "jackfield run --f"))
    expect(zsh_offers(world, "jackfield run ") == ["files -g *.flow.json"], zsh_offers(world, "jackfield run "))
    expect(zsh_offers(world, "jackfield run some.flow.json --only ") == ["t00", "t01"])
    expect(zsh_offers(world, "jackfield run --state x some.flow.json --from ") == ["t00", "t01"])
    expect("warning" in zsh_offers(world, "jackfield runs logs --level "))
    world.run("run", "some.flow.json", "-q")
    expect(zsh_offers(world, "jackfield runs show ") == world.run("runs", "list", "--ids").out.split())
    expect("nothing" in zsh_offers(world, "jackfield plugin info "))


def test_zsh_completes_at_the_tab_key(world):
    need_zsh()
    world.write("some.flow.json", tasks(1))
    child, master = pty.fork()
    if child == 0:
        os.chdir(world.folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**world.env, "PATH": f"{PROGRAM.parent}:{world.env['PATH']}", "HOME": str(world.folder), "PS1": "> ", "TERM": "dumb"})
    seen = b""

    def wait_for(text):
        nonlocal seen
        end = time.monotonic() + 60
        while text not in seen and time.monotonic() < end:
            if select.select([master], [], [], 0.2)[0]:
                seen += os.read(master, 65536)
        expect(text in seen, f"no {text!r} in {seen!r}")
        seen = b""

    try:
        os.write(master, b"autoload -Uz compinit && compinit -u -d .zcompdump && source <(jackfield completion zsh) && echo rea''dy\r")
        wait_for(b"ready")
        os.write(master, b"jackfield sche\t")
        wait_for(b"schema")
        os.write(master, b"\x15jackfield run so\t")
        wait_for(b"some.flow.json")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(master)


# ---- with the plugins ----------------------------------------------------------------------------------------------

def test_init_makes_a_project_that_runs_and_passes_its_own_test(world):
    need_plugins(world, "files", "duckdb", "checks")
    made = world.run("init", "shop")
    expect(made.code == 0 and "orders.flow.json" in made.out, made)
    world.folder = world.path("shop")
    expect(world.run("check", "orders.flow.json").code == 0, world.run("check", "orders.flow.json"))
    ran = world.run("run", "orders.flow.json")
    expect(ran.code == 0 and "2 rows to quarantine.ndjson" in ran.out, ran)
    expect(world.path("sales.csv").read_text().splitlines()[0] == "region,orders,amount", world.path("sales.csv").read_text())
    tested = world.run("test", "orders.flow.json")
    expect(tested.code == 0 and tested.out.endswith("1 passed, 0 failed\n"), tested)
    expect(world.run("init").code == 2)


def test_a_test_that_does_not_hold_prints_the_difference(world):
    need_plugins(world, "files")
    world.write("t.flow.json", {"flow": "t", "tasks": {"a": {"source": {"use": "files", "path": "none.csv"}, "sink": {"use": "files", "path": "out.csv"}}}})
    world.write("t.test.json", {"flow": "t.flow.json", "tests": {"rows pass": {"given": {"a": [{"x": 1}, {"x": 2}]}, "expect": {"a": [{"x": 1.0}, {"x": 2}]}},
                                                                  "rows differ": {"given": {"a": [{"x": 1}, {"x": 2}]}, "expect": {"a": [{"x": 1}, {"x": 3}]}}}})
    answer = world.run("test", "t.flow.json")
    expect(answer.code == 1, answer)
    expect_lines(answer.out, """
  ✓ rows pass
  ✗ rows differ
    a
      - {x: 3}
      + {x: 2}
1 passed, 1 failed
""")
    world.write("t.test.json", {"flow": "t.flow.json", "tests": {"x": {"givne": {}}}})
    wrong = world.run("test", "t.flow.json")
    expect(wrong.code == 2 and "'givne'" in wrong.err, wrong)


def test_peek_shows_columns_types_and_the_first_rows(world):
    need_plugins(world, "files")
    world.write("data.csv", "id,name,amount\n1,Zoë,1.5\n2,東京,2.25\n3,,3\n")
    answer = world.run("peek", "data.csv", "-n", "2")
    expect(answer.code == 0 and re.search(r"^id +int64", answer.out, re.M) and "東京" in answer.out and answer.out.endswith("…\n"), answer)
    rows = [json.loads(line) for line in world.run("peek", "data.csv", "--json").out.splitlines()]
    expect(len(rows) == 3 and rows[1]["name"] == "東京", rows)
    odd = world.run("peek", "data.xyz")
    expect(odd.code == 2 and "--use" in odd.err, odd)


def test_render_draws_a_chart_from_a_file(world):
    need_plugins(world, "files", "charts")
    world.write("data.csv", "region,sales\nnorth,3\nsouth,5\n")
    answer = world.run("render", "--kind", "bar", "--x", "region", "--y", "sales", "data.csv", "-o", "out.html")
    expect(answer.code == 0 and answer.out == "out.html\n" and "north" in world.path("out.html").read_text(), answer)
    wrong = world.run("render", "--kind", "bar", "data.csv")
    expect(wrong.code == 2 and "-o FILE" in wrong.err, wrong)


# ---- speed, of which only what cannot be missed by a busy machine is held ---------------------------------------------

def test_forty_empty_tasks_need_little_memory(world):
    world.write("ok.flow.json", tasks(40))
    world.run("run", "ok.flow.json", "-q")
    process = world.start("run", "ok.flow.json", "-q")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close(), process.stderr.close()
    expect(process.returncode == 0 and (usage.ru_maxrss < 40_000 or sanitized()), f"{usage.ru_maxrss} kB")


def sanitized():
    return b"__asan_init" in PROGRAM.read_bytes() or b"__tsan_init" in PROGRAM.read_bytes()


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    if not PROGRAM.exists():
        print(f"{PROGRAM} is not there; build it first")
        return 1
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (words and not any(word in name for word in words)):
            continue
        world, sentence = World(), name[5:].replace("_", " ")
        keep = world.folder
        try:
            test(world)
            passed += 1
            print(f"ok      {sentence}")
        except Skipped as why:
            print(f"skipped {sentence}: {why}")
        except Exception as error:
            failed += 1
            print(f"FAILED  {sentence}")
            print("    " + (str(error) or traceback.format_exc()).replace("\n", "\n    ") if isinstance(error, AssertionError) else traceback.format_exc())
        finally:
            shutil.rmtree(keep, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="jackfield-cli-cache-") as CACHE:
        sys.exit(main())

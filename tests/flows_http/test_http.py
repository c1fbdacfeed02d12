#!/usr/bin/env python3
"""Flows over HTTP, through the program. Each function test_* is one test; its name is the sentence.

    tests/flows_http/run_http.sh [WORD…]     only the tests whose name holds a word
"""
import concurrent.futures
import json
import signal
import subprocess
import sys
import time
import traceback

import nginx_tests
import json_server_tests
from world import BUILD, HOSTILE, PROGRAM, Skipped, World, multiset, wait_for

PATIENT = {"retries": 4}
HASTY = {"retries": 0}
ABREAST = 4  # tests at a time, each with servers and a home of its own


def ids(rows):
    return [row["id"] for row in rows]


def contains(text, *parts):
    for part in parts:
        assert part in text, f"'{part}' is not in:\n{text}"


# --- pages ---------------------------------------------------------------------------------------------------------
def test_each_kind_of_pagination_brings_every_row_once(w):
    w.hostile()
    kinds = {
        "page": {"path": "/page", "pagination": {"by": "page"}},
        "page_of_7": {"path": "/page", "pagination": {"by": "page", "size": 7, "size_parameter": "size"}},
        "page_from_0": {"path": "/page", "query": {"size": "10"}, "pagination": {"by": "page", "start": 1, "ends": "short", "size": 10}},
        "offset": {"path": "offset", "pagination": {"by": "offset", "size": 10, "size_parameter": "limit"}},
        "cursor": {"path": "/cursor", "records": "items", "pagination": {"by": "cursor", "path": "meta.next"}},
        "link": {"path": "/link", "pagination": {"by": "link"}},
        "next": {"path": "/next", "records": "/items", "pagination": {"by": "next", "path": "next"}},
        "more": {"path": "/more", "records": "data.items", "pagination": {"by": "page", "more": "data.more"}},
        "csv": {"path": "/csv", "format": "csv", "pagination": {"by": "page", "size": 20, "size_parameter": "size"}},
        "ndjson": {"path": "/ndjson", "format": "ndjson"},
    }
    for name, source in kinds.items():
        rows = w.load(source)
        assert ids(rows) == list(range(57)), (name, ids(rows))


def test_a_page_that_is_full_by_chance_is_not_the_last(w):
    w.hostile()
    w.get("/set?rows=40")
    assert ids(w.load({"path": "/page", "pagination": {"by": "page"}})) == list(range(40))
    assert [r["path"] for r in w.seen("/page")] == [f"/page?page={i}" for i in (1, 2, 3, 4, 5)]
    w.get("/reset")
    w.get("/set?rows=40")
    w.load({"path": "/page", "pagination": {"by": "page", "size": 10, "ends": "short"}})
    assert len(w.seen("/page")) == 5  # a full page says nothing
    w.get("/reset")
    w.get("/set?rows=39")
    w.load({"path": "/page", "pagination": {"by": "page", "size": 10, "ends": "short"}})
    assert len(w.seen("/page")) == 4


def test_pages_in_circles_are_told_and_left(w):
    w.hostile()
    contains(w.refused({"path": "/samepage", "pagination": {"by": "page"}}), "byte for byte", "'page'")
    contains(w.refused({"path": "/circle", "records": "items", "pagination": {"by": "cursor", "path": "meta.next"}}), "circle")
    contains(w.refused({"path": "/page", "pagination": {"by": "page", "max_pages": 3}}), "more than 3 pages", "max_pages")


def test_nested_objects_become_text_or_columns(w):
    w.hostile()
    rows = w.load({"path": "/page"})
    assert rows[1]["place"] == '{"town": "t1", "geo": {"x": 0.25}}', rows[1]
    rows = w.load({"path": "/page", "nested": "flatten"})
    assert list(rows[1]) == ["id", "name", "at", "place_town", "place_geo_x", "tags"], rows[1]
    assert rows[1]["place_geo_x"] == 0.25 and rows[1]["tags"] == '["a", 1]', rows[1]
    rows = w.load({"path": "/ndjson", "format": "ndjson", "nested": "flatten", "separator": "."})
    assert rows[2]["place.geo.x"] == 0.5, rows[2]
    rows = w.load({"path": "/page", "columns": {"id": "int32", "place": "struct<town: utf8>"}})
    assert rows[1] == {"id": 1, "place": {"town": "t1"}}, rows[1]


def test_records_that_do_not_fit_are_set_aside(w):
    w.hostile()
    rows = w.load({"path": "/wrongtype", "columns": {"id": "int64", "name": "text"}}, quarantine={"use": "files", "path": "bad.ndjson"})
    assert ids(rows) == [1, 3, 5], rows
    bad = w.rows("bad.ndjson")
    assert len(bad) == 2 and "not a number" in str(bad[0]) and "/wrongtype" in str(bad[0]), bad


# --- answers that are not what they say ----------------------------------------------------------------------------
def test_a_body_that_is_cut_off_is_no_half_page(w):
    w.hostile()
    for path in ("/cut", "/chunkcut", "/packedcut"):
        text = w.refused({"path": path}, HASTY)
        contains(text, "unavailable" if "unavailable" in text else path)
        assert not (w.folder / "out.ndjson").exists() or w.rows() == []
    contains(w.refused({"path": "/cut"}, HASTY), "broke off after")
    contains(w.refused({"path": "/packedcut"}, HASTY), "cut off")
    contains(w.refused({"path": "/longer"}, HASTY), "no JSON")
    assert len(w.load({"path": "/cutonce"})) == 50  # tried again
    assert len(w.seen("/cutonce")) == 2


def test_what_is_no_json_is_named(w):
    w.hostile()
    contains(w.refused({"path": "/html"}), "no JSON", "<!DOCTYPE html>")
    contains(w.refused({"path": "/latin1"}), "not UTF-8")
    contains(w.refused({"path": "/control"}), "control character")
    contains(w.refused({"path": "/scalar"}), "records are objects", "42")
    contains(w.refused({"path": "/noroot", "records": "data.items"}), "no 'data.items'", '"total", "rows"')
    contains(w.refused({"path": "/noroot", "records": "data.rows"}), "no record", "columns")
    contains(w.refused({"path": "/deep"}), "deeper than 64", "max_depth")
    contains(w.refused({"path": "/brotli"}), "content coding 'br'")


def test_bodies_are_bounded(w):
    w.hostile()
    contains(w.refused({"path": "/huge"}, {"max_body": "1MiB"}), "larger than 1048576 bytes", "max_body")
    contains(w.refused({"path": "/bomb"}), "unpacks to more than", "max_body")
    contains(w.refused({"path": "/headers"}), "headers")
    assert len(w.load({"path": "/packed"})) == 10


def test_an_empty_answer_with_columns_is_no_rows(w):
    w.hostile()
    assert w.load({"path": "/empty", "columns": {"id": "int64"}}) == []
    contains(w.refused({"path": "/empty"}), "declare columns")


# --- redirects and hosts -------------------------------------------------------------------------------------------
def test_redirects_are_followed_within_bounds(w):
    w.hostile()
    assert len(w.load({"path": "/moved"})) == 57
    contains(w.refused({"path": "/loop"}), "more than 5 redirects", "circle")
    contains(w.refused({"path": "/file"}), "file:///etc/passwd")
    contains(w.refused({"path": "/elsewhere"}), "host 'localhost'", "hosts")
    contains(w.refused({"path": "/nextelsewhere", "records": "items", "pagination": {"by": "next", "path": "next"}}), "host 'localhost'")


def test_credentials_never_follow_to_another_host(w):
    w.hostile()
    connection = {"hosts": ["localhost"], "headers": {"X-Tenant": "acme"}, "auth": {"header": {"name": "X-Api-Key", "value": {"secret": "env:KEY"}}}}
    assert len(w.load({"path": "/keyelsewhere", "headers": {"X-More": "1"}}, connection, env={"KEY": "key-123456"})) == 57
    first, second = w.seen("/keyelsewhere")[0], w.seen("/page")[0]
    assert first["headers"]["X-Api-Key"] == "key-123456" and first["headers"]["X-Tenant"] == "acme"
    assert second["headers"]["Host"].startswith("localhost") and not {"X-Api-Key", "X-Tenant", "X-More"} & set(second["headers"]), second


# --- who asks ------------------------------------------------------------------------------------------------------
def test_each_kind_of_authentication(w):
    w.hostile()
    kinds = {
        "/basic": ({"basic": {"user": "ada", "password": {"secret": "env:S"}}}, "lovely secret"),
        "/bearer": ({"bearer": {"token": {"secret": "env:S"}}}, "tok-123456"),
        "/key": ({"header": {"name": "X-Api-Key", "value": {"secret": "env:S"}}}, "key-123456"),
        "/oauth?size=100": ({"oauth2": {"token_url": w.url + "/token", "client_id": "client 1", "client_secret": {"secret": "env:S"}}}, "s&cret"),
    }
    for path, (auth, secret) in kinds.items():
        assert w.load({"path": path}, {"auth": auth}, env={"S": secret}), path
        text = w.refused({"path": path}, {"auth": auth}, env={"S": "wrong-secret"})
        contains(text, "401" if path != "/key" else "403", "auth" if path != "/key" else "credentials")
        assert "wrong-secret" not in text and "d3JvbmctyZWNyZXQ" not in text, text
        text = w.refused({"path": path}, env={})
        contains(text, "give the connection auth" if path != "/key" else "403")


def test_a_token_that_expires_is_fetched_anew(w):
    w.hostile()
    auth = {"oauth2": {"token_url": w.url + "/token", "client_id": "client 1", "client_in": "body", "scope": "read all", "client_secret": {"secret": "env:S"}}}
    w.get("/set?good_for=2")  # each token is good for two requests
    rows = w.load({"path": "/oauth", "pagination": {"by": "page"}}, {"auth": auth}, env={"S": "s&cret"})
    assert ids(rows) == list(range(57))
    assert len(w.seen("/token")) >= 3
    w.get("/set?good_for=0")
    contains(w.refused({"path": "/oauth"}, {"auth": auth}, env={"S": "s&cret"}), "401", "token expired")


def test_a_token_is_renewed_before_its_time_is_over(w):
    w.hostile()
    auth = {"oauth2": {"token_url": w.url + "/token", "client_id": "client 1", "client_secret": {"secret": "env:S"}}}
    w.get("/set?seconds=1")
    rows = w.load({"path": "/oauth", "pagination": {"by": "page"}}, {"auth": auth, "requests_per_second": 3}, env={"S": "s&cret"})
    assert ids(rows) == list(range(57))
    assert len(w.seen("/token")) >= 2 and len(w.seen("/oauth")) == 7, "none was answered with 401"
    w.get("/reset")
    assert w.load({"path": "/oauth?size=20", "pagination": {"by": "page"}}, {"auth": auth}, env={"S": "s&cret"})
    assert len(w.seen("/token")) == 1


# --- patience ------------------------------------------------------------------------------------------------------
def test_retry_after_is_waited_for_or_handed_on(w):
    w.hostile()
    assert len(w.load({"path": "/busy?times=2"})) == 1
    times = [r["time"] for r in w.seen("/busy")]
    assert len(times) == 3 and times[1] - times[0] >= 0.99 and times[2] - times[1] >= 0.99, times
    assert len(w.load({"path": "/later?wait=2"})) == 1
    text = w.refused({"path": "/busy?times=99&wait=3600"})
    contains(text, "429", "3600 s", "max_wait")


def test_trouble_that_ends_is_no_failure(w):
    w.hostile()
    assert ids(w.load({"path": "/flaky", "pagination": {"by": "page"}}, PATIENT)) == list(range(57))
    contains(w.refused({"path": "/status?code=500"}, {"retries": 1}), "500", "this is 500", "tried 2 times")
    for code, words in {400: "check path, query", 404: "check url and path", 403: "may not", 501: "501"}.items():
        w.get("/reset")
        contains(w.refused({"path": f"/status?code={code}"}, PATIENT), str(code), words)
        assert len(w.seen("/status")) == 1, "such a status is not tried again"


def test_requests_keep_their_pace(w):
    w.hostile()
    w.load({"path": "/page", "pagination": {"by": "page"}}, {"requests_per_second": 10})
    times = [r["time"] for r in w.seen("/page")]
    assert len(times) == 7 and times[-1] - times[0] >= 0.55, times


def test_an_answer_that_takes_its_time_is_waited_for(w):
    w.hostile()
    assert len(w.load({"path": "/slowstart"})) == 2
    contains(w.refused({"path": "/hang"}, {**HASTY, "timeout": "500ms"}), "did not answer in time", "timeout")
    contains(w.refused({"path": "/drip"}, {**HASTY, "timeout": "1s"}), "did not answer in time")


def test_ctrl_c_ends_a_request_that_hangs(w):
    w.hostile()
    for path in ("/hang", "/drip"):
        log = w.folder / "log"
        with log.open("w") as out:
            run = w.start(PROGRAM, "run", "--new", w.flow({"path": path}), stdout=out, stderr=out)
        wait_for(lambda: w.seen(path), f"a request to {path}")
        run.send_signal(signal.SIGINT)  # once: nothing was read, so there is nothing to commit first
        assert run.wait(20) == 130 and "cancelled" in log.read_text()


# --- what is new ---------------------------------------------------------------------------------------------------
SINCE = {"path": "/since", "pagination": {"by": "page"}}


def runs_bring_what_is_new(w, source, table=None):
    """Three runs into DuckDB while rows are added in the middle of a group of equal values."""
    sink = {"use": "duckdb", "on": "db", "table": "t", "mode": "append"}
    flow = w.flow(source, sink=sink)
    for rows in (10, 10, 41, 50, 50):
        w.get(f"/set?rows={rows}")
        ran = w.jackfield("run", flow)
        assert ran.code == 0, ran
        found = sorted(ids(w.table()))
        assert found == list(range(rows)), (rows, found)


def test_runs_go_on_after_the_greatest_value_without_loss_or_repetition(w):
    w.hostile()
    for incremental in (
        {"field": "at", "parameter": "since"},
        {"field": "at", "parameter": "since", "ordered": True},
        {"field": "at", "parameter": "after", "bound": "exclusive"},
        {"field": "at", "parameter": "after", "bound": "exclusive", "ordered": True},
        {"field": "at"},
    ):
        runs_bring_what_is_new(w, {**SINCE, "incremental": incremental})
        w.get("/reset")
        for file in w.folder.glob("t.duckdb*"):
            file.unlink()
        for file in (w.folder / "home").rglob("*"):
            if file.is_file():
                file.unlink()


def test_rows_in_another_order_than_promised_are_told(w):
    w.hostile()
    contains(w.refused({"path": "/since?order=down", "incremental": {"field": "at", "ordered": True}}), "ascending order of 'at'", "leave out ordered")
    contains(w.refused({"path": "/since", "incremental": {"field": "att"}}), "no column 'att'", "id, at, text")


def test_an_answer_that_did_not_change_brings_nothing(w):
    w.hostile()
    sink = {"use": "duckdb", "on": "db", "table": "t", "mode": "upsert", "key": ["id"]}
    flow = w.flow({"path": "/etag", "conditional": True}, sink=sink)
    for rows, version, asked in ((5, 1, 1), (5, 1, 2), (9, 2, 3)):
        w.get(f"/set?rows={rows}&version={version}")
        ran = w.jackfield("run", flow)
        assert ran.code == 0, ran
        assert sorted(ids(w.table())) == list(range(rows)), rows
        assert len(w.seen("/etag")) == asked
    assert [r["headers"].get("If-None-Match") for r in w.seen("/etag")] == [None, '"v1"', '"v1"']
    contains(w.refused({"path": "/page", "conditional": True}), "neither ETag nor Last-Modified")


def test_killed_runs_neither_lose_nor_double_rows(w):
    w.hostile()
    rows = 400
    w.get(f"/set?rows={rows}")
    for name, source in {
        "ordered": {"path": "/since", "pagination": {"by": "page"}, "incremental": {"field": "at", "parameter": "since", "ordered": True}},
        "exclusive": {"path": "/since", "pagination": {"by": "page"}, "incremental": {"field": "at", "parameter": "after", "bound": "exclusive", "ordered": True}},
        "stable": {"path": "/page", "pagination": {"by": "page", "stable": True}},
        "etag": {"path": "/etag", "conditional": True},
    }.items():
        sink = {"use": "duckdb", "on": "db", "table": name, "mode": "append"}
        flow = w.flow(source, {"requests_per_second": 100}, sink=sink, name=name, limits={"epoch": {"rows": 7}})
        contains(w.jackfield("plan", flow).out, "exactly once")
        kills = 0
        while True:
            asked = len(w.seen(source["path"]))
            run = w.start(PROGRAM, "run", flow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if kills < 8 and name != "etag" or kills < 3:
                wait_for(lambda: run.poll() is not None or len(w.seen(source["path"])) >= asked + 1 + kills, "requests")
                run.kill()
                kills += 1
            if run.wait(60) == 0:
                break
        found = sorted(ids(w.table(name)))
        assert found == list(range(rows)), (name, len(found), [i for i in range(rows) if found.count(i) != 1][:20])


# --- rows out ------------------------------------------------------------------------------------------------------
def numbers(w, count):
    (w.folder / "in.csv").write_text("id,name\n" + "".join(f"{i},row {i}\n" for i in range(count)))
    return {"use": "files", "path": "in.csv"}


def test_rows_are_posted_in_requests_with_keys(w):
    w.hostile()
    for more, kind in ({"format": "json"}, "application/json"), ({"format": "ndjson"}, "application/x-ndjson"), ({"envelope": "rows", "method": "PUT"}, "application/json"):
        w.get("/reset")
        ran = w.jackfield("run", "--new", w.flow(numbers(w, 250), sink={"use": "http", "on": "api", "path": "/rows", "rows": 100, **more}))
        assert ran.code == 0, ran
        assert [r["id"] for r in w.rows("store.ndjson")] == list(range(250))
        requests = w.seen("/rows")
        assert [r["headers"]["Content-Type"] for r in requests] == [kind] * 3
        assert len({r["headers"]["Idempotency-Key"] for r in requests}) == 3
    w.get("/reset")
    ran = w.jackfield("run", "--new", w.flow(numbers(w, 250), sink={"use": "http", "on": "api", "path": "/rows", "max_request": "1KiB"}))
    assert ran.code == 0 and [r["id"] for r in w.rows("store.ndjson")] == list(range(250))
    assert all(int(r["headers"]["Content-Length"]) <= 1024 for r in w.seen("/rows"))


def test_a_receiver_with_keys_takes_each_row_once_through_trouble(w):
    w.hostile()
    w.get("/set?fail_every=3")
    flow = w.flow(numbers(w, 500), sink={"use": "http", "on": "api", "path": "/rows?fail=after", "rows": 40, "receiver": "key"}, limits={"epoch": {"rows": 130}})
    contains(w.jackfield("plan", flow).out, "effectively once")
    ran = w.jackfield("run", "--new", flow)
    assert ran.code == 0, ran
    assert [r["id"] for r in w.rows("store.ndjson")] == list(range(500))


def test_killed_senders_neither_lose_nor_double_rows_where_keys_are_known(w):
    w.hostile()
    flow = w.flow(numbers(w, 1500), {"requests_per_second": 200}, sink={"use": "http", "on": "api", "path": "/rows", "rows": 10, "receiver": "key"}, limits={"epoch": {"rows": 60}})
    kills = 0
    while True:
        run = w.start(PROGRAM, "run", flow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if kills < 10:
            seen = len(w.seen("/rows"))
            wait_for(lambda: run.poll() is not None or len(w.seen("/rows")) >= seen + 3 + kills, "requests")
            run.kill()
            kills += 1
        if run.wait(60) == 0:
            break
    assert sorted(r["id"] for r in w.rows("store.ndjson")) == list(range(1500))


def test_rows_that_the_receiver_refuses_fail_the_task_or_are_set_aside(w):
    w.hostile()
    w.get("/set?superstition=1")
    sink = {"use": "http", "on": "api", "path": "/rows", "rows": 20}
    text = w.jackfield("run", "--new", w.flow(numbers(w, 50), sink=sink)).text
    contains(text, "422", "13 is no good id")
    w.get("/reset")
    w.get("/set?superstition=1")
    ran = w.jackfield("run", "--new", w.flow(numbers(w, 50), sink={**sink, "refused": "reject"}, quarantine={"use": "files", "path": "bad.ndjson"}))
    assert ran.code == 0, ran
    assert [r["id"] for r in w.rows("store.ndjson")] == [i for i in range(50) if i not in (13, 37)]
    bad = w.rows("bad.ndjson")
    assert len(bad) == 2 and "13 is no good id" in str(bad[0]), bad


def test_a_request_that_is_too_large_is_halved(w):
    w.hostile()
    w.get("/set?most=7")
    ran = w.jackfield("run", "--new", w.flow(numbers(w, 50), sink={"use": "http", "on": "api", "path": "/rows"}))
    assert ran.code == 0, ran
    assert [r["id"] for r in w.rows("store.ndjson")] == list(range(50))


def test_a_plain_receiver_is_not_asked_twice_when_nobody_knows(w):
    w.hostile()
    w.get("/set?fail_every=1")
    text = w.jackfield("run", "--new", w.flow(numbers(w, 5), sink={"use": "http", "on": "api", "path": "/rows?fail=after"})).text
    contains(text, "504")
    assert len(w.seen("/rows")) == 1


# --- how it starts -------------------------------------------------------------------------------------------------
def test_faults_of_a_flow_are_named_before_anything_runs(w):
    w.url = "http://127.0.0.1:9"
    cases = {
        ("url",): ({}, {"url": "ftp://x"}), ("url", "auth"): ({}, {"url": "http://ada:pw@x"}),
        ("pagination.path",): ({"pagination": {"by": "cursor"}}, {}), ("pagination.size",): ({"pagination": {"by": "page", "ends": "short"}}, {}),
        ("auth.basic", "user"): ({}, {"auth": {"basic": {"password": {"secret": "env:S"}}}}), ("auth", "one of basic"): ({}, {"auth": {}}), ("records",): ({"format": "csv", "records": "a"}, {}),
        ("tls", "certificate"): ({}, {"tls": {"certificate": "c.pem"}}), ("stable",): ({"pagination": {"by": "page", "stable": True}, "incremental": {"field": "a", "ordered": True}}, {}),
        ("conditional",): ({"conditional": True, "pagination": {"by": "link"}}, {}), ("headers", "no name of a header"): ({"headers": {"a b": "1"}}, {}),
    }
    for words, (source, connection) in cases.items():
        ran = w.jackfield("check", w.flow(source, connection))
        assert ran.code == 2, (words, ran)
        contains(ran.text, *words)


def test_plan_says_what_can_be_repeated(w):
    w.url = "http://127.0.0.1:9"
    sink = {"use": "duckdb", "on": "db", "table": "t", "mode": "append"}
    contains(w.jackfield("plan", w.flow({"path": "/a", "pagination": {"by": "page"}}, sink=sink)).out, "at least once", "http://127.0.0.1:9/a")
    contains(w.jackfield("plan", w.flow({"path": "/a", "incremental": {"field": "id", "ordered": True}}, sink=sink)).out, "exactly once", "in the order of id")


def test_servers_that_are_not_there_are_named(w):
    w.url = "http://127.0.0.1:9"
    contains(w.refused({}, HASTY), "no connection to http://127.0.0.1:9", "is the server running?")
    w.url = "http://no.such.host.invalid"
    contains(w.refused({}, HASTY), "host 'no.such.host.invalid' is not found")
    w.hostile()
    w.url = w.url.replace("http:", "https:")
    contains(w.refused({}, HASTY), "does not speak TLS", "http://")


def test_the_connection_is_checked(w):
    w.hostile()
    w.flow({"path": "/page"})
    ran = w.jackfield("connections", "test", "t.flow.json")
    contains(ran.text, "api", "200")


# --- the conformance kit -------------------------------------------------------------------------------------------
def kit(w, component, config, *words):
    ran = w.jackfield("plugin", "check", BUILD / "lib/jackfield/plugins/http.so", "--component", component, "--config", json.dumps(config), "--quick",
                      "--timeout", "30", *words, timeout=900)
    assert ran.code == 0 and " 0 failed" in ran.text, ran
    return ran.text


def test_the_kit_passes_on_the_connection(w):
    kit(w, "connection:http", {"url": w.hostile()})


def test_the_kit_passes_on_the_source_with_each_way_to_go_on(w):
    w.hostile()
    w.get("/set?rows=200")
    connection = ["--connection", json.dumps({"url": w.url})]
    for config in (
        {"path": "/since", "pagination": {"by": "page"}, "incremental": {"field": "at", "parameter": "since", "ordered": True}},
        {"path": "/page", "pagination": {"by": "page", "stable": True}},
        {"path": "/etag", "conditional": True},
        {"path": "/link", "pagination": {"by": "link"}},
    ):
        text = kit(w, "source:http", config, *connection)
        if config["path"] != "/link":
            contains(text, "resumes at each of", "stops right after each of", "killed")


def kit_of_the_sink(w, receiver, path):
    w.hostile()
    kit(w, "sink:http", {"path": path, "receiver": receiver, "rows": 7}, "--connection", json.dumps({"url": w.url}), "--fixture", HOSTILE.parent / "http_fixture.py")


def test_the_kit_passes_on_the_sink_with_a_receiver_of_keys(w):
    kit_of_the_sink(w, "key", "/rows")


def test_the_kit_passes_on_the_sink_with_a_receiver_of_unique_rows(w):
    kit_of_the_sink(w, "rows", "/rows?keys=no&unique=1")


def test_the_kit_passes_on_the_sink_with_a_plain_receiver(w):
    kit_of_the_sink(w, "plain", "/rows?keys=no")


def told(name, test):
    """Runs one test in a world of its own; ok, skip or FAIL, and what to print."""
    sentence = name[5:].replace("_", " ")
    world = World()
    started = time.monotonic()
    try:
        test(world)
        return "ok", f"  ok    {sentence} ({time.monotonic() - started:.1f} s)"
    except Skipped as why:
        return "skip", f"  skip  {sentence}: {why}"
    except Exception:
        return "FAIL", f"  FAIL  {sentence}\n{traceback.format_exc()}"
    finally:
        world.close()


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    tests = {name: test for module in (sys.modules[__name__], nginx_tests, json_server_tests) for name, test in vars(module).items() if name.startswith("test_")}
    chosen = [name for name in tests if not words or any(word in name for word in words)]
    chosen.sort(key=lambda name: "_kit_" not in name)  # the longest first
    results = []
    with concurrent.futures.ThreadPoolExecutor(ABREAST) as pool:  # most of the time they wait for a server that takes its time
        for result, text in pool.map(lambda name: told(name, tests[name]), chosen):
            results.append(result)
            print(text, flush=True)
    print(f"{results.count('ok')} passed, {results.count('FAIL')} failed")
    return 1 if "FAIL" in results or "ok" not in results else 0


if __name__ == "__main__":
    sys.exit(main())

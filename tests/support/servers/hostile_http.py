#!/usr/bin/env python3
"""A server that does what servers should not, and an API of each kind of pagination. Prints its port, serves until killed.

    hostile_http.py [--store FILE]     rows that are posted are kept in FILE, one JSON object a line

Bad: /cut /chunkcut /longer /hang /drip /html /text /loop /elsewhere /insecure /huge /bomb /packedcut /deep /latin1 /scalar
/noroot /headers /slowstart. Trouble that ends: /busy /later /flaky /packedonce. Who asks: /basic /bearer /key /oauth (tokens
of /token). Pages: /page /offset /cursor /link /next, and in circles /samepage /circle. New rows: /since /etag. Rows in: /rows.
/seen tells what was asked, /set?NAME=VALUE sets a number that an answer goes by, /reset forgets everything.
"""
import base64
import gzip
import email.utils
import json
import pathlib
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LOCK = threading.Lock()
STATE = {}
STORE = pathlib.Path(sys.argv[2]) if sys.argv[1:2] == ["--store"] else None


def forget():
    STATE.clear()
    STATE.update(seen=[], count={}, rows=57, token=0, valid=0, uses=0, keys={}, posted=[], version=1, seconds=3600, good_for=10**9)


def row(i):
    return {"id": i, "name": f"row {i}", "at": f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z", "place": {"town": f"t{i % 3}", "geo": {"x": i / 4}}, "tags": ["a", i]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *words):
        pass

    def do_GET(self):
        self.serve()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_GET

    def serve(self):
        split = urlsplit(self.path)
        self.query = {name: values[-1] for name, values in parse_qs(split.query).items()}
        self.name = split.path.strip("/").split("/")[0]
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.name not in ("seen", "set", "reset"):
            with LOCK:
                STATE["seen"].append({"method": self.command, "path": self.path, "headers": dict(self.headers), "time": time.monotonic()})
                STATE["count"][self.name] = STATE["count"].get(self.name, 0) + 1
        self.times = STATE["count"].get(self.name, 0)
        try:
            getattr(self, "at_" + (self.name or "root"), self.at_nowhere)()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def number(self, name, otherwise):
        return int(self.query.get(name, otherwise))

    def answer(self, value=None, status=200, headers=(), kind="application/json", raw=None):
        data = raw if raw is not None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def head(self, length=None, headers=()):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()

    def at_root(self):
        self.answer({"hello": "world"})

    def at_nowhere(self):
        self.answer({"error": f"nothing is at {self.name}"}, 404)

    # --- what is told about the server -----------------------------------------------------------------------------
    def at_seen(self):
        self.answer(STATE["seen"])

    def at_set(self):
        with LOCK:
            for name, value in self.query.items():
                STATE[name] = int(value)
        self.answer({})

    def at_reset(self):
        with LOCK:
            forget()
            if STORE:
                STORE.write_text("")
        self.answer({})

    # --- answers that are not what they say ------------------------------------------------------------------------
    def at_cut(self):
        text = json.dumps([row(i) for i in range(50)]).encode()
        self.head(len(text))
        self.wfile.write(text[: len(text) // 2])
        self.close_connection = True

    def at_cutonce(self):
        return self.at_cut() if self.times == 1 else self.answer([row(i) for i in range(50)])

    def at_chunkcut(self):
        self.head(headers=[("Transfer-Encoding", "chunked")])
        for i in range(3):
            line = (json.dumps(row(i)) + "\n").encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.close_connection = True

    def at_longer(self):
        text = json.dumps([row(i) for i in range(50)]).encode()
        self.head(len(text) - 100)
        self.wfile.write(text)
        self.close_connection = True

    def at_hang(self):
        threading.Event().wait(60)

    def at_slowstart(self):
        threading.Event().wait(2)
        self.answer([row(1), row(2)])

    def at_drip(self):
        text = json.dumps([row(i) for i in range(50)]).encode()
        self.head(len(text))
        for i in range(len(text)):
            self.wfile.write(text[i : i + 1])
            self.wfile.flush()
            threading.Event().wait(0.2)

    def at_html(self):
        self.answer(raw=b"<!DOCTYPE html><html><body>Please log in</body></html>", kind="text/html")

    def at_scalar(self):
        self.answer(42)

    def at_noroot(self):
        self.answer({"data": {"total": 3, "rows": []}})

    def at_empty(self):
        self.answer([])

    def at_wrongtype(self):
        self.answer([{"id": 1, "name": "a"}, {"id": "not a number", "name": "b"}, {"id": 3, "name": "c", "new": True}, 4, {"id": 5, "name": "d"}])

    def at_loop(self):
        self.answer(None, 302, [("Location", f"/loop?n={self.number('n', 0) + 1}")])

    def at_moved(self):
        self.answer(None, 301, [("Location", "/page?size=100")])

    def at_elsewhere(self):
        host = "localhost" if "127.0.0.1" in self.headers["Host"] else "127.0.0.1"
        self.answer(None, 302, [("Location", f"http://{host}:{self.server.server_port}/page?size=100")])

    def at_file(self):
        self.answer(None, 302, [("Location", "file:///etc/passwd")])

    def at_nextelsewhere(self):
        self.answer({"items": [row(1)], "next": f"http://localhost:{self.server.server_port}/page?size=100"})

    def at_huge(self):
        self.head(headers=[("Transfer-Encoding", "chunked")])
        line = b" " * 65536
        self.wfile.write(b"1\r\n[\r\n")
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def at_bomb(self):
        packed = gzip.compress(b"[" + b" " * 200_000_000 + b"]", 9)
        self.answer(raw=packed, headers=[("Content-Encoding", "gzip")])

    def at_packed(self):
        self.answer(raw=gzip.compress(json.dumps([row(i) for i in range(10)]).encode()), headers=[("Content-Encoding", "gzip")])

    def at_packedcut(self):
        packed = gzip.compress(json.dumps([row(i) for i in range(500)]).encode())
        self.answer(raw=packed[: len(packed) // 2], headers=[("Content-Encoding", "gzip")])

    def at_brotli(self):
        self.answer(raw=b"abc", headers=[("Content-Encoding", "br")])

    def at_deep(self):
        self.answer(raw=b'[{"a":' + b"[" * 5000 + b"]" * 5000 + b"}]")

    def at_latin1(self):
        self.answer(raw='[{"name":"Zürich"}]'.encode("latin-1"))

    def at_control(self):
        self.answer(raw=b'[{"name":"a\x01b"}]')

    def at_headers(self):
        self.send_response(200)
        for i in range(60):
            self.send_header(f"X-{i}", "x" * 8000)
        self.end_headers()
        self.close_connection = True

    # --- trouble ---------------------------------------------------------------------------------------------------
    def at_busy(self):
        if self.times <= self.number("times", 1):
            return self.answer({"error": "slow down"}, 429, [("Retry-After", self.query.get("wait", "1"))])
        self.answer([row(1)])

    def at_later(self):
        if self.times <= self.number("times", 1):
            return self.answer({}, 503, [("Retry-After", email.utils.formatdate(time.time() + self.number("wait", 2), usegmt=True))])
        self.answer([row(1)])

    def at_flaky(self):
        if self.times % 3 != 0:
            return self.answer({"error": "out of luck"}, 500 if self.times % 3 == 1 else 502)
        self.at_page()

    def at_status(self):
        self.answer({"error": f"this is {self.query['code']}"}, self.number("code", 500))

    # --- who asks --------------------------------------------------------------------------------------------------
    def at_basic(self):
        wanted = "Basic " + base64.b64encode(b"ada:lovely secret").decode()
        if self.headers.get("Authorization") != wanted:
            return self.answer({"error": "who are you?", "you_sent": self.headers.get("Authorization")}, 401, [("WWW-Authenticate", "Basic")])
        self.answer([row(1)])

    def at_bearer(self):
        if self.headers.get("Authorization") != "Bearer tok-123456":
            return self.answer({"error": "bad token", "you_sent": self.headers.get("Authorization")}, 401)
        self.answer([row(1)])

    def at_key(self):
        if self.headers.get("X-Api-Key") != "key-123456":
            return self.answer({"error": "bad key"}, 403)
        self.answer([row(1)])

    def at_keyelsewhere(self):
        host = "localhost" if "127.0.0.1" in self.headers["Host"] else "127.0.0.1"
        self.answer(None, 302, [("Location", f"http://{host}:{self.server.server_port}/page?size=100")])

    def at_token(self):
        fields = {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}
        basic = "Basic " + base64.b64encode(b"client%201:s%26cret").decode()
        right = self.headers.get("Authorization") == basic or (fields.get("client_id"), fields.get("client_secret")) == ("client 1", "s&cret")
        if not right or fields.get("grant_type") != "client_credentials":
            return self.answer({"error": "invalid_client", "client_secret": fields.get("client_secret")}, 401)
        with LOCK:
            STATE["token"] += 1
            STATE["uses"] = 0
            token = f"oauth-token-{STATE['token']}"
        self.answer({"access_token": token, "token_type": "Bearer", "expires_in": STATE["seconds"]})

    def at_oauth(self):
        with LOCK:
            STATE["uses"] += 1
            good = self.headers.get("Authorization") == f"Bearer oauth-token-{STATE['token']}" and STATE["token"] > 0 and STATE["uses"] <= STATE["good_for"]
        if not good:
            return self.answer({"error": "token expired"}, 401)
        self.at_page()

    # --- pages -----------------------------------------------------------------------------------------------------
    def at_page(self):
        page, size = self.number("page", 1), self.number("size", 10)
        self.answer([row(i) for i in range((page - 1) * size, min(page * size, STATE["rows"]))])

    def at_more(self):
        page, size = self.number("page", 1), self.number("size", 10)
        self.answer({"data": {"items": [row(i) for i in range((page - 1) * size, min(page * size, STATE["rows"]))], "more": page * size < STATE["rows"]}})

    def at_samepage(self):
        self.answer([row(i) for i in range(10)])

    def at_offset(self):
        offset, size = self.number("offset", 0), self.number("limit", 10)
        self.answer([row(i) for i in range(offset, min(offset + size, STATE["rows"]))])

    def at_cursor(self):
        start = int(self.query["cursor"][1:]) if "cursor" in self.query else 0
        end = min(start + 10, STATE["rows"])
        self.answer({"meta": {"next": f"c{end}" if end < STATE["rows"] else None}, "items": [row(i) for i in range(start, end)]})

    def at_circle(self):
        start = int(self.query.get("cursor", "0"))
        self.answer({"meta": {"next": str((start + 1) % 3)}, "items": [row(start)]})

    def at_link(self):
        page, size = self.number("page", 1), 10
        links = [f'<http://{self.headers["Host"]}/link?page=1>; rel="first"']
        if page * size < STATE["rows"]:
            links.append(f'</link?page={page + 1}>; title="a, b; c"; rel="prefetch next"')
        self.answer([row(i) for i in range((page - 1) * size, min(page * size, STATE["rows"]))], headers=[("Link", ", ".join(links))])

    def at_next(self):
        page, size = self.number("page", 1), 10
        following = f"?page={page + 1}" if page * size < STATE["rows"] else ""
        self.answer({"items": [row(i) for i in range((page - 1) * size, min(page * size, STATE["rows"]))], "next": following})

    def at_ndjson(self):
        self.answer(raw="".join(json.dumps(row(i)) + "\n" for i in range(STATE["rows"])).encode(), kind="application/x-ndjson")

    def at_csv(self):
        page, size = self.number("page", 1), self.number("size", 1000)
        lines = [f"{i},row {i}" for i in range((page - 1) * size, min(page * size, STATE["rows"]))]
        self.answer(raw=("id,name\n" + "".join(line + "\n" for line in lines)).encode(), kind="text/csv")

    # --- new rows --------------------------------------------------------------------------------------------------
    def at_since(self):
        """Rows in groups of three with the same `at`; since= is inclusive, after= exclusive; pages of ten."""
        rows = [{"id": i, "at": i // 3 * 10, "text": f"{i % 7}"} for i in range(STATE["rows"])]
        if "since" in self.query:
            rows = [r for r in rows if r["at"] >= int(self.query["since"])]
        if "after" in self.query:
            rows = [r for r in rows if r["at"] > int(self.query["after"])]
        if self.query.get("order") == "down":
            rows.reverse()
        page = self.number("page", 1)
        self.answer(rows[(page - 1) * 10 : page * 10])

    def at_etag(self):
        tag = f'"v{STATE["version"]}"'
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.send_header("ETag", tag)
            self.end_headers()
            return
        self.answer([row(i) for i in range(STATE["rows"])], headers=[("ETag", tag)])

    # --- rows in ---------------------------------------------------------------------------------------------------
    def at_rows(self):
        if self.command == "GET":
            return self.answer(raw=STORE.read_bytes() if STORE and STORE.exists() else b"", kind="application/x-ndjson")
        key = self.headers.get("Idempotency-Key")
        fail = STATE.get("fail_every", 0)
        if fail and self.times % fail == 0 and self.query.get("fail") != "after":
            return self.answer({"error": "try again"}, 503)
        text = self.body.decode()
        rows = [json.loads(line) for line in text.splitlines()] if "ndjson" in self.headers.get("Content-Type", "") else json.loads(text)
        rows = rows["rows"] if isinstance(rows, dict) else rows
        if any(r.get("id") in (13, 37) or r.get("n") == -13 for r in rows) and STATE.get("superstition"):
            return self.answer({"error": "13 is no good id"}, 422)
        if len(rows) > STATE.get("most", 10**9):
            return self.answer({"error": "too much"}, 413)
        with LOCK:
            known = key is not None and key in STATE["keys"] and self.query.get("keys") != "no"
            if not known:
                STATE["keys"][key] = len(rows)
                lines = [json.dumps(r) + "\n" for r in rows]
                if "unique" in self.query:  # a row that is there already changes nothing
                    there = set(STORE.read_text().splitlines(True)) if STORE.exists() else set()
                    lines = [line for line in lines if line not in there]
                if STORE:
                    with STORE.open("a") as out:
                        out.write("".join(lines))
        if fail and self.times % fail == 0:
            return self.answer({"error": "taken, but the answer was lost"}, 504)
        if known:
            return self.answer({"error": "had that"}, 409)
        self.answer({"taken": len(rows)}, 201)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass  # clients of tests go away in the middle


def main():
    forget()
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

"""nginx from Debian: files, passwords, certificates, redirects, packing, limits."""
import gzip
import json
import subprocess

from world import THIRD_PARTY, Skipped, free_port, listens, wait_for

CONFIG = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/nginx-access.log;
  client_body_temp_path {folder}/tmp; proxy_temp_path {folder}/tmp; fastcgi_temp_path {folder}/tmp; uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
  types {{ application/json json; text/csv csv; application/x-ndjson ndjson; application/gzip gz; }}
  limit_req_zone $binary_remote_addr zone=slow:1m rate=1r/s;
  limit_req_zone $binary_remote_addr zone=once:1m rate=1r/m;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/www;
    location /closed/ {{ auth_basic "closed"; auth_basic_user_file {folder}/passwords; alias {folder}/www/; }}
    location /packed/ {{ gzip on; gzip_types *; gzip_min_length 1; alias {folder}/www/; }}
    location /old {{ return 301 /orders.json; }}
    location /limited/ {{ limit_req zone=slow; limit_req_status 429; alias {folder}/www/; }}
    location /once/ {{ limit_req zone=once; alias {folder}/www/; }}
    location /post {{ return 405; }}
  }}
  server {{
    listen 127.0.0.1:{tls} ssl; root {folder}/www;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
  }}
  server {{
    listen 127.0.0.1:{mutual} ssl; root {folder}/www;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key; ssl_client_certificate {folder}/ca.pem; ssl_verify_client on;
  }}
}}
"""
ROWS = [{"id": i, "customer": f"Zoë {i}", "amount": i / 4, "at": f"2026-02-01T00:00:{i % 60:02}Z"} for i in range(300)]


def openssl(w, *words):
    subprocess.run(["openssl", *words], cwd=w.folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def certificates(w):
    """A CA, a server certificate of 127.0.0.1, a client certificate whose key has a password."""
    openssl(w, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem")
    (w.folder / "server.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    for name, more in ("server", ["-extfile", "server.ext"]), ("client", []):
        openssl(w, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl(w, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-out", f"{name}.pem", *more)
    openssl(w, "pkey", "-aes256", "-in", "client.key", "-out", "client-locked.key", "-passout", "pass:open sesame")


def nginx(w):
    program = THIRD_PARTY / "nginx/nginx"
    if not program.exists():
        raise Skipped("no nginx; .ci/install.sh test brings it")
    www = w.folder / "www"
    www.mkdir()
    (w.folder / "tmp").mkdir()
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    (www / "orders.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    (www / "orders.ndjson").write_text("\n".join(lines) + "\n")
    (www / "orders.csv").write_text("id,customer,amount,at\n" + "".join(f'{r["id"]},{r["customer"]},{r["amount"]},{r["at"]}\n' for r in ROWS))
    (www / "orders.ndjson.gz").write_bytes(gzip.compress((www / "orders.ndjson").read_bytes()))
    hashed = subprocess.run(["openssl", "passwd", "-apr1", "correct horse"], check=True, capture_output=True, text=True).stdout.strip()
    (w.folder / "passwords").write_text(f"ada:{hashed}\n")
    certificates(w)
    w.port, w.tls, w.mutual = free_port(), free_port(), free_port()
    (w.folder / "nginx.conf").write_text(CONFIG.format(folder=w.folder, port=w.port, tls=w.tls, mutual=w.mutual))
    w.start(program, "-p", w.folder, "-c", w.folder / "nginx.conf", "-e", w.folder / "nginx-error.log", stderr=subprocess.DEVNULL)
    wait_for(lambda: listens(w.port) and listens(w.mutual), "nginx")
    w.url = f"http://127.0.0.1:{w.port}"


def same(rows):
    assert [(r["id"], r["customer"], float(r["amount"])) for r in rows] == [(r["id"], r["customer"], r["amount"]) for r in ROWS], rows[:3]


def test_nginx_serves_files_of_each_format(w):
    nginx(w)
    same(w.load({"path": "/orders.json"}))
    same(w.load({"path": "/orders.ndjson", "format": "ndjson"}))
    same(w.load({"path": "/orders.csv", "format": "csv"}))
    same(w.load({"path": "/orders.ndjson.gz", "format": "ndjson", "compression": "gzip"}))
    same(w.load({"path": "/packed/orders.json"}))
    same(w.load({"path": "/old"}))
    assert "404" in w.refused({"path": "/ordres.json"})


def test_nginx_asks_for_a_password(w):
    nginx(w)
    auth = {"auth": {"basic": {"user": "ada", "password": {"secret": "env:S"}}}}
    same(w.load({"path": "/closed/orders.json"}, auth, env={"S": "correct horse"}))
    text = w.refused({"path": "/closed/orders.json"}, auth, env={"S": "battery staple"})
    assert "401" in text and "check auth" in text and "battery staple" not in text, text


def test_nginx_is_trusted_by_its_own_ca_only(w):
    nginx(w)
    w.url = f"https://127.0.0.1:{w.tls}"
    same(w.load({"path": "/orders.json"}, {"tls": {"ca": str(w.folder / "ca.pem")}}))
    text = w.refused({"path": "/orders.json"}, {"retries": 0})
    assert "not trusted" in text and "tls.ca" in text, text
    text = w.refused({"path": "/orders.json"}, {"retries": 0, "tls": {"ca": str(w.folder / "no.pem")}})
    assert "no.pem" in text, text
    w.url = f"https://localhost:{w.tls}"
    assert "not trusted" in w.refused({"path": "/orders.json"}, {"retries": 0, "tls": {"ca": str(w.folder / "ca.pem")}})


def test_nginx_asks_for_a_client_certificate(w):
    nginx(w)
    w.url = f"https://127.0.0.1:{w.mutual}"
    tls = {"ca": str(w.folder / "ca.pem"), "certificate": str(w.folder / "client.pem"), "key": str(w.folder / "client.key")}
    same(w.load({"path": "/orders.json"}, {"tls": tls}))
    locked = {"ca": tls["ca"], "certificate": tls["certificate"], "locked_key": {"file": str(w.folder / "client-locked.key"), "password": {"secret": "env:S"}}}
    same(w.load({"path": "/orders.json"}, {"tls": locked}, env={"S": "open sesame"}))
    assert "client certificate cannot be used" in w.refused({"path": "/orders.json"}, {"tls": locked, "retries": 0}, env={"S": "wrong"})
    assert "400" in w.refused({"path": "/orders.json"}, {"tls": {"ca": tls["ca"]}, "retries": 0})


def test_nginx_limits_the_pace(w):
    nginx(w)
    for _ in range(20):  # too fast for it: 429 until the next second
        same(w.load({"path": "/limited/orders.json"}, {"retries": 10}))
        if " 429 " in (w.folder / "nginx-access.log").read_text():
            break
    else:
        raise AssertionError("nginx refused nothing")
    same(w.load({"path": "/once/orders.json"}))
    text = w.refused({"path": "/once/orders.json"}, {"retries": 0})
    assert "503" in text and "in trouble" in text, text


def test_nginx_tells_what_did_not_change(w):
    nginx(w)
    sink = {"use": "duckdb", "on": "db", "table": "t", "mode": "append"}
    flow = w.flow({"path": "/orders.csv", "format": "csv", "conditional": True}, sink=sink)
    for _ in range(3):
        ran = w.jackfield("run", flow)
        assert ran.code == 0, ran
        assert len(w.table()) == len(ROWS)
    statuses = [line.split('"')[2].split()[0] for line in (w.folder / "nginx-access.log").read_text().splitlines()]
    assert statuses == ["200", "304", "304"], statuses


def test_nginx_takes_no_posts(w):
    nginx(w)
    (w.folder / "in.csv").write_text("id\n1\n")
    ran = w.jackfield("run", "--new", w.flow({"use": "files", "path": "in.csv"}, sink={"use": "http", "on": "api", "path": "/post"}))
    assert ran.code != 0 and "405" in ran.text and "check path and method" in ran.text, ran

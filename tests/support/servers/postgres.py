#!/usr/bin/env python3
"""Real PostgreSQL servers for the tests, each in a folder of its own and on a free port of 127.0.0.1.

  postgres.py start DIR|new [--replica] [--bouncer] [--durable] [--set NAME=VALUE]… [--owner PID] [--keep]
  postgres.py stop DIR               everything away, the folder too
  postgres.py restart DIR [replica]  stops it (fast) if it runs, starts it on its old port
  postgres.py kill DIR [replica]     SIGKILL to all its processes, as in a power cut
  postgres.py freeze DIR [replica]   SIGSTOP to all its processes; thaw wakes them
  postgres.py promote DIR            makes the replica a primary
  postgres.py bouncer DIR stop|start the pooler alone

start writes DIR/env, lines KEY=VALUE for a shell or any other reader, and prints them; 'new' makes a folder, in memory
where there is room, and JF_PG_DIR says which. On a DIR that runs already it adds the parts that are missing. --durable leaves fsync and its like on. The servers end, and DIR is removed, when
the owner (the caller of start, or --owner) is gone, however it ended; --keep leaves them until stop.
tests/README.md describes the users and certificates.
"""
import argparse
import fcntl
import hashlib
import os
import pathlib
import pwd
import random
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("JACKFIELD_POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))
# Role: password. 'jackfield' is a superuser, the rest can only log in; pg_hba below says how.
ROLES = {"jackfield": "jf-secret", "reader": "jf-reader", "tls_only": "jf-tls", "with_certificate": "jf-unused"}
HBA = """
local   all         all                            trust
local   replication all                            trust
hostssl all         with_certificate 127.0.0.1/32  cert
host    all         with_certificate 127.0.0.1/32  reject
hostssl all         tls_only         127.0.0.1/32  scram-sha-256
host    all         tls_only         127.0.0.1/32  reject
host    all         all              127.0.0.1/32  scram-sha-256
"""
SETTINGS = {"listen_addresses": "127.0.0.1", "ssl": "on", "wal_level": "logical", "max_connections": "60",
            "shared_buffers": "64MB", "max_wal_size": "4GB", "log_min_messages": "warning", "password_encryption": "scram-sha-256",
            "hot_standby_feedback": "on", "dynamic_shared_memory_type": "mmap", "max_prepared_transactions": "10", "log_timezone": "UTC", "timezone": "UTC"}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def fail(message):
    sys.exit(f"postgres.py: {message}")


def server_user():
    """Arguments for subprocess that make a server run without root's rights: PostgreSQL refuses to run with them."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        except KeyError:
            pass
    return fail("neither of the users postgres and nobody is there to run the server as")


USER = server_user()


def give(path):
    """Makes the server's user the owner of a file or folder, with all that is in it."""
    if USER:
        subprocess.run(["chown", "-R", f"{USER['user']}:{USER['group']}", path], check=True)


def run(*command, what, log=None, **arguments):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=arguments.pop("stdin", subprocess.DEVNULL) if "input" not in arguments else None,
                          cwd="/", **arguments)
    if done.returncode:
        tail = "".join(pathlib.Path(log).read_text(errors="replace").splitlines(True)[-15:]) if log and os.path.exists(log) else ""
        fail(f"{what} failed: {done.stdout.strip()}\n{tail}".rstrip())
    return done.stdout


# --- The template: a cluster with its roles, and the certificates; made once, copied for each server ----------------

def certificate(folder, name, subject, issuer, extra=()):
    """A key and a certificate in the folder, signed by the issuer's, or by itself where that is None."""
    key, request, out = (folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key]
    if issuer is None:
        run("openssl", "req", "-x509", *curve, "-days", 3650, "-subj", f"/CN={subject}", "-out", out, what="openssl req")
        return
    run("openssl", "req", *curve, "-subj", f"/CN={subject}", "-out", request, what="openssl req")
    (folder / f"{name}.ext").write_text("basicConstraints=CA:FALSE\n" + "".join(line + "\n" for line in extra))
    run("openssl", "x509", "-req", "-in", request, "-CA", folder / f"{issuer}.crt", "-CAkey", folder / f"{issuer}.key",
        "-CAcreateserial", "-days", 3650, "-extfile", folder / f"{name}.ext", "-out", out, what="openssl x509")


def make_certificates(folder):
    folder.mkdir()
    certificate(folder, "ca", "Jackfield test CA", None)
    certificate(folder, "wrong_ca", "another CA", None)
    certificate(folder, "server", "localhost", "ca", ["subjectAltName=DNS:localhost,IP:127.0.0.1"])
    certificate(folder, "client", "with_certificate", "ca")
    certificate(folder, "wrong_client", "with_certificate", "wrong_ca")


def make_template(folder):
    data = folder / "data"
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    make_certificates(folder / "certificates")
    data.mkdir()
    give(data)
    run(BIN / "initdb", "-D", data, "-U", "jackfield", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
        "--no-instructions", what="initdb", **USER)
    roles = "".join(f"{'ALTER' if role == 'jackfield' else 'CREATE'} ROLE {role} LOGIN PASSWORD '{password}';\n"
                    for role, password in ROLES.items())
    run(BIN / "postgres", "--single", "-D", data, "-c", "fsync=off", "postgres", what="postgres --single",
        input=roles, **USER)
    (data / "pg_hba.conf").write_text(HBA)


def template():
    """The folder of the template. Its name tells this script's text, so that a changed script makes a new one."""
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes() + str((BIN, USER)).encode()).hexdigest()[:12]
    parent = ROOT / "build" if os.access(ROOT, os.W_OK) else pathlib.Path(f"/tmp/jackfield-servers-{os.getuid()}")
    parent.mkdir(exist_ok=True)
    folder = parent / f"postgres_template_{digest}"
    with open(parent / ".postgres_template.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for old in parent.glob("postgres_template_*"):
                shutil.rmtree(old)
            # initdb runs as the server's user, who may have no way into the tree: made under /tmp, then moved.
            work = pathlib.Path(f"/tmp/jackfield-template-{os.getpid()}")
            shutil.rmtree(work, ignore_errors=True)
            try:
                make_template(work)
                shutil.copytree(work, partial := parent / ".postgres_template.partial", symlinks=True, dirs_exist_ok=False)
                os.rename(partial, folder)
            finally:
                shutil.rmtree(work, ignore_errors=True)
                shutil.rmtree(parent / ".postgres_template.partial", ignore_errors=True)
    return folder


# --- One server -----------------------------------------------------------------------------------------------------

def free_port():
    """Below the range that the system draws client ports from, so that none of those takes it in between."""
    while True:
        with socket.socket() as probe:
            port = random.SystemRandom().randrange(10000, 32000)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Folder:
    """What lies in DIR: data and replica (clusters), certificates, logs, and env, which start writes last."""

    def __init__(self, path):
        self.path = pathlib.Path(path).resolve()
        self.env = {}
        if (self.path / "env").exists():
            for line in (self.path / "env").read_text().splitlines():
                key, _, value = line.partition("=")
                self.env[key] = shlex.split(value)[0] if value else ""

    def write_env(self):
        text = "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in self.env.items())
        (self.path / "env.new").write_text(text)
        os.rename(self.path / "env.new", self.path / "env")
        return text

    def data(self, part):
        return self.path / ("data" if part == "primary" else part)

    def port(self, part):
        return self.env["JF_PG_PORT" if part == "primary" else "JF_PG_REPLICA_PORT"]

    def postmaster(self, part):
        """The process id of a cluster's server, or None. It works in its data folder: no other process is mistaken for it."""
        try:
            pid = int((self.data(part) / "postmaster.pid").read_text().split()[0])
            return pid if os.readlink(f"/proc/{pid}/cwd") == str(self.data(part)) else None
        except (OSError, IndexError, ValueError):
            return None

    def processes(self, part):
        """The server and its children."""
        pid = self.postmaster(part)
        if pid is None:
            return []
        children = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "stat").read_text().rpartition(")")[2].split()[1] == str(pid):
                    children.append(int(entry.name))
            except OSError:
                pass
        return [pid, *children]

    def bouncer(self):
        try:
            pid = int((self.path / "bouncer.pid").read_text())
            return pid if b"bouncer.ini" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() else None
        except (OSError, ValueError):
            return None


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def wait_gone(pids, seconds):
    limit = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


def forget(folder, part):
    """What a killed server leaves: its segment of shared memory, and the file that makes it count as running for the
    next one as long as nobody has waited for the dead process."""
    note = folder.data(part) / "postmaster.pid"
    try:
        lines = note.read_text().splitlines()
        note.unlink()
        subprocess.run(["ipcrm", "-m", lines[6].split()[1]], stderr=subprocess.DEVNULL)
    except (OSError, IndexError):
        pass


def start_cluster(folder, part):
    log = folder.path / f"{part}.log"
    log.touch()
    give(log)
    run(BIN / "pg_ctl", "-D", folder.data(part), "-w", "-t", "60", "-l", log, "-o", f"-p {folder.port(part)}", "start",
        what=f"starting the {part}", log=log, **USER)


def stop_cluster(folder, part, mode):
    if folder.postmaster(part) is not None:
        run(BIN / "pg_ctl", "-D", folder.data(part), "-w", "-t", "60", "-m", mode, "stop", what=f"stopping the {part}", **USER)


def kill_cluster(folder, part):
    pids = folder.processes(part)
    send(pids[:1], signal.SIGSTOP)  # so that no child is born after the list was made
    pids = folder.processes(part) or pids
    send(pids, signal.SIGKILL)
    wait_gone(pids, 10)
    forget(folder, part)
    for lock in (folder.path / "sockets").glob(f".s.PGSQL.{folder.port(part)}*"):
        lock.unlink()


def new_folder(durable):
    """A new folder: in memory, where a server starts ten times as fast, unless what it holds is to be durable."""
    memory = pathlib.Path("/dev/shm")
    fits = not durable and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    return pathlib.Path(tempfile.mkdtemp(prefix="jackfield-postgres-", dir=memory if fits else None))


def make_primary(folder, durable, settings):
    source = template()
    shutil.copytree(source / "certificates", folder.path / "certificates")
    run("cp", "-r", "--sparse=always", source / "data", folder.data("primary"), what="copying the template")
    folder.data("primary").chmod(0o700)
    certificates, sockets = folder.path / "certificates", folder.path / "sockets"
    sockets.mkdir()
    own = {"port": folder.env["JF_PG_PORT"], "unix_socket_directories": sockets, "ssl_ca_file": certificates / "ca.crt",
           "ssl_cert_file": certificates / "server.crt", "ssl_key_file": certificates / "server.key"}
    with open(folder.data("primary") / "postgresql.conf", "a") as out:
        for name, value in {**SETTINGS, **({} if durable else FORGETFUL), **own, **settings}.items():
            out.write(f"{name} = '{value}'\n")
    for path in (folder.data("primary"), sockets, certificates / "server.key"):
        give(path)
    folder.env.update({
        "JF_PG_CA": certificates / "ca.crt", "JF_PG_WRONG_CA": certificates / "wrong_ca.crt",
        "JF_PG_CLIENT_CERTIFICATE": certificates / "client.crt", "JF_PG_CLIENT_KEY": certificates / "client.key",
        "JF_PG_WRONG_CLIENT_CERTIFICATE": certificates / "wrong_client.crt",
        "JF_PG_WRONG_CLIENT_KEY": certificates / "wrong_client.key",
        "JF_PG_SOCKET_DIR": sockets, "JF_PG_DATA": folder.data("primary"), "JF_PG_LOG": folder.path / "primary.log"})
    start_cluster(folder, "primary")


def make_replica(folder):
    folder.env["JF_PG_REPLICA_PORT"] = free_port()
    folder.env["JF_PG_REPLICA_DATA"] = folder.data("replica")
    folder.data("replica").mkdir(mode=0o700)
    give(folder.data("replica"))
    run(BIN / "pg_basebackup", "-h", folder.env["JF_PG_SOCKET_DIR"], "-p", folder.env["JF_PG_PORT"], "-U", "jackfield",
        "-D", folder.data("replica"), "-c", "fast", "-X", "stream", "-R", "-C", "-S", "replica", "--no-sync",
        what="pg_basebackup", **USER)
    start_cluster(folder, "replica")


def start_bouncer(folder):
    path, log = folder.path, folder.path / "bouncer.log"
    if "JF_PG_BOUNCER_PORT" not in folder.env:
        folder.env["JF_PG_BOUNCER_PORT"] = free_port()
    (path / "bouncer_users.txt").write_text("".join(f'"{role}" "{password}"\n' for role, password in ROLES.items()))
    (path / "bouncer.ini").write_text(f"""[databases]
* = host=127.0.0.1 port={folder.env["JF_PG_PORT"]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {folder.env["JF_PG_BOUNCER_PORT"]}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {path / "bouncer_users.txt"}
admin_users = jackfield
pool_mode = transaction
default_pool_size = 10
server_login_retry = 1
""")
    log.touch()
    (path / "bouncer.pid").unlink(missing_ok=True)
    for name in ("bouncer_users.txt", "bouncer.ini", "bouncer.log"):
        give(path / name)
    with open(log, "a") as out:
        started = subprocess.Popen(["/usr/sbin/pgbouncer", "-q", str(path / "bouncer.ini")], stdout=out, stderr=out,
                                   stdin=subprocess.DEVNULL, start_new_session=True, cwd="/", **USER)
    (path / "bouncer.pid").write_text(str(started.pid))
    limit = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(folder.env["JF_PG_BOUNCER_PORT"])), 1).close()
            return
        except OSError:
            if started.poll() is not None or time.monotonic() > limit:
                fail(f"starting pgbouncer failed: {log.read_text(errors='replace')}")
            time.sleep(0.01)


def stop_bouncer(folder):
    pid = folder.bouncer()
    if pid is not None:
        send([pid], signal.SIGKILL)  # transaction mode keeps nothing
        wait_gone([pid], 10)


def remove(folder):
    """Ends everything in the folder and removes it; nothing is kept, so nothing is shut down with care."""
    pids = [pid for part in ("primary", "replica") if (pid := folder.postmaster(part)) is not None]
    send(pids, signal.SIGQUIT)
    send(pids, signal.SIGCONT)
    stop_bouncer(folder)
    if not wait_gone(pids, 5):
        for part in ("primary", "replica"):
            kill_cluster(folder, part)
    for part in ("primary", "replica"):
        forget(folder, part)
    shutil.rmtree(folder.path, ignore_errors=True)


# --- The watcher ----------------------------------------------------------------------------------------------------

def watch(folder, owner):
    """Leaves behind a process that removes everything when the owner is gone. Returns the pipe that tells it that
    start succeeded: closing it without a word, as a killed start does, removes everything at once."""
    try:
        gone = os.pidfd_open(owner)
    except ProcessLookupError:
        fail(f"there is no process {owner} to own the server")
    reading, writing = os.pipe()
    if os.fork():
        os.close(reading)
        os.close(gone)
        return writing
    os.close(writing)
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    started = os.read(reading, 1)
    (folder.path / "watcher.pid").write_text(str(os.getpid()))
    if started:
        select.select([gone], [], [])
    remove(Folder(folder.path))
    os._exit(0)


def stop_watcher(folder):
    try:
        pid = int((folder.path / "watcher.pid").read_text())
        if os.fsencode(folder.path) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError):
        pass


# --- Commands -------------------------------------------------------------------------------------------------------

def start(folder, options):
    if not (BIN / "postgres").exists():
        fail(f"no PostgreSQL in {BIN}; run .ci/install.sh test, or name its folder in JACKFIELD_POSTGRES_BIN")
    done = None
    fresh = not folder.env
    if fresh:
        folder.path.mkdir(parents=True, exist_ok=True)
        if any(folder.path.iterdir()):
            fail(f"{folder.path} is neither empty nor a server's folder")
        folder.path.chmod(0o711)  # the server's user has to come through
        if not options.keep:
            done = watch(folder, options.owner or os.getppid())
        folder.env = {"JF_PG_DIR": folder.path, "JF_PG_HOST": "127.0.0.1", "JF_PG_PORT": free_port(), "JF_PG_USER": "jackfield",
                      "JF_PG_PASSWORD": ROLES["jackfield"], "JF_PG_DATABASE": "postgres"}
        make_primary(folder, options.durable, dict(setting.split("=", 1) for setting in options.set))
    elif folder.postmaster("primary") is None:
        start_cluster(folder, "primary")
    if options.replica and not folder.data("replica").exists():
        make_replica(folder)
    if options.bouncer and folder.bouncer() is None:
        start_bouncer(folder)
    text = folder.write_env()
    if done is not None:
        os.write(done, b"1")
    print(text, end="")


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=True)
    parser.add_argument("command", choices=["start", "stop", "restart", "kill", "freeze", "thaw", "promote", "bouncer"])
    parser.add_argument("dir")
    parser.add_argument("part", nargs="?", default="primary")
    parser.add_argument("--replica", action="store_true")
    parser.add_argument("--bouncer", action="store_true")
    parser.add_argument("--durable", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--owner", type=int)
    options = parser.parse_args()
    folder = Folder(new_folder(options.durable) if (options.command, options.dir) == ("start", "new") else options.dir)
    if options.command == "start":
        return start(folder, options)
    if not folder.env:
        fail(f"{folder.path} is no server's folder")
    if options.command == "stop":
        stop_watcher(folder)
        remove(folder)
    elif options.command == "restart":
        stop_cluster(folder, options.part, "fast")
        start_cluster(folder, options.part)
    elif options.command == "kill":
        kill_cluster(folder, options.part)
    elif options.command == "promote":
        run(BIN / "pg_ctl", "-D", folder.data("replica"), "-w", "promote", what="promoting the replica", **USER)
    elif options.command == "bouncer":
        {"stop": stop_bouncer, "start": start_bouncer}[options.part](folder)
    else:
        send(folder.processes(options.part), signal.SIGSTOP if options.command == "freeze" else signal.SIGCONT)


if __name__ == "__main__":
    main()

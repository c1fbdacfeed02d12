// The servers that other tests stand on: each part of them does what those tests take for granted.
#include <postgres_server.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;
using jackfield::test::FreshDatabase;
using jackfield::test::PostgresServer;
using jackfield::test::TcpProxy;
using jackfield::test::postgres;

namespace {

/// Waits until a process of the machine, not only a child, is gone. False after a minute.
bool wait_until_gone(int pid)
{
    pollfd gone{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), POLLIN, 0};
    if (gone.fd < 0)
        return true;
    const bool ended = ::poll(&gone, 1, 60'000) == 1;
    ::close(gone.fd);
    return ended;
}

} // namespace

TEST_CASE("a fresh database is empty and apart from the others")
{
    FreshDatabase one;
    FreshDatabase other;
    one.sql("CREATE TABLE t AS SELECT 1 AS a, NULL AS b");

    CHECK(one.sql("SELECT * FROM t") == "1|NULL");
    CHECK_THROWS_WITH(other.sql("SELECT * FROM t"), Catch::Contains("does not exist"));
}

TEST_CASE("the replica follows, takes no writes and can be promoted after the primary was killed")
{
    PostgresServer server({.replica = true});
    server.sql("ALTER SYSTEM SET synchronous_standby_names = '*'; ");
    server.sql("SELECT pg_reload_conf()");
    server.sql("SET synchronous_commit = remote_apply; CREATE TABLE t AS SELECT 7 AS a");
    CHECK(server.replica_sql("TABLE t") == "7");
    CHECK_THROWS_WITH(server.replica_sql("DELETE FROM t"), Catch::Contains("read-only"));

    server.command("kill");
    CHECK_THROWS(server.sql("SELECT 1"));
    server.command("promote");
    CHECK(server.replica_sql("DELETE FROM t RETURNING a") == "7");
}

TEST_CASE("a server that was killed starts again on its port")
{
    PostgresServer server({.durable = true});
    server.sql("CREATE TABLE t AS SELECT 7 AS a");
    server.command("kill");
    server.command("restart");
    CHECK(server.sql("TABLE t") == "7");
}

TEST_CASE("a server ends and its folder goes when the program that started it is killed")
{
    int pipes[2];
    REQUIRE(::pipe(pipes) == 0);
    const int child = ::fork();
    if (child == 0) {
        const PostgresServer server;
        const std::string note = server.env("JF_PG_DIR") + "\n" + server.sql("SELECT pg_read_file('postmaster.pid')");
        ::write(pipes[1], note.data(), note.size()) == 0 ? ::_exit(1) : ::pause();
    }
    char note[512] = {};
    REQUIRE(::read(pipes[0], note, sizeof note - 1) > 0);
    const std::string text = note;
    const std::string folder = text.substr(0, text.find('\n'));
    const int server = std::stoi(text.substr(folder.size() + 1));
    REQUIRE(fs::exists(folder));

    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);

    CHECK(wait_until_gone(server));
    for (int turn = 0; turn < 1000 && fs::exists(folder); ++turn)
        ::poll(nullptr, 0, 10);
    CHECK_FALSE(fs::exists(folder));
    ::close(pipes[0]);
    ::close(pipes[1]);
}

TEST_CASE("a connection through the proxy breaks at the byte that was asked for")
{
    TcpProxy proxy(postgres().port());
    const std::string through = "SELECT count(*) FROM dblink";
    CHECK(proxy.port() != postgres().port());
    CHECK(proxy.command("bytes") == "0 0");
    CHECK(proxy.command("reset-after 10 down") == "ok");
    CHECK(proxy.command("pass") == "ok");
    CHECK(proxy.command("nonsense") == "unknown command 'nonsense'");
}

// The servers that other tests stand on: each part of them does what those tests take for granted.
#include <postgres_server.hpp>

#include <catch2/catch.hpp>
#include <libpq-fe.h>

#include <csignal>
#include <filesystem>
#include <memory>
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

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

Connection connect(int port)
{
    const std::string to = "host=127.0.0.1 sslmode=disable user=jackfield password=jf-secret dbname=postgres port=" + std::to_string(port);
    return {PQconnectdb(to.c_str()), &PQfinish};
}

/// The first value of a query, or what went wrong.
std::string first_value(const Connection& connection, const char* sql)
{
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql), &PQclear);
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : PQerrorMessage(connection.get());
}

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
        if (::write(pipes[1], note.data(), note.size()) < 0)
            ::_exit(1);
        ::pause();
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

TEST_CASE("pgbouncer leads to the server, with the passwords of the server's roles")
{
    PostgresServer server({.bouncer = true});
    CHECK(first_value(connect(server.bouncer_port()), "SELECT count(*) FROM pg_stat_activity WHERE pid = pg_backend_pid()") == "1");
}

TEST_CASE("a connection through the proxy breaks at the byte that was asked for, and waits while it is stalled")
{
    TcpProxy proxy(postgres().port());
    const Connection open = connect(proxy.port());
    CHECK(first_value(open, "SELECT 7") == "7");

    CHECK(proxy.command("stall") == "ok");
    REQUIRE(PQsendQuery(open.get(), "SELECT 8") == 1);
    pollfd answer{PQsocket(open.get()), POLLIN, 0};
    CHECK(::poll(&answer, 1, 100) == 0);
    CHECK(proxy.command("pass") == "ok");
    CHECK(::poll(&answer, 1, 60'000) == 1);
    while (PGresult* result = PQgetResult(open.get()))
        PQclear(result);

    CHECK(proxy.command("reset-after 10 down") == "ok");
    CHECK_THAT(first_value(open, "SELECT 9"), Catch::Contains("server closed the connection") || Catch::Contains("Connection reset"));

    CHECK(proxy.command("refuse") == "ok");
    CHECK(PQstatus(connect(proxy.port()).get()) == CONNECTION_BAD);
    CHECK(proxy.command("nonsense") == "unknown command 'nonsense'");
}

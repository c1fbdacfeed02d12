// The sink 'postgres': connections that are lost, servers that refuse, privileges, poolers.
#include "sink_parts.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <csignal>
#include <fstream>

using namespace test;

namespace {

const Schema numbers{{"id", Type::int64}, {"name", Type::utf8}};

OwnedArray numbered(std::int64_t from, std::int64_t count)
{
    Rows rows(numbers);
    for (std::int64_t i = from; i < from + count; ++i)
        rows.add(i, "row " + std::to_string(i));
    return rows.finish().value();
}

/// A connection to the same database by TCP, through whatever listens on `port`; the password stands in a file.
struct Distant {
    Distant(Warehouse& warehouse, int port, const std::string& more = "", const std::string& user = "jackfield")
    {
        const std::string file = folder.file("passwords");
        std::ofstream(file) << "*:*:*:jackfield:" << warehouse.database.server().password() << "\n*:*:*:reader:jf-reader\n";
        std::filesystem::permissions(file, std::filesystem::perms::owner_read);
        connection = std::make_unique<Instance>(POSTGRES_PLUGIN, JF_KIND_CONNECTION, "postgres", "{\"host\":\"127.0.0.1\",\"port\":" + std::to_string(port)
            + ",\"user\":\"" + user + "\",\"sslmode\":\"disable\",\"passfile\":\"" + file + "\",\"database\":\"" + warehouse.database.name() + "\"" + more + "}");
    }
    Instance sink(const std::string& config) { return {POSTGRES_PLUGIN, JF_KIND_SINK, "postgres", config, connection->raw()}; }
    Folder folder;
    std::unique_ptr<Instance> connection;
};

/// The backend that has rows of an open transaction in t.
constexpr const char* writing_backend = "SELECT pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 't' AND mode = 'RowExclusiveLock' LIMIT 1";

} // namespace

TEST_CASE("a backend that is terminated in its COPY is unavailable, and a new writer goes on from the last token")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"t"})");
    {
        Writing writing(sink);
        writing.acquire();
        writing.schema(numbers);
        writing.write(numbered(0, 10));
        CHECK(writing.commit("p10", 1) == JF_OK);
        writing.write(numbered(10, 40'000));
        CHECK(warehouse.wait_for("SELECT count(*) FROM (" + std::string(writing_backend) + ") AS s", "1"));
        warehouse.sql("SELECT pg_terminate_backend((" + std::string(writing_backend) + "))");
        CHECK_THROWS_WITH([&] { writing.write(numbered(60'000, 40'000)); writing.commit("late", 2); }(), Catch::StartsWith("-8: ")); // JF_E_UNAVAILABLE
    }
    Writing again(sink);
    CHECK(again.acquire() == "p10");
    again.schema(numbers);
    again.write(numbered(10, 5));
    CHECK(again.commit("p15", 2) == JF_OK);
    CHECK(warehouse.sql("SELECT count(*), max(id) FROM t") == "15|14");
}

TEST_CASE("a commit whose answer is lost ends as unknown and is settled by the row of its token")
{
    Warehouse warehouse;
    const bool lands = GENERATE(true, false);
    jackfield::test::TcpProxy proxy(warehouse.database.server().port());
    Distant distant(warehouse, proxy.port());
    Instance sink = distant.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(numbers);
    writing.write(numbered(0, 10));
    if (!lands) // a deferred trigger holds the COMMIT up until the connection is gone
        warehouse.sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.token = 'p10' THEN PERFORM pg_sleep(600); END IF; RETURN NULL; END$$; "
                      "CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON jackfield.progress DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()");
    if (lands) // the answer to the COPY passes, that to the COMMIT does not
        proxy.command("reset-after 25 down");
    std::thread cut([&] {
        if (!lands && warehouse.wait_for("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'", "1"))
            proxy.command("reset");
    });
    const jf_status status = writing.commit("p10", 1);
    cut.join();
    CHECK(status == JF_UNKNOWN);
    CHECK(writing.resolve("p10", 1) == (lands ? JF_LANDED : JF_ABSENT));
    writing.abort();
    writing.write(numbered(lands ? 10 : 0, lands ? 5 : 15));
    CHECK(writing.commit("p15", 2) == JF_OK); // under the fence that the host knows
    CHECK(warehouse.sql("SELECT count(*), count(DISTINCT id) FROM t") == "15|15");
}

TEST_CASE("a server that became read-only is unavailable, so that a retry finds the new primary")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(numbers);
    warehouse.sql("CREATE FUNCTION demoted() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'cannot execute COPY FROM in a read-only transaction' "
                  "USING ERRCODE = '25006'; END$$; CREATE TRIGGER demoted BEFORE INSERT ON t EXECUTE FUNCTION demoted()");
    CHECK_THROWS_WITH([&] { writing.write(numbered(0, 10)); writing.commit("p10", 1); }(), Catch::StartsWith("-8: ") && Catch::Contains("became read-only"));
}

TEST_CASE("check names what the user may not do, what is missing and what is to be made")
{
    Warehouse warehouse;
    const auto check = [&](const std::string& config) {
        Instance sink = warehouse.sink(config);
        return sink.findings();
    };
    CHECK(check(R"({"table":"t"})").find("it is made from the first rows") != std::string::npos);
    CHECK(check(R"({"table":"t","mode":"delete","key":["id"]})").find("create it") != std::string::npos);
    warehouse.sql("CREATE TABLE t (id bigint, name text)");
    CHECK(check(R"({"table":"t"})") == "[]");
    CHECK(check(R"({"table":"t","mode":"upsert","key":["id"]})").find("CREATE UNIQUE INDEX ON") != std::string::npos);
    CHECK(check(R"({"table":"t","mode":"upsert","key":["nix"]})").find("has no column 'nix'") != std::string::npos);
}

TEST_CASE("a table that is dropped while a writer is open is said to be missing")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"public.t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(numbers);
    warehouse.sql("DROP TABLE public.t");
    CHECK_THROWS_WITH([&] { writing.write(numbered(0, 10)); writing.commit("p", 1); }(), Catch::Contains("\"public.t\" does not exist"));
}

TEST_CASE("the sink works through pgbouncer in transaction mode, in every mode")
{
    Warehouse warehouse;
    jackfield::test::PostgresServer::Start start;
    start.bouncer = true;
    warehouse.database.server().add(start);
    Distant distant(warehouse, warehouse.database.server().bouncer_port(), ",\"pooler\":true");
    for (const char* config : {R"({"table":"a"})", R"({"table":"r","mode":"replace"})", R"({"table":"u","mode":"upsert","key":["id"]})"}) {
        Instance sink = distant.sink(config);
        Writing writing(sink, "g1", false, config);
        writing.acquire();
        writing.schema(numbers);
        for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
            writing.write(numbered(static_cast<std::int64_t>(epoch) * 100, 100));
            CHECK(writing.commit("p" + std::to_string(epoch), epoch, epoch == 3) == JF_OK);
        }
    }
    CHECK(warehouse.sql("SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM r), (SELECT count(*) FROM u)") == "300|300|300");
}

TEST_CASE("what a user may not do is denied with the name of the thing, and check says it before")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE t (id bigint, name text)");
    Distant distant(warehouse, warehouse.database.server().port(), "", "reader");
    Instance sink = distant.sink(R"({"table":"t"})");
    CHECK(sink.findings().find("'reader' may not INSERT on 't'") != std::string::npos);
    CHECK(sink.findings().find("'reader' may not make jackfield.progress") != std::string::npos);
    CHECK_THROWS_WITH(Writing(sink), Catch::StartsWith("-5: ") && Catch::Contains("permission denied"));
    Instance allowed = warehouse.sink(R"({"table":"x"})"); // makes the table of progress
    Writing(allowed).acquire();
    warehouse.sql("GRANT USAGE ON SCHEMA jackfield TO reader; GRANT SELECT, INSERT, UPDATE, DELETE ON jackfield.progress TO reader");
    Writing writing(sink);
    writing.acquire();
    writing.schema(numbers);
    CHECK_THROWS_WITH([&] { writing.write(numbered(0, 10)); writing.commit("p", 1); }(), Catch::StartsWith("-5: ") && Catch::Contains("permission denied for table t"));
}

TEST_CASE("a deadlock is worth trying again and is no row's fault")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE t (id bigint, name text); CREATE FUNCTION locked() RETURNS trigger LANGUAGE plpgsql AS "
                  "$$BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END$$; "
                  "CREATE TRIGGER locked BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION locked()");
    Instance sink = warehouse.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(numbers);
    CHECK_THROWS_WITH([&] { writing.write(numbered(0, 10)); writing.commit("p", 1); }(), Catch::StartsWith("-8: "));
    CHECK(sink.frame.refused.empty());
}

TEST_CASE("a process that is frozen and wakes after its successor has loaded the same rows stores nothing more")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE t (id bigint PRIMARY KEY, name text)");
    int report[2];
    REQUIRE(pipe(report) == 0);
    const pid_t zombie = fork();
    if (zombie == 0) { // works on a connection of its own, freezes in the middle, and says how it went on
        std::string said;
        try {
            Distant distant(warehouse, warehouse.database.server().port());
            Instance sink = distant.sink(R"({"table":"t"})");
            Writing writing(sink);
            writing.acquire();
            writing.schema(numbers);
            writing.write(numbered(0, 40'000));
            raise(SIGSTOP);
            writing.write(numbered(40'000, 10), 1);
            writing.commit("zombie", 1);
            said = "committed";
        } catch (const std::exception& error) {
            said = error.what();
        }
        (void)!write(report[1], said.data(), said.size());
        _exit(0);
    }
    close(report[1]);
    int status = 0;
    REQUIRE(waitpid(zombie, &status, WUNTRACED) == zombie);
    REQUIRE(WIFSTOPPED(status));
    Instance sink = warehouse.sink(R"({"table":"t"})");
    Writing successor(sink);
    successor.acquire();
    successor.schema(numbers);
    successor.write(numbered(0, 100));
    CHECK(successor.commit("p100", 1) == JF_OK);
    kill(zombie, SIGCONT);
    char said[512];
    const ssize_t size = read(report[0], said, sizeof said);
    close(report[0]);
    waitpid(zombie, &status, 0);
    CHECK_THAT(std::string(said, static_cast<std::size_t>(std::max<ssize_t>(size, 0))), Catch::StartsWith("-13: another writer took over"));
    CHECK(warehouse.sql("SELECT count(*) FROM t") == "100");
    successor.write(numbered(100, 5));
    CHECK(successor.commit("p105", 2) == JF_OK); // the zombie did not take anything back
}

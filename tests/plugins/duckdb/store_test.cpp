// The connection 'duckdb' and the task 'duckdb.sql'.
#include "duckdb_parts.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <fstream>
#include <thread>

using namespace test;

TEST_CASE("several connections of a process share the one instance of a file, and the last one closes it")
{
    Folder folder;
    const std::string file = folder.file("a.db");
    std::filesystem::create_symlink(file, folder.file("link.db"));
    {
        Store first(file), second(folder.file("link.db")), third(file);
        first.run("CREATE TABLE t AS SELECT 1 AS i");
        CHECK(second.ask("SELECT i FROM t") == R"({"i":1})");
        CHECK(third.ask("SELECT i FROM t") == R"({"i":1})");
    }
    CHECK_FALSE(std::filesystem::exists(file + ".wal")); // closed, so all of it is in the file
    Store again(file);
    CHECK(again.ask("SELECT i FROM t") == R"({"i":1})");
}

TEST_CASE("a database that cannot be opened is one clear sentence of the right class")
{
    Folder folder;
    const auto message = [](const std::string& path) -> std::string {
        Store store(path);
        try {
            return store.ask("SELECT 1 AS i");
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    };
    CHECK_THAT(message(folder.file("none/a.db")), Catch::StartsWith("-6: the folder '" + folder.path + "/none' of the database does not exist"));
    CHECK_THAT(message(folder.path), Catch::StartsWith("-2: '" + folder.path + "' is a folder"));
    std::ofstream(folder.file("text.db")) << std::string(20000, 'x');
    CHECK_THAT(message(folder.file("text.db")), Catch::StartsWith("-7: '" + folder.file("text.db") + "' is no database"));
    CHECK_THAT(message(folder.file("b.db") + "\",\"options\":{\"no_such_setting\":\"1\"},\"memory_limit\":\"1GB"),
        Catch::StartsWith("-2: DuckDB: ") && Catch::Contains("no_such_setting"));
}

TEST_CASE("a file that another process has open is unavailable, so it is tried again")
{
    Folder folder;
    int ready[2], done[2];
    REQUIRE(pipe(ready) == 0);
    REQUIRE(pipe(done) == 0);
    const pid_t child = fork();
    if (child == 0) {
        Store store(folder.file("a.db"));
        store.ask("SELECT 1 AS i");
        char go = 'r';
        (void)!write(ready[1], &go, 1);
        (void)!read(done[0], &go, 1);
        _exit(0);
    }
    char go;
    REQUIRE(read(ready[0], &go, 1) == 1);
    Store store(folder.file("a.db"));
    CHECK_THROWS_WITH(store.ask("SELECT 1 AS i"), Catch::StartsWith("-8: ") && Catch::Contains("is open in another process"));
    REQUIRE(write(done[1], &go, 1) == 1);
    int state = 0;
    REQUIRE(waitpid(child, &state, 0) == child);
    CHECK(store.ask("SELECT 1 AS i") == R"({"i":1})");
}

TEST_CASE("a query of a connection can read tables and nothing else")
{
    Folder folder;
    std::ofstream(folder.file("secret.csv")) << "a\n1\n";
    Store store(folder.file("a.db"));
    store.run("CREATE TABLE t AS SELECT range AS i FROM range(5000); CREATE SEQUENCE seq; CREATE VIEW v AS FROM t; CREATE TABLE \"odd.name\" (x INT)");
    CHECK(store.ask("SELECT count(*) AS n FROM v") == R"({"n":5000})");
    CHECK(store.ask("WITH c AS (SELECT max(i) AS m FROM t) SELECT m FROM c -- a remark") == R"({"m":4999})");
    CHECK(store.ask("SELECT count(*) AS n FROM \"odd.name\"") == R"({"n":0})");
    CHECK(store.ask("SELECT hugeint, id FROM (SELECT 170141183460469231731687303715884105::HUGEINT AS hugeint, "
                    "'3f333df6-90a4-4fda-8dd3-9485d27cee36'::UUID AS id)")
        == R"({"hugeint":170141183460469231731687303715884105,"id":"3f333df6-90a4-4fda-8dd3-9485d27cee36"})");
    for (const char* sql : {"INSERT INTO t VALUES (1)", "DROP TABLE t", "CREATE TABLE u (i INT)", "COPY t TO 'x.csv'", "ATTACH 'b.db'", "PRAGMA database_list",
             "SET threads = 1", "CHECKPOINT", "BEGIN", "EXPLAIN ANALYZE SELECT 1", "CALL pragma_version()", "INSTALL httpfs", "DELETE FROM t RETURNING *"})
        CHECK_THROWS_WITH(store.ask(sql), Catch::StartsWith("-5: "));
    for (const char* sql : {"SELECT nextval('seq')", "SELECT write_log('x')", "FROM checkpoint()", "SELECT * FROM enable_logging()", "SELECT * FROM query('SELECT 1')",
             "FROM duckdb_secrets()", "FROM arrow_scan(1, 2, 3)", "FROM jackfield_feed(1)", "SELECT (SELECT count(*) FROM read_text('/etc/passwd'))"})
        CHECK_THROWS_WITH(store.ask(sql), Catch::StartsWith("-5: the query calls"));
    CHECK_THROWS_WITH(store.ask("FROM '" + folder.file("secret.csv") + "'"), Catch::StartsWith("-5: the query reads"));
    CHECK_THROWS_WITH(store.ask("WITH a AS (FROM '" + folder.file("secret.csv") + "') FROM a"), Catch::StartsWith("-5: the query reads"));
    CHECK_THROWS_WITH(store.ask("SELECT 1; SELECT 2"), Catch::StartsWith("-2: ") && Catch::Contains("2 statements"));
    CHECK_THROWS_WITH(store.ask("SELEC 1"), Catch::StartsWith("-2: "));
    CHECK_THROWS_WITH(store.ask("SELECT nope FROM t"), Catch::StartsWith("-2: ") && Catch::Contains("nope"));
    CHECK(test::ask(store.connection, "SELECT i FROM t ORDER BY i", nullptr, 2) == R"({"i":0} {"i":1})");
}

TEST_CASE("parameters are bound with their types and never become SQL text")
{
    Folder folder;
    Store store(folder.file("a.db"));
    const Schema schema{{"a", Type::utf8}, {"b", Type::int64}, {"c", DataType::decimal(10, 2)}, {"d", DataType(Type::timestamp, Unit::micro, "UTC")}, {"e", Type::int32}};
    Rows rows(schema);
    rows.add("x'; DROP TABLE t; --", 42, static_cast<Int128>(1234), std::int64_t(1'700'000'000'000'000), nullptr);
    struct Once {
        Schema schema;
        OwnedArray batch;
    } once{schema, rows.finish().value()};
    ArrowArrayStream params{};
    params.private_data = &once;
    params.get_schema = [](ArrowArrayStream* s, ArrowSchema* out) { return export_schema(static_cast<Once*>(s->private_data)->schema, out) ? 0 : 1; };
    params.get_next = [](ArrowArrayStream* s, ArrowArray* out) { *out = static_cast<Once*>(s->private_data)->batch.release(); return 0; };
    params.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    params.release = [](ArrowArrayStream* s) { s->release = nullptr; };
    CHECK(test::ask(store.connection, "SELECT ? AS a, ? + 1 AS b, ? AS c, ? AS d, ? AS e", &params)
        == R"({"a":"x'; DROP TABLE t; --","b":43,"c":12.34,"d":"2023-11-14T22:13:20Z","e":null})");
    Rows bad(Schema{{"a", Type::utf8}});
    bad.add("not \xff UTF-8");
    once = {Schema{{"a", Type::utf8}}, bad.finish().value()};
    params.release = [](ArrowArrayStream* s) { s->release = nullptr; };
    CHECK_THROWS_WITH(test::ask(store.connection, "SELECT ? AS a", &params), Catch::StartsWith("-7: value 1 is text that is not UTF-8"));
    CHECK_THROWS_WITH(store.ask("SELECT ? AS a"), Catch::StartsWith("-2: the statement has 1 placeholders and was given 0"));
}

TEST_CASE("check and discover say what is there")
{
    Folder folder;
    Store store(folder.file("a.db"));
    store.run("CREATE SCHEMA shop; CREATE TABLE shop.orders (id BIGINT NOT NULL, name VARCHAR); CREATE VIEW names AS SELECT name FROM shop.orders");
    const auto& table = store.connection.table<jf_connection>();
    Bytes said, found;
    store.connection.check(table.check(store.connection.raw(), &store.connection.frame.call, &said.writer));
    CHECK_THAT(said.text, Catch::StartsWith(R"({"server":"DuckDB v)") && Catch::Contains(R"("tables":1)"));
    store.connection.check(table.discover(store.connection.raw(), &store.connection.frame.call, sdk::as_str("shop.%"), &found.writer));
    CHECK(found.text == R"([{"name":"shop.orders","kind":"table","columns":[{"name":"id","type":"BIGINT","nullable":false},{"name":"name","type":"VARCHAR","nullable":true}]}])");
}

TEST_CASE("duckdb.sql runs its statements in one transaction and answers the rows of the last")
{
    Store store(":memory:");
    CHECK(store.run("CREATE TABLE t (i INT, s VARCHAR); INSERT INTO t VALUES (?, ?), (2, 'b'); SELECT * FROM t ORDER BY i", R"(,"params":[1,"a"])")
        == R"({"changed":2,"rows":[{"i":1,"s":"a"},{"i":2,"s":"b"}],"more":false})");
    CHECK_THROWS_WITH(store.run("INSERT INTO t VALUES (3, 'c'); SELECT nope FROM t"), Catch::StartsWith("-2: ") && Catch::Contains("nope"));
    CHECK(store.ask("SELECT count(*) AS n FROM t") == R"({"n":2})"); // of the failed one nothing stays
    CHECK(store.run("FROM range(1000)", R"(,"max_rows":2)") == R"({"changed":0,"rows":[{"range":0},{"range":1}],"more":true})");
    CHECK_THROWS_WITH(store.run("SELECT 1", R"(,"params":[1])"), Catch::Contains("params has 1 values"));
}

TEST_CASE("a query in progress ends soon when the connection is interrupted")
{
    Store store(":memory:");
    std::thread stopper([&] {
        for (int i = 0; i < 200; ++i) { // until it is heard
            usleep(10'000);
            store.connection.interrupt();
        }
    });
    CHECK_THROWS_WITH(store.ask("SELECT count(*) AS n FROM range(100000) a, range(100000) b, range(1000) c WHERE a.range * b.range % 7 = c.range"),
        Catch::Contains("nterrupt"));
    stopper.join();
}

TEST_CASE("a library that is missing is named with the remedy")
{
    const pid_t child = fork(); // the library of this process is open already
    if (child == 0) {
        execl("/proc/self/exe", "duckdb_test", "[without-library]", nullptr);
        _exit(9);
    }
    int state = 0;
    REQUIRE(waitpid(child, &state, 0) == child);
    CHECK(WIFEXITED(state));
    CHECK(WEXITSTATUS(state) == 0);
}

TEST_CASE("with JACKFIELD_DUCKDB at a wrong place nothing is opened", "[.][without-library]")
{
    setenv("JACKFIELD_DUCKDB", "/nowhere/libduckdb.so", 1);
    Store store(":memory:");
    CHECK_THROWS_WITH(store.ask("SELECT 1 AS i"), Catch::StartsWith("-6: the DuckDB library was not found") && Catch::Contains("set JACKFIELD_DUCKDB"));
}

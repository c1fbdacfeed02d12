// The connection 'postgres': discover, query, check.
#include "source_parts.hpp"

#include <jackfield/sdk/arrow/stream.hpp>

#include <catch2/catch.hpp>

using namespace test;

namespace {

/// A stream of one row, as parameters are.
OwnedStream one_row(const Schema& schema, const std::function<void(BatchBuilder&)>& fill)
{
    auto batch = std::make_shared<OwnedArray>(batch_of(schema, fill));
    return make_stream(schema, [batch]() -> Result<OwnedArray> { return std::move(*batch); });
}

std::string discovered(Origin& origin, const std::string& pattern)
{
    Bytes out;
    auto& connection = origin.connection;
    connection.check(connection.table<jf_connection>().discover(connection.raw(), &connection.frame.call, sdk::as_str(pattern), &out.writer));
    return out.text;
}

} // namespace

TEST_CASE("discover lists what is there, with our types and what may be null")
{
    Origin origin;
    origin.sql(R"x(CREATE DOMAIN word AS text NOT NULL; CREATE TABLE "T 1" (i bigint PRIMARY KEY, n numeric(12,2), w word, at timestamptz NOT NULL, l int[]);
        CREATE VIEW v AS SELECT i FROM "T 1"; CREATE MATERIALIZED VIEW m AS SELECT 1::float8 AS f; CREATE TABLE p (d date) PARTITION BY RANGE (d); CREATE SCHEMA s;
        CREATE TABLE s."a.b" (x pg_lsn))x");
    CHECK(discovered(origin, "public.T 1")
        == R"x([{"name":"public.T 1","kind":"table","columns":[{"name":"i","type":"int64","nullable":false,"declared":"bigint"},)x"
           R"x({"name":"n","type":"decimal(12,2)","nullable":true,"declared":"numeric(12,2)"},{"name":"w","type":"utf8","nullable":false,"declared":"word"},)x"
           R"x({"name":"at","type":"timestamp(us, UTC)","nullable":false,"declared":"timestamp with time zone"},{"name":"l","type":"list<int32>","nullable":true,"declared":"integer[]"}]}])x");
    CHECK_THAT(discovered(origin, "v"), Catch::Contains(R"("kind":"view")"));
    CHECK_THAT(discovered(origin, "m"), Catch::Contains(R"("kind":"materialized view")"));
    CHECK_THAT(discovered(origin, "p"), Catch::Contains(R"("kind":"partitioned table")"));
    CHECK_THAT(discovered(origin, "s.%"), Catch::Contains(R"(s.\"a.b\")") && Catch::Contains(R"("type":"utf8")"));
    CHECK(discovered(origin, "'; DROP TABLE s.\"a.b\"; --") == "[]");
    CHECK(json::parse(discovered(origin, "")).as_array().size() == 5);
}

TEST_CASE("a query takes parameters of every scalar type")
{
    Origin origin;
    const Schema schema{{"a", Type::int64}, {"b", Type::utf8}, {"c", DataType::decimal(10, 2)}, {"d", {Type::timestamp, Unit::micro, "UTC"}}, {"e", Type::boolean},
        {"f", Type::float64}, {"g", Type::date32}, {"h", Type::binary}, {"i", Type::utf8}};
    OwnedStream params = one_row(schema, [](BatchBuilder& row) {
        row.column(0).append_i64(7);
        row.column(1).append_text("x'; DROP TABLE t; --");
        row.column(2).append_decimal(1250);
        row.column(3).append_i64(1709208000000001);
        row.column(4).append_bool(true);
        row.column(5).append_f64(0.1);
        row.column(6).append_i64(19782);
        row.column(7).append_text(std::string_view("\0\xff", 2));
        row.column(8).append_null();
        row.end_row();
    });
    ArrowArrayStream raw = params.release();
    CHECK(origin.answer("SELECT $1::bigint AS a, $2::text AS b, $3::numeric(10,2) AS c, $4::timestamptz AS d, $5::bool AS e, $6::float8 AS f, $7::date AS g, "
                        "encode($8::bytea, 'hex') AS h, $9::text AS i", &raw)
        == R"({"a":7,"b":"x'; DROP TABLE t; --","c":12.50,"d":"2024-02-29T12:00:00.000001Z","e":true,"f":0.1,"g":"2024-02-29","h":"00ff","i":null})");
}

TEST_CASE("a query that writes, or is more than one, is refused and changes nothing")
{
    Origin origin;
    origin.sql("CREATE TABLE t (i int); CREATE SEQUENCE seq; CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING i'; "
               "CREATE PROCEDURE proc() LANGUAGE sql AS 'INSERT INTO t VALUES (1)'");
    for (const char* sql : {"INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1) RETURNING i", "UPDATE t SET i = 2", "DELETE FROM t", "MERGE INTO t USING t AS s ON false WHEN NOT MATCHED THEN INSERT VALUES (1)",
             "TRUNCATE t", "CREATE TABLE u (i int)", "DROP TABLE t", "SELECT 1; SELECT 2", "SELECT 1; COMMIT; DROP TABLE t", "COPY t TO STDOUT", "COPY t FROM PROGRAM 'echo 1'",
             "COPY (SELECT 1) TO PROGRAM 'touch /dev/null'", "SELECT * FROM t FOR UPDATE", "SELECT * FROM t FOR SHARE", "SELECT writes()", "CALL proc()",
             "DO $$ BEGIN INSERT INTO t VALUES (1); END $$", "SELECT nextval('seq')", "SELECT setval('seq', 5)", "SET TRANSACTION READ WRITE", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
             "SELECT set_config('transaction_read_only', 'off', false), writes()", "WITH s AS (SELECT set_config('transaction_read_only', 'off', true)) SELECT writes() FROM s",
             "BEGIN", "COMMIT", "ROLLBACK", "WITH x AS (DELETE FROM t RETURNING i) SELECT * FROM x", "EXPLAIN ANALYZE DELETE FROM t", "EXPLAIN (ANALYZE) INSERT INTO t VALUES (1)", "SELECT 1 INTO u",
             "PREPARE p AS INSERT INTO t VALUES (1)", "EXECUTE p", "LISTEN x", "NOTIFY x", "VACUUM t", "LOCK t", "RESET ALL", "DISCARD ALL", "", ";", "-- x\n",
             "SELECT i FROM t) TO STDOUT; DROP TABLE t; --", "REFRESH MATERIALIZED VIEW x", "CREATE TEMP TABLE u (i int)", "DECLARE c CURSOR FOR SELECT 1", "FETCH c", "TABLE t FOR UPDATE"}) {
        INFO(sql);
        CHECK_THAT(origin.answer(sql), Catch::StartsWith("-") || Catch::Contains("read-only") || Catch::Contains("before any query"));
    }
    CHECK(origin.sql("SELECT count(*) FROM t") == "0");
    CHECK(origin.sql("SELECT is_called FROM seq") == "f");
    CHECK(origin.sql("SELECT to_regclass('u')::text") == "NULL");
    (void)origin.answer("SELECT lo_create(1)"); // PostgreSQL 15 lets a read-only transaction do that; it is rolled back
    CHECK(origin.sql("SELECT count(*) FROM pg_largeobject_metadata") == "0");
    CHECK(origin.answer("SELECT 1 AS a") == R"({"a":1})"); // the sessions are as good as new
}

TEST_CASE("what a query sets or locks in its session is gone when the next one comes")
{
    Origin origin(R"(,"pool":{"size":1,"overflow":0})");
    CHECK_THAT(origin.answer("SELECT set_config('search_path', 'evil', false) AS s, set_config('role', 'reader', false) AS r, pg_advisory_lock(1)::text AS l"), Catch::Contains("evil"));
    CHECK(origin.answer("SELECT current_setting('search_path') AS s, current_user::text AS u, (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') AS n")
        == R"({"s":"\"$user\", public","u":"jackfield","n":0})");
}

TEST_CASE("a query gives at most the rows asked for, as many as there are, and the session back")
{
    Origin origin(R"(,"pool":{"size":1,"overflow":0,"wait":"1s"})");
    CHECK(origin.answer("SELECT i FROM generate_series(1, 10) AS i ORDER BY i DESC", nullptr, 2) == R"({"i":10} {"i":9})");
    CHECK(origin.answer("TABLE pg_catalog.pg_am ORDER BY oid LIMIT 0").empty());
    CHECK(origin.answer("SHOW server_encoding") == R"({"server_encoding":"UTF8"})");
    CHECK_THAT(origin.answer("EXPLAIN SELECT 1"), Catch::Contains("Result"));
    const jf_query query{sizeof query, 0, sdk::as_str("SELECT i, repeat('x', 1000) AS s FROM generate_series(1, 100000) AS i"), nullptr, 0};
    for (int round = 0; round < 3; ++round) { // a stream that is dropped half way
        ArrowArrayStream out{};
        origin.connection.check(origin.connection.table<jf_connection>().query(origin.connection.raw(), &origin.connection.frame.call, &query, &out));
        OwnedStream stream(out);
        OwnedArray batch;
        REQUIRE(stream->get_next(stream.get(), batch.out()) == 0);
        CHECK(batch->length == 8192);
    }
    CHECK(origin.answer("SELECT 1 AS a") == R"({"a":1})");
}

TEST_CASE("a query that outlasts its call is ended at the server, and an interrupt ends it too")
{
    Origin origin;
    const std::string running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()";
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
    origin.connection.frame.call.deadline_ns = now + 300'000'000;
    CHECK_THAT(origin.answer("SELECT pg_sleep(600)::text"), Catch::Contains("timeout") || Catch::Contains("in time"));
    CHECK(origin.wait_for(running, "0"));
    origin.connection.frame.call.deadline_ns = INT64_MAX;
    std::thread other([&] {
        origin.wait_for(running, "1");
        origin.connection.interrupt();
    });
    CHECK_THAT(origin.answer("SELECT pg_sleep(600)::text"), Catch::Contains("cancel"));
    other.join();
    CHECK(origin.wait_for(running, "0"));
    origin.connection.interrupt(); // ends what is in progress, and nothing later
    CHECK(origin.answer("SELECT 1 AS a") == R"({"a":1})");
}

TEST_CASE("faults of a query are told as what they are")
{
    Origin origin;
    CHECK_THAT(origin.answer("SELECT x FROM nope"), Catch::StartsWith("-6: relation \"nope\" does not exist"));
    CHECK_THAT(origin.answer("SELEC 1"), Catch::StartsWith("-5: "));
    CHECK_THAT(origin.answer("SELECT 1 +"), Catch::StartsWith("-2: syntax error"));
    CHECK_THAT(origin.answer("SELECT $1::int"), Catch::StartsWith("-2: the statement has 1 parameters"));
    CHECK_THAT(origin.answer("SELECT 1 / (i - 50000) AS d FROM generate_series(1, 100000) AS i"), Catch::Contains("division by zero"));
    CHECK_THAT(origin.answer("SELECT * FROM pg_authid"), !Catch::StartsWith("-"));
}

TEST_CASE("check says who and where we are")
{
    Origin origin;
    Bytes out;
    auto& connection = origin.connection;
    connection.check(connection.table<jf_connection>().check(connection.raw(), &connection.frame.call, &out.writer));
    const json::object said = json::parse(out.text).as_object();
    CHECK_THAT(std::string(said.at("server").as_string()), Catch::StartsWith("PostgreSQL 1"));
    CHECK(said.at("user") == "jackfield");
    CHECK(said.at("role") == "primary");
    CHECK(said.at("superuser") == true);
    CHECK(said.at("read_only") == false);
}

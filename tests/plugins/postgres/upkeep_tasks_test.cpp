// The tasks 'postgres.refresh', 'postgres.index', 'postgres.reindex' and 'postgres.vacuum'.
#include "task_parts.hpp"

#include <postgres/aggregate_task.hpp>
#include <postgres/index_task.hpp>
#include <postgres/partition_task.hpp>
#include <postgres/refresh_task.hpp>
#include <postgres/sql_task.hpp>
#include <postgres/vacuum_task.hpp>

#include <catch2/catch.hpp>

using namespace test;
using postgres::AggregateTask;
using postgres::IndexTask;
using postgres::PartitionTask;
using postgres::RefreshTask;
using postgres::ReindexTask;
using postgres::SqlTask;
using postgres::VacuumTask;

namespace {

/// What a view's result says but for the time it took.
std::string said(const Ran& ran)
{
    std::string out;
    json::array views = json::parse(at(ran, "views")).as_array();
    for (json::value& view : views) {
        view.as_object().erase("ms");
        out += (out.empty() ? "" : " ") + json::serialize(view);
    }
    return out;
}

/// An invalid index, as one that is killed while it is made leaves it: a transaction that is open keeps it waiting.
void leave_invalid_index(TaskDatabase& db, const std::string& statement)
{
    const Other open(db, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; SELECT * FROM t LIMIT 1");
    Other builder(db, "SELECT 1");
    REQUIRE(PQsendQuery(builder.connection, statement.c_str()) == 1);
    REQUIRE(db.wait_for("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%' AND datname = current_database()", "1"));
    db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index WHERE datname = current_database()");
    REQUIRE(db.wait_for("SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()", "0"));
}

} // namespace

TEST_CASE("a view with a unique index is refreshed concurrently, one without plainly, which is said", "[postgres][refresh]")
{
    TaskDatabase db;
    db.sql(R"(CREATE TABLE t AS SELECT 1 AS a; CREATE MATERIALIZED VIEW "Odd ""v"";" AS SELECT a FROM t; CREATE UNIQUE INDEX ON "Odd ""v"";" (a); CREATE MATERIALIZED VIEW plain AS SELECT a FROM t;)"
           "CREATE UNIQUE INDEX ON plain ((a + 1)); CREATE UNIQUE INDEX ON plain (a) WHERE a > 0; INSERT INTO t VALUES (2)");
    const auto ran = run<RefreshTask>(db, R"({"views": ["\"Odd \"\"v\"\";\"", "plain"]})");
    CHECK(said(ran) == R"({"view":"public.\"Odd \"\"v\"\";\"","concurrently":true} {"view":"public.plain","concurrently":false,"reason":"it has no unique index over plain columns of all rows"})");
    CHECK(ran.log == "! 'public.plain' is refreshed plainly, so its readers wait: it has no unique index over plain columns of all rows\n");
    CHECK(db.sql(R"(SELECT (SELECT count(*) FROM "Odd ""v"";"), (SELECT count(*) FROM plain))") == "2|2");
}

TEST_CASE("a reader goes on while a view is refreshed concurrently", "[postgres][refresh]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t AS SELECT 1 AS a; CREATE MATERIALIZED VIEW v AS SELECT a FROM t; CREATE UNIQUE INDEX ON v (a)");
    const Other reader(db, "BEGIN; SELECT * FROM v");
    CHECK_FALSE(run<RefreshTask>(db, R"({"view": "v"})").error);
    const auto plainly = run<RefreshTask>(db, R"({"view": "v", "concurrently": false, "lock_timeout": "10ms"})");
    CHECK(plainly.error->kind == JF_E_UNAVAILABLE);
    CHECK_THAT(plainly.error->message, Catch::StartsWith("refreshing 'public.v': canceling statement due to lock timeout"));
}

TEST_CASE("a view that was never filled is filled plainly", "[postgres][refresh]")
{
    TaskDatabase db;
    db.sql("CREATE MATERIALIZED VIEW v AS SELECT 1 AS a WITH NO DATA; CREATE UNIQUE INDEX ON v (a)");
    CHECK(said(run<RefreshTask>(db, R"({"view": "v"})")) == R"({"view":"public.v","concurrently":false,"reason":"it has never been filled"})");
    CHECK(said(run<RefreshTask>(db, R"({"view": "v"})")) == R"({"view":"public.v","concurrently":true})");
}

TEST_CASE("views are refreshed after those that they read from, through plain views too", "[postgres][refresh]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t AS SELECT 1 AS a; CREATE MATERIALIZED VIEW one AS SELECT count(*) AS n FROM t; CREATE VIEW between AS SELECT n FROM one; "
           "CREATE MATERIALIZED VIEW two AS SELECT n FROM between; CREATE MATERIALIZED VIEW three AS SELECT n FROM two; INSERT INTO t VALUES (2)");
    const auto ran = run<RefreshTask>(db, R"({"views": ["three", "two", "public.one", "three"], "concurrently": false})");
    CHECK(said(ran) == R"({"view":"public.one","concurrently":false} {"view":"public.two","concurrently":false} {"view":"public.three","concurrently":false})");
    CHECK(db.sql("SELECT n FROM three") == "2");
}

TEST_CASE("what is no materialized view is refused before anything is refreshed", "[postgres][refresh]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t (a int)");
    CHECK(run<RefreshTask>(db, R"({"view": "nowhere"})").error->kind == JF_E_NOT_FOUND);
    CHECK(run<RefreshTask>(db, R"({"view": "t"})").error->kind == JF_E_CONFIG);
    CHECK(run<RefreshTask>(db, R"({})").error->where == "view");
}

TEST_CASE("an index is made once, concurrently, whatever the names are", "[postgres][index]")
{
    TaskDatabase db;
    db.sql(R"(CREATE TABLE "T;a""b" ("C d" int, e text))");
    const char* options = R"({"table": "\"T;a\"\"b\"", "columns": ["C d", "e"], "unique": true, "include": [], "where": "e <> '' -- odd"})";
    CHECK(at(run<IndexTask>(db, options), "done") == "\"created\"");
    CHECK(at(run<IndexTask>(db, options), "done") == "\"present\"");
    CHECK(db.sql("SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indrelid = '\"T;a\"\"b\"'::regclass")
        == R"(CREATE UNIQUE INDEX "T;a""b_C d_e_idx" ON public."T;a""b" USING btree ("C d", e) WHERE (e <> ''::text)|t)");
    CHECK(at(run<IndexTask>(db, R"j({"table": "T;a\"b", "keys": ["lower(e)", "\"C d\" DESC NULLS LAST"], "name": "by e", "method": "btree"})j"), "index") == R"("public.by e")");
}

TEST_CASE("writers go on while an index is made concurrently", "[postgres][index]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t (a int)");
    Other writer(db, "BEGIN; INSERT INTO t VALUES (1)");
    Ran ran;
    std::thread task([&] { ran = run<IndexTask>(db, R"({"table": "t", "columns": ["a"]})"); });
    CHECK(db.wait_for("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%' AND datname = current_database()", "1"));
    CHECK(db.sql("INSERT INTO t VALUES (2) RETURNING a") == "2");
    const auto rival = run<IndexTask>(db, R"({"table": "t", "columns": ["a"]})");
    CHECK(rival.error->kind == JF_E_UNAVAILABLE);
    CHECK_THAT(rival.error->message, Catch::Contains("is being made by another session"));
    writer.execute("COMMIT");
    task.join();
    CHECK(at(ran, "done") == "\"created\"");
}

TEST_CASE("an invalid index that a killed run left behind is dropped and made again", "[postgres][index]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t AS SELECT 1 AS a");
    leave_invalid_index(db, "CREATE INDEX CONCURRENTLY t_a_idx ON t (a)");
    REQUIRE(db.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a_idx'::regclass") == "f");
    const auto ran = run<IndexTask>(db, R"({"table": "t", "columns": ["a"]})");
    CHECK(at(ran, "done") == "\"recreated\"");
    CHECK_THAT(ran.log, Catch::Contains("! the index 'public.t_a_idx' is invalid"));
    CHECK(db.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a_idx'::regclass") == "t");
}

TEST_CASE("a unique index over rows that are not unique is a fault of the data and leaves nothing behind", "[postgres][index]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t AS SELECT 1 AS a FROM generate_series(1, 2)");
    const auto ran = run<IndexTask>(db, R"({"table": "t", "columns": ["a"], "unique": true})");
    CHECK(ran.error->kind == JF_E_DATA);
    CHECK(ran.error->code == "23505");
    CHECK(db.sql("SELECT to_regclass('t_a_idx')") == "NULL");
}

TEST_CASE("an index of that name which is another one is left alone", "[postgres][index]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t (a int, b int); CREATE TABLE u (a int); CREATE INDEX i ON t (b); CREATE INDEX j ON u (a); CREATE TABLE k ()");
    for (const char* name : {"i", "j", "k"}) {
        const auto ran = run<IndexTask>(db, std::string(R"({"table": "t", "columns": ["a"], "name": ")") + name + "\"}");
        CHECK(ran.error->kind == JF_E_CONFIG);
        CHECK_THAT(ran.error->message, Catch::EndsWith("drop it or choose another name"));
    }
    CHECK(run<IndexTask>(db, R"({"table": "nowhere", "columns": ["a"]})").error->kind == JF_E_NOT_FOUND);
    CHECK(run<IndexTask>(db, R"({"table": "t", "keys": ["a"]})").error->where == "name");
    CHECK(run<IndexTask>(db, R"({"table": "t"})").error->where == "columns");
}

TEST_CASE("an index on a partitioned table is made plainly, on every partition, which is said", "[postgres][index]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t (a int) PARTITION BY RANGE (a); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9)");
    const auto ran = run<IndexTask>(db, R"({"table": "t", "columns": ["a"]})");
    CHECK(at(ran, "done") == "\"created\"");
    CHECK_THAT(ran.log, Catch::Contains("! 'public.t' is partitioned"));
    CHECK(at(run<IndexTask>(db, R"({"table": "t", "columns": ["a"]})"), "done") == "\"present\"");
    CHECK(db.sql("SELECT count(*) FROM pg_index WHERE indrelid = 't1'::regclass") == "1");
}

TEST_CASE("a reindex builds anew and clears away what a killed one left", "[postgres][reindex]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t AS SELECT 1 AS a; CREATE INDEX \"My idx\" ON t (a)");
    leave_invalid_index(db, "REINDEX INDEX CONCURRENTLY \"My idx\"");
    REQUIRE(db.sql("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisvalid") == "1");
    const std::string before = db.sql("SELECT pg_relation_filenode('\"My idx\"')");
    const auto ran = run<ReindexTask>(db, R"({"index": "My idx"})");
    CHECK(at(ran, "leftovers") == R"(["public.My idx_ccnew"])");
    CHECK(db.sql("SELECT pg_relation_filenode('\"My idx\"')") != before);
    CHECK(db.sql("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass") == "1");
    CHECK(at(run<ReindexTask>(db, R"({"table": "t", "concurrently": false})"), "concurrently") == "false");
    CHECK(run<ReindexTask>(db, R"({"table": "My idx"})").error->kind == JF_E_NOT_FOUND);
    CHECK(run<ReindexTask>(db, R"({"index": "t"})").error->kind == JF_E_NOT_FOUND);
    CHECK(run<ReindexTask>(db, R"({})").error->where == "table");
}

TEST_CASE("a vacuum frees dead rows and gathers statistics, in full where it is told", "[postgres][vacuum]")
{
    TaskDatabase db;
    db.sql(R"(CREATE TABLE "T ;1" WITH (autovacuum_enabled = off) AS SELECT g AS a FROM generate_series(1, 10000) g; DELETE FROM "T ;1" WHERE a > 10)");
    CHECK(at(run<VacuumTask>(db, R"({"table": "T ;1"})"), "tables") == R"(["T ;1"])");
    CHECK(db.sql(R"(SELECT reltuples FROM pg_class WHERE relname = 'T ;1')") == "10");
    CHECK(db.sql("SELECT count(*) FROM pg_stats WHERE tablename = 'T ;1'") == "1");
    const std::string before = db.sql(R"(SELECT pg_relation_filenode('"T ;1"'))");
    CHECK_FALSE(run<VacuumTask>(db, R"({"tables": ["T ;1"], "full": true, "freeze": true, "analyze": false})").error);
    CHECK(db.sql(R"(SELECT pg_relation_filenode('"T ;1"'))") != before);
    CHECK(run<VacuumTask>(db, R"({"table": "nowhere"})").error->kind == JF_E_NOT_FOUND);
}

TEST_CASE("what a vacuum had to leave out is in its result", "[postgres][vacuum]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t (a int)");
    const Other other(db, "BEGIN; LOCK TABLE t");
    const auto ran = run<VacuumTask>(db, R"({"table": "t", "skip_locked": true})");
    CHECK_THAT(at(ran, "notices"), Catch::Contains("skipping vacuum of \\\"t\\\" --- lock not available"));
    CHECK_THAT(ran.log, Catch::StartsWith("! skipping"));
    CHECK(run<VacuumTask>(db, R"({"table": "t", "lock_timeout": "10ms"})").error->kind == JF_E_UNAVAILABLE);
}

TEST_CASE("the limits of a task are gone from the session that the next one is lent", "[postgres][vacuum]")
{
    TaskDatabase db(R"(,"lock_timeout":"7s")");
    db.sql("CREATE TABLE t (a int)");
    CHECK_FALSE(run<VacuumTask>(db, R"({"table": "t", "lock_timeout": "10s", "statement_timeout": "1m"})").error);
    const Frame frame;
    const auto session = db.connection->lend(sdk::Call(&frame.call), postgres::Role::primary);
    REQUIRE(session);
    const auto limits = (*session)->run(sdk::Call(&frame.call), "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')");
    REQUIRE(limits);
    CHECK(limits->text(0, 0) == "7s");
    CHECK(limits->text(0, 1) == "0");
}

TEST_CASE("every task works through a pooler in transaction mode", "[postgres][pooler]")
{
    auto& server = jackfield::test::postgres();
    server.add({.bouncer = true});
    TaskDatabase db(R"(,"pooler":true,"pool":{"size":2})", server.bouncer_port());
    db.sql("CREATE TABLE t AS SELECT now() AS at, 1 AS a; CREATE MATERIALIZED VIEW v AS SELECT a FROM t; CREATE UNIQUE INDEX ON v (a)");
    const char* limits = R"(, "lock_timeout": "5s", "statement_timeout": "30s"})";
    for (int turn = 0; turn < 2; ++turn) {
        CHECK(at(run<SqlTask>(db, std::string(R"j({"sql": "SELECT $1::int + a AS b FROM t; SHOW lock_timeout", "params": [1])j") + limits), "rows") == R"([{"lock_timeout":"5s"}])");
        CHECK_FALSE(run<AggregateTask>(db, std::string(R"({"table": "t", "target": "hourly", "time": "at", "bucket": "hour", "measures": {"n": {"count": "*"}})") + limits).error);
        CHECK(said(run<RefreshTask>(db, std::string(R"({"view": "v")") + limits)) == R"({"view":"public.v","concurrently":true})");
        const auto index = run<IndexTask>(db, std::string(R"({"table": "t", "columns": ["a"])") + limits);
        CHECK(at(index, "done") == (turn ? "\"present\"" : "\"created\""));
        CHECK_THAT(index.log, Catch::Contains("! through a pooler"));
        CHECK_FALSE(run<ReindexTask>(db, R"({"table": "t"})").error);
        CHECK_FALSE(run<VacuumTask>(db, R"({"table": "t"})").error);
        CHECK(run<PartitionTask>(db, R"({"table": "p", "every": "day", "keep": "2 days", "definition": "at timestamptz", "column": "at"})").result.at("made").as_array().size() == (turn ? 0 : 4));
        CHECK(at(run<SqlTask>(db, R"({"sql": "SHOW lock_timeout", "transaction": false})"), "rows") == R"([{"lock_timeout":"0"}])");
    }
}

// The task 'postgres.sql'.
#include "task_parts.hpp"

#include <postgres/sql_task.hpp>

#include <catch2/catch.hpp>
#include <libpq-fe.h>

using namespace test;
using postgres::SqlTask;

TEST_CASE("all statements are one transaction: the rows of one that fails are not there", "[postgres][sql]")
{
    TaskDatabase db;
    const auto ran = run<SqlTask>(db, R"j({"sql": "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2);\nINSERT INTO t VALUES (1/0)"})j");
    REQUIRE(ran.error);
    CHECK(ran.error->kind == JF_E_DATA);
    CHECK(ran.error->code == "22012");
    CHECK(ran.error->where == "sql[2]");
    CHECK_THAT(ran.error->message, Catch::Contains("division by zero (line 2 of the SQL)"));
    CHECK(db.sql("SELECT to_regclass('t')") == "NULL");
}

TEST_CASE("the result has what each statement changed and the rows of the last one, with their types", "[postgres][sql]")
{
    TaskDatabase db;
    const auto ran = run<SqlTask>(db, R"({"sql": "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, NULL); UPDATE t SET b = 'y' WHERE a = 1; SELECT a, b, a = 1 AS one, 1.50::numeric AS n, '{\"k\": [1]}'::jsonb AS j, 'NaN'::float8 AS f, date '2026-01-02' AS d FROM t ORDER BY a"})");
    CHECK(at(ran, "changed") == "3");
    CHECK(at(ran, "statements")
        == R"([{"command":"CREATE","rows":0},{"command":"INSERT","rows":2},{"command":"UPDATE","rows":1},{"command":"SELECT","rows":2}])");
    CHECK(at(ran, "rows")
        == R"([{"a":1,"b":"y","one":true,"n":1.5E0,"j":{"k":[1]},"f":"NaN","d":"2026-01-02"},{"a":2,"b":null,"one":false,"n":1.5E0,"j":{"k":[1]},"f":"NaN","d":"2026-01-02"}])");
    CHECK(at(ran, "more") == "false");
}

TEST_CASE("a last statement with more rows than are kept still runs to its end", "[postgres][sql]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE log (i int); CREATE FUNCTION note(i int) RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (i) RETURNING i'");
    const auto ran = run<SqlTask>(db, R"j({"sql": "SELECT note(i) AS i FROM generate_series(1, 500) AS g(i)", "max_rows": 2})j");
    CHECK(at(ran, "rows") == R"([{"i":1},{"i":2}])");
    CHECK(at(ran, "more") == "true");
    CHECK(at(ran, "statements") == R"([{"command":"SELECT","rows":500}])");
    CHECK_THAT(ran.log, Catch::Contains("! the result has more rows than are kept"));
    CHECK(db.sql("SELECT count(*) FROM log") == "500");
}

TEST_CASE("SELECT … INTO and a WITH that changes rows run as they are", "[postgres][sql]")
{
    TaskDatabase db;
    CHECK(at(run<SqlTask>(db, R"({"sql": "SELECT 7 AS a INTO t"})"), "rows") == "[]");
    CHECK(at(run<SqlTask>(db, R"({"sql": "WITH gone AS (DELETE FROM t RETURNING a) SELECT a FROM gone"})"), "rows") == R"([{"a":7}])");
    CHECK(db.sql("SELECT count(*) FROM t") == "0");
}

TEST_CASE("values are bound, whatever is in them, and shared by the statements", "[postgres][sql]")
{
    TaskDatabase db;
    const auto ran = run<SqlTask>(db, R"({"sql": "CREATE TABLE \"Odd; \"\"t\"\"\" (a text, b int, c bool, d jsonb); INSERT INTO \"Odd; \"\"t\"\"\" VALUES ($2, $1, $3, $4); SELECT * FROM \"Odd; \"\"t\"\"\" WHERE a = $2 AND $5::text IS NULL",
        "params": [7, "it's; DROP TABLE \"x\" --\\", true, {"k": 1}, null]})");
    CHECK(at(ran, "rows") == R"([{"a":"it's; DROP TABLE \"x\" --\\","b":7,"c":true,"d":{"k":1}}])");
}

TEST_CASE("placeholders and values that do not match are a fault of the flow", "[postgres][sql]")
{
    TaskDatabase db;
    const auto few = run<SqlTask>(db, R"({"sql": "SELECT $1::int, $2::int", "params": [1]})");
    CHECK(few.error->kind == JF_E_CONFIG);
    CHECK(few.error->message == "the statement has $2, params has 1 values");
    const auto many = run<SqlTask>(db, R"({"sql": "SELECT $1::int", "params": [1, 2]})");
    CHECK(many.error->message == "params has 2 values, the highest placeholder of the statements is $1");
    CHECK(run<SqlTask>(db, R"({"sql": " -- nothing\n"})").error->message == "there is no statement in the SQL");
}

TEST_CASE("a statement that ends the transaction of the task is an error", "[postgres][sql]")
{
    TaskDatabase db;
    const auto ran = run<SqlTask>(db, R"j({"sql": "CREATE TABLE t (); COMMIT; CREATE TABLE u ()"})j");
    CHECK(ran.error->kind == JF_E_CONFIG);
    CHECK(ran.error->where == "sql[1]");
    CHECK(db.sql("SELECT to_regclass('u')") == "NULL");
}

TEST_CASE("without a transaction statements run that refuse to be in one, and those before a failure stand", "[postgres][sql]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t (a int)");
    const auto ran = run<SqlTask>(db, R"({"sql": "CREATE INDEX CONCURRENTLY i ON t (a); VACUUM t; INSERT INTO t VALUES (1); SELECT 1/0", "transaction": false})");
    CHECK(ran.error->kind == JF_E_DATA);
    CHECK(db.sql("SELECT count(*), to_regclass('i') FROM t") == "1|i");
    const auto open = run<SqlTask>(db, R"j({"sql": "BEGIN; INSERT INTO t VALUES (2)", "transaction": false})j");
    CHECK_THAT(open.error->message, Catch::Contains("began a transaction and did not end it"));
    CHECK(db.sql("SELECT count(*) FROM t") == "1");
}

TEST_CASE("COPY from the client is refused, and the session works on", "[postgres][sql]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t (a int)");
    CHECK_THAT(run<SqlTask>(db, R"({"sql": "COPY t FROM STDIN"})").error->message, Catch::Contains("use a source or a sink"));
    CHECK_THAT(run<SqlTask>(db, R"({"sql": "COPY t TO STDOUT", "transaction": false})").error->message, Catch::Contains("use a source or a sink"));
    CHECK_FALSE(run<SqlTask>(db, R"({"sql": "SELECT 1"})").error);
}

TEST_CASE("a deadlock and a serialization failure are worth trying again, and so is a lock that does not come", "[postgres][sql]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t (a int)");
    const auto locked = [&](const char* task) {
        const Other other(db, "BEGIN; LOCK TABLE t");
        return run<SqlTask>(db, task);
    };
    const auto waited = locked(R"j({"sql": "INSERT INTO t VALUES (1)", "lock_timeout": "10ms"})j");
    CHECK(waited.error->kind == JF_E_UNAVAILABLE);
    CHECK(waited.error->code == "55P03");
    const auto late = locked(R"j({"sql": "INSERT INTO t VALUES (1)", "statement_timeout": "10ms"})j");
    CHECK(late.error->kind == JF_E_TIMEOUT);
    CHECK(run<SqlTask>(db, R"({"sql": "DO $$ BEGIN RAISE serialization_failure; END $$"})").error->kind == JF_E_UNAVAILABLE);
    CHECK(run<SqlTask>(db, R"({"sql": "DO $$ BEGIN RAISE deadlock_detected; END $$"})").error->kind == JF_E_UNAVAILABLE);
    CHECK(run<SqlTask>(db, R"({"sql": "SHOW lock_timeout"})").result.at("rows").as_array()[0].at("lock_timeout") == "0");
}

TEST_CASE("a killed backend: tried again in a transaction, but outside only if the statements are idempotent", "[postgres][sql]")
{
    TaskDatabase db;
    const std::string suicide = R"j("SELECT 1; SELECT pg_terminate_backend(pg_backend_pid()); SELECT pg_sleep(10)")j";
    const auto whole = run<SqlTask>(db, "{\"sql\":" + suicide + "}");
    CHECK(whole.error->kind == JF_E_UNAVAILABLE);
    CHECK(whole.error->code == "57P01");
    const auto single = run<SqlTask>(db, "{\"sql\":" + suicide + ",\"transaction\":false}");
    CHECK(single.error->kind == JF_E_FAILED);
    CHECK_THAT(single.error->message, Catch::Contains("statements before this one stand"));
    CHECK(run<SqlTask>(db, "{\"sql\":" + suicide + ",\"transaction\":false,\"idempotent\":true}").error->kind == JF_E_UNAVAILABLE);
    CHECK_FALSE(run<SqlTask>(db, R"({"sql": "SELECT 1"})").error);
}

namespace {

/// A table whose COMMIT waits for a lock that somebody else has.
constexpr const char* waiting_commit = "CREATE TABLE t (a int); CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$; "
                                    "CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()";
constexpr const char* committing = "FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event_type = 'Lock' AND datname = current_database()";

} // namespace

TEST_CASE("a commit whose answer is lost is looked up: what was committed is a success", "[postgres][sql]")
{
    jackfield::test::TcpProxy proxy(jackfield::test::postgres().port());
    TaskDatabase db("", proxy.port());
    db.sql(waiting_commit);
    const Other holder(db, "SELECT pg_advisory_lock(7)");
    std::string cut;
    std::thread cutter([&] {
        if (db.wait_for(std::string("SELECT count(*) ") + committing, "1"))
            cut = proxy.command("reset");
        holder.execute("SELECT pg_advisory_unlock(7)");
    });
    const auto ran = run<SqlTask>(db, R"j({"sql": "INSERT INTO t VALUES (1)"})j");
    cutter.join();
    CHECK(cut == "ok");
    CHECK_FALSE(ran.error);
    CHECK(db.sql("SELECT count(*) FROM t") == "1");
}

TEST_CASE("a backend that is killed in the middle of a commit: nothing was committed, so it is tried again", "[postgres][sql]")
{
    TaskDatabase db;
    db.sql(waiting_commit);
    const Other holder(db, "SELECT pg_advisory_lock(7)");
    bool killed = false;
    std::thread killer([&] {
        killed = db.wait_for(std::string("SELECT count(*) ") + committing, "1") && db.sql(std::string("SELECT pg_terminate_backend(pid) ") + committing) == "t";
    });
    const auto ran = run<SqlTask>(db, R"j({"sql": "INSERT INTO t VALUES (1)"})j");
    killer.join();
    CHECK(killed);
    REQUIRE(ran.error);
    CHECK(ran.error->kind == JF_E_UNAVAILABLE);
    CHECK(db.sql("SELECT count(*) FROM t") == "0");
}

TEST_CASE("a task that is cancelled ends its statement at the server", "[postgres][sql]")
{
    TaskDatabase db;
    Frame frame;
    std::thread canceller([&] {
        db.wait_for("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1000)%' AND state = 'active' AND pid <> pg_backend_pid()", "1");
        frame.stop = true;
    });
    const auto ran = run<SqlTask>(db, R"({"sql": "DO $$ BEGIN PERFORM pg_sleep(1000); END $$"})", frame);
    canceller.join();
    CHECK(ran.error->kind == JF_E_CANCELLED);
    CHECK(db.wait_for("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1000)%' AND state = 'active' AND pid <> pg_backend_pid()", "0"));
}

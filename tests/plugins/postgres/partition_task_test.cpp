// The task 'postgres.partition'.
#include "task_parts.hpp"

#include <postgres/partition_task.hpp>

#include <catch2/catch.hpp>

using namespace test;
using postgres::PartitionTask;

namespace {

constexpr const char* events = "CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, twice int GENERATED ALWAYS AS (2) STORED, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)";

std::string count(TaskDatabase& db, const std::string& parent = "events")
{
    return db.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = '" + parent + "'::regclass");
}

} // namespace

TEST_CASE("partitions are made for the present and ahead, once", "[postgres][partition]")
{
    TaskDatabase db;
    db.sql(events);
    const auto ran = run<PartitionTask>(db, R"({"table": "events", "every": "day", "ahead": 2})");
    CHECK(ran.result.at("made").as_array().size() == 3);
    CHECK(ran.result.at("made").as_array()[2].as_string() == db.sql("SELECT 'public.events_p' || to_char(now() AT TIME ZONE 'UTC' + INTERVAL '2 days', 'YYYYMMDD')"));
    CHECK(count(db) == "3");
    CHECK(at(run<PartitionTask>(db, R"({"table": "events", "every": "day", "ahead": 2})"), "made") == "[]");
    db.sql("INSERT INTO events (at) SELECT now() + g * INTERVAL '1 day' FROM generate_series(0, 2) g");
    CHECK(db.sql("SELECT count(*), count(DISTINCT tableoid), sum(twice), count(DISTINCT id) FROM events") == "3|3|6|3");
    CHECK(db.sql("SELECT count(*) FROM pg_index WHERE indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'events'::regclass)") == "3");
}

TEST_CASE("history gets its partitions, by days of the time zone and by months", "[postgres][partition]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE days (at timestamptz) PARTITION BY RANGE (at); CREATE TABLE \"Mon;ths\" (day date) PARTITION BY RANGE (day)");
    run<PartitionTask>(db, R"({"table": "days", "every": "day", "ahead": 0, "from": "2026-10-24 12:00+00", "time_zone": "Europe/Berlin"})");
    CHECK(db.sql("SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_class c WHERE relname IN ('days_p20261024', 'days_p20261025', 'days_p20261026') ORDER BY 1")
        == "days_p20261024|FOR VALUES FROM ('2026-10-23 22:00:00+00') TO ('2026-10-24 22:00:00+00')\n"
           "days_p20261025|FOR VALUES FROM ('2026-10-24 22:00:00+00') TO ('2026-10-25 23:00:00+00')\n"
           "days_p20261026|FOR VALUES FROM ('2026-10-25 23:00:00+00') TO ('2026-10-26 23:00:00+00')");
    run<PartitionTask>(db, R"({"table": "Mon;ths", "every": "3 months", "from": "2025-02-03"})");
    CHECK(db.sql("SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_class c WHERE relname = 'Mon;ths_p202501'") == "FOR VALUES FROM ('2025-01-01') TO ('2025-04-01')");
}

TEST_CASE("each hour has a partition, also the one that comes twice", "[postgres][partition]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE hours (at timestamptz) PARTITION BY RANGE (at)");
    const std::string from = db.sql("SELECT (date_trunc('hour', now()) - INTERVAL '30 hours')::text");
    const auto ran = run<PartitionTask>(db, R"({"table": "hours", "every": "hour", "ahead": 1, "time_zone": "Europe/Berlin", "from": ")" + from + "\"}");
    CHECK_FALSE(ran.error);
    CHECK(count(db, "hours") == "32");
    CHECK(db.sql("INSERT INTO hours SELECT now() - g * INTERVAL '15 minutes' FROM generate_series(0, 100) g RETURNING 1").size() == 201);
}

TEST_CASE("the parent is made if the flow says how", "[postgres][partition]")
{
    TaskDatabase db;
    CHECK(run<PartitionTask>(db, R"({"table": "e", "every": "day"})").error->kind == JF_E_NOT_FOUND);
    const char* options = R"({"table": "e", "every": "month", "definition": "\"At; x\" timestamp NOT NULL, b text -- odd", "column": "At; x"})";
    CHECK_FALSE(run<PartitionTask>(db, options).error);
    CHECK(count(db, "e") == "4");
    CHECK_FALSE(run<PartitionTask>(db, options).error);
    CHECK(run<PartitionTask>(db, R"({"table": "f", "every": "day", "definition": "a nonsense", "column": "a"})").error->where == "definition");
}

TEST_CASE("partitions behind are dropped, those the task did not make are left and named", "[postgres][partition]")
{
    TaskDatabase db;
    db.sql(events);
    run<PartitionTask>(db, R"({"table": "events", "every": "day", "ahead": 0, "from": ")" + db.sql("SELECT (now() - INTERVAL '5 days')::text") + "\"}");
    db.sql("CREATE TABLE archive PARTITION OF events FOR VALUES FROM ('2001-01-01') TO ('2002-01-01'); CREATE TABLE events_p20000101 (LIKE events)");
    const auto ran = run<PartitionTask>(db, R"({"table": "events", "every": "day", "ahead": 0, "keep": "2 days"})");
    CHECK(ran.result.at("dropped").as_array().size() == 3);
    CHECK(at(ran, "left") == R"(["public.archive"])");
    CHECK_THAT(ran.log, Catch::Contains("! the partition 'public.archive' has ended, but this task did not make it"));
    CHECK(count(db) == "4");
    CHECK(db.sql("SELECT to_regclass('events_p20000101')") == "events_p20000101");
    CHECK(db.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'events_p2%' AND relkind = 'r'") == "4");
}

TEST_CASE("with detach_only the tables stay", "[postgres][partition]")
{
    TaskDatabase db;
    db.sql(events);
    run<PartitionTask>(db, R"({"table": "events", "every": "month", "ahead": 0, "from": "2026-01-15"})");
    const auto ran = run<PartitionTask>(db, R"({"table": "events", "every": "month", "ahead": 0, "keep": "1 month", "detach_only": true})");
    CHECK(ran.result.at("detached").as_array()[0] == "public.events_p202601");
    CHECK(db.sql("SELECT relispartition FROM pg_class WHERE relname = 'events_p202601'") == "f");
    CHECK(at(run<PartitionTask>(db, R"({"table": "events", "every": "month", "ahead": 0, "keep": "1 month"})"), "dropped") == "[]");
}

TEST_CASE("beside a default partition things still work, and its rows are named or moved", "[postgres][partition]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE events (at timestamptz) PARTITION BY RANGE (at); CREATE TABLE \"rest ;\" PARTITION OF events DEFAULT; INSERT INTO events VALUES (now()), (now() - INTERVAL '90 days')");
    const auto stopped = run<PartitionTask>(db, R"({"table": "events", "every": "day"})");
    CHECK(stopped.error->kind == JF_E_DATA);
    CHECK_THAT(stopped.error->message, Catch::StartsWith("the default partition 'public.rest ;' holds rows from ") && Catch::Contains("move_default"));
    CHECK(count(db) == "1");
    CHECK_FALSE(run<PartitionTask>(db, R"({"table": "events", "every": "day", "move_default": true})").error);
    CHECK(db.sql("SELECT count(*) FROM events") == "2");
    CHECK(db.sql("SELECT count(*) FROM \"rest ;\"") == "1");
    run<PartitionTask>(db, R"({"table": "events", "every": "day", "from": "2026-01-01"})");
    CHECK(run<PartitionTask>(db, R"({"table": "events", "every": "day", "keep": "1 day"})").error.has_value() == false);
}

TEST_CASE("a run that was killed while it dropped a partition is finished by the next", "[postgres][partition]")
{
    TaskDatabase db;
    db.sql(events);
    run<PartitionTask>(db, R"({"table": "events", "every": "month", "ahead": 0, "from": "2026-01-15"})");
    const std::string before = count(db);
    {
        const Other reader(db, "BEGIN; SELECT * FROM events");
        Ran killed;
        std::thread task([&] { killed = run<PartitionTask>(db, R"({"table": "events", "every": "month", "ahead": 0, "keep": "6 months"})"); });
        REQUIRE(db.wait_for("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%CONCURRENTLY' AND wait_event_type = 'Lock' AND datname = current_database()", "1"));
        db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%CONCURRENTLY' AND wait_event_type = 'Lock' AND datname = current_database()");
        task.join();
        CHECK(killed.error->kind == JF_E_UNAVAILABLE);
        CHECK(db.sql("SELECT count(*) FROM pg_inherits WHERE inhdetachpending") == "1");
    }
    const auto ran = run<PartitionTask>(db, R"({"table": "events", "every": "month", "ahead": 0, "keep": "6 months"})");
    CHECK_FALSE(ran.error);
    CHECK(db.sql("SELECT to_regclass('events_p202601')") == "NULL");
    CHECK(db.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'events_p2%' AND relkind = 'r'") == count(db));
    CHECK(count(db) != before);
}

TEST_CASE("what does not fit is said with its place, and nothing is made", "[postgres][partition]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE plain (at date); CREATE TABLE byhash (at date) PARTITION BY HASH (at); CREATE TABLE bynumber (a int) PARTITION BY RANGE (a); "
           "CREATE TABLE bytwo (a date, b date) PARTITION BY RANGE (a, b); CREATE TABLE bydate (at date) PARTITION BY RANGE (at); CREATE TABLE t (at date) PARTITION BY RANGE (at)");
    const auto fault = [&](const std::string& options) {
        const auto ran = run<PartitionTask>(db, options);
        return ran.error ? std::to_string(ran.error->kind == JF_E_CONFIG) + " " + ran.error->where + ": " + ran.error->message : "none";
    };
    for (const char* table : {"plain", "byhash", "bytwo"})
        CHECK_THAT(fault(std::string(R"({"every": "day", "table": ")") + table + "\"}"), Catch::StartsWith("1 table: ") && Catch::EndsWith("is not partitioned by ranges of one column"));
    CHECK_THAT(fault(R"({"table": "bynumber", "every": "day"})"), Catch::Contains("is of type integer and no time"));
    CHECK_THAT(fault(R"({"table": "bydate", "every": "hour"})"), Catch::StartsWith("1 every: "));
    CHECK_THAT(fault(R"({"table": "bydate", "every": "day", "time_zone": "Mars"})"), Catch::StartsWith("1 time_zone: "));
    CHECK_THAT(fault(R"({"table": "bydate", "every": "day", "from": "the other day"})"), Catch::StartsWith("1 from: "));
    CHECK_THAT(fault(R"({"table": "bydate", "every": "day", "keep": "a while"})"), Catch::StartsWith("1 keep: "));
    CHECK_THAT(fault(R"({"table": "bydate", "every": "day", "column": "at"})"), Catch::StartsWith("1 definition: "));

    run<PartitionTask>(db, R"({"table": "t", "every": "week"})");
    CHECK(fault(R"({"table": "t", "every": "day", "ahead": 0})") == "none");
    CHECK_THAT(fault(R"({"table": "t", "every": "month"})"), Catch::StartsWith("1 every: the partition 'public.t_p") && Catch::Contains("reaches into"));
    db.sql("CREATE TABLE " + db.sql("SELECT 'bydate_p' || to_char(now(), 'YYYYMMDD')") + " ()");
    CHECK_THAT(fault(R"({"table": "bydate", "every": "day"})"), Catch::StartsWith("1 table: there is a table 'public.bydate_p"));
    CHECK(count(db, "bydate") == "0");
}

// The task 'postgres.aggregate'.
#include "task_parts.hpp"

#include <postgres/aggregate_task.hpp>

#include <catch2/catch.hpp>

#include <atomic>

using namespace test;
using postgres::AggregateTask;

namespace {

/// Orders of the second of January 2026, in UTC.
constexpr const char* orders = "CREATE TABLE orders (at timestamptz, region text, buyer int, amount numeric(12,2)); "
                               "INSERT INTO orders VALUES ('2026-01-02 10:05Z', 'north', 1, 10), ('2026-01-02 10:55Z', 'north', 1, 20), ('2026-01-02 10:30Z', 'south', 2, 5), "
                               "('2026-01-02 11:00Z', 'north', 3, 1), ('2026-01-02 12:59Z', NULL, 4, 2)";

/// An hourly aggregate by region with `more` options.
std::string hourly(const std::string& more = "")
{
    return R"({"table": "orders", "target": "hourly", "time": "at", "bucket": "hour", "dimensions": ["region"],
        "measures": {"orders": {"count": "*"}, "revenue": {"sum": "amount"}})" + more + "}";
}

constexpr const char* target = "SELECT to_char(bucket AT TIME ZONE 'UTC', 'HH24:MI'), region, orders, revenue FROM hourly ORDER BY bucket, region";

/// The aggregate as one statement over everything, as a second opinion.
constexpr const char* truth = "SELECT to_char(date_trunc('hour', at) AT TIME ZONE 'UTC', 'HH24:MI'), region, count(*), sum(amount) FROM orders GROUP BY date_trunc('hour', at), region "
                              "ORDER BY date_trunc('hour', at), region";

} // namespace

TEST_CASE("the first run makes the table with its key and fills it, NULL being a dimension like any other", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    const auto ran = run<AggregateTask>(db, hourly());
    CHECK(at(ran, "rows") == "4");
    CHECK(at(ran, "buckets") == "3");
    CHECK(at(ran, "inserted") == "4");
    CHECK(at(ran, "first") == "\"2026-01-02T10:00:00+00:00\"");
    CHECK(db.sql(target) == "10:00|north|2|30.00\n10:00|south|1|5.00\n11:00|north|1|1.00\n12:00|NULL|1|2.00");
    CHECK(db.sql("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'hourly'::regclass") == "UNIQUE NULLS NOT DISTINCT (bucket, region)");
}

TEST_CASE("a run without new rows changes nothing", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    run<AggregateTask>(db, hourly());
    const std::string before = db.sql("SELECT string_agg(xmin::text || ctid::text, ' ' ORDER BY ctid) FROM hourly");
    const auto again = run<AggregateTask>(db, hourly(R"(,"look_back": "1d")"));
    CHECK(at(again, "rows") == "4");
    CHECK(at(again, "inserted") == "0");
    CHECK(at(again, "updated") == "0");
    CHECK(at(again, "deleted") == "0");
    CHECK(db.sql("SELECT string_agg(xmin::text || ctid::text, ' ' ORDER BY ctid) FROM hourly") == before);
}

TEST_CASE("late, changed and deleted rows within the look-back are healed, those before it are not looked at", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    run<AggregateTask>(db, hourly());
    db.sql("INSERT INTO orders VALUES ('2026-01-02 10:59Z', 'north', 9, 100), ('2026-01-02 11:10Z', 'east', 9, 7), ('2026-01-02 13:00Z', 'north', 9, 3); "
           "UPDATE orders SET amount = 50 WHERE at = '2026-01-02 12:59Z'; DELETE FROM orders WHERE at = '2026-01-02 11:00Z'");
    const auto ran = run<AggregateTask>(db, hourly(R"(,"look_back": "1h")"));
    CHECK(at(ran, "from") == "\"2026-01-02T11:00:00+00:00\"");
    CHECK(at(ran, "inserted") == "2");
    CHECK(at(ran, "updated") == "1");
    CHECK(at(ran, "deleted") == "1");
    CHECK(db.sql(target) == "10:00|north|2|30.00\n10:00|south|1|5.00\n11:00|east|1|7.00\n12:00|NULL|1|50.00\n13:00|north|1|3.00");

    CHECK(at(run<AggregateTask>(db, hourly(R"(,"look_back": "1d")")), "updated") == "1");
    CHECK(db.sql(target) == db.sql(truth));
}

TEST_CASE("a row from the future does not keep later runs from looking at the present", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    db.sql("INSERT INTO orders VALUES ('2999-01-01 00:00Z', 'north', 1, 1), ('infinity', 'north', 1, 1), (NULL, 'north', 1, 1)");
    run<AggregateTask>(db, hourly());
    db.sql("INSERT INTO orders VALUES ('2026-01-02 12:10Z', 'west', 1, 1), ('2026-01-05 00:00Z', 'west', 1, 1)");
    CHECK(at(run<AggregateTask>(db, hourly()), "inserted") == "2");
    CHECK(db.sql("SELECT count(*) FROM hourly WHERE bucket > '2900-01-01' AND bucket < 'infinity'") == "1");
    CHECK(db.sql("SELECT count(*) FROM hourly WHERE NOT isfinite(bucket)") == "0");
}

TEST_CASE("a rebuild computes everything anew, and leaves buckets alone whose rows were dropped on purpose", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    run<AggregateTask>(db, hourly());
    db.sql("UPDATE hourly SET orders = 99; DELETE FROM orders WHERE at < '2026-01-02 11:00Z'");
    const auto ran = run<AggregateTask>(db, hourly(R"(,"rebuild": true)"));
    CHECK(at(ran, "rebuilt") == "true");
    CHECK(at(ran, "from") == "\"2026-01-02T11:00:00+00:00\"");
    CHECK(db.sql(target) == "10:00|north|99|30.00\n10:00|south|99|5.00\n11:00|north|1|1.00\n12:00|NULL|1|2.00");
    CHECK(at(run<AggregateTask>(db, hourly(R"(,"rebuild": true, "keep_older": false)")), "deleted") == "2");
    CHECK(db.sql(target) == db.sql(truth));

    db.sql("TRUNCATE orders");
    CHECK(at(run<AggregateTask>(db, hourly(R"(,"rebuild": true)")), "deleted") == "0");
    CHECK(at(run<AggregateTask>(db, hourly(R"(,"rebuild": true, "keep_older": false)")), "deleted") == "2");
}

TEST_CASE("a run that starts anew, as --full-refresh makes it, is a rebuild", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    run<AggregateTask>(db, hourly());
    db.sql("UPDATE orders SET amount = 0");
    CHECK(at(run<AggregateTask>(db, hourly()), "updated") == "1");
    Frame frame;
    CHECK(at(run<AggregateTask>(db, hourly(), frame, {.generation = "run 7"}), "updated") == "3");
    CHECK(db.sql(target) == db.sql(truth));
}

TEST_CASE("all measures, each with rows of its own", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    db.sql("CREATE VIEW seen AS SELECT *, at AS t FROM orders");
    const auto ran = run<AggregateTask>(db, R"({"table": "seen", "target": "daily", "time": "t", "bucket": "1 day", "bucket_column": "day", "where": "amount > 1 -- not 1\n",
        "measures": {"n": {"count": "*"}, "named": {"count": "region"}, "buyers": {"distinct": "buyer"}, "total": {"sum": "amount"}, "mean": {"avg": "amount"}, "least": {"min": "amount"},
        "most": {"max": "amount"}, "median": {"percentile": "amount", "at": 0.5}, "p90": {"percentile": "amount", "at": 0.9}, "north": {"sum": "amount", "where": "region = 'north'"}}})");
    CHECK(at(ran, "rows") == "1");
    CHECK(db.sql("SELECT n, named, buyers, total, round(mean, 2), least, most, median, round(p90::numeric, 2), north FROM daily") == "4|3|3|37.00|9.25|2.00|20.00|7.5|17.00|30.00");
    CHECK(db.sql("SELECT conname, contype FROM pg_constraint WHERE conrelid = 'daily'::regclass") == "daily_pkey|p");
}

TEST_CASE("days are those of the time zone, also when they have 23 or 25 hours", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t AS SELECT g AS at FROM generate_series('2026-03-28 00:00Z'::timestamptz, '2026-03-30 12:00Z', '30 minutes') g "
           "UNION ALL SELECT g FROM generate_series('2026-10-24 00:00Z'::timestamptz, '2026-10-26 12:00Z', '30 minutes') g");
    const auto by = [&](const std::string& bucket, const std::string& table) {
        run<AggregateTask>(db, R"({"table": "t", "target": ")" + table + R"(", "time": "at", "time_zone": "Europe/Berlin", "bucket": ")" + bucket + R"(", "measures": {"n": {"count": "*"}}})");
    };
    by("day", "days");
    CHECK(db.sql("SELECT bucket AT TIME ZONE 'Europe/Berlin', n FROM days WHERE n NOT IN (1) ORDER BY 1")
        == "2026-03-28 00:00:00|46\n2026-03-29 00:00:00|46\n2026-03-30 00:00:00|29\n2026-10-24 00:00:00|44\n2026-10-25 00:00:00|50\n2026-10-26 00:00:00|27");
    by("hour", "hours");
    CHECK(db.sql("SELECT count(*), min(n), max(n) FROM hours WHERE bucket BETWEEN '2026-10-24 22:00Z' AND '2026-10-25 22:00Z'") == "25|2|2");
    by("6 hours", "quarters");
    CHECK(db.sql("SELECT to_char(bucket AT TIME ZONE 'Europe/Berlin', 'DD HH24'), n FROM quarters WHERE bucket >= '2026-10-24 22:00Z' AND bucket < '2026-10-25 23:00Z' ORDER BY bucket")
        == "25 00|14\n25 06|12\n25 12|12\n25 18|12");
    CHECK(db.sql("SELECT to_char(bucket AT TIME ZONE 'Europe/Berlin', 'DD HH24'), n FROM quarters WHERE bucket >= '2026-03-28 23:00Z' AND bucket < '2026-03-29 22:00Z' ORDER BY bucket")
        == "29 00|10\n29 06|12\n29 12|12\n29 18|12");
}

TEST_CASE("an increment gives what the whole gives, at each hour around a change of the clock", "[postgres][aggregate]")
{
    TaskDatabase db;
    for (const char* bucket : {"15 minutes", "hour", "2 hours", "6 hours", "day", "week", "month"}) {
        db.sql("DROP TABLE IF EXISTS t, increments, whole; CREATE TABLE t (at timestamptz)");
        const std::string options = R"(", "time": "at", "time_zone": "Europe/Berlin", "bucket": ")" + std::string(bucket) + R"(", "measures": {"n": {"count": "*"}}})";
        for (int hour = 0; hour < 8; ++hour) {
            db.sql("INSERT INTO t SELECT '2026-10-24 21:00Z'::timestamptz + " + std::to_string(hour) + " * INTERVAL '1 hour' + g * INTERVAL '10 minutes' FROM generate_series(0, 5) g");
            CHECK_FALSE(run<AggregateTask>(db, R"({"table": "t", "target": "increments)" + options).error);
        }
        CHECK_FALSE(run<AggregateTask>(db, R"({"table": "t", "target": "whole)" + options).error);
        CAPTURE(bucket);
        CHECK(db.sql("SELECT * FROM increments ORDER BY 1") == db.sql("SELECT * FROM whole ORDER BY 1"));
        CHECK(db.sql("SELECT sum(n) FROM increments") == "48");
    }
}

TEST_CASE("buckets of minutes, weeks and quarters begin where people expect them", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE t AS SELECT '2026-05-14 10:44:59'::timestamp AS at, '2026-05-14'::date AS day");
    const auto bucket = [&](const std::string& column, const std::string& width) {
        db.sql("DROP TABLE IF EXISTS b");
        run<AggregateTask>(db, R"({"table": "t", "target": "b", "time": ")" + column + R"(", "bucket": ")" + width + R"(", "measures": {"n": {"count": "*"}}})");
        return db.sql("SELECT bucket FROM b");
    };
    CHECK(bucket("at", "15 minutes") == "2026-05-14 10:30:00");
    CHECK(bucket("at", "30 seconds") == "2026-05-14 10:44:30");
    CHECK(bucket("at", "week") == "2026-05-11 00:00:00");
    CHECK(bucket("at", "quarter") == "2026-04-01 00:00:00");
    CHECK(bucket("at", "6 months") == "2026-01-01 00:00:00");
    CHECK(bucket("day", "week") == "2026-05-11");
    CHECK(bucket("day", "year") == "2026-01-01");
}

TEST_CASE("names with quotes, blanks, capitals and semicolons are names", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(R"(CREATE SCHEMA "Odd ;s"; CREATE TABLE "Odd ;s"."Or""ders" ("At; --" timestamptz, "Re""gion ;" text, "Amo'unt" int); INSERT INTO "Odd ;s"."Or""ders" VALUES ('2026-01-02 10:05Z', 'n', 7))");
    const auto ran = run<AggregateTask>(db, R"({"table": "\"Odd ;s\".\"Or\"\"ders\"", "target": "\"Odd ;s\".\"Hour'ly; DROP\"", "time": "At; --", "bucket": "hour", "bucket_column": "Bu\"cket",
        "dimensions": ["Re\"gion ;"], "measures": {"To\"tal; %s $1": {"sum": "Amo'unt"}}})");
    CHECK(at(ran, "inserted") == "1");
    CHECK(db.sql(R"(SELECT "Re""gion ;", "To""tal; %s $1" FROM "Odd ;s"."Hour'ly; DROP")") == "n|7");
    CHECK(at(run<AggregateTask>(db, R"({"query": "SELECT now() - interval '1 h' AS \"Now\" -- odd", "target": "jackfield fresh", "time": "Now", "bucket": "hour", "measures": {"n": {"count": "*"}}})"), "inserted") == "1");
}

TEST_CASE("a measure that is new in the flow is added and all buckets are computed anew", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    run<AggregateTask>(db, hourly());
    const auto ran = run<AggregateTask>(db, R"({"table": "orders", "target": "hourly", "time": "at", "bucket": "hour", "dimensions": ["region"],
        "measures": {"orders": {"count": "*"}, "revenue": {"sum": "amount"}, "buyers": {"distinct": "buyer"}}})");
    CHECK(at(ran, "rebuilt") == "true");
    CHECK_THAT(ran.log, Catch::Contains("lacked measures"));
    CHECK(db.sql("SELECT sum(buyers), count(*) FILTER (WHERE buyers IS NULL) FROM hourly") == "4|0");
}

TEST_CASE("what is wrong with source, target or options is said with its place", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    db.sql("CREATE TABLE keyless (bucket timestamptz, region text, orders bigint, revenue numeric); "
           "CREATE TABLE nulls (bucket timestamptz, region text, orders bigint, revenue numeric, UNIQUE (bucket, region)); CREATE TABLE other (a int)");
    const auto fault = [&](std::string options, const std::string& from, const std::string& to) {
        options.replace(options.find(from), from.size(), to);
        const auto ran = run<AggregateTask>(db, options);
        return ran.error ? std::to_string(ran.error->kind == JF_E_CONFIG || ran.error->kind == JF_E_NOT_FOUND) + " " + ran.error->where + ": " + ran.error->message : "none";
    };
    CHECK_THAT(fault(hourly(), "\"hourly\"", "\"keyless\""), Catch::StartsWith("1 target: the table 'public.keyless' has no unique key over bucket and region"));
    CHECK_THAT(fault(hourly(), "\"hourly\"", "\"nulls\""), Catch::Contains("takes NULLs for different"));
    CHECK_THAT(fault(hourly(), "\"hourly\"", "\"other\""), Catch::Contains("has no column 'bucket'"));
    CHECK_THAT(fault(hourly(), "\"orders\", \"target\"", "\"ordres\", \"target\""), Catch::StartsWith("1 table: relation \"ordres\" does not exist"));
    CHECK(fault(hourly(), "\"at\"", "\"att\"") == "1 time: the source has no column 'att'; it has at, region, buyer and amount");
    CHECK_THAT(fault(hourly(), "\"at\"", "\"buyer\""), Catch::StartsWith("1 time: the column 'buyer' is of type int"));
    CHECK_THAT(fault(hourly(), "\"region\"", "\"reg\""), Catch::StartsWith("1 dimensions: the source has no column 'reg'"));
    CHECK_THAT(fault(hourly(), "\"amount\"", "\"mount\""), Catch::StartsWith("1 measures.revenue: the source has no column 'mount'"));
    CHECK_THAT(fault(hourly(R"(,"time_zone": "Mars/Olympus")"), "\"hour\"", "\"hour\""), Catch::StartsWith("1 time_zone: the server knows no time zone"));
    CHECK_THAT(fault(hourly(), "\"hour\"", "\"7 minutes\""), Catch::StartsWith("1 bucket: "));
    CHECK_THAT(fault(hourly(), "\"revenue\"", "\"region\""), Catch::StartsWith("1 measures: the target would have two columns 'region'"));
    CHECK_THAT(fault(hourly(), "{\"count\": \"*\"}", "{\"count\": \"*\", \"sum\": \"amount\"}"), Catch::StartsWith("1 measures.orders: a measure has one of"));
    CHECK(db.sql("SELECT to_regclass('hourly')") == "NULL");
}

TEST_CASE("two runs into one target wait for each other, and a run that is killed leaves nothing half done", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    run<AggregateTask>(db, hourly());
    TaskDatabase rival("", 0, db.database);
    db.sql("INSERT INTO orders SELECT '2026-01-02 12:00Z'::timestamptz + g * INTERVAL '1 second', 'north', g, 1 FROM generate_series(1, 500) g");
    const Other reader(db, "BEGIN; LOCK TABLE hourly IN SHARE MODE"); // keeps the first run within its transaction
    Ran first, second;
    std::thread one([&] { first = run<AggregateTask>(db, hourly()); });
    REQUIRE(db.wait_for("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()", "1"));
    CHECK(db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") == "t");
    one.join();
    CHECK(first.error->kind == JF_E_UNAVAILABLE);

    std::thread two([&] { first = run<AggregateTask>(db, hourly()); });
    REQUIRE(db.wait_for("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "1"));
    std::thread three([&] { second = run<AggregateTask>(rival, hourly()); });
    REQUIRE(db.wait_for("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "1"));
    reader.execute("COMMIT");
    two.join();
    three.join();
    CHECK(at(first, "updated") == "0");
    CHECK(at(first, "inserted") == "1");
    CHECK(at(second, "inserted") == "0");
    CHECK(at(second, "updated") == "0");
    CHECK(db.sql(target) == db.sql(truth));
}

TEST_CASE("a target with many dimensions is brought up to date without comparing every row with every other", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql("CREATE TABLE orders AS SELECT '2026-01-02 10:00Z'::timestamptz AS at, CASE WHEN g % 1000 > 0 THEN g::text END AS region, 1 AS amount FROM generate_series(1, 30000) g");
    run<AggregateTask>(db, hourly());
    db.sql("DELETE FROM orders WHERE region LIKE '1%'");
    const auto ran = run<AggregateTask>(db, hourly(R"(,"statement_timeout": "60s")"));
    CHECK(at(ran, "deleted") == db.sql("SELECT 29970 + 1 - (SELECT count(*) FROM hourly)"));
    CHECK(at(ran, "inserted") == "0");
    CHECK(db.sql("SELECT count(*) FROM hourly") == db.sql("SELECT count(DISTINCT coalesce(region, '')) FROM orders"));
}

TEST_CASE("killed over and over under writers, the target is never half done and ends up right", "[postgres][aggregate]")
{
    TaskDatabase db;
    db.sql(orders);
    const std::string options = hourly(R"(,"look_back": "1d")");
    const std::string ours = " FROM pg_stat_activity WHERE application_name = 'jackfield' AND datname = current_database()";
    std::atomic<bool> over{false};
    std::atomic<int> killed{0};
    // Kills whatever the task is at, as soon as it is seen to be at something; every run is hit until half of them were let go.
    std::thread killer([&] {
        while (!over)
            killed += std::stoi(db.sql("SELECT count(pg_terminate_backend(pid))" + ours + " AND state = 'active' AND random() < 0.5"));
    });
    int failed = 0;
    for (int turn = 0; turn < 200; ++turn) {
        db.sql("INSERT INTO orders SELECT '2026-01-02 09:00Z'::timestamptz + random() * INTERVAL '6 hours', (ARRAY['north', 'south', NULL])[1 + floor(random() * 3)], 1, 1 FROM generate_series(1, 50); "
               "DELETE FROM orders WHERE random() < 0.02");
        const auto ran = run<AggregateTask>(db, options);
        failed += ran.error ? 1 : 0;
        if (ran.error)
            CHECK(ran.error->kind == JF_E_UNAVAILABLE);
        else
            CHECK(db.sql(target) == db.sql(truth));
    }
    over = true;
    killer.join();
    CHECK(killed > 20);
    CHECK(failed > 20);
    CHECK_FALSE(run<AggregateTask>(db, options).error);
    CHECK(db.sql(target) == db.sql(truth));
}

// The source 'postgres': order, positions, parameters, partitions, failures.
#include "source_parts.hpp"

#include <catch2/catch.hpp>

using namespace test;

TEST_CASE("rows without an order are read once, and the source says that they cannot be gone on with")
{
    Origin origin;
    Instance source = origin.source(R"x({"query":"SELECT i FROM generate_series(1, 10000) AS i"})x");
    CHECK(source.describe().capabilities == JF_BOUNDED);
    CHECK_THAT(source.describe().sentence, Catch::Contains("'key'"));
    Reading reading(source);
    std::int64_t rows = 0;
    while (reading.next(4000))
        rows += reading.rows;
    CHECK(rows == 10000);
    CHECK_THROWS_WITH(Reading(source, reading.position), Catch::StartsWith("-14: "));
}

TEST_CASE("with a key every position gives exactly the rows after it")
{
    Origin origin;
    origin.sql("CREATE TABLE t AS SELECT i / 3 AS a, 'k''" "\\' || i % 3 AS b, timestamptz '2024-01-01 00:00:00+00' + i * interval '1 s' AS c FROM generate_series(0, 59) AS i");
    const auto config = GENERATE(R"({"table":"t","key":["a","b"]})", R"({"table":"t","key":["b","c"]})", R"({"query":"SELECT * FROM t;","key":["c"]})",
        R"({"query":"SELECT * FROM t WHERE a >= $1","params":[0],"key":["a","b"]})", R"({"table":"t","columns":["b","a"],"where":"a < 15 OR a IS NULL","key":["a","b"]})");
    Instance source = origin.source(config);
    CHECK((source.describe().capabilities & JF_CAN_REPLAY_UNTIL) != 0);
    const std::string whole = Reading(source).all();
    Reading reading(source);
    std::string before, last;
    while (auto part = reading.next(7)) {
        before += *part;
        CHECK(before + Reading(source, reading.position).all() == whole);
        CHECK(Reading(source, "", reading.position).all() == before);
        CHECK(Reading(source, last, reading.position).all() == *part);
        last = reading.position;
    }
    CHECK(before == whole);
}

TEST_CASE("keys of every usable type are gone on with, their extremes too")
{
    Origin origin;
    const auto [type, values] = GENERATE(table<const char*, const char*>({
        {"boolean", "(false),(true)"}, {"bigint", "(-9223372036854775808),(0),(9223372036854775807)"}, {"real", "('-Infinity'),(-0.1),(1e-45),(3.4e38),('NaN')"},
        {"double precision", "('-Infinity'),(0.1),(5e-324),('Infinity'),('NaN')"}, {"numeric", "('-Infinity'),(-1.50),(1.5),(1e40),('NaN')"},
        {"text", "(''),('a''b'),('a\\b'),('ö'),(E'line\\nbreak')"}, {"char(4)", "('a'),('b')"}, {"bytea", "(''),('\\x00'),('\\x27ff')"},
        {"date", "('-infinity'),('4713-01-01 BC'),('0001-01-01'),('12345-06-07'),('infinity')"},
        {"timestamp", "('-infinity'),('4713-01-01 BC'),('1969-12-31 23:59:59.999999'),('294276-12-31 23:59:59.999999'),('infinity')"},
        {"timestamptz", "('-infinity'),('0044-03-15 12:00:00+00 BC'),('2024-02-29 00:00:00.000001+00'),('infinity')"},
        {"time", "('00:00:00'),('23:59:59.999999'),('24:00:00')"}, {"uuid", "('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),('ffffffff-ffff-ffff-ffff-ffffffffffff')"},
        {"inet", "('10.0.0.1'),('10.0.0.0/8'),('::1')"}, {"xid8", "('1'),('18446744073709551615')"}, {"oid", "(1),(4294967295)"}, {"mood", "('sad'),('o''k')"},
    }));
    INFO(type);
    origin.sql("CREATE TYPE mood AS ENUM ('sad', 'o''k'); CREATE TABLE t (k " + std::string(type) + " PRIMARY KEY); INSERT INTO t VALUES " + values);
    Instance source = origin.source(R"({"table":"t","key":["k"],"special":"null"})");
    const std::string count = origin.sql("SELECT count(*) FROM t");
    Reading reading(source);
    std::int64_t rows = 0;
    for (std::string last; reading.next(1); last = reading.position, ++rows) {
        Reading rest(source, last);
        std::int64_t left = 0;
        while (rest.next(100))
            left += rest.rows;
        CHECK(std::to_string(rows + left) == count);
        CHECK(Reading(source, last, reading.position).next(100).has_value());
    }
    CHECK(std::to_string(rows) == count);
}

TEST_CASE("rows that are alike in the order stay in one batch, so no position is between them")
{
    Origin origin;
    origin.sql("CREATE TABLE t AS SELECT i, (i / 5000)::numeric / (CASE WHEN i % 2 = 0 THEN 1.0 ELSE 1.000 END) AS k FROM generate_series(0, 19999) AS i");
    Instance source = origin.source(R"({"table":"t","key":["k"]})");
    Reading reading(source);
    while (reading.next(100))
        CHECK(reading.rows == 5000);
}

TEST_CASE("a cursor goes on after the greatest value of the last run")
{
    Origin origin;
    origin.sql("CREATE TABLE t AS SELECT i, timestamptz '2024-01-01 00:00:00+00' + i * interval '1 min' AS changed FROM generate_series(0, 9) AS i");
    Instance source = origin.source(R"({"table":"t","cursor":"changed","key":["i"]})");
    CHECK((source.describe().capabilities & (JF_INCREMENTAL | JF_CAN_REPLAY)) == (JF_INCREMENTAL | JF_CAN_REPLAY));
    Reading first(source);
    first.all();
    CHECK(Reading(source, first.position).all().empty());
    origin.sql("INSERT INTO t VALUES (99, '2024-01-02 00:00:00+00')");
    CHECK(Reading(source, first.position).all() == R"({"i":99,"changed":"2024-01-02T00:00:00Z"})");
}

TEST_CASE("rows without a cursor fail the read, unless the flow leaves them out")
{
    Origin origin;
    origin.sql("CREATE TABLE t (i int); INSERT INTO t VALUES (1), (NULL), (2)");
    CHECK_THAT(origin.rows(R"({"table":"t","cursor":"i"})"), Catch::StartsWith("-7: there are rows without a value in 'i'"));
    CHECK(origin.rows(R"({"table":"t","cursor":"i","nulls":"skip"})") == R"({"i":1}{"i":2})");
}

TEST_CASE("a window holds the last values back, or reads them again")
{
    Origin origin;
    origin.sql("CREATE TABLE t AS SELECT i FROM generate_series(1, 10) AS i; CREATE TABLE e AS SELECT now() - i * interval '1 h' AS at FROM generate_series(0, 3) AS i");
    CHECK(origin.rows(R"({"table":"t","cursor":"i","window":"8"})") == R"({"i":1}{"i":2})");
    Instance again = origin.source(R"({"table":"t","cursor":"i","window":"2","late":"again"})");
    CHECK((again.describe().capabilities & JF_CAN_REPLAY) == 0);
    Reading first(again);
    first.all();
    CHECK(Reading(again, first.position).all() == R"({"i":8}{"i":9}{"i":10})");
    Instance timed = origin.source(R"({"table":"e","cursor":"at","window":"90m"})");
    Reading held(timed);
    held.next(100);
    CHECK(held.rows == 2);
    CHECK_THAT(origin.rows(R"({"table":"t","cursor":"i","window":"10m"})"), Catch::StartsWith("-2: '10m' is no distance"));
}

TEST_CASE("a position of another cursor, of another type, or of noise is refused with the remedy")
{
    Origin origin;
    origin.sql("CREATE TABLE t AS SELECT i, i::text AS s FROM generate_series(1, 10) AS i");
    Instance by_number = origin.source(R"({"table":"t","cursor":"i"})");
    Instance by_text = origin.source(R"({"table":"t","cursor":"s"})");
    std::string position;
    {
        Reading reading(by_number); // an open reader would keep the ALTER waiting
        reading.all();
        position = reading.position;
    }
    CHECK_THROWS_WITH(Reading(by_text, position), Catch::Contains("full-refresh"));
    CHECK_THROWS_WITH(Reading(by_number, std::string("\2garbage", 8)), Catch::StartsWith("-14: "));
    CHECK_THROWS_WITH(Reading(by_number, std::string("\1\0\0\0\0\0\0\0\0", 9)), Catch::StartsWith("-14: "));
    origin.sql("ALTER TABLE t ALTER i TYPE bigint");
    CHECK_THROWS_WITH(Reading(by_number, position), Catch::Contains("the type of 'i' was changed to bigint"));
}

TEST_CASE("values of parameters and positions are never read as SQL")
{
    Origin origin;
    origin.sql("CREATE TABLE t (s text PRIMARY KEY); INSERT INTO t VALUES ('a'), (E'x'' OR 1=1 --'), (E'\\\\''); DROP TABLE t --'), ('$1')");
    CHECK(origin.rows(R"({"query":"SELECT s FROM t WHERE s = $1","params":["x' OR 1=1 --"]})") == R"({"s":"x' OR 1=1 --"})");
    CHECK(origin.rows(R"({"query":"SELECT s FROM t WHERE s = $1","params":["' OR ''='"]})").empty());
    CHECK(origin.rows(R"({"query":"SELECT $1::int + 1 AS a, $2::bool AS b, $3::text AS c, $4::numeric AS d","params":[41, true, null, 1.50]})")
        == R"({"a":42,"b":true,"c":null,"d":"1.5"})");
    CHECK_THAT(origin.rows(R"({"query":"SELECT s FROM t WHERE s = $1"})"), Catch::StartsWith("-2: the statement has 1 parameters ($1 …), and there are 0 values"));
    CHECK_THAT(origin.rows(R"({"query":"SELECT 1 AS a WHERE $1 = 'x'","params":["a\u0000b"]})"), Catch::Contains("U+0000"));
    Instance source = origin.source(R"({"table":"t","key":["s"]})");
    Reading reading(source);
    std::int64_t rows = 0;
    for (std::string last; reading.next(1); last = reading.position, ++rows)
        CHECK(Reading(source, last).next(1).has_value());
    CHECK(rows == 4);
    CHECK(origin.sql("SELECT count(*) FROM t") == "4");
}

TEST_CASE("odd names are quoted, never pasted")
{
    Origin origin;
    origin.sql(R"(CREATE SCHEMA "s.1"; CREATE TABLE "s.1"."T ""x""; DROP" ("a b" int PRIMARY KEY, "C'" text, "d;--" int))");
    origin.sql(R"(INSERT INTO "s.1"."T ""x""; DROP" VALUES (1, 'x', 2), (2, 'y', 3))");
    CHECK(origin.rows(R"({"table":"\"s.1\".\"T \"\"x\"\"; DROP\"","columns":["C'","a b","d;--"],"key":["a b"]})")
        == R"({"C'":"x","a b":1,"d;--":2}{"C'":"y","a b":2,"d;--":3})");
    CHECK_THAT(origin.rows(R"({"table":"t; DROP TABLE x"})"), Catch::StartsWith("-3: ") || Catch::StartsWith("-6: ") || Catch::Contains("does not exist"));
    CHECK(origin.rows(R"({"query":"SELECT 1 AS a, 2 AS a, '(1,2)'::point AS \"q\"\"\""})") == R"x({"a":1,"a":2,"q\"":"(1,2)"})x");
}

TEST_CASE("a source reads one statement that only reads, whatever it is given")
{
    Origin origin;
    origin.sql("CREATE TABLE t (i int); CREATE SEQUENCE seq; CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING i'");
    for (const char* query : {"INSERT INTO t VALUES (1) RETURNING i", "WITH x AS (INSERT INTO t VALUES (1) RETURNING i) SELECT * FROM x", "SELECT * FROM t FOR UPDATE",
             "SELECT writes()", "SELECT nextval('seq')", "SELECT 1; INSERT INTO t VALUES (1)", "SELECT 1) TO STDOUT; INSERT INTO t VALUES (1); --", "COPY t TO STDOUT",
             "DELETE FROM t", "SELECT 1 INTO u", "EXPLAIN ANALYZE INSERT INTO t VALUES (1)", "SHOW work_mem", "", "-- nothing", "BEGIN", "SET work_mem = 1",
             "SELECT set_config('transaction_read_only', 'off', true), writes()", "/* SELECT */ DROP TABLE t"}) {
        INFO(query);
        json::object config{{"query", query}};
        CHECK_THAT(origin.rows(json::serialize(config)), Catch::StartsWith("-"));
        config["key"] = {"?column?"};
        CHECK_THAT(origin.rows(json::serialize(config)), Catch::StartsWith("-"));
    }
    CHECK(origin.sql("SELECT count(*) FROM t") == "0");
    CHECK(origin.rows(R"({"query":"/* a /* b */ c */ -- d\n (SELECT 1 AS a) ; \n"})") == R"({"a":1})");
    CHECK(origin.rows(R"x({"query":"VALUES (1)"})x") == R"({"column1":1})");
}

TEST_CASE("missing tables, columns and rights are told with their place")
{
    Origin origin;
    origin.sql("CREATE TABLE t (i int, gone int); CREATE TABLE secret (i int); GRANT SELECT ON t TO reader");
    CHECK_THAT(origin.rows(R"({"table":"nope"})"), Catch::Contains("relation \"nope\" does not exist"));
    CHECK_THAT(origin.rows(R"({"table":"t","key":["j"]})"), Catch::StartsWith("-2: there is no column 'j'; there are i, gone"));
    CHECK_THAT(origin.rows(R"({"table":"t","columns":["i","nope"]})"), Catch::Contains("column \"nope\" does not exist"));
    CHECK_THAT(origin.rows(R"x({"query":"SELECT '{}'::json AS j","key":["j"]})x"), Catch::StartsWith("-2: 'j' of type json"));
    Instance source = origin.source(R"({"table":"t","columns":["i","gone"]})");
    CHECK(Reading(source).all().empty());
    origin.sql("ALTER TABLE t DROP gone");
    CHECK_THROWS_WITH(Reading(source), Catch::Contains("column \"gone\" does not exist"));
    CHECK_THAT(source.findings(), Catch::Contains(R"("severity":"error","place":"table")"));
    Instance keyless = origin.source(R"({"table":"t","key":["i"]})");
    CHECK_THAT(keyless.findings(), Catch::Contains("no unique index") && Catch::Contains("may be NULL"));
}

TEST_CASE("a connection that is killed in mid-read fails as unavailable, and the read goes on from its position")
{
    Origin origin;
    origin.sql("CREATE TABLE t AS SELECT i, repeat('x', 1000) AS s FROM generate_series(1, 50000) AS i; ALTER TABLE t ADD PRIMARY KEY (i)");
    Instance source = origin.source(R"({"table":"t","key":["i"]})");
    std::int64_t rows = 0;
    std::string position;
    {
        Reading reading(source);
        REQUIRE(reading.next(1000));
        rows += reading.rows;
        position = reading.position;
        origin.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND datname = current_database()");
        std::string failure;
        try {
            while (reading.next(1000)) {
                rows += reading.rows;
                position = reading.position;
            }
        } catch (const std::runtime_error& error) {
            failure = error.what();
        }
        // A backend that waits for its client to read may end without a word.
        CHECK_THAT(failure, Catch::StartsWith("-8: ") && (Catch::Contains("terminating connection") || Catch::Contains(" was lost")));
        CHECK(source.frame.error.kind == JF_E_UNAVAILABLE);
    }
    Reading rest(source, position);
    while (rest.next(10000))
        rows += rest.rows;
    CHECK(rows == 50000);
}

TEST_CASE("a cancel reaches the server, and a deadline without rows is idle")
{
    Origin origin;
    const std::string running = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid <> pg_backend_pid() "
                                "AND datname = current_database()";
    const auto config = GENERATE(R"x({"query":"SELECT pg_sleep(600)::text AS s"})x", R"x({"query":"SELECT pg_sleep($1)::text AS s","params":[600]})x");
    Instance source = origin.source(config);
    Reading reading(source);
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
    source.frame.call.deadline_ns = now + 50'000'000;
    CHECK(reading.status(10) == JF_IDLE);
    CHECK(reading.status(10) == JF_IDLE);
    source.frame.call.deadline_ns = INT64_MAX;
    CHECK(origin.wait_for(running, "1"));
    CHECK(reading.status(0) == JF_IDLE);
    source.frame.stop = true;
    CHECK(reading.status(10) == JF_E_CANCELLED);
    CHECK(origin.wait_for(running, "0"));
}

TEST_CASE("partitions cover every row once, of one snapshot, while others write")
{
    Origin origin;
    origin.sql("CREATE TABLE t AS SELECT i, i * 7 % 1000 AS v, CASE WHEN i % 10 > 0 THEN i END AS split FROM generate_series(1, 5000) AS i");
    const auto config = GENERATE(R"({"table":"t","split_by":"split","partitions":4})", R"({"table":"t","split_by":"split","split_at":[1000,2000,3000],"key":["i"]})",
        R"x({"query":"SELECT i, v, timestamptz '2024-01-01 00:00:00+00' + split * interval '1 s' AS at FROM t WHERE i > $1","params":[0],"split_by":"at","partitions":4})x");
    Instance source = origin.source(config);
    Bytes names;
    source.check(source.table<jf_source>().partitions(source.raw(), &source.frame.call, &names.writer));
    CHECK(names.text == R"(["0/4","1/4","2/4","3/4"])");
    std::int64_t rows = 0, sum = 0;
    int part = 0;
    const auto parsed = json::parse(names.text);
    for (const auto& name : parsed.as_array()) {
        // Moves a row over all bounds, adds one, deletes one: another snapshot would see it.
        origin.sql("UPDATE t SET split = 5001 - split, v = v + 1; INSERT INTO t VALUES (100000, 1, 2500); DELETE FROM t WHERE i = " + std::to_string(++part));
        Reading reading(source, "", "", std::string(name.as_string()));
        while (const OwnedArray batch = reading.batch(700)) {
            const BatchView view(reading.schema, *batch);
            for (std::int64_t row = 0; row < view.rows(); ++row)
                sum += view[1].i64(row);
            rows += view.rows();
        }
    }
    CHECK(rows == 5000);
    CHECK(sum == 5 * 1000 * 999 / 2);
}

TEST_CASE("partitions are refused through a pooler, and ranges of text need bounds")
{
    Origin origin;
    origin.sql("CREATE TABLE t (s text); INSERT INTO t VALUES ('a'), ('m''x'), ('z')");
    Instance by_width = origin.source(R"({"table":"t","split_by":"s","partitions":2})");
    Bytes names;
    CHECK_THROWS_WITH(by_width.check(by_width.table<jf_source>().partitions(by_width.raw(), &by_width.frame.call, &names.writer)), Catch::Contains("split_at"));
    Instance by_bounds = origin.source(R"({"table":"t","split_by":"s","split_at":["m'x"]})");
    by_bounds.check(by_bounds.table<jf_source>().partitions(by_bounds.raw(), &by_bounds.frame.call, &names.writer));
    CHECK(Reading(by_bounds, "", "", "0/2").all() == R"({"s":"a"})");
    CHECK(Reading(by_bounds, "", "", "1/2").all() == R"({"s":"m'x"}{"s":"z"})");
    Origin pooled(R"(,"pooler":true)");
    pooled.sql("CREATE TABLE t (i int)");
    Instance refused = pooled.source(R"({"table":"t","split_by":"i","partitions":2})");
    CHECK_THROWS_WITH(refused.check(refused.table<jf_source>().partitions(refused.raw(), &refused.frame.call, &names.writer)), Catch::Contains("pooler"));
}

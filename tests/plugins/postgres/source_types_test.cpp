// The source 'postgres': values of every type, as Arrow and back, bit by bit.
#include "source_parts.hpp"

#include <catch2/catch.hpp>

using namespace test;

namespace {

struct Sample {
    const char* type;
    const char* arrow; ///< the type that it becomes
    const char* values; ///< SQL expressions, without the casts
};

const Sample samples[] = {
    {"boolean", "bool", "true, false"},
    {"smallint", "int16", "-32768, 0, 32767"},
    {"integer", "int32", "-2147483648, 0, 2147483647"},
    {"bigint", "int64", "-9223372036854775808, 0, 9223372036854775807"},
    {"oid", "uint32", "0, 4294967295"},
    {"real", "float32", "'0', '-0', '1.5', '3.4028235e38', '1e-45', 'NaN', 'Infinity', '-Infinity'"},
    {"double precision", "float64", "'0', '-0', '0.1', '1.7976931348623157e308', '5e-324', 'NaN', 'Infinity', '-Infinity'"},
    {"numeric(12,2)", "decimal(12,2)", "0, 1, -1, 0.01, -0.01, 12345.67, 9999999999.99, -9999999999.99, 100, 10000, 10000.10, 99990000"},
    {"numeric(38,0)", "decimal(38,0)", "0, 99999999999999999999999999999999999999, -99999999999999999999999999999999999999, 10000000000000000000000000000000000000"},
    {"numeric(38,38)", "decimal(38,38)", "0, 0.00000000000000000000000000000000000001, -0.99999999999999999999999999999999999999"},
    {"numeric(18,7)", "decimal(18,7)", "0.0000001, -99999999999.9999999, 12.3456789, 0.0001, 0.00012, 5000"},
    {"numeric(5,0)", "decimal(5,0)", "99999, -1, 10000"},
    {"numeric", "utf8", "0, 0.00, -1.50, 123456789012345678901234567890123456789012345.678900, 1e-40, 'NaN', 'Infinity', '-Infinity', 10000, 0.0001, 99990000.0001"},
    {"numeric(40,3)", "utf8", "1.5, -9999999999999999999999999999999999999.999, 'NaN'"},
    {"text", "utf8", "'', 'plain', E'tab\\tline\\nquote\" back\\\\', 'größe 日本 🐘'"},
    {"varchar(10)", "utf8", "'', 'ten signs!'"},
    {"char(5)", "utf8", "'', 'ab'"},
    {"name", "utf8", "'some_name'"},
    {"\"char\"", "utf8", "'x'"},
    {"xml", "utf8", "'<a>1</a>'"},
    {"bytea", "binary", "'', '\\x00ff10', '\\x27225c'"},
    {"date", "date", "'1970-01-01', '2000-01-01', '2024-02-29', '0001-01-01', '4713-01-01 BC', '5874897-12-31', 'infinity', '-infinity'"},
    {"time", "time(us)", "'00:00:00', '23:59:59.999999', '24:00:00'"},
    {"timetz", "utf8", "'00:00:00+00', '23:59:59.5-05:30', '12:00:00.000001+14', '24:00:00-15:59:59', '01:02:03+05:30:15'"},
    {"timestamp", "timestamp(us)", "'1970-01-01', '2000-01-01 00:00:00.000001', '1969-12-31 23:59:59.999999', '4713-01-01 BC', 'infinity', '-infinity'"},
    {"timestamptz", "timestamp(us, UTC)", "'2024-03-31 01:30:00+02', '1900-01-01 00:00:00+00', 'infinity', '-infinity'"},
    {"interval", "interval", "'0', '1 year 2 mons 3 days 04:05:06.789', '-1 mon +1 day -00:00:00.000001', '178000 days', '292 years'"},
    {"uuid", "utf8", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'"},
    {"json", "utf8", "'{\"a\": [1,  2]}', 'null', '\"x\"'"},
    {"jsonb", "utf8", "'{\"b\": 1, \"a\": [1, 2.50]}', 'null'"},
    {"mood", "utf8", "'sad', 'o''k', 'very happy'"},
    {"positive", "int32", "1, 42"},
    {"inet", "utf8", "'192.168.0.1', '192.168.0.1/24', '10.0.0.0/8', '0.0.0.0/0', '::', '::1', '2001:db8::1/64', '::ffff:1.2.3.4', '::1.2.3.4', "
                     "'1:0:0:2:0:0:0:3', '1:2:3:4:5:6:7:8/127', 'fe80::/10', '1:0:2:3:4:5:6:7', '0:1::'"},
    {"cidr", "utf8", "'192.168.0.0/16', '10.1.2.3/32', '2001:db8::/32', '::1/128'"},
    {"macaddr", "utf8", "'08:00:2b:01:02:03', 'ff:ff:ff:ff:ff:ff'"},
    {"macaddr8", "utf8", "'08:00:2b:01:02:03:04:05'"},
    {"money", "utf8", "'12.34', '-1'"},
    {"bit(3)", "utf8", "B'101'"},
    {"varbit", "utf8", "B'', B'1010101'"},
    {"int4range", "utf8", "'[1,5)', 'empty'"},
    {"point", "utf8", "'(1,2)'"},
    {"pair", "utf8", "'(1,two)'"},
    {"xid8", "utf8", "'0', '18446744073709551615'"},
    {"tsvector", "utf8", "'a b'"},
    {"integer[]", "list<int32>", "'{}', '{1,NULL,3}', NULL"},
    {"text[]", "list<utf8>", "'{}', '{a,\"b,c\",NULL,\"\"}'"},
    {"numeric(6,2)[]", "list<decimal(6,2)>", "'{1.50,-2.25}'"},
    {"numeric[]", "list<utf8>", "'{1.50,NaN}'"},
    {"timestamptz[]", "list<timestamp(us, UTC)>", "'{2024-01-01 00:00:00+00,infinity}'"},
    {"uuid[]", "list<utf8>", "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'"},
    {"boolean[]", "list<bool>", "'{t,f,NULL}'"},
    {"jsonb[]", "list<utf8>", "'{\"{\\\"a\\\": 1}\"}'"},
    {"mood[]", "list<utf8>", "'{sad,\"very happy\"}'"},
    {"inet[]", "list<utf8>", "'{10.0.0.1/8,::1}'"},
    {"bytea[]", "list<binary>", "'{\"\\\\x00ff\"}'"},
};

constexpr const char* own_types = "CREATE TYPE mood AS ENUM ('sad', 'o''k', 'very happy'); CREATE DOMAIN positive AS int CHECK (value > 0); "
                                  "CREATE TYPE pair AS (a int, b text)";

/// A table `t` with a key and a column of the type, its values and a NULL.
void make_table(Origin& origin, const Sample& sample)
{
    origin.sql("DROP TABLE IF EXISTS t; CREATE TABLE t (i int PRIMARY KEY, v " + std::string(sample.type) + "); INSERT INTO t SELECT row_number() OVER (), v FROM "
        "(SELECT unnest(ARRAY[]::int[]), NULL::" + sample.type + " AS v) AS none");
    std::string values = sample.values, one;
    int quotes = 0, i = 0;
    for (const char c : values + ",") { // a comma outside of quotes ends a value
        quotes += c == '\'';
        if (c == ',' && quotes % 2 == 0) {
            origin.sql("INSERT INTO t VALUES (" + std::to_string(i++) + ", CAST(" + one + " AS " + sample.type + "))");
            one.clear();
        } else {
            one += c;
        }
    }
    origin.sql("INSERT INTO t VALUES (" + std::to_string(i) + ", NULL)");
}

} // namespace

TEST_CASE("every type is read as the Arrow type that is written down, and the sink brings it back bit by bit", "[types]")
{
    Origin origin;
    origin.sql(own_types);
    for (const Sample& sample : samples) {
        INFO(sample.type);
        make_table(origin, sample);
        origin.sql("DROP TABLE IF EXISTS back; CREATE TABLE back (LIKE t INCLUDING ALL)");
        origin.sql("DROP SCHEMA IF EXISTS progress CASCADE"); // not 'jackfield', which the user of that name has in its search_path
        Instance source = origin.source(R"({"table":"t","key":["i"]})");
        Reading reading(source);
        CHECK(reading.schema[1].type.text() == sample.arrow);
        OwnedArray batch = reading.batch(1000);
        REQUIRE(batch);
        REQUIRE(validate(reading.schema, *batch, Check::full).has_value());
        Instance sink = origin.sink(R"({"table":"back","progress_schema":"progress"})");
        load(sink, reading.schema, std::move(batch));
        // As the server writes both: text of all values, and bytes of those whose text hides something.
        CHECK(origin.sql("SELECT i, v::text FROM back ORDER BY i") == origin.sql("SELECT i, v::text FROM t ORDER BY i"));
    }
}

TEST_CASE("text values are what the server itself writes", "[types]")
{
    Origin origin;
    origin.sql(own_types);
    for (const Sample& sample : samples) {
        const std::string arrow = sample.arrow;
        if (arrow != "utf8")
            continue;
        INFO(sample.type);
        make_table(origin, sample);
        Instance source = origin.source(R"({"table":"t","key":["i"]})");
        Reading reading(source);
        const OwnedArray batch = reading.batch(1000);
        const BatchView view(reading.schema, *batch);
        for (std::int64_t row = 0; row + 1 < view.rows(); ++row)
            CHECK(std::string(view[1].text(row)) == origin.sql("SELECT format('%s', v) FROM t WHERE i = " + std::to_string(row)));
        CHECK(view[1].is_null(view.rows() - 1));
    }
}

TEST_CASE("what Arrow has no place for fails, is NULL, or is kept, as the flow says", "[types]")
{
    Origin origin;
    const auto rows = [&](const std::string& expression, const std::string& more) {
        return origin.rows("{\"query\":\"SELECT " + expression + " AS v\"" + more + "}");
    };
    CHECK_THAT(rows("'NaN'::numeric(5,2)", ""), Catch::StartsWith("-7: NaN has no place in decimal(5,2)"));
    CHECK(rows("'NaN'::numeric(5,2)", R"(,"special":"null")") == R"({"v":null})");
    CHECK_THAT(rows("'infinity'::date", R"(,"special":"fail")"), Catch::StartsWith("-7: an infinite value"));
    CHECK(rows("'infinity'::timestamptz", R"(,"special":"null")") == R"({"v":null})");
    CHECK_THAT(rows("'294276-12-31'::timestamp", ""), Catch::StartsWith("-7: "));
    CHECK(rows("'294276-12-31'::timestamp", R"(,"special":"null")") == R"({"v":null})");
    CHECK_THAT(rows("'1000 years'::interval", ""), !Catch::StartsWith("-")); // months have a member of their own
    CHECK_THAT(rows("'9000000 hours'::interval", ""), Catch::StartsWith("-7: "));
    CHECK(rows("1.25::numeric", "") == R"({"v":"1.25"})");
    CHECK(rows("1.25::numeric", R"x(,"numeric":"decimal(10,3)")x") == R"({"v":1.250})");
    CHECK_THAT(rows("1.2345::numeric", R"x(,"numeric":"decimal(10,3)")x"), Catch::StartsWith("-7: 1.2345 has no place"));
    CHECK_THAT(rows("1e30::numeric", R"x(,"numeric":"decimal(10,3)")x"), Catch::StartsWith("-7: "));
    CHECK_THAT(rows("ARRAY[[1,2],[3,4]]", ""), Catch::StartsWith("-7: an array of 2 dimensions"));
    CHECK(rows("ARRAY[[1,2],[3,4]]", R"(,"arrays":"text")") == R"({"v":"{{1,2},{3,4}}"})");
    CHECK_THAT(rows("'[0:1]={1,2}'::int[]", ""), Catch::StartsWith("-7: an array that does not start at 1"));
    CHECK(rows("NULL", "") == R"({"v":null})");
}

TEST_CASE("a column keeps its declared type as metadata", "[types]")
{
    Origin origin;
    origin.sql("CREATE TABLE t (a numeric(12,2) NOT NULL, b inet[])");
    Instance source = origin.source(R"({"table":"t"})");
    Reading reading(source);
    CHECK(reading.schema[0].metadata == Metadata{{"postgres.type", "numeric(12,2)"}});
    CHECK(reading.schema[1].metadata == Metadata{{"postgres.type", "inet[]"}});
}

TEST_CASE("rows wider and longer than a block come whole", "[types]")
{
    Origin origin;
    CHECK(origin.sql("SELECT 1") == "1");
    Instance source = origin.source(R"x({"query":"SELECT i, repeat(chr(97 + i % 26), (i * 7919) % 300000) AS t, CASE WHEN i % 3 > 0 THEN i END AS n FROM generate_series(0, 99) AS i"})x");
    Reading reading(source);
    std::int64_t seen = 0;
    while (const OwnedArray batch = reading.batch(30)) {
        REQUIRE(validate(reading.schema, *batch, Check::full).has_value());
        const BatchView view(reading.schema, *batch);
        for (std::int64_t row = 0; row < view.rows(); ++row, ++seen) {
            REQUIRE(view[0].i64(row) == seen);
            REQUIRE(view[1].text(row) == std::string(static_cast<std::size_t>(seen * 7919 % 300000), static_cast<char>('a' + seen % 26)));
            REQUIRE(view[2].is_null(row) == (seen % 3 == 0));
        }
    }
    CHECK(seen == 100);
}

// The sink 'postgres': each Arrow type into each column that takes it, compared with what the server makes of the text.
#include "sink_parts.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace test;

namespace {

/// The database of columns that need nothing but their table: making one for each would take most of the time.
Warehouse& common()
{
    static Warehouse warehouse;
    return warehouse;
}

/// Loads one column `v` of SQL type `sql_type`, and checks that row i is not distinct from CAST('wanted[i]' AS sql_type); "" wants NULL.
void check_column(const std::string& sql_type, const DataType& type, const std::function<void(ColumnBuilder&)>& fill, const std::vector<std::string>& wanted,
    const std::string& before = "")
{
    INFO(sql_type << " of " << type.text());
    std::optional<Warehouse> own;
    Warehouse& warehouse = before.empty() ? common() : own.emplace();
    warehouse.sql(before + "; DROP TABLE IF EXISTS t; CREATE TABLE t (n bigint, v " + sql_type + ")");
    const Schema schema{{"v", type}, {"n", Type::int64}};
    BatchBuilder builder(schema);
    fill(builder.column(0));
    for (std::size_t i = 0; i < wanted.size(); ++i)
        builder.column(1).append_i64(static_cast<std::int64_t>(i));
    for (std::size_t i = 0; i < wanted.size(); ++i)
        builder.end_row();
    auto batch = builder.finish();
    if (!batch)
        FAIL(batch.error().message);
    Instance sink = warehouse.sink(R"({"table":"t"})");
    load(sink, schema, *std::move(batch));
    for (const auto& refused : sink.frame.refused)
        FAIL_CHECK("row " << refused.row << " was refused: " << refused.message);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const std::string value = wanted[i].empty() ? "NULL" : "$jf$" + wanted[i] + "$jf$";
        const std::string same = "SELECT v::text IS NOT DISTINCT FROM (" + value + "::" + sql_type + ")::text, v::text FROM t WHERE n = " + std::to_string(i);
        const std::string said = warehouse.sql(same);
        CHECK((value + ": " + said).substr(0, value.size() + 3) == value + ": t");
        if (said.substr(0, 1) != "t")
            UNSCOPED_INFO(said);
    }
}

/// The same with integers.
void check_integers(const std::string& sql_type, const DataType& type, const std::vector<std::int64_t>& values, std::vector<std::string> wanted)
{
    wanted.push_back("");
    check_column(sql_type, type, [&](ColumnBuilder& column) {
        for (const std::int64_t value : values)
            column.append_i64(value);
        column.append_null();
    }, wanted);
}

/// How many rows of `values` are refused, and why the first was.
std::string refused(const std::string& sql_type, const DataType& type, const std::function<void(ColumnBuilder&)>& fill)
{
    Warehouse& warehouse = common();
    warehouse.sql("DROP TABLE IF EXISTS t; CREATE TABLE t (v " + sql_type + ")");
    const Schema schema{{"v", type}};
    BatchBuilder builder(schema);
    fill(builder.column(0));
    builder.end_row();
    Instance sink = warehouse.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(schema);
    const jf_status status = writing.write(builder.finish().value());
    const jf_status end = writing.commit("p", 1);
    if (status != JF_REJECTED && end != JF_RESEND)
        return "taken: " + warehouse.sql("SELECT v FROM t");
    must(sink.frame.refused.size() == 1 && sink.frame.refused[0].column == "v", "not one row of column v");
    return sink.frame.refused[0].message;
}

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();

} // namespace

TEST_CASE("integers of every width arrive in integer columns of every width")
{
    for (const Type type : {Type::int8, Type::int16, Type::int32, Type::int64, Type::uint8, Type::uint16, Type::uint32, Type::uint64})
        for (const char* column : {"smallint", "integer", "bigint", "numeric", "numeric(10,3)", "real", "double precision", "text", "oid"})
            check_integers(column, type, {0, 1, 127}, {"0", "1", "127"});
    check_integers("bigint", Type::int64, {least, most, -1}, {"-9223372036854775808", "9223372036854775807", "-1"});
    check_integers("integer", Type::int64, {-2147483648, 2147483647}, {"-2147483648", "2147483647"});
    check_integers("smallint", Type::int32, {-32768, 32767}, {"-32768", "32767"});
    check_column("numeric", Type::uint64, [](ColumnBuilder& column) { column.append_u64(std::numeric_limits<std::uint64_t>::max()); }, {"18446744073709551615"});
    check_integers("numeric", Type::int64, {least, 10'000, 100'000'000, -99'990'000}, {"-9223372036854775808", "10000", "100000000", "-99990000"});
    check_integers("oid", Type::uint32, {4294967295}, {"4294967295"});
}

TEST_CASE("integers out of range are refused before the wire, with their column")
{
    const auto one = [](std::int64_t value) { return [value](ColumnBuilder& column) { column.append_i64(value); }; };
    CHECK(refused("integer", Type::int64, one(2147483648)) == "the value of 'v' is out of range for this integer column");
    CHECK(refused("smallint", Type::int32, one(-32769)) == "the value of 'v' is out of range for this integer column");
    CHECK(refused("bigint", Type::uint64, [](ColumnBuilder& column) { column.append_u64(std::numeric_limits<std::uint64_t>::max()); }) == "the value of 'v' is out of range for this integer column");
    CHECK(refused("oid", Type::int64, one(-1)) == "the value of 'v' is out of range for this integer column");
}

TEST_CASE("decimals of any scale arrive digit by digit")
{
    const Int128 big = static_cast<Int128>(12345678901234567890ULL) * 1000000000000000000LL + 123456789012345678LL; // 38 digits
    for (const std::int32_t scale : {-38, -5, -4, -1, 0, 1, 2, 3, 4, 5, 8, 9, 18, 37, 38}) {
        std::vector<std::string> wanted;
        std::vector<Int128> values{0, 1, -1, 10, 9999, 10000, -10001, 123456789, -99999999999999999LL, big, -big};
        for (const Int128 value : values) {
            char text[max_value_text];
            wanted.emplace_back(text, write_decimal(text, value, scale));
        }
        check_column("numeric", DataType::decimal(38, scale), [&](ColumnBuilder& column) {
            for (const Int128 value : values)
                column.append_decimal(value);
        }, wanted);
    }
    check_column("numeric(12,2)", DataType::decimal(18, 4), [](ColumnBuilder& column) { column.append_decimal(1'234'550); column.append_decimal(-4); },
        {"123.46", "0.00"});
    check_column("bigint", DataType::decimal(38, 2), [](ColumnBuilder& column) { column.append_decimal(-12'300); }, {"-123"});
    check_column("double precision", DataType::decimal(20, 3), [](ColumnBuilder& column) { column.append_decimal(100); }, {"0.1"});
    check_column("text", DataType::decimal(20, 3), [](ColumnBuilder& column) { column.append_decimal(100); }, {"0.100"});
    CHECK(refused("bigint", DataType::decimal(10, 2), [](ColumnBuilder& column) { column.append_decimal(150); })
        == "the value of 'v' is no whole number, and the column holds only these");
}

TEST_CASE("floating point arrives bit by bit, with NaN and infinities")
{
    const double nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
    const auto fill = [&](ColumnBuilder& column) {
        for (const double value : {0.0, -0.0, 0.1, 1e-300, nan, infinite, -infinite, 123456.5})
            column.append_f64(value);
    };
    check_column("double precision", Type::float64, fill, {"0", "-0", "0.1", "1e-300", "NaN", "Infinity", "-Infinity", "123456.5"});
    check_column("numeric", Type::float64, fill, {"0", "0", "0.1", "1e-300", "NaN", "Infinity", "-Infinity", "123456.5"});
    check_column("real", Type::float32, [](ColumnBuilder& column) { column.append_f64(static_cast<double>(0.1F)); }, {"0.1"});
    check_column("numeric", Type::float32, [](ColumnBuilder& column) { column.append_f64(static_cast<double>(0.1F)); }, {"0.1"});
    check_column("integer", Type::float64, [](ColumnBuilder& column) { column.append_f64(-3); }, {"-3"});
    CHECK(refused("integer", Type::float64, [](ColumnBuilder& column) { column.append_f64(2.5); }) == "the value of 'v' is no whole number, and the column holds only these");
    CHECK(refused("bigint", Type::float64, [](ColumnBuilder& column) { column.append_f64(9223372036854775808.0); }) == "the value of 'v' is out of range for this integer column");
    CHECK(refused("real", Type::float64, [](ColumnBuilder& column) { column.append_f64(1e300); }) == "the value of 'v' is out of range for type real");
}

TEST_CASE("text of each layout arrives in text columns, and by its meaning in others")
{
    for (const Type type : {Type::utf8, Type::large_utf8, Type::utf8_view}) {
        const auto fill = [](ColumnBuilder& column) {
            for (const char* text : {"plain", "äöü € 😀", "tab\tline\nback\\slash"})
                column.append_text(text);
            column.append_null();
        };
        check_column("text", type, fill, {"plain", "äöü € 😀", "tab\tline\nback\\slash", ""});
    }
    const auto texts = [](std::vector<std::string> values) {
        return [values](ColumnBuilder& column) {
            for (const auto& value : values)
                column.append_text(value);
        };
    };
    const auto same = [&](const std::string& sql_type, const std::vector<std::string>& values, const std::string& before = "") {
        check_column(sql_type, Type::utf8, texts(values), values, before);
    };
    same("varchar(5)", {"12345", "ä"});
    same("char(5)", {"12"});
    same("numeric", {"1", "-0.00001", "123456789012345678901234567890.123456789", "1e5", "-1.5E-3", " 12 ", "+7", ".5", "5.", "NaN", "Infinity", "-inf", "000.100",
        std::string(400, '9') + "." + std::string(400, '1')});
    same("numeric(10,2)", {"1.005", "-99999999.99"});
    same("uuid", {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11"});
    same("json", {"{\"a\": [1, null]}", "3"});
    same("jsonb", {"{\"a\": [1, null], \"a\": 2}", "\"text\""});
    same("mood", {"so so", "it's"}, "CREATE TYPE mood AS ENUM ('so so', 'it''s')");
    same("positive", {"3", "4.5"}, "CREATE DOMAIN positive AS numeric(6,1) CHECK (VALUE > 0)");
    // These have no binary form here: the whole COPY is text then.
    same("inet", {"192.168.0.1/24", "::1"});
    same("cidr", {"10.0.0.0/8"});
    same("macaddr", {"08:00:2b:01:02:03"});
    same("money", {"$12.34"});
    same("interval", {"1 year 2 days 03:04:05.6", "-1 mon"});
    same("timestamptz", {"2024-02-29 13:00:00+05", "infinity"});
    same("timetz", {"13:00:00+02"});
    same("date", {"2024-02-29", "0044-03-15 BC"});
    same("boolean", {"yes", "f"});
    same("bytea", {"\\x00ff"});
    same("integer", {"12", "-7"});
    same("integer[]", {"{1,NULL,3}"});
    same("int4range", {"[1,5)"});
    same("point", {"(1,2)"});
    same("bit(3)", {"101"});
    same("xml", {"<a>b</a>"});
    same("pair", {"(1,\"a,b\")"}, "CREATE TYPE pair AS (a int, b text)");
}

TEST_CASE("U+0000 and bytes that are not UTF-8 are refused before the wire, and the rows around them stand")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE t (v text, n bigint)");
    const Schema schema{{"v", Type::utf8}, {"n", Type::int64}};
    Rows rows(schema);
    rows.add("one", 1);
    rows.add(std::string("a\0b", 3), 2);
    rows.add("three", 3);
    rows.add("\xff", 4);
    rows.add("\xed\xa0\x80", 5); // a surrogate
    rows.add("six", 6);
    Instance sink = warehouse.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(schema);
    CHECK(writing.write(rows.finish().value()) == JF_REJECTED);
    CHECK(writing.commit("p", 1) == JF_OK);
    CHECK(warehouse.sql("SELECT string_agg(v, ',' ORDER BY n) FROM t") == "one,three,six");
    REQUIRE(sink.frame.refused.size() == 3);
    CHECK(sink.frame.refused[0].row == 1);
    CHECK(sink.frame.refused[0].column == "v");
    CHECK(sink.frame.refused[0].message == "the value of 'v' holds U+0000, which PostgreSQL's text cannot; remove it with a step");
    CHECK(sink.frame.refused[1].row == 3);
    CHECK(sink.frame.refused[2].row == 4);
}

TEST_CASE("bytes, booleans and UUIDs arrive")
{
    for (const DataType& type : {DataType(Type::binary), DataType(Type::large_binary), DataType(Type::binary_view)})
        check_column("bytea", type, [](ColumnBuilder& column) { column.append_text(std::string("\0\xff\\a", 4)); column.append_text("a long one, beyond twelve"); column.append_null(); },
            {"\\x00ff5c61", "\\x61206c6f6e67206f6e652c206265796f6e64207477656c7665", ""});
    check_column("uuid", DataType::fixed_binary(16), [](ColumnBuilder& column) { column.append_text("0123456789abcdef"); }, {"30313233-3435-3637-3839-616263646566"});
    check_column("boolean", Type::boolean, [](ColumnBuilder& column) { column.append_bool(true); column.append_bool(false); column.append_null(); }, {"t", "f", ""});
    check_column("integer", Type::boolean, [](ColumnBuilder& column) { column.append_bool(true); }, {"1"});
    check_column("text", Type::boolean, [](ColumnBuilder& column) { column.append_bool(true); }, {"true"});
    CHECK(refused("uuid", Type::utf8, [](ColumnBuilder& column) { column.append_text("a0eebc99"); }) == "the value of 'v' is no UUID");
    CHECK(refused("uuid", Type::binary, [](ColumnBuilder& column) { column.append_text("a"); }) == "the value of 'v' is no UUID: that has 16 bytes");
}

TEST_CASE("dates, times and timestamps of all units arrive, with infinities and range checks")
{
    const auto values = [](std::vector<std::int64_t> list) {
        return [list](ColumnBuilder& column) {
            for (const std::int64_t value : list)
                column.append_i64(value);
        };
    };
    check_column("date", Type::date32, values({0, -1, 19782, std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()}),
        {"1970-01-01", "1969-12-31", "2024-02-29", "infinity", "-infinity"});
    check_column("date", Type::date64, values({0, 86'400'000}), {"1970-01-01", "1970-01-02"});
    check_column("timestamp", Type::date32, values({19782}), {"2024-02-29"});
    check_column("text", Type::date32, values({19782}), {"2024-02-29"});
    const std::int64_t seconds = 1'709'211'909; // 2024-02-29 13:05:09
    std::int64_t scale = 1;
    for (const Unit unit : {Unit::second, Unit::milli, Unit::micro, Unit::nano}) {
        check_column("timestamp", DataType(Type::timestamp, unit), values({seconds * scale, -1 * scale, most, least}),
            {"2024-02-29 13:05:09", "1969-12-31 23:59:59", "infinity", "-infinity"});
        check_column("timestamptz", DataType(Type::timestamp, unit, "Europe/Berlin"), values({seconds * scale, most}), {"2024-02-29 13:05:09+00", "infinity"});
        scale *= 1000;
    }
    check_column("timestamptz", DataType(Type::timestamp, Unit::micro, "UTC"), values({seconds * 1'000'000 + 123'456}), {"2024-02-29 13:05:09.123456+00"});
    check_column("time", DataType(Type::time32, Unit::milli), values({0, 47'109'250}), {"00:00:00", "13:05:09.25"});
    check_column("time", DataType(Type::time64, Unit::nano), values({47'109'250'001'000}), {"13:05:09.250001"});
    check_column("interval", DataType(Type::duration, Unit::milli), values({-90'061'250}), {"-25:01:01.25"});
    check_column("interval", Type::interval_month_day_nano, [](ColumnBuilder& column) { column.append_interval({14, -3, 1'500'000'000}); }, {"1 year 2 mons -3 days 00:00:01.5"});
    CHECK(refused("timestamp", DataType(Type::timestamp, Unit::second), values({9'224'318'016'000})) == "the value of 'v' is a time that PostgreSQL does not hold (4713 BC to 294276)");
    CHECK(refused("date", DataType(Type::timestamp, Unit::second), values({1})) == "the value of 'v' has a time of day, and the column holds only dates");
}

TEST_CASE("lists arrive as arrays, nested ones with several dimensions, and structures as JSON")
{
    const auto numbers = [](ColumnBuilder& column) {
        column.child(0).append_i64(1);
        column.child(0).append_null();
        column.child(0).append_i64(-3);
        column.end_list();
        column.end_list();
        column.append_null();
    };
    for (const char* column : {"integer[]", "bigint[]", "numeric[]", "text[]"})
        check_column(column, DataType::list(Type::int32), numbers, {"{1,NULL,-3}", "{}", ""});
    check_column("jsonb", DataType::list(Type::int32), numbers, {"[1, null, -3]", "[]", ""});
    check_column("text[]", DataType::list(Type::utf8), [](ColumnBuilder& column) {
        column.child(0).append_text("a,\"b\"\\");
        column.child(0).append_text("");
        column.end_list();
    }, {R"({"a,\"b\"\\",""})"});
    check_column("inet[]", DataType::list(Type::utf8), [](ColumnBuilder& column) {
        column.child(0).append_text("::1");
        column.child(0).append_null();
        column.end_list();
    }, {"{::1,NULL}"});
    check_column("mood[]", DataType::list(Type::utf8), [](ColumnBuilder& column) { column.child(0).append_text("so so"); column.end_list(); }, {"{\"so so\"}"},
        "CREATE TYPE mood AS ENUM ('so so')");
    check_column("integer[]", DataType::list(DataType::list(Type::int64)), [](ColumnBuilder& column) {
        for (int row = 0; row < 2; ++row) {
            for (int i = 0; i < 3; ++i)
                column.child(0).child(0).append_i64(row * 3 + i);
            column.child(0).end_list();
        }
        column.end_list();
    }, {"{{0,1,2},{3,4,5}}"});
    CHECK(refused("integer[]", DataType::list(DataType::list(Type::int64)), [](ColumnBuilder& column) {
        column.child(0).child(0).append_i64(1);
        column.child(0).end_list();
        column.child(0).end_list();
        column.end_list();
    }) == "the value of 'v' has inner lists of different lengths, which an array cannot; a column of type jsonb takes them");
    const DataType shape = DataType::structure({{"a", Type::int32}, {"b", Type::utf8}});
    check_column("jsonb", shape, [](ColumnBuilder& column) { column.child(0).append_i64(1); column.child(1).append_text("x\"y"); column.end_struct(); },
        {R"({"a": 1, "b": "x\"y"})"});
}

TEST_CASE("tables are made with the narrowest types that hold every value")
{
    Warehouse warehouse;
    const Schema schema{{"a", Type::int8}, {"b", Type::uint32}, {"c", Type::uint64}, {"d", DataType::decimal(10, 3)}, {"e", Type::utf8_view}, {"f", Type::binary},
        {"g", DataType(Type::timestamp, Unit::nano)}, {"h", DataType(Type::timestamp, Unit::second, "UTC")}, {"i", DataType::list(DataType::list(Type::float32))},
        {"j", DataType::structure({{"x", Type::int8}})}, {"k", DataType::decimal(5, -2)}, {"l", Type::null}};
    Instance sink = warehouse.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(schema);
    CHECK(warehouse.sql("SELECT string_agg(format_type(atttypid, atttypmod), ';' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0")
        == "smallint;bigint;numeric(20,0);numeric(10,3);text;bytea;timestamp without time zone;timestamp with time zone;real[];jsonb;numeric;text");
}

TEST_CASE("a type that does not fit its column is refused before a row is written")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE t (v date)");
    Instance sink = warehouse.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    CHECK_THROWS_WITH(writing.schema(Schema{{"v", Type::int64}}), Catch::Contains("rows bring int64 for column 'v', which is date"));
}

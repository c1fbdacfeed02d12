// Values and rows as text: what the writers of CSV and NDJSON share.
#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/json.hpp>
#include <jackfield/sdk/arrow/text.hpp>
#include <jackfield/sdk/text.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <string>

using namespace jackfield;

namespace {

template <class Write>
std::string text_of(Write write)
{
    char buffer[max_value_text];
    return std::string(buffer, write(buffer));
}
std::string decimal(Int128 value, std::int32_t scale)
{
    return text_of([&](char* at) { return write_decimal(at, value, scale); });
}
std::string date(std::int64_t days)
{
    return text_of([&](char* at) { return write_date(at, days); });
}
std::string timestamp(std::int64_t value, Unit unit, bool utc = true)
{
    return text_of([&](char* at) { return write_timestamp(at, value, unit, utc); });
}
std::string json(std::string_view text)
{
    Buffer out;
    append_json_text(out, text);
    CHECK(sdk::json_string(text) == std::string_view(out.as<char>(), out.size())); // one way to quote
    return std::string(out.as<char>(), out.size());
}
std::string base64(std::string_view bytes)
{
    Buffer out;
    append_base64(out, bytes);
    return std::string(out.as<char>(), out.size());
}

} // namespace

TEST_CASE("decimals keep all their digits", "[sdk][arrow][text]")
{
    CHECK(decimal(1250, 2) == "12.50");
    CHECK(decimal(-5, 2) == "-0.05");
    CHECK(decimal(0, 2) == "0.00");
    CHECK(decimal(0, 0) == "0");
    CHECK(decimal(12, -3) == "12000");
    CHECK(decimal(0, -3) == "0");
    CHECK(decimal(-7, 38) == "-0.00000000000000000000000000000000000007");
    const Int128 ten19 = static_cast<Int128>(10'000'000'000'000'000'000U);
    CHECK(decimal(ten19, 0) == "10000000000000000000");
    CHECK(decimal(ten19 - 1, 19) == "0.9999999999999999999");
    CHECK(decimal(ten19 * ten19 - 1, 0) == std::string(38, '9'));
    CHECK(decimal(ten19 * ten19, 0) == "1" + std::string(38, '0'));
    const auto least = static_cast<Int128>(static_cast<UInt128>(1) << 127);
    CHECK(decimal(least, 0) == "-170141183460469231731687303715884105728");
    CHECK(decimal(least, -38).size() < max_value_text);
}

TEST_CASE("dates are right around leap days, centuries and the year 0", "[sdk][arrow][text]")
{
    CHECK(date(0) == "1970-01-01");
    CHECK(date(-1) == "1969-12-31");
    CHECK(date(19782) == "2024-02-29");
    CHECK(date(19783) == "2024-03-01");
    CHECK(date(11016) == "2000-02-29");
    CHECK(date(-25508) == "1900-03-01");
    CHECK(date(2932896) == "9999-12-31");
    CHECK(date(2932897) == "+10000-01-01");
    CHECK(date(-719528) == "0000-01-01");
    CHECK(date(-719529) == "-0001-12-31");
    // Each day of 1600 to 2400 by counting.
    const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    std::int64_t days = -135140;
    for (int year = 1600; year < 2400; ++year)
        for (unsigned month = 0; month < 12; ++month) {
            const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            const unsigned length = lengths[month] + (month == 1 && leap ? 1 : 0);
            char first[16];
            std::snprintf(first, sizeof first, "%04d-%02u-01", year, month + 1);
            REQUIRE(date(days) == first);
            days += length;
        }
}

TEST_CASE("timestamps, times, durations and intervals are ISO 8601", "[sdk][arrow][text]")
{
    CHECK(timestamp(1709211909, Unit::second) == "2024-02-29T13:05:09Z");
    CHECK(timestamp(1709211909250, Unit::milli) == "2024-02-29T13:05:09.250Z");
    CHECK(timestamp(1709211909000000, Unit::micro, false) == "2024-02-29T13:05:09");
    CHECK(timestamp(-1, Unit::nano) == "1969-12-31T23:59:59.999999999Z");
    for (const Unit unit : {Unit::second, Unit::milli, Unit::micro, Unit::nano}) {
        CHECK(timestamp(std::numeric_limits<std::int64_t>::min(), unit).size() < max_value_text);
        CHECK(timestamp(std::numeric_limits<std::int64_t>::max(), unit).size() < max_value_text);
    }
    CHECK(text_of([](char* at) { return write_time(at, 86399999999, Unit::micro); }) == "23:59:59.999999");
    CHECK(text_of([](char* at) { return write_duration(at, -1500, Unit::milli); }) == "-PT1.500S");
    CHECK(text_of([](char* at) { return write_duration(at, std::numeric_limits<std::int64_t>::min(), Unit::nano); }) == "-PT9223372036.854775808S");
    CHECK(text_of([](char* at) { return write_interval(at, {14, -3, -1'500'000'000}); }) == "P14M-3DT-1.500000000S");
}

TEST_CASE("JSON text is escaped and always UTF-8", "[sdk][arrow][json]")
{
    CHECK(json("") == "\"\"");
    CHECK(json("plain text of some length") == "\"plain text of some length\"");
    CHECK(json("a\"b\\c\n\r\t\x01\x1f") == "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f\"");
    CHECK(json("Grüße 你好 🙂, enough to fill words") == "\"Grüße 你好 🙂, enough to fill words\"");
    const std::string bad = "\xef\xbf\xbd";
    CHECK(json("a\xff" "b") == "\"a" + bad + "b\"");
    CHECK(json("\xc3") == "\"" + bad + "\"");
    CHECK(json("\xc0\xaf") == "\"" + bad + bad + "\"");
    CHECK(json("\xed\xa0\x80") == "\"" + bad + bad + bad + "\"");
    CHECK(json("\xf4\x90\x80\x80") == "\"" + bad + bad + bad + bad + "\"");
    // A special byte at each place of a word.
    for (std::size_t place = 0; place < 24; ++place) {
        std::string text(24, 'x');
        text[place] = '"';
        std::string expected = text;
        expected.insert(place, "\\");
        CHECK(json(text) == "\"" + expected + "\"");
        text[place] = '\x7f';
        CHECK(json(text) == "\"" + text + "\"");
    }
}

TEST_CASE("base64 pads", "[sdk][arrow][text]")
{
    CHECK(base64("").empty());
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("\xff\xfe\xfd\xfc") == "//79/A==");
}

TEST_CASE("a row of plain columns is one JSON object", "[sdk][arrow][json]")
{
    Rows rows(Schema{{"id", Type::int64}, {"u", Type::uint64}, {"f", Type::float64}, {"g", Type::float32}, {"ok", Type::boolean},
        {"na\"me", Type::utf8}, {"price", DataType::decimal(12, 2)}, {"at", DataType(Type::timestamp, Unit::micro, "UTC")}, {"day", Type::date32},
        {"day64", Type::date64}, {"raw", Type::binary}, {"none", Type::null}, {"time", DataType(Type::time32, Unit::second)}});
    rows.add(INT64_MIN, UINT64_MAX, 0.1, 0.1F, true, "a\nb", Int128(1250), 0, 19782, -86400000, "foo", nullptr, 60);
    rows.add(nullptr, nullptr, std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<float>::infinity(), false, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
        nullptr, nullptr);
    auto made = rows.finish();
    REQUIRE(made);
    JsonRows writer(rows.builder().schema());
    writer.bind(**made);
    CHECK(writer.text(0) == "{\"id\":-9223372036854775808,\"u\":18446744073709551615,\"f\":0.1,\"g\":0.1,\"ok\":true,\"na\\\"me\":\"a\\nb\","
                            "\"price\":12.50,\"at\":\"1970-01-01T00:00:00Z\",\"day\":\"2024-02-29\",\"day64\":\"1969-12-31\",\"raw\":\"Zm9v\",\"none\":null,"
                            "\"time\":\"00:01:00\"}");
    CHECK(writer.text(1) == "{\"id\":null,\"u\":null,\"f\":null,\"g\":null,\"ok\":false,\"na\\\"me\":null,\"price\":null,\"at\":null,\"day\":null,"
                            "\"day64\":null,\"raw\":null,\"none\":null,\"time\":null}");
}

TEST_CASE("nested columns and dictionaries are JSON too", "[sdk][arrow][json]")
{
    const Schema schema{{"l", *parse_type("list<int64>")}, {"s", *parse_type("struct<a: utf8, b: struct<>>")}, {"m", *parse_type("map<utf8, int8>")},
        {"p", *parse_type("map<int8, utf8>")}, {"d", *parse_type("dictionary<int8, utf8>")}, {"r", *parse_type("run_end<int32, bool>")}};
    BatchBuilder batch(schema);
    batch.column(0).child(0).append_i64(1);
    batch.column(0).child(0).append_null();
    batch.column(0).end_list();
    batch.column(1).child(0).append_text("x");
    batch.column(1).child(1).end_struct();
    batch.column(1).end_struct();
    batch.column(2).child(0).child(0).append_text("k");
    batch.column(2).child(0).child(1).append_i64(1);
    batch.column(2).child(0).end_struct();
    batch.column(2).end_list();
    batch.column(3).child(0).child(0).append_i64(7);
    batch.column(3).child(0).child(1).append_text("v");
    batch.column(3).child(0).end_struct();
    batch.column(3).end_list();
    batch.column(4).child(0).append_text("red");
    batch.column(4).append_i64(0);
    batch.column(5).child(0).append_i64(1);
    batch.column(5).child(1).append_bool(true);
    batch.column(5).set_length(1);
    batch.end_row();
    auto made = batch.finish();
    REQUIRE(made);
    JsonRows writer(schema);
    writer.bind(**made);
    CHECK(writer.text(0) == R"({"l":[1,null],"s":{"a":"x","b":{}},"m":{"k":1},"p":[[7,"v"]],"d":"red","r":true})");
    JsonRows nothing((Schema(std::vector<Field>{})));
    CHECK(nothing.text(0) == "{}");
}

// JsonText: places, and texts of any kind.
#include "flow/json_text.hpp"
#include "flow/path.hpp"
#include "flow/units.hpp"
#include "flow/words.hpp"

#include <jackfield/runtime/flow.hpp>

#include <catch2/catch.hpp>

using namespace jackfield;

TEST_CASE("a fault stands at the value, or at the name of its member", "[flow][json]")
{
    const auto reading = JsonText::parse("{\n  \"a\": {\n    \"b\": [10,\n      20]\n  }\n}", "f.json");
    REQUIRE(reading.text);
    const auto value = reading.text->fault(Path{"a", "b"} / 1, "x");
    CHECK(value.line == 4);
    CHECK(value.column == 7);
    CHECK(value.path == "a.b[1]");
    const auto name = reading.text->fault({"a", "b"}, "x", JsonText::Part::key);
    CHECK(name.line == 3);
    CHECK(name.column == 5);
}

TEST_CASE("a missing member is reported at the name of the thing that lacks it", "[flow][json]")
{
    const auto reading = JsonText::parse("{\n  \"a\": { \"b\": 1 }\n}", "f.json");
    REQUIRE(reading.text);
    const auto fault = reading.text->fault({"a", "c", "d"}, "x");
    CHECK(fault.line == 2);
    CHECK(fault.column == 3);
    CHECK(fault.path == "a.c.d");
}

TEST_CASE("a member whose name is a number is found by a path with that number", "[flow][json]")
{
    const auto reading = JsonText::parse("{ \"0\": true }", "f.json");
    REQUIRE(reading.text);
    CHECK(reading.text->fault(Path::from_pointer("/0"), "x").column == 8);
}

TEST_CASE("a text beyond the limits is refused", "[flow][json]")
{
    JsonLimits limits;
    limits.bytes = 10;
    CHECK_FALSE(JsonText::parse("[1, 2, 3, 4, 5]", "f.json", limits).text);
    CHECK_FALSE(JsonText::parse(std::string(1'000'000, '['), "f.json").text);
    CHECK(JsonText::parse(std::string(60, '[') + std::string(60, ']'), "f.json").text);
}

TEST_CASE("UTF-8 is checked as the standard says", "[flow][json]")
{
    const auto good = std::string_view::npos;
    CHECK(first_bad_utf8("aé✓😀") == good);
    CHECK(first_bad_utf8("\xC0\x80") == 0);         // overlong
    CHECK(first_bad_utf8("a\xED\xA0\x80") == 1);    // surrogate
    CHECK(first_bad_utf8("\xF4\x90\x80\x80") == 0); // beyond U+10FFFF
    CHECK(first_bad_utf8("ab\xE2\x9C") == 2);       // cut off
}

TEST_CASE("paths are read back as they are written", "[flow][json]")
{
    for (const auto* text : {"tasks.land.steps[0].use", "a[\"b c\"].d", "x[10][2]", "[\"a.b\"].c"})
        CHECK(Path::from_dotted(text).dotted() == text);
    CHECK(Path::from_pointer("/a~1b/~0/3").pointer() == "/a~1b/~0/3");
    CHECK(Path::from_dotted("a[").dotted() == "a[\"[\"]");
}

TEST_CASE("a near name is meant, a far one is not", "[flow][words]")
{
    const std::vector<std::string> known{"table", "mode", "key"};
    CHECK(nearest("tabel", known) == "table");
    CHECK(nearest("Table", known) == "table");
    CHECK(nearest("mdoe", known) == "mode");
    CHECK(nearest("columns", known).empty());
    CHECK(nearest("x", known).empty());
    CHECK(nearest(std::string(10'000, 'a'), known).empty());
}

TEST_CASE("what is shown cannot drive a terminal", "[flow][words]")
{
    CHECK(in_quotes("a\x1b[31m\n") == "'a\\x1b[31m\\n'");
    CHECK(printable("\xE2\x80\xAE" "abc") == "\\xe2\\x80\\xae" "abc");
    CHECK(printable(std::string(100, 'a')).size() == 60 + std::string("…").size());
}

TEST_CASE("durations and sizes have one spelling each way", "[flow][units]")
{
    using namespace std::chrono_literals;
    CHECK(parse_duration("10m") == 10min);
    CHECK(parse_duration("1.5s") == 1500ms);
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("0s") == 0s);
    CHECK(parse_duration("9223372036854775807ns") == Duration::max());
    for (const auto* bad : {"", "10", "m", "10 m", "-1s", "1e3s", ".5s", "5.s", "1..2s", "99999999999w", "10M"})
        CHECK_FALSE(parse_duration(bad));
    CHECK(parse_size("64MB") == 64'000'000U);
    CHECK(parse_size("1GiB") == 1073741824U);
    CHECK(parse_size("4096") == 4096U);
    for (const auto* bad : {"", "MB", "1 MB", "-1", "1XB"})
        CHECK_FALSE(parse_size(bad));
    CHECK(format_duration(90s) == "90s");
    CHECK(format_duration(120s) == "2m");
    CHECK(format_duration(1500us) == "1500us");
    CHECK(no_duration("ten minutes") == "'ten minutes' is no duration; write '10m'");
    CHECK(no_duration("5 secs") == "'5 secs' is no duration; write '5s'");
}

TEST_CASE("dates, times and types are checked in full", "[flow][units]")
{
    CHECK(is_date("2024-02-29"));
    CHECK_FALSE(is_date("2025-02-29"));
    CHECK(is_timestamp("2026-01-01T10:00:00.123456789+11:00"));
    CHECK_FALSE(is_timestamp("2026-01-01T24:00:00"));
    for (const auto* good : {"int64", "decimal(10,2)", "decimal(10, 2)", "timestamp", "timestamp(us)", "timestamp(us, Australia/Sydney)",
                             "list<string>", "struct<a: int64, b: list<date>>", "dictionary<int32, string>", "map<string, int8>"})
        CHECK(is_arrow_type(good));
    for (const auto* bad : {"", "int", "decimal", "decimal(39,2)", "list<>", "struct<a>", "timestamp[us]", "int64 x"})
        CHECK_FALSE(is_arrow_type(bad));
    CHECK_FALSE(is_arrow_type(std::string(4000, '<')));
    std::string deep;
    for (int i = 0; i < 500; ++i)
        deep += "list<";
    CHECK_FALSE(is_arrow_type(deep));
}

// What the tasks make of their options before any server is asked: scripts, widths, names.
#include <postgres/aggregate_sql.hpp>
#include <postgres/partition_task.hpp>
#include <postgres/statements.hpp>

#include <catch2/catch.hpp>

using namespace jackfield;
using namespace jackfield::postgres;

namespace {

std::vector<std::string> texts(const std::string& script)
{
    auto split = split_statements(script);
    REQUIRE(split);
    std::vector<std::string> out;
    for (const Statement& statement : *split)
        out.push_back(statement.sql);
    return out;
}

using Texts = std::vector<std::string>;

std::string width_of(const std::string& text)
{
    const auto width = parse_width(text);
    return width ? width->interval() : width.error().message;
}

} // namespace

TEST_CASE("a script is cut at the semicolons that end statements", "[postgres][statements]")
{
    CHECK(texts("SELECT 1; SELECT 2") == Texts{"SELECT 1", "SELECT 2"});
    CHECK(texts(" ;; -- nothing\n ; /* nor ; here */ ") == Texts{});
    CHECK(texts("SELECT ';', \"a;b\", 'it''s;', E'\\';'; SELECT 2") == Texts{"SELECT ';', \"a;b\", 'it''s;', E'\\';'", "SELECT 2"});
    CHECK(texts("SELECT 'a\\'; SELECT 2") == Texts{"SELECT 'a\\'", "SELECT 2"});
    CHECK(texts("DO $$ BEGIN; END $$; SELECT $x$;$$;$x$") == Texts{"DO $$ BEGIN; END $$", "SELECT $x$;$$;$x$"});
    CHECK(texts("SELECT 1 -- one; two\n + 1; SELECT 2 /* a /* b; */ c; */ + 1") == Texts{"SELECT 1 -- one; two\n + 1", "SELECT 2 /* a /* b; */ c; */ + 1"});
    CHECK(texts("CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b); SELECT 1").size() == 2);
}

TEST_CASE("the body of a function in standard SQL is one statement", "[postgres][statements]")
{
    const std::string body = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END";
    CHECK(texts(body + "; SELECT 3") == Texts{body, "SELECT 3"});
    CHECK(texts("BEGIN; SELECT 1; END") == Texts{"BEGIN", "SELECT 1", "END"});
}

TEST_CASE("placeholders are numbered anew in each statement, and only where they are some", "[postgres][statements]")
{
    const auto split = split_statements("SELECT $3, '$1', $3::int, $2 ; SELECT a$1, $tag$ $1 $tag$, \"$2\" -- $2\n");
    REQUIRE(split);
    CHECK((*split)[0].sql == "SELECT $1, '$1', $1::int, $2");
    CHECK((*split)[0].values == std::vector<std::size_t>{2, 1});
    CHECK((*split)[1].values.empty());
}

TEST_CASE("a statement knows its first word, its line and whether it selects into something", "[postgres][statements]")
{
    const auto split = split_statements("-- first\n(select 1);\n\nselect a into b from (select 1 as a) as x;\ninsert into t values (1)");
    REQUIRE(split);
    CHECK((*split)[0].word == "SELECT");
    CHECK((*split)[0].line == 2);
    CHECK_FALSE((*split)[0].into);
    CHECK((*split)[1].into);
    CHECK((*split)[1].line == 4);
    CHECK((*split)[2].word == "INSERT");
}

TEST_CASE("a quote or comment that is not closed is named with its line", "[postgres][statements]")
{
    for (const char* script : {"SELECT 1;\nSELECT 'open", "SELECT 1;\nSELECT \"open", "SELECT 1;\n/* open", "SELECT 1;\n SELECT $x$ open $y$"}) {
        const auto split = split_statements(script);
        REQUIRE_FALSE(split);
        CHECK(split.error().kind == JF_E_CONFIG);
        CHECK_THAT(split.error().message, Catch::Contains("begins in line 2"));
    }
}

TEST_CASE("widths are read in words and as durations", "[postgres][buckets]")
{
    CHECK(width_of("hour") == "1 hour");
    CHECK(width_of("15 minutes") == "15 minutes");
    CHECK(width_of("15m") == "15 minutes");
    CHECK(width_of("60m") == "1 hour");
    CHECK(width_of("24 hours") == "1 day");
    CHECK(width_of("week") == "7 days");
    CHECK(width_of("2w") == "14 days");
    CHECK(width_of("quarter") == "3 months");
    CHECK(width_of("year") == "12 months");
}

TEST_CASE("a width that does not divide the next larger unit is refused, and so is what is none", "[postgres][buckets]")
{
    CHECK_THAT(width_of("7 minutes"), Catch::Contains("divides 60"));
    CHECK_THAT(width_of("90 minutes"), Catch::Contains("divides 60"));
    CHECK_THAT(width_of("5 hours"), Catch::Contains("each day"));
    CHECK_THAT(width_of("5 months"), Catch::Contains("divides 12"));
    for (const char* text : {"", "0 hours", "-1 day", "1 fortnight", "1 m", "hour; DROP TABLE t", "1.5 hours"})
        CHECK_THAT(width_of(text), Catch::Contains("is no span of time"));
}

TEST_CASE("how long something is kept need not divide anything", "[postgres][buckets]")
{
    CHECK(parse_span("18 months")->interval() == "18 months");
    CHECK(parse_span("3000 days")->interval() == "3000 days");
    CHECK(parse_span("2 years")->interval() == "24 months");
    CHECK(parse_span("36h")->interval() == "36 hours");
    CHECK_FALSE(parse_span("a while"));
}

TEST_CASE("names of columns reach the SQL of an aggregate quoted", "[postgres][aggregate]")
{
    Aggregate what;
    what.source = quote_identifier("Events; \"x\"");
    what.time = "At \"time\"";
    what.dimensions = {"Re gion"};
    what.measures = {{.name = "p;95", .function = Measure::Function::percentile, .column = "a\"b", .at = 0.95, .where = "x > 1 -- odd"}};
    what.bucket_column = "bucket";
    const std::string sql = what.select_sql(false);
    CHECK_THAT(sql, Catch::Contains("date_trunc('hour', \"At \"\"time\"\"\", 'UTC') AS \"bucket\""));
    CHECK_THAT(sql, Catch::Contains("percentile_cont(0.95) WITHIN GROUP (ORDER BY \"a\"\"b\") FILTER (WHERE (\nx > 1 -- odd\n)) AS \"p;95\""));
    CHECK_THAT(sql, Catch::Contains("FROM \"Events; \"\"x\"\"\""));
}

TEST_CASE("partitions are named by their beginning, within 63 bytes", "[postgres][partition]")
{
    CHECK(partition_name("events", {Width::Unit::day, 1}, "202601020000") == "events_p20260102");
    CHECK(partition_name("events", {Width::Unit::month, 1}, "202601010000") == "events_p202601");
    CHECK(partition_name("events", {Width::Unit::month, 12}, "202601010000") == "events_p2026");
    CHECK(partition_name("events", {Width::Unit::hour, 1}, "202601021300") == "events_p20260102_1300");
    const std::string name = partition_name(std::string(70, 'x'), {Width::Unit::day, 1}, "202601020000");
    CHECK(name.size() == 63);
    CHECK_THAT(name, Catch::EndsWith("_p20260102"));
}

TEST_CASE("only names of the shape that it gives count as a partition of the task's own", "[postgres][partition]")
{
    for (const char* name : {"events_p20260102", "events_p202601", "events_p2026", "events_p20260102_1300"})
        CHECK(is_partition_name("events", name));
    for (const char* name : {"events_old", "events_p", "events_p2026010", "events_p20260102_13", "event_p20260102", "events_p2026O102", "events_p20260102_1300x", "events_default"})
        CHECK_FALSE(is_partition_name("events", name));
}

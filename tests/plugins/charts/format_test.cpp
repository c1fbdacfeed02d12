// Numbers and times as the reader sees them, looked up in drawn tables.
#include "engine_client.hpp"
#include "shape.hpp"
#include "svg_shapes.hpp"

#include <catch2/catch.hpp>

#include <boost/json.hpp>

using namespace jackfield;
using namespace jackfield::charts;

namespace {

// The cells of a column of these values under a pattern; empty pattern: none.
std::vector<std::string> cells(EngineClient& engine, std::vector<double> values, const std::string& pattern, ColumnKind kind = ColumnKind::number)
{
    Column column;
    column.name = "v";
    column.kind = kind;
    column.numbers = std::move(values);
    Table table;
    table.rows = column.numbers.size();
    table.columns = {column};
    boost::json::object json{{"kind", "table"}, {"height", 600}};
    if (!pattern.empty())
        json["format"] = boost::json::object{{"v", pattern}};
    auto spec = Spec::parse(boost::json::serialize(json));
    REQUIRE(spec);
    auto drawn = engine.ask(Ask::svg, 1, *shape(*spec, table, 1000), EngineClient::Clock::now() + std::chrono::seconds(30), {});
    REQUIRE(drawn);
    std::vector<std::string> out;
    for (const svg::Shape& shape : svg::read(*drawn))
        if (shape.is_text)
            out.push_back(shape.text);
    out.erase(out.begin()); // the head
    return out;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("numbers follow their pattern", "[charts][format]")
{
    EngineClient engine(find_engine());
    CHECK(cells(engine, {1234567.891, -5, 0.04}, "#,##0.0") == Texts{"1,234,567.9", "−5.0", "0.0"});
    CHECK(cells(engine, {0.1234, -0.5}, "0.0 %") == Texts{"12.3 %", "−50.0 %"});
    CHECK(cells(engine, {1234.5, -9.9}, "$ #,##0.00") == Texts{"$ 1,234.50", "−$ 9.90"});
    CHECK(cells(engine, {1234567, 999, 2.5e9}, "0.0a") == Texts{"1.2M", "999.0", "2.5G"});
    CHECK(cells(engine, {1.5, 2}, "0.##") == Texts{"1.5", "2"});
    CHECK(cells(engine, {3.7}, "0 kWh") == Texts{"4 kWh"});
}

TEST_CASE("numbers of one column without a pattern share their decimals, and null is a dash", "[charts][format]")
{
    EngineClient engine(find_engine());
    CHECK(cells(engine, {1, 2.25, 1000}, "") == Texts{"1.00", "2.25", "1,000.00"});
    CHECK(cells(engine, {1, 20000}, "") == Texts{"1", "20,000"});
    CHECK(cells(engine, {1, std::nan("")}, "") == Texts{"1", "–"});
    CHECK(cells(engine, {-0.0, 3e17}, "") == Texts{"0", "3.00e17"});
}

TEST_CASE("times follow their pattern and are UTC", "[charts][format]")
{
    EngineClient engine(find_engine());
    const double leap_day = 1709209509000; // 2024-02-29 12:25:09
    CHECK(cells(engine, {leap_day}, "", ColumnKind::time) == Texts{"2024-02-29 12:25"});
    CHECK(cells(engine, {leap_day}, "EEE d MMM yyyy, HH:mm:ss", ColumnKind::time) == Texts{"Thu 29 Feb 2024, 12:25:09"});
    CHECK(cells(engine, {-86400000}, "dd.MM.yyyy", ColumnKind::time) == Texts{"31.12.1969"});
}

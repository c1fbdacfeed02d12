// What the numbers become before anything is drawn.
#include "chart_cases.hpp"
#include "shape.hpp"

#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include <cmath>

using namespace jackfield;
using namespace jackfield::charts;

namespace {

const double null = std::nan("");

Column numbers(std::string name, std::vector<double> values)
{
    Column out;
    out.name = std::move(name);
    out.numbers = std::move(values);
    return out;
}

Column texts(std::string name, std::vector<std::string> values)
{
    Column out;
    out.name = std::move(name);
    out.kind = ColumnKind::text;
    out.valid.assign(values.size(), true);
    out.texts = std::move(values);
    return out;
}

boost::json::value data(const std::string& spec_text, const Table& table, std::size_t points = 1000)
{
    auto spec = Spec::parse(spec_text);
    REQUIRE(spec);
    auto out = shape(*spec, table, points);
    if (!out)
        FAIL(out.error().message);
    return boost::json::parse(*out).at("data");
}

Error error(const std::string& spec_text, const Table& table)
{
    auto spec = Spec::parse(spec_text);
    if (!spec)
        return spec.error();
    auto out = shape(*spec, table, 1000);
    REQUIRE_FALSE(out);
    return out.error();
}

std::string text(const boost::json::value& value)
{
    std::string out = boost::json::serialize(value);
    return out;
}

} // namespace

TEST_CASE("a specification names the bad member and the remedy", "[charts][spec]")
{
    CHECK(error(R"({"kind":"donut"})", {}).where == "kind");
    CHECK(error(R"({"kind":"donut"})", {}).message.find("stacked_bar") != std::string::npos);
    CHECK(error(R"({"kind":"bar","widht":3})", {}).where == "widht");
    CHECK(error(R"({"kind":"bar","width":3})", {}).message == "3 is out of range; it may be 160 to 4000");
    CHECK(error(R"({"kind":"bar","y":[1]})", {}).where == "y");
    CHECK(error(R"({"title":"no kind"})", {}).where == "kind");
    CHECK(error("[", {}).kind == JF_E_CONFIG);
}

TEST_CASE("a column that does not exist is answered with those that do", "[charts][shape]")
{
    const Table table{{texts("city", {"a"}), numbers("people", {1})}, 1};
    const Error found = error(R"({"kind":"bar","x":"town"})", table);
    CHECK(found.where == "x");
    CHECK(found.message == "the data has no column 'town'; columns: city, people");
    CHECK(error(R"({"kind":"bar","y":"city"})", table).where == "y");
    CHECK(error(R"({"kind":"line","x":"city","x_type":"time"})", table).where == "x_type");
}

TEST_CASE("rows of one bar are added up, or aggregated as asked", "[charts][shape]")
{
    const Table table{{texts("city", {"a", "b", "a", "b"}), numbers("v", {1, 2, 3, null})}, 4};
    CHECK(text(data(R"({"kind":"bar"})", table).at("series").at(0).at("values")) == "[4,2]");
    CHECK(text(data(R"({"kind":"bar","aggregate":"mean"})", table).at("series").at(0).at("values")) == "[2,2]");
    CHECK(text(data(R"({"kind":"bar","aggregate":"count"})", table).at("series").at(0).at("values")) == "[2,1]");
    CHECK(text(data(R"({"kind":"bar","sort":"y"})", table).at("categories")) == R"(["b","a"])");
}

TEST_CASE("a long form becomes one series for each value, with null where there is no row", "[charts][shape]")
{
    const Table table{{texts("city", {"a", "b", "b"}), texts("year", {"2024", "2024", "2025"}), numbers("v", {1, 2, 3})}, 3};
    const auto made = data(R"({"kind":"bar","x":"city","y":"v","series":"year"})", table);
    CHECK(made.at("series").as_array().size() == 2);
    CHECK(text(made.at("series").at(1).at("values")) == "[null,3]");
}

TEST_CASE("slices beyond the limit become Others, and too many bars are told in a remark", "[charts][shape]")
{
    const Table table{{texts("n", {"a", "b", "c", "d"}), numbers("v", {4, 3, 2, 1})}, 4};
    const auto pie = data(R"({"kind":"pie","limit":3})", table);
    CHECK(text(pie.at("categories")) == R"x(["a","b","Others (2)"])x");
    CHECK(text(pie.at("series").at(0).at("values")) == "[4,3,3]");
    const auto bars = data(R"({"kind":"bar","limit":3})", table);
    CHECK(text(bars.at("categories")) == R"(["a","b","c"])");
    CHECK(text(bars.at("remarks")) == R"(["3 of 4 categories shown"])");
}

TEST_CASE("a thinned line keeps its ends, its peaks and its gaps", "[charts][shape]")
{
    std::vector<double> x, y;
    for (int i = 0; i < 50000; ++i) {
        x.push_back(i);
        y.push_back(i == 12345 ? 99 : i == 40001 ? -99 : i == 30000 ? null : 0);
    }
    const auto made = data(R"({"kind":"line","x":"x","y":"y"})", {{numbers("x", x), numbers("y", y)}, 50000}, 1000);
    const auto& points = made.at("series").at(0).at("points").as_array();
    CHECK(points.size() <= 1300);
    CHECK(text(points.front()) == "[0,0]");
    CHECK(text(points.back()) == "[49999,0]");
    const std::string all = text(made);
    CHECK(all.find("[12345,99]") != std::string::npos);
    CHECK(all.find("[40001,-99]") != std::string::npos);
    CHECK(all.find("[30000,null]") != std::string::npos);
}

TEST_CASE("quartiles, whiskers and outliers of a box are those of R and numpy", "[charts][shape]")
{
    const Table table{{texts("g", std::vector<std::string>(7, "a")), numbers("v", {1, 2, 3, 4, 5, 6, 100})}, 7};
    const auto group = data(R"({"kind":"boxplot"})", table).at("groups").at(0);
    CHECK(group.at("box").at(0).to_number<double>() == 1);
    CHECK(group.at("box").at(1).to_number<double>() == 2.5);
    CHECK(group.at("box").at(2).to_number<double>() == 4);
    CHECK(group.at("box").at(3).to_number<double>() == 5.5);
    CHECK(group.at("box").at(4).to_number<double>() == 6);
    CHECK(group.at("outliers").at(0).to_number<double>() == 100);
}

TEST_CASE("a histogram has round bins and counts every value once", "[charts][shape]")
{
    std::vector<double> values;
    for (int i = 0; i < 1000; ++i)
        values.push_back(i / 10.0);
    values.push_back(null);
    const auto made = data(R"({"kind":"histogram","bins":10})", {{numbers("v", values)}, 1001});
    CHECK(made.at("step").to_number<double>() == 10);
    CHECK(made.at("start").to_number<double>() == 0);
    CHECK(text(made.at("series").at(0).at("values")) == "[100,100,100,100,100,100,100,100,100,100]");
    CHECK(text(made.at("remarks")) == R"(["1 row without a value"])");
}

TEST_CASE("every case can be shaped with no rows at all", "[charts][shape]")
{
    for (cases::Case one : cases::all()) {
        one.table.rows = 0;
        for (Column& column : one.table.columns) {
            column.numbers.clear();
            column.texts.clear();
            column.valid.clear();
        }
        INFO(one.name);
        auto spec = Spec::parse(one.spec);
        REQUIRE(spec);
        CHECK(shape(*spec, one.table, 1000));
    }
}

// Hostile names stay text, nothing points outside, and the same chart gives the same bytes.
#include "chart_cases.hpp"
#include "engine_client.hpp"
#include "page.hpp"
#include "shape.hpp"
#include "svg_shapes.hpp"

#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include <regex>
#include <set>

using namespace jackfield;
using namespace jackfield::charts;

namespace {

const std::vector<std::string> hostile{"</script><script>alert(1)</script>", "<svg onload=alert(1)>", "\"><img src=x onerror=alert(1)>",
    "<!--<script>", "{{a}}{b|c}", "javascript:alert(1)", "]]><b>", "&lt;i&gt;", "\xff\xfe broken \x01 control"};

Table hostile_table()
{
    Column names;
    names.name = "</script><script>alert(2)</script>";
    names.kind = ColumnKind::text;
    names.texts = hostile;
    names.valid.assign(hostile.size(), true);
    Column values;
    values.name = "<svg onload=alert(3)>";
    for (std::size_t i = 0; i < hostile.size(); ++i)
        values.numbers.push_back(static_cast<double>(i + 1));
    return {{names, values}, hostile.size()};
}

std::string hostile_spec(const std::string& kind)
{
    boost::json::object spec{{"kind", kind}, {"title", hostile[0]}, {"subtitle", hostile[1]}, {"note", hostile[2]}, {"description", hostile[2]}};
    return boost::json::serialize(spec);
}

std::string shaped(const Spec& spec, const Table& table)
{
    auto out = shape(spec, table, 2000);
    REQUIRE(out);
    return *out;
}

std::string draw(EngineClient& engine, Ask what, const std::string& request)
{
    auto out = engine.ask(what, 1, request, EngineClient::Clock::now() + std::chrono::seconds(30), {});
    if (!out)
        FAIL(out.error().message);
    return *out;
}

std::size_t count(std::string_view text, std::string_view part)
{
    std::size_t out = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
        ++out;
    return out;
}

// Whether anything is loaded from elsewhere; "#…" is a place in the document itself.
bool refers_outside(std::string_view text)
{
    for (const std::string_view reference : {"src=\"", "href=\"", "url("})
        for (std::size_t at = text.find(reference); at != std::string_view::npos; at = text.find(reference, at + 1))
            if (text[at + reference.size()] != '#')
                return true;
    return text.find("@import") != std::string_view::npos;
}

} // namespace

TEST_CASE("hostile names are inert in a page", "[charts][safety]")
{
    std::vector<Figure> figures;
    for (const char* kind : {"bar", "pie", "line", "boxplot", "number", "table"}) {
        auto spec = Spec::parse(hostile_spec(kind));
        REQUIRE(spec);
        figures.push_back({*spec, shaped(*spec, hostile_table())});
    }
    const Page page{hostile[0], hostile[1], hostile[2], "", 2};
    const std::string html = make_page(page, figures);

    CHECK(count(html, "<script") == 2);
    CHECK(count(html, "</script") == 2);
    CHECK(html.find("<svg onload") == std::string::npos);
    const std::string ours = html.substr(0, html.find("<script>")); // all but the scripts themselves
    CHECK(ours.find("<img") == std::string::npos);
    CHECK(ours.find("<!--") == std::string::npos);
    CHECK(count(html, "default-src 'none'") == 1);
}

TEST_CASE("hostile names are inert in a picture, whose only elements draw", "[charts][safety]")
{
    EngineClient engine(find_engine());
    const std::regex element("<([A-Za-z!?][A-Za-z]*)");
    for (const char* kind : {"bar", "stacked_bar", "pie", "line", "area", "boxplot", "number", "table"}) {
        auto spec = Spec::parse(hostile_spec(kind));
        REQUIRE(spec);
        const std::string request = shaped(*spec, hostile_table());
        const std::string drawn = draw(engine, Ask::svg, request);
        INFO(kind);
        for (std::sregex_iterator at(drawn.begin(), drawn.end(), element), end; at != end; ++at)
            CHECK(std::set<std::string>{"svg", "rect", "text", "path", "g", "defs", "clipPath", "circle", "polyline", "linearGradient", "stop"}.contains((*at)[1]));
        const std::string no_values = std::regex_replace(drawn, std::regex("\"[^\"]*\""), "");
        CHECK_FALSE(std::regex_search(no_values, std::regex("<[^>]* on[a-z]+=")));
        CHECK_FALSE(draw(engine, Ask::png, request).empty()); // it is well-formed, or librsvg refuses it
    }
}

TEST_CASE("pages and pictures refer to nothing outside themselves", "[charts][safety]")
{
    EngineClient engine(find_engine());
    for (const cases::Case& one : cases::all()) {
        auto spec = Spec::parse(cases::sized(one, 400, 250, "light"));
        REQUIRE(spec);
        const std::string request = shaped(*spec, one.table);
        INFO(one.name);
        CHECK_FALSE(refers_outside(draw(engine, Ask::svg, request)));
        const std::string html = make_page({}, {{*spec, request}});
        const std::string_view frame = std::string_view(html).substr(0, html.find("<script type"));
        CHECK_FALSE(refers_outside(frame));
    }
}

TEST_CASE("the same chart gives the same bytes, whatever was drawn before", "[charts][determinism]")
{
    EngineClient first(find_engine());
    EngineClient second(find_engine());
    std::vector<std::string> requests;
    for (const cases::Case& one : cases::all()) {
        if (!one.on_sheet)
            continue;
        auto spec = Spec::parse(cases::sized(one, 400, 250, "light"));
        REQUIRE(spec);
        requests.push_back(shaped(*spec, one.table));
        CHECK(requests.back() == shaped(*spec, one.table));
    }
    std::vector<std::string> drawn;
    for (const std::string& request : requests)
        drawn.push_back(draw(first, Ask::svg, request));
    for (std::size_t i = requests.size(); i-- > 0;) {
        CHECK((draw(second, Ask::svg, requests[i]) == drawn[i]));
        CHECK((draw(first, Ask::svg, requests[i]) == drawn[i]));
    }
}

TEST_CASE("the checks of the layout test see overlaps, turned boxes and pale colours", "[charts][layout]")
{
    const auto shapes = svg::read(
        "<svg><rect width=\"100\" height=\"100\" fill=\"#ffffff\"></rect>"
        "<text text-anchor=\"start\" style=\"font: bold 10px A\" x=\"10\" y=\"10\" fill=\"#cccccc\">a &amp; b</text>"
        "<text text-anchor=\"end\" style=\"font-size:10px;font-family:A;\" transform=\"translate(60 12)\" fill=\"#000000\">c</text>"
        "<text text-anchor=\"start\" style=\"font: 10px A\" transform=\"rotate(45)\" x=\"20\" y=\"0\" fill=\"#000000\">d</text></svg>");
    REQUIRE(shapes.size() == 4);
    CHECK(shapes[1].text == "a & b");
    CHECK(shapes[1].font_size == 10);
    CHECK(shapes[2].font_size == 10);
    CHECK(svg::overlap(shapes[1].corners(30), shapes[2].corners(30), 0.5));
    CHECK_FALSE(svg::overlap(shapes[1].corners(15), shapes[2].corners(30), 0.5));
    CHECK(shapes[3].corners(10)[1].y > 15);
    CHECK(svg::contrast("#cccccc", 1, "#ffffff") < 2);
    CHECK(svg::contrast("#000000", 1, "#ffffff") == Approx(21));
    CHECK(svg::contrast("#000000", 0.1, "#ffffff") < 1.5);
}

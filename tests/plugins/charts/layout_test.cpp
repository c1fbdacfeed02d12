// Nothing overlaps, nothing is cut off, everything can be read: over all kinds, hard cases and three sizes.
#include "chart_cases.hpp"
#include "engine_client.hpp"
#include "json_text.hpp"
#include "shape.hpp"
#include "svg_shapes.hpp"

#include <catch2/catch.hpp>

#include <boost/json.hpp>

using namespace jackfield;
using namespace jackfield::charts;

namespace {

std::string ask(EngineClient& engine, Ask what, const std::string& request)
{
    auto answer = engine.ask(what, 1, request, EngineClient::Clock::now() + std::chrono::seconds(30), {});
    INFO(request.substr(0, 300));
    if (!answer)
        FAIL(answer.error().message);
    return *answer;
}

std::string draw(EngineClient& engine, const cases::Case& one, int width, int height, const std::string& theme)
{
    auto spec = Spec::parse(cases::sized(one, width, height, theme));
    REQUIRE(spec);
    auto shaped = shape(*spec, one.table, static_cast<std::size_t>(width) * 2);
    REQUIRE(shaped);
    return ask(engine, Ask::svg, *shaped);
}

// The width of each text, by the measurer that laid the picture out.
std::vector<double> widths(EngineClient& engine, const std::vector<svg::Shape>& shapes)
{
    std::string request;
    append_array(request, shapes, [](std::string& out, const svg::Shape& shape) {
        append_array(out, std::vector<std::string>{shape.font, shape.text}, append_string);
    });
    std::vector<double> out;
    const auto answer = boost::json::parse(ask(engine, Ask::boxes, request));
    for (const auto& value : answer.as_array())
        out.push_back(value.to_number<double>());
    return out;
}

std::string place(const svg::Shape& shape)
{
    return "'" + shape.text + "' at " + std::to_string(shape.matrix[4] + shape.at.x) + "," + std::to_string(shape.matrix[5] + shape.at.y);
}

// The colour right under the middle of a text: the last shape drawn before it that is filled and holds that point.
std::string ground_under(const std::vector<svg::Shape>& shapes, std::size_t index, const std::array<svg::Point, 4>& box)
{
    const svg::Point middle{(box[0].x + box[2].x) / 2, (box[0].y + box[2].y) / 2};
    for (std::size_t i = index; i-- > 0;) {
        const svg::Shape& shape = shapes[i];
        if (!shape.is_text && shape.fill.size() == 7 && shape.fill_opacity > 0.5 && middle.x >= shape.low.x && middle.x <= shape.high.x &&
            middle.y >= shape.low.y && middle.y <= shape.high.y)
            return shape.fill;
    }
    return shapes.front().fill;
}

struct Faults {
    std::vector<std::string> all;
    void add(const std::string& what) { all.push_back(what); }
};

void check_texts(EngineClient& engine, const std::vector<svg::Shape>& shapes, double width, double height, Faults& faults)
{
    const std::vector<double> wide = widths(engine, shapes);
    std::vector<std::size_t> texts;
    std::vector<std::array<svg::Point, 4>> boxes(shapes.size());
    for (std::size_t i = 0; i < shapes.size(); ++i)
        if (shapes[i].is_text && !shapes[i].text.empty()) {
            texts.push_back(i);
            boxes[i] = shapes[i].corners(wide[i]);
        }
    for (const std::size_t i : texts) {
        for (const svg::Point& p : boxes[i])
            if (p.x < -0.5 || p.y < -0.5 || p.x > width + 0.5 || p.y > height + 0.5) {
                faults.add("cut off: " + place(shapes[i]));
                break;
            }
        for (const std::size_t j : texts)
            if (j > i && svg::overlap(boxes[i], boxes[j], 0.75))
                faults.add("overlap: " + place(shapes[i]) + " and " + place(shapes[j]));
        const std::string ground = ground_under(shapes, i, boxes[i]);
        if (svg::contrast(shapes[i].fill, shapes[i].fill_opacity, ground) < 4.5)
            faults.add("hard to read: " + place(shapes[i]) + " " + shapes[i].fill + " on " + ground);
    }
}

// Grid lines, the ground of empty cells and the ramp of a heat map are no marks.
bool is_mark(const svg::Shape& shape, bool heatmap)
{
    const auto quiet = [](const std::string& c) {
        return c.size() != 7 || c == "#e3e7ed" || c == "#2a323e" || c == "#f4f6f9" || c == "#1b212b" || c == "#ffffff" || c == "#151a22";
    };
    return !shape.is_text && !heatmap && (!quiet(shape.fill) || !quiet(shape.stroke));
}

void check_marks(const std::vector<svg::Shape>& shapes, double width, double height, bool heatmap, Faults& faults)
{
    const std::string& ground = shapes.front().fill;
    std::size_t outside = 0;
    for (const svg::Shape& shape : shapes) {
        if (shape.is_text || shape.low.x > shape.high.x)
            continue;
        if (!shape.clipped && (shape.low.x < -2 || shape.low.y < -2 || shape.high.x > width + 2 || shape.high.y > height + 2))
            ++outside;
        if (!is_mark(shape, heatmap))
            continue;
        const double fill = shape.fill.size() == 7 ? svg::contrast(shape.fill, shape.fill_opacity, ground) : 0;
        const double stroke = shape.stroke.size() == 7 ? svg::contrast(shape.stroke, shape.stroke_opacity, ground) : 0;
        const bool soft_area = shape.fill_opacity < 0.5 && shape.stroke == "none"; // its line has the contrast
        if (!soft_area && std::max(fill, stroke) < 3)
            faults.add("pale mark: " + shape.fill + "/" + shape.stroke + " on " + ground);
    }
    if (outside > 0)
        faults.add(std::to_string(outside) + " shapes leave the picture");
}

void check_all(int width, int height, const std::string& theme)
{
    EngineClient engine(find_engine());
    for (const cases::Case& one : cases::all()) {
        const std::vector<svg::Shape> shapes = svg::read(draw(engine, one, width, height, theme));
        Faults faults;
        check_texts(engine, shapes, width, height, faults);
        check_marks(shapes, width, height, one.name.starts_with("heatmap"), faults);
        std::string report;
        for (std::size_t i = 0; i < std::min<std::size_t>(faults.all.size(), 6); ++i)
            report += "\n  " + faults.all[i];
        INFO(one.name << ", " << faults.all.size() << " faults" << report);
        CHECK(faults.all.empty());
    }
}

} // namespace

TEST_CASE("small charts have no overlap, nothing cut off and enough contrast", "[charts][layout]")
{
    check_all(400, 250, "light");
}

TEST_CASE("charts of the usual size have no overlap, nothing cut off and enough contrast", "[charts][layout]")
{
    check_all(800, 400, "light");
}

TEST_CASE("large charts have no overlap, nothing cut off and enough contrast", "[charts][layout]")
{
    check_all(1200, 600, "light");
}

TEST_CASE("dark charts have no overlap, nothing cut off and enough contrast", "[charts][layout]")
{
    check_all(800, 400, "dark");
    check_all(400, 250, "dark");
}

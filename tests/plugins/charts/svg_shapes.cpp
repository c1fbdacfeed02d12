// A reader for just the SVG that ECharts writes.
#include "svg_shapes.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>

namespace jackfield::charts::svg {
namespace {

using Attributes = std::map<std::string, std::string>;

std::string unescape(std::string_view text)
{
    static const std::map<std::string, std::string> named{{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"#39", "'"}};
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::size_t end = text[i] == '&' ? text.find(';', i) : std::string_view::npos;
        if (end == std::string_view::npos) {
            out += text[i];
            continue;
        }
        const auto found = named.find(std::string(text.substr(i + 1, end - i - 1)));
        out += found != named.end() ? found->second : "?";
        i = end;
    }
    return out;
}

Attributes attributes(std::string_view tag)
{
    Attributes out;
    for (std::size_t at = tag.find(' '); at != std::string_view::npos && at < tag.size();) {
        const std::size_t equals = tag.find("=\"", at);
        if (equals == std::string_view::npos)
            break;
        const std::size_t end = tag.find('"', equals + 2);
        std::string name(tag.substr(at, equals - at));
        std::erase(name, ' ');
        out[name] = tag.substr(equals + 2, end - equals - 2);
        at = end + 1;
    }
    return out;
}

std::vector<double> numbers(const std::string& text)
{
    std::vector<double> out;
    for (const char* at = text.c_str(); *at != '\0';) {
        char* end = nullptr;
        const double value = std::strtod(at, &end);
        if (end == at)
            ++at;
        else
            out.push_back(value), at = end;
    }
    return out;
}

double number(const Attributes& from, const std::string& name, double otherwise)
{
    const auto found = from.find(name);
    return found != from.end() ? std::strtod(found->second.c_str(), nullptr) : otherwise;
}

std::array<double, 6> matrix_of(const Attributes& from)
{
    std::array<double, 6> out{1, 0, 0, 1, 0, 0};
    const auto found = from.find("transform");
    if (found == from.end())
        return out;
    std::string_view rest = found->second;
    while (!rest.empty()) { // applied from left to right
        const std::size_t open = rest.find('(');
        const std::size_t close = rest.find(')');
        if (open == std::string_view::npos || close == std::string_view::npos)
            break;
        const std::vector<double> n = numbers(std::string(rest.substr(open + 1, close - open - 1)));
        std::array<double, 6> m{1, 0, 0, 1, 0, 0};
        if (rest.find("translate") < open)
            m = {1, 0, 0, 1, n.at(0), n.size() > 1 ? n[1] : 0};
        else if (rest.find("rotate") < open)
            m = {std::cos(n.at(0) * M_PI / 180), std::sin(n[0] * M_PI / 180), -std::sin(n[0] * M_PI / 180), std::cos(n[0] * M_PI / 180), 0, 0};
        else if (rest.find("scale") < open)
            m = {n.at(0), 0, 0, n.size() > 1 ? n[1] : n[0], 0, 0};
        else if (rest.find("matrix") < open)
            std::copy_n(n.begin(), 6, m.begin());
        out = {out[0] * m[0] + out[2] * m[1], out[1] * m[0] + out[3] * m[1], out[0] * m[2] + out[2] * m[3],
               out[1] * m[2] + out[3] * m[3], out[0] * m[4] + out[2] * m[5] + out[4], out[1] * m[4] + out[3] * m[5] + out[5]};
        rest.remove_prefix(close + 1);
    }
    return out;
}

Point placed(const std::array<double, 6>& m, Point p)
{
    return {m[0] * p.x + m[2] * p.y + m[4], m[1] * p.x + m[3] * p.y + m[5]};
}

void include(Shape& shape, Point local)
{
    const Point p = placed(shape.matrix, local);
    shape.low = {std::min(shape.low.x, p.x), std::min(shape.low.y, p.y)};
    shape.high = {std::max(shape.high.x, p.x), std::max(shape.high.y, p.y)};
}

// The box of a path's end points and control points; an arc counts as its ends.
void measure_path(Shape& shape, const std::string& path)
{
    Point at;
    Point start;
    for (std::size_t i = 0; i < path.size();) {
        const char command = path[i++];
        std::size_t end = path.find_first_of("MLHVCSQTAZmlhvcsqtaz", i);
        end = end == std::string::npos ? path.size() : end;
        const std::vector<double> n = numbers(path.substr(i, end - i));
        i = end;
        const bool relative = std::islower(static_cast<unsigned char>(command)) != 0;
        const char kind = static_cast<char>(std::toupper(static_cast<unsigned char>(command)));
        const std::size_t stride = kind == 'H' || kind == 'V' ? 1 : kind == 'C' ? 6 : kind == 'S' || kind == 'Q' ? 4 : kind == 'A' ? 7 : 2;
        for (std::size_t k = 0; kind != 'Z' && k + stride <= n.size(); k += stride) {
            const Point from = relative ? at : Point{};
            if (kind == 'H')
                at.x = from.x + n[k];
            else if (kind == 'V')
                at.y = from.y + n[k];
            else
                at = {from.x + n[k + stride - 2], from.y + n[k + stride - 1]};
            if (kind == 'M' && k == 0)
                start = at;
            include(shape, at);
        }
        if (kind == 'Z')
            at = start;
    }
}

void measure_shape(Shape& shape, std::string_view name, const Attributes& from)
{
    const double far = std::numeric_limits<double>::max();
    shape.low = {far, far};
    shape.high = {-far, -far};
    if (name == "rect") {
        const double x = number(from, "x", 0);
        const double y = number(from, "y", 0);
        include(shape, {x, y});
        include(shape, {x + number(from, "width", 0), y + number(from, "height", 0)});
    } else if (name == "circle" || name == "ellipse") {
        const double rx = number(from, "r", number(from, "rx", 0));
        const double ry = number(from, "r", number(from, "ry", 0));
        include(shape, {number(from, "cx", 0) - rx, number(from, "cy", 0) - ry});
        include(shape, {number(from, "cx", 0) + rx, number(from, "cy", 0) + ry});
    } else if (from.contains("d")) {
        measure_path(shape, from.at("d"));
    } else if (from.contains("points")) {
        const std::vector<double> n = numbers(from.at("points"));
        for (std::size_t i = 0; i + 1 < n.size(); i += 2)
            include(shape, {n[i], n[i + 1]});
    }
}

void read_text(Shape& shape, const Attributes& from, std::string_view content)
{
    shape.is_text = true;
    shape.text = unescape(content);
    const auto style = from.find("style");
    std::string css = style != from.end() ? style->second : "";
    if (css.starts_with("font:")) {
        shape.font = css.substr(css.find_first_not_of(' ', 5));
    } else { // font-size:11px;font-family:…;
        const auto part = [&](const std::string& name) {
            const std::size_t at = css.find(name + ":");
            return at == std::string::npos ? std::string() : css.substr(at + name.size() + 1, css.find(';', at) - at - name.size() - 1);
        };
        shape.font = (part("font-weight") == "bold" ? "bold " : "") + part("font-size") + " " + part("font-family");
    }
    const std::size_t px = shape.font.find("px");
    const std::size_t space = shape.font.find_last_of(' ', px);
    shape.font_size = std::strtod(shape.font.c_str() + (space == std::string::npos ? 0 : space), nullptr);
    const auto anchor = from.find("text-anchor");
    shape.anchor = anchor == from.end() || anchor->second == "start" ? 0 : anchor->second == "middle" ? 0.5 : 1;
    shape.at = {number(from, "x", 0), number(from, "y", 0)};
}

double channel(const std::string& colour, std::size_t at)
{
    return static_cast<double>(std::strtol(colour.substr(at, 2).c_str(), nullptr, 16));
}

double luminance(const std::array<double, 3>& rgb)
{
    const auto linear = [](double v) {
        v /= 255;
        return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

} // namespace

std::array<Point, 4> Shape::corners(double width) const
{
    const double left = at.x - anchor * width;
    const double half = font_size * 0.42;
    return {placed(matrix, {left, at.y - half}), placed(matrix, {left + width, at.y - half}),
            placed(matrix, {left + width, at.y + half}), placed(matrix, {left, at.y + half})};
}

std::vector<Shape> read(std::string_view document)
{
    std::vector<Shape> out;
    std::vector<bool> clip{false};
    bool defining = false;
    for (std::size_t at = document.find('<'); at != std::string_view::npos; at = document.find('<', at + 1)) {
        const std::size_t end = document.find('>', at);
        const std::string_view tag = document.substr(at + 1, end - at - 1);
        const std::string name(tag.substr(0, tag.find_first_of(" />", 1)));
        if (name == "defs" || name == "/defs")
            defining = name == "defs";
        if (name == "g")
            clip.push_back(clip.back() || tag.find("clip-path") != std::string_view::npos);
        if (name == "/g")
            clip.pop_back();
        if (defining || (name != "text" && name != "rect" && name != "path" && name != "circle" && name != "ellipse" && name != "polyline" && name != "polygon"))
            continue;
        const Attributes from = attributes(tag);
        Shape shape;
        shape.matrix = matrix_of(from);
        shape.clipped = clip.back() || from.contains("clip-path");
        shape.fill = from.contains("fill") ? from.at("fill") : "#000000";
        shape.stroke = from.contains("stroke") ? from.at("stroke") : "none";
        shape.fill_opacity = number(from, "fill-opacity", 1) * number(from, "opacity", 1);
        shape.stroke_opacity = number(from, "stroke-opacity", 1) * number(from, "opacity", 1);
        if (name == "text")
            read_text(shape, from, document.substr(end + 1, document.find("</text>", end) - end - 1));
        else
            measure_shape(shape, name, from);
        out.push_back(std::move(shape));
    }
    return out;
}

bool overlap(const std::array<Point, 4>& a, const std::array<Point, 4>& b, double slack)
{
    for (const auto* box : {&a, &b}) // two turned boxes are apart if one of their four directions separates them
        for (const std::size_t side : {0U, 1U}) {
            const Point along{(*box)[side + 1].x - (*box)[side].x, (*box)[side + 1].y - (*box)[side].y};
            const double length = std::hypot(along.x, along.y);
            if (length == 0)
                return false;
            const auto range = [&](const std::array<Point, 4>& of) {
                double low = std::numeric_limits<double>::max();
                double high = -low;
                for (const Point& p : of) {
                    const double value = (p.x * along.x + p.y * along.y) / length;
                    low = std::min(low, value);
                    high = std::max(high, value);
                }
                return std::pair(low, high);
            };
            const auto [a_low, a_high] = range(a);
            const auto [b_low, b_high] = range(b);
            if (a_high - b_low <= slack || b_high - a_low <= slack)
                return false;
        }
    return true;
}

double contrast(const std::string& colour, double opacity, const std::string& ground)
{
    std::array<double, 3> mixed{};
    std::array<double, 3> base{};
    for (std::size_t i = 0; i < 3; ++i) {
        base[i] = channel(ground, 1 + 2 * i);
        mixed[i] = channel(colour, 1 + 2 * i) * opacity + base[i] * (1 - opacity);
    }
    const double x = luminance(mixed);
    const double y = luminance(base);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

} // namespace jackfield::charts::svg

// Lines, areas and scatter plots: points in series, thinned so that the picture stays the same.
#include "shape_parts.hpp"

#include <algorithm>
#include <numeric>

namespace jackfield::charts {
namespace {

struct Point {
    double x;
    double y; // NaN: a gap
};

struct Series {
    std::string name;
    std::vector<Point> points;
};

// Keeps of each slice of x the first, lowest, highest and last point and one gap: what the eye can see of it.
std::vector<Point> thin_line(const std::vector<Point>& points, std::size_t budget)
{
    if (points.size() <= std::max<std::size_t>(budget, 8))
        return points;
    const double start = points.front().x;
    const std::size_t slices = std::max<std::size_t>(budget / 4, 2);
    const double step = (points.back().x - start) / static_cast<double>(slices);
    std::vector<Point> out;
    for (std::size_t at = 0; at < points.size();) {
        const std::size_t slice = step > 0 ? static_cast<std::size_t>((points[at].x - start) / step) : 0;
        std::size_t end = at;
        std::vector<std::size_t> keep{at};
        std::optional<std::size_t> low;
        std::optional<std::size_t> high;
        std::optional<std::size_t> gap;
        for (; end < points.size() && (step > 0 ? static_cast<std::size_t>((points[end].x - start) / step) : 0) == slice; ++end) {
            if (std::isnan(points[end].y)) {
                gap = end;
                continue;
            }
            low = !low || points[end].y < points[*low].y ? end : *low;
            high = !high || points[end].y > points[*high].y ? end : *high;
        }
        for (const auto& found : {low, high, gap})
            if (found)
                keep.push_back(*found);
        keep.push_back(end - 1);
        std::ranges::sort(keep);
        keep.erase(std::unique(keep.begin(), keep.end()), keep.end());
        for (const std::size_t index : keep)
            out.push_back(points[index]);
        at = end;
    }
    return out;
}

std::vector<Point> thin_cloud(const std::vector<Point>& points, std::size_t budget)
{
    std::vector<Point> out;
    for (std::size_t i = 0; i < budget; ++i)
        out.push_back(points[i * points.size() / budget]);
    return out;
}

bool x_is_category(const Spec& spec, const Parts& parts)
{
    return spec.text("x_type") == "category" || (parts.x != nullptr && parts.x->kind == ColumnKind::text);
}

// Keeps the series with most points; a line of "others" would mean nothing.
void keep_largest(std::vector<Series>& series, std::size_t most, Remarks& remarks)
{
    remarks.cut(most, series.size(), "series");
    if (series.size() <= most)
        return;
    std::vector<std::size_t> order(series.size());
    std::iota(order.begin(), order.end(), 0);
    const auto weight = [&](std::size_t i) {
        double sum = 0;
        for (const Point& point : series[i].points)
            sum += std::isnan(point.y) ? 0 : std::abs(point.y);
        return sum;
    };
    std::vector<double> weights(series.size());
    std::ranges::transform(order, weights.begin(), weight);
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
    order.resize(most);
    std::ranges::sort(order);
    std::vector<Series> kept;
    for (const std::size_t i : order)
        kept.push_back(std::move(series[i]));
    series = std::move(kept);
}

std::vector<Series> collect(const Parts& parts, std::size_t rows, Names* categories)
{
    std::vector<Series> out;
    Names names;
    for (std::size_t row = 0; row < rows; ++row) {
        if (parts.x != nullptr && categories == nullptr && parts.x->is_null(row))
            continue;
        const double x = categories != nullptr && parts.x != nullptr
                             ? static_cast<double>(categories->index_of(parts.x->label(row)))
                         : parts.x != nullptr ? parts.x->numbers[row]
                                              : static_cast<double>(row + 1);
        for (std::size_t i = 0; i < parts.y.size(); ++i) {
            const std::size_t at = parts.series != nullptr ? names.index_of(parts.series->label(row))
                                                           : names.index_of(parts.y[i]->name);
            if (at == out.size())
                out.push_back({names.all()[at], {}});
            out[at].points.push_back({x, parts.y[i]->numbers[row]});
            if (parts.series != nullptr)
                break;
        }
    }
    return out;
}

} // namespace

Status shape_xy(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows, std::size_t points)
{
    Names categories;
    const bool by_category = x_is_category(spec, parts);
    std::vector<Series> series = collect(parts, rows, by_category ? &categories : nullptr);
    Remarks remarks;
    keep_largest(series, static_cast<std::size_t>(*spec.number("max_series")), remarks);
    const bool cloud = spec.kind() == "scatter";
    std::size_t before = 0;
    std::size_t after = 0;
    for (Series& one : series) {
        before += one.points.size();
        if (!cloud)
            std::ranges::stable_sort(one.points, {}, &Point::x);
        const std::size_t share = std::max<std::size_t>(points, 10000) / series.size();
        if (cloud && one.points.size() > share)
            one.points = thin_cloud(one.points, share);
        else if (!cloud && !by_category)
            one.points = thin_line(one.points, points);
        after += one.points.size();
    }
    if (cloud)
        remarks.cut(after, before, "points");
    const std::string_view as = spec.text("x_type");
    const bool time = parts.x != nullptr && as != "number" && (parts.x->kind == ColumnKind::time || as == "time");
    out += R"(,"x_kind":")" + std::string(by_category ? "category" : time ? "time" : "number") + '"';
    if (time)
        out += R"(,"date_only":)" + std::string(parts.x->date_only ? "true" : "false");
    if (by_category) {
        out += ",\"categories\":";
        append_array(out, categories.all(), append_string);
    }
    out += ",\"series\":";
    append_array(out, series, [](std::string& o, const Series& one) {
        o += "{\"name\":";
        append_string(o, one.name);
        o += ",\"points\":";
        append_array(o, one.points, [](std::string& o2, const Point& point) {
            o2 += '[';
            append_number(o2, point.x);
            o2 += ',';
            append_number(o2, point.y);
            o2 += ']';
        });
        o += '}';
    });
    append_remarks(out, remarks);
    return {};
}

} // namespace jackfield::charts

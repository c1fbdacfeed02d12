// Bars, slices and cells: rows are gathered by category, put in order and cut to what can be read.
#include "shape_parts.hpp"

#include <algorithm>
#include <numeric>

namespace jackfield::charts {
namespace {

constexpr std::string_view others = "Others";

// Categories by series; one value for each pair, NaN where there is none.
struct Grid {
    std::vector<std::string> categories;
    std::vector<double> order; // of each category, where x is a time or number
    std::vector<std::string> series;
    std::vector<std::vector<double>> values; // [series][category]

    [[nodiscard]] double total(std::size_t category) const
    {
        double sum = 0;
        for (const auto& row : values)
            sum += std::isnan(row[category]) ? 0 : row[category];
        return sum;
    }
};

Grid gather(const Spec& spec, const Parts& parts, std::size_t rows)
{
    Grid out;
    Names categories;
    Names series;
    std::vector<std::map<std::size_t, Cell>> cells;
    const bool counting = parts.y.empty();
    for (std::size_t row = 0; row < rows; ++row) {
        const std::string label = parts.x != nullptr ? parts.x->label(row) : std::to_string(row + 1);
        const std::size_t category = categories.index_of(label);
        if (category == out.order.size())
            out.order.push_back(parts.x != nullptr && parts.x->kind != ColumnKind::text ? parts.x->numbers[row]
                                                                                        : std::nan(""));
        for (std::size_t i = 0; i < std::max<std::size_t>(parts.y.size(), 1); ++i) {
            const std::size_t at = series.index_of(parts.series != nullptr ? parts.series->label(row)
                                                   : counting              ? "count"
                                                                           : parts.y[i]->name);
            cells.resize(std::max(cells.size(), at + 1));
            const double value = counting ? 1 : parts.y[i]->numbers[row];
            Cell& cell = cells[at][category];
            if (std::isfinite(value))
                cell.add(value);
            if (parts.series != nullptr)
                break;
        }
    }
    out.categories = categories.all();
    out.series = series.all();
    for (const auto& row : cells) {
        out.values.emplace_back(out.categories.size(), std::nan(""));
        for (const auto& [category, cell] : row)
            out.values.back()[category] = cell.result(counting ? "count" : spec.text("aggregate"));
    }
    return out;
}

// "auto" keeps the order of texts, sorts times and numbers, and puts the large slices of a pie first.
void sort(Grid& grid, std::string_view how, bool ordered_x, bool pie)
{
    if (how == "auto")
        how = pie ? "-y" : ordered_x ? "x" : "none";
    if (how == "none")
        return;
    std::vector<std::size_t> order(grid.categories.size());
    std::iota(order.begin(), order.end(), 0);
    std::vector<double> keys = grid.order;
    if (how.ends_with('y'))
        for (std::size_t i = 0; i < keys.size(); ++i)
            keys[i] = grid.total(i);
    const bool by_name = how.ends_with('x') && !ordered_x;
    const bool down = how.front() == '-';
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        if (down)
            std::swap(a, b);
        if (by_name)
            return grid.categories[a] < grid.categories[b];
        return std::isnan(keys[b]) ? !std::isnan(keys[a]) : keys[a] < keys[b]; // nulls last
    });
    Grid sorted = grid;
    for (std::size_t i = 0; i < order.size(); ++i) {
        sorted.categories[i] = grid.categories[order[i]];
        sorted.order[i] = grid.order[order[i]];
        for (std::size_t s = 0; s < grid.values.size(); ++s)
            sorted.values[s][i] = grid.values[s][order[i]];
    }
    grid = std::move(sorted);
}

// Cuts the categories; their sum becomes one more where values can be added.
void limit_categories(Grid& grid, std::size_t most, bool additive, Remarks& remarks)
{
    const std::size_t before = grid.categories.size();
    if (before <= most)
        return;
    const std::size_t keep = additive && most > 1 ? most - 1 : most;
    for (auto& row : grid.values) {
        Cell rest;
        for (std::size_t i = keep; i < before; ++i)
            if (!std::isnan(row[i]))
                rest.add(row[i]);
        row.resize(keep);
        if (additive)
            row.push_back(rest.result("sum"));
    }
    grid.categories.resize(keep);
    grid.order.resize(keep);
    if (additive) {
        grid.categories.push_back(std::string(others) + " (" + grouped(before - keep) + ")");
        grid.order.push_back(std::nan(""));
    } else {
        remarks.cut(keep, before, "categories");
    }
}

void limit_series(Grid& grid, std::size_t most, bool additive, Remarks& remarks)
{
    const std::size_t before = grid.series.size();
    if (before <= most)
        return;
    const std::size_t keep = additive && most > 1 ? most - 1 : most;
    std::vector<std::size_t> order(before);
    std::iota(order.begin(), order.end(), 0);
    const auto weight = [&](std::size_t s) {
        double sum = 0;
        for (const double value : grid.values[s])
            sum += std::isnan(value) ? 0 : std::abs(value);
        return sum;
    };
    std::vector<double> weights(before);
    std::ranges::transform(order, weights.begin(), weight);
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
    std::ranges::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(keep));
    Grid kept{grid.categories, grid.order, {}, {}};
    for (std::size_t i = 0; i < keep; ++i) {
        kept.series.push_back(grid.series[order[i]]);
        kept.values.push_back(grid.values[order[i]]);
    }
    if (additive) {
        kept.series.push_back(std::string(others) + " (" + grouped(before - keep) + ")");
        kept.values.emplace_back(grid.categories.size(), std::nan(""));
        for (std::size_t c = 0; c < grid.categories.size(); ++c) {
            Cell rest;
            for (std::size_t i = keep; i < before; ++i)
                if (!std::isnan(grid.values[order[i]][c]))
                    rest.add(grid.values[order[i]][c]);
            kept.values.back()[c] = rest.result("sum");
        }
    } else {
        remarks.cut(keep, before, "series");
    }
    grid = std::move(kept);
}

// Times and numbers go out as such, so that the other side formats them; "Others" as text.
void append_categories(std::string& out, const Grid& grid, const Column* x)
{
    const bool ordered = x != nullptr && x->kind != ColumnKind::text;
    out += R"(,"x_kind":")" + std::string(ordered && x->kind == ColumnKind::time ? "time"
                                          : ordered                             ? "number"
                                                                                : "category") + '"';
    if (ordered && x->kind == ColumnKind::time)
        out += R"(,"date_only":)" + std::string(x->date_only ? "true" : "false");
    out += ",\"categories\":[";
    for (std::size_t i = 0; i < grid.categories.size(); ++i) {
        out += i > 0 ? "," : "";
        if (ordered && std::isfinite(grid.order[i]))
            append_number(out, grid.order[i]);
        else
            append_string(out, grid.categories[i]);
    }
    out += ']';
}

void append_grid_series(std::string& out, const Grid& grid)
{
    out += ",\"series\":[";
    for (std::size_t s = 0; s < grid.series.size(); ++s) {
        out += s > 0 ? ",{\"name\":" : "{\"name\":";
        append_string(out, grid.series[s]);
        out += ",\"values\":";
        append_array(out, grid.values[s], append_number);
        out += '}';
    }
    out += ']';
}

} // namespace

Status shape_bars(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows)
{
    Grid grid = gather(spec, parts, rows);
    const bool ordered = parts.x != nullptr && parts.x->kind != ColumnKind::text;
    const bool additive = can_be_added(spec.text("aggregate"));
    Remarks remarks;
    limit_series(grid, static_cast<std::size_t>(*spec.number("max_series")), additive && spec.kind() != "bar", remarks);
    sort(grid, spec.text("sort"), ordered, false);
    const double most = spec.number("limit").value_or(ordered ? 1000 : 60);
    limit_categories(grid, static_cast<std::size_t>(most), false, remarks); // a bar of all others would dwarf the rest
    append_categories(out, grid, parts.x);
    append_grid_series(out, grid);
    append_remarks(out, remarks);
    return {};
}

Status shape_pie(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows)
{
    Parts one = parts;
    one.series = nullptr;
    if (one.y.size() > 1)
        one.y.resize(1);
    Grid grid = gather(spec, one, rows);
    Remarks remarks;
    std::size_t refused = 0;
    for (auto& row : grid.values)
        for (double& value : row)
            if (value < 0) { // a slice cannot be negative: say so rather than draw its size
                value = std::nan("");
                ++refused;
            }
    if (refused > 0)
        remarks.lines.push_back(grouped(refused) + (refused == 1 ? " negative value" : " negative values") + " left out");
    sort(grid, spec.text("sort"), false, true);
    limit_categories(grid, static_cast<std::size_t>(spec.number("limit").value_or(8)),
                     can_be_added(spec.text("aggregate")), remarks);
    append_categories(out, grid, one.x);
    append_grid_series(out, grid);
    append_remarks(out, remarks);
    return {};
}

Status shape_heatmap(std::string& out, const Spec& spec, const Table& table)
{
    const std::vector<std::string> y_names = spec.list("y");
    Parts parts;
    const Column* value = nullptr;
    if (!spec.text("x").empty()) {
        JF_ASSIGN(parts.x, table.find(spec.text("x"), "x"));
    }
    if (!y_names.empty()) {
        JF_ASSIGN(parts.series, table.find(y_names.front(), "y"));
    }
    if (!spec.text("value").empty()) {
        JF_ASSIGN(value, table.find(spec.text("value"), "value"));
    }
    for (const Column& column : table.columns) { // what is left open: the first that fit
        if (&column == parts.x || &column == parts.series || &column == value)
            continue;
        if (parts.x == nullptr)
            parts.x = &column;
        else if (parts.series == nullptr)
            parts.series = &column;
        else if (value == nullptr && column.kind == ColumnKind::number)
            value = &column;
    }
    if (!table.columns.empty() && (parts.series == nullptr || (value == nullptr && spec.text("aggregate") != "count")))
        return fail(JF_E_CONFIG, "a heat map needs columns for x, y and value (numbers)", "value");
    if (value != nullptr && value->kind != ColumnKind::number)
        return fail(JF_E_CONFIG, "column '" + value->name + "' holds no numbers, which a cell needs", "value");
    if (value != nullptr)
        parts.y.push_back(value);
    append_names(out, parts);
    Grid grid = gather(spec, parts, table.rows);
    Remarks remarks;
    const bool ordered = parts.x != nullptr && parts.x->kind != ColumnKind::text;
    sort(grid, spec.text("sort"), ordered, false);
    const auto most = static_cast<std::size_t>(spec.number("limit").value_or(100));
    limit_categories(grid, most, false, remarks);
    limit_series(grid, most, false, remarks);
    append_categories(out, grid, parts.x);
    append_grid_series(out, grid);
    append_remarks(out, remarks);
    return {};
}

} // namespace jackfield::charts

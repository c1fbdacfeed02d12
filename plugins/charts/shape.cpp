// Chooses the columns and puts the JSON together; the kinds are in shape_*.cpp.
#include "shape.hpp"

#include "shape_parts.hpp"

#include <algorithm>

namespace jackfield::charts {

void Cell::add(double value)
{
    sum_ += value;
    low_ = count_ == 0 ? value : std::min(low_, value);
    high_ = count_ == 0 ? value : std::max(high_, value);
    count_ += 1;
}

double Cell::result(std::string_view aggregate) const
{
    if (aggregate == "count")
        return count_;
    if (count_ == 0)
        return std::nan("");
    return aggregate == "mean" ? sum_ / count_ : aggregate == "min" ? low_ : aggregate == "max" ? high_ : sum_;
}

std::size_t Names::index_of(const std::string& name)
{
    const auto [at, added] = index_.try_emplace(name, names_.size());
    if (added)
        names_.push_back(name);
    return at->second;
}

std::string grouped(std::size_t number)
{
    std::string out = std::to_string(number);
    for (std::size_t at = out.size(); at > 3; at -= 3)
        out.insert(at - 3, 1, ',');
    return out;
}

void Remarks::cut(std::size_t shown, std::size_t of, std::string_view things)
{
    if (shown < of)
        lines.push_back(grouped(shown) + " of " + grouped(of) + " " + std::string(things) + " shown");
}

bool can_be_added(std::string_view aggregate)
{
    return aggregate == "sum" || aggregate == "count";
}

void append_json(std::string& out, const boost::json::value& value)
{
    if (value.is_string())
        append_string(out, value.as_string());
    else if (value.is_number())
        append_number(out, value.to_number<double>());
    else if (value.is_bool())
        out += value.as_bool() ? "true" : "false";
    else if (value.is_array())
        append_array(out, value.as_array(), [](std::string& o, const auto& item) { append_json(o, item); });
    else if (value.is_object()) {
        out += '{';
        for (const auto& [name, member] : value.as_object()) {
            out += out.back() == '{' ? "" : ",";
            append_string(out, name);
            out += ':';
            append_json(out, member);
        }
        out += '}';
    } else {
        out += "null";
    }
}

void append_names(std::string& out, const Parts& parts)
{
    out += ",\"names\":{\"x\":";
    append_string(out, parts.x != nullptr ? parts.x->name : "");
    out += ",\"y\":";
    append_array(out, parts.y, [](std::string& o, const Column* column) { append_string(o, column->name); });
    out += ",\"series\":";
    append_string(out, parts.series != nullptr ? parts.series->name : "");
    out += '}';
}

void append_remarks(std::string& out, const Remarks& remarks)
{
    out += ",\"remarks\":";
    append_array(out, remarks.lines, [](std::string& o, const std::string& line) { append_string(o, line); });
}

namespace {

// Which columns are values when none is named: all numbers that play no other part; a histogram takes the first.
void choose_values(Parts& parts, const Spec& spec, const Table& table)
{
    const bool one = spec.kind() == "histogram" || spec.kind() == "pie" || spec.kind() == "boxplot" || parts.series;
    for (const Column& column : table.columns)
        if (column.kind == ColumnKind::number && &column != parts.x && &column != parts.series &&
            !(one && !parts.y.empty()))
            parts.y.push_back(&column);
}

void choose_x(Parts& parts, const Spec& spec, const Table& table)
{
    if (spec.kind() == "histogram")
        return;
    for (const Column& column : table.columns)
        if (column.kind != ColumnKind::number && &column != parts.series && parts.x == nullptr)
            parts.x = &column;
    const bool wants_pair = spec.kind() == "scatter" || spec.kind() == "line" || spec.kind() == "area";
    if (parts.x == nullptr && wants_pair && parts.y.empty() && table.columns.size() > 1)
        parts.x = &table.columns.front();
}

} // namespace

Result<Parts> find_parts(const Spec& spec, const Table& table)
{
    Parts parts;
    if (!spec.text("series").empty()) {
        JF_ASSIGN(parts.series, table.find(spec.text("series"), "series"));
    }
    for (const std::string& name : spec.list("y")) {
        JF_ASSIGN(const Column* column, table.find(name, "y"));
        if (column->kind != ColumnKind::number)
            return fail(JF_E_CONFIG, "column '" + name + "' holds no numbers, which y needs", "y");
        parts.y.push_back(column);
    }
    if (!spec.text("x").empty()) {
        JF_ASSIGN(parts.x, table.find(spec.text("x"), "x"));
        if (spec.kind() == "histogram" && parts.y.empty() && parts.x->kind == ColumnKind::number)
            parts.y.push_back(parts.x); // "the distribution of x"
    } else {
        choose_x(parts, spec, table);
    }
    const std::string_view as = spec.text("x_type");
    if (parts.x != nullptr && parts.x->kind == ColumnKind::text && (as == "time" || as == "number"))
        return fail(JF_E_CONFIG, "column '" + parts.x->name + "' holds text, not a " + std::string(as) + "; cast it in the query", "x_type");
    if (parts.y.empty())
        choose_values(parts, spec, table);
    if (parts.y.empty() && spec.text("aggregate") != "count" && !table.columns.empty())
        return fail(JF_E_CONFIG, "the data has no column of numbers to draw; name one in y or cast it in the query", "y");
    return parts;
}

Result<std::string> shape(const Spec& spec, const Table& table, std::size_t points)
{
    std::string out = "{\"spec\":";
    append_json(out, spec.json());
    out += ",\"data\":{\"rows\":" + std::to_string(table.rows);
    const std::string_view kind = spec.kind();
    if (kind == "table") {
        JF_TRY(shape_table(out, spec, table));
    } else if (kind == "heatmap") {
        JF_TRY(shape_heatmap(out, spec, table));
    } else {
        JF_ASSIGN(const Parts parts, find_parts(spec, table));
        append_names(out, parts);
        const std::size_t rows = table.rows;
        JF_TRY(kind == "pie"                               ? shape_pie(out, spec, parts, rows)
               : kind == "histogram"                       ? shape_histogram(out, spec, parts, rows)
               : kind == "boxplot"                         ? shape_boxplot(out, spec, parts, rows)
               : kind == "number"                          ? shape_number(out, spec, parts, rows)
               : kind == "bar" || kind == "stacked_bar"    ? shape_bars(out, spec, parts, rows)
                                                           : shape_xy(out, spec, parts, rows, points));
    }
    out += "}}";
    return out;
}

} // namespace jackfield::charts

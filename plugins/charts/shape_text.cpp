// The two kinds that are mostly text: the big number with its trend, and the table.
#include "shape_parts.hpp"

#include <algorithm>
#include <numeric>

namespace jackfield::charts {

Status shape_number(std::string& out, const Spec&, const Parts& parts, std::size_t rows)
{
    std::vector<std::size_t> order(rows);
    std::iota(order.begin(), order.end(), 0);
    if (parts.x != nullptr && parts.x->kind != ColumnKind::text)
        std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return parts.x->numbers[a] < parts.x->numbers[b]; });
    std::vector<double> values;
    if (!parts.y.empty())
        for (const std::size_t row : order)
            values.push_back(parts.y.front()->numbers[row]);
    const std::size_t most = 400; // a sparkline is no wider
    if (values.size() > most) {
        std::vector<double> fewer;
        for (std::size_t i = 0; i < most; ++i)
            fewer.push_back(values[(i + 1) * values.size() / most - 1]); // ends with the last
        fewer[most - 2] = values[values.size() - 2];                    // the change is against the one before
        values = std::move(fewer);
    }
    out += ",\"values\":";
    append_array(out, values, append_number);
    if (parts.x != nullptr && rows > 1) {
        out += ",\"before\":";
        append_string(out, parts.x->label(order[rows - 2]));
        out += ",\"now\":";
        append_string(out, parts.x->label(order[rows - 1]));
    }
    append_remarks(out, {});
    return {};
}

Status shape_table(std::string& out, const Spec& spec, const Table& table)
{
    std::vector<const Column*> columns;
    for (const std::string& name : spec.list("columns")) {
        JF_ASSIGN(const Column* column, table.find(name, "columns"));
        columns.push_back(column);
    }
    if (columns.empty())
        for (const Column& column : table.columns)
            columns.push_back(&column);
    std::vector<std::size_t> order(table.rows);
    std::iota(order.begin(), order.end(), 0);
    const std::string_view how = spec.text("sort");
    if (how != "auto" && how != "none" && !columns.empty()) {
        const bool by_y = how.ends_with('y');
        const std::vector<std::string> named = by_y ? spec.list("y") : spec.list("x");
        const Column* key = columns.front();
        if (!named.empty()) {
            JF_ASSIGN(key, table.find(named.front(), by_y ? "y" : "x"));
        }
        std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
            if (how.front() == '-')
                std::swap(a, b);
            return key->kind == ColumnKind::text ? key->texts[a] < key->texts[b]
                   : key->is_null(b)             ? !key->is_null(a)
                                                 : key->numbers[a] < key->numbers[b];
        });
    }
    Remarks remarks;
    const auto most = static_cast<std::size_t>(spec.number("limit").value_or(1000));
    if (order.size() > most)
        order.resize(most);
    remarks.cut(order.size(), table.rows, "rows");
    out += ",\"columns\":";
    append_array(out, columns, [&](std::string& o, const Column* column) {
        o += "{\"name\":";
        append_string(o, column->name);
        o += R"(,"kind":")" + std::string(column->kind == ColumnKind::text   ? "text"
                                          : column->kind == ColumnKind::time ? "time"
                                                                             : "number") + '"';
        o += column->date_only ? ",\"date_only\":true" : "";
        o += ",\"values\":";
        append_array(o, order, [&](std::string& o2, std::size_t row) {
            if (column->is_null(row))
                o2 += "null";
            else if (column->kind == ColumnKind::text)
                append_string(o2, column->texts[row]);
            else
                append_number(o2, column->numbers[row]);
        });
        o += '}';
    });
    append_remarks(out, remarks);
    return {};
}

} // namespace jackfield::charts

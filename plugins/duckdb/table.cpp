// What a table of the database looks like.
#include "table.hpp"

#include <algorithm>

namespace jackfield::duckdb {
namespace {

bool same_name(std::string_view a, std::string_view b)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

Values where(const Library& api, const Place& place)
{
    Values out;
    for (const auto& part : {place.database, place.schema, place.name})
        out.push_back(Value::text(api, part));
    return out;
}

std::vector<std::string> split(const std::string& text, std::string_view by)
{
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(by, at), text.size());
        out.push_back(text.substr(at, end - at));
        at = end + by.size();
    }
    return out;
}

constexpr const char* same_table = " WHERE database_name = ? AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?)";

} // namespace

const Column* Table::find(std::string_view name) const
{
    for (const auto& column : columns)
        if (same_name(column.name, name))
            return &column;
    return nullptr;
}

bool Table::elaborate() const
{
    return indexed || !constraints.empty()
        || std::any_of(columns.begin(), columns.end(), [](const Column& c) { return !c.nullable || c.filled; });
}

Result<Place> place_of(Session& session, std::string_view table)
{
    JF_ASSIGN(const auto parts, table_parts(table));
    JF_ASSIGN(const auto rows, session.rows("SELECT current_database(), current_schema()"));
    Place out{*rows[0][0], *rows[0][1], parts.back()};
    if (parts.size() > 1)
        out.schema = parts[parts.size() - 2];
    if (parts.size() > 2)
        out.database = parts[0];
    return out;
}

Result<std::optional<Table>> look_at(Session& session, const Place& place)
{
    const Library& api = session.api();
    JF_ASSIGN(const auto columns, session.rows(std::string("SELECT column_name, data_type, CASE WHEN is_nullable THEN 'y' ELSE 'n' END, "
            "column_default FROM duckdb_columns()") + same_table + " ORDER BY column_index", where(api, place)));
    if (columns.empty())
        return std::optional<Table>();
    JF_ASSIGN(const auto views, session.rows("SELECT 1 FROM duckdb_views() WHERE database_name = ? AND lower(schema_name) = lower(?) "
            "AND lower(view_name) = lower(?)", where(api, place)));
    if (!views.empty())
        return fail(JF_E_CONFIG, "'" + place.name + "' is a view; name a table to write to", "table");
    Table out;
    for (const auto& row : columns)
        out.columns.push_back({*row[0], *row[1], *row[2] == "y", row[3].has_value() && *row[3] != "NULL"});
    JF_ASSIGN(const auto constraints, session.rows(std::string("SELECT constraint_type, coalesce(expression, constraint_text), "
            "array_to_string(constraint_column_names, chr(31)) FROM duckdb_constraints()") + same_table
            + " AND constraint_type <> 'NOT NULL'", where(api, place)));
    for (const auto& row : constraints)
        out.constraints.push_back({*row[0], row[1].value_or(""), split(row[2].value_or(""), "\x1f")});
    JF_ASSIGN(const auto indexes, session.rows(std::string("SELECT trim(replace(replace(expressions, '\"', ''), chr(39), ''), '[]'), "
            "CASE WHEN is_unique THEN 'y' ELSE 'n' END FROM duckdb_indexes()") + same_table, where(api, place)));
    for (const auto& row : indexes) {
        const auto names = split(row[0].value_or(""), ", ");
        const bool plain = std::all_of(names.begin(), names.end(), [&](const auto& name) { return out.find(name); });
        if (*row[1] == "y" && plain)
            out.constraints.push_back({"UNIQUE", "", names});
    }
    out.indexed = !indexes.empty();
    return std::optional<Table>(std::move(out));
}

} // namespace jackfield::duckdb

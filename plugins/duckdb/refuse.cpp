// Finds the rows that a table does not take. Runs only after an INSERT failed, so it may cost.
#include "writer.hpp"

#include <algorithm>
#include <set>

namespace jackfield::duckdb {
namespace {

constexpr std::size_t most_at_once = 100'000; // the rest is found when the epoch is sent again

/// One question about the rows: which of them break a rule? The statement answers row, value.
struct Rule {
    std::string sql, column, code, message;
};

/// The rows with their values as the table would have them; a value that cannot be cast is null.
std::string as_stored(const Schema& schema, const std::vector<std::string>& casts, const Feed& feed)
{
    std::string out = "SELECT jackfield_row";
    for (std::size_t i = 0; i < schema.size(); ++i) {
        std::string cast = casts[i];
        if (cast.rfind("CAST(", 0) == 0)
            cast = "TRY_" + cast;
        out += ", " + cast + " AS " + quote_name(schema[i].name);
    }
    return "(" + out + " FROM " + feed.table() + ") AS f";
}

std::string limited() { return " LIMIT " + std::to_string(most_at_once); }

void add_casts(std::vector<Rule>& rules, const Schema& schema, const std::vector<std::string>& casts, const Table& table, const Feed& feed)
{
    for (std::size_t i = 0; i < schema.size(); ++i) {
        if (casts[i].rfind("CAST(", 0) != 0)
            continue;
        const std::string name = quote_name(schema[i].name);
        rules.push_back({"SELECT jackfield_row, CAST(" + name + " AS VARCHAR) FROM " + feed.table() + " WHERE " + name
                    + " IS NOT NULL AND TRY_" + casts[i] + " IS NULL" + limited(),
            schema[i].name, "type", "cannot be stored as " + table.find(schema[i].name)->type});
    }
}

void add_nulls(std::vector<Rule>& rules, const Schema& schema, const Table& table, const std::string& rows)
{
    for (const auto& column : table.columns) {
        const bool given = std::any_of(schema.fields.begin(), schema.fields.end(), [&](const Field& f) { return table.find(f.name) == &column; });
        if (!column.nullable && given)
            rules.push_back({"SELECT jackfield_row, NULL FROM " + rows + " WHERE " + quote_name(column.name) + " IS NULL" + limited(), column.name,
                "not_null", "has no value, but the table wants one"});
    }
}

/// A row is refused if its key is in the table already, or in an earlier row of the epoch.
void add_keys(std::vector<Rule>& rules, const Constraint& constraint, const Place& place, const std::string& rows)
{
    std::string list, same, present, shown;
    for (const auto& name : constraint.columns) {
        const std::string quoted = quote_name(name);
        list += (list.empty() ? "" : ", ") + quoted;
        same += (same.empty() ? "t." : " AND t.") + quoted + " = f." + quoted;
        present += (present.empty() ? "" : " AND ") + quoted + " IS NOT NULL";
        shown += (shown.empty() ? "" : " || ', ' || ") + ("CAST(" + quoted + " AS VARCHAR)");
    }
    rules.push_back({"SELECT jackfield_row, " + shown + " FROM (SELECT *, row_number() OVER (PARTITION BY " + list
                + " ORDER BY jackfield_row) AS jackfield_n, EXISTS (FROM " + place.quoted() + " AS t WHERE " + same + ") AS jackfield_there FROM "
                + rows + " WHERE " + present + ") WHERE jackfield_n > 1 OR jackfield_there" + limited(),
        constraint.columns[0], "unique", "is there already"});
}

std::vector<Rule> rules_of(const Schema& schema, const std::vector<std::string>& casts, const Place& place, const Table& table, const Feed& feed)
{
    std::vector<Rule> rules;
    const std::string rows = as_stored(schema, casts, feed);
    add_casts(rules, schema, casts, table, feed);
    add_nulls(rules, schema, table, rows);
    for (const auto& constraint : table.constraints) {
        if (constraint.kind == "CHECK")
            rules.push_back({"SELECT jackfield_row, NULL FROM " + rows + " WHERE NOT (" + constraint.text + ")" + limited(), "", "check",
                "breaks " + constraint.text});
        else if ((constraint.kind == "UNIQUE" || constraint.kind == "PRIMARY KEY") && !constraint.columns.empty())
            add_keys(rules, constraint, place, rows);
    }
    return rules;
}

Result<std::uint64_t> refuse_values(const Schema& schema, const std::vector<Written>& written, const sdk::Rejects& rejects)
{
    std::uint64_t refused = 0;
    for (const auto& [number, batch] : written) {
        const BatchView view(schema, *batch);
        for (std::int64_t row = 0; row < view.rows(); ++row)
            for (std::size_t i = 0; i < view.columns(); ++i) {
                const std::string wrong = wrong_value(view[i], row);
                if (wrong.empty())
                    continue;
                JF_TRY(rejects.add({.message = wrong, .column = schema[i].name, .code = "value", .write = number, .row = row}));
                ++refused;
                break;
            }
    }
    return refused;
}

} // namespace

Result<std::uint64_t> refuse(Session& session, const Schema& schema, const std::vector<Written>& written, const std::vector<std::string>& casts,
    const Place& place, const Table& table, const sdk::Rejects& rejects)
{
    JF_ASSIGN(const auto values, refuse_values(schema, written, rejects));
    if (values > 0) // SQL cannot even read the others' company; the rest shows when the epoch is sent again
        return values;
    JF_ASSIGN(const auto feed, Feed::make(session, schema));
    for (const auto& write : written)
        feed->add(write.batch);
    std::set<std::int64_t> seen; // a row is reported once, for the first rule it breaks
    for (const auto& rule : rules_of(schema, casts, place, table, *feed)) {
        auto rows = session.rows(rule.sql);
        if (!rows && rows.error().kind == JF_E_CANCELLED)
            return std::move(rows).error();
        if (!rows)
            continue; // a CHECK over columns that these rows do not have
        for (const auto& found : *rows) {
            const std::int64_t at = std::stoll(*found[0]);
            if (!seen.insert(at).second)
                continue;
            const auto [batch, row] = feed->locate(at);
            const std::string message = (found[1] ? "'" + *found[1] + "' " : rule.column.empty() ? std::string("the row ") : "'" + rule.column + "' ") + rule.message;
            JF_TRY(rejects.add({.message = message, .column = rule.column, .code = rule.code, .write = written[batch].number, .row = row}));
        }
    }
    return seen.size();
}

} // namespace jackfield::duckdb

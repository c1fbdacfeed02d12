// The action: rules over a table, as questions in standard SQL.
#include "checks.hpp"

#include <jackfield/sdk/arrow/stream.hpp>
#include <jackfield/sdk/arrow/view.hpp>
#include <jackfield/sdk/text.hpp>

#include <charconv>

namespace jackfield::checks {

namespace {

std::string quoted_name(std::string_view name)
{
    std::string out = "\"";
    for (const char c : name)
        out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

/// "main"."orders" for main.orders.
std::string quoted_table(std::string_view table)
{
    const std::size_t point = table.find('.');
    if (point == std::string_view::npos)
        return quoted_name(table);
    return quoted_name(table.substr(0, point)) + "." + quoted_table(table.substr(point + 1));
}

std::string literal(const std::string& text, bool quoted)
{
    if (!quoted)
        return text; // a number, as JSON spells it
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

/// A statement whose one number is how many rows are bad; of freshness and row_count: 1 or 0; of sql: its own.
std::string question(const Rule& rule, const std::string& table)
{
    const std::string from = " from " + quoted_table(table);
    const std::string column = rule.columns.empty() ? "" : quoted_name(rule.columns[0]);
    const auto count_where = [&](const std::string& condition) { return "select count(*)" + from + " where " + condition; };
    switch (rule.kind) {
    case RuleKind::not_null: return count_where(column + " is null");
    case RuleKind::unique: {
        std::string list;
        for (const auto& name : rule.columns)
            list += (list.empty() ? "" : ", ") + quoted_name(name);
        return "select coalesce(sum(n - 1), 0) from (select count(*) as n" + from + " group by " + list + " having count(*) > 1) as repeated";
    }
    case RuleKind::range: {
        std::string condition;
        if (rule.minimum)
            condition = column + " < " + literal(rule.minimum->text(), rule.minimum->quoted());
        if (rule.maximum)
            condition += (condition.empty() ? "" : " or ") + column + " > " + literal(rule.maximum->text(), rule.maximum->quoted());
        return count_where(condition);
    }
    case RuleKind::accepted: {
        std::string list;
        for (const auto& value : rule.accepted)
            list += (list.empty() ? "" : ", ") + literal(value, rule.accepted_texts);
        return count_where(column + " not in (" + list + ")");
    }
    case RuleKind::regex: return count_where("not (" + column + " ~ " + literal("^(?:" + rule.pattern_text + ")$", true) + ")");
    case RuleKind::row_count:
        return "select case when count(*) between " + std::to_string(rule.minimum_rows) + " and " + std::to_string(rule.maximum_rows) + " then 0 else 1 end" + from;
    case RuleKind::freshness:
        return "select case when max(" + column + ") >= current_timestamp - interval '" + std::to_string(rule.within_ns / 1'000'000'000) +
               " seconds' then 0 else 1 end" + from;
    case RuleKind::sql: return rule.sql;
    }
    return {};
}

/// What the statement answered: the first value as a number (null: 1 bad), and how many rows.
struct Answer {
    double first = 1;
    std::uint64_t rows = 0;
};

Result<Answer> ask(const Rule& rule, const std::string& table, const std::string& connection, sdk::Host host, const sdk::Call& call)
{
    JF_ASSIGN(OwnedStream stream, host.query(call, connection, question(rule, table)));
    JF_ASSIGN(StreamReader reader, StreamReader::open(std::move(stream)));
    Answer out;
    while (true) {
        JF_ASSIGN(const OwnedArray batch, reader.next());
        if (!batch)
            return out;
        const BatchView view(reader.schema(), *batch);
        if (out.rows == 0 && view.rows() > 0 && view.columns() > 0 && !view[0].is_null(0))
            out.first = view[0].f64(0);
        out.rows += static_cast<std::uint64_t>(view.rows());
    }
}

std::uint64_t bad_rows(const Rule& rule, const Answer& answer)
{
    if (rule.kind != RuleKind::sql)
        return answer.rows == 0 ? 0 : static_cast<std::uint64_t>(answer.first);
    if (!rule.wants_true)
        return answer.rows;
    return answer.rows == 1 && answer.first == 1 ? 0 : 1;
}

} // namespace

Result<std::string> check_table(const Rules& rules, sdk::Host host, const sdk::Call& call)
{
    std::string list, faults;
    std::size_t failed = 0;
    for (const Rule& rule : rules.rules) {
        auto answer = ask(rule, rules.table, rules.connection, host, call);
        if (!answer)
            return std::move(answer).error().at(rule.name);
        const std::uint64_t bad = bad_rows(rule, *answer);
        list += (list.empty() ? "" : ",") + std::string("{\"rule\":") + sdk::json_string(rule.name) + ",\"ok\":" + (bad == 0 ? "true" : "false") +
                ",\"bad\":" + std::to_string(bad) + "}";
        if (bad == 0)
            continue;
        ++failed;
        faults += (faults.empty() ? "" : "; ") + rule.name + (rule.kind <= RuleKind::regex || (rule.kind == RuleKind::sql && !rule.wants_true) ? ": " + std::to_string(bad) + " rows" : "");
    }
    const std::string head = std::to_string(failed) + " of " + std::to_string(rules.rules.size()) + " rules failed on " + rules.table;
    if (failed > 0 && rules.on_failure == OnFailure::stop)
        return fail(JF_E_DATA, head + ": " + faults);
    if (failed > 0)
        host.warn(head + ": " + faults);
    return "{\"rules\":" + std::to_string(rules.rules.size()) + ",\"failed\":" + std::to_string(failed) + ",\"checks\":[" + list + "]}";
}

} // namespace jackfield::checks

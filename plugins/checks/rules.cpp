// Rules out of the configuration.
#include "rules.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace jackfield::checks {

namespace {

/// A scalar of the configuration as a Bound or a value to compare with.
Bound scalar(const sdk::Config& config, const std::string& at)
{
    const bool quoted = config.type(at) == JF_JSON_STRING;
    return Bound(std::string(quoted ? config.text(at) : config.json(at)), quoted);
}

Rule named(RuleKind kind, std::string_view word, std::vector<std::string> columns)
{
    Rule out;
    out.kind = kind;
    out.name = std::string(word) + "(";
    for (const auto& column : columns)
        out.name += (out.name.back() == '(' ? "" : ", ") + column;
    out.name += ")";
    out.columns = std::move(columns);
    return out;
}

Status read_values(const sdk::Config& config, Rules& out)
{
    for (const auto& column : config.keys("range")) {
        const std::string at = sdk::Config::below("range", column);
        Rule rule = named(RuleKind::range, "range", {column});
        if (config.has(at + "/min"))
            rule.minimum = scalar(config, at + "/min");
        if (config.has(at + "/max"))
            rule.maximum = scalar(config, at + "/max");
        if (!rule.minimum && !rule.maximum)
            return fail(JF_E_CONFIG, "give 'min', 'max' or both", "range." + column);
        out.rules.push_back(std::move(rule));
    }
    for (const auto& column : config.keys("accepted")) {
        const std::string at = sdk::Config::below("accepted", column);
        Rule rule = named(RuleKind::accepted, "accepted", {column});
        for (std::size_t i = 0; i < config.length(at); ++i) {
            const Bound value = scalar(config, at + "/" + std::to_string(i));
            if (i > 0 && rule.accepted_texts != value.quoted())
                return fail(JF_E_CONFIG, "give only texts or only numbers", "accepted." + column);
            rule.accepted_texts = value.quoted();
            rule.accepted.push_back(value.text());
        }
        out.rules.push_back(std::move(rule));
    }
    for (const auto& column : config.keys("regex")) {
        Rule rule = named(RuleKind::regex, "regex", {column});
        rule.pattern_text = config.text(sdk::Config::below("regex", column));
        auto pattern = std::make_shared<re2::RE2>(rule.pattern_text, re2::RE2::Quiet);
        if (!pattern->ok())
            return fail(JF_E_CONFIG, "'" + rule.pattern_text + "' is no regular expression: " + pattern->error(), "regex." + column);
        rule.pattern = std::move(pattern);
        out.rules.push_back(std::move(rule));
    }
    return {};
}

void read_whole(const sdk::Config& config, Rules& out)
{
    for (std::size_t i = 0; i < config.length("unique"); ++i) {
        const std::string at = "/unique/" + std::to_string(i);
        const bool one = config.type(at) == JF_JSON_STRING;
        out.rules.push_back(named(RuleKind::unique, "unique", one ? std::vector{std::string(config.text(at))} : config.texts(at)));
    }
    if (config.has("row_count")) {
        Rule rule;
        rule.kind = RuleKind::row_count;
        rule.name = "row_count";
        if (config.has("/row_count/min"))
            rule.minimum_rows = config.integer("/row_count/min");
        if (config.has("/row_count/max"))
            rule.maximum_rows = config.integer("/row_count/max");
        out.rules.push_back(std::move(rule));
    }
    for (const auto& column : config.keys("freshness")) {
        Rule rule = named(RuleKind::freshness, "freshness", {column});
        rule.within_ns = config.duration(sdk::Config::below("freshness", column));
        out.rules.push_back(std::move(rule));
    }
    for (std::size_t i = 0; i < config.length("sql"); ++i) {
        const std::string at = "/sql/" + std::to_string(i);
        Rule rule;
        rule.kind = RuleKind::sql;
        rule.name = config.text(at + "/name");
        rule.sql = config.text(at + "/query");
        rule.wants_true = config.text(at + "/expect") == "true";
        out.rules.push_back(std::move(rule));
    }
}

} // namespace

sdk::Options Rules::options()
{
    constexpr auto scalars = R"({"type":["string","number"]})";
    return sdk::Options()
        .texts("not_null", "columns that hold no null")
        .schema("unique", "columns (or lists of columns) whose values do not repeat",
                R"("type":"array","items":{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"},"minItems":1}]})")
        .schema("range", R"(column: {"min": …, "max": …}, both included; numbers, dates, instants or texts; null passes)",
                std::string(R"("type":"object","additionalProperties":{"type":"object","additionalProperties":false,"properties":{"min":)") + scalars + R"(,"max":)" + scalars + "}}")
        .schema("accepted", "column: list of the values that it may have; null passes",
                std::string(R"("type":"object","additionalProperties":{"type":"array","minItems":1,"items":)") + scalars + "}")
        .texts_by_name("regex", "column: regular expression (RE2) that the whole text matches; null passes")
        .group("row_count", "how many rows there are in the whole", sdk::Options().integer("min", "at least", {.minimum = 0}).integer("max", "at most", {.minimum = 0}))
        .texts_by_name("freshness", R"(column: duration ("2h"); the newest instant is not older than this)", {.format = "duration"})
        .groups("sql", "questions of your own about the table; need 'table'",
                sdk::Options().text("name", "for messages", {.required = true}).text("query", "one statement that only reads", {.required = true})
                    .text("expect", "no_rows: the rows are the faults; true: one value that is true", {.fallback = "no_rows", .one_of = {"no_rows", "true"}}))
        .text("on_failure", "stop: fail the task, nothing of the epoch is committed; warn: say so and go on; quarantine: the rows go to the quarantine of the task",
              {.fallback = "stop", .one_of = {"stop", "warn", "quarantine"}})
        .text("table", "check this table instead of rows that pass by: a task of its own, or a gate of a pipeline")
        .text("connection", "connection that holds the table; in a gate: the open epoch of the sink", {.fallback = JF_QUERY_OPEN_EPOCH});
}

Result<Rules> Rules::read(const sdk::Config& config)
{
    Rules out;
    for (const auto& column : config.texts("not_null"))
        out.rules.push_back(named(RuleKind::not_null, "not_null", {column}));
    JF_TRY(read_values(config, out));
    read_whole(config, out);
    const std::string_view word = config.text("on_failure");
    out.on_failure = word == "warn" ? OnFailure::warn : word == "quarantine" ? OnFailure::quarantine : OnFailure::stop;
    out.table = config.text("table");
    out.connection = config.text("connection");
    if (out.rules.empty())
        return fail(JF_E_CONFIG, "there is no rule; give one of not_null, unique, range, accepted, regex, row_count, freshness, sql");
    const bool any_sql = std::any_of(out.rules.begin(), out.rules.end(), [](const Rule& rule) { return rule.kind == RuleKind::sql; });
    if (out.table.empty() && any_sql)
        return fail(JF_E_CONFIG, "a question in SQL needs a table: say which with 'table', in the pipeline's gate or in a task of its own", "sql");
    if (!out.table.empty() && out.on_failure == OnFailure::quarantine)
        return fail(JF_E_CONFIG, "rows of a table cannot be put into quarantine any more; write 'stop' or 'warn', or check them as a step", "on_failure");
    return out;
}

bool Rules::any_of_whole() const
{
    return std::any_of(rules.begin(), rules.end(), [](const Rule& rule) { return rule.of_whole(); });
}

} // namespace jackfield::checks

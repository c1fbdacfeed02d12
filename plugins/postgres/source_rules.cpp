// The configuration of the source 'postgres': options, what they mean together, what they make possible.
#include "source.hpp"

#include "quote.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

constexpr const char* scalars = R"("type":"array","items":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"}]})";
constexpr const char* bounds_form = R"("type":"array","minItems":1,"items":{"anyOf":[{"type":"string"},{"type":"number"}]})";

/// A JSON scalar as the text of a parameter; nullopt is NULL.
std::optional<std::string> scalar(const sdk::Config& config, const std::string& place)
{
    switch (config.type(place)) {
    case JF_JSON_NULL: return std::nullopt;
    case JF_JSON_STRING: return std::string(config.text(place));
    default: return std::string(config.json(place)); // a number or a boolean is written as SQL writes it
    }
}

std::vector<std::optional<std::string>> scalars_of(const sdk::Config& config, const std::string& name)
{
    std::vector<std::optional<std::string>> out;
    for (std::size_t i = 0; config.type(name) == JF_JSON_ARRAY && i < config.length(name); ++i)
        out.push_back(scalar(config, "/" + name + "/" + std::to_string(i)));
    return out;
}

/// "text", or "decimal(38,9)".
Status read_numeric(std::string_view text, DecodeRules& rules)
{
    if (text.empty() || text == "text")
        return {};
    int precision = 0, scale = -1, end = 0;
    if (std::sscanf(std::string(text).c_str(), "decimal(%d,%d)%n", &precision, &scale, &end) != 2 || static_cast<std::size_t>(end) != text.size()
        || precision < 1 || precision > 38 || scale < 0 || scale > precision)
        return fail(JF_E_CONFIG, "'" + std::string(text) + "' is no form for numbers; write text, or decimal(38,9)", "numeric");
    rules.precision = precision;
    rules.scale = scale;
    return {};
}

/// The server's text ends at U+0000; what comes behind it would be left out without a word.
Status check_text(const SourceRules& rules)
{
    const auto has_end = [](const std::string& text) { return text.find('\0') != std::string::npos; };
    for (const Param& param : rules.params)
        if (param.value && has_end(*param.value))
            return fail(JF_E_CONFIG, "a text of PostgreSQL cannot hold U+0000", "params");
    if (std::any_of(rules.split_at.begin(), rules.split_at.end(), has_end))
        return fail(JF_E_CONFIG, "a text of PostgreSQL cannot hold U+0000", "split_at");
    for (const auto& [text, option] : {std::pair{&rules.query, "query"}, {&rules.where, "where"}})
        if (has_end(*text))
            return fail(JF_E_CONFIG, "a statement cannot hold U+0000", option);
    return {};
}

Status check_together(const SourceRules& rules, const sdk::Config& config)
{
    const auto without = [&](const char* option, bool needed, const char* other) -> Status {
        return config.has(option) && !needed ? Status(fail(JF_E_CONFIG, std::string("'") + option + "' needs '" + other + "'", option)) : Status();
    };
    JF_TRY(without("columns", rules.table.has_value(), "table"));
    JF_TRY(without("where", rules.table.has_value(), "table"));
    JF_TRY(without("window", !rules.cursor.empty(), "cursor"));
    JF_TRY(without("late", !rules.window.empty(), "window"));
    JF_TRY(without("partitions", !rules.split_by.empty(), "split_by"));
    JF_TRY(without("split_at", !rules.split_by.empty(), "split_by"));
    if (!rules.split_by.empty() && config.has("partitions") == config.has("split_at"))
        return fail(JF_E_CONFIG, "give either 'partitions', a number, or 'split_at', the bounds between them", "split_by");
    if (!rules.split_by.empty() && (!rules.cursor.empty() || rules.snapshot))
        return fail(JF_E_CONFIG, "an incremental read is one partition; leave out 'split_by', or 'cursor' and 'horizon'", "split_by");
    if (rules.by_transaction() && (!rules.table || rules.order.empty()))
        return fail(JF_E_CONFIG, "a horizon without a cursor column reads rows by their own transactions: it needs 'table', and 'key' with its unique "
                "columns. For a query name a column of type xid8 as 'cursor'", "horizon");
    if (rules.snapshot && !rules.window.empty())
        return fail(JF_E_CONFIG, "'window' guesses what 'horizon' knows; give one of them", "window");
    return {};
}

std::string listed(const std::vector<std::string>& names)
{
    std::string out;
    for (const auto& name : names)
        out += (out.empty() ? "" : ", ") + name;
    return out;
}

std::string sentence_of(const SourceRules& rules, bool replay)
{
    std::string out = rules.table ? "table " + rules.table->text() : "a query";
    if (rules.by_transaction())
        return out + " by the transactions that wrote its rows, each run those that had ended since the one before; an updated row comes again";
    if (!rules.cursor.empty()) {
        out += " in the order of " + listed(rules.order) + ", each run after the last value of the one before";
        if (rules.snapshot)
            return out + ", up to the oldest transaction still going on";
        if (rules.window.empty())
            return out + "; a transaction that commits after greater values were read is missed ('window' or 'horizon' prevent that)";
        return out + (rules.late == SourceRules::Late::hold ? ", holding back the last " + rules.window
                                                            : ", and the last " + rules.window + " of it again");
    }
    if (!rules.split_by.empty())
        out += " in " + (rules.split_at.empty() ? std::to_string(rules.parts) : std::to_string(rules.split_at.size() + 1)) + " ranges of "
            + rules.split_by + ", all from one snapshot";
    if (replay)
        return out + ", in the order of " + listed(rules.order) + ": goes on after any row, exactly if rows were not changed meanwhile";
    if (!rules.order.empty())
        return out + ": ranges found by 'partitions' may differ next time, so a stopped run starts again; 'split_at' would fix them";
    return out + ", in no fixed order: it cannot be gone on with in the middle; 'key' with unique columns would allow that";
}

} // namespace

sdk::Options PostgresSource::options()
{
    return sdk::Options()
        .text("query", "one statement that reads: SELECT, WITH, VALUES; its parameters are $1, $2 …")
        .text("table", "a whole table, view or materialized view instead: name, schema.name or \"odd.name\"")
        .texts("columns", "columns of the table; all if not said", {.minimum = 1})
        .text("where", "condition on the rows of the table, as SQL has it; its parameters are $1, $2 …")
        .schema("params", "values of the parameters, in order; bound by the server, never pasted into the text", scalars)
        .text("cursor", "column that only grows; each run goes on after the greatest value of the last one")
        .texts("key", "columns that, together with the cursor, are unique: they order rows with the same cursor, and let a stopped run go on exactly",
            {.minimum = 1})
        .text("window", "how far out of order rows may become visible: a duration such as \"10m\" for a cursor of times, a number for one of numbers",
            {.pattern = "^([0-9]+|[0-9.]+(ms|s|m|h|d))+$"})
        .text("late", "what becomes of the last 'window' of the cursor: 'hold' reads it next time, 'again' reads it now and next time too (for upserts)",
            {.one_of = {"hold", "again"}})
        .text("horizon", "'snapshot' reads only what transactions wrote that ended before every one still going on, so that none is missed and none read "
                         "twice, in whatever order they commit. By a cursor of type xid8, or without a cursor by the rows' own transaction ids",
            {.one_of = {"snapshot"}})
        .text("nulls", "rows without a value in the cursor or key: 'fail', or 'skip' them", {.fallback = "fail", .one_of = {"fail", "skip"}})
        .text("split_by", "column whose ranges are read in parallel, from one exported snapshot; not through a pooler")
        .integer("partitions", "ranges of equal width, found when a run starts; for whole numbers, numeric, dates and timestamps", {.minimum = 1, .maximum = 1000})
        .schema("split_at", "the bounds between the ranges, ascending, each the first value of a range; of any type that has an order", bounds_form)
        .text("numeric", "numbers without bounds or of more than 38 digits: 'text', exactly as they are, or a decimal such as 'decimal(38,9)'",
            {.fallback = "text", .pattern = "^(text|decimal\\([0-9]+,[0-9]+\\))$"})
        .text("special", "values that Arrow has no place for. 'keep': infinite dates and timestamps become the greatest and least ones, which the sink "
                         "'postgres' writes as infinite again; NaN in a decimal and times beyond its range fail. 'null': all become NULL. 'fail': all fail",
            {.fallback = "keep", .one_of = {"keep", "null", "fail"}})
        .text("arrays", "'list', or 'text' where they have several dimensions", {.fallback = "list", .one_of = {"list", "text"}});
}

Result<SourceRules> SourceRules::from(const sdk::Config& config)
{
    SourceRules out;
    if (config.has("query") == config.has("table"))
        return fail(JF_E_CONFIG, "give either 'query' or 'table'", "query");
    if (config.has("table")) {
        auto name = parse_name(config.text("table"));
        if (!name)
            return std::move(name).error().at("table");
        out.table = *std::move(name);
    }
    out.query = config.text("query");
    out.columns = config.texts("columns");
    out.where = config.text("where");
    for (auto& value : scalars_of(config, "params"))
        out.params.push_back({std::move(value)});
    out.cursor = config.text("cursor");
    if (!out.cursor.empty())
        out.order.push_back(out.cursor);
    for (auto& name : config.texts("key"))
        if (std::find(out.order.begin(), out.order.end(), name) == out.order.end())
            out.order.push_back(std::move(name));
    out.window = config.text("window");
    out.late = config.text("late") == "again" ? Late::again : Late::hold;
    out.snapshot = config.text("horizon") == "snapshot";
    out.skip_nulls = config.text("nulls") == "skip";
    out.split_by = config.text("split_by");
    out.parts = config.integer("partitions");
    for (auto& bound : scalars_of(config, "split_at"))
        out.split_at.push_back(std::move(bound).value_or(""));
    JF_TRY(read_numeric(config.text("numeric"), out.decode));
    const auto special = config.text("special");
    out.decode.special = special == "null" ? Special::null : special == "fail" ? Special::fail : Special::keep;
    out.decode.arrays_as_text = config.text("arrays") == "text";
    JF_TRY(check_together(out, config));
    JF_TRY(check_text(out));
    return out;
}

std::string SourceRules::text(const std::string& condition) const
{
    if (!table)
        return query;
    std::string out = "SELECT " + (columns.empty() ? "*" : quote_list(columns)) + " FROM " + table->quoted();
    if (!where.empty())
        out += " WHERE (" + where + "\n)";
    if (!condition.empty())
        out += (where.empty() ? " WHERE " : " AND ") + condition;
    return out;
}

Result<sdk::Description> PostgresSource::describe(const sdk::Config& config, const sdk::Config* connection)
{
    JF_ASSIGN(const SourceRules rules, SourceRules::from(config));
    if (!rules.split_by.empty() && connection && connection->boolean("pooler"))
        return fail(JF_E_CONFIG, "partitions share a snapshot that its session holds, which a pooler does not keep; leave out 'split_by', or connect to the "
                "server itself", "split_by");
    sdk::Description out;
    out.capabilities = JF_BOUNDED;
    const bool again = !rules.window.empty() && rules.late == SourceRules::Late::again;
    const bool replay = !rules.order.empty() && !again && (rules.split_by.empty() || !rules.split_at.empty());
    if (replay)
        out.capabilities |= JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL;
    if (!rules.cursor.empty() || rules.snapshot)
        out.capabilities |= JF_INCREMENTAL;
    if (rules.split_by.empty())
        out.max_lanes = 1;
    else
        out.partitioning = JF_PARTITIONS_STATIC;
    out.sentence = sentence_of(rules, replay);
    out.digest_of = rules.text() + "\n" + quote_list(rules.order) + "\n" + (rules.snapshot ? "snapshot" : "");
    for (const Param& param : rules.params)
        out.digest_of += "\n" + (param.value ? quote_literal(*param.value) : "NULL");
    for (const auto& bound : rules.split_at)
        out.digest_of += "\n< " + bound;
    return out;
}

} // namespace jackfield::postgres

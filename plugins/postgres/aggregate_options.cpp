// The options of 'postgres.aggregate'.
#include "aggregate_task.hpp"

#include <algorithm>
#include <array>

namespace jackfield::postgres {
namespace {

constexpr std::array<std::pair<const char*, Measure::Function>, 7> functions{{{"count", Measure::Function::count},
    {"distinct", Measure::Function::distinct}, {"sum", Measure::Function::sum}, {"avg", Measure::Function::avg}, {"min", Measure::Function::min},
    {"max", Measure::Function::max}, {"percentile", Measure::Function::percentile}}};

std::string measure_schema()
{
    auto one = sdk::Options()
        .text("count", "a column whose values are counted, or '*' for rows")
        .text("distinct", "a column whose different values are counted, exactly")
        .text("sum", "a column")
        .text("avg", "a column")
        .text("min", "a column")
        .text("max", "a column")
        .text("percentile", "a column; 'at' says which, with interpolation between neighbours")
        .number("at", "0.5 is the median", {.minimum = 0, .maximum = 1})
        .text("where", "SQL condition: only these rows count");
    return "\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":" + one.schema();
}

Result<Measure> read_measure(const sdk::Config& config, const std::string& name)
{
    const std::string place = sdk::Config::below("measures", name);
    Measure out;
    out.name = name;
    int found = 0;
    for (const auto& [word, function] : functions)
        if (config.has(sdk::Config::below(place, word))) {
            ++found;
            out.function = function;
            out.column = config.text(sdk::Config::below(place, word));
        }
    if (found != 1)
        return fail(JF_E_CONFIG, "a measure has one of count, distinct, sum, avg, min, max and percentile", "measures." + name);
    if (out.function == Measure::Function::count && out.column == "*")
        out.column.clear();
    else if (out.column.empty())
        return fail(JF_E_CONFIG, "name the column", "measures." + name);
    const bool has_at = config.has(sdk::Config::below(place, "at"));
    if (has_at != (out.function == Measure::Function::percentile))
        return fail(JF_E_CONFIG, has_at ? "'at' is for a percentile only" : "a percentile needs 'at', such as 0.95", "measures." + name);
    out.at = config.number(sdk::Config::below(place, "at"));
    out.where = config.text(sdk::Config::below(place, "where"));
    return out;
}

/// Names of columns reach the server quoted; U+0000 would end the statement.
Status check_names(const Aggregate& what)
{
    std::vector<std::string> names = what.key();
    for (const Measure& measure : what.measures)
        names.push_back(measure.name);
    for (const std::string& name : names)
        if (name.empty() || name.size() > 63 || name.find('\0') != std::string::npos)
            return fail(JF_E_CONFIG, "'" + name + "' is no name of a column: it has 1 to 63 bytes", name.empty() ? "dimensions" : name);
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
        return fail(JF_E_CONFIG, "the target would have two columns '" + *twice + "'; rename a measure or 'bucket_column'", "measures");
    return {};
}

} // namespace

sdk::Options AggregateTask::options()
{
    auto out = sdk::Options()
        .text("table", "table or view with the rows; or give 'query'")
        .text("query", "a SELECT whose rows are aggregated, where columns have to be computed or joined first")
        .text("target", "table of the result, made if it is not there", {.required = true})
        .text("time", "column of the source that says which bucket a row belongs to: timestamptz, timestamp or date", {.required = true})
        .text("bucket", "width of a bucket: 'hour', '15 minutes', 'day', 'week', '3 months' …", {.required = true})
        .text("bucket_column", "column of the target with the beginning of the bucket", {.fallback = "bucket"})
        .text("time_zone", "where days and hours begin, for a timestamptz: 'Australia/Sydney'", {.fallback = "UTC"})
        .texts("dimensions", "columns of the source that each bucket is cut by")
        .schema("measures", "columns of the target by name, with what they hold: {\"revenue\": {\"sum\": \"amount\"}}", measure_schema(), true)
        .text("where", "SQL condition: only these rows of the source count")
        .duration("look_back", "how far before the newest bucket rows may still come, change or go; those buckets are computed anew", "0s")
        .boolean("rebuild", "compute all buckets anew, once", false)
        .boolean("keep_older", "a rebuild leaves the buckets before the oldest row of the source alone, whose rows were dropped on purpose", true);
    return add_limits(out);
}

sdk::Description AggregateTask::describe(const sdk::Config& config)
{
    const std::string look_back(config.text("look_back"));
    std::string sentence = "buckets of " + std::string(config.text("bucket")) + " in " + std::string(config.text("target"))
        + (config.boolean("rebuild") ? ", all computed anew" : ", from the newest on computed anew");
    if (!config.boolean("rebuild") && config.duration("look_back") > 0)
        sentence += " and " + look_back + " before it";
    return {.capabilities = JF_IS_ACTION | JF_IDEMPOTENT, .sentence = sentence + "; one transaction, the same result however often it runs"};
}

Result<Aggregate> read_aggregate(const sdk::Config& config)
{
    Aggregate out;
    if (config.has("table") == config.has("query"))
        return fail(JF_E_CONFIG, "give either 'table', a table or view, or 'query', a SELECT", "table");
    if (config.has("table")) {
        auto name = parse_name(config.text("table"));
        if (!name)
            return std::move(name).error().at("table");
        out.source = name->quoted();
    } else {
        out.source = "(\n" + std::string(config.text("query")) + "\n) AS source";
    }
    auto width = parse_width(config.text("bucket"));
    if (!width)
        return std::move(width).error().at("bucket");
    out.width = *width;
    out.time = config.text("time");
    out.bucket_column = config.has("bucket_column") ? config.text("bucket_column") : "bucket";
    out.zone = config.has("time_zone") ? config.text("time_zone") : "UTC";
    out.dimensions = config.texts("dimensions");
    out.where = config.text("where");
    out.look_back_ns = config.duration("look_back");
    for (const std::string& name : config.keys("measures")) {
        JF_ASSIGN(Measure measure, read_measure(config, name));
        out.measures.push_back(std::move(measure));
    }
    JF_TRY(check_names(out));
    return out;
}

Result<std::unique_ptr<AggregateTask>> AggregateTask::make(const sdk::Config& config, sdk::Host host, PostgresConnection* on)
{
    JF_ASSIGN(Aggregate what, read_aggregate(config));
    auto target = parse_name(config.text("target"));
    if (!target)
        return std::move(target).error().at("target");
    return std::make_unique<AggregateTask>(config, host, on, std::move(what), std::move(*target));
}

} // namespace jackfield::postgres

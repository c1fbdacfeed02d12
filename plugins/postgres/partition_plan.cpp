// The options of 'postgres.partition', names and boundaries.
#include "partition_task.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

constexpr std::size_t longest_partition_name = 63;

/// How many digits of a stamp tell the partitions of a width apart.
std::size_t digits_of(const Width& width)
{
    switch (width.unit) {
    case Width::Unit::month: return width.count == 12 ? 4 : 6;
    case Width::Unit::day: return 8;
    default: return 12;
    }
}

/// The part of a name before "_p2026…", shortened so that the whole fits.
std::string stem_of(const std::string& table, std::size_t digits)
{
    std::size_t size = std::min(table.size(), longest_partition_name - 2 - digits - (digits > 8 ? 1 : 0));
    while (size > 0 && size < table.size() && (static_cast<unsigned char>(table[size]) & 0xc0) == 0x80) // never within a character
        --size;
    return table.substr(0, size) + "_p";
}

} // namespace

std::string partition_name(const std::string& table, const Width& width, const std::string& stamp)
{
    const std::size_t digits = digits_of(width);
    std::string out = stem_of(table, digits) + stamp.substr(0, std::min<std::size_t>(digits, 8));
    return digits > 8 ? out + "_" + stamp.substr(8, digits - 8) : out;
}

bool is_partition_name(const std::string& table, std::string_view name)
{
    for (const std::size_t digits : {4, 6, 8, 12}) {
        const std::string stem = stem_of(table, digits);
        std::string shape = std::string(std::min<std::size_t>(digits, 8), '0') + (digits > 8 ? "_" + std::string(digits - 8, '0') : "");
        if (!name.starts_with(stem) || name.size() != stem.size() + shape.size())
            continue;
        const std::string_view rest = name.substr(stem.size());
        if (std::equal(rest.begin(), rest.end(), shape.begin(), [](char c, char as) { return as == '0' ? c >= '0' && c <= '9' : c == as; }))
            return true;
    }
    return false;
}

std::string boundaries_sql(const PartitionPlan& plan, TimeKind kind)
{
    const std::string zone = quote_literal(plan.zone);
    const bool instant = kind == TimeKind::instant;
    const auto bucket = [&](const std::string& moment) { return bucket_of(plan.width, kind, plan.zone, moment); };
    const std::string now = instant ? "now()" : std::string("(now() AT TIME ZONE ") + zone + ")" + (kind == TimeKind::day ? "::date" : "");
    const std::string first = plan.from.empty() ? bucket(now) : "least(" + bucket(now) + ", " + bucket("$1::" + std::string(sql_type_of(kind))) + ")";
    // Hours and less are counted in real time, so that the hour which comes twice has a partition for each; days on the wall's clock.
    const bool real = instant && plan.width.count == 1 && plan.width.unit == Width::Unit::hour;
    const std::string local = instant && !real ? "(b.first AT TIME ZONE " + zone + ")" : "b.first";
    const std::string end = instant && !real ? "(b.present AT TIME ZONE " + zone + ")" : "b.present";
    const std::string step = "INTERVAL '" + plan.width.interval() + "'";
    std::string at = "g.at";
    if (instant && !real)
        at = "(g.at AT TIME ZONE " + zone + ")";
    else if (kind == TimeKind::day)
        at = "g.at::date";
    // Names tell hours in UTC: on the wall's clock one of them comes twice.
    const bool by_hour = plan.width.unit == Width::Unit::hour;
    const std::string named = instant ? "x.at AT TIME ZONE " + (by_hour ? std::string("'UTC'") : zone) : "x.at";
    return "SELECT x.at::text, to_char(" + named + ", 'YYYYMMDDHH24MI') FROM (SELECT DISTINCT " + at + " AS at FROM (SELECT " + first + " AS first, " + bucket(now)
        + " AS present) AS b, generate_series(" + local + ", " + end + " + " + std::to_string(plan.ahead + 1) + " * " + step + ", " + step
        + ") AS g(at)) AS x ORDER BY x.at";
}

sdk::Options PartitionTask::options()
{
    auto out = sdk::Options()
        .text("table", "the partitioned table", {.required = true})
        .text("every", "width of a partition: 'hour', 'day', 'week', 'month', '3 months', 'year'", {.required = true})
        .integer("ahead", "how many partitions to make after the present one", {.fallback = 3, .minimum = 0, .maximum = 1000})
        .text("from", "a time, such as '2025-01-01', from which on partitions are made, for loading history")
        .text("keep", "how long a partition is kept after its end, such as '90 days' or '12 months'; if not said, for ever")
        .boolean("detach_only", "those behind are detached and stay as tables of their own", false)
        .boolean("move_default", "rows of the default partition that belong into a new one are moved there; else they are an error", false)
        .text("time_zone", "where days begin", {.fallback = "UTC"})
        .text("definition", "columns and constraints of the table as SQL, to make it if it is not there: \"id bigint, at timestamptz NOT NULL\"")
        .text("column", "which of these it is partitioned by");
    return add_limits(out);
}

sdk::Description PartitionTask::describe(const sdk::Config& config)
{
    std::string sentence = "makes " + std::to_string(config.type("ahead") == JF_JSON_INT ? config.integer("ahead") : 3) + " partitions ahead";
    if (config.has("keep"))
        sentence += std::string(config.boolean("detach_only") ? ", detaches" : ", drops") + " those that ended " + std::string(config.text("keep")) + " ago";
    return {.capabilities = JF_IS_ACTION | JF_IDEMPOTENT, .sentence = sentence};
}

Result<PartitionPlan> read_partition(const sdk::Config& config)
{
    PartitionPlan out;
    auto table = parse_name(config.text("table"));
    if (!table)
        return std::move(table).error().at("table");
    out.table = *table;
    auto width = parse_width(config.text("every"));
    if (!width)
        return std::move(width).error().at("every");
    out.width = *width;
    if (out.width.unit == Width::Unit::second || out.width.unit == Width::Unit::minute)
        return fail(JF_E_CONFIG, "a partition holds an hour or more", "every");
    if (config.has("keep")) {
        auto keep = parse_span(config.text("keep"));
        if (!keep)
            return std::move(keep).error().at("keep");
        out.keep = *keep;
    }
    if (config.has("definition") != config.has("column"))
        return fail(JF_E_CONFIG, "to make the table, give its 'definition' and the 'column' that it is partitioned by", config.has("column") ? "definition" : "column");
    out.definition = config.text("definition");
    out.column = config.text("column");
    out.zone = config.has("time_zone") ? config.text("time_zone") : "UTC";
    out.ahead = config.type("ahead") == JF_JSON_INT ? static_cast<int>(config.integer("ahead")) : 3;
    out.from = config.text("from");
    out.detach_only = config.boolean("detach_only");
    out.move_default = config.boolean("move_default");
    return out;
}

Result<std::unique_ptr<PartitionTask>> PartitionTask::make(const sdk::Config& config, sdk::Host host, PostgresConnection* on)
{
    JF_ASSIGN(PartitionPlan plan, read_partition(config));
    return std::make_unique<PartitionTask>(config, host, on, std::move(plan));
}

} // namespace jackfield::postgres

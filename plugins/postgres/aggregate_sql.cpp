// The SQL of an incremental aggregate.
#include "aggregate_sql.hpp"

namespace jackfield::postgres {
namespace {

// Names for parts of the statement that no table of a user has: in a WITH they would hide his.
constexpr const char* fresh = "\"jackfield fresh\"";
constexpr const char* gone = "\"jackfield gone\"";
constexpr const char* written = "\"jackfield written\"";

/// A condition of a flow in parentheses; the line feeds keep a comment at its end from swallowing them.
std::string enclosed(const std::string& condition) { return "(\n" + condition + "\n)"; }

std::string seconds_of(std::int64_t nanoseconds)
{
    std::string micros = std::to_string(nanoseconds / 1000);
    micros.insert(0, micros.size() < 7 ? 7 - micros.size() : 0, '0');
    return "INTERVAL '" + micros.insert(micros.size() - 6, ".") + " seconds'";
}

/// A percentile without the noise of a binary fraction: 0.95.
std::string fraction(double at)
{
    std::string out = std::to_string(at);
    out.erase(out.find_last_not_of('0') + 1);
    return out.back() == '.' ? out + "0" : out;
}

} // namespace

std::string measure_sql(const Measure& measure)
{
    const std::string column = quote_identifier(measure.column);
    std::string out;
    switch (measure.function) {
    case Measure::Function::count: out = measure.column.empty() ? "count(*)" : "count(" + column + ")"; break;
    case Measure::Function::distinct: out = "count(DISTINCT " + column + ")"; break;
    case Measure::Function::sum: out = "sum(" + column + ")"; break;
    case Measure::Function::avg: out = "avg(" + column + ")"; break;
    case Measure::Function::min: out = "min(" + column + ")"; break;
    case Measure::Function::max: out = "max(" + column + ")"; break;
    case Measure::Function::percentile: out = "percentile_cont(" + fraction(measure.at) + ") WITHIN GROUP (ORDER BY " + column + ")"; break;
    }
    return measure.where.empty() ? out : out + " FILTER (WHERE " + enclosed(measure.where) + ")";
}

std::vector<std::string> Aggregate::key() const
{
    std::vector<std::string> out{bucket_column};
    out.insert(out.end(), dimensions.begin(), dimensions.end());
    return out;
}

std::string Aggregate::bucket() const { return bucket_of(width, kind, zone, quote_identifier(time)); }

std::string Aggregate::conditions(bool window) const
{
    const std::string column = quote_identifier(time);
    std::string out = " WHERE isfinite(" + column + ")";
    if (window) {
        const std::string from = std::string("$1::") + sql_type_of(kind);
        out += " AND " + column + " >= " + from; // what an index on the column serves
        if (reaches_ahead(width, kind))
            out += " - INTERVAL '1 day' AND " + bucket() + " >= " + from;
    }
    if (!where.empty())
        out += " AND " + enclosed(where);
    return out;
}

std::string Aggregate::select_sql(bool window) const
{
    std::string out = "SELECT " + bucket() + " AS " + quote_identifier(bucket_column);
    std::string groups = "1";
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
        out += ", " + quote_identifier(dimensions[i]);
        groups += ", " + std::to_string(i + 2);
    }
    for (const Measure& measure : measures)
        out += ", " + measure_sql(measure) + " AS " + quote_identifier(measure.name);
    return out + " FROM " + source + conditions(window) + " GROUP BY " + groups;
}

std::string Aggregate::window_sql() const
{
    const std::string column = quote_identifier(bucket_column);
    // A clock on a wall is nowhere more than 14 hours ahead of UTC. What lies in the future is not where the last run ended,
    // but a row with a wrong time.
    const char* now = kind == TimeKind::instant ? "now()" : "((now() AT TIME ZONE 'UTC') + INTERVAL '14 hours')";
    const std::string newest = "(max(" + column + ") - " + seconds_of(look_back_ns) + ")" + (kind == TimeKind::day ? "::date" : "");
    return "SELECT to_json(" + bucket_of(width, kind, zone, "newest") + ") #>> '{}' FROM (SELECT " + newest + " AS newest FROM " + target + " WHERE " + column
        + " <= " + now + ") AS jackfield";
}

std::string Aggregate::beginning_sql() const
{
    return "SELECT to_json(" + bucket_of(width, kind, zone, "oldest") + ") #>> '{}' FROM (SELECT min(" + quote_identifier(time) + ") AS oldest FROM " + source
        + conditions(false) + ") AS jackfield";
}

std::string Aggregate::write_sql(bool window) const
{
    const std::string keys = quote_list(key());
    std::vector<std::string> names;
    for (const Measure& measure : measures)
        names.push_back(measure.name);
    std::string sets;
    for (const std::string& name : names)
        sets += (sets.empty() ? "" : ", ") + quote_identifier(name) + " = excluded." + quote_identifier(name);
    const std::string bucket_name = quote_identifier(bucket_column);
    const std::string columns = keys + ", " + quote_list(names);
    std::string out = "WITH " + std::string(fresh) + " AS MATERIALIZED (" + select_sql(window) + ")";
    // Records compare NULLs as equal, and so can be sorted and merged, which IS NOT DISTINCT FROM cannot.
    out += std::string(", ") + gone + " AS (DELETE FROM " + target + " AS t WHERE "
        + (window ? "t." + bucket_name + " >= $1::" + sql_type_of(kind) + " AND " : "") + "NOT EXISTS (SELECT FROM (SELECT ROW(" + keys + ") AS k FROM " + fresh
        + ") AS f WHERE f.k = ROW(" + quote_list(key(), "t.") + ")) RETURNING 1)";
    out += std::string(", ") + written + " AS (INSERT INTO " + target + " AS t (" + columns + ") SELECT " + columns + " FROM " + fresh + " ON CONFLICT (" + keys
        + ") DO UPDATE SET " + sets + " WHERE (" + quote_list(names, "t.") + ") IS DISTINCT FROM (" + quote_list(names, "excluded.")
        + ") RETURNING xmax = 0 AS made)";
    out += " SELECT (SELECT count(*) FROM " + std::string(fresh) + "), (SELECT count(DISTINCT " + bucket_name + ") FROM " + fresh
        + "), (SELECT count(*) FROM " + written + " WHERE made), (SELECT count(*) FROM " + written + " WHERE NOT made), (SELECT count(*) FROM " + gone
        + "), (SELECT to_json(min(" + bucket_name + ")) FROM " + fresh + "), (SELECT to_json(max(" + bucket_name + ")) FROM " + fresh + ")";
    return out;
}

std::string Aggregate::create_sql(bool nulls) const
{
    const char* constraint = nulls ? "UNIQUE NULLS NOT DISTINCT" : "PRIMARY KEY";
    return "CREATE TABLE " + target + " AS " + select_sql(false) + " WITH NO DATA; ALTER TABLE " + target + " ADD " + constraint + " (" + quote_list(key())
        + ")" + (nulls ? ", ALTER " + quote_identifier(bucket_column) + " SET NOT NULL" : "");
}

} // namespace jackfield::postgres

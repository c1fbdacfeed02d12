// The task 'postgres.aggregate': looks at source and target, then lets one statement do the work.
#include "aggregate_task.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

const Column* column_in(const std::vector<Column>& columns, std::string_view name)
{
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
    return at == columns.end() ? nullptr : &*at;
}

Error no_column(const std::vector<Column>& columns, const std::string& name, const std::string& place)
{
    std::vector<std::string> names;
    for (const Column& column : columns)
        names.push_back(column.name);
    return fail(JF_E_CONFIG, "the source has no column '" + name + "'; it has " + list_of(names), place);
}

} // namespace

/// Waits for another run into the same target; the lock ends with the transaction.
Status AggregateTask::alone(const sdk::Call& call, Session& session)
{
    if (target_.schema.empty()) {
        JF_ASSIGN(const auto known, look_at(session, call, target_));
        if (known) {
            target_ = known->name;
        } else {
            JF_ASSIGN(const Answer schema, session.run(call, "SELECT current_schema()"));
            if (!schema.value(0, 0))
                return fail(JF_E_CONFIG, "the search_path of the connection names no schema to make the table in; write schema.name", "target");
            target_.schema = schema.text(0, 0);
        }
    }
    what_.target = target_.quoted();
    JF_ASSIGN(const Answer got, session.run(call, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", {{"jackfield aggregate " + what_.target}}));
    return {};
}

/// The kind of the time, and that every named column is there.
Status AggregateTask::look_at_source(const sdk::Call& call, Session& session)
{
    const std::string place = config_.has("query") ? "query" : "table";
    auto described = session.describe(call, "SELECT * FROM " + what_.source);
    if (!described)
        return std::move(described).error().at(place);
    JF_ASSIGN(const std::vector<Column> columns, columns_of(session, call, *described));
    const Column* time = column_in(columns, what_.time);
    if (!time)
        return no_column(columns, what_.time, "time");
    const auto kind = time_kind_of(time->type);
    if (!kind)
        return fail(JF_E_CONFIG, "the column '" + what_.time + "' is of type " + time->type.sql + "; buckets need timestamptz, timestamp or date", "time");
    what_.kind = *kind;
    if (*kind == TimeKind::day && what_.width.unit != Width::Unit::day && what_.width.unit != Width::Unit::month)
        return fail(JF_E_CONFIG, "the column '" + what_.time + "' holds dates; choose a bucket of days or more", "bucket");
    if (*kind != TimeKind::instant && what_.zone != "UTC")
        return fail(JF_E_CONFIG, "the column '" + what_.time + "' holds no moments but clock readings, which are cut as they are; leave 'time_zone' out, or make a timestamptz of it in 'query'", "time_zone");
    for (const std::string& dimension : what_.dimensions)
        if (!column_in(columns, dimension))
            return no_column(columns, dimension, "dimensions");
    for (const Measure& measure : what_.measures)
        if (!measure.column.empty() && !column_in(columns, measure.column))
            return no_column(columns, measure.column, "measures." + measure.name);
    if (auto zone = session.run(call, "SELECT now() AT TIME ZONE $1", {{what_.zone, 25}}); !zone)
        return zone.error().code == "22023" ? fail(JF_E_CONFIG, "the server knows no time zone '" + what_.zone + "'", "time_zone") : zone.error();
    return {};
}

/// Whether a dimension may be NULL: not if the source is a table that forbids it.
Result<bool> AggregateTask::may_be_null(const sdk::Call& call, Session& session) const
{
    if (what_.dimensions.empty())
        return false;
    if (config_.has("query"))
        return true;
    JF_ASSIGN(const Name name, parse_name(config_.text("table")));
    JF_ASSIGN(const auto source, look_at(session, call, name));
    return !source || !std::all_of(what_.dimensions.begin(), what_.dimensions.end(), [&](const std::string& dimension) {
        const Column* column = source->find(dimension);
        return column && column->not_null;
    });
}

Status AggregateTask::check_key(const Table& target, bool nulls) const
{
    const auto key = what_.key();
    for (const std::string& column : key)
        if (!target.find(column))
            return fail(JF_E_CONFIG, "the table '" + target_.text() + "' is there, but has no column '" + column + "'; name another target, or drop it to have it made", "target");
    const std::string remedy = "; CREATE UNIQUE INDEX ON " + what_.target + " (" + quote_list(key) + ")" + (nulls ? " NULLS NOT DISTINCT" : "");
    const UniqueKey* unique = target.key_over(key);
    if (!unique || unique->deferrable)
        return fail(JF_E_CONFIG, "the table '" + target_.text() + "' has no unique key over " + list_of(key) + " to tell its rows apart" + remedy, "target");
    const bool nulls_fit = unique->nulls_equal || std::all_of(key.begin(), key.end(), [&](const std::string& column) {
        return column == what_.bucket_column || target.find(column)->not_null;
    });
    if (nulls && !nulls_fit)
        return fail(JF_E_CONFIG, "the unique key '" + unique->name + "' of '" + target_.text() + "' takes NULLs for different, so rows with a NULL dimension would be doubled; drop it" + remedy, "target");
    return {};
}

/// Columns for measures that are new since the target was made; true if there were some.
Result<bool> AggregateTask::add_measures(const sdk::Call& call, Session& session, const Table& target)
{
    JF_ASSIGN(const Answer described, session.describe(call, what_.select_sql(false)));
    JF_ASSIGN(const std::vector<Column> columns, columns_of(session, call, described));
    std::string added;
    for (const Measure& measure : what_.measures)
        if (!target.find(measure.name))
            added += (added.empty() ? "" : ", ") + ("ADD COLUMN " + quote_identifier(measure.name)) + " " + column_in(columns, measure.name)->type.sql;
    if (added.empty())
        return false;
    JF_TRY(session.execute(call, "ALTER TABLE " + what_.target + " " + added));
    host_.info("the target '" + target_.text() + "' lacked measures: added, and all buckets are computed anew");
    return true;
}

/// Makes the target if it is not there. True: all buckets must be computed.
Result<bool> AggregateTask::prepare_target(const sdk::Call& call, Session& session)
{
    JF_ASSIGN(const bool nulls, may_be_null(call, session));
    JF_ASSIGN(const auto target, look_at(session, call, target_));
    if (target) {
        JF_TRY(check_key(*target, nulls));
        return add_measures(call, session, *target);
    }
    if (nulls && session.version() < 150000)
        return fail(JF_E_UNSUPPORTED, "dimensions that may be NULL need PostgreSQL 15; declare them NOT NULL in the source", "dimensions");
    JF_TRY(session.execute(call, what_.create_sql(nulls)));
    host_.info("made the table '" + target_.text() + "'");
    return true;
}

Result<AggregateTask::Window> AggregateTask::window(const sdk::Call& call, Session& session, bool rebuild) const
{
    const bool older = config_.type("keep_older") == JF_JSON_ABSENT || config_.boolean("keep_older");
    if (rebuild && !older)
        return Window{true, false, {}};
    JF_ASSIGN(const Answer answer, session.run(call, rebuild ? what_.beginning_sql() : what_.window_sql()));
    if (const auto from = answer.value(0, 0))
        return Window{false, false, std::string(*from)};
    return Window{!rebuild, rebuild, {}};
}

Result<std::string> AggregateTask::run(const sdk::Call& call, const sdk::Scope& scope, std::uint32_t)
{
    JF_ASSIGN(const Lease session, on_.lend(call, Role::primary));
    JF_ASSIGN(auto transaction, Transaction::begin(*session, call, limits_));
    JF_TRY(alone(call, *session));
    JF_TRY(look_at_source(call, *session));
    JF_ASSIGN(const bool anew, prepare_target(call, *session));
    // The runtime names a generation to an action where everything is to be loaded again.
    const bool rebuild = anew || config_.boolean("rebuild") || !scope.generation.empty();
    JF_ASSIGN(const Window window, this->window(call, *session, rebuild));
    std::string counts = "\"rows\":0,\"buckets\":0,\"inserted\":0,\"updated\":0,\"deleted\":0,\"first\":null,\"last\":null";
    if (!window.nothing) {
        JF_ASSIGN(const Answer done, session->run(call, what_.write_sql(!window.everything), window.everything ? Params{} : Params{{window.from}}));
        counts.clear();
        const char* names[] = {"rows", "buckets", "inserted", "updated", "deleted", "first", "last"};
        for (int i = 0; i < 7; ++i)
            counts += (i ? ",\"" : "\"") + std::string(names[i]) + "\":" + std::string(done.value(0, i).value_or("null"));
    }
    JF_TRY(transaction.commit(call));
    return "{" + counts + ",\"from\":" + (window.from ? sdk::json_string(*window.from) : "null") + ",\"rebuilt\":" + (rebuild ? "true" : "false") + "}";
}

} // namespace jackfield::postgres

// The task 'postgres.partition' at the server. Locks are kept weak: a partition is made as a table of its own and attached
// (CREATE TABLE … PARTITION OF would keep everybody from the parent), and detached concurrently before it is dropped.
#include "partition_task.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

/// $1: quoted name of the parent.
constexpr const char* parent_query = R"(
SELECT n.nspname, c.relname, c.relkind, p.partstrat, p.partnatts, a.attname, a.atttypid::regtype::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0] AND a.attnum > 0
WHERE c.oid = to_regclass($1))";

/// Bounds are SQL texts; the server reads its own spelling. %T stands for the type of the key; $2: the end of what is kept.
std::string existing_query(const char* type, bool keeps)
{
    const std::string t = type;
    return "SELECT x.nspname, x.relname, x.is_default, x.pending, x.b IS NOT NULL, x.b[1], x.b[2], "
        + (keeps ? "coalesce(x.b[2]::" + t + " <= $2::" + t + ", false)" : std::string("false"))
        + " FROM (SELECT n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT' AS is_default, i.inhdetachpending AS pending, "
          "regexp_match(pg_get_expr(c.relpartbound, c.oid), '^FOR VALUES FROM \\(''([^'']+)''\\) TO \\(''([^'']+)''\\)$') AS b "
          "FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
          "WHERE i.inhparent = to_regclass($1)) AS x ORDER BY x.b[1]::"
        + t + " NULLS LAST";
}

/// $1: the mark, $2: schema. Tables that an earlier run detached and did not come to drop.
constexpr const char* marked_query = R"(
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
WHERE d.description = $1 AND n.nspname = $2 AND c.relkind = 'r' AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid))";

} // namespace

/// The comment of a partition that is about to go. It outlives the detaching, so that a later run knows the table again.
std::string PartitionTask::mark() const { return "jackfield: to be dropped, was a partition of " + plan_.table.quoted(); }

/// One run at a time makes partitions of a table; the lock ends with the transaction.
Status PartitionTask::alone(const sdk::Call& call, Session& session) const
{
    JF_ASSIGN(const Answer got, session.run(call, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", {{"jackfield partition " + plan_.table.name}}));
    return {};
}

/// True: the parent was made.
Result<bool> PartitionTask::make_parent(const sdk::Call& call, Session& session)
{
    if (plan_.definition.empty())
        return fail(JF_E_NOT_FOUND, "there is no table '" + plan_.table.text() + "'; give 'definition' and 'column' to have it made", "table");
    auto made = session.execute(call, "CREATE TABLE " + plan_.table.quoted() + " (\n" + plan_.definition + "\n) PARTITION BY RANGE (" + quote_identifier(plan_.column) + ")");
    if (!made)
        return std::move(made).error().at("definition");
    host_.info("made the table '" + plan_.table.text() + "'");
    return true;
}

Status PartitionTask::look_at_parent(const sdk::Call& call, Session& session)
{
    JF_ASSIGN(Answer parent, session.run(call, parent_query, {{plan_.table.quoted()}}));
    if (parent.rows() == 0) {
        JF_ASSIGN(const bool made, make_parent(call, session));
        (void)made;
        JF_ASSIGN(parent, session.run(call, parent_query, {{plan_.table.quoted()}}));
    }
    const std::string name = plan_.table.text();
    plan_.table = {parent.text(0, 0), parent.text(0, 1)};
    if (parent.text(0, 2) != "p" || parent.text(0, 3) != "r" || parent.text(0, 4) != "1" || !parent.value(0, 5))
        return fail(JF_E_CONFIG, "the table '" + name + "' is not partitioned by ranges of one column", "table");
    key_ = parent.text(0, 5);
    const std::string type = parent.text(0, 6);
    if (type == "timestamp with time zone")
        kind_ = TimeKind::instant;
    else if (type == "timestamp without time zone")
        kind_ = TimeKind::wall;
    else if (type == "date")
        kind_ = TimeKind::day;
    else
        return fail(JF_E_CONFIG, "the table '" + name + "' is partitioned by '" + key_ + "', which is of type " + type + " and no time", "table");
    if (kind_ == TimeKind::day && plan_.width.unit == Width::Unit::hour)
        return fail(JF_E_CONFIG, "the table '" + name + "' is partitioned by dates; a partition holds a day or more", "every");
    return {};
}

Result<std::vector<PartitionTask::Existing>> PartitionTask::existing(const sdk::Call& call, Session& session) const
{
    Params params{{plan_.table.quoted()}};
    if (plan_.keep) {
        const std::string zone = quote_literal(plan_.zone);
        const std::string local = "(now() AT TIME ZONE " + zone + ") - INTERVAL '" + plan_.keep->interval() + "'";
        const std::string end = kind_ == TimeKind::instant ? "(" + local + ") AT TIME ZONE " + zone : kind_ == TimeKind::day ? "(" + local + ")::date" : local;
        JF_ASSIGN(const Answer answer, session.run(call, "SELECT (" + end + ")::text"));
        params.push_back({answer.text(0, 0)});
    }
    JF_ASSIGN(const Answer rows, session.run(call, existing_query(sql_type_of(kind_), plan_.keep.has_value()), params));
    std::vector<Existing> out;
    for (int row = 0; row < rows.rows(); ++row)
        out.push_back({{rows.text(row, 0), rows.text(row, 1)}, rows.flag(row, 2), rows.flag(row, 3), rows.flag(row, 4), rows.flag(row, 7), rows.text(row, 5), rows.text(row, 6)});
    return out;
}

Result<std::vector<PartitionRange>> PartitionTask::wanted(const sdk::Call& call, Session& session) const
{
    auto answer = session.run(call, boundaries_sql(plan_, kind_), plan_.from.empty() ? Params{} : Params{{plan_.from}});
    if (!answer) {
        Error error = std::move(answer).error();
        if (error.kind == JF_E_DATA) { // 22023: no such time zone; 22007: no such time
            error.kind = JF_E_CONFIG;
            error.where = error.code == "22023" ? "time_zone" : "from";
        }
        return error;
    }
    std::vector<PartitionRange> out;
    for (int row = 0; row + 1 < answer->rows(); ++row)
        out.push_back({{plan_.table.schema, partition_name(plan_.table.name, plan_.width, answer->text(row, 1))}, answer->text(row, 0), answer->text(row + 1, 0)});
    return out;
}

/// Whether the range is there already, in one partition or a larger one. JF_E_CONFIG: a partition reaches into it.
Result<bool> PartitionTask::covered(const sdk::Call& call, Session& session, const PartitionRange& range, const std::vector<Existing>& there) const
{
    const std::string type = sql_type_of(kind_);
    const auto value = [&](const std::string& text) { return quote_literal(text) + "::" + type; };
    std::string rows;
    for (const Existing& one : there)
        if (one.finite)
            rows += (rows.empty() ? "(" : ", (") + value(one.from) + ", " + value(one.to) + ", " + quote_literal(one.name.text()) + ")";
    if (rows.empty())
        return false;
    JF_ASSIGN(const Answer over, session.run(call, "SELECT p, a::text, b::text, a <= " + value(range.from) + " AND b >= " + value(range.to) + " FROM (VALUES " + rows
            + ") AS t(a, b, p) WHERE a < " + value(range.to) + " AND b > " + value(range.from) + " LIMIT 1"));
    if (over.rows() == 0)
        return false;
    if (over.flag(0, 3))
        return true;
    return fail(JF_E_CONFIG, "the partition '" + over.text(0, 0) + "' from " + over.text(0, 1) + " to " + over.text(0, 2) + " reaches into the one to be made from "
            + range.from + " to " + range.to + "; choose the width and time zone that the others have", "every");
}

/// `fallback`: the default partition, which must hold no row of the range when the new one is attached.
Status PartitionTask::make_one(const sdk::Call& call, Session& session, const PartitionRange& range, const Name* fallback) const
{
    const std::string name = range.name.quoted();
    const std::string bounds = quote_literal(range.from) + ") TO (" + quote_literal(range.to);
    if (auto made = session.execute(call, "CREATE TABLE " + name + " (LIKE " + plan_.table.quoted()
                + " INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)"); !made) {
        Error error = std::move(made).error();
        if (error.code == "42P07")
            error = fail(JF_E_CONFIG, "there is a table '" + range.name.text() + "' already, which is no partition of '" + plan_.table.text() + "' from " + range.from
                    + " to " + range.to + "; attach, rename or drop it", "table");
        return error;
    }
    if (fallback && plan_.move_default) {
        const std::string key = quote_identifier(key_);
        JF_TRY(session.execute(call, "WITH moved AS (DELETE FROM " + fallback->quoted() + " WHERE " + key + " >= " + quote_literal(range.from) + " AND " + key + " < "
            + quote_literal(range.to) + " RETURNING *) INSERT INTO " + name + " SELECT * FROM moved"));
    }
    auto attached = session.execute(call, "ALTER TABLE " + plan_.table.quoted() + " ATTACH PARTITION " + name + " FOR VALUES FROM (" + bounds + ")");
    if (attached || attached.error().code != "23514" || !fallback)
        return attached;
    return fail(JF_E_DATA, "the default partition '" + fallback->text() + "' holds rows from " + range.from + " to " + range.to
            + ", so no partition can be made for them; set \"move_default\": true to have them moved", "table");
}

Status PartitionTask::make_ahead(const sdk::Call& call, Session& session, Outcome& outcome)
{
    JF_ASSIGN(auto transaction, Transaction::begin(session, call, limits_));
    JF_TRY(alone(call, session));
    JF_TRY(look_at_parent(call, session));
    JF_ASSIGN(const auto there, existing(call, session));
    JF_ASSIGN(const auto ranges, wanted(call, session));
    const auto fallback = std::find_if(there.begin(), there.end(), [](const Existing& one) { return one.is_default; });
    for (const PartitionRange& range : ranges) {
        JF_ASSIGN(const bool present, covered(call, session, range, there));
        if (present)
            continue;
        JF_TRY(make_one(call, session, range, fallback == there.end() ? nullptr : &fallback->name));
        outcome.made.push_back(range.name.text());
    }
    JF_TRY(transaction.commit(call));
    return {};
}

/// What an earlier run began: partitions half detached, and tables detached and not yet dropped.
Status PartitionTask::finish_earlier(const sdk::Call& call, Session& session, Outcome& outcome) const
{
    JF_ASSIGN(const auto there, existing(call, session));
    for (const Existing& one : there)
        if (one.pending && is_partition_name(plan_.table.name, one.name.name)) {
            JF_TRY(session.execute(call, "ALTER TABLE " + plan_.table.quoted() + " DETACH PARTITION " + one.name.quoted() + " FINALIZE"));
            if (plan_.detach_only)
                outcome.detached.push_back(one.name.text());
        }
    if (!plan_.keep || plan_.detach_only) // the flow does not want it dropped any more
        return {};
    JF_ASSIGN(const Answer marked, session.run(call, marked_query, {{mark()}, {plan_.table.schema}}));
    for (int row = 0; row < marked.rows(); ++row) {
        const Name name{plan_.table.schema, marked.text(row, 0)};
        if (!is_partition_name(plan_.table.name, name.name))
            continue;
        JF_TRY(session.execute(call, "DROP TABLE " + name.quoted()));
        outcome.dropped.push_back(name.text());
    }
    return {};
}

Status PartitionTask::drop_one(const sdk::Call& call, Session& session, const Existing& one, bool has_default, Outcome& outcome) const
{
    if (!plan_.detach_only)
        JF_TRY(session.execute(call, "COMMENT ON TABLE " + one.name.quoted() + " IS " + quote_literal(mark())));
    // Beside a default partition PostgreSQL detaches with a lock on the parent only.
    const bool concurrently = !has_default && session.version() >= 140000;
    JF_TRY(session.execute(call, "ALTER TABLE " + plan_.table.quoted() + " DETACH PARTITION " + one.name.quoted() + (concurrently ? " CONCURRENTLY" : "")));
    if (plan_.detach_only) {
        outcome.detached.push_back(one.name.text());
        return {};
    }
    JF_TRY(session.execute(call, "DROP TABLE " + one.name.quoted()));
    outcome.dropped.push_back(one.name.text());
    return {};
}

Status PartitionTask::drop_behind(const sdk::Call& call, Session& session, Outcome& outcome) const
{
    JF_ASSIGN(const auto outside, OutsideTransaction::make(session, call, limits_, on_));
    JF_TRY(finish_earlier(call, session, outcome));
    if (!plan_.keep)
        return {};
    JF_ASSIGN(const auto there, existing(call, session));
    const bool has_default = std::any_of(there.begin(), there.end(), [](const Existing& one) { return one.is_default; });
    for (const Existing& one : there) {
        if (!one.finite || !one.behind)
            continue;
        if (one.name.schema != plan_.table.schema || !is_partition_name(plan_.table.name, one.name.name)) {
            host_.warn("the partition '" + one.name.text() + "' has ended, but this task did not make it: left alone");
            outcome.left.push_back(one.name.text());
            continue;
        }
        JF_TRY(drop_one(call, session, one, has_default, outcome));
    }
    return {};
}

Result<std::string> PartitionTask::run(const sdk::Call& call, const sdk::Scope&, std::uint32_t)
{
    JF_ASSIGN(const Lease session, on_.lend(call, Role::primary));
    Outcome outcome;
    JF_TRY(make_ahead(call, *session, outcome));
    JF_TRY(drop_behind(call, *session, outcome));
    pass_on_notices(*session);
    return "{\"made\":" + texts_as_json(outcome.made) + ",\"dropped\":" + texts_as_json(outcome.dropped) + ",\"detached\":" + texts_as_json(outcome.detached)
        + ",\"left\":" + texts_as_json(outcome.left) + "}";
}

} // namespace jackfield::postgres

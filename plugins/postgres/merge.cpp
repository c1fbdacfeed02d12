// Merge.
#include "merge.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

constexpr const char* stage_name = "pg_temp.jackfield_stage";

/// Types without an equality of their own are compared by their text.
std::string compared(const Column& column, const std::string& of)
{
    const bool by_text = column.type.kind == Kind::json || column.type.kind == Kind::other || column.type.sql == "xml"
        || (column.type.kind == Kind::array && (column.type.element == Kind::json || column.type.element == Kind::other));
    return of + quote_identifier(column.name) + (by_text ? "::text" : "");
}

/// The condition that a staged row is a deletion.
std::string says_delete(const std::string& column, bool boolean)
{
    const std::string name = quote_identifier(column);
    if (boolean)
        return "coalesce(" + name + ", false)";
    return "coalesce(lower(" + name + ") IN ('d', 'delete', 'deleted', 'true', 't'), false)";
}

/// " ON CONFLICT (key) DO UPDATE SET …" for the columns that are no key.
std::string on_conflict(const SinkPlan& plan, const Table& target, const std::vector<std::string>& names)
{
    std::string sets, mine, theirs;
    for (const auto& name : names) {
        if (std::find(plan.key.begin(), plan.key.end(), name) != plan.key.end())
            continue;
        const Column& column = *target.find(name);
        sets += (sets.empty() ? "" : ", ") + quote_identifier(name) + " = EXCLUDED." + quote_identifier(name);
        mine += (mine.empty() ? "" : ", ") + compared(column, "t.");
        theirs += (theirs.empty() ? "" : ", ") + compared(column, "EXCLUDED.");
    }
    const std::string conflict = " ON CONFLICT (" + quote_list(plan.key) + ") DO ";
    return sets.empty() ? conflict + "NOTHING" : conflict + "UPDATE SET " + sets + " WHERE (" + mine + ") IS DISTINCT FROM (" + theirs + ")";
}

} // namespace

Merge::Merge(const SinkPlan& plan, const Table& target, const Schema& columns, bool boolean_mark) : constraints_later_(target.deferred)
{
    std::vector<std::string> names; // that the target has too
    for (const Field& field : columns.fields)
        if (target.find(field.name))
            names.push_back(field.name);
    const bool only_here = !plan.deleted.empty() && !target.find(plan.deleted);
    const std::string marked = plan.mode == Mode::erase ? "true" : plan.deleted.empty() ? "" : says_delete(plan.deleted, boolean_mark);
    create_ = std::string("CREATE TEMPORARY TABLE ") + stage + " ON COMMIT DROP AS SELECT " + quote_list(names)
        + (only_here ? std::string(", NULL::") + (boolean_mark ? "boolean" : "text") + " AS " + quote_identifier(plan.deleted) : "")
        + ", 0::bigint AS " + order + " FROM " + target.name.quoted() + " WITH NO DATA";
    const std::string last = "SELECT DISTINCT ON (" + quote_list(plan.key) + ") * FROM " + stage_name + " WHERE " + order + " >= $from AND " + order
        + " < $to ORDER BY " + quote_list(plan.key) + ", " + order + " DESC";
    if (!marked.empty()) {
        std::string same;
        for (const auto& key : plan.key)
            same += (same.empty() ? "t." : " AND t.") + quote_identifier(key) + " = s." + quote_identifier(key);
        remove_ = "DELETE FROM " + target.name.quoted() + " AS t USING (SELECT * FROM (" + last + ") AS l WHERE " + marked + ") AS s WHERE " + same;
    }
    if (plan.mode != Mode::erase)
        insert_ = "INSERT INTO " + target.name.quoted() + " AS t (" + quote_list(names) + ") SELECT " + quote_list(names) + " FROM (" + last + ") AS s"
            + (marked.empty() ? "" : " WHERE NOT " + marked) + on_conflict(plan, target, names);
}

/// Both statements over a range of order numbers.
Status Merge::bring(Session& session, const Patience& patience, std::int64_t from, std::int64_t to) const
{
    for (std::string sql : {remove_, insert_}) {
        if (sql.empty())
            continue;
        const auto put = [&](std::string_view what, std::int64_t value) { sql.replace(sql.find(what), what.size(), std::to_string(value)); };
        put("$from", from);
        put("$to", to);
        JF_TRY(session.execute(patience, sql));
    }
    return constraints_later_ ? session.execute(patience, "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED") : Status();
}

/// Whether the range goes in; it is taken back either way.
Result<bool> Merge::fits(Session& session, const Patience& patience, std::int64_t from, std::int64_t to) const
{
    JF_TRY(session.execute(patience, "SAVEPOINT jackfield_try"));
    const Status done = bring(session, patience, from, to);
    if (!done && done.error().kind != JF_E_DATA)
        return done.error();
    JF_TRY(session.execute(patience, "ROLLBACK TO SAVEPOINT jackfield_try; RELEASE SAVEPOINT jackfield_try"));
    return done.has_value();
}

/// The end of the shortest range from `from` that does not go in. Requires: [from, end) does not.
Result<std::int64_t> Merge::first_wrong(Session& session, const Patience& patience, std::int64_t from, std::int64_t end) const
{
    std::int64_t good = from, bad = end;
    for (std::int64_t size = 1; from + size < bad; size *= 2) { // in steps that double, so that many bad rows cost little each
        JF_ASSIGN(const bool fitting, fits(session, patience, from, from + size));
        (fitting ? good : bad) = from + size;
        if (!fitting)
            break;
    }
    while (bad - good > 1) {
        const std::int64_t middle = good + (bad - good) / 2;
        JF_ASSIGN(const bool fitting, fits(session, patience, from, middle));
        (fitting ? good : bad) = middle;
    }
    return bad;
}

Result<std::uint64_t> Merge::run(Session& session, const Patience& patience, Loader& loader, const sdk::Rejects& rejects) const
{
    JF_ASSIGN(const Answer last, session.run(patience, std::string("SELECT coalesce(pg_catalog.max(") + order + ") + 1, 0) FROM " + stage_name));
    JF_TRY(session.execute(patience, "SELECT pg_catalog.set_config('work_mem', '64MB', true) "
                                     "WHERE pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) < 67108864"));
    std::uint64_t refused = 0;
    for (std::int64_t from = 0, end = last.number(0, 0); from < end;) {
        JF_TRY(session.execute(patience, "SAVEPOINT jackfield_merge"));
        const Status done = bring(session, patience, from, end);
        if (done)
            break;
        if (done.error().kind != JF_E_DATA || !session.failed_transaction())
            return done.error();
        JF_TRY(session.execute(patience, "ROLLBACK TO SAVEPOINT jackfield_merge"));
        JF_ASSIGN(const std::int64_t bad, first_wrong(session, patience, from, end));
        JF_TRY(bring(session, patience, from, bad - 1));
        JF_TRY(session.execute(patience, "SAVEPOINT jackfield_merge"));
        const Status alone = bring(session, patience, bad - 1, bad);
        from = bad;
        if (alone)
            continue;
        const auto [number, row] = loader.locate(bad - 1);
        JF_TRY(rejects.add({.message = alone.error().message, .column = session.failed_column(), .code = alone.error().code, .write = number, .row = row}));
        ++refused;
        JF_TRY(session.execute(patience, "ROLLBACK TO SAVEPOINT jackfield_merge"));
    }
    return refused;
}

} // namespace jackfield::postgres

// The table jackfield_progress.
#include "progress.hpp"

#include <mutex>

namespace jackfield::duckdb {
namespace {

// No primary key, and no RETURNING below: either makes DuckDB turn an UPDATE into a delete and an insert, and these do not
// conflict with the update of an older transaction, so that a fenced-off writer could still commit (seen with 1.5.6). Plain
// updates of one row in two transactions do conflict. One process at a time has the file, so a mutex keeps keys unique.
constexpr const char* layout =
    "CREATE TABLE IF NOT EXISTS main.jackfield_progress (flow VARCHAR, task VARCHAR, slice VARCHAR, generation VARCHAR, "
    "source VARCHAR, \"partition\" VARCHAR, token BLOB, fence UBIGINT NOT NULL, epoch UBIGINT NOT NULL, owner VARCHAR, "
    "changed TIMESTAMP)";
constexpr const char* where_key =
    " WHERE flow = ? AND task = ? AND slice = ? AND generation = ? AND source = ? AND \"partition\" = ?";
// now() is a time with zone; the table holds UTC without one
constexpr const char* utc_now = "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)";

void append(Values& to, Values more)
{
    for (auto& value : more)
        to.push_back(std::move(value));
}

/// Keeps the short transactions on the table apart, whichever file they are on. Trivial to destroy.
std::mutex& turn()
{
    static std::mutex made;
    return made;
}

/// Runs `work` in a transaction of its own. A commit of a writer may come in between: then it is tried again.
template <class Work>
Status in_transaction(Session& session, Work&& work)
{
    const std::lock_guard lock(turn());
    for (int left = 20;; --left) {
        JF_TRY(session.execute("BEGIN TRANSACTION"));
        Status done = work();
        if (done)
            done = session.execute("COMMIT");
        else
            (void)session.execute("ROLLBACK"); // what failed is reported
        if (done || left == 0 || done.error().kind != JF_E_UNAVAILABLE)
            return done;
    }
}

} // namespace

Values Progress::key(const Library& api, std::string_view source, std::string_view partition) const
{
    Values out;
    for (const std::string_view part : {std::string_view(scope_.flow), std::string_view(scope_.task), std::string_view(scope_.slice),
             std::string_view(scope_.generation), source, partition})
        out.push_back(Value::text(api, part));
    return out;
}

Status Progress::prepare(bool fresh)
{
    JF_TRY(in_transaction(*session_, [&] { return session_->execute(layout); }));
    if (!fresh)
        return {};
    // The raised fence is what an older transaction conflicts with; the row may go after that.
    for (const char* statement : {"UPDATE main.jackfield_progress SET fence = fence + 1", "DELETE FROM main.jackfield_progress"}) {
        Values values;
        for (const auto& part : {scope_.flow, scope_.task, scope_.slice, scope_.generation})
            values.push_back(Value::text(session_->api(), part));
        JF_TRY(in_transaction(*session_, [&]() -> Status {
            JF_TRY(session_->change(std::string(statement) + " WHERE flow = ? AND task = ? AND slice = ? AND generation <> ?", values));
            return {};
        }));
    }
    return {};
}

Result<sdk::Acquired> Progress::acquire(std::string_view source, std::string_view partition)
{
    const Library& api = session_->api();
    sdk::Acquired out{1, std::nullopt};
    JF_TRY(in_transaction(*session_, [&]() -> Status {
        Values values;
        values.push_back(Value::text(api, owner_));
        append(values, key(api, source, partition));
        JF_TRY(session_->change(std::string("UPDATE main.jackfield_progress SET fence = fence + 1, owner = ?, changed = ") + utc_now + where_key, values));
        JF_ASSIGN(const auto rows, session_->rows(std::string("SELECT fence, token FROM main.jackfield_progress") + where_key, key(api, source, partition)));
        if (!rows.empty()) {
            out = {std::stoull(*rows[0][0]), rows[0][1]};
            return {};
        }
        Values fresh = key(api, source, partition);
        fresh.push_back(Value::text(api, owner_));
        JF_TRY(session_->change(std::string("INSERT INTO main.jackfield_progress VALUES (?, ?, ?, ?, ?, ?, NULL, 1, 0, ?, ") + utc_now + ")", fresh));
        return {};
    }));
    return out;
}

Result<bool> Progress::stored(Session& session, const sdk::Commit& commit)
{
    const Library& api = session.api();
    for (const auto& token : commit.tokens) {
        Values values = key(api, token.source, token.partition);
        values.push_back(Value::blob(api, token.token));
        values.push_back(Value::number(api, token.fence));
        values.push_back(Value::number(api, commit.epoch));
        JF_ASSIGN(const auto rows, session.rows(std::string("SELECT 1 FROM main.jackfield_progress") + where_key
                + " AND token = ? AND fence = ? AND epoch = ?", values));
        if (rows.empty())
            return false;
    }
    return !commit.tokens.empty();
}

Status Progress::store(Session& session, const sdk::Commit& commit)
{
    const Library& api = session.api();
    for (const auto& token : commit.tokens) {
        Values values;
        values.push_back(Value::blob(api, token.token));
        values.push_back(Value::number(api, commit.epoch));
        append(values, key(api, token.source, token.partition));
        values.push_back(Value::number(api, token.fence));
        auto changed = session.change(std::string("UPDATE main.jackfield_progress SET token = ?, epoch = ?, fence = fence, changed = ") + utc_now
                + where_key + " AND fence = ?", values);
        // A conflict means that somebody raised the fence since this transaction began.
        const bool taken = changed ? *changed == 0 : changed.error().kind == JF_E_UNAVAILABLE;
        if (taken)
            return fail(JF_E_FENCED, "another writer took over partition '" + std::string(token.partition) + "' of " + scope_.flow + "." + scope_.task
                    + "; this one stops, nothing of its open epoch is stored");
        if (!changed)
            return std::move(changed).error();
    }
    return {};
}

} // namespace jackfield::duckdb

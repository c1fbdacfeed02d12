// Tokens, generations, epochs, snapshots and component state.
#include "store/sqlite_store.hpp"

namespace jackfield::store {
namespace {

constexpr std::size_t largest_value = 1u << 20;      // of component state
constexpr std::size_t largest_snapshot = 256u << 20; // of one step's state

#define JF_SCOPE_IS "flow = ?1 AND task = ?2 AND slice = ?3 AND generation = ?4"
#define JF_PROGRESS_IS JF_SCOPE_IS " AND source = ?5 AND part = ?6"

std::string describe(const ProgressKey& key)
{
    return "partition '" + key.partition + "' of task " + key.scope.task +
           (key.scope.slice.empty() ? "" : "[" + key.scope.slice + "]") + " of flow " + key.scope.flow;
}

Error lost(const ProgressKey& key)
{
    return fail(JF_E_FENCED, describe(key) + " was taken over by another writer; this one stops");
}

Result<Progress> stored_progress(Database& database, const ProgressKey& key)
{
    const Scope& scope = key.scope;
    Query query(database, "SELECT fence, token, intent, digest, owner, updated_at FROM progress WHERE " JF_PROGRESS_IS,
                scope.flow, scope.task, scope.slice, scope.generation, key.source, key.partition);
    const bool found = query.next();
    JF_TRY(query.end());
    Progress progress;
    progress.key = key;
    if (!found)
        return progress;
    progress.fence = query.natural(0);
    if (!query.is_null(1))
        progress.token = query.bytes(1);
    progress.intent = query.bytes(2);
    progress.digest = query.bytes(3);
    progress.owner = query.bytes(4);
    progress.updated_at = query.integer(5);
    return progress;
}

Status commit_one(Database& database, const ProgressCommit& commit)
{
    const ProgressKey& key = commit.key;
    JF_ASSIGN(const Progress now, stored_progress(database, key));
    if (now.fence == 0 || now.fence != commit.fence)
        return lost(key);
    if (commit.expected && *commit.expected != now.token.value_or(Bytes()))
        return fail(JF_E_STATE, describe(key) + " has another token than expected; open it again from what is stored");
    return Query(database,
                 "UPDATE progress SET token = ?7, digest = ?8, intent = x'', updated_at = ?9 WHERE " JF_PROGRESS_IS,
                 key.scope.flow, key.scope.task, key.scope.slice, key.scope.generation, key.source, key.partition,
                 Blob{commit.token}, Blob{commit.digest}, clock_now())
        .run();
}

std::string generation_id(std::int64_t number) { return "g" + std::to_string(number); }

Result<std::optional<Snapshot>> read_snapshot(Query& query, const Scope& scope, std::string_view step,
                                              std::string_view partition)
{
    const bool found = query.next();
    JF_TRY(query.end());
    if (!found)
        return std::optional<Snapshot>();
    return std::optional<Snapshot>({scope, std::string(step), std::string(partition), query.natural(0), query.bytes(1)});
}

/// Deletes the rows of a flow, or of one task of it.
Status forget(Database& database, const char* table, std::string_view flow, std::string_view task)
{
    const std::string sql = std::string("DELETE FROM ") + table + " WHERE flow = ?1 AND (?2 = '' OR task = ?2)";
    return Query(database, sql, flow, task).run();
}

} // namespace

Result<std::optional<Bytes>> SqliteStore::component_state(std::string_view instance, std::string_view key)
{
    std::lock_guard lock(read_mutex_);
    Query query(*reader_, "SELECT value FROM component WHERE instance = ? AND key = ?", instance, key);
    const bool found = query.next();
    JF_TRY(query.end());
    return found ? std::optional<Bytes>(query.bytes(0)) : std::nullopt;
}

Status SqliteStore::set_component_state(std::string_view instance, std::string_view key, Bytes value)
{
    if (value.size() > largest_value)
        return fail(JF_E_DATA, "the value '" + std::string(key) + "' of " + std::string(instance) +
                                   " is larger than 1 MiB; keep less there");
    return writer_.run(Commit::synced, [&](Database& database) -> Status {
        if (value.empty())
            return Query(database, "DELETE FROM component WHERE instance = ? AND key = ?", instance, key).run();
        return Query(database, "INSERT OR REPLACE INTO component VALUES (?, ?, ?)", instance, key, Blob{value}).run();
    });
}

Result<Progress> SqliteStore::acquire_progress(const ProgressKey& key, std::string_view owner)
{
    return write<Progress>(Commit::synced, [&](Database& database) -> Result<Progress> {
        JF_ASSIGN(const std::uint64_t fence, next_fence(database));
        const Scope& scope = key.scope;
        JF_TRY(Query(database,
                     "INSERT INTO progress VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, x'', x'', ?8, ?9) "
                     "ON CONFLICT DO UPDATE SET fence = ?7, owner = ?8",
                     scope.flow, scope.task, scope.slice, scope.generation, key.source, key.partition, fence, owner,
                     clock_now())
                   .run());
        return stored_progress(database, key);
    });
}

Status SqliteStore::commit_progress(std::vector<ProgressCommit> commits, Commit commit)
{
    return writer_.run(commit, [commits = std::move(commits)](Database& database) -> Status {
        for (const ProgressCommit& one : commits)
            JF_TRY(commit_one(database, one));
        return {};
    });
}

Status SqliteStore::record_intent(const ProgressKey& key, std::uint64_t fence, Bytes intent)
{
    return writer_.run(Commit::synced, [&](Database& database) -> Status {
        const Scope& scope = key.scope;
        JF_TRY(Query(database, "UPDATE progress SET intent = ?8, updated_at = ?9 WHERE " JF_PROGRESS_IS " AND fence = ?7",
                     scope.flow, scope.task, scope.slice, scope.generation, key.source, key.partition, fence,
                     Blob{intent}, clock_now())
                   .run());
        return database.changes() == 1 ? Status() : Status(lost(key));
    });
}

Result<std::vector<Progress>> SqliteStore::progress(const Scope& scope)
{
    std::lock_guard lock(read_mutex_);
    std::vector<ProgressKey> keys;
    {
        Query query(*reader_, "SELECT source, part FROM progress WHERE " JF_SCOPE_IS " ORDER BY source, part", scope.flow,
                    scope.task, scope.slice, scope.generation);
        while (query.next())
            keys.push_back({scope, query.bytes(0), query.bytes(1)});
        JF_TRY(query.end());
    }
    std::vector<Progress> all;
    for (const ProgressKey& key : keys) {
        JF_ASSIGN(Progress one, stored_progress(*reader_, key));
        all.push_back(std::move(one));
    }
    return all;
}

Status SqliteStore::reset(std::string_view flow, std::string_view task)
{
    return writer_.run(Commit::synced, [&](Database& database) -> Status {
        for (const char* table : {"progress", "generation", "epoch", "snapshot"})
            JF_TRY(forget(database, table, flow, task));
        if (task.empty())
            JF_TRY(Query(database, "DELETE FROM interval WHERE flow = ?", flow).run());
        const std::string root = std::string(flow) + (task.empty() ? "" : "/" + std::string(task));
        return Query(database, "DELETE FROM component WHERE instance = ?1 OR substr(instance, 1, length(?1) + 1) = ?1 || '/'",
                     root)
            .run();
    });
}

Result<std::optional<Generation>> SqliteStore::generation(std::string_view flow, std::string_view task, std::string_view slice)
{
    std::lock_guard lock(read_mutex_);
    Query query(*reader_, "SELECT number, run, complete, started_at FROM generation WHERE flow = ? AND task = ? AND slice = ?", flow,
                task, slice);
    const bool found = query.next();
    JF_TRY(query.end());
    if (!found)
        return std::optional<Generation>();
    return std::optional<Generation>({generation_id(query.integer(0)), query.bytes(1), query.integer(2) != 0,
                                      query.integer(3)});
}

Result<Generation> SqliteStore::start_generation(std::string_view flow, std::string_view task, std::string_view slice,
                                                 std::string_view run)
{
    return write<Generation>(Commit::synced, [&](Database& database) -> Result<Generation> {
        // The number is the time: one forgotten by reset(), or with a lost state file, must never come back, since sinks
        // keep tokens under it.
        const std::int64_t now = clock_now();
        JF_TRY(Query(database, "INSERT OR REPLACE INTO generation VALUES (?, ?, ?, ?, ?, 0, ?)", flow, task, slice, now, run, now).run());
        return Generation{generation_id(now), std::string(run), false, now};
    });
}

Status SqliteStore::complete_generation(std::string_view flow, std::string_view task, std::string_view slice, std::string_view id)
{
    return writer_.run(Commit::synced, [&](Database& database) -> Status {
        JF_TRY(Query(database, "UPDATE generation SET complete = 1 WHERE flow = ? AND task = ? AND slice = ? AND 'g' || number = ?",
                     flow, task, slice, id)
                   .run());
        if (database.changes() == 1)
            return {};
        return fail(JF_E_STATE, "load " + std::string(id) + " of task " + std::string(task) + " of flow " +
                                    std::string(flow) + " is not the current one; a later run has started anew");
    });
}

Status SqliteStore::log_epoch(const Scope& scope, const Epoch& epoch, std::string_view run, std::uint64_t fence)
{
    return writer_.run(Commit::synced, [&](Database& database) -> Status {
        JF_TRY(run_row(database, run, fence));
        JF_TRY(Query(database, "DELETE FROM epoch WHERE " JF_SCOPE_IS " AND number = ?5", scope.flow, scope.task,
                     scope.slice, scope.generation, epoch.number)
                   .run());
        for (const EpochEnd& end : epoch.ends)
            JF_TRY(Query(database, "INSERT INTO epoch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", scope.flow, scope.task,
                         scope.slice, scope.generation, epoch.number, end.source, end.partition, Blob{end.position},
                         clock_now())
                       .run());
        return {};
    });
}

Result<std::vector<Epoch>> SqliteStore::logged_epochs(const Scope& scope)
{
    std::lock_guard lock(read_mutex_);
    std::vector<Epoch> epochs;
    Query query(*reader_,
                "SELECT number, source, part, position FROM epoch WHERE " JF_SCOPE_IS " ORDER BY number, source, part",
                scope.flow, scope.task, scope.slice, scope.generation);
    while (query.next()) {
        if (epochs.empty() || epochs.back().number != query.natural(0))
            epochs.push_back({query.natural(0), {}});
        epochs.back().ends.push_back({query.bytes(1), query.bytes(2), query.bytes(3)});
    }
    JF_TRY(query.end());
    return epochs;
}

Status SqliteStore::clear_epochs(const Scope& scope, std::uint64_t number)
{
    return writer_.run(Commit::committed, [&](Database& database) -> Status {
        return Query(database, "DELETE FROM epoch WHERE " JF_SCOPE_IS " AND number <= ?5", scope.flow, scope.task,
                     scope.slice, scope.generation, number)
            .run();
    });
}

Status SqliteStore::put_snapshot(Snapshot snapshot, std::string_view run, std::uint64_t fence)
{
    if (snapshot.state.size() > largest_snapshot)
        return fail(JF_E_DATA, "the state of step '" + snapshot.step + "' of task " + snapshot.scope.task +
                                   " is larger than 256 MiB; use shorter windows or fewer keys");
    return writer_.run(Commit::synced, [&](Database& database) -> Status {
        JF_TRY(run_row(database, run, fence));
        const Scope& scope = snapshot.scope;
        return Query(database, "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", scope.flow, scope.task,
                     scope.slice, scope.generation, snapshot.step, snapshot.partition, snapshot.epoch,
                     Blob{snapshot.state}, clock_now())
            .run();
    });
}

Result<std::optional<Snapshot>> SqliteStore::snapshot(const Scope& scope, std::string_view step, std::string_view partition,
                                                      std::uint64_t epoch)
{
    std::lock_guard lock(read_mutex_);
    Query query(*reader_, "SELECT epoch, state FROM snapshot WHERE " JF_SCOPE_IS " AND step = ?5 AND part = ?6 AND epoch = ?7",
                scope.flow, scope.task, scope.slice, scope.generation, step, partition, epoch);
    return read_snapshot(query, scope, step, partition);
}

Result<std::optional<Snapshot>> SqliteStore::latest_snapshot(const Scope& scope, std::string_view step,
                                                             std::string_view partition)
{
    std::lock_guard lock(read_mutex_);
    Query query(*reader_,
                "SELECT epoch, state FROM snapshot WHERE " JF_SCOPE_IS " AND step = ?5 AND part = ?6 ORDER BY epoch DESC LIMIT 1",
                scope.flow, scope.task, scope.slice, scope.generation, step, partition);
    return read_snapshot(query, scope, step, partition);
}

Status SqliteStore::drop_snapshots(const Scope& scope, std::uint64_t epoch)
{
    return writer_.run(Commit::committed, [&](Database& database) -> Status {
        return Query(database, "DELETE FROM snapshot WHERE " JF_SCOPE_IS " AND epoch < ?5", scope.flow, scope.task,
                     scope.slice, scope.generation, epoch)
            .run();
    });
}

} // namespace jackfield::store

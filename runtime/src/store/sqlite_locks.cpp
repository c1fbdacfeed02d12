// Leases and slots.
#include "store/sqlite_store.hpp"

#include "store/process.hpp"

namespace jackfield::store {
namespace {

Result<std::optional<Lease>> stored_lease(Database& database, std::string_view key)
{
    Query query(database, "SELECT host, pid, birth, run, fence, acquired_at, expires_at FROM lease WHERE key = ?", key);
    const bool found = query.next();
    JF_TRY(query.end());
    if (!found)
        return std::optional<Lease>();
    return std::optional<Lease>({std::string(key), {query.bytes(0), query.integer(1), query.bytes(2)}, query.bytes(3),
                                 query.natural(4), query.integer(5), query.integer(6)});
}

bool is_held(const Lease& lease) { return lease.expires_at > clock_now() && alive(lease.holder) != Alive::no; }

Error held_by(const Lease& lease)
{
    const std::string run = lease.run.empty() ? "" : ", run " + lease.run;
    return fail(JF_E_UNAVAILABLE, "'" + lease.key + "' is held by process " + std::to_string(lease.holder.pid) + " on " +
                                      lease.holder.host + run + "; wait for it or stop it");
}

/// Is this slot still within its limit? Those above it disappear when they are given back.
Status shrink(Database& database)
{
    return Query(database, "DELETE FROM slot WHERE run = '' AND n >= coalesce((SELECT slots FROM slot_limit "
                           "WHERE slot_limit.key = slot.key), 0)")
        .run();
}

} // namespace

Result<Lease> SqliteStore::acquire_lease(std::string_view key, const Process& holder, std::string_view run,
                                         std::int64_t ttl_ns, bool steal)
{
    return write<Lease>(Commit::committed, [&](Database& database) -> Result<Lease> {
        JF_ASSIGN(const std::optional<Lease> stored, stored_lease(database, key));
        if (stored && !steal && is_held(*stored))
            return held_by(*stored);
        JF_ASSIGN(const std::uint64_t fence, next_fence(database));
        const std::int64_t now = clock_now();
        Lease lease{std::string(key), holder, std::string(run), fence, now, now + ttl_ns};
        JF_TRY(Query(database, "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?)", key, holder.host, holder.pid,
                     holder.birth, run, fence, now, lease.expires_at)
                   .run());
        return lease;
    });
}

Status SqliteStore::renew_lease(std::string_view key, std::uint64_t fence, std::int64_t ttl_ns)
{
    return writer_.run(Commit::committed, [&](Database& database) -> Status {
        // One that ran out and was not taken meanwhile is still ours.
        JF_TRY(Query(database, "UPDATE lease SET expires_at = ? WHERE key = ? AND fence = ? AND expires_at <> 0",
                     clock_now() + ttl_ns, key, fence)
                   .run());
        if (database.changes() == 1)
            return {};
        return fail(JF_E_FENCED, "'" + std::string(key) + "' was taken over by another process; this one stops");
    });
}

Status SqliteStore::release_lease(std::string_view key, std::uint64_t fence)
{
    return writer_.run(Commit::committed, [&](Database& database) -> Status {
        return Query(database, "UPDATE lease SET expires_at = 0 WHERE key = ? AND fence = ?", key, fence).run();
    });
}

Result<std::optional<Lease>> SqliteStore::lease(std::string_view key)
{
    std::lock_guard lock(read_mutex_);
    return stored_lease(*reader_, key);
}

Status SqliteStore::set_limit(std::string_view key, std::uint32_t slots)
{
    return writer_.run(Commit::committed, [&](Database& database) -> Status {
        if (slots == 0)
            JF_TRY(Query(database, "DELETE FROM slot_limit WHERE key = ?", key).run());
        else
            JF_TRY(Query(database, "INSERT OR REPLACE INTO slot_limit VALUES (?, ?)", key, slots).run());
        for (std::uint32_t n = 0; n < slots; ++n)
            JF_TRY(Query(database, "INSERT OR IGNORE INTO slot VALUES (?, ?, '', '', '')", key, n).run());
        return shrink(database);
    });
}

Result<bool> SqliteStore::acquire_slot(std::string_view key, std::string_view run, std::string_view task,
                                       std::string_view slice)
{
    return write<bool>(Commit::committed, [&](Database& database) -> Result<bool> {
        {
            Query held(database, "SELECT 1 FROM slot WHERE key = ? AND run = ? AND task = ? AND slice = ?", key, run, task,
                       slice);
            const bool found = held.next();
            JF_TRY(held.end());
            if (found)
                return true;
        }
        // A limit that was lowered lets nobody in until as many have left.
        JF_TRY(Query(database,
                     "UPDATE slot SET run = ?2, task = ?3, slice = ?4 WHERE key = ?1 AND n = (SELECT min(n) FROM slot "
                     "WHERE key = ?1 AND run = '') AND (SELECT count(*) FROM slot WHERE key = ?1 AND run <> '') < "
                     "(SELECT slots FROM slot_limit WHERE key = ?1)",
                     key, run, task, slice)
                   .run());
        if (database.changes() == 1)
            return true;
        Query limit(database, "SELECT 1 FROM slot_limit WHERE key = ?", key);
        const bool known = limit.next();
        JF_TRY(limit.end());
        if (!known)
            return fail(JF_E_NOT_FOUND, "there is no limit '" + std::string(key) + "'; set it first");
        return false;
    });
}

Status SqliteStore::release_slot(std::string_view key, std::string_view run, std::string_view task, std::string_view slice)
{
    return writer_.run(Commit::committed, [&](Database& database) -> Status {
        JF_TRY(Query(database,
                     "UPDATE slot SET run = '', task = '', slice = '' WHERE key = ? AND run = ? AND task = ? AND slice = ?",
                     key, run, task, slice)
                   .run());
        return shrink(database);
    });
}

Status free_slots(Database& database, std::string_view run)
{
    JF_TRY(Query(database, "UPDATE slot SET run = '', task = '', slice = '' WHERE run = ? AND run <> ''", run).run());
    return database.changes() == 0 ? Status() : shrink(database);
}

Status free_slots(Database& database, std::string_view run, std::string_view task, std::string_view slice)
{
    JF_TRY(Query(database,
                 "UPDATE slot SET run = '', task = '', slice = '' WHERE run = ? AND task = ? AND slice = ? AND run <> ''",
                 run, task, slice)
               .run());
    return database.changes() == 0 ? Status() : shrink(database);
}

} // namespace jackfield::store

// Leases.
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

Result<bool> lease_lost(Database& database, const Run& run)
{
    if (run.lease.empty())
        return false;
    Query query(database, "SELECT run, expires_at FROM lease WHERE key = ?", run.lease);
    const bool found = query.next();
    JF_TRY(query.end());
    return !found || query.integer(1) < clock_now() || query.bytes(0) != run.id;
}

} // namespace jackfield::store

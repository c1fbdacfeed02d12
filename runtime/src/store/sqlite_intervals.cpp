// Intervals of backfills that are done.
#include "store/sqlite_store.hpp"

namespace jackfield::store {

Result<std::vector<DoneInterval>> SqliteStore::done_intervals(std::string_view flow)
{
    std::lock_guard lock(read_mutex_);
    std::vector<DoneInterval> out;
    Query query(*reader_, "SELECT slice, interval, run, done_at FROM interval WHERE flow = ? ORDER BY slice", flow);
    while (query.next())
        out.push_back({query.bytes(0), query.bytes(1), query.bytes(2), query.integer(3)});
    JF_TRY(query.end());
    return out;
}

Status SqliteStore::forget_intervals(std::string_view flow, std::span<const std::string> slices)
{
    return writer_.run(Commit::synced, [&](Database& database) -> Status {
        for (const std::string& slice : slices)
            JF_TRY(Query(database, "DELETE FROM interval WHERE flow = ? AND slice = ?", flow, slice).run());
        return {};
    });
}

} // namespace jackfield::store

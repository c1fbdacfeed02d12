// Retention: what is old goes, and its space goes back to the file system.
#include "store/sqlite_store.hpp"

#include <algorithm>
#include <limits>

namespace jackfield::store {
namespace {

constexpr std::int64_t day_ns = 86'400'000'000'000;
constexpr std::size_t runs_at_once = 50; // in one job, so that a running flow's commits get their turn

Result<std::vector<std::int64_t>> out_of_bounds(Database& database, std::int64_t cutoff, std::int64_t keep_runs)
{
    std::vector<std::int64_t> runs;
    Query query(database,
                "SELECT n FROM (SELECT n, ended_at, row_number() OVER (PARTITION BY flow ORDER BY n DESC) AS age FROM run) "
                "WHERE age > 1 AND ended_at > 0 AND (ended_at < ? OR age > ?)",
                cutoff, keep_runs);
    while (query.next())
        runs.push_back(query.integer(0));
    JF_TRY(query.end());
    return runs;
}

/// Deletes and adds the number of rows to `count`.
Status remove(Database& database, std::uint64_t& count, const char* sql, std::int64_t argument)
{
    JF_TRY(Query(database, sql, argument).run());
    count += static_cast<std::uint64_t>(database.changes());
    return {};
}

Status remove_run(Database& database, std::int64_t run, Pruned& pruned)
{
    std::uint64_t ignored = 0;
    JF_TRY(remove(database, pruned.log_lines, "DELETE FROM log WHERE run = ?", run));
    JF_TRY(remove(database, ignored, "DELETE FROM transition WHERE run = ?", run));
    JF_TRY(remove(database, ignored, "DELETE FROM task_run WHERE run = ?", run));
    return remove(database, pruned.runs, "DELETE FROM run WHERE n = ?", run);
}

/// Log lines of runs that go on for ever, progress of loads that a later one has replaced, leases long given back.
Status remove_leftovers(Database& database, std::int64_t log_cutoff, std::int64_t cutoff, Pruned& pruned)
{
    std::uint64_t ignored = 0;
    JF_TRY(remove(database, pruned.log_lines,
                  "DELETE FROM log WHERE at < ? AND run IN (SELECT n FROM run WHERE ended_at = 0)", log_cutoff));
#define JF_REPLACED                                                                                                     \
    " WHERE updated_at < ? AND old.generation GLOB 'g[0-9]*' "                                                          \
    "AND EXISTS (SELECT 1 FROM generation AS g WHERE g.flow = old.flow AND g.task = old.task) "                         \
    "AND NOT EXISTS (SELECT 1 FROM generation AS g WHERE g.flow = old.flow AND g.task = old.task "                      \
    "AND 'g' || g.number = old.generation)"
    JF_TRY(remove(database, pruned.progress, "DELETE FROM progress AS old" JF_REPLACED, cutoff));
    JF_TRY(remove(database, pruned.progress, "DELETE FROM epoch AS old" JF_REPLACED, cutoff));
    JF_TRY(remove(database, pruned.progress, "DELETE FROM snapshot AS old" JF_REPLACED, cutoff));
#undef JF_REPLACED
    JF_TRY(remove(database, ignored, "DELETE FROM lease WHERE expires_at < ?", cutoff));
    return remove(database, ignored, "DELETE FROM flow_text WHERE n > ? AND n NOT IN (SELECT flow_text FROM run)", 0);
}

Result<std::int64_t> pages(Database& database, const char* pragma)
{
    Query query(database, pragma);
    query.next();
    JF_TRY(query.end());
    return query.integer(0);
}

/// Gives up to 4 MiB back. Returns the bytes given back.
Result<std::int64_t> shrink_file(Database& database)
{
    JF_ASSIGN(const std::int64_t before, pages(database, "PRAGMA page_count"));
    JF_TRY(Query(database, "PRAGMA incremental_vacuum(1024)").run());
    JF_ASSIGN(const std::int64_t after, pages(database, "PRAGMA page_count"));
    JF_ASSIGN(const std::int64_t size, pages(database, "PRAGMA page_size"));
    return (before - after) * size;
}

} // namespace

Result<Pruned> SqliteStore::prune(const Retention& retention)
{
    const std::int64_t now = retention.now == 0 ? clock_now() : retention.now;
    const std::int64_t days = std::clamp<std::int64_t>(retention.keep_days.value_or(0), 0, 36'500); // no overflow
    const std::int64_t cutoff = retention.keep_days ? now - days * day_ns : std::numeric_limits<std::int64_t>::min();
    const std::int64_t keep_runs = retention.keep_runs.value_or(std::numeric_limits<std::int64_t>::max());
    Pruned pruned;
    std::vector<std::int64_t> runs;
    {
        std::lock_guard lock(read_mutex_);
        JF_ASSIGN(runs, out_of_bounds(*reader_, cutoff, keep_runs));
    }
    for (std::size_t begin = 0; begin < runs.size(); begin += runs_at_once) {
        const std::span chunk = std::span(runs).subspan(begin, std::min(runs_at_once, runs.size() - begin));
        JF_TRY(writer_.run(Commit::committed, [&](Database& database) -> Status {
            for (const std::int64_t run : chunk)
                JF_TRY(remove_run(database, run, pruned));
            return {};
        }));
    }
    // Where only the number of runs is bounded, replaced loads still get a day, in case their run is being looked at.
    const std::int64_t leftovers = retention.keep_days ? cutoff : now - day_ns;
    JF_TRY(writer_.run(Commit::committed, [&](Database& database) -> Status {
        return remove_leftovers(database, cutoff, leftovers, pruned);
    }));
    for (std::int64_t freed = 1; freed > 0; pruned.bytes += static_cast<std::uint64_t>(freed)) {
        JF_ASSIGN(freed, write<std::int64_t>(Commit::committed, shrink_file));
    }
    JF_TRY(writer_.run_outside([](Database& database) { return database.exec("PRAGMA wal_checkpoint(TRUNCATE)"); }));
    return pruned;
}

} // namespace jackfield::store

// Opening a state file, and what the parts of the store share.
#include "store/sqlite_store.hpp"

#include "store/sqlite_schema.hpp"

#include <chrono>
#include <system_error>
#include <thread>

namespace jackfield::store {
namespace {

/// Pages that are free may be given back. To say so costs a synced write, so it is said once, to a new file.
Status use_incremental_vacuum(Database& database)
{
    constexpr std::int64_t incremental = 2;
    {
        Query query(database, "PRAGMA auto_vacuum");
        query.next();
        JF_TRY(query.end());
        if (query.integer(0) == incremental)
            return {};
    }
    return database.exec("PRAGMA auto_vacuum=INCREMENTAL");
}

/// Two processes that turn a new file to WAL at once lock each other out without waiting, so waiting is done here.
Status prepare(Database& database, const std::string& path, std::int64_t busy_timeout_ns)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(busy_timeout_ns);
    for (;;) {
        Status status = use_incremental_vacuum(database);
        if (status && !path.empty())
            status = database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=4194304");
        if (status)
            status = migrate(database, path);
        const bool locked = !status && status.error().kind == JF_E_UNAVAILABLE;
        if (!locked || std::chrono::steady_clock::now() >= deadline)
            return status;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

} // namespace

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, const SqliteOptions& options)
{
    return SqliteStore::open(path == ":memory:" ? std::string() : path, options);
}

Result<std::unique_ptr<Store>> SqliteStore::open(const std::string& path, const SqliteOptions& options)
{
    JF_ASSIGN(auto writing, Database::open(path, options.busy_timeout_ns));
    JF_TRY(prepare(*writing, path, options.busy_timeout_ns));
    std::unique_ptr<Database> reading;
    if (!path.empty()) {
        JF_ASSIGN(reading, Database::open(path, options.busy_timeout_ns));
        JF_TRY(reading->exec("PRAGMA query_only=1"));
    }
    try {
        return std::unique_ptr<Store>(new SqliteStore(std::move(writing), std::move(reading)));
    } catch (const std::system_error& error) {
        return fail(JF_E_EXHAUSTED, std::string("no thread for the state store (") + error.what() +
                                        "); raise the limit of processes and threads");
    }
}

SqliteStore::SqliteStore(std::unique_ptr<Database> writing, std::unique_ptr<Database> reading)
    : writing_(std::move(writing)), reading_(std::move(reading)), reader_(reading_ ? reading_.get() : writing_.get()),
      writer_(*writing_, reading_ ? write_mutex_ : read_mutex_)
{
}

Status SqliteStore::flush(Commit commit) { return writer_.flush(commit); }

Result<bool> SqliteStore::wait_for_change(std::uint64_t& mark, std::int64_t timeout_ns)
{
    constexpr std::int64_t look_every_ns = 50'000'000;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
    for (;;) {
        const std::uint64_t commits = writer_.commits();
        std::uint64_t version = commits + 1;
        if (reading_) { // counts the commits of every other connection, also those of other processes
            std::lock_guard lock(read_mutex_);
            Query query(*reader_, "PRAGMA data_version");
            query.next();
            JF_TRY(query.end());
            version = query.natural(0);
        }
        if (version != mark) {
            mark = version;
            return true;
        }
        const auto left = (deadline - std::chrono::steady_clock::now()) / std::chrono::nanoseconds(1);
        if (left <= 0)
            return false;
        writer_.wait_for_commit(commits, std::min<std::int64_t>(left, look_every_ns));
    }
}

std::int64_t clock_now()
{
    return std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

Result<std::uint64_t> next_fence(Database& database)
{
    Query query(database, "UPDATE counter SET value = value + 1 WHERE name = 'fence' RETURNING value");
    query.next();
    JF_TRY(query.end());
    return query.natural(0);
}

} // namespace jackfield::store

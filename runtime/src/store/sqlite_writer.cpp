// Group commit.
#include "store/sqlite_writer.hpp"

#include <algorithm>
#include <chrono>

namespace jackfield::store {
namespace {

constexpr std::size_t most_bytes = 32u << 20; // of queued changes, before callers wait
constexpr std::size_t most_items = 16384;
constexpr std::size_t largest_batch = 1024;
constexpr auto linger = std::chrono::milliseconds(2); // how long queued changes wait for company

} // namespace

Writer::Writer(Database& database, std::mutex& access)
    : database_(database), access_(access), thread_([this] { loop(); })
{
}

Writer::~Writer()
{
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
    }
    work_.notify_all();
    thread_.join();
}

Status Writer::run(Commit commit, Job job, std::size_t bytes)
{
    auto item = std::make_shared<Item>();
    item->job = std::move(job);
    item->commit = commit;
    item->bytes = bytes;
    if (commit != Commit::queued)
        return wait_for(std::move(item));
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return bytes_ == 0 || (bytes_ + bytes <= most_bytes && queue_.size() < most_items); });
    bytes_ += bytes + 1;
    queue_.push_back(std::move(item));
    if (queue_.size() == 1)
        work_.notify_one();
    return {};
}

Status Writer::run_outside(Job job)
{
    auto item = std::make_shared<Item>();
    item->job = std::move(job);
    item->commit = Commit::committed;
    item->outside = true;
    return wait_for(std::move(item));
}

Status Writer::flush(Commit commit)
{
    // SQLite syncs the log only in a transaction that writes to it, so there is something to write.
    JF_TRY(run(commit == Commit::queued ? Commit::committed : commit, [commit](Database& database) -> Status {
        if (commit != Commit::synced)
            return {};
        return Query(database, "UPDATE counter SET value = value + 1 WHERE name = 'synced'").run();
    }));
    std::lock_guard lock(mutex_);
    if (!queued_error_)
        return {};
    Error error = std::move(*queued_error_);
    queued_error_.reset();
    return error;
}

std::uint64_t Writer::commits() const
{
    std::lock_guard lock(mutex_);
    return commits_;
}

void Writer::wait_for_commit(std::uint64_t seen, std::int64_t timeout_ns) const
{
    std::unique_lock lock(mutex_);
    done_.wait_for(lock, std::chrono::nanoseconds(timeout_ns), [&] { return commits_ != seen; });
}

Status Writer::wait_for(std::shared_ptr<Item> item)
{
    std::unique_lock lock(mutex_);
    bytes_ += item->bytes + 1;
    ++waiting_;
    queue_.push_back(item);
    work_.notify_one();
    done_.wait(lock, [&] { return item->done; });
    return std::move(item->result);
}

void Writer::loop()
{
    for (Items items = take(); !items.empty(); items = take()) {
        process(items);
        finish(items);
    }
}

/// The next items: all that wait, or one alone that runs outside. Empty: stop.
Writer::Items Writer::take()
{
    std::unique_lock lock(mutex_);
    work_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    work_.wait_for(lock, linger, [&] { return stop_ || waiting_ > 0 || queue_.size() >= largest_batch / 2; });
    Items items;
    while (!queue_.empty() && items.size() < largest_batch && (items.empty() || !queue_.front()->outside)) {
        items.push_back(std::move(queue_.front()));
        queue_.pop_front();
        waiting_ -= items.back()->commit != Commit::queued;
        if (items.back()->outside)
            break;
    }
    return items;
}

void Writer::process(Items& items)
{
    std::lock_guard access(access_);
    if (items.front()->outside)
        items.front()->result = items.front()->job(database_);
    else
        commit_together(items);
}

void Writer::commit_together(Items& items)
{
    const bool full = std::any_of(items.begin(), items.end(), [](auto& item) { return item->commit == Commit::synced; });
    Status all = set_synchronous(full);
    if (all)
        all = database_.exec("BEGIN IMMEDIATE");
    for (std::size_t index = 0; all && index < items.size(); ++index) {
        items[index]->result = apply(*items[index]);
        if (!items[index]->result && !database_.in_transaction()) // SQLite gave all of it up: disk full, I/O error
            all = items[index]->result.error();
    }
    if (all)
        all = database_.exec("COMMIT");
    if (all)
        return;
    if (database_.in_transaction())
        (void)database_.exec("ROLLBACK");
    for (auto& item : items)
        item->result = all.error();
}

Status Writer::apply(Item& item)
{
    JF_TRY(Query(database_, "SAVEPOINT change").run());
    Status result = item.job(database_);
    if (!result && database_.in_transaction())
        JF_TRY(Query(database_, "ROLLBACK TO change").run());
    if (database_.in_transaction())
        JF_TRY(Query(database_, "RELEASE change").run());
    return result;
}

Status Writer::set_synchronous(bool full)
{
    if (full == full_)
        return {};
    JF_TRY(database_.exec(full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
    full_ = full;
    return {};
}

void Writer::finish(const Items& items)
{
    for (const auto& item : items) // outside the lock: a job may own much memory
        item->job = nullptr;
    std::lock_guard lock(mutex_);
    ++commits_;
    for (const auto& item : items) {
        bytes_ -= item->bytes + 1;
        item->done = true;
        if (item->commit == Commit::queued && !item->result && !queued_error_)
            queued_error_ = item->result.error();
    }
    done_.notify_all();
}

} // namespace jackfield::store

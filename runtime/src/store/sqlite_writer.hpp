// The one thread that writes: takes all that waits and commits it together.
#pragma once

#include "store/model.hpp"
#include "store/sqlite_database.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace jackfield::store {

/// Runs jobs in order on a thread of its own, many in one transaction, each in a savepoint: one that is refused leaves no
/// trace and does not harm the others. *Any thread.*
class Writer {
public:
    using Job = std::function<Status(Database&)>;

    /// `database` is used on the writer's thread only while `access` is held. Throws std::system_error if no thread can
    /// be had.
    Writer(Database& database, std::mutex& access);
    ~Writer(); ///< commits what is queued
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Runs the job; waits for its commit unless it is queued. `bytes` says how much memory it holds: when too much is
    /// waiting, the call waits for room.
    Status run(Commit commit, Job job, std::size_t bytes = 0);

    /// Runs the job alone and outside a transaction (a checkpoint).
    Status run_outside(Job job);

    /// See Store::flush.
    Status flush(Commit commit);

    /// How many commits were made; and a wait until it is not `seen` any more or the time is over.
    [[nodiscard]] std::uint64_t commits() const;
    void wait_for_commit(std::uint64_t seen, std::int64_t timeout_ns) const;

private:
    struct Item {
        Job job;
        Commit commit = Commit::queued;
        bool outside = false;
        std::size_t bytes = 0;
        Status result;
        bool done = false;
    };
    using Items = std::deque<std::shared_ptr<Item>>; // shared: the queue's, and the caller's that waits for it

    Status wait_for(std::shared_ptr<Item> item);
    void loop();
    Items take();
    void process(Items& items);
    void commit_together(Items& items);
    Status apply(Item& item);
    Status set_synchronous(bool full);
    void finish(const Items& items);

    Database& database_;
    std::mutex& access_;
    bool full_ = false; // PRAGMA synchronous; writer's thread only

    mutable std::mutex mutex_; // guards everything below
    mutable std::condition_variable work_;
    mutable std::condition_variable done_;
    Items queue_;
    std::size_t waiting_ = 0; // items of queue_ that somebody waits for
    std::size_t bytes_ = 0;
    std::uint64_t commits_ = 0;
    std::optional<Error> queued_error_;
    bool stop_ = false;
    std::thread thread_; // last: it uses all of the above
};

} // namespace jackfield::store

// Channel: the bounded queues of some lanes to one reader of them all. EpochClock: when their epochs end.
#pragma once

#include "exec/pipeline/attempt.hpp"
#include "exec/pipeline/item.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace jackfield::exec {

/// One queue for each lane, each bounded in items and bytes (one item always fits). Any thread; each lane has one
/// pusher, and there is one popper.
class Channel {
public:
    Channel(Attempt& attempt, std::size_t lanes, std::size_t max_items, std::uint64_t max_bytes);

    enum class Pushed { yes, full, closed };
    /// Moves `item` in, waiting up to `timeout_ns` for room. full: it is still the caller's. closed: the attempt failed.
    [[nodiscard]] Pushed push(std::size_t lane, Item& item, std::int64_t timeout_ns);
    /// As push, without end. False: the attempt failed.
    [[nodiscard]] bool push(std::size_t lane, Item item);

    struct Popped {
        std::size_t lane = 0;
        Item item;
    };
    /// The next item of a lane that is not held, in turn; nothing in time, or the attempt failed: nothing.
    [[nodiscard]] std::optional<Popped> pop(std::int64_t timeout_ns);
    /// Leaves a lane's items where they are until release_all().
    void hold(std::size_t lane);
    void release_all();

private:
    struct Queue {
        std::deque<Item> items;
        std::uint64_t bytes = 0;
        bool held = false;
    };
    [[nodiscard]] Queue* next_queue();
    [[nodiscard]] bool has_room(const Queue& queue, const Item& item) const;

    Attempt& attempt_;
    const std::size_t max_items_;
    const std::uint64_t max_bytes_;
    std::mutex mutex_; // guards queues_ and turn_
    std::condition_variable room_, filled_;
    std::vector<Queue> queues_;
    std::size_t turn_ = 0;
    Attempt::Registration waker_;
};

/// What after_commit() of a step is told.
struct CommittedEpoch {
    std::uint64_t number = 0; ///< of the barrier, from 1
    std::uint64_t rows = 0;
    bool final = false;
};

/// Agreement of the lanes of one writer on the ends of epochs, and word of their commits. Barrier n of each lane belongs
/// to epoch n. Any thread.
class EpochClock {
public:
    EpochClock(Attempt& attempt, const Limits& limits, bool one_epoch);

    /// Epochs that somebody wants ended. A lane that has sent fewer barriers sends one.
    [[nodiscard]] std::uint64_t requested() const noexcept { return requested_.load(std::memory_order_acquire); }
    void request(std::uint64_t number) noexcept;
    /// Rows and bytes of the open epoch number `number`. Returns whether it is full.
    [[nodiscard]] bool add(std::uint64_t number, std::uint64_t rows, std::uint64_t bytes);
    /// Whether its time is up; it runs from the first row.
    [[nodiscard]] bool time_is_up(std::uint64_t number) const;
    /// Rows that still fit.
    [[nodiscard]] std::uint64_t rows_left() const;

    void committed(const CommittedEpoch& epoch);
    [[nodiscard]] std::uint64_t committed() const noexcept { return committed_.load(std::memory_order_acquire); }
    /// Waits until epoch `number` is committed; false: not in time, or the attempt failed.
    [[nodiscard]] bool wait_committed(std::uint64_t number, std::int64_t timeout_ns);
    /// What was committed after epoch `number`, for steps. The last 1,000 at most.
    [[nodiscard]] std::vector<CommittedEpoch> committed_since(std::uint64_t number) const;

    // Partitions that were lost but whose items are still on their way.
    void lose(std::size_t lane, const std::string& partition);
    void forget(std::size_t lane, const std::string& partition);
    [[nodiscard]] std::set<std::pair<std::size_t, std::string>> lost() const;

private:
    Attempt& attempt_;
    const std::uint64_t max_rows_, max_bytes_;
    const std::int64_t interval_ns_;
    std::atomic<std::uint64_t> requested_{0}, committed_{0};
    mutable std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    std::uint64_t rows_ = 0, bytes_ = 0;
    std::int64_t first_row_ns_ = 0; // 0: none yet
    std::deque<CommittedEpoch> history_;
    std::set<std::pair<std::size_t, std::string>> lost_;
    Attempt::Registration waker_;
};

} // namespace jackfield::exec

// Item: what goes through the queues, in order: batches, barriers, and what has to keep its place among them.
#pragma once

#include "exec/pipeline/batches.hpp"

#include <jackfield/abi/source.h>
#include <jackfield/sdk/result.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::exec {

/// An answer that one thread of the pipeline waits for and another gives, once. Any thread. Shared by the two.
template <class T>
class Reply {
public:
    void give(T value)
    {
        const std::lock_guard lock(mutex_);
        if (!value_)
            value_ = std::move(value);
        given_.notify_all();
    }
    [[nodiscard]] bool ready() const
    {
        const std::lock_guard lock(mutex_);
        return value_.has_value();
    }
    /// The answer if it comes in time.
    [[nodiscard]] std::optional<T> wait(std::chrono::nanoseconds timeout)
    {
        std::unique_lock lock(mutex_);
        if (!given_.wait_for(lock, timeout, [this] { return value_.has_value(); }))
            return std::nullopt;
        return std::exchange(value_, std::nullopt);
    }

private:
    mutable std::mutex mutex_; // guards value_
    std::condition_variable given_;
    std::optional<T> value_;
};

/// The state of one step (its number as text) for one partition.
struct StepState {
    std::string step, partition, bytes;
};

/// Where to go on with a partition.
struct StartPoint {
    std::string from;              ///< position; empty: the start
    std::string until;             ///< not empty: replay exactly up to here, as an epoch of its own
    std::vector<StepState> states; ///< as they were at `from`
};

/// Taken over or handed back between two epochs, where nothing is in flight.
struct Handover {
    bool acquire = true;
    std::string partition;
    std::shared_ptr<Reply<Result<StartPoint>>> reply; ///< of acquire
};

/// The end of an epoch in one lane.
struct Barrier {
    enum class Kind { epoch, final, stop };
    struct End {
        std::string from, until; ///< positions before and after the epoch
    };
    Kind kind = Kind::epoch;
    std::map<std::string, End> ends;  ///< by partition, those that moved
    std::string witness;
    std::vector<StepState> states;
    std::vector<Handover> then;
};

/// A question of a step to the open epoch. The writer stays where it is until the stream was released.
struct EpochQuery : std::enable_shared_from_this<EpochQuery> {
    std::string sql;
    OwnedStream params;
    Reply<Result<OwnedStream>> answer;
    Reply<bool> released;
};

/// Movable. One thread at a time.
struct Item {
    enum class Kind {
        schema,   ///< of the batches to come of `output`
        batch,    ///< rows of `partition` for `output`; no array: only the watermark moved
        barrier,
        lost,     ///< `partition` is gone: forget what is not committed
        restore,  ///< `states` of `partition`, before its first batch
        query,    ///< from a step
    };
    static constexpr std::size_t main_output = static_cast<std::size_t>(-1);

    Kind kind = Kind::batch;
    std::size_t output = main_output; ///< else index of a side sink
    std::string partition;
    OwnedArray array;
    SharedSchema schema;              ///< of the array, or the new one
    std::uint64_t bytes = 0;
    std::uint32_t watermark_state = JF_WATERMARK_NONE;
    std::int64_t watermark_us = 0;
    std::unique_ptr<Barrier> barrier;
    std::vector<StepState> states;
    std::shared_ptr<EpochQuery> query; ///< shared with the thread that asks
};

} // namespace jackfield::exec

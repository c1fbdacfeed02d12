// Items: the units that a run works off: a task, or one element of a task that fans out.
#pragma once

#include "exec/run/attempt.hpp"

#include <jackfield/runtime/report.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace jackfield::exec {

/// One unit of work and how far it has come. The coordinator's thread only.
struct RunItem {
    std::size_t task = 0;    ///< index in the flow
    std::string slice;       ///< of a fan-out, else empty
    boost::json::value item; ///< of a fan-out
    store::State state = store::State::scheduled;
    std::string reason, message;
    std::string taken_over;  ///< the run that completed it before
    bool waits = false;      ///< for slots, and it was said so
    bool has_ticket = false; ///< it stands in the queue for them
    std::int64_t look_ns = 0; ///< monotonic; when to ask for slots again
    std::uint32_t attempts = 0;
    std::int64_t started_ns = 0;  ///< monotonic, of the first attempt; 0: not yet
    std::int64_t ended_ns = 0;
    std::int64_t due_ns = 0;      ///< monotonic; of the next attempt
    std::int64_t deadline_ns = no_deadline; ///< of the attempt in progress
    std::int64_t gave_up_ns = 0;  ///< when it was asked to end at its deadline; 0: not asked
    std::shared_ptr<TaskAttempt> attempt; ///< in progress
    std::thread thread;
    std::optional<Error> error;
    boost::json::value result;
    store::Counts counts; ///< committed by all attempts
    std::uint64_t epochs = 0;

    [[nodiscard]] bool ended() const { return store::is_terminal(state); }
    [[nodiscard]] bool running() const { return attempt != nullptr; }
    [[nodiscard]] TaskReport report(const std::string& task_name) const;
};

} // namespace jackfield::exec

// TaskAttempt: one try of one task (or one item of it), on a thread of its own that may have to be left behind.
#pragma once

#include "exec/run/shared.hpp"

#include <boost/json/value.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::exec {

/// What came of an attempt. Value.
struct AttemptOutcome {
    Status status;
    boost::json::value result;    ///< an object of an action, chart or sub-flow; else null
    PipelineProgress progress;
    bool stopped_early = false;   ///< a pipeline that was asked to stop and did, all of it committed
    bool abandoned = false;       ///< code of a plugin has not come back
    std::vector<std::string> warnings;
};

/// One attempt: what to do, and the handle to stop it. Shared by the coordinator and the attempt's thread. Any thread.
class TaskAttempt {
public:
    TaskAttempt(std::shared_ptr<RunShared> shared_run, Task what, std::string slice_name, std::uint32_t attempt_number, std::int64_t deadline)
        : shared(std::move(shared_run)), task(std::move(what)), slice(std::move(slice_name)), number(attempt_number), deadline_ns(deadline)
    {
    }

    /// Level 1: let what is open commit and end; 2: end at once.
    void stop(int level);
    /// Called once by whatever can be interrupted, before it starts; the function is called on stop(). Shared objects only.
    void on_stop(std::function<void(int)> interrupt);

    const std::shared_ptr<RunShared> shared;
    const Task task; ///< resolved
    const std::string slice;
    const std::uint32_t number; ///< from 1
    const std::int64_t deadline_ns; ///< monotonic
    Cancellation cancellation;
    std::shared_ptr<PipelineControl> control = std::make_shared<PipelineControl>();

    [[nodiscard]] std::shared_ptr<HostBackend> backend(std::string_view place) const { return make_backend(shared, task.name, slice, number, place); }
    [[nodiscard]] Result<std::shared_ptr<const ConnectionInstance>> connection(std::string_view name, CallFrame& frame) const;
    /// The connection that a component's `on` names; nullptr if it names none.
    [[nodiscard]] Result<std::shared_ptr<const ConnectionInstance>> connection_of(const Component& component, CallFrame& frame) const;
    void log(std::int32_t level, std::string_view message) const { shared->recorder->log(task.name, slice, number, level, message); }

private:
    std::mutex mutex_; // guards all below
    int level_ = 0;
    std::vector<std::function<void(int)>> interrupts_;
};

/// Runs a sub-flow; given by the run, which knows how.
using SubFlowRunner = std::function<AttemptOutcome(TaskAttempt&)>;

/// Runs an attempt to its end, whatever its kind. Blocks; does not throw.
[[nodiscard]] AttemptOutcome run_attempt(TaskAttempt& attempt, const SubFlowRunner& run_sub_flow);

// ---- one for each kind; attempt_*.cpp ----------------------------------------------------------------------------

[[nodiscard]] AttemptOutcome attempt_action(TaskAttempt& attempt);
[[nodiscard]] AttemptOutcome attempt_pipeline(TaskAttempt& attempt);
[[nodiscard]] AttemptOutcome attempt_charts(TaskAttempt& attempt);

/// Runs one action (a task, or a hook) and answers its result.
[[nodiscard]] Result<boost::json::value> run_action(TaskAttempt& attempt, const Component& component);

} // namespace jackfield::exec

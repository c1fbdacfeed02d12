// TaskInstance and StepInstance: a task that runs once, or a step that stands in a pipeline.
#pragma once

#include "load/instance.hpp"

#include <jackfield/abi/source.h>
#include <jackfield/abi/task.h>

#include <functional>

namespace jackfield {

/// Takes what a step emits: (output, partition, batch). Output 0 is the main one. An error is handed to the step, which
/// returns it. Called while the call runs, never by two at once for one frame. Must not throw.
using EmitHandler = std::function<Status(std::uint32_t, std::string_view, OwnedArray)>;

/// What one process() is given.
struct StepBatch {
    std::string_view partition;
    OwnedArray array; ///< empty: only the watermark moved
    std::uint32_t watermark_state = JF_WATERMARK_NONE;
    std::int64_t watermark_us = 0;
};

/// An open step. One thread at a time, but for interrupt(). Closed when it goes.
class StepInstance {
public:
    StepInstance(StepInstance&& other) noexcept;
    StepInstance& operator=(StepInstance&& other) noexcept;
    ~StepInstance();

    /// The schema of `output` for this input.
    [[nodiscard]] Result<OwnedSchema> schema(CallFrame& frame, const ArrowSchema& input, std::uint32_t output);
    /// Refused rows go to the frame's RejectHandler.
    [[nodiscard]] Status process(CallFrame& frame, StepBatch input, const EmitHandler& emit);
    [[nodiscard]] Status barrier(CallFrame& frame, bool final, const EmitHandler& emit);
    /// At most 256 MiB. JF_E_UNSUPPORTED if the step has no snapshot.
    [[nodiscard]] Result<std::string> snapshot(CallFrame& frame, std::string_view partition);
    [[nodiscard]] Status restore(CallFrame& frame, std::string_view partition, std::string_view state);
    [[nodiscard]] Status drop(CallFrame& frame, std::string_view partition);
    [[nodiscard]] Status after_commit(CallFrame& frame, std::string_view epoch_json);
    void interrupt() const noexcept; ///< any thread

private:
    friend class TaskInstance;
    StepInstance(std::shared_ptr<InstanceCore> core, const jf_task* table, void* step);
    void close() noexcept;

    std::shared_ptr<InstanceCore> core_; // destroyed after the step is closed
    const jf_task* table_;
    void* step_;
};

/// A task plugin's object. One thread at a time; its steps are then used at once by several.
class TaskInstance : public Instance {
public:
    [[nodiscard]] static Result<TaskInstance> make(const Factory& factory, CallFrame& frame, const InstanceOptions& options);
    /// JF_E_UNSUPPORTED if the component is no step.
    [[nodiscard]] Result<StepInstance> open(CallFrame& frame, const ProgressScope& scope) const;
    /// Runs the action; its result as JSON text (an object). JF_E_UNSUPPORTED if the component is no action.
    [[nodiscard]] Result<std::string> run(CallFrame& frame, const ProgressScope& scope, std::uint32_t attempt) const;

private:
    using Instance::Instance;
    const jf_task* table_ = nullptr;
};

} // namespace jackfield

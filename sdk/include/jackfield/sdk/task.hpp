// Task: a step of a pipeline (batches in, batches out), an action (runs once), or both.
#pragma once

#include <jackfield/abi/source.h>
#include <jackfield/abi/task.h>
#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/schema.hpp>
#include <jackfield/sdk/call.hpp>
#include <jackfield/sdk/source.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace jackfield::sdk {

/// Where a step puts batches. Do not keep it. The thread of the call.
class Emitter {
public:
    explicit Emitter(const jf_emitter* emitter) : emitter_(emitter) {}

    /// output 0: the main one; others in the order that describe() named them. Pass an error on.
    [[nodiscard]] Status emit(OwnedArray batch, std::string_view partition = {}, std::uint32_t output = 0) const
    {
        ArrowArray moved = batch.release();
        if (const jf_status status = emitter_->emit(emitter_, output, as_str(partition), &moved); status != JF_OK)
            return fail(status, ""); // the host knows why
        return {};
    }

private:
    const jf_emitter* emitter_;
};

/// What one process() is given: a batch of a partition, or only a watermark (array empty).
struct StepInput {
    std::string_view partition;
    OwnedArray batch; ///< empty: only the watermark moved
    Watermark watermark;
};

/// Takes batches, emits batches. One thread at a time, not always the same.
class Step {
public:
    virtual ~Step() = default;

    /// The schema of `output` for this input; also the moment to look up columns.
    virtual Result<Schema> schema(const Call& call, const Schema& input, std::uint32_t output) = 0;
    virtual Status process(const Call& call, StepInput input, const Emitter& emitter, const Rejects& rejects) = 0;
    /// The epoch ends; final: so does the input. An error keeps the epoch from being committed.
    virtual Status barrier(const Call&, bool /*final*/, const Emitter&, const Rejects&) { return {}; }
    virtual Result<std::string> snapshot(const Call&, std::string_view /*partition*/) { return std::string(); }
    virtual Status restore(const Call&, std::string_view /*partition*/, std::string_view /*state*/) { return {}; }
    virtual Status drop(const Call&, std::string_view /*partition*/) { return {}; }
    /// The epoch is durable; at least once each. epoch: {"epoch": 7, "rows": 100, "final": true}
    virtual Status after_commit(const Call&, std::string_view /*epoch*/) { return {}; }
    /// Any thread: makes a call in progress come back soon.
    virtual void interrupt() {}
};

/// Base of a task. Override open() for a step, run() for an action; describe() says JF_IS_STEP or JF_IS_ACTION, by
/// default from `static constexpr std::uint64_t faces`. Constructor or make() as for Source.
class Task {
public:
    virtual ~Task() = default;

    virtual Result<std::unique_ptr<Step>> open(const Call&, const Scope&) { return fail(JF_E_UNSUPPORTED, "this task is no step of a pipeline"); }
    /// Runs to its end; answers a JSON object for later tasks.
    virtual Result<std::string> run(const Call&, const Scope&, std::uint32_t /*attempt*/)
    {
        return fail(JF_E_UNSUPPORTED, "this task stands in a pipeline; it cannot run by itself");
    }
    /// Any thread: makes run() come back soon.
    virtual void interrupt() {}
};

namespace detail {

inline jf_status task_open(void* self, const jf_call* call, const jf_scope* scope, void** step)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(auto made, static_cast<Task*>(self)->open(Call(call), Scope::from(scope)));
        *step = made.release();
        return JF_OK;
    });
}

inline jf_status task_schema(void* step, const jf_call* call, const ArrowSchema* input, std::uint32_t output, ArrowSchema* out)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const Schema given, import_schema(*input));
        JF_ASSIGN(const Schema made, static_cast<Step*>(step)->schema(Call(call), given, output));
        JF_TRY(export_schema(made, out));
        return JF_OK;
    });
}

inline jf_status task_process(void* step, const jf_call* call, const jf_step_input* input, const jf_emitter* emitter, const jf_rejects* rejects)
{
    return guard(call, [&]() -> Result<jf_status> {
        StepInput moved;
        moved.partition = view(input->partition);
        moved.watermark = {input->watermark_state, input->watermark_us};
        if (input->batch) {
            moved.batch = OwnedArray(*input->batch);
            input->batch->release = nullptr;
        }
        JF_TRY(static_cast<Step*>(step)->process(Call(call), std::move(moved), Emitter(emitter), Rejects(rejects)));
        return JF_OK;
    });
}

inline jf_status task_barrier(void* step, const jf_call* call, std::uint32_t flags, const jf_emitter* emitter, const jf_rejects* rejects)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Step*>(step)->barrier(Call(call), (flags & JF_BARRIER_FINAL) != 0, Emitter(emitter), Rejects(rejects)));
        return JF_OK;
    });
}

inline jf_status task_snapshot(void* step, const jf_call* call, jf_str partition, const jf_writer* state)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const std::string bytes, static_cast<Step*>(step)->snapshot(Call(call), view(partition)));
        JF_TRY(put(state, bytes));
        return JF_OK;
    });
}

inline jf_status task_restore(void* step, const jf_call* call, jf_str partition, jf_bytes state)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Step*>(step)->restore(Call(call), view(partition), view(state)));
        return JF_OK;
    });
}

inline jf_status task_drop(void* step, const jf_call* call, jf_str partition)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Step*>(step)->drop(Call(call), view(partition)));
        return JF_OK;
    });
}

inline jf_status task_after_commit(void* step, const jf_call* call, jf_str epoch)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Step*>(step)->after_commit(Call(call), view(epoch)));
        return JF_OK;
    });
}

inline jf_status task_run(void* self, const jf_call* call, const jf_run_request* request, const jf_writer* result)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const std::string json, static_cast<Task*>(self)->run(Call(call), Scope::from(request->scope), request->attempt));
        JF_TRY(put(result, json));
        return JF_OK;
    });
}

inline const jf_task task_table{sizeof(jf_task), 0, task_open, task_schema, task_process, task_barrier, task_snapshot, task_restore,
    task_drop, task_after_commit,
    [](void* step) { static_cast<Step*>(step)->interrupt(); },
    [](void* step) { delete static_cast<Step*>(step); },
    task_run};

} // namespace detail
} // namespace jackfield::sdk

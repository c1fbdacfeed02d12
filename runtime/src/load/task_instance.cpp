// TaskInstance and StepInstance.
#include "load/task_instance.hpp"

#include "load/abi_scope.hpp"

#include <boost/json/parse.hpp>

#include <mutex>

namespace jackfield {

namespace {

constexpr std::size_t snapshot_limit = std::size_t{256} << 20;
constexpr std::size_t result_limit = std::size_t{1} << 20;

/// jf_emitter over an EmitHandler; lives as long as one call.
class EmitFrame {
public:
    EmitFrame(CallFrame& frame, const InstanceCore& core, const EmitHandler& handler)
        : emitter_{sizeof emitter_, 0, this, on_emit}, frame_(frame), core_(core), handler_(handler)
    {
    }
    EmitFrame(const EmitFrame&) = delete;
    EmitFrame& operator=(const EmitFrame&) = delete;
    [[nodiscard]] const jf_emitter* raw() const noexcept { return &emitter_; }

private:
    static jf_status on_emit(const jf_emitter* self, std::uint32_t output, jf_str partition, ArrowArray* batch) noexcept
    {
        auto& emit = *static_cast<EmitFrame*>(self->host_data);
        try {
            OwnedArray moved = batch ? OwnedArray(*batch) : OwnedArray();
            Status taken;
            if (const char* wrong = wrong_struct(*moved))
                taken = emit.core_.broken("emit", wrong);
            else {
                const std::lock_guard lock(emit.mutex_);
                taken = emit.handler_(output, view_of(partition), std::move(moved));
            }
            if (taken)
                return JF_OK;
            const jf_status kind = taken.error().kind;
            emit.frame_.note(std::move(taken).error());
            return kind;
        } catch (...) {
            return JF_E_EXHAUSTED;
        }
    }

    jf_emitter emitter_;
    CallFrame& frame_;
    const InstanceCore& core_;
    const EmitHandler& handler_;
    std::mutex mutex_; // one call of handler_ at a time: a step may emit from threads of its own
};

} // namespace

Result<TaskInstance> TaskInstance::make(const Factory& factory, CallFrame& frame, const InstanceOptions& options)
{
    JF_ASSIGN(auto core, InstanceCore::make(factory, frame, options));
    TaskInstance out(std::move(core));
    out.table_ = static_cast<const jf_task*>(factory.table()->table);
    return out;
}

Result<StepInstance> TaskInstance::open(CallFrame& frame, const ProgressScope& scope) const
{
    if (!JF_HAS_FN(jf_task, table_, open))
        return core_->missing("open");
    const jf_scope raw = abi_scope(scope);
    void* step = nullptr;
    const jf_status status = frame.run("open", table_->open, core_->self(), frame.raw(), &raw, &step);
    if (status != JF_OK)
        return core_->error(frame, status, "open");
    return StepInstance(core_, table_, step);
}

Result<std::string> TaskInstance::run(CallFrame& frame, const ProgressScope& scope, std::uint32_t attempt) const
{
    if (!JF_HAS_FN(jf_task, table_, run))
        return core_->missing("run");
    const jf_scope raw = abi_scope(scope);
    const jf_run_request request{sizeof request, attempt, &raw};
    std::string json;
    ByteWriter writer(json, result_limit);
    const jf_status status = frame.run("run", table_->run, core_->self(), frame.raw(), &request, writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "run");
    JF_TRY(core_->check(writer, "the result"));
    if (json.empty())
        return std::string("{}");
    boost::system::error_code wrong;
    if (const boost::json::value parsed = boost::json::parse(json, wrong); wrong || !parsed.is_object())
        return core_->broken("run", "wrote a result that is no JSON object");
    return json;
}

StepInstance::StepInstance(std::shared_ptr<InstanceCore> core, const jf_task* table, void* step)
    : core_(std::move(core)), table_(table), step_(step)
{
}

StepInstance::StepInstance(StepInstance&& other) noexcept : core_(std::move(other.core_)), table_(other.table_), step_(other.step_) {}

StepInstance& StepInstance::operator=(StepInstance&& other) noexcept
{
    if (this != &other) {
        close();
        core_ = std::move(other.core_);
        table_ = other.table_;
        step_ = other.step_;
    }
    return *this;
}

StepInstance::~StepInstance() { close(); }

void StepInstance::close() noexcept
{
    if (!core_)
        return;
    try {
        table_->close(step_);
    } catch (...) { // R6
    }
    core_.reset();
}

Result<OwnedSchema> StepInstance::schema(CallFrame& frame, const ArrowSchema& input, std::uint32_t output)
{
    OwnedSchema out;
    const jf_status status = frame.run("schema", table_->schema, step_, frame.raw(), &input, output, out.get());
    if (status != JF_OK)
        return core_->error(frame, status, "schema");
    if (const char* wrong = wrong_struct(*out))
        return core_->broken("schema", wrong);
    return out;
}

Status StepInstance::process(CallFrame& frame, StepBatch input, const EmitHandler& emit)
{
    const EmitFrame emitter(frame, *core_, emit);
    ArrowArray moved = input.array.release(); // the plugin's now, whatever it returns
    const jf_step_input raw{sizeof raw, input.watermark_state, input.watermark_us, str_of(input.partition), moved.release ? &moved : nullptr};
    const jf_status status = frame.run("process", table_->process, step_, frame.raw(), &raw, emitter.raw(), frame.rejects());
    return status == JF_OK ? Status() : core_->error(frame, status, "process");
}

Status StepInstance::barrier(CallFrame& frame, bool final, const EmitHandler& emit)
{
    if (!JF_HAS_FN(jf_task, table_, barrier))
        return {};
    const EmitFrame emitter(frame, *core_, emit);
    const jf_status status = frame.run("barrier", table_->barrier, step_, frame.raw(), final ? JF_BARRIER_FINAL : 0u, emitter.raw(), frame.rejects());
    return status == JF_OK ? Status() : core_->error(frame, status, "barrier");
}

Result<std::string> StepInstance::snapshot(CallFrame& frame, std::string_view partition)
{
    if (!JF_HAS_FN(jf_task, table_, snapshot))
        return core_->missing("snapshot");
    std::string state;
    ByteWriter writer(state, snapshot_limit);
    const jf_status status = frame.run("snapshot", table_->snapshot, step_, frame.raw(), str_of(partition), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "snapshot");
    JF_TRY(core_->check(writer, "the snapshot"));
    return state;
}

Status StepInstance::restore(CallFrame& frame, std::string_view partition, std::string_view state)
{
    if (!JF_HAS_FN(jf_task, table_, restore))
        return core_->missing("restore");
    const jf_status status = frame.run("restore", table_->restore, step_, frame.raw(), str_of(partition), bytes_of(state));
    return status == JF_OK ? Status() : core_->error(frame, status, "restore");
}

Status StepInstance::drop(CallFrame& frame, std::string_view partition)
{
    if (!JF_HAS_FN(jf_task, table_, drop))
        return core_->missing("drop");
    const jf_status status = frame.run("drop", table_->drop, step_, frame.raw(), str_of(partition));
    return status == JF_OK ? Status() : core_->error(frame, status, "drop");
}

Status StepInstance::after_commit(CallFrame& frame, std::string_view epoch_json)
{
    if (!JF_HAS_FN(jf_task, table_, after_commit))
        return {};
    const jf_status status = frame.run("after_commit", table_->after_commit, step_, frame.raw(), str_of(epoch_json));
    return status == JF_OK ? Status() : core_->error(frame, status, "after_commit");
}

void StepInstance::interrupt() const noexcept
{
    if (!core_)
        return;
    try {
        if (JF_HAS_FN(jf_task, table_, interrupt))
            table_->interrupt(step_);
        else
            core_->interrupt();
    } catch (...) { // R6
    }
}

} // namespace jackfield

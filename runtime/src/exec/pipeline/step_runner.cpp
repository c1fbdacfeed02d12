// Batches through the steps; barriers and snapshots at the end of each epoch.
#include "exec/pipeline/step_runner.hpp"

#include <algorithm>

namespace jackfield::exec {
namespace {

constexpr std::size_t default_queue_items = 8;
constexpr std::uint64_t queue_bytes = 33'554'432;
constexpr std::int64_t wait_ns = 100'000'000;
constexpr std::int64_t enough_rejects = 1000;

/// Hands everything on to the run's services, but for questions to the open epoch.
class RoutedBackend : public HostBackend {
public:
    RoutedBackend(std::shared_ptr<HostBackend> inner, std::shared_ptr<QueryRoute> route)
        : inner_(inner ? std::move(inner) : std::make_shared<HostBackend>()), route_(std::move(route))
    {
    }
    void log(std::int32_t level, std::string_view message, std::string_view fields) override { inner_->log(level, message, fields); }
    std::uint64_t define_metric(std::int32_t kind, std::string_view name, std::string_view help) override
    {
        return inner_->define_metric(kind, name, help);
    }
    void record_metric(std::uint64_t id, double value, std::string_view labels) override { inner_->record_metric(id, value, labels); }
    void mask(std::string_view secret) override { inner_->mask(secret); }
    [[nodiscard]] bool has_state() const override { return inner_->has_state(); }
    Result<std::optional<std::string>> state(std::string_view key) override { return inner_->state(key); }
    Status put_state(std::string_view key, std::string_view value) override { return inner_->put_state(key, value); }
    [[nodiscard]] bool has_query() const override { return route_ || inner_->has_query(); }
    Status query(const jf_call* call, std::string_view target, std::string_view sql, ArrowArrayStream* params, ArrowArrayStream* out) override
    {
        if (route_ && target == JF_QUERY_OPEN_EPOCH)
            return route_->query(sql, params, out);
        return inner_->query(call, target, sql, params, out);
    }

private:
    std::shared_ptr<HostBackend> inner_; // shared with the engine
    std::shared_ptr<QueryRoute> route_;  // shared with the pipeline
};

} // namespace

std::shared_ptr<HostBackend> backend_for(const Attempt& attempt, const std::string& place, std::shared_ptr<QueryRoute> route)
{
    return std::make_shared<RoutedBackend>(attempt.context.backend ? attempt.context.backend(place) : nullptr, std::move(route));
}

void QueryRoute::open(std::function<Result<OwnedStream>(std::string_view, OwnedStream)> ask)
{
    const std::lock_guard lock(mutex_);
    ask_ = std::move(ask);
}

Status QueryRoute::query(std::string_view sql, ArrowArrayStream* params, ArrowArrayStream* out)
{
    OwnedStream moved;
    if (params)
        moved = OwnedStream(*params);
    std::function<Result<OwnedStream>(std::string_view, OwnedStream)> ask;
    {
        const std::lock_guard lock(mutex_);
        ask = ask_;
    }
    if (!ask)
        return fail(JF_E_UNSUPPORTED, "the open epoch can be asked only while a batch or the end of an epoch is worked on");
    JF_ASSIGN(OwnedStream stream, ask(sql, std::move(moved)));
    *out = stream.release();
    return {};
}

StepRunner::StepRunner(std::shared_ptr<Attempt> attempt, std::shared_ptr<Caller> caller, LaneOutput output,
                       std::vector<TaskInstance> tasks, std::vector<std::shared_ptr<QueryRoute>> routes)
    : input(std::make_shared<Channel>(*attempt, 1, attempt->plan.limits.queue.value_or(default_queue_items), queue_bytes)),
      attempt_(std::move(attempt)), caller_(std::move(caller)), output_(std::move(output)), tasks_(std::move(tasks)),
      routes_(std::move(routes))
{
}

StepRunner::~StepRunner()
{
    for (const auto& route : routes_)
        route->open({});
    for (One& one : steps_)
        one.interrupt.reset();
    caller_->close_with("close", [this] { steps_.clear(); });
}

std::vector<std::size_t> StepRunner::sides_of(const ComponentPlan& plan)
{
    std::vector<std::size_t> out;
    for (const std::string& name : plan.description.outputs) {
        const auto& sides = attempt_->plan.side_sinks;
        const auto place = std::find_if(sides.begin(), sides.end(), [&](const SinkPlan& side) { return side.name == name; });
        out.push_back(place == sides.end() ? Item::main_output : static_cast<std::size_t>(place - sides.begin()));
    }
    return out;
}

Status StepRunner::open()
{
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        const ComponentPlan& plan = attempt_->plan.steps[i];
        JF_ASSIGN(StepInstance step, tasks_[i].open(caller_->call(), attempt_->scope()));
        steps_.push_back({std::move(step), &plan, Rejects(*attempt_, "step", plan.component.place), sides_of(plan), {}, {}});
        One& one = steps_.back();
        one.interrupt = attempt_->on_interrupt([&one] { one.step.interrupt(); });
        routes_[i]->open([this](std::string_view sql, OwnedStream params) { return ask_epoch(sql, std::move(params)); });
    }
    return {};
}

void StepRunner::run()
{
    const auto step = [this]() -> Status {
        auto popped = input->pop(wait_ns);
        JF_TRY(tell_commits());
        return popped ? handle(std::move(popped->item)) : Status();
    };
    while (!ended_ && !attempt_->failed())
        if (auto done = step(); !done)
            attempt_->fail(std::move(done).error());
    while (!attempt_->failed() && !output_.clock->wait_committed(sent_, wait_ns)) {
    }
    if (!attempt_->failed())
        if (auto done = tell_commits(); !done)
            attempt_->warn("after the commit: " + done.error().message);
}

Status StepRunner::push(Item item)
{
    (void)output_.channel->push(output_.lane, std::move(item)); // false: the attempt has failed, which run() sees
    return {};
}

Status StepRunner::handle(Item item)
{
    switch (item.kind) {
    case Item::Kind::schema: return item.output == Item::main_output ? on_schema(std::move(item)) : push(std::move(item));
    case Item::Kind::batch: return item.output == Item::main_output ? on_batch(0, std::move(item)) : push(std::move(item));
    case Item::Kind::barrier: return on_barrier(std::move(item));
    case Item::Kind::restore: return on_restore(item);
    case Item::Kind::lost:
        forget(item.partition);
        for (One& one : steps_)
            if (one.plan->description.state_scope == JF_STATE_PARTITION)
                JF_TRY(one.step.drop(caller_->call(), item.partition));
            else if (one.plan->description.state_scope == JF_STATE_FLOW)
                return fail(JF_E_UNAVAILABLE, "partition '" + item.partition + "' was taken away while a step holds state of all partitions; "
                                              "the next attempt goes on from the last commit", one.plan->component.place);
        return push(std::move(item));
    case Item::Kind::query: return {};
    }
    return {};
}

/// The schema goes through the chain: what a step emits is what the next one takes.
Status StepRunner::on_schema(Item item)
{
    SharedSchema input_schema = item.schema;
    for (One& one : steps_) {
        one.schemas.clear();
        for (std::uint32_t output = 0; output <= one.side_of.size(); ++output) {
            JF_ASSIGN(OwnedSchema made, one.step.schema(caller_->call(), **input_schema, output));
            one.schemas.push_back(std::make_shared<const OwnedSchema>(std::move(made)));
            if (output == 0 || one.side_of[output - 1] == Item::main_output)
                continue;
            Item side;
            side.kind = Item::Kind::schema;
            side.output = one.side_of[output - 1];
            side.schema = one.schemas.back();
            JF_TRY(push(std::move(side)));
        }
        input_schema = one.schemas.front();
    }
    item.schema = input_schema;
    return push(std::move(item));
}

void StepRunner::forget(const std::string& partition)
{
    partitions_.erase(partition);
    for (std::size_t i = 0; i < steps_.size(); ++i)
        restored_.erase(std::to_string(i) + ":" + partition);
}

Status StepRunner::on_restore(const Item& item)
{
    partitions_.insert(item.partition);
    for (const StepState& state : item.states)
        for (std::size_t i = 0; i < steps_.size(); ++i)
            if (state.step == std::to_string(i) && restored_.insert(state.step + ":" + state.partition).second)
                JF_TRY(steps_[i].step.restore(caller_->call(), state.partition, state.bytes));
    return {};
}

/// Makes a call of a step and gathers what it emits. A batch that leaves the step is passed on only after the call, so that
/// the time that the next ones take is not this one's.
template <class Call>
Status StepRunner::with_step(std::size_t index, std::string_view partition, std::vector<Emitted>& emitted, Call&& call)
{
    One& one = steps_[index];
    CallFrame& frame = caller_->call();
    frame.set_rejects([&one, partition](const RejectedRecord& row) { return one.rejects.add(partition, row, row.record); });
    const EmitHandler emit = [&](std::uint32_t output, std::string_view owner, OwnedArray array) -> Status {
        if (output > one.side_of.size())
            return fail(JF_E_FAILED, "the step has no output " + std::to_string(output), one.plan->component.place);
        emitted.push_back({output, std::string(owner), std::move(array)});
        return {};
    };
    Status done = call(one.step, frame, emit);
    frame.set_rejects({}); // it points to this call's partition
    JF_TRY(one.rejects.settle());
    return done;
}

Status StepRunner::on_batch(std::size_t first, Item item)
{
    if (first == steps_.size())
        return push(std::move(item));
    std::vector<Emitted> emitted;
    const std::string partition = item.partition;
    JF_TRY(with_step(first, partition, emitted, [&](StepInstance& step, CallFrame& frame, const EmitHandler& emit) {
        StepBatch batch{partition, std::move(item.array), item.watermark_state, item.watermark_us};
        return step.process(frame, std::move(batch), emit);
    }));
    if (steps_[first].rejects.waiting() >= enough_rejects)
        JF_TRY(push_rejects(steps_[first]));
    return emit(first, std::move(emitted), item);
}

/// Passes on what step `step` emitted, and the watermark of the batch that it came from.
Status StepRunner::emit(std::size_t step, std::vector<Emitted> emitted, const Item& like)
{
    One& one = steps_[step];
    for (Emitted& out : emitted) {
        if (!out.array || out.array->length == 0)
            continue;
        Item item;
        item.partition = std::move(out.partition);
        if (out.output >= one.schemas.size())
            return fail(JF_E_FAILED, "the step emits rows before anybody told it a schema", one.plan->component.place);
        item.schema = one.schemas[out.output];
        item.bytes = bytes_of(**item.schema, *out.array);
        const auto rows = out.array->length;
        item.array = std::move(out.array);
        if (out.output == 0) {
            JF_TRY(on_batch(step + 1, std::move(item)));
            continue;
        }
        item.output = one.side_of[out.output - 1];
        if (item.output == Item::main_output)
            attempt_->warn("rows of output '" + one.plan->description.outputs[out.output - 1] + "' go nowhere ("
                           + std::to_string(rows) + " in one batch); name a sink for it under 'outputs'");
        else
            JF_TRY(push(std::move(item)));
    }
    if (like.watermark_state == JF_WATERMARK_NONE || step + 1 == steps_.size())
        return {};
    Item mark;
    mark.partition = like.partition;
    mark.watermark_state = like.watermark_state;
    mark.watermark_us = like.watermark_us;
    return on_batch(step + 1, std::move(mark));
}

Status StepRunner::push_rejects(One& one)
{
    if (one.rejects.waiting() == 0)
        return {};
    JF_ASSIGN(auto batches, one.rejects.take());
    for (auto& [partition, rows] : batches) {
        Item item;
        item.output = *quarantine_of(attempt_->plan);
        item.partition = partition;
        JF_ASSIGN(item.schema, shared_quarantine_schema());
        item.bytes = bytes_of(**item.schema, *rows);
        item.array = std::move(rows);
        JF_TRY(push(std::move(item)));
    }
    return {};
}

Status StepRunner::on_barrier(Item item)
{
    Barrier& barrier = *item.barrier;
    const bool final = barrier.kind == Barrier::Kind::final;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        std::vector<Emitted> emitted;
        JF_TRY(with_step(i, "", emitted, [&](StepInstance& step, CallFrame& frame, const EmitHandler& emit) {
            return step.barrier(frame, final, emit);
        }));
        JF_TRY(emit(i, std::move(emitted), Item()));
        JF_TRY(push_rejects(steps_[i]));
    }
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        const std::uint32_t scope = steps_[i].plan->description.state_scope;
        std::vector<std::string> owners;
        if (scope == JF_STATE_FLOW)
            owners.emplace_back();
        else if (scope == JF_STATE_PARTITION)
            owners.assign(partitions_.begin(), partitions_.end());
        for (std::string& owner : owners) {
            JF_ASSIGN(std::string bytes, steps_[i].step.snapshot(caller_->call(), owner));
            barrier.states.push_back({std::to_string(i), std::move(owner), std::move(bytes)});
        }
    }
    for (const Handover& handover : barrier.then)
        if (!handover.acquire) {
            forget(handover.partition);
            for (One& one : steps_)
                if (one.plan->description.state_scope == JF_STATE_PARTITION)
                    JF_TRY(one.step.drop(caller_->call(), handover.partition));
        }
    ended_ = barrier.kind != Barrier::Kind::epoch;
    ++sent_;
    return push(std::move(item));
}

Status StepRunner::tell_commits()
{
    if (output_.clock->committed() <= told_)
        return {};
    for (const CommittedEpoch& epoch : output_.clock->committed_since(told_)) {
        const std::string json = "{\"epoch\": " + std::to_string(epoch.number) + ", \"rows\": " + std::to_string(epoch.rows)
            + ", \"final\": " + (epoch.final ? "true}" : "false}");
        for (One& one : steps_)
            JF_TRY(one.step.after_commit(caller_->call(), json));
        told_ = epoch.number;
    }
    return {};
}

/// On a thread of the step: everything that it passed on before is written by the time that the question is answered.
Result<OwnedStream> StepRunner::ask_epoch(std::string_view sql, OwnedStream params)
{
    if (attempt_->plan.sink.record_intent)
        return fail(JF_E_UNSUPPORTED, "this sink gets its rows at the end of the epoch, so the open epoch cannot be asked");
    Item item;
    item.kind = Item::Kind::query;
    item.query = std::make_shared<EpochQuery>();
    item.query->sql = sql;
    item.query->params = std::move(params);
    const auto query = item.query;
    JF_TRY(push(std::move(item)));
    while (!attempt_->failed())
        if (auto answer = query->answer.wait(std::chrono::milliseconds(20)))
            return *std::move(answer);
    return fail(JF_E_CANCELLED, "the attempt ended before the question was answered");
}

} // namespace jackfield::exec

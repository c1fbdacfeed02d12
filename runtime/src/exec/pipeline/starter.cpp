// From a plan to running threads.
#include "exec/pipeline/starter.hpp"

#include <algorithm>

namespace jackfield::exec {

Result<PipelineFactories> find_factories(Attempt& attempt)
{
    const auto find = [&attempt](const ComponentPlan& plan) -> Result<Factory> {
        if (plan.component.use == "memory" && (plan.kind == JF_KIND_SOURCE || plan.kind == JF_KIND_SINK)) {
            attempt.memory.emplace_back(plan.kind, attempt.context.memory);
            return attempt.memory.back().factory();
        }
        if (!attempt.context.factory)
            return fail(JF_E_NOT_FOUND, "there is no component '" + plan.component.use + "'", plan.component.place);
        return attempt.context.factory(plan.kind, plan.component.use);
    };
    PipelineFactories out;
    JF_ASSIGN(out.source, find(attempt.plan.source));
    JF_ASSIGN(out.sink, find(attempt.plan.sink.sink));
    for (const ComponentPlan& step : attempt.plan.steps) {
        JF_ASSIGN(Factory found, find(step));
        out.steps.push_back(found);
    }
    for (const SinkPlan& side : attempt.plan.side_sinks) {
        JF_ASSIGN(Factory found, find(side.sink));
        out.sides.push_back(found);
    }
    for (const ComponentPlan& gate : attempt.plan.gate) {
        JF_ASSIGN(Factory found, find(gate));
        out.gate.push_back(found);
    }
    return out;
}

Starter::Starter(std::shared_ptr<Attempt> attempt, std::shared_ptr<Caller> caller, PipelineFactories factories)
    : attempt_(std::move(attempt)), caller_(std::move(caller)), factories_(std::move(factories))
{
}

bool Starter::dynamic() const { return attempt_->plan.source.description.partitioning == JF_PARTITIONS_DYNAMIC; }

Status Starter::run()
{
    JF_TRY(make_instances());
    JF_TRY(list_partitions());
    JF_TRY(open_groups());
    const bool fresh = attempt_->context.generation.fresh;
    JF_TRY(open_all(fresh));
    JF_TRY(acquire_all());
    const auto found = [](const Made& made) { return made.writer->found_token(); };
    const bool told_by_token = !dynamic() && attempt_->plan.sink.token != TokenPlace::source;
    if (!fresh && told_by_token && std::none_of(groups_.begin(), groups_.end(), found)) {
        // An earlier attempt was killed before its first commit: whatever it left behind goes.
        JF_TRY(open_all(true));
        JF_TRY(acquire_all());
    }
    const bool again = attempt_->plan.source.description.can(JF_INCREMENTAL);
    if (!again && !dynamic() && std::all_of(groups_.begin(), groups_.end(), [](const Made& made) { return made.writer->all_final(); })) {
        attempt_->finished = true; // killed between the final commit and the word of it
        return {};
    }
    attempt_->groups_open = static_cast<std::uint32_t>(groups_.size());
    for (std::size_t lane = 0; lane < lanes_; ++lane)
        JF_TRY(start_lane(lane));
    for (Made& made : groups_)
        attempt_->start(made.caller, [writer = std::move(made.writer)] { writer->run(); });
    return {};
}

template <class InstanceType>
Result<InstanceType> Starter::make(const Factory& factory, const ComponentPlan& plan, std::shared_ptr<QueryRoute> route)
{
    std::shared_ptr<const ConnectionInstance> connection;
    if (const std::string& name = plan.component.on; !name.empty()) {
        const auto known = connections_.find(name);
        if (known != connections_.end()) {
            connection = known->second;
        } else if (!attempt_->context.connection) {
            return fail(JF_E_NOT_FOUND, "there is no connection '" + name + "'", plan.component.place);
        } else {
            JF_ASSIGN(connection, attempt_->context.connection(name, caller_->call()));
            connections_.emplace(name, connection);
        }
    }
    const InstanceOptions options{&plan.component, connection.get(), backend_for(*attempt_, plan.component.place, std::move(route))};
    return InstanceType::make(factory, caller_->call(), options);
}

Status Starter::make_instances()
{
    const PipelinePlan& plan = attempt_->plan;
    JF_ASSIGN(source_, make<SourceInstance>(*factories_.source, plan.source));
    JF_ASSIGN(SinkInstance main, make<SinkInstance>(*factories_.sink, plan.sink.sink));
    sinks_.emplace(PipelineSinks{std::move(main), {}});
    for (std::size_t i = 0; i < factories_.sides.size(); ++i) {
        JF_ASSIGN(SinkInstance side, make<SinkInstance>(factories_.sides[i], plan.side_sinks[i].sink));
        sinks_->sides.push_back(std::move(side));
    }
    for (std::size_t i = 0; i < factories_.gate.size(); ++i) {
        gate_routes_.push_back(std::make_shared<QueryRoute>(attempt_));
        JF_ASSIGN(TaskInstance gate, make<TaskInstance>(factories_.gate[i], plan.gate[i], gate_routes_.back()));
        gates_.push_back(std::move(gate));
    }
    return {};
}

/// Partitions and lanes. Steps with state of all partitions see one lane; so do sinks without it, whose writer is one.
Status Starter::list_partitions()
{
    const PipelinePlan& plan = attempt_->plan;
    const std::uint32_t partitioning = plan.source.description.partitioning;
    if (partitioning == JF_PARTITIONS_NONE)
        names_ = {""};
    if (partitioning == JF_PARTITIONS_STATIC) {
        JF_ASSIGN(names_, source_->partitions(caller_->call()));
    }
    lanes_ = std::max<std::size_t>(plan.lanes, 1);
    if (const std::uint32_t most = plan.source.description.max_lanes; most > 0)
        lanes_ = std::min<std::size_t>(lanes_, most);
    if (!dynamic())
        lanes_ = std::clamp<std::size_t>(names_.size(), 1, lanes_);
    const auto shares_state = [](const ComponentPlan& step) {
        return step.description.state_scope == JF_STATE_FLOW || step.description.can(JF_WHOLE_INPUT);
    };
    if (std::any_of(plan.steps.begin(), plan.steps.end(), shares_state))
        lanes_ = 1;
    return {};
}

Status Starter::open_groups()
{
    std::size_t count = std::clamp<std::size_t>(attempt_->plan.sink.writers, 1, lanes_);
    for (const SinkPlan& side : attempt_->plan.side_sinks) // each writer has side writers of its own
        count = std::min<std::size_t>(count, std::max<std::uint32_t>(side.writers, 1));
    for (std::size_t i = 0; i < count; ++i) {
        auto caller = std::make_shared<Caller>(attempt_->cancellation, attempt_->context, "sink '" + attempt_->plan.sink.sink.component.use + "'");
        const std::size_t lanes = lanes_ / count + (i < lanes_ % count ? 1 : 0);
        attempt_->watch_too(*caller_, caller);
        auto writer = std::make_shared<GroupWriter>(attempt_, caller, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(count), lanes);
        if (i == 0 && !gates_.empty())
            set_gate(*writer, caller);
        groups_.push_back({std::move(writer), std::move(caller)});
    }
    return {};
}

Status Starter::open_all(bool fresh)
{
    for (std::size_t i = 0; i < groups_.size(); ++i)
        JF_TRY(groups_[i].writer->open(*sinks_, fresh && i == 0));
    return {};
}

Status Starter::acquire_all()
{
    assigned_.assign(lanes_, {});
    for (Made& made : groups_)
        made.writer->forget_partitions();
    for (std::size_t i = 0; i < names_.size(); ++i) {
        const std::size_t lane = i % lanes_;
        JF_ASSIGN(StartPoint start, groups_[lane % groups_.size()].writer->acquire(lane / groups_.size(), names_[i]));
        assigned_[lane].push_back({names_[i], std::move(start)});
    }
    return {};
}

/// The gates run on the writer's thread just before the final commit; what they ask goes straight to the open epoch.
void Starter::set_gate(GroupWriter& writer, const std::shared_ptr<Caller>& caller)
{
    writer.gate = [attempt = attempt_, own = caller, gates = gates_, routes = gate_routes_](GroupWriter& self) -> Status {
        for (std::size_t i = 0; i < gates.size(); ++i) {
            routes[i]->open([&self](std::string_view sql, OwnedStream params) -> Result<OwnedStream> {
                JF_ASSIGN(QueryStream stream, self.query(sql, std::move(params)));
                return std::move(stream).release();
            });
            auto done = gates[i].run(own->call(), attempt->scope(), 1);
            routes[i]->open({});
            if (!done)
                return std::move(done).error();
        }
        return {};
    };
}

LaneOutput Starter::output_of(std::size_t lane) const
{
    const GroupWriter& writer = *groups_[lane % groups_.size()].writer;
    return {writer.channel, writer.clock, lane / groups_.size()};
}

Result<std::shared_ptr<StepRunner>> Starter::make_steps(const LaneOutput& output)
{
    const PipelinePlan& plan = attempt_->plan;
    std::vector<TaskInstance> tasks;
    std::vector<std::shared_ptr<QueryRoute>> routes;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        routes.push_back(std::make_shared<QueryRoute>(attempt_));
        JF_ASSIGN(TaskInstance task, make<TaskInstance>(factories_.steps[i], plan.steps[i], routes.back()));
        tasks.push_back(std::move(task));
    }
    auto caller = std::make_shared<Caller>(attempt_->cancellation, attempt_->context, "step '" + plan.steps.front().component.use + "'");
    attempt_->watch_too(*caller_, caller);
    auto runner = std::make_shared<StepRunner>(attempt_, std::move(caller), output, std::move(tasks), std::move(routes));
    JF_TRY(runner->open());
    return runner;
}

Status Starter::start_lane(std::size_t lane)
{
    const LaneOutput output = output_of(lane);
    std::shared_ptr<Channel> into;
    std::shared_ptr<StepRunner> steps;
    if (!attempt_->plan.steps.empty()) {
        JF_ASSIGN(steps, make_steps(output));
        into = steps->input;
    }
    auto caller = std::make_shared<Caller>(attempt_->cancellation, attempt_->context, "source '" + attempt_->plan.source.component.use + "'");
    auto reader = std::make_shared<Lane>(attempt_, caller, *source_, output, into, std::move(assigned_[lane]));
    if (steps) {
        const auto steps_caller = steps->caller();
        attempt_->start(steps_caller, [steps = std::move(steps)] { steps->run(); });
    }
    attempt_->start(std::move(caller), [reader = std::move(reader)] { reader->run(); });
    return {};
}

} // namespace jackfield::exec

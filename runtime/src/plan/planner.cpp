// The planner: components, epochs, lanes, guarantees.
#include "plan/planner.hpp"

#include "flow/words.hpp"
#include "plan/delivery.hpp"
#include "plan/digest.hpp"

#include <jackfield/abi/task.h>

#include <algorithm>
#include <optional>
#include <thread>

namespace jackfield {

namespace {

constexpr std::int64_t describe_time_ns = 10'000'000'000; // describe() does no input or output

/// A task that says neither step nor action is what its table has.
std::uint64_t faces_of(const jf_task* table)
{
    return (JF_HAS_FN(jf_task, table, open) ? JF_IS_STEP : 0) | (JF_HAS_FN(jf_task, table, run) ? JF_IS_ACTION : 0);
}

/// The smaller of two bounds where 0 is none.
std::uint32_t bound(std::uint32_t a, std::uint32_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

} // namespace

const Connection* Planner::connection(const Component& component, const ComponentInfo& info)
{
    if (component.on.empty()) {
        if (!info.connection.empty() && !info.connection_optional)
            fault(component.place, in_quotes(component.use) + " needs a connection: add \"on\" with the name of one that uses " + in_quotes(info.connection));
        return nullptr;
    }
    if (info.connection.empty()) {
        fault(component.place + ".on", in_quotes(component.use) + " uses no connection; take \"on\" away");
        return nullptr;
    }
    const Connection* found = flow_.connection(component.on);
    if (!found)
        fault(component.place + ".on", "no connection " + in_quotes(component.on) + "; write it under \"connections\"");
    else if (found->component.use != info.connection) {
        fault(component.place + ".on", in_quotes(component.use) + " wants a connection that uses " + in_quotes(info.connection) + ", but " +
                                           in_quotes(component.on) + " uses " + in_quotes(found->component.use));
        return nullptr;
    }
    return found;
}

void Planner::describe(const Connection& connection, const Factory& factory)
{
    if (!described_.insert(connection.name).second || !connection.component.deferred.empty())
        return;
    const ConfigView config(connection.component);
    frame_.set_deadline_in(describe_time_ns);
    if (const auto description = factory.describe(frame_, config, nullptr); !description)
        fault(Error(description.error()).at(connection.component.place).where, description.error().message);
}

void Planner::describe(ComponentPlan& plan, const Factory& factory, const Connection* connection)
{
    std::optional<ConfigView> connection_config;
    if (connection)
        connection_config.emplace(connection->component);
    const ConfigView config(plan.component);
    frame_.set_deadline_in(describe_time_ns);
    auto description = factory.describe(frame_, config, connection_config ? &*connection_config : nullptr);
    const bool later = !plan.component.deferred.empty() || (connection && !connection->component.deferred.empty());
    plan.described = !later && description.has_value();
    if (description)
        plan.description = *std::move(description);
    else if (!later) // with references in its options a component may well not know what it can do
        fault(Error(description.error()).at(plan.component.place).where, description.error().message);
    if (plan.kind == JF_KIND_TASK && !plan.description.can(JF_IS_STEP) && !plan.description.can(JF_IS_ACTION))
        plan.description.capabilities |= faces_of(static_cast<const jf_task*>(factory.table()->table));
}

ComponentPlan Planner::component(const Component& component, std::string_view kind)
{
    ComponentPlan out{component, std::string(kind), {}, false};
    auto factory = catalog_.factory_of(kind, component.use);
    if (!factory) {
        fault(component.place + ".use", factory.error().message);
        return out;
    }
    const std::size_t before = faults_.size();
    const Connection* on = connection(component, *catalog_.find(kind, component.use).component);
    if (faults_.size() != before)
        return out;
    if (on) {
        auto other = catalog_.factory(ComponentKind::connection, on->component.use);
        if (!other || !factory->takes_connection(*other)) {
            fault(component.place + ".on", other ? in_quotes(component.use) + " and " + in_quotes(on->component.use) + " come from different plugins" : other.error().message);
            return out;
        }
        describe(*on, *other);
    }
    describe(out, *factory, on);
    return out;
}

void Planner::check_face(const ComponentPlan& plan, std::uint64_t face)
{
    if (!plan.described || plan.description.can(face))
        return;
    fault(plan.component.place + ".use", face == JF_IS_STEP ? in_quotes(plan.component.use) + " is a task of its own, not a step; make it a task with \"after\""
                                                            : in_quotes(plan.component.use) + " is a step; write it into \"steps\" of a pipeline");
}

SinkPlan Planner::sink(const PipelinePlan& plan, ComponentPlan component, std::string name) const
{
    SinkPlan out;
    DeliveryPlan delivery = plan_delivery(plan.source, plan.steps, component, !name.empty());
    const bool known = plan.source.described && component.described &&
                       std::all_of(plan.steps.begin(), plan.steps.end(), [](const ComponentPlan& step) { return step.described; });
    out.sink = std::move(component);
    out.name = std::move(name);
    out.token = delivery.token;
    out.guarantee = delivery.guarantee;
    out.reason = known ? std::move(delivery.reason) : "known when the task starts: its options refer to earlier tasks or items";
    out.record_intent = delivery.record_intent;
    return out;
}

void Planner::plan_sides(const Task& task, PipelinePlan& plan, TaskPlan& out)
{
    const Pipeline& pipeline = task.pipeline;
    std::vector<std::string> outputs;
    for (const ComponentPlan& step : plan.steps)
        outputs.insert(outputs.end(), step.description.outputs.begin(), step.description.outputs.end());
    const bool known = std::all_of(plan.steps.begin(), plan.steps.end(), [](const ComponentPlan& step) { return step.described; });
    if (pipeline.quarantine)
        plan.side_sinks.push_back(sink(plan, component(*pipeline.quarantine, JF_KIND_SINK), "quarantine"));
    for (const auto& [name, to] : pipeline.outputs) {
        if (known && std::find(outputs.begin(), outputs.end(), name) == outputs.end())
            fault(to.place, outputs.empty() ? "no step of this task has an output but the main one; take this away"
                                            : "no step has an output " + in_quotes(name) + "; outputs: " + listed(outputs));
        plan.side_sinks.push_back(sink(plan, component(to, JF_KIND_SINK), name));
    }
    for (const std::string& name : outputs)
        if (!pipeline.outputs.contains(name))
            out.warnings.push_back("output " + in_quotes(name) + " has no sink; name one under \"outputs\" to have its rows apart");
}

void Planner::plan_epochs(const Task& task, PipelinePlan& plan, TaskPlan& out)
{
    for (const ComponentPlan& step : plan.steps)
        if (step.description.can(JF_WHOLE_INPUT) && plan.one_epoch_reason.empty())
            plan.one_epoch_reason = step.component.use + " looks at the whole input";
    if (plan.one_epoch_reason.empty() && plan.sink.sink.description.can(JF_WHOLE_INPUT))
        plan.one_epoch_reason = plan.sink.sink.component.use + " writes the whole input at once";
    if (plan.one_epoch_reason.empty() && !plan.gate.empty())
        plan.one_epoch_reason = "the gate looks at all rows before they are committed";
    plan.one_epoch = !plan.one_epoch_reason.empty();
    if (!plan.one_epoch)
        return;
    if (plan.source.described && !plan.source.description.can(JF_BOUNDED))
        fault(plan.source.component.place, plan.one_epoch_reason + ", but " + in_quotes(plan.source.component.use) + " never ends; bound it, or judge rows one by one");
    if (!plan.gate.empty() && plan.sink.sink.described && !plan.sink.sink.description.can(JF_CAN_QUERY_EPOCH))
        fault("tasks." + task.name + ".gate", "the gate looks at rows that are not committed yet, which " + in_quotes(plan.sink.sink.component.use) +
                                                  " cannot show; make it a task of its own with \"after\", or use checks as a step");
    if (plan.limits.epoch_rows || plan.limits.epoch_bytes || plan.limits.epoch_interval)
        out.warnings.push_back("the limits of an epoch are not used: " + plan.one_epoch_reason);
}

void Planner::plan_lanes(const Task& task, PipelinePlan& plan)
{
    const Description& from = plan.source.description;
    const ComponentPlan* shared = nullptr;
    std::uint32_t most = from.max_lanes;
    for (const ComponentPlan& step : plan.steps) {
        most = bound(most, step.description.max_lanes);
        if (step.description.state_scope == JF_STATE_FLOW && !shared)
            shared = &step;
    }
    const std::uint32_t asked = plan.limits.lanes.value_or(0);
    if (asked > 1 && shared)
        fault("tasks." + task.name + ".limits.lanes", in_quotes(shared->component.use) + " keeps one state for all rows and cannot work in " +
                                                          std::to_string(asked) + " lanes; write 1, or take \"lanes\" away");
    if (from.partitioning == JF_PARTITIONS_NONE || shared)
        return;
    const std::uint32_t usual = options_.lanes ? options_.lanes : std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
    plan.lanes = std::max(1u, bound(asked ? asked : usual, most));
    if (plan.sink.sink.description.can(JF_CAN_SHARE))
        plan.sink.writers = std::max(1u, bound(plan.lanes, plan.sink.sink.description.max_lanes));
}

void Planner::check_delivery(const Task& task, const PipelinePlan& plan)
{
    const Delivery wanted = task.pipeline.delivery;
    if (wanted == Delivery::as_planned || !plan.source.described)
        return;
    const Guarantee least = wanted == Delivery::exactly_once ? Guarantee::effectively_once : Guarantee::at_least_once;
    const auto check = [&](const SinkPlan& sink) {
        if (!sink.sink.described || sink.guarantee >= least)
            return;
        fault("tasks." + task.name + ".delivery", "'" + std::string(wanted == Delivery::exactly_once ? "exactly once" : "at least once") + "' cannot be had" +
                                                      (sink.name.empty() ? "" : " for " + in_quotes(sink.name)) + ", only '" + std::string(name_of(sink.guarantee)) +
                                                      "': " + sink.reason + "; use other components, or take \"delivery\" away");
    };
    check(plan.sink);
    for (const SinkPlan& side : plan.side_sinks)
        check(side);
}

std::string Planner::digest(const PipelinePlan& plan) const
{
    const Component& source = plan.source.component;
    std::string text = source.use + "\n";
    if (!plan.source.description.digest_of.empty())
        return sha256(text + plan.source.description.digest_of);
    if (const Connection* on = source.on.empty() ? nullptr : flow_.connection(source.on))
        text += canonical_json(on->component.configuration) + "\n";
    return sha256(text + canonical_json(source.configuration));
}

PipelinePlan Planner::pipeline(const Task& task, TaskPlan& out)
{
    const Pipeline& pipeline = task.pipeline;
    PipelinePlan plan;
    plan.limits = pipeline.limits;
    plan.source = component(pipeline.source, JF_KIND_SOURCE);
    for (const Component& step : pipeline.steps) {
        ComponentPlan made = component(step, JF_KIND_TASK);
        const bool asks = pipeline.gate_in_steps && made.described && !made.description.can(JF_IS_STEP) && made.description.can(JF_IS_ACTION);
        if (!asks)
            check_face(made, JF_IS_STEP);
        (asks ? plan.gate : plan.steps).push_back(std::move(made));
    }
    if (pipeline.gate_in_steps && plan.gate.empty() && !task.deferred)
        fault("tasks." + task.name + ".gate", "there is nothing to ask before the commit: no step is an action; add to \"steps\" one that looks at a "
                                              "table, such as {\"use\": \"checks\", \"table\": …, \"unique\": […]}");
    plan.sink = sink(plan, component(pipeline.sink, JF_KIND_SINK), "");
    plan_sides(task, plan, out);
    for (const Component& gate : pipeline.gate) {
        plan.gate.push_back(component(gate, JF_KIND_TASK));
        check_face(plan.gate.back(), JF_IS_ACTION);
    }
    plan_epochs(task, plan, out);
    plan_lanes(task, plan);
    const Description& from = plan.source.description;
    plan.can_continue = plan.sink.token != TokenPlace::nowhere && (from.can(JF_CAN_REPLAY) || from.can(JF_INCREMENTAL));
    plan.digest = digest(plan);
    check_delivery(task, plan);
    return plan;
}

TaskPlan Planner::task(const Task& task)
{
    TaskPlan out;
    out.name = task.name;
    out.kind = task.kind;
    switch (task.kind) {
    case TaskKind::pipeline: out.pipeline = pipeline(task, out); break;
    case TaskKind::action:
        out.action = component(task.action, JF_KIND_TASK);
        check_face(*out.action, JF_IS_ACTION);
        out.repeatable = out.action->description.can(JF_IDEMPOTENT);
        break;
    case TaskKind::chart: out.charts.push_back(component(task.chart.component, JF_KIND_CHART)); break;
    case TaskKind::page:
        for (const Chart& chart : task.page.charts)
            out.charts.push_back(component(chart.component, JF_KIND_CHART));
        break;
    case TaskKind::flow: break; // planned when it starts, as a flow of its own
    }
    return out;
}

void Planner::hooks(const Hooks& hooks)
{
    for (const auto* list : {&hooks.success, &hooks.failure, &hooks.late})
        for (const Component& hook : *list)
            check_face(component(hook, JF_KIND_TASK), JF_IS_ACTION);
}

} // namespace jackfield

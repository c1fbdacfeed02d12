// The plan of a flow or of one task.
#include "plan/plan.hpp"

#include "plan/planner.hpp"

#include <algorithm>
#include <cmath>

namespace jackfield {

std::string_view name_of(TokenPlace place) noexcept
{
    switch (place) {
    case TokenPlace::sink: return "sink";
    case TokenPlace::state_store: return "state store";
    case TokenPlace::source: return "source";
    case TokenPlace::nowhere: return "nowhere";
    }
    return {};
}

std::string_view name_of(Guarantee guarantee) noexcept
{
    switch (guarantee) {
    case Guarantee::at_most_once: return "at most once";
    case Guarantee::at_least_once: return "at least once";
    case Guarantee::effectively_once: return "effectively once";
    case Guarantee::exactly_once: return "exactly once";
    }
    return {};
}

Guarantee PipelinePlan::guarantee() const
{
    Guarantee weakest = sink.guarantee;
    for (const SinkPlan& side : side_sinks)
        weakest = std::min(weakest, side.guarantee);
    return weakest;
}

const TaskPlan* FlowPlan::task(std::string_view name) const
{
    const auto found = std::find_if(tasks.begin(), tasks.end(), [name](const TaskPlan& task) { return task.name == name; });
    return found == tasks.end() ? nullptr : &*found;
}

Error Planning::error() const
{
    std::string text = format_faults(faults);
    if (!text.empty() && text.back() == '\n')
        text.pop_back();
    return fail(JF_E_CONFIG, std::move(text));
}

Planning plan_flow(const Flow& flow, Catalog& catalog, const PlanOptions& options)
{
    Planner planner(flow, catalog, options);
    FlowPlan plan;
    for (const Task& task : flow.tasks)
        plan.tasks.push_back(planner.task(task));
    planner.hooks(flow.hooks);
    Planning out;
    if (planner.faults().empty()) {
        plan.flow = flow;
        out.plan = std::move(plan);
    } else {
        out.faults = std::move(planner.faults());
        sort_faults(out.faults);
    }
    return out;
}

Result<TaskPlan> plan_task(const Flow& flow, const Task& task, Catalog& catalog, const PlanOptions& options)
{
    Planner planner(flow, catalog, options);
    TaskPlan out = planner.task(task);
    if (planner.faults().empty())
        return out;
    if (planner.faults().size() == 1)
        return fail(JF_E_CONFIG, planner.faults()[0].message, planner.faults()[0].path);
    Planning several;
    several.faults = std::move(planner.faults());
    sort_faults(several.faults);
    return several.error();
}

std::vector<Duration> retry_delays(const Retry& retry)
{
    std::vector<Duration> out;
    double delay = static_cast<double>(retry.delay.count());
    const auto most = static_cast<double>(retry.max_delay.count());
    for (std::uint32_t i = 0; i < retry.retries; ++i) {
        out.emplace_back(std::llround(std::min(delay, most)));
        delay = std::min(delay * retry.factor, most);
    }
    return out;
}

} // namespace jackfield

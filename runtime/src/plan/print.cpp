// The plan as text for people, and as JSON.
#include "plan/plan.hpp"

#include "load/call_frame.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace jackfield {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_list = 8;

std::string use_of(const ComponentPlan& plan)
{
    return plan.component.use + (plan.component.on.empty() ? "" : " on " + plan.component.on);
}

/// "files.csv: reads data/*.csv", or the bare name.
std::string told(const ComponentPlan& plan)
{
    return plan.description.sentence.empty() ? use_of(plan) : use_of(plan) + ": " + plan.description.sentence;
}

std::string retry_line(const Task& task)
{
    const std::vector<Duration> delays = retry_delays(task.retry);
    std::string out;
    if (!delays.empty()) {
        out = std::to_string(delays.size()) + (delays.size() == 1 ? " retry after" : " retries after");
        for (std::size_t i = 0; i < std::min(delays.size(), longest_list); ++i)
            out += " " + format_duration(delays[i]);
        out += delays.size() > longest_list ? " …" : "";
        out += task.retry.jitter == Jitter::none ? "" : " (± jitter)";
        for (std::size_t i = 0; i < task.retry.on.size(); ++i)
            out += (i == 0 ? ", only for '" : ", '") + std::string(error_class_name(task.retry.on[i])) + "'";
    }
    if (task.attempt_timeout)
        out += (out.empty() ? "" : "; ") + std::string("an attempt may take ") + format_duration(*task.attempt_timeout);
    if (task.timeout)
        out += (out.empty() ? "" : "; ") + std::string("gives up after ") + format_duration(*task.timeout);
    return out.empty() ? out : "if it fails: " + out;
}

void pipeline_lines(const PipelinePlan& plan, std::vector<std::string>& out)
{
    std::string way = plan.source.component.use;
    for (const ComponentPlan& step : plan.steps)
        way += " → " + step.component.use;
    out.push_back(way + " → " + plan.sink.sink.component.use);
    out.push_back("from " + told(plan.source));
    for (const ComponentPlan& step : plan.steps)
        if (!step.description.sentence.empty())
            out.push_back("step " + told(step));
    out.push_back("to " + told(plan.sink.sink));
    out.push_back(std::string(name_of(plan.sink.guarantee)) + ": " + plan.sink.reason);
    for (const SinkPlan& side : plan.side_sinks) {
        const std::string rows = side.name == "quarantine" ? "rejected rows to " : "output '" + side.name + "' to ";
        out.push_back(rows + told(side.sink));
        out.push_back("  " + std::string(name_of(side.guarantee)) + ": " + side.reason);
    }
    if (plan.lanes > 1)
        out.push_back("up to " + std::to_string(plan.lanes) + " partitions at once, " + std::to_string(plan.sink.writers) + (plan.sink.writers == 1 ? " writer" : " writers"));
    if (plan.one_epoch)
        out.push_back("all rows are committed at once: " + plan.one_epoch_reason);
    for (const ComponentPlan& gate : plan.gate)
        out.push_back("gate " + told(gate));
}

std::string task_text(const Task& task, const TaskPlan& plan, std::size_t width)
{
    std::vector<std::string> lines;
    if (plan.pipeline)
        pipeline_lines(*plan.pipeline, lines);
    if (plan.action)
        lines.push_back(told(*plan.action));
    if (plan.kind == TaskKind::chart && !plan.charts.empty())
        lines.push_back("chart " + told(plan.charts[0]) + (task.chart.out.empty() ? "" : " → " + task.chart.out));
    if (plan.kind == TaskKind::page)
        lines.push_back("page of " + std::to_string(plan.charts.size()) + (plan.charts.size() == 1 ? " chart" : " charts") + " → " + task.page.out);
    if (plan.kind == TaskKind::flow)
        lines.push_back("flow " + task.sub_flow.file);
    std::string after;
    for (const std::string& name : task.after)
        after += (after.empty() ? "after " : ", ") + name;
    if (task.after.size() > 1)
        lines.push_back(after);
    if (task.when)
        lines.push_back("only when " + task.when->text());
    if (task.for_each)
        lines.push_back("once for each item" + (task.for_each->max_parallel ? ", " + std::to_string(task.for_each->max_parallel) + " at once" : std::string()));
    if (const std::string retries = retry_line(task); !retries.empty())
        lines.push_back(retries);
    for (const std::string& warning : plan.warnings)
        lines.push_back("note: " + warning);
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i)
        out += (i == 0 ? task.name + std::string(width - std::min(width, task.name.size()), ' ') : std::string(width, ' ')) + lines[i] + "\n";
    return out;
}

json::object component_json(const ComponentPlan& plan)
{
    json::object out{{"use", plan.component.use}, {"place", plan.component.place}, {"sentence", plan.description.sentence}, {"known", plan.described}};
    if (!plan.component.on.empty())
        out["on"] = plan.component.on;
    return out;
}

json::object sink_json(const SinkPlan& plan)
{
    json::object out = component_json(plan.sink);
    if (!plan.name.empty())
        out["name"] = plan.name;
    out["guarantee"] = name_of(plan.guarantee);
    out["reason"] = plan.reason;
    out["token"] = name_of(plan.token);
    out["record_intent"] = plan.record_intent;
    out["writers"] = plan.writers;
    return out;
}

template <class List, class Convert>
json::array list_json(const List& list, Convert convert)
{
    json::array out;
    for (const auto& item : list)
        out.emplace_back(convert(item));
    return out;
}

json::object pipeline_json(const PipelinePlan& plan)
{
    return {{"source", component_json(plan.source)}, {"steps", list_json(plan.steps, component_json)}, {"sink", sink_json(plan.sink)},
            {"side_sinks", list_json(plan.side_sinks, sink_json)}, {"gate", list_json(plan.gate, component_json)},
            {"guarantee", name_of(plan.guarantee())}, {"lanes", plan.lanes}, {"one_epoch", plan.one_epoch},
            {"one_epoch_reason", plan.one_epoch_reason}, {"can_continue", plan.can_continue}, {"digest", plan.digest}};
}

std::string_view kind_name(TaskKind kind)
{
    switch (kind) {
    case TaskKind::pipeline: return "pipeline";
    case TaskKind::action: return "action";
    case TaskKind::chart: return "chart";
    case TaskKind::page: return "page";
    case TaskKind::flow: return "flow";
    }
    return {};
}

} // namespace

std::string print(const FlowPlan& plan)
{
    std::size_t width = 0;
    for (const Task& task : plan.flow.tasks)
        width = std::max(width, task.name.size());
    width = std::min<std::size_t>(width, 20) + 2;
    std::string out = print_graph(plan.flow);
    for (const TaskPlan& task : plan.tasks)
        if (const Task* written = plan.flow.task(task.name))
            out += "\n" + task_text(*written, task, std::max(width, task.name.size() + 2));
    for (const std::string& warning : plan.warnings)
        out += "\nnote: " + warning + "\n";
    return out;
}

json::object to_json(const FlowPlan& plan)
{
    json::array tasks;
    for (const TaskPlan& task : plan.tasks) {
        json::object out{{"name", task.name}, {"kind", kind_name(task.kind)}, {"warnings", list_json(task.warnings, [](const std::string& text) { return json::string(text); })}};
        if (const Task* written = plan.flow.task(task.name)) {
            out["after"] = list_json(written->after, [](const std::string& text) { return json::string(text); });
            out["retry_delays"] = list_json(retry_delays(written->retry), [](Duration delay) { return json::string(format_duration(delay)); });
        }
        if (task.pipeline)
            out["pipeline"] = pipeline_json(*task.pipeline);
        if (task.action)
            out["action"] = component_json(*task.action);
        if (!task.charts.empty())
            out["charts"] = list_json(task.charts, component_json);
        out["repeatable"] = task.repeatable;
        tasks.push_back(std::move(out));
    }
    return {{"flow", plan.flow.name}, {"tasks", std::move(tasks)}};
}

} // namespace jackfield

// Flow::to_json: the canonical form, for digests, for machines, and for tests.
#include "parameters.hpp"
#include "reader.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace jackfield {

namespace json = boost::json;

namespace {

json::value sorted(const json::value& value)
{
    if (const auto* list = value.if_array()) {
        json::array out;
        for (const auto& one : *list)
            out.push_back(sorted(one));
        return out;
    }
    const auto* object = value.if_object();
    if (object == nullptr)
        return value;
    std::vector<json::string_view> names;
    for (const auto& entry : *object)
        names.push_back(entry.key());
    std::sort(names.begin(), names.end());
    json::object out;
    for (const auto name : names)
        out[name] = sorted(object->at(name));
    return out;
}

json::value to_json(const Component& component)
{
    json::object out{{"use", component.use}, {"options", component.configuration}};
    if (!component.on.empty())
        out["on"] = component.on;
    if (!component.secrets.empty())
        out["secrets"] = json::object();
    for (const auto& secret : component.secrets)
        out["secrets"].get_object()[secret.pointer] = secret.reference;
    if (!component.deferred.empty())
        out["deferred"] = json::array(component.deferred.begin(), component.deferred.end());
    return out;
}

json::value to_json(const Chart& chart);

template <class List>
json::value to_json_list(const List& list)
{
    json::array out;
    for (const auto& one : list)
        out.push_back(to_json(one));
    return out;
}

json::value to_json(const Chart& chart)
{
    json::object data;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty())
            data[name] = value;
    };
    add("on", chart.data.on);
    add("query", chart.data.query);
    add("table", chart.data.table);
    add("file", chart.data.file);
    if (!chart.data.parameters.empty())
        data["parameters"] = chart.data.parameters;
    if (chart.data.source)
        data["source"] = to_json(*chart.data.source);
    json::object out{{"chart", to_json(chart.component)}, {"data", std::move(data)}};
    if (!chart.out.empty())
        out["out"] = chart.out;
    return out;
}

json::value to_json(const Retry& retry)
{
    constexpr const char* jitters[] = {"none", "full", "equal", "plus_minus"};
    json::object out{{"retries", retry.retries},
                     {"delay", format_duration(retry.delay)},
                     {"factor", retry.factor},
                     {"max_delay", format_duration(retry.max_delay)},
                     {"jitter", jitters[static_cast<std::size_t>(retry.jitter)]},
                     {"on", json::array(retry.on.begin(), retry.on.end())}};
    if (retry.jitter == Jitter::plus_minus)
        out["spread"] = retry.spread;
    return out;
}

json::value to_json(const Pipeline& pipeline)
{
    constexpr const char* deliveries[] = {"as_planned", "at_least_once", "exactly_once"};
    json::object out{{"source", to_json(pipeline.source)},
                     {"steps", to_json_list(pipeline.steps)},
                     {"sink", to_json(pipeline.sink)},
                     {"delivery", deliveries[static_cast<std::size_t>(pipeline.delivery)]}};
    if (pipeline.quarantine)
        out["quarantine"] = to_json(*pipeline.quarantine);
    for (const auto& [name, sink] : pipeline.outputs) {
        if (!out.contains("outputs"))
            out["outputs"] = json::object();
        out["outputs"].get_object()[name] = to_json(sink);
    }
    if (!pipeline.gate.empty())
        out["gate"] = to_json_list(pipeline.gate);
    if (pipeline.gate_in_steps)
        out["gate"] = "transactional";
    json::object limits;
    const auto& given = pipeline.limits;
    if (given.epoch_rows)
        limits["epoch_rows"] = *given.epoch_rows;
    if (given.epoch_bytes)
        limits["epoch_bytes"] = *given.epoch_bytes;
    if (given.epoch_interval)
        limits["epoch_interval"] = format_duration(*given.epoch_interval);
    if (given.queue)
        limits["queue"] = *given.queue;
    if (given.lanes)
        limits["lanes"] = *given.lanes;
    if (!limits.empty())
        out["limits"] = std::move(limits);
    return out;
}

void add_kind(json::object& out, const Task& task)
{
    switch (task.kind) {
    case TaskKind::pipeline: out["pipeline"] = to_json(task.pipeline); break;
    case TaskKind::action: out["action"] = to_json(task.action); break;
    case TaskKind::chart: out["chart"] = to_json(task.chart); break;
    case TaskKind::page:
        out["page"] = json::object{{"title", task.page.title}, {"out", task.page.out}, {"charts", to_json_list(task.page.charts)}};
        break;
    case TaskKind::flow:
        out["flow"] = json::object{{"file", task.sub_flow.file}, {"parameters", task.sub_flow.parameters}};
        break;
    }
}

json::value to_json(const Task& task)
{
    constexpr const char* triggers[] = {"all_success", "all_done", "none_failed", "one_success", "one_failed", "always"};
    json::object out{{"after", json::array(task.after.begin(), task.after.end())},
                     {"trigger", triggers[static_cast<std::size_t>(task.trigger)]},
                     {"retry", to_json(task.retry)},
                     {"deferred", task.deferred}};
    add_kind(out, task);
    if (task.when)
        out["when"] = task.when->text();
    if (task.for_each)
        out["for_each"] = json::object{{"in", task.for_each->items},
                                       {"max_parallel", task.for_each->max_parallel},
                                       {"fail", task.for_each->fail_fast ? "fast" : "collect"}};
    if (!task.slots.empty())
        out["slots"] = json::array(task.slots.begin(), task.slots.end());
    if (task.timeout)
        out["timeout"] = format_duration(*task.timeout);
    if (task.attempt_timeout)
        out["attempt_timeout"] = format_duration(*task.attempt_timeout);
    return out;
}

json::value to_json(const Parameter& parameter)
{
    json::object out{{"type", json::string(name_of(parameter.type))}};
    if (parameter.default_value)
        out["default"] = *parameter.default_value;
    if (!parameter.choices.empty())
        out["choices"] = json::array(parameter.choices.begin(), parameter.choices.end());
    return out;
}

} // namespace

json::value Flow::to_json() const
{
    json::object all_parameters;
    for (const auto& parameter : parameters)
        all_parameters[parameter.name] = jackfield::to_json(parameter);
    json::object all_connections;
    for (const auto& one : connections)
        all_connections[one.name] = jackfield::to_json(one.component);
    json::object all_tasks;
    for (const auto& one : tasks)
        all_tasks[one.name] = jackfield::to_json(one);
    json::object out{{"flow", name},
                     {"parameters", std::move(all_parameters)},
                     {"connections", std::move(all_connections)},
                     {"tasks", std::move(all_tasks)},
                     {"hooks", json::object{{"success", to_json_list(hooks.success)},
                                            {"failure", to_json_list(hooks.failure)},
                                            {"late", to_json_list(hooks.late)}}},
                     {"outputs", outputs},
                     {"values", values}};
    if (timeout)
        out["timeout"] = format_duration(*timeout);
    if (max_parallel)
        out["max_parallel"] = *max_parallel;
    if (!slots.empty()) {
        json::object all_slots;
        for (const auto& [key, count] : slots)
            all_slots[key] = count;
        out["slots"] = std::move(all_slots);
    }
    if (schedule)
        out["schedule"] = *schedule;
    return sorted(out);
}

} // namespace jackfield

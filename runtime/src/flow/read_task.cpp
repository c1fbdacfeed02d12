// One task of a flow.
#include "flow/json_view.hpp"
#include "reader.hpp"
#include "units.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <limits>

namespace jackfield {

namespace json = boost::json;

namespace {

constexpr std::int64_t any_count = std::numeric_limits<std::uint32_t>::max();

/// Error classes by the names that flows use.
constexpr std::pair<std::string_view, jf_status> error_classes[] = {
    {"unavailable", JF_E_UNAVAILABLE}, {"timeout", JF_E_TIMEOUT},     {"exhausted", JF_E_EXHAUSTED},
    {"failed", JF_E_FAILED},           {"data", JF_E_DATA},           {"not_found", JF_E_NOT_FOUND},
    {"denied", JF_E_DENIED},           {"unauthenticated", JF_E_UNAUTHENTICATED}};

/// Classes that are worth another try.
std::vector<jf_status> read_classes(Members& retry)
{
    std::vector<jf_status> out;
    std::vector<std::string> names;
    for (const auto& [name, status] : error_classes)
        names.emplace_back(name);
    for (const auto& [spot, value] : retry.list("on")) {
        const auto wanted = value->is_string() ? view(value->get_string()) : std::string_view();
        const auto* found = std::find_if(std::begin(error_classes), std::end(error_classes),
                                         [&](const auto& known) { return known.first == wanted; });
        if (found == std::end(error_classes))
            spot.fault(retry.context(), "expected one of: " + listed(names) + "; got " + shown(*value));
        else
            out.push_back(found->second);
    }
    return out;
}

Retry read_retry(Members& task)
{
    Retry out;
    out.on = {JF_E_UNAVAILABLE, JF_E_EXHAUSTED, JF_E_TIMEOUT};
    const auto* value = task.take("retry");
    if (value == nullptr)
        return out;
    Members members(task.context(), task.at("retry"), *value);
    out.retries = static_cast<std::uint32_t>(members.whole("retries", 0, 1'000'000).value_or(0));
    if (!members.has("retries") && value->is_object())
        members.at("retries").fault(task.context(), "is missing; expected a whole number: tries after the first one");
    out.delay = members.duration("delay", true).value_or(out.delay);
    out.factor = members.number("factor", 1, 1000).value_or(out.factor);
    out.max_delay = members.duration("max_delay", true).value_or(std::max(out.max_delay, out.delay));
    if (members.has("max_delay") && out.max_delay < out.delay)
        members.at("max_delay").fault(task.context(), "must be at least the delay, " + format_duration(out.delay));
    out.jitter = static_cast<Jitter>(members.choice("jitter", {"none", "full", "equal", "plus_minus"}).value_or(1));
    out.spread = members.number("spread", 0, 1).value_or(out.spread);
    if (members.has("spread") && out.jitter != Jitter::plus_minus)
        members.at("spread").fault(task.context(), "goes with \"jitter\": \"plus_minus\" alone", JsonText::Part::key);
    if (members.take("on") != nullptr)
        out.on = read_classes(members);
    members.finish();
    return out;
}

std::optional<ForEach> read_for_each(Members& task)
{
    const auto* value = task.take("for_each");
    if (value == nullptr)
        return {};
    ForEach out;
    auto& context = task.context();
    const auto* items = value;
    auto spot = task.at("for_each");
    if (value->is_object()) {
        Members members(context, spot, *value);
        items = members.take("in");
        if (items == nullptr)
            members.at("in").fault(context, "is missing; expected a list, a parameter or a task's result");
        out.max_parallel = static_cast<std::uint32_t>(members.whole("max_parallel", 1, any_count).value_or(0));
        out.fail_fast = members.choice("fail", {"fast", "collect"}).value_or(0) == 0;
        members.finish();
        spot = members.at("in");
    }
    if (items == nullptr)
        return out;
    const bool reference = items->is_string() && has_references(view(items->get_string()));
    if (reference) {
        const auto parts = parse_template(view(items->get_string()));
        if (parts->size() != 1)
            spot.fault(context, "expected a list, or one reference alone such as \"${regions}\"");
        context.deferred = true;
        out.items = *items;
    } else if (!items->is_array()) {
        spot.fault(context, "expected a list, \"${parameter}\" or \"${tasks.NAME.result…}\", got " + shown(*items));
    } else {
        std::set<std::string> deferred;
        out.items = finish(*items, {}, deferred);
        context.deferred = context.deferred || !deferred.empty();
    }
    return out;
}

Limits read_limits(Members& task)
{
    Limits out;
    const auto* value = task.take("limits");
    if (value == nullptr)
        return out;
    Members members(task.context(), task.at("limits"), *value);
    if (const auto* epoch = members.take("epoch")) {
        Members parts(task.context(), members.at("epoch"), *epoch);
        if (const auto rows = parts.whole("rows", 1, std::numeric_limits<std::int64_t>::max()))
            out.epoch_rows = static_cast<std::uint64_t>(*rows);
        out.epoch_bytes = parts.size("bytes");
        out.epoch_interval = parts.duration("interval");
        parts.finish();
    }
    if (const auto queue = members.whole("queue", 1, 1'000'000))
        out.queue = static_cast<std::uint32_t>(*queue);
    if (const auto lanes = members.whole("lanes", 1, 4096))
        out.lanes = static_cast<std::uint32_t>(*lanes);
    members.finish();
    return out;
}

/// A list of actions, or "transactional": the actions among the steps.
void read_gate(Members& task, Pipeline& out)
{
    const auto* gate = task.take("gate");
    if (gate == nullptr)
        return;
    if (gate->is_string() && !has_references(view(gate->get_string()))) {
        out.gate_in_steps = *gate == "transactional";
        if (!out.gate_in_steps)
            task.at("gate").fault(task.context(), "expected \"transactional\" or a list of actions, got " + shown(*gate));
        return;
    }
    for (const auto& [spot, action] : task.list("gate"))
        out.gate.push_back(read_component(task.context(), spot, *action, ComponentKind::action));
}

Pipeline read_pipeline(Members& task)
{
    auto& context = task.context();
    Pipeline out;
    if (const auto* source = task.take("source"))
        out.source = read_component(context, task.at("source"), *source, ComponentKind::source);
    else
        task.at("source").fault(context, "is missing; expected an object with \"use\"");
    if (const auto* sink = task.take("sink"))
        out.sink = read_component(context, task.at("sink"), *sink, ComponentKind::sink);
    else
        task.at("sink").fault(context, "is missing; expected an object with \"use\"");
    for (const auto& [spot, step] : task.list("steps"))
        out.steps.push_back(read_component(context, spot, *step, ComponentKind::step));
    if (const auto* quarantine = task.take("quarantine"))
        out.quarantine = read_component(context, task.at("quarantine"), *quarantine, ComponentKind::sink);
    if (const auto* outputs = task.take("outputs")) {
        Members members(context, task.at("outputs"), *outputs);
        for (const auto& entry : members.rest()) {
            const std::string name(entry.key());
            if (!is_name(name) || name == "main" || name == "rejected")
                members.at(name).fault(context, name == "main"       ? "the main output goes to \"sink\""
                                                : name == "rejected" ? "rejected rows go to \"quarantine\""
                                                                     : in_quotes(name) + " is no name of an output",
                                       JsonText::Part::key);
            out.outputs[name] = read_component(context, members.at(name), entry.value(), ComponentKind::sink);
        }
    }
    read_gate(task, out);
    if (const auto delivery = task.choice("delivery", {"at_least_once", "exactly_once"}))
        out.delivery = *delivery == 0 ? Delivery::at_least_once : Delivery::exactly_once;
    out.limits = read_limits(task);
    return out;
}

ChartData read_chart_data(Members& chart)
{
    auto& context = chart.context();
    ChartData out;
    const auto* value = chart.take("data");
    if (value == nullptr) {
        chart.at("data").fault(context, "is missing; expected an object with query, table, file or source");
        return out;
    }
    Members members(context, chart.at("data"), *value);
    out.query = members.text("query").value_or("");
    out.table = members.text("table").value_or("");
    out.file = members.text("file").value_or("");
    out.on = members.text("on").value_or("");
    out.parameters = members.object("parameters").value_or(json::object());
    if (const auto* source = members.take("source"))
        out.source = read_component(context, members.at("source"), *source, ComponentKind::source);
    members.finish();
    if (!value->is_object())
        return out;
    const auto given = int(members.has("query")) + int(members.has("table")) + int(members.has("file")) + int(members.has("source"));
    const bool on_connection = members.has("query") || members.has("table");
    if (given != 1)
        members.spot().fault(context, given == 0 ? "says nowhere where the rows come from; give one of: query, table, file, source"
                                                 : "give one of: query, table, file, source; not several");
    else if (on_connection && !members.has("on"))
        members.at("on").fault(context, "is missing; name the connection that answers the " +
                                            std::string(members.has("query") ? "query" : "table"));
    else if (!on_connection && members.has("on"))
        members.at("on").fault(context, "goes with query or table alone", JsonText::Part::key);
    if (members.has("parameters") && !members.has("query"))
        members.at("parameters").fault(context, "go with a query alone", JsonText::Part::key);
    if (!out.on.empty() && !has_references(out.on) &&
        std::find(context.connections.begin(), context.connections.end(), out.on) == context.connections.end())
        members.at("on").fault(context, "no connection " + in_quotes(out.on) + "; " + remedy(out.on, context.connections, "connections"));
    return out;
}

Chart read_chart(ReadContext& context, const Spot& spot, const json::value& value, bool alone)
{
    Chart out;
    Members members(context, spot, value);
    if (!value.is_object())
        return out;
    out.data = read_chart_data(members);
    if (alone)
        out.out = members.text("out", true).value_or("");
    out.component = read_component(members, ComponentKind::chart, members.known());
    return out;
}

Page read_page(Members& task)
{
    Page out;
    out.title = task.text("title").value_or("");
    out.out = task.text("out", true).value_or("");
    const auto charts = task.list("charts");
    for (const auto& [spot, chart] : charts)
        out.charts.push_back(read_chart(task.context(), spot, *chart, false));
    if (charts.empty())
        task.at("charts").fault(task.context(), "a page needs a list of at least one chart");
    return out;
}

SubFlow read_sub_flow(Members& task)
{
    SubFlow out;
    out.file = task.text("flow", true).value_or("");
    out.parameters = task.object("parameters").value_or(json::object());
    return out;
}

/// What the members say the task is; a fault if that is nothing, or several things.
std::optional<TaskKind> kind_of(Members& task, const json::value& value)
{
    constexpr std::pair<std::string_view, TaskKind> marks[] = {{"source", TaskKind::pipeline}, {"use", TaskKind::action},
                                                               {"chart", TaskKind::chart},     {"charts", TaskKind::page},
                                                               {"flow", TaskKind::flow}};
    std::vector<std::string> found;
    std::optional<TaskKind> out;
    for (const auto& [name, kind] : marks)
        if (task.has(name)) {
            found.push_back(in_quotes(name));
            out = kind;
        }
    if (!value.is_object())
        return {};
    // A pipeline without its source is still one.
    if (found.empty() && (task.has("sink") || task.has("steps")))
        return TaskKind::pipeline;
    if (found.size() == 1)
        return out;
    if (found.empty())
        task.spot().fault(task.context(), "says nowhere what to do; a task has one of: source (a pipeline), use (an action), chart, "
                                          "charts (a page), flow");
    else
        task.spot().fault(task.context(), "is several things at once: " + joined(found, " and ") + "; make a task of each",
                          JsonText::Part::key);
    return {};
}

/// "slots": "warehouse", or a list of such keys.
std::vector<std::string> read_task_slots(Members& task)
{
    std::vector<std::string> out;
    const auto* value = task.take("slots");
    if (value == nullptr)
        return out;
    if (value->is_string()) {
        out.emplace_back(view(value->get_string()));
        return out;
    }
    for (const auto& [spot, key] : task.list("slots")) {
        if (key->is_string())
            out.emplace_back(view(key->get_string()));
        else
            spot.fault(task.context(), "expected a key of the flow's \"slots\", got " + shown(*key));
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

void read_order(Members& task, Task& out)
{
    auto& context = task.context();
    for (const auto& [spot, name] : task.list("after")) {
        if (!name->is_string()) {
            spot.fault(context, "expected the name of a task, got " + shown(*name));
            continue;
        }
        out.after.emplace_back(view(name->get_string()));
    }
    out.trigger = static_cast<Trigger>(
        task.choice("trigger", {"all_success", "all_done", "none_failed", "one_success", "one_failed", "always"}).value_or(0));
    const auto* when = task.take("when");
    if (when == nullptr)
        return;
    if (when->is_bool()) {
        out.when = Condition::parse(when->get_bool() ? "true" : "false").value();
    } else if (!when->is_string()) {
        task.at("when").fault(context, "expected a condition such as \"${full} == true\", got " + shown(*when));
    } else {
        auto parsed = Condition::parse(view(when->get_string()));
        if (parsed)
            out.when = std::move(*parsed);
        else
            task.at("when").fault(context, parsed.error().message + (parsed.error().where.empty() ? "" : " at " + parsed.error().where +
                                                                                                            " of the condition"));
    }
}

} // namespace

Task read_task(ReadContext& context, const Spot& spot, const std::string& name, const json::value& value)
{
    Task out;
    out.name = name;
    Members task(context, spot, value);
    if (!value.is_object())
        return out;
    context.deferred = false;
    out.document = value.get_object();
    out.description = task.text("description").value_or("");
    read_order(task, out);
    out.for_each = read_for_each(task);
    out.slots = read_task_slots(task);
    out.retry = read_retry(task);
    out.timeout = task.duration("timeout");
    out.attempt_timeout = task.duration("attempt_timeout");
    if (out.timeout && out.attempt_timeout && *out.attempt_timeout > *out.timeout)
        task.at("attempt_timeout").fault(context, "must be at most the task's timeout, " + format_duration(*out.timeout));
    const auto kind = kind_of(task, value);
    if (!kind)
        return out;
    out.kind = *kind;
    switch (*kind) {
    case TaskKind::pipeline: out.pipeline = read_pipeline(task); break;
    case TaskKind::action: out.action = read_component(task, ComponentKind::action, task.known()); break;
    case TaskKind::chart: out.chart = read_chart(context, task.at("chart"), *task.take("chart"), true); break;
    case TaskKind::page: out.page = read_page(task); break;
    case TaskKind::flow: out.sub_flow = read_sub_flow(task); break;
    }
    if (*kind != TaskKind::action) // there the rest is the options
        task.finish();
    out.deferred = context.deferred;
    return out;
}

} // namespace jackfield

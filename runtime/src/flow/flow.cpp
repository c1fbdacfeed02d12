// What a Flow can do once it is read: parameters, results, places.
#include "flow/json_view.hpp"
#include "parameters.hpp"
#include "reader.hpp"
#include "words.hpp"

#include <algorithm>

namespace jackfield {

namespace json = boost::json;

namespace {

void attach_sub_flow(const FlowOrigin& origin, Task& task)
{
    if (const auto found = origin.sub_flows.find(task.name); found != origin.sub_flows.end())
        task.sub_flow.flow = found->second;
}

Error as_error(const std::vector<Fault>& faults)
{
    auto message = format_faults(faults);
    if (!message.empty())
        message.pop_back();
    return fail(JF_E_CONFIG, std::move(message));
}

} // namespace

Error FlowReading::error() const
{
    return as_error(faults);
}

FlowReading Flow::bind(const json::object& given, const ComponentCatalog* components, const DataInterval* interval) const
{
    FlowReading out;
    const auto fault = [&](const std::string& name, std::string message) {
        out.faults.push_back({file(), 0, 0, "parameters." + printable(name), std::move(message)});
    };
    json::object bound_values;
    std::vector<std::string> names;
    for (const auto& parameter : parameters) {
        names.push_back(parameter.name);
        const auto* value = given.if_contains(parameter.name);
        if (value == nullptr && parameter.required())
            fault(parameter.name, "is missing; give a value of type " + std::string(name_of(parameter.type)) +
                                      (parameter.description.empty() ? "" : " (" + printable(parameter.description, 120) + ")"));
        else if (value == nullptr)
            bound_values[parameter.name] = *parameter.default_value;
        else if (auto converted = convert_parameter(parameter, *value))
            bound_values[parameter.name] = std::move(*converted);
        else
            fault(parameter.name, converted.error().message);
    }
    for (const auto& entry : given)
        if (const std::string name(view(entry.key())); std::find(names.begin(), names.end(), name) == names.end())
            fault(name, "unknown parameter; " + remedy(name, names, "parameters"));
    if (!out.faults.empty())
        return out;
    if (interval)
        for (auto& [name, value] : interval->members())
            bound_values["interval." + std::string(view(name))] = value;
    ReadContext context;
    context.values_put_in = true;
    context.components = components;
    context.schemas = origin->schemas.get();
    const auto copy = std::make_shared<FlowOrigin>(*origin);
    Flow flow = read_all(context, copy, bound_values);
    for (auto& task : flow.tasks)
        attach_sub_flow(*copy, task);
    flow.reads_interval = reads_interval; // of its sub-flows too
    flow.bound = true;
    out.faults = std::move(context.faults);
    sort_faults(out.faults);
    if (out.faults.empty())
        out.flow = std::move(flow);
    return out;
}

Result<json::value> Flow::resolve(const json::value& value, const Scope& scope) const
{
    std::optional<Error> error;
    const auto report = [&](const Path& path, std::string message) {
        if (!error)
            error = fail(JF_E_CONFIG, std::move(message), path.dotted());
    };
    const auto look = [&](const Reference& reference) -> Result<std::optional<json::value>> {
        if (const auto* known = reference.is_bound_early() ? values.if_contains(reference.name) : nullptr)
            return std::optional(*known);
        return look_up(reference, {scope.item, scope.item_index, scope.results});
    };
    const auto filled = put_in(value, look, {}, report);
    if (error)
        return *std::move(error);
    std::set<std::string> deferred;
    return finish(filled, {}, deferred);
}

Result<Task> Flow::resolve(const Task& task, const Scope& scope, const ComponentCatalog* components) const
{
    const auto place = "tasks." + task.name;
    std::optional<Error> error;
    json::object document;
    const auto report = [&](const Path& path, std::string message) {
        if (!error)
            error = fail(JF_E_CONFIG, std::move(message), path.dotted());
    };
    const auto look = [&](const Reference& reference) { return look_up(reference, {scope.item, scope.item_index, scope.results}); };
    for (const auto& [name, value] : task.document)
        if (name != "for_each" && name != "when") // both were settled before the task was started
            document[name] = put_in(value, look, Path{"tasks", task.name, view(name)}, report);
    if (error)
        return *std::move(error);
    ReadContext context;
    context.values_put_in = true;
    context.components = components;
    context.schemas = origin->schemas.get();
    for (const auto& connection : connections)
        context.connections.push_back(connection.name);
    Task out = read_task(context, {&origin->text, {"tasks", task.name}}, task.name, document);
    if (!context.faults.empty()) {
        const auto& first = context.faults.front();
        return fail(JF_E_CONFIG, first.message, first.path);
    }
    out.for_each = task.for_each;
    out.when = task.when;
    attach_sub_flow(*origin, out);
    return out;
}

Fault Flow::fault_at(std::string_view path, std::string message) const
{
    const auto full = Path::from_dotted(path);
    const auto& steps = full.steps();
    const auto shown_path = full.dotted();
    if (origin->connections_text && steps.size() >= 2 && steps[0] == Path::Step(std::string("connections"))) {
        ReadContext unused;
        for (const auto& connection : collect_connections(unused, *origin)) {
            if (steps[1] != Path::Step(connection.name))
                continue;
            Path place = connection.spot.path;
            for (std::size_t i = 2; i < steps.size(); ++i) {
                const auto* index = std::get_if<std::size_t>(&steps[i]);
                place = index != nullptr ? place / *index : place / std::get<std::string>(steps[i]);
            }
            return connection.spot.text->fault(place, std::move(message), JsonText::Part::value, shown_path);
        }
    }
    return origin->text.fault(full, std::move(message), JsonText::Part::value, shown_path);
}

const Task* Flow::task(std::string_view task_name) const
{
    const auto found = std::find_if(tasks.begin(), tasks.end(), [&](const Task& one) { return one.name == task_name; });
    return found == tasks.end() ? nullptr : &*found;
}

const Connection* Flow::connection(std::string_view connection_name) const
{
    const auto found =
        std::find_if(connections.begin(), connections.end(), [&](const Connection& one) { return one.name == connection_name; });
    return found == connections.end() ? nullptr : &*found;
}

json::object Flow::parameter_values() const
{
    json::object out;
    for (const auto& [name, value] : values)
        if (name.find('.') == name.npos)
            out[name] = value;
    return out;
}

const std::string& Flow::file() const
{
    return origin->file;
}

const std::filesystem::path& Flow::folder() const
{
    return origin->folder;
}

} // namespace jackfield

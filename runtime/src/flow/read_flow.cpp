// text → Flow: the whole file, its connections file and its sub-flows.
#include "flow/json_view.hpp"
#include "parameters.hpp"
#include "reader.hpp"
#include "units.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <system_error>

namespace jackfield {

namespace json = boost::json;

namespace {

/// Parameters into everything but "parameters" itself and "when", which names them in its own language.
json::value with_parameters(const json::value& value, const json::object& values, const Path& path)
{
    const Lookup lookup = [&](const Reference& reference) -> Result<std::optional<json::value>> {
        const auto* found = reference.is_bound_early() ? values.if_contains(reference.name) : nullptr;
        return found != nullptr ? std::optional(*found) : std::optional<json::value>();
    };
    const ReportFault ignore = [](const Path&, const std::string&) {}; // check_references() has reported it
    return put_in(value, lookup, path, ignore);
}

json::value task_with_parameters(const json::value& task, const json::object& values)
{
    auto out = with_parameters(task, values, {});
    if (out.is_object())
        if (const auto* when = task.get_object().if_contains("when"))
            out.get_object()["when"] = *when;
    return out;
}

/// Text within which a list or null was to stand: reported with the values in hand.
void check_put_in(ReadContext& context, const Spot& spot, const json::value& value, const json::object& values)
{
    const Lookup lookup = [&](const Reference& reference) -> Result<std::optional<json::value>> {
        const auto* found = reference.is_bound_early() ? values.if_contains(reference.name) : nullptr;
        return found != nullptr ? std::optional(*found) : std::optional<json::value>();
    };
    (void)put_in(value, lookup, spot.path, [&](const Path& path, std::string message) {
        if (message.find("cannot stand within") != std::string::npos)
            Spot{spot.text, path}.fault(context, std::move(message));
    });
}

void read_connections(ReadContext& context, const FlowOrigin& origin, const json::object& values, Flow& flow)
{
    const auto texts = collect_connections(context, origin);
    for (const auto& text : texts)
        context.connections.push_back(text.name);
    for (const auto& text : texts) {
        check_put_in(context, text.spot, *text.value, values);
        const auto value = with_parameters(*text.value, values, {});
        flow.connections.push_back({text.name, read_component(context, text.spot, value, ComponentKind::connection)});
        flow.connections.back().component.place = "connections." + text.name;
    }
}

void read_tasks(ReadContext& context, Members& whole, const json::object& values, Flow& flow)
{
    const auto* tasks = whole.take("tasks");
    if (tasks == nullptr) {
        whole.at("tasks").fault(context, "is missing; expected an object with at least one task");
        return;
    }
    Members members(context, whole.at("tasks"), *tasks);
    for (const auto& entry : members.rest()) {
        const std::string name(view(entry.key()));
        if (!is_name(name))
            members.at(name).fault(context, in_quotes(name) + " is no name; a name is a letter, then letters, digits, '_' or '-', at most 64",
                                   JsonText::Part::key);
        check_put_in(context, members.at(name), entry.value(), values);
        flow.tasks.push_back(read_task(context, members.at(name), name, task_with_parameters(entry.value(), values)));
    }
    if (tasks->is_object() && flow.tasks.empty())
        members.spot().fault(context, "a flow needs at least one task");
}

void read_hooks(ReadContext& context, Members& whole, Flow& flow)
{
    const auto* hooks = whole.take("hooks");
    if (hooks == nullptr)
        return;
    Members members(context, whole.at("hooks"), *hooks);
    const std::pair<const char*, std::vector<Component>*> lists[] = {
        {"success", &flow.hooks.success}, {"failure", &flow.hooks.failure}, {"late", &flow.hooks.late}};
    for (const auto& [name, list] : lists)
        for (const auto& [spot, action] : members.list(name))
            list->push_back(read_component(context, spot, *action, ComponentKind::action));
    members.finish();
}

/// "slots": {"warehouse": 2}
void read_slots(ReadContext& context, Members& whole, Flow& flow)
{
    const auto* slots = whole.take("slots");
    if (slots == nullptr)
        return;
    Members members(context, whole.at("slots"), *slots);
    for (const auto& entry : members.rest()) {
        const std::string name(view(entry.key()));
        if (!is_name(name))
            members.at(name).fault(context, in_quotes(name) + " is no name; a name is a letter, then letters, digits, '_' or '-', at most 64",
                                   JsonText::Part::key);
        if (const auto count = members.whole(name, 1, 1'000'000))
            flow.slots[name] = static_cast<std::uint32_t>(*count);
    }
}

struct FileText {
    std::string text;
    std::optional<Error> error;
};

/// The file's bytes, at most a little more than JsonLimits allows.
FileText read_file(const std::filesystem::path& file)
{
    const auto name = printable(file.string(), 300);
    std::error_code code;
    if (std::filesystem::is_directory(file, code))
        return {{}, fail(JF_E_CONFIG, name + " is a directory, not a file")};
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        const int reason = errno;
        return {{}, fail(reason == ENOENT ? JF_E_NOT_FOUND : reason == EACCES ? JF_E_DENIED : JF_E_FAILED,
                         reason == ENOENT ? "there is no file " + name : name + " cannot be read: " + std::strerror(reason))};
    }
    FileText out;
    const std::size_t most = JsonLimits().bytes + 1;
    std::size_t got = 0;
    while (in && got < most) { // not all of the limit at once: that memory would be touched, and kept
        out.text.resize(std::min(most, std::max<std::size_t>(2 * got, 64U << 10U)));
        in.read(out.text.data() + got, static_cast<std::streamsize>(out.text.size() - got));
        got += static_cast<std::size_t>(in.gcount());
    }
    out.text.resize(got);
    out.text.shrink_to_fit();
    if (in.bad())
        out.error = fail(JF_E_FAILED, name + " cannot be read: " + std::strerror(errno));
    return out;
}

/// Reads a flow and, through it, its sub-flows; each file once.
class FileReader {
public:
    explicit FileReader(const FlowOptions& options) : options_(options) {}

    FlowReading read(std::string_view text, std::string name, const std::filesystem::path& folder, bool with_sub_flows)
    {
        FlowReading out;
        auto origin = std::make_shared<FlowOrigin>();
        origin->file = name;
        origin->folder = folder;
        origin->environment = options_.environment;
        auto reading = JsonText::parse(text, std::move(name));
        out.faults = std::move(reading.faults);
        read_connections_file(*origin, out.faults);
        if (!out.faults.empty() || !reading.text) {
            sort_faults(out.faults);
            return out;
        }
        origin->text = std::move(*reading.text);
        ReadContext context;
        context.components = options_.components;
        context.schemas = origin->schemas.get();
        Flow flow = read_all(context, origin, {});
        if (with_sub_flows)
            for (auto& task : flow.tasks) {
                sub_flow(context, *origin, task);
                flow.reads_interval = flow.reads_interval || (task.sub_flow.flow && task.sub_flow.flow->reads_interval);
            }
        out.faults = std::move(context.faults);
        sort_faults(out.faults);
        if (out.faults.empty())
            out.flow = std::move(flow);
        return out;
    }

private:
    void read_connections_file(FlowOrigin& origin, std::vector<Fault>& faults)
    {
        const auto name = options_.connections_file.string();
        if (name.empty()) {
            if (!options_.environment.empty())
                faults.push_back({origin.file, 0, 0, {}, "the environment " + in_quotes(options_.environment) +
                                                             " was asked for, but there is no connections file"});
            return;
        }
        auto file = read_file(options_.connections_file);
        if (file.error) {
            faults.push_back({name, 0, 0, {}, file.error->message});
            return;
        }
        auto reading = JsonText::parse(file.text, name);
        faults.insert(faults.end(), reading.faults.begin(), reading.faults.end());
        origin.connections_text = std::move(reading.text);
    }

    void sub_flow(ReadContext& context, FlowOrigin& origin, Task& task)
    {
        if (task.kind != TaskKind::flow || task.sub_flow.file.empty() || has_references(task.sub_flow.file))
            return;
        const Spot spot{&origin.text, {"tasks", task.name}};
        const auto file = (origin.folder / task.sub_flow.file).lexically_normal();
        if (std::find(open_.begin(), open_.end(), file) != open_.end())
            return (spot / "flow").fault(context, in_quotes(task.sub_flow.file) + " leads back to itself; a flow cannot be its own sub-flow");
        if (open_.size() >= 16)
            return (spot / "flow").fault(context, "sub-flows are nested deeper than 16 levels");
        auto& known = flows_[file];
        if (!known) {
            auto text = read_file(file);
            if (text.error)
                return (spot / "flow").fault(context, text.error->message);
            open_.push_back(file);
            auto reading = read(text.text, file.string(), file.parent_path(), true);
            open_.pop_back();
            context.faults.insert(context.faults.end(), reading.faults.begin(), reading.faults.end());
            if (!reading.flow)
                return;
            flows_[file] = std::make_shared<const Flow>(std::move(*reading.flow));
        }
        task.sub_flow.flow = flows_[file];
        origin.sub_flows[task.name] = flows_[file];
        check_parameters(context, spot, task);
    }

    static void check_parameters(ReadContext& context, const Spot& spot, const Task& task)
    {
        const auto& declared = task.sub_flow.flow->parameters;
        std::vector<std::string> names;
        for (const auto& parameter : declared) {
            names.push_back(parameter.name);
            const auto* given = task.sub_flow.parameters.if_contains(parameter.name);
            const auto at = spot / "parameters" / parameter.name;
            if (given == nullptr && parameter.required())
                at.fault(context, "is missing; " + in_quotes(task.sub_flow.file) + " requires it");
            if (given == nullptr || (given->is_string() && has_references(view(given->get_string()))))
                continue;
            if (const auto converted = convert_parameter(parameter, *given); !converted)
                at.fault(context, converted.error().message);
        }
        for (const auto& entry : task.sub_flow.parameters)
            if (const std::string name(view(entry.key())); std::find(names.begin(), names.end(), name) == names.end())
                (spot / "parameters" / name)
                    .fault(context, "unknown parameter; " + remedy(name, names, "parameters"), JsonText::Part::key);
    }

    const FlowOptions& options_;
    std::vector<std::filesystem::path> open_;
    std::map<std::filesystem::path, std::shared_ptr<const Flow>> flows_; // shared: each stands once, named by many tasks

    friend FlowReading jackfield::read_flow_file(const std::filesystem::path&, const FlowOptions&);
};

} // namespace

Flow read_all(ReadContext& context, const std::shared_ptr<FlowOrigin>& origin, const json::object& values)
{
    Flow flow;
    const auto& text = origin->text;
    Members whole(context, {&text, {}}, text.value());
    if (!text.value().is_object())
        return flow;
    whole.text("$schema");
    if (const auto* parameters = whole.take("parameters"))
        flow.parameters = read_parameters(context, whole.at("parameters"), *parameters);
    json::object known = values;
    for (const auto& parameter : flow.parameters)
        if (parameter.default_value && !known.contains(parameter.name))
            known[parameter.name] = *parameter.default_value;

    json::object head; // all but tasks and parameters, with the parameters put in
    for (const auto& [name, value] : text.value().get_object()) {
        if (name != "tasks" && name != "parameters" && name != "connections") {
            check_put_in(context, whole.at(view(name)), value, known);
            head[name] = with_parameters(value, known, {});
        } else {
            head[name] = value;
        }
    }
    const json::value head_value(std::move(head));
    Members members(context, {&text, {}}, head_value);
    members.text("$schema");
    members.take("parameters");
    members.take("connections");
    flow.name = members.name_of_thing("flow").value_or("");
    flow.description = members.text("description").value_or("");
    read_connections(context, *origin, known, flow);
    flow.timeout = members.duration("timeout");
    if (const auto limit = members.whole("max_parallel", 1, std::numeric_limits<std::uint32_t>::max()))
        flow.max_parallel = static_cast<std::uint32_t>(*limit);
    read_slots(context, members, flow);
    if (const auto* schedule = members.take("schedule")) {
        check_schedule(context, members.at("schedule"), *schedule);
        flow.schedule = members.object("schedule");
    }
    read_hooks(context, members, flow);
    if (const auto* outputs = members.take("outputs")) {
        if (outputs->is_object())
            flow.outputs = outputs->get_object();
        else
            members.at("outputs").fault(context, "expected an object, got " + shown(*outputs));
    }
    read_tasks(context, members, known, flow);
    members.finish();
    check_structure(context, text, flow);
    flow.reads_interval = check_references(context, *origin, flow);
    flow.values = std::move(known);
    flow.origin = origin;
    return flow;
}

FlowReading read_flow(std::string_view text, std::string file, const FlowOptions& options)
{
    return FileReader(options).read(text, std::move(file), {}, false);
}

FlowReading read_flow_file(const std::filesystem::path& file, const FlowOptions& options)
{
    auto text = read_file(file);
    if (text.error)
        return {{}, {{file.string(), 0, 0, {}, text.error->message}}};
    FileReader reader(options);
    reader.open_.push_back(file.lexically_normal());
    return reader.read(text.text, file.string(), file.parent_path(), true);
}

Result<Flow> Flow::from_file(const std::filesystem::path& file, const FlowOptions& options)
{
    if (auto text = read_file(file); text.error)
        return *text.error;
    auto reading = read_flow_file(file, options);
    return reading.flow ? Result<Flow>(std::move(*reading.flow)) : Result<Flow>(reading.error());
}

Result<Flow> Flow::from_text(std::string_view text, const FlowOptions& options)
{
    auto reading = read_flow(text, "", options);
    return reading.flow ? Result<Flow>(std::move(*reading.flow)) : Result<Flow>(reading.error());
}

} // namespace jackfield

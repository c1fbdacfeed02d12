// Parameters, connections and schedule of a flow.
#include "flow/json_view.hpp"
#include "parameters.hpp"
#include "reader.hpp"
#include "units.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace jackfield {

namespace json = boost::json;

namespace {

Parameter read_parameter(ReadContext& context, const Spot& spot, const std::string& name, const json::value& value)
{
    Parameter out;
    out.name = name;
    Members members(context, spot, value);
    std::vector<std::string> types;
    for (int i = 0; i <= static_cast<int>(ParameterType::list); ++i)
        types.emplace_back(name_of(static_cast<ParameterType>(i)));
    const auto type = members.choice("type", types);
    if (!members.has("type") && value.is_object())
        members.at("type").fault(context, "is missing; expected one of: " + listed(types));
    out.type = static_cast<ParameterType>(type.value_or(0));
    out.description = members.text("description").value_or("");
    const auto convert = [&](const Spot& at, const json::value& given) -> std::optional<json::value> {
        auto converted = type ? convert_parameter(out, given) : Result<json::value>(given);
        if (converted)
            return std::move(*converted);
        at.fault(context, converted.error().message);
        return {};
    };
    std::vector<json::value> choices;
    for (const auto& [at, choice] : members.list("choices"))
        if (auto one = out.type == ParameterType::list ? std::optional(*choice) : convert(at, *choice))
            choices.push_back(std::move(*one));
    out.choices = std::move(choices);
    const auto required = members.flag("required");
    const auto* fallback = members.take("default");
    if (fallback != nullptr) {
        out.default_value = *fallback; // so that null is accepted where it is the default
        std::set<std::string> references; // reported by read_parameters()
        out.default_value = convert(members.at("default"), jackfield::finish(*fallback, {}, references));
    }
    if (required && *required && fallback != nullptr)
        members.at("required").fault(context, "a parameter with a default is not required; remove one of the two");
    if (required && !*required && fallback == nullptr)
        out.default_value = json::value(nullptr);
    members.finish();
    return out;
}

void add_connections(ReadContext& context, std::vector<ConnectionText>& out, const Spot& spot, const json::value* value)
{
    if (value == nullptr)
        return;
    Members members(context, spot, *value);
    for (const auto& entry : members.rest()) {
        const std::string name(view(entry.key()));
        if (!is_name(name))
            members.at(name).fault(context, in_quotes(name) + " is no name; a name is a letter, then letters, digits, '_' or '-'",
                                   JsonText::Part::key);
        const auto* original = value->get_object().if_contains(name);
        const auto same = [&](const ConnectionText& known) { return known.name == name; };
        if (std::none_of(out.begin(), out.end(), same))
            out.push_back({name, spot / name, original});
    }
}

/// The members of the environment that was asked for, or of the file's "default".
void add_environment(ReadContext& context, const FlowOrigin& origin, Members& file, std::vector<ConnectionText>& out)
{
    const auto fallback = file.text("default");
    const auto wanted = origin.environment.empty() ? fallback.value_or("") : origin.environment;
    const auto* environments = file.take("environments");
    std::vector<std::string> names;
    if (environments != nullptr) {
        Members all(context, file.at("environments"), *environments);
        for (const auto& entry : all.rest())
            names.emplace_back(view(entry.key()));
        for (const auto& name : names) {
            Members one(context, all.at(name), *environments->get_object().if_contains(name));
            const auto* connections = one.take("connections");
            if (name == wanted)
                add_connections(context, out, one.at("connections"), connections);
            one.finish();
        }
    }
    if (!wanted.empty() && std::find(names.begin(), names.end(), wanted) == names.end())
        (origin.environment.empty() ? file.at("default") : file.at("environments"))
            .fault(context, "no environment " + in_quotes(wanted) + "; " + remedy(wanted, names, "environments"));
}

void check_parts(Members& members, std::string_view name, const std::vector<std::pair<std::string, std::vector<std::string>>>& parts)
{
    const auto* value = members.take(name);
    if (value == nullptr)
        return;
    Members inner(members.context(), members.at(name), *value);
    for (const auto& [part, choices] : parts) {
        if (!choices.empty())
            inner.choice(part, choices);
        else if (part == "window")
            inner.duration(part);
        else
            inner.whole(part, 1, 1'000'000);
    }
    inner.finish();
}

void check_time(Members& members, std::string_view name)
{
    const auto text = members.text(name);
    if (text && !has_references(*text) && !is_timestamp(*text) && !is_date(*text))
        members.at(name).fault(members.context(), "expected a time such as '2026-01-31T10:00:00Z', got " + in_quotes(*text));
}

} // namespace

std::vector<Parameter> read_parameters(ReadContext& context, const Spot& spot, const json::value& value)
{
    std::vector<Parameter> out;
    Members members(context, spot, value);
    for (const auto& entry : members.rest()) {
        const std::string name(view(entry.key()));
        if (!is_parameter_name(name))
            members.at(name).fault(context, in_quotes(name) + " is no name; a name is a letter, then letters, digits or '_'",
                                   JsonText::Part::key);
        else if (name == "item" || name == "item_index" || name == "tasks")
            members.at(name).fault(context, in_quotes(name) + " has a meaning of its own in references; take another name",
                                   JsonText::Part::key);
        out.push_back(read_parameter(context, members.at(name), name, entry.value()));
    }
    for_each_reference(
        value, spot.path,
        [&](const Path& path, const Reference&) { Spot{spot.text, path}.fault(context, "a parameter's own text takes no references"); },
        [](const Path&, const std::string&) {});
    return out;
}

std::vector<ConnectionText> collect_connections(ReadContext& context, const FlowOrigin& origin)
{
    std::vector<ConnectionText> out;
    const auto* own = origin.text.value().is_object() ? origin.text.value().get_object().if_contains("connections") : nullptr;
    if (!origin.connections_text) {
        add_connections(context, out, {&origin.text, {"connections"}}, own);
        return out;
    }
    const Spot whole{&*origin.connections_text, {}};
    Members file(context, whole, whole.text->value());
    file.text("$schema");
    const auto* shared = file.take("connections");
    add_environment(context, origin, file, out);
    add_connections(context, out, {&origin.text, {"connections"}}, own);
    add_connections(context, out, file.at("connections"), shared);
    file.finish();
    return out;
}

void check_schedule(ReadContext& context, const Spot& spot, const json::value& value)
{
    Members members(context, spot, value);
    if (!value.is_object())
        return;
    std::vector<std::string> given;
    for (const auto* name : {"cron", "every", "rrule"})
        if (members.has(name))
            given.push_back(in_quotes(name));
    members.text("cron");
    members.duration("every");
    members.text("rrule");
    if (given.empty())
        spot.fault(context, "says nowhere when; give one of: cron, every, rrule");
    if (given.size() > 1)
        spot.fault(context, "give one of " + joined(given) + ", not several");
    members.text("timezone");
    members.flag("enabled");
    members.duration("jitter", true);
    check_time(members, "start");
    check_time(members, "end");
    members.choice("overlap", {"skip", "buffer_one", "buffer_all", "cancel_other", "terminate_other", "allow_all"});
    check_parts(members, "misfire", {{"policy", {"skip", "latest", "all"}}, {"window", {}}, {"max", {}}});
    check_parts(members, "dst", {{"gap", {"shift", "skip"}}, {"overlap", {"first", "last", "both"}}});
    members.object("parameters");
    members.finish();
}

} // namespace jackfield

// One use of a component: "use", "on", and its options against its schema.
#include "reader.hpp"
#include "words.hpp"

#include <algorithm>

namespace jackfield {

namespace json = boost::json;

namespace {

constexpr std::string_view join_point = "nothing";
const char* const no_options = R"({"type":"object","additionalProperties":false,"properties":{}})";

void check_on(Members& members, const std::string& on)
{
    auto& context = members.context();
    if (std::find(context.connections.begin(), context.connections.end(), on) == context.connections.end())
        members.at("on").fault(context, "no connection " + in_quotes(on) + "; " + remedy(on, context.connections, "connections"));
}

/// The schema text of the component, nullptr if it is not to be checked or not there (reported).
const std::string* schema_of(Members& members, ComponentKind kind, const Component& component)
{
    auto& context = members.context();
    static const std::string nothing(no_options);
    if (kind == ComponentKind::action && component.use == join_point)
        return &nothing;
    if (context.components == nullptr)
        return nullptr;
    const auto* schema = context.components->schema(kind, component.use);
    if (schema != nullptr)
        return schema;
    const std::string kind_name(name_of(kind));
    for (const auto other : {ComponentKind::source, ComponentKind::sink, ComponentKind::step, ComponentKind::action,
                             ComponentKind::chart, ComponentKind::connection})
        if (other != kind && context.components->schema(other, component.use) != nullptr) {
            members.at("use").fault(context, in_quotes(component.use) + " is no " + kind_name + " but a " + std::string(name_of(other)) +
                                                 "; " + remedy("", context.components->names(kind), kind_name + "s"));
            return nullptr;
        }
    members.at("use").fault(context, "no " + kind_name + " " + in_quotes(component.use) + " is installed; " +
                                         remedy(component.use, context.components->names(kind), kind_name + "s"));
    return nullptr;
}

void check_options(Members& members, const std::string& schema_text, Component& component, const std::set<std::string>& deferred,
                   const std::vector<std::string>& extra)
{
    auto& context = members.context();
    const auto schema = context.schemas->get(schema_text, component.use);
    if (!schema)
        return members.at("use").fault(context, schema.error().message);
    json::value options(std::move(component.configuration));
    auto outcome = (*schema)->check(options, deferred, context.values_put_in);
    component.configuration = options.is_object() ? std::move(options.get_object()) : json::object();
    component.secrets = std::move(outcome.secrets);
    for (auto& fault : outcome.faults) {
        const auto& steps = fault.path.steps();
        if (fault.at_name && steps.size() == 1)
            if (const auto meant = nearest(std::get<std::string>(steps[0]), extra);
                !meant.empty() && fault.message.find("did you mean") == std::string::npos)
                fault.message = "unknown member; did you mean " + in_quotes(meant) + "?";
        Spot{members.spot().text, members.spot().path / fault.path}.fault(
            context, std::move(fault.message), fault.at_name ? JsonText::Part::key : JsonText::Part::value);
    }
}

} // namespace

std::string_view name_of(ComponentKind kind)
{
    constexpr std::string_view names[] = {"source", "sink", "step", "action", "chart", "connection"};
    return names[static_cast<std::size_t>(kind)];
}

Component read_component(Members& members, ComponentKind kind, const std::vector<std::string>& extra)
{
    auto& context = members.context();
    Component out;
    out.place = members.spot().path.dotted();
    const auto use = members.text("use", true);
    if (kind != ComponentKind::connection) {
        if (const auto on = members.text("on")) {
            out.on = *on;
            if (!has_references(out.on))
                check_on(members, out.on);
        }
    }
    std::set<std::string> deferred;
    out.configuration = finish(members.rest(), {}, deferred).get_object();
    out.deferred.assign(deferred.begin(), deferred.end());
    context.deferred = context.deferred || !deferred.empty();
    if (!use)
        return out;
    out.use = *use;
    if (has_references(out.use))
        return out;
    if (const auto* schema = schema_of(members, kind, out))
        check_options(members, *schema, out, deferred, extra);
    return out;
}

Component read_component(ReadContext& context, const Spot& spot, const json::value& value, ComponentKind kind)
{
    Members members(context, spot, value);
    if (!value.is_object())
        return {};
    return read_component(members, kind);
}

} // namespace jackfield

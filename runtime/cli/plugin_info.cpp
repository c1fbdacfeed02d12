// What plugins say of themselves.
#include "plugin_info.hpp"

#include "table.hpp"

#include "load/catalog.hpp"
#include "observe/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace jackfield::cli {

namespace {

std::string text_member(const boost::json::object& object, const char* name)
{
    const auto* member = object.if_contains(name);
    return member && member->is_string() ? observe::one_line(member->get_string()) : std::string();
}

/// "text, one of a, b", "whole number from 0", "list of texts".
std::string type_of(const boost::json::object& option)
{
    if (const auto* choices = option.if_contains("enum"); choices && choices->is_array()) {
        std::string out;
        for (const auto& choice : choices->get_array())
            out += (out.empty() ? "" : "|") + (choice.is_string() ? observe::one_line(choice.get_string()) : boost::json::serialize(choice));
        return out;
    }
    const auto* type = option.if_contains("type");
    std::string out = type ? (type->is_string() ? std::string(type->get_string()) : boost::json::serialize(*type)) : "any";
    if (const std::string format = text_member(option, "format"); !format.empty())
        out = format;
    if (out == "array")
        if (const auto* items = option.if_contains("items"); items && items->is_object())
            out = "list of " + type_of(items->get_object());
    return out;
}

void add_options(Table& table, const boost::json::object& schema, const std::string& prefix)
{
    const auto* properties = schema.if_contains("properties");
    if (!properties || !properties->is_object())
        return;
    const auto* required = schema.if_contains("required");
    for (const auto& [name, value] : properties->get_object()) {
        if (!value.is_object())
            continue;
        const auto& option = value.get_object();
        const bool needed = required && required->is_array() &&
            std::any_of(required->get_array().begin(), required->get_array().end(), [&key = name](const auto& one) { return one.is_string() && one.get_string() == key; });
        const auto* fallback = option.if_contains("default");
        const std::string full = prefix + observe::one_line(std::string_view(name.data(), name.size()));
        table.row({full, type_of(option), needed ? "required" : fallback ? boost::json::serialize(*fallback) : "", text_member(option, "description")});
        add_options(table, option, full + ".");
    }
}

} // namespace

std::string text_of(const PluginInfo& plugin)
{
    std::string out = plugin.name + " " + plugin.version;
    if (!plugin.vendor.empty())
        out += " · " + plugin.vendor;
    if (!plugin.license.empty())
        out += " · " + plugin.license;
    out += "\n  " + (plugin.file.empty() ? std::string("built into the program") : plugin.file.string()) + "\n";
    if (!plugin.built_with.empty())
        out += "  built with " + plugin.built_with + "\n";
    Table table;
    table.column("KIND").column("ID").column("WHAT IT IS");
    for (const ComponentInfo& component : plugin.components)
        table.row({std::string(short_kind(component.kind)), component.id, component.title});
    out += "\n" + table.print();
    for (const std::string& note : plugin.notes)
        out += "note: " + note + "\n";
    return out;
}

std::string text_of(const ComponentInfo& component, const PluginInfo& plugin)
{
    std::string out = std::string(short_kind(component.kind)) + " " + component.id + " · " + plugin.name + " " + plugin.version + " · ABI " + component.kind + "\n";
    if (!component.title.empty())
        out += component.title + ".\n";
    if (!component.description.empty())
        out += component.description + "\n";
    if (!component.connection.empty())
        out += std::string(component.connection_optional ? "May be used on" : "Needs") + " a connection of '" + component.connection + "': \"on\": \"NAME\".\n";
    boost::system::error_code wrong;
    const boost::json::value schema = boost::json::parse(component.schema.empty() ? "{}" : component.schema, wrong);
    Table table;
    table.column("OPTION").column("TYPE").column("DEFAULT").column("WHAT IT DOES");
    if (!wrong && schema.is_object())
        add_options(table, schema.get_object(), "");
    return out + (table.empty() ? "No options.\n" : "\n" + table.print());
}

boost::json::object json_of(const ComponentInfo& component)
{
    boost::system::error_code wrong;
    boost::json::value schema = boost::json::parse(component.schema.empty() ? "{}" : component.schema, wrong);
    boost::json::object out{{"kind", std::string(short_kind(component.kind))}, {"abi", component.kind}, {"id", component.id}, {"version", component.version},
        {"title", component.title}, {"description", component.description}};
    if (!component.connection.empty())
        out["connection"] = boost::json::object{{"use", component.connection}, {"optional", component.connection_optional}};
    if (!wrong)
        out["schema"] = std::move(schema);
    return out;
}

boost::json::object json_of(const PluginInfo& plugin)
{
    boost::json::array components;
    for (const ComponentInfo& component : plugin.components)
        components.push_back(json_of(component));
    return {{"name", plugin.name}, {"version", plugin.version}, {"vendor", plugin.vendor}, {"license", plugin.license},
        {"file", plugin.file.string()}, {"built_with", plugin.built_with}, {"components", std::move(components)}};
}

} // namespace jackfield::cli

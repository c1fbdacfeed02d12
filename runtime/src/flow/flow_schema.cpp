// flow_schema(): the JSON Schema of flow files, for editors: the fixed part below, and the options of each component.
#include "json_text.hpp"
#include "reader.hpp"
#include "schema_walk.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <string>

namespace jackfield {

namespace json = boost::json;

namespace {

// "source", "sink", "step", "action", "action_task", "chart" and "connection" are added to the definitions by add_kind().
constexpr const char* frame = R"({
"$schema": "http://json-schema.org/draft-07/schema#",
"title": "Jackfield flow",
"type": "object", "required": ["flow", "tasks"], "additionalProperties": false,
"properties": {
  "$schema": {"type": "string"},
  "flow": {"$ref": "#/definitions/name", "description": "name of the flow"},
  "description": {"type": "string"},
  "parameters": {"type": "object", "additionalProperties": {"$ref": "#/definitions/parameter"}},
  "connections": {"type": "object", "additionalProperties": {"$ref": "#/definitions/connection"}},
  "tasks": {"type": "object", "minProperties": 1, "propertyNames": {"$ref": "#/definitions/name"}, "additionalProperties": {"$ref": "#/definitions/task"}},
  "schedule": {"type": "object", "properties": {"cron": {"type": "string"}, "every": {"$ref": "#/definitions/duration"}, "rrule": {"type": "string"}, "timezone": {"type": "string"}}},
  "timeout": {"$ref": "#/definitions/duration"},
  "max_parallel": {"$ref": "#/definitions/count", "description": "tasks at once"},
  "slots": {"type": "object", "propertyNames": {"$ref": "#/definitions/name"}, "additionalProperties": {"$ref": "#/definitions/count"}, "description": "key: how many tasks of all runs may hold it at once"},
  "hooks": {"type": "object", "additionalProperties": false, "properties": {"success": {"$ref": "#/definitions/actions"}, "failure": {"$ref": "#/definitions/actions"}, "late": {"$ref": "#/definitions/actions"}}},
  "outputs": {"type": "object"}
},
"definitions": {
  "name": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]{0,63}$"},
  "reference": {"type": "string", "pattern": "[$][{]"},
  "duration": {"type": "string", "pattern": "^([0-9]+([.][0-9]+)?(ns|us|ms|s|m|h|d|w)|.*[$][{].*)$", "description": "for example 250ms, 10s, 10m, 2h"},
  "size": {"type": ["string", "integer"], "description": "for example 64MB, 1GiB, 4096"},
  "count": {"anyOf": [{"type": "integer", "minimum": 1}, {"$ref": "#/definitions/reference"}]},
  "secret": {"type": "object", "required": ["secret"], "additionalProperties": false, "properties": {"secret": {"type": "string", "pattern": "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"}}, "description": "where the secret is: env:NAME or file:PATH"},
  "actions": {"type": "array", "items": {"$ref": "#/definitions/action"}},
  "parameter": {"type": "object", "required": ["type"], "additionalProperties": false, "properties": {"type": {"enum": ["string", "int", "float", "bool", "date", "timestamp", "duration", "list"]}, "description": {"type": "string"}, "default": true, "choices": {"type": "array"}, "required": {"type": "boolean"}}},
  "retry": {"type": "object", "required": ["retries"], "additionalProperties": false, "properties": {"retries": {"anyOf": [{"type": "integer", "minimum": 0}, {"$ref": "#/definitions/reference"}], "description": "tries after the first one"}, "delay": {"$ref": "#/definitions/duration"}, "factor": {"type": "number", "minimum": 1}, "max_delay": {"$ref": "#/definitions/duration"}, "jitter": {"enum": ["none", "full", "equal", "plus_minus"]}, "spread": {"type": "number", "minimum": 0, "maximum": 1}, "on": {"type": "array", "items": {"enum": ["unavailable", "timeout", "exhausted", "failed", "data", "not_found", "denied", "unauthenticated"]}}}},
  "items": {"anyOf": [{"type": "array"}, {"$ref": "#/definitions/reference"}]},
  "for_each": {"anyOf": [{"$ref": "#/definitions/items"}, {"type": "object", "required": ["in"], "additionalProperties": false, "properties": {"in": {"$ref": "#/definitions/items"}, "max_parallel": {"$ref": "#/definitions/count"}, "fail": {"enum": ["fast", "collect"]}}}]},
  "data": {"type": "object", "additionalProperties": false, "properties": {"on": {"type": "string"}, "query": {"type": "string"}, "parameters": {"type": "object"}, "table": {"type": "string"}, "file": {"type": "string"}, "source": {"$ref": "#/definitions/source"}}},
  "limits": {"type": "object", "additionalProperties": false, "properties": {"epoch": {"type": "object", "additionalProperties": false, "properties": {"rows": {"$ref": "#/definitions/count"}, "bytes": {"$ref": "#/definitions/size"}, "interval": {"$ref": "#/definitions/duration"}}}, "queue": {"$ref": "#/definitions/count"}, "lanes": {"$ref": "#/definitions/count"}}},
  "task": {"type": "object", "if": {"required": ["use"]}, "then": {"$ref": "#/definitions/action_task"}, "else": {"additionalProperties": false, "properties": {
    "source": {"$ref": "#/definitions/source"}, "steps": {"type": "array", "items": {"$ref": "#/definitions/step"}}, "sink": {"$ref": "#/definitions/sink"},
    "quarantine": {"$ref": "#/definitions/sink"}, "outputs": {"type": "object", "additionalProperties": {"$ref": "#/definitions/sink"}}, "gate": {"anyOf": [{"const": "transactional"}, {"$ref": "#/definitions/actions"}]},
    "delivery": {"enum": ["at_least_once", "exactly_once"]}, "limits": {"$ref": "#/definitions/limits"},
    "chart": {"$ref": "#/definitions/chart"}, "charts": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/chart"}}, "title": {"type": "string"}, "out": {"type": "string"},
    "flow": {"type": "string"}, "parameters": {"type": "object"}}}}
}})";

constexpr const char* task_members = R"({
  "description": {"type": "string"},
  "after": {"type": "array", "items": {"type": "string"}, "description": "tasks that come before"},
  "trigger": {"enum": ["all_success", "all_done", "none_failed", "one_success", "one_failed", "always"]},
  "when": {"type": ["string", "boolean"], "description": "condition, for example ${full} == true"},
  "for_each": {"$ref": "#/definitions/for_each"},
  "slots": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}], "description": "keys of the flow's slots that the task holds while it runs"},
  "retry": {"$ref": "#/definitions/retry"},
  "timeout": {"$ref": "#/definitions/duration", "description": "of the whole task, all attempts"},
  "attempt_timeout": {"$ref": "#/definitions/duration", "description": "of one attempt"}
})";

json::value link(const std::string& definition)
{
    return json::object{{"$ref", "#/definitions/" + definition}};
}

/// A component's schema as part of the whole: references moved under its own definition, secrets spelt out, and a
/// reference "${…}" allowed wherever something else than free text is expected.
json::value adapted(const json::value& schema, const std::string& definition, bool is_property)
{
    if (is_secret(schema))
        return link("secret");
    if (const auto* list = schema.if_array()) {
        json::array out;
        for (const auto& one : *list)
            out.push_back(adapted(one, definition, false));
        return out;
    }
    const auto* object = schema.if_object();
    if (object == nullptr)
        return schema;
    json::object out;
    for (const auto& [name, value] : *object) {
        if (name == "$ref" && value.is_string())
            out[name] = "#/definitions/" + definition + std::string(value.get_string()).substr(1);
        else if ((name == "properties" || name == "definitions" || name == "patternProperties") && value.is_object()) {
            json::object members;
            for (const auto& [inner, member] : value.get_object())
                members[inner] = adapted(member, definition, name == "properties");
            out[name] = std::move(members);
        } else if (name == "enum" || name == "const" || name == "default" || name == "examples") {
            out[name] = value;
        } else if (!name.starts_with("x-jf-") && name != "$schema" && name != "$id") {
            out[name] = adapted(value, definition, name == "items" || name == "additionalProperties");
        }
    }
    const auto* type = out.if_contains("type");
    if (!is_property || (type != nullptr && *type == "string" && !out.contains("enum") && !out.contains("pattern")) ||
        (type == nullptr && !out.contains("enum") && !out.contains("anyOf") && !out.contains("oneOf")))
        return out;
    json::object either{{"anyOf", json::array{out, link("reference")}}};
    for (const auto* name : {"description", "default"})
        if (const auto* value = out.if_contains(name))
            either[name] = *value;
    return either;
}

/// Adds "use", "on" and `more` to the members that a component's schema allows.
void add_members(json::object& schema, const json::object& more, ComponentKind kind)
{
    auto& properties = schema["properties"];
    if (!properties.is_object())
        properties.emplace_object();
    properties.get_object()["use"] = true;
    if (kind != ComponentKind::connection)
        properties.get_object()["on"] = json::object{{"type", "string"}, {"description", "name of a connection"}};
    for (const auto& [name, value] : more)
        properties.get_object()[name] = value;
}

/// "source": an object whose "use" picks the definition "source.ID".
void add_kind(json::object& definitions, const ComponentCatalog& components, ComponentKind kind, const std::string& definition,
              const json::object& more)
{
    json::array names;
    json::array branches;
    const auto add = [&](const std::string& id, json::value schema) {
        const auto key = definition + "." + id;
        names.push_back(json::string(id));
        json::value out = adapted(schema, key, false);
        if (!out.is_object())
            out.emplace_object();
        add_members(out.get_object(), more, kind);
        definitions[key] = std::move(out);
        branches.push_back(json::object{{"if", json::object{{"properties", json::object{{"use", json::object{{"const", id}}}}}}},
                                        {"then", link(key)}});
    };
    if (kind == ComponentKind::action)
        add("nothing", json::object{{"type", "object"}, {"additionalProperties", false}});
    for (const auto& id : components.names(kind)) {
        const auto* text = components.schema(kind, id);
        const auto compiled = text != nullptr ? OptionsSchema::compile(*text, id) : Result<std::shared_ptr<const OptionsSchema>>(Error());
        if (compiled) // a broken schema is reported where the component is used
            add(id, (*compiled)->document());
    }
    json::object out{{"type", "object"}, {"required", json::array{"use"}}};
    json::object use{{"description", std::string(name_of(kind)) + " to use"}};
    if (names.empty())
        use["type"] = "string";
    else
        use["enum"] = std::move(names);
    out["properties"] = json::object{{"use", std::move(use)}};
    if (!branches.empty())
        out["allOf"] = std::move(branches);
    definitions[definition] = std::move(out);
}

/// Two spaces a level, so that a person can read it too.
void print(const json::value& value, std::string& out, std::size_t depth)
{
    const auto line = [&](std::size_t indent) { out += "\n" + std::string(2 * indent, ' '); };
    const auto* object = value.if_object();
    const auto* list = value.if_array();
    if ((object == nullptr || object->empty()) && (list == nullptr || list->empty())) {
        out += json::serialize(value);
        return;
    }
    out += object != nullptr ? '{' : '[';
    bool first = true;
    const auto separate = [&] {
        out += first ? "" : ",";
        first = false;
        line(depth + 1);
    };
    if (object != nullptr)
        for (const auto& [name, one] : *object) {
            separate();
            out += json::serialize(json::value(json::string(name))) + ": ";
            print(one, out, depth + 1);
        }
    else
        for (const auto& one : *list) {
            separate();
            print(one, out, depth + 1);
        }
    line(depth);
    out += object != nullptr ? '}' : ']';
}

} // namespace

std::string flow_schema(const ComponentCatalog& components)
{
    auto schema = json::parse(frame);
    const auto members = json::parse(task_members);
    const auto chart = json::object{{"data", link("data")}, {"out", json::object{{"type", "string"}}}};
    auto& definitions = schema.at("definitions").as_object();
    for (const auto& [name, member] : members.get_object())
        definitions["task"].at("else").at("properties").as_object()[name] = member;
    add_kind(definitions, components, ComponentKind::source, "source", {});
    add_kind(definitions, components, ComponentKind::sink, "sink", {});
    add_kind(definitions, components, ComponentKind::step, "step", {});
    add_kind(definitions, components, ComponentKind::connection, "connection", {});
    add_kind(definitions, components, ComponentKind::chart, "chart", chart);
    add_kind(definitions, components, ComponentKind::action, "action", {});
    add_kind(definitions, components, ComponentKind::action, "action_task", members.get_object());
    std::string out;
    print(schema, out, 0);
    return out + "\n";
}

} // namespace jackfield

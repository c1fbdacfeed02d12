// Checks of a plugin's table, its factories, their schemas and the tables of each kind.
#include "load/plugin_check.hpp"

#include "load/catalog.hpp"

#include <jackfield/abi/auth.h>
#include <jackfield/abi/chart.h>
#include <jackfield/abi/connection.h>
#include <jackfield/abi/sink.h>
#include <jackfield/abi/source.h>
#include <jackfield/abi/task.h>

#include <boost/json/parse.hpp>

#include <cstring>
#include <optional>

namespace jackfield {

namespace {

constexpr std::uint32_t largest_struct = 4096; // no struct of the ABI comes near it
constexpr std::uint64_t most_factories = 1024;
constexpr std::size_t short_text = 256, long_text = std::size_t{64} << 10, schema_text = std::size_t{4} << 20;

/// What is wrong, or nothing.
using Fault_ = std::optional<std::string>;

/// Strict UTF-8: everything is shown to people and written into JSON.
bool is_utf8(std::string_view bytes)
{
    for (std::size_t i = 0; i < bytes.size();) {
        const auto first = static_cast<unsigned char>(bytes[i]);
        const std::size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
        if (length == 0 || i + length > bytes.size())
            return false;
        std::uint32_t point = length == 1 ? first : first & (0xffu >> (length + 1));
        for (std::size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(bytes[i + k]);
            if ((next & 0xc0) != 0x80)
                return false;
            point = point << 6 | (next & 0x3f);
        }
        if ((length == 3 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) || (length == 4 && (point < 0x10000 || point > 0x10ffff)))
            return false;
        i += length;
    }
    return true;
}

Fault_ text(const char* value, std::size_t most, const char* name, std::string& out, bool required = true)
{
    if (!value)
        return required ? Fault_(std::string(name) + " is NULL") : Fault_();
    const std::size_t length = strnlen(value, most + 1);
    if (length > most)
        return std::string(name) + " is longer than " + std::to_string(most) + " bytes";
    if (!is_utf8({value, length}))
        return std::string(name) + " is not UTF-8";
    out.assign(value, length);
    for (char& c : out)
        if (most != schema_text && c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f))
            c = ' ';
    if (required && out.empty())
        return std::string(name) + " is empty";
    return {};
}

Fault_ identifier(const std::string& id, const char* name)
{
    const bool good = !id.empty() && id.size() <= 64 &&
                      id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string::npos;
    return good ? Fault_() : Fault_(std::string(name) + " '" + id.substr(0, 64) + "' may have letters, digits, '.', '_' and '-' only, 64 at most");
}

Fault_ size(std::uint32_t struct_size, std::size_t least, const char* name)
{
    if (struct_size >= least && struct_size <= largest_struct)
        return {};
    return std::string(name) + " says that it has " + std::to_string(struct_size) + " bytes, which cannot be (at least " + std::to_string(least) + ")";
}

#define NEEDS(type, table, member)                                                                           \
    if (!JF_HAS_FN(type, table, member))                                                                     \
    return #type "." #member "() is missing"

Fault_ task_functions(const jf_task* table)
{
    const bool step = JF_HAS_FN(jf_task, table, open);
    if (!step)
        NEEDS(jf_task, table, run);
    if (step) {
        NEEDS(jf_task, table, schema);
        NEEDS(jf_task, table, process);
        NEEDS(jf_task, table, close);
    }
    return {};
}

Fault_ functions(std::string_view kind, const void* table)
{
    if (kind == JF_KIND_CONNECTION) {
        NEEDS(jf_connection, static_cast<const jf_connection*>(table), check);
    } else if (kind == JF_KIND_SOURCE) {
        const auto* source = static_cast<const jf_source*>(table);
        NEEDS(jf_source, source, open);
        NEEDS(jf_source, source, schema);
        NEEDS(jf_source, source, next);
        NEEDS(jf_source, source, close);
    } else if (kind == JF_KIND_SINK) {
        const auto* sink = static_cast<const jf_sink*>(table);
        NEEDS(jf_sink, sink, open);
        NEEDS(jf_sink, sink, schema);
        NEEDS(jf_sink, sink, write);
        NEEDS(jf_sink, sink, commit);
        NEEDS(jf_sink, sink, abort);
        NEEDS(jf_sink, sink, close);
    } else if (kind == JF_KIND_TASK) {
        return task_functions(static_cast<const jf_task*>(table));
    } else if (kind == JF_KIND_CHART) {
        const auto* chart = static_cast<const jf_chart*>(table);
        NEEDS(jf_chart, chart, media_types);
        NEEDS(jf_chart, chart, spec_schema);
        NEEDS(jf_chart, chart, render);
    } else if (kind == JF_KIND_AUTH) {
        NEEDS(jf_auth, static_cast<const jf_auth*>(table), step);
    }
    return {};
}
#undef NEEDS

Fault_ schema(const std::string& text)
{
    boost::system::error_code wrong;
    const boost::json::value parsed = boost::json::parse(text, wrong);
    if (wrong)
        return "its config_schema is no JSON";
    const auto* object = parsed.if_object();
    const auto* type = object ? object->if_contains("type") : nullptr;
    if (!type || !type->is_string() || type->get_string() != "object")
        return "its config_schema is no JSON Schema of type object";
    return {};
}

bool known_kind(std::string_view kind)
{
    return kind == JF_KIND_CONNECTION || kind == JF_KIND_SOURCE || kind == JF_KIND_SINK || kind == JF_KIND_TASK || kind == JF_KIND_AUTH || kind == JF_KIND_CHART;
}

/// Fills `out` as far as it gets; says what is wrong.
Fault_ check_factory(const jf_factory* factory, ComponentInfo& out)
{
    if (!factory)
        return "the pointer is NULL";
    if (auto wrong = size(factory->struct_size, offsetof(jf_factory, extension), "its jf_factory"))
        return wrong;
    if (auto wrong = text(factory->kind, short_text, "kind", out.kind))
        return wrong;
    if (auto wrong = text(factory->id, short_text, "id", out.id))
        return wrong;
    if (!known_kind(out.kind))
        return "this runtime does not know the kind '" + out.kind + "'; a newer runtime may";
    for (auto wrong : {identifier(out.id, "id"), text(factory->version, short_text, "version", out.version),
             text(factory->title, long_text, "title", out.title), text(factory->description, long_text, "description", out.description, false),
             text(factory->config_schema, schema_text, "config_schema", out.schema), text(factory->connection, short_text, "connection", out.connection, false)})
        if (wrong)
            return wrong;
    if (auto wrong = schema(out.schema))
        return wrong;
    if (!out.connection.empty() && out.connection[0] == '?') {
        out.connection_optional = true;
        out.connection.erase(0, 1);
    }
    if (!out.connection.empty())
        if (auto wrong = identifier(out.connection, "connection"))
            return wrong;
    if (!factory->describe || !factory->create || !factory->destroy)
        return std::string(!factory->describe ? "describe" : !factory->create ? "create" : "destroy") + "() is missing";
    if (!factory->table)
        return "its table is NULL";
    std::uint32_t table_size = 0;
    std::memcpy(&table_size, factory->table, sizeof table_size);
    if (auto wrong = size(table_size, 16, "its table"))
        return wrong;
    return functions(out.kind, factory->table);
}

} // namespace

Result<LoadedPlugin> check_plugin(const jf_plugin* table, const std::filesystem::path& file)
{
    const std::string who = file.empty() ? std::string("the built-in plugin") : "'" + file.string() + "'";
    const auto broken = [&who](const std::string& what) {
        return fail(JF_E_CONFIG, who + " is a broken plugin: " + what + "; report it to its vendor");
    };
    LoadedPlugin out;
    PluginInfo& info = out.info;
    info.file = file;
    if (auto wrong = size(table->struct_size, offsetof(jf_plugin, factories) + sizeof table->factories, "its jf_plugin"))
        return broken(*wrong);
    for (auto wrong : {text(table->name, short_text, "name", info.name), text(table->version, short_text, "version", info.version),
             text(table->vendor, short_text, "vendor", info.vendor, false), text(table->license, short_text, "license", info.license, false),
             text(table->built_with, long_text, "built_with", info.built_with, false)})
        if (wrong)
            return broken(*wrong);
    if (auto wrong = identifier(info.name, "name"))
        return broken(*wrong);
    if (table->factory_count == 0 || table->factory_count > most_factories || !table->factories)
        return broken("it says that it has " + std::to_string(table->factory_count) + " components");
    for (std::uint64_t i = 0; i < table->factory_count; ++i) {
        ComponentInfo component;
        if (auto wrong = check_factory(table->factories[i], component)) {
            info.notes.push_back("component " + (component.id.empty() ? std::to_string(i) : std::string(short_kind(component.kind)) + " '" + component.id + "'") +
                                 " is skipped: " + *wrong);
            continue;
        }
        info.components.push_back(std::move(component));
        out.factories.emplace_back(table->factories[i], table->name);
    }
    if (info.components.empty())
        return broken("none of its components can be used: " + info.notes.front());
    return out;
}

} // namespace jackfield

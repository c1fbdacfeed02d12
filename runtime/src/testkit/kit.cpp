// Kit: configuration, connection and directory of one test.
#include "testkit/kit.hpp"

#include "flow/schema_check.hpp"
#include "testkit/generate.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstring>
#include <fstream>

namespace jackfield::testkit {

namespace json = boost::json;

namespace {

/// "${dir}" and, in templates of lines, "${i}".
std::string replace_all(std::string text, std::string_view what, std::string_view by)
{
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

Status write_file(const std::filesystem::path& path, const std::string& text)
{
    std::error_code none;
    std::filesystem::create_directories(path.parent_path(), none);
    std::ofstream out(path, std::ios::binary);
    out << text;
    if (!out.flush())
        return fail(JF_E_FAILED, "cannot write '" + path.string() + "'");
    return {};
}

/// The content that the facts give a file: text, or {"head": "n\n", "line": "${i}\n", "lines": 1000, "tail": ""}.
Result<std::string> content_of(const json::value& described)
{
    if (described.is_string())
        return std::string(described.get_string());
    const json::object* object = described.if_object();
    const json::value* line = object ? object->if_contains("line") : nullptr;
    const json::value* lines = object ? object->if_contains("lines") : nullptr;
    if (!line || !line->is_string() || !lines || !lines->is_int64())
        return fail(JF_E_CONFIG, "a file of the facts is a text, or {\"head\": …, \"line\": \"${i}\\n\", \"lines\": 1000}", "files");
    const auto text = [object](std::string_view name) {
        const json::value* found = object->if_contains(name);
        return found && found->is_string() ? std::string(found->get_string()) : std::string();
    };
    std::string out = text("head");
    for (std::int64_t i = 0; i < lines->get_int64(); ++i)
        out += replace_all(std::string(line->get_string()), "${i}", std::to_string(i));
    return out + text("tail");
}

} // namespace

std::string grouped(std::uint64_t number)
{
    std::string out = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3)
        out.insert(static_cast<std::size_t>(at), ",");
    return out;
}

std::string count(std::uint64_t number, std::string_view what)
{
    return grouped(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

Kit::Kit(const CheckOptions& options, const ComponentInfo& component, const json::object& facts, std::filesystem::path dir, Note* note)
    : options_(options), info_(component), facts_(facts), dir_(std::move(dir)), random_(options.seed, component.id), note_(note)
{
}

void Kit::doing(std::string_view what)
{
    if (!note_)
        return;
    const std::size_t length = std::min(what.size(), sizeof note_->text - 1);
    std::memcpy(note_->text, what.data(), length);
    note_->text[length] = '\0';
}

std::string Kit::expand(std::string text) const { return replace_all(std::move(text), "${dir}", dir_.string()); }

std::optional<json::value> Kit::fact(std::string_view name) const
{
    const json::value* found = facts_.if_contains(name);
    if (!found)
        return std::nullopt;
    boost::system::error_code code;
    // A path needs no escapes in JSON unless somebody puts quotes into the name of the temporary directory.
    return json::parse(expand(json::serialize(*found)), code);
}

std::string Kit::fact_text(std::string_view name) const
{
    const auto found = fact(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::vector<std::string> Kit::fact_texts(std::string_view name) const
{
    std::vector<std::string> out;
    if (const auto found = fact(name); found && found->is_array())
        for (const json::value& one : found->get_array())
            if (one.is_string())
                out.emplace_back(one.get_string());
    return out;
}

Status Kit::write_files()
{
    const auto files = fact("files");
    if (!files || !files->is_object())
        return {};
    for (const auto& file : files->get_object()) {
        JF_ASSIGN(const std::string content, content_of(file.value()));
        JF_TRY(write_file(dir_ / std::string(file.key()), content));
    }
    return {};
}

Status Kit::move_to(std::filesystem::path dir)
{
    connection_.reset();
    dir_ = std::move(dir);
    std::error_code none;
    std::filesystem::create_directories(dir_, none);
    return write_files();
}

Result<const LoadedPlugin*> Kit::plugin()
{
    if (!plugin_) {
        doing("loading the plugin");
        JF_ASSIGN(plugin_, load_library(options_.plugin));
    }
    return &*plugin_;
}

Result<Factory> Kit::factory_of(std::string_view kind, std::string_view id)
{
    JF_ASSIGN(const LoadedPlugin* loaded, plugin());
    for (const Factory& one : loaded->factories)
        if (one.kind() == kind && one.id() == id)
            return one;
    return fail(JF_E_NOT_FOUND, "the plugin has no component '" + std::string(id) + "' of kind " + std::string(kind));
}

Result<Factory> Kit::factory() { return factory_of(info_.kind, info_.id); }

Result<Component> Kit::checked(const Factory& found, std::string_view config_json, std::string_view place)
{
    boost::system::error_code code;
    json::value value = json::parse(expand(config_json.empty() ? "{}" : std::string(config_json)), code);
    if (code || !value.is_object())
        return fail(JF_E_CONFIG, "the options are no JSON object", std::string(place));
    JF_ASSIGN(const auto schema, OptionsSchema::compile(found.table()->config_schema, found.id()));
    const SchemaOutcome outcome = schema->check(value);
    if (!outcome.faults.empty()) {
        const SchemaFault& first = outcome.faults.front();
        if (config_json.empty())
            return skip("needs options: " + first.message + "; give --config '{…}'");
        return fail(JF_E_CONFIG, first.message, std::string(place) + (first.path.empty() ? "" : "." + first.path.dotted()));
    }
    Component out;
    out.use = found.id();
    out.configuration = value.get_object();
    out.secrets = outcome.secrets;
    out.place = place;
    return out;
}

Result<Component> Kit::component()
{
    JF_ASSIGN(const Factory found, factory());
    auto given = checked(found, options_.config_json, "config");
    if (given || !is_skip(given.error()))
        return given;
    JF_ASSIGN(const auto schema, OptionsSchema::compile(found.table()->config_schema, found.id()));
    const auto plain = plain_value(schema->document(), dir_.string());
    if (!plain)
        return given;
    drawn_ = true;
    auto made = checked(found, json::serialize(*plain), "config");
    return made ? std::move(made) : std::move(given);
}

Result<Kit::Second> Kit::second_of(std::string_view kind, const json::value& described)
{
    const json::object* object = described.if_object();
    const json::value* use = object ? object->if_contains("use") : nullptr;
    if (!use || !use->is_string())
        return fail(JF_E_CONFIG, "a second component is given as {\"use\": id, …options}", "facts");
    JF_ASSIGN(const Factory found, factory_of(kind, std::string_view(use->get_string())));
    json::object rest = *object;
    rest.erase("use");
    JF_ASSIGN(Component made, checked(found, json::serialize(rest), "facts"));
    return Second{found, std::move(made)};
}

Result<const ConnectionInstance*> Kit::connection()
{
    if (connection_)
        return &*connection_;
    const bool is_itself = info_.kind == JF_KIND_CONNECTION;
    const std::string& id = is_itself ? info_.id : info_.connection;
    JF_ASSIGN(const Factory found, factory_of(JF_KIND_CONNECTION, id));
    const std::string& config = is_itself ? options_.config_json : options_.connection_json;
    auto made = checked(found, config, "connection");
    if (!made) {
        if (is_skip(made.error()) && !is_itself)
            return skip("needs a connection; give --connection '{…}'");
        return std::move(made).error();
    }
    CallFrame frame;
    frame.set_deadline_in(10'000'000'000);
    InstanceOptions wanted;
    wanted.component = &*made;
    wanted.backend = std::make_shared<HostBackend>();
    JF_ASSIGN(connection_, ConnectionInstance::make(found, frame, wanted));
    return &*connection_;
}

Result<InstanceOptions> Kit::options_for(const Factory& found, const Component& component_)
{
    InstanceOptions wanted;
    wanted.component = &component_;
    wanted.backend = std::make_shared<HostBackend>();
    const char* needed = found.table()->connection;
    if (!needed || found.kind() == JF_KIND_CONNECTION)
        return wanted;
    if (needed[0] == '?' && options_.connection_json.empty())
        return wanted;
    JF_ASSIGN(wanted.connection, connection());
    return wanted;
}

Result<Description> Kit::description()
{
    JF_ASSIGN(const Factory found, factory());
    JF_ASSIGN(const Component component_, component());
    std::optional<ConfigView> on;
    if (!info_.connection.empty() && !options_.connection_json.empty()) {
        JF_ASSIGN(const Factory connection_factory, factory_of(JF_KIND_CONNECTION, info_.connection));
        JF_ASSIGN(const Component made, checked(connection_factory, options_.connection_json, "connection"));
        on.emplace(made);
    }
    const ConfigView config(component_);
    CallFrame frame;
    frame.set_deadline_in(5'000'000'000);
    return found.describe(frame, config, on ? &*on : nullptr);
}

} // namespace jackfield::testkit

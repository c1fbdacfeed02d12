// Tests of every component: its table, its schema, describe(), create() and destroy().
#include "testkit/generate.hpp"
#include "testkit/guard.hpp"

#include "flow/schema_check.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <ctime>
#include <map>

namespace jackfield::testkit {

namespace json = boost::json;

namespace {

constexpr int drawn_configurations = 200;

Verdict descriptor(Kit& kit)
{
    JF_ASSIGN(const Factory found, kit.factory());
    const jf_factory* table = found.table();
    JF_TRY(must(table->version && *table->version, "the component has no version"));
    JF_TRY(must(table->title && *table->title, "the component has no title; lists show it"));
    JF_TRY(must(std::string_view(table->title).find('\n') == std::string_view::npos, "the title has more than one line"));
    JF_TRY(must(JF_HAS_FN(jf_factory, table, describe), "there is no describe(); 'plan' believes it, so it is required"));
    return std::string(table->id) + ": " + table->title;
}

/// Names that mean a secret.
bool sounds_secret(std::string_view name)
{
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const char* word : {"password", "passwd", "secret", "api_key", "apikey", "private_key", "access_key"})
        if (lower.find(word) != std::string::npos)
            return true;
    return lower == "token" || lower == "pwd";
}

/// Every member of the schema: its name and rule.
void visit(const json::value& schema, const std::string& at, std::map<std::string, json::value>& out)
{
    const json::object* object = schema.if_object();
    const json::value* properties = object ? object->if_contains("properties") : nullptr;
    if (!properties || !properties->is_object())
        return;
    for (const auto& [name, rule] : properties->get_object()) {
        out[at + std::string(name)] = rule;
        visit(rule, at + std::string(name) + ".", out);
    }
}

Verdict schema(Kit& kit)
{
    JF_ASSIGN(const Factory found, kit.factory());
    JF_ASSIGN(const auto compiled, OptionsSchema::compile(found.table()->config_schema, found.id()));
    std::map<std::string, json::value> members;
    visit(compiled->document(), "", members);
    std::string silent;
    std::size_t without = 0;
    for (const auto& [name, rule] : members) {
        const json::object* object = rule.if_object();
        const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);
        const bool marked = object && object->contains("x-jf-secret");
        const bool text = object && object->contains("type") && object->at("type") == "string" && !object->contains("enum");
        JF_TRY(must(marked || !text || !sounds_secret(last), "'" + name + "' sounds like a secret but is not marked \"x-jf-secret\"; it would stand in logs"));
        if (!object || !object->contains("description")) {
            ++without;
            silent = name;
        }
    }
    const json::object* root = compiled->document().if_object();
    const bool open = root && !members.empty() && !root->contains("additionalProperties");
    JF_TRY(must(!open, "takes options that it does not know, so a slip of the pen goes unnoticed; say \"additionalProperties\": false"));
    return count(members.size(), "option") + (without ? "; " + std::to_string(without) + " without a description ('" + silent + "')" : "");
}

std::string signature(const Result<Description>& answer)
{
    if (!answer)
        return "error " + std::to_string(answer.error().kind) + " " + answer.error().message;
    std::string out = std::to_string(answer->capabilities) + "|" + std::to_string(answer->partitioning) + "|" + std::to_string(answer->state_scope) + "|" +
                      std::to_string(answer->max_lanes) + "|" + answer->sentence + "|" + answer->digest_of;
    for (const std::string& output : answer->outputs)
        out += "|" + output;
    return out;
}

Result<Description> describe(const Factory& found, const Component& component, const ConfigView* on)
{
    const ConfigView config(component);
    CallFrame frame;
    frame.set_deadline_in(5'000'000'000);
    return found.describe(frame, config, on);
}

/// Options that the schema accepts, with what it found in them; nullopt: none could be drawn.
std::optional<Component> draw_component(const OptionsSchema& compiled, const Factory& found, Random& random, const std::string& dir)
{
    for (int attempt = 0; attempt < 20; ++attempt) {
        auto value = draw_value(compiled.document(), random, dir);
        if (!value || !value->is_object())
            continue;
        const SchemaOutcome outcome = compiled.check(*value);
        if (!outcome.faults.empty())
            continue;
        Component out;
        out.use = found.id();
        out.configuration = value->get_object();
        out.secrets = outcome.secrets;
        return out;
    }
    return std::nullopt;
}

/// The configuration of the connection that describe() is shown.
Result<std::shared_ptr<const ConfigView>> connection_view(Kit& kit)
{
    if (kit.info().connection.empty() || kit.options().connection_json.empty())
        return std::shared_ptr<const ConfigView>();
    JF_ASSIGN(const Factory found, kit.factory_of(JF_KIND_CONNECTION, kit.info().connection));
    JF_ASSIGN(const Component made, kit.checked(found, kit.options().connection_json, "connection"));
    return std::shared_ptr<const ConfigView>(std::make_shared<ConfigView>(made)); // shared: only to have one type for none and one
}

Verdict configurations(Kit& kit)
{
    JF_ASSIGN(const Factory found, kit.factory());
    JF_ASSIGN(const auto compiled, OptionsSchema::compile(found.table()->config_schema, found.id()));
    JF_ASSIGN(const auto on, connection_view(kit));
    int drawn = 0, taken = 0;
    for (int i = 0; i < drawn_configurations; ++i) {
        const auto component = draw_component(*compiled, found, kit.random(), kit.dir().string());
        if (!component)
            continue;
        ++drawn;
        kit.doing("describe() looked at " + json::serialize(component->configuration));
        const Result<Description> first = describe(found, *component, on.get());
        const Result<Description> second = describe(found, *component, on.get());
        JF_TRY(must(signature(first) == signature(second), "describe() answers differently when asked again, for " + json::serialize(component->configuration)));
        taken += first ? 1 : 0;
        if (!first)
            JF_TRY(must(first.error().kind == JF_E_CONFIG || first.error().kind == JF_E_UNSUPPORTED,
                        "describe() failed as " + std::string(error_class_name(first.error().kind)) + " for options that its schema accepts; "
                        "only 'config' may be answered: " + first.error().message + " " + json::serialize(component->configuration)));
    }
    if (drawn == 0)
        return skip("no configuration can be drawn from the schema (a pattern?)");
    return "schema accepts " + count(static_cast<std::uint64_t>(drawn), "configuration") + " drawn from it, describe() " + (taken == drawn ? "too" : std::to_string(taken) + " of them; the rest is refused with a reason");
}

Verdict mutations(Kit& kit)
{
    JF_ASSIGN(const Factory found, kit.factory());
    JF_ASSIGN(const auto compiled, OptionsSchema::compile(found.table()->config_schema, found.id()));
    int refused = 0;
    for (int i = 0; i < drawn_configurations; ++i) {
        const auto component = draw_component(*compiled, found, kit.random(), kit.dir().string());
        if (!component)
            continue;
        auto breakage = break_value(compiled->document(), component->configuration, kit.random());
        if (!breakage)
            continue;
        const std::string text = json::serialize(breakage->value);
        const SchemaOutcome outcome = compiled->check(breakage->value);
        JF_TRY(must(!outcome.faults.empty(), "the schema accepts " + text + " although " + breakage->what));
        ++refused;
    }
    if (refused == 0)
        return skip("the schema forbids nothing that could be broken");
    return "schema refuses " + count(static_cast<std::uint64_t>(refused), "configuration") + " that break it";
}

Verdict baseline(Kit& kit)
{
    if (kit.options().baseline.empty())
        return skip("give --baseline OLD.so to hold it against an older build");
    JF_ASSIGN(const LoadedPlugin old, load_library(kit.options().baseline));
    for (const Factory& each : old.factories) {
        if (each.kind() != kit.info().kind || each.id() != kit.info().id)
            continue;
        JF_ASSIGN(const Factory found, kit.factory());
        JF_ASSIGN(const auto before, OptionsSchema::compile(each.table()->config_schema, each.id()));
        JF_ASSIGN(const auto now, OptionsSchema::compile(found.table()->config_schema, found.id()));
        int accepted = 0;
        for (int i = 0; i < drawn_configurations; ++i) {
            const auto component = draw_component(*before, each, kit.random(), kit.dir().string());
            if (!component)
                continue;
            json::value value = component->configuration;
            const SchemaOutcome outcome = now->check(value);
            JF_TRY(must(outcome.faults.empty(), "no longer accepts " + json::serialize(component->configuration) + ": " +
                                                    (outcome.faults.empty() ? "" : outcome.faults.front().message)));
            ++accepted;
        }
        return "accepts " + count(static_cast<std::uint64_t>(accepted), "configuration") + " of " + old.info.version;
    }
    return skip("the older build has no such component");
}

Verdict describes(Kit& kit)
{
    JF_ASSIGN(const Factory found, kit.factory());
    JF_ASSIGN(const Component component, kit.component());
    JF_ASSIGN(const auto on, connection_view(kit));
    kit.doing("describe() ran");
    JF_TRY(without_outside(kit, "describe()", [&]() -> Status {
        const auto answer = describe(found, component, on.get());
        if (!answer)
            return broken("describe() refuses the configuration of this check: " + answer.error().message);
        return {};
    }));
    JF_ASSIGN(const Description answer, describe(found, component, on.get()));
    JF_TRY(must(answer.sentence.find('\n') == std::string::npos, "the sentence of describe() has more than one line"));
    JF_TRY(must(answer.sentence.empty() || answer.sentence.back() != '.', "the sentence of describe() ends in a full stop; plan adds its own"));
    if (kit.info().kind == JF_KIND_TASK)
        JF_TRY(must((answer.capabilities & (JF_IS_STEP | JF_IS_ACTION)) != 0, "describe() says neither step nor action (JF_IS_STEP, JF_IS_ACTION)"));
    return "without any input or output" + (answer.sentence.empty() ? std::string("; it has no sentence for plan") : ": " + answer.sentence);
}

/// Makes an instance of any kind and lets it go.
Status create_once(Kit& kit, const Factory& found, const Component& component)
{
    JF_ASSIGN(const InstanceOptions wanted, kit.options_for(found, component));
    CallFrame frame;
    frame.set_deadline_in(10'000'000'000);
    JF_ASSIGN(const auto core, InstanceCore::make(found, frame, wanted));
    return {};
}

Verdict creates(Kit& kit)
{
    JF_ASSIGN(const Factory found, kit.factory());
    JF_ASSIGN(const Component component, kit.component());
    constexpr int times = 100;
    for (int i = 0; i < 10; ++i) // what is allocated once and kept
        JF_TRY(create_once(kit, found, component));
    const Holdings before = Holdings::now();
    for (int i = 0; i < times; ++i) {
        kit.doing("create() and destroy() ran for the " + std::to_string(i + 1) + ". time");
        JF_TRY(create_once(kit, found, component));
    }
    Holdings after = Holdings::now();
    for (int i = 0; i < 100 && after.threads > before.threads; ++i) { // threads on their way out
        const timespec pause{0, 5'000'000};
        nanosleep(&pause, nullptr);
        after = Holdings::now();
    }
    JF_TRY(must(after.descriptors <= before.descriptors, "100 times create() and destroy() leave " + count(after.descriptors - before.descriptors, "open descriptor")));
    JF_TRY(must(after.threads <= before.threads, "100 times create() and destroy() leave " + count(after.threads - before.threads, "thread")));
    JF_TRY(must(after.children <= before.children, "100 times create() and destroy() leave " + count(after.children - before.children, "process") + "es"));
    JF_TRY(must(after.maps <= before.maps + 20, "100 times create() and destroy() leave " + count(after.maps - before.maps, "memory map")));
    const std::size_t grown = after.heap > before.heap ? after.heap - before.heap : 0;
    JF_TRY(must(grown <= std::size_t{64} << 10, "100 times create() and destroy() leave " + grouped(grown) + " bytes on the heap"));
    return std::string("made and destroyed 100 times: no descriptor, thread, process or memory is left");
}

const void* no_service(const jf_host*, const char*) { return nullptr; }

/// A host that offers nothing at all.
Verdict bare_host(Kit& kit)
{
    JF_ASSIGN(const Factory found, kit.factory());
    JF_ASSIGN(const Component component, kit.component());
    JF_ASSIGN(const InstanceOptions wanted, kit.options_for(found, component));
    const jf_host host{sizeof(jf_host), 0, nullptr, "jackfield", "0", no_service};
    const ConfigView config(component);
    CallFrame frame;
    frame.set_deadline_in(10'000'000'000);
    void* instance = nullptr;
    kit.doing("create() ran with a host that offers no service");
    void* connection = wanted.connection ? wanted.connection->core()->self() : nullptr;
    const jf_status status = frame.run("create", found.table()->create, found.table(), &host, frame.raw(), config.raw(), connection, &instance);
    if (status == JF_OK) {
        found.table()->destroy(instance);
        return std::string("works with a host that offers no service");
    }
    const Error error = frame.error(status, "it", "create");
    JF_TRY(must(status == JF_E_UNSUPPORTED || status == JF_E_CONFIG, "create() without services fails as " + std::string(error_class_name(status)) + "; 'unsupported' says what is meant"));
    return "refuses a host without services: " + error.message;
}

Verdict extension(Kit& kit)
{
    JF_ASSIGN(const Factory found, kit.factory());
    if (!JF_HAS_FN(jf_factory, found.table(), extension))
        return std::string("has none");
    for (const char* id : {"jf.no.such.extension/0", "", "jf.source/0 trailing", "\xff"})
        JF_TRY(must(found.table()->extension(found.table(), id) == nullptr, "extension('" + std::string(id) + "') is not NULL"));
    return std::string("unknown ids are answered with NULL");
}

Verdict surroundings(Kit& kit)
{
    const Surroundings before = Surroundings::now();
    JF_ASSIGN(const Factory found, kit.factory());
    JF_TRY(Surroundings::now().same_as(before));
    JF_ASSIGN(const Component component, kit.component());
    JF_TRY(create_once(kit, found, component));
    kit.forget_connection();
    JF_TRY(Surroundings::now().same_as(before));
    return std::string("environment, directory, umask, locale, signals and descriptors 0 to 2 stay as they were");
}

Verdict findings(Kit& kit)
{
    JF_ASSIGN(const Factory found, kit.factory());
    if (!JF_HAS_FN(jf_factory, found.table(), check))
        return skip("the component has no check()");
    JF_ASSIGN(const Component component, kit.component());
    JF_ASSIGN(const InstanceOptions wanted, kit.options_for(found, component));
    CallFrame frame;
    frame.set_deadline_in(5'000'000'000);
    JF_ASSIGN(const auto core, InstanceCore::make(found, frame, wanted));
    struct Checked : Instance {
        explicit Checked(std::shared_ptr<InstanceCore> of) : Instance(std::move(of)) {}
    };
    kit.doing("check() ran");
    JF_ASSIGN(const std::string text, Checked(core).check(frame));
    boost::system::error_code code;
    const json::value value = json::parse(text, code);
    JF_TRY(must(!code && value.is_array(), "check() wrote no JSON array: " + text.substr(0, 80)));
    for (const json::value& one : value.get_array()) {
        const json::object* finding = one.if_object();
        const json::value* severity = finding ? finding->if_contains("severity") : nullptr;
        JF_TRY(must(severity && (*severity == "error" || *severity == "warning" || *severity == "info"), "a finding lacks its severity (error, warning, info)"));
        JF_TRY(must(finding->contains("message"), "a finding lacks its message"));
    }
    return count(value.get_array().size(), "finding");
}

constexpr Test tests[] = {
    {"any", "descriptor", "id, title and version are there", descriptor},
    {"any", "schema", "the schema is sound, secrets are marked", schema},
    {"any", "configurations", "configurations drawn from the schema are understood", configurations},
    {"any", "mutations", "configurations that break the schema are refused", mutations},
    {"any", "baseline", "configurations of an older build are accepted", baseline},
    {"any", "describe", "describe() does no input or output", describes},
    {"any", "create", "create() and destroy() leave nothing behind", creates},
    {"any", "bare-host", "a host without services is no crash", bare_host},
    {"any", "extension", "unknown extensions are NULL", extension},
    {"any", "surroundings", "nothing of the process is changed", surroundings},
    {"any", "findings", "check() answers findings", findings},
};

} // namespace

std::span<const Test> any_tests() { return tests; }

} // namespace jackfield::testkit

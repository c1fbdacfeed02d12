// jackfield plugin: which plugins there are, what they offer, why one is missing, whether one keeps the rules.
#include "commands.hpp"
#include "plugin_info.hpp"
#include "plugin_new.hpp"
#include "session.hpp"
#include "table.hpp"
#include "terminal.hpp"

#include "exec/human.hpp"
#include "flow/words.hpp"
#include "load/catalog.hpp"

#include <boost/json/serialize.hpp>

#include <fstream>
#include <iterator>

#ifdef JACKFIELD_HAVE_TESTKIT
#include <jackfield/testkit/check.hpp>
#endif

namespace jackfield::cli {

namespace {

struct ListRequest {
    bool json = false;
};

int list(const Session& session, const ListRequest& request)
{
    const auto runtime = session.make_runtime();
    if (!runtime)
        return exit_no_access;
    const Catalog& catalog = runtime->catalog();
    if (request.json) {
        for (const PluginInfo* plugin : catalog.plugins())
            print_out(boost::json::serialize(json_of(*plugin)) + "\n");
        return exit_done;
    }
    Table table;
    table.column("KIND").column("ID").column("PLUGIN").column("WHAT IT IS");
    for (const PluginInfo* plugin : catalog.plugins())
        for (const ComponentInfo& component : plugin->components)
            table.row({std::string(short_kind(component.kind)), component.id, plugin->name + " " + plugin->version, component.title});
    const Terminal terminal = terminal_of(1);
    std::string out = table.print(terminal.moves ? terminal.width() : 0);
    for (const std::string& note : catalog.notes())
        out += "note: " + note + "\n";
    const auto refusals = catalog.refusals();
    for (const Refusal& refusal : refusals)
        out += "refused: " + refusal.file.string() + ": " + refusal.reason + "\n";
    print_out(out);
    return exit_done;
}

struct InfoRequest {
    std::string name;
    bool json = false;
};

int info(const Session& session, const InfoRequest& request)
{
    const auto runtime = session.make_runtime();
    if (!runtime)
        return exit_no_access;
    const Catalog& catalog = runtime->catalog();
    std::string out;
    std::vector<std::string> names;
    for (const PluginInfo* plugin : catalog.plugins()) {
        const bool whole = plugin->name == request.name || (!plugin->file.empty() && (plugin->file == request.name || plugin->file.filename() == request.name));
        names.push_back(plugin->name);
        if (whole)
            out += request.json ? boost::json::serialize(json_of(*plugin)) + "\n" : text_of(*plugin);
        for (const ComponentInfo& component : plugin->components) {
            names.push_back(component.id);
            const std::string with_kind = std::string(short_kind(component.kind)) + " " + component.id;
            if ((component.id == request.name && !whole) || with_kind == request.name)
                out += request.json ? boost::json::serialize(json_of(component)) + "\n" : text_of(component, *plugin);
        }
    }
    if (out.empty())
        return say(fail(JF_E_NOT_FOUND, "there is no plugin or component " + in_quotes(request.name) + "; " + remedy(request.name, names, "names") +
                                            " (where was looked: jackfield plugin why " + request.name + ")"));
    print_out(out);
    return exit_done;
}

int why(const Session& session, const std::string& name)
{
    const auto runtime = session.make_runtime();
    if (!runtime)
        return exit_no_access;
    print_out(runtime->catalog().why(name));
    return exit_done;
}

#ifdef JACKFIELD_HAVE_TESTKIT
Result<std::string> read_text(const std::string& given)
{
    if (given.empty() || given.front() == '{')
        return given;
    std::ifstream in(given, std::ios::binary);
    if (!in)
        return fail(JF_E_NOT_FOUND, in_quotes(given) + " is neither a JSON object nor a file that can be read");
    return std::string{std::istreambuf_iterator<char>(in), {}};
}

struct CheckRequest {
    testkit::CheckOptions options;
    std::string plugin, config, connection, facts, fixture, baseline;
    std::int64_t seed = 41, timeout = 10;
};

int check(const CheckRequest& request)
{
    testkit::CheckOptions options = request.options;
    const auto config = read_text(request.config), connection = read_text(request.connection), facts = read_text(request.facts);
    for (const auto* text : {&config, &connection, &facts})
        if (!*text)
            return say(text->error());
    options.config_json = *config;
    options.connection_json = *connection;
    options.facts_json = *facts;
    options.plugin = request.plugin;
    options.fixture = request.fixture;
    options.baseline = request.baseline;
    options.seed = static_cast<std::uint64_t>(request.seed);
    options.timeout = std::chrono::seconds(request.timeout);
    options.colour = terminal_of(1).colours;
    return testkit::check_plugin(options, [](std::string_view line) { print_out(std::string(line) + "\n"); });
}

void add_check_plugin(Command plugin)
{
    auto request = std::make_shared<CheckRequest>();
    plugin.command("check", "Tests whether a plugin keeps the rules, by the conformance kit")
        .details("Each test runs in a process of its own. The last line counts what passed and failed; a failed test says how to repeat it.")
        .argument("FILE", request->plugin, "The plugin, a .so file", Words::file)
        .option("--component", "ID", request->options.component, "This component only, as ID or KIND:ID (source:files.csv)")
        .option("--config", "JSON|FILE", request->config, "Options of the component; ${dir} in it is an empty folder", Words::file)
        .option("--connection", "JSON|FILE", request->connection, "Options of the connection that the component needs", Words::file)
        .option("--facts", "JSON|FILE", request->facts, "More of what the tests need to know", Words::file)
        .option("--fixture", "PROGRAM", request->fixture, "Fills, reads and clears the outside system: PROGRAM fill|read|clear", Words::file)
        .option("--baseline", "FILE", request->baseline, "An older build, whose configurations must still be accepted", Words::file)
        .option("--only", "TEST", request->options.only, "This test, or a group of tests")
        .option("--seed", "N", request->seed, "The same seed draws the same data (default: 41)", 0)
        .option("--timeout", "SECONDS", request->timeout, "For one test (default: 10)", 1)
        .flag("--in-process", request->options.in_process, "No child processes, for a debugger")
        .flag("--quick", request->options.quick, "Fewer repetitions")
        .flag("--list", request->options.list, "Print the names of the tests and run none")
        .example("jackfield plugin check build/acme-ticks.so --config '{\"count\": 100}'", "all tests")
        .example("jackfield plugin check build/acme-ticks.so --only cancel --seed 41", "repeats one")
        .action([request] { return check(*request); });
}
#endif

} // namespace

void add_plugin(Command root, Session& session)
{
    Command plugin = root.command("plugin", "Lists, explains, checks and starts plugins");
    auto listed = std::make_shared<ListRequest>();
    plugin.command("list", "Lists all components of all plugins, and files that were refused")
        .flag("--json", listed->json, "One JSON object for each plugin, one a line")
        .example("jackfield plugin list", "what can stand after \"use\" in a flow")
        .action([&session, listed] { return list(session, *listed); });
    auto asked = std::make_shared<InfoRequest>();
    plugin.command("info", "Shows a plugin, or a component with its options")
        .argument("NAME", asked->name, "Name of a plugin, id of a component, or 'KIND ID'", Words::component)
        .flag("--json", asked->json, "As JSON, with the JSON Schema of the options")
        .example("jackfield plugin info files.csv", "the options of files.csv, their types and defaults")
        .action([&session, asked] { return info(session, *asked); });
    auto name = std::make_shared<std::string>();
    plugin.command("why", "Says why a component or plugin is there or is not: every place that was looked at")
        .argument("NAME", *name, "A component, a plugin or a file name; none: everything", Words::component, false)
        .example("jackfield plugin why postgres", "where it was looked for, and what was refused")
        .action([&session, name] { return why(session, *name); });
#ifdef JACKFIELD_HAVE_TESTKIT
    add_check_plugin(plugin);
#endif
    add_plugin_new(plugin);
}

} // namespace jackfield::cli

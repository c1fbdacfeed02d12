// jackfield connections: which there are, and whether they answer.
#include "commands.hpp"
#include "probe.hpp"
#include "session.hpp"
#include "table.hpp"
#include "terminal.hpp"

#include "flow/words.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace jackfield::cli {

namespace {

struct ConnectionsRequest {
    std::string flow, name;
    bool json = false;
};

/// The connections of a flow and of the connections file, or of that alone; empty: it was said why not.
std::optional<Flow> read(const Session& session, const std::string& file, const Runtime& runtime)
{
    if (!file.empty())
        return Session::read_flow(file, runtime);
    if (session.connections_file().empty()) {
        say(fail(JF_E_NOT_FOUND, "there is no connections file; name a flow, or give --connections FILE"));
        return std::nullopt;
    }
    // The reader of flows knows environments and places: a flow that does nothing borrows it.
    FlowReading reading = read_flow(R"({"flow": "connections", "tasks": {"none": {"use": "nothing"}}})", "connections", runtime.flow_options());
    if (!reading.flow)
        say(reading.faults);
    return std::move(reading.flow);
}

/// Options without what is secret; references are no secrets.
std::string options_of(const Component& component)
{
    std::string out;
    for (const auto& [name, value] : component.configuration)
        if (!value.is_null())
            out += (out.empty() ? "" : " ") + std::string(name) + "=" +
                   (value.is_string() ? std::string(value.get_string()) : value.is_object() && value.get_object().contains("secret") ? "(secret)" : boost::json::serialize(value));
    return printable(out, 200);
}

int list(const Session& session, const ConnectionsRequest& request)
{
    const auto runtime = session.make_runtime(request.flow);
    if (!runtime)
        return exit_no_access;
    const auto flow = read(session, request.flow, *runtime);
    if (!flow)
        return exit_faults;
    if (request.json) {
        for (const Connection& one : flow->connections)
            print_out(boost::json::serialize(boost::json::object{{"name", one.name}, {"use", one.component.use}, {"options", one.component.configuration}}) + "\n");
        return exit_done;
    }
    Table table;
    table.column("NAME").column("USE").column("OPTIONS");
    for (const Connection& one : flow->connections)
        table.row({one.name, one.component.use, options_of(one.component)});
    const Terminal terminal = terminal_of(1);
    print_out(table.empty() ? "no connections\n" : table.print(terminal.moves ? terminal.width() : 0));
    return exit_done;
}

int test(const Session& session, const ConnectionsRequest& request)
{
    const auto runtime = session.make_runtime(request.flow);
    if (!runtime)
        return exit_no_access;
    const auto flow = read(session, request.flow, *runtime);
    if (!flow)
        return exit_faults;
    std::vector<std::string> names;
    for (const Connection& one : flow->connections)
        names.push_back(one.name);
    if (!request.name.empty() && std::find(names.begin(), names.end(), request.name) == names.end())
        return say(fail(JF_E_CONFIG, "there is no connection " + in_quotes(request.name) + "; " + remedy(request.name, names, "connections")));
    const Probing probed = probe_connections(flow->connections, request.name, runtime->catalog(), terminal_of(1));
    print_out(probed.text);
    return probed.bad == 0 ? exit_done : exit_failed;
}

} // namespace

void add_connections(Command root, Session& session)
{
    Command connections = root.command("connections", "Lists and tries connections");
    auto listed = std::make_shared<ConnectionsRequest>();
    connections.command("list", "Lists the connections of a flow, or of the connections file")
        .argument("FLOW", listed->flow, "The flow file (default: the connections file alone)", Words::flow, false)
        .flag("--json", listed->json, "One JSON object for each, one a line")
        .example("jackfield connections list --env production", "those of the environment production; secrets are never shown")
        .action([&session, listed] { return list(session, *listed); });
    auto tested = std::make_shared<ConnectionsRequest>();
    connections.command("test", "Tries connections: can they be reached, is the password right?")
        .argument("FLOW", tested->flow, "The flow file (default: the connections file alone)", Words::flow, false)
        .option("--name", "NAME", tested->name, "This one only", Words::connection)
        .example("jackfield connections test --name warehouse", "exit code 1 if it does not answer")
        .action([&session, tested] { return test(session, *tested); });
}

} // namespace jackfield::cli

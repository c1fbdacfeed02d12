// jackfield plan: what a run would do.
#include "commands.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include "plan/plan.hpp"

#include <boost/json/serialize.hpp>

namespace jackfield::cli {

namespace {

struct PlanRequest {
    std::string flow;
    std::vector<std::string> parameters;
    bool json = false;
};

int plan(Session& session, const PlanRequest& request)
{
    auto parameters = read_parameters(request.parameters);
    if (!parameters)
        return say(parameters.error());
    const auto runtime = session.make_runtime(request.flow);
    if (!runtime)
        return exit_no_access;
    const auto flow = Session::read_flow(request.flow, *runtime);
    if (!flow)
        return exit_faults;
    const auto planned = runtime->plan(*flow, *parameters);
    if (!planned) {
        const auto faults = runtime->check(*flow, *parameters);
        return faults.empty() ? say(planned.error()) : say(faults);
    }
    print_out(request.json ? boost::json::serialize(to_json(*planned)) + "\n" : print(*planned));
    return exit_done;
}

} // namespace

void add_plan(Command root, Session& session)
{
    auto request = std::make_shared<PlanRequest>();
    root.command("plan", "Shows what a run would do, what it guarantees and why")
        .details("Nothing outside is opened.")
        .argument("FLOW", request->flow, "The flow file", Words::flow)
        .option("-p,--param", "NAME=VALUE", request->parameters, "Value of a parameter of the flow")
        .flag("--json", request->json, "As JSON")
        .example("jackfield plan flights.flow.json", "the graph, then each task")
        .example("jackfield plan flights.flow.json --json | jq '.tasks[].name'", "for machines")
        .action([&session, request] { return plan(session, *request); });
}

} // namespace jackfield::cli

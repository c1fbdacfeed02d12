// jackfield check: all faults of a flow at once; with --connect also what its components say of the outside.
#include "commands.hpp"
#include "probe.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include "exec/human.hpp"
#include "plan/plan.hpp"

namespace jackfield::cli {

namespace {

struct CheckRequest {
    std::string flow;
    std::vector<std::string> parameters;
    bool connect = false;
};

int check(Session& session, const CheckRequest& request)
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
    if (const auto faults = runtime->check(*flow, *parameters); !faults.empty())
        return say(faults);
    const std::string what = human_number_of(flow->tasks.size(), "task", "tasks");
    if (!request.connect) {
        print_out(flow->name + ": " + what + ", no fault\n");
        return exit_done;
    }
    const FlowReading bound = flow->bind(*parameters, &runtime->components());
    const Probing probed = probe(*bound.flow, runtime->catalog(), terminal_of(1));
    print_out(probed.text);
    print_out(flow->name + ": " + what + ", " + (probed.bad == 0 ? "no fault" : human_number_of(probed.bad, "fault", "faults") + " outside") + "\n");
    return probed.bad == 0 ? exit_done : exit_failed;
}

} // namespace

void add_check(Command root, Session& session)
{
    auto request = std::make_shared<CheckRequest>();
    root.command("check", "Lists every fault of a flow, with its place and what to do")
        .details("Nothing is run and nothing outside is opened, unless --connect asks for it. Exit code 2 if there are faults.")
        .argument("FLOW", request->flow, "The flow file", Words::flow)
        .option("-p,--param", "NAME=VALUE", request->parameters, "Value of a parameter of the flow")
        .flag("--connect", request->connect, "Also try the connections, and let the components look outside")
        .example("jackfield check flights.flow.json", "faults of the file")
        .example("jackfield check flights.flow.json --connect --env production", "also whether servers answer, tables are there, …")
        .action([&session, request] { return check(session, *request); });
}

} // namespace jackfield::cli

// jackfield run: runs a flow and shows how it goes.
#include "commands.hpp"
#include "display.hpp"
#include "session.hpp"
#include "signals.hpp"

#include "plan/plan.hpp"

#include <csignal>
#include <unistd.h>

namespace jackfield::cli {

namespace {

/// Whether a pipeline goes on where it stopped; as the plan says.
bool can_continue(Runtime& runtime, const Flow& flow, const boost::json::object& parameters, const std::string& task)
{
    const auto plan = runtime.plan(flow, parameters);
    const TaskPlan* found = plan ? plan->task(task) : nullptr;
    return found && found->pipeline && found->pipeline->can_continue;
}

int exit_code_of(const Report& report, int signal)
{
    if (signal == SIGTERM && report.state == "cancelled")
        return exit_terminated;
    if (report.state == "cancelled")
        return exit_interrupted;
    return report.ok() ? exit_done : exit_failed;
}

void on_signal(Display& display, const Cancel& cancel, int number, int count)
{
    if (count == 1)
        display.say("stopping: what is in flight is committed first; again to stop at once");
    else if (count == 2)
        display.say("stopping at once");
    else
        ::_exit(number == SIGTERM ? exit_terminated : exit_interrupted); // what is committed is committed
    cancel.request();
}

} // namespace

int run_and_show(Session& session, const RunRequest& request)
{
    auto parameters = read_parameters(request.parameters);
    if (!parameters)
        return say(parameters.error());
    auto setup = session.runtime_options(request.flow);
    if (!setup)
        return say(setup.error(), exit_no_access);
    Display display(request.json ? Display::Mode::json : request.quiet ? Display::Mode::quiet : Display::Mode::lines, terminal_of(STDOUT_FILENO));
    setup->on_event = [&display](const Event& event) { display.take(event); };
    if (request.quiet)
        setup->progress_every = {};
    Runtime runtime(std::move(*setup));
    const auto flow = Session::read_flow(request.flow, runtime);
    if (!flow)
        return exit_faults;
    const FlowReading bound = flow->bind(*parameters, &runtime.components(), request.interval ? &*request.interval : nullptr);
    if (!bound.flow)
        return say(bound.faults);
    if (!Session::open_state(runtime))
        return exit_no_access;
    display.use(std::make_unique<RunView>(*bound.flow, terminal_of(STDOUT_FILENO),
        RunView::Options{request.verbose, [&](const std::string& task) { return can_continue(runtime, *flow, *parameters, task); }}));

    RunOptions options;
    options.only = request.only;
    options.from = request.from;
    options.full_refresh = request.full_refresh;
    options.fresh = request.fresh;
    options.continue_run = request.continue_run;
    options.interval = request.interval;
    const Cancel cancel = options.cancel;
    Signals signals([&display, cancel](int number, int count) { on_signal(display, cancel, number, count); });
    auto report = runtime.run(*flow, *parameters, std::move(options));
    if (report)
        return exit_code_of(*report, signals.first());
    if (report.error().kind == JF_E_CONFIG)
        if (auto faults = runtime.check(*flow, *parameters, request.interval ? &*request.interval : nullptr); !faults.empty())
            return say(faults);
    return say(report.error());
}

void add_run(Command root, Session& session)
{
    auto request = std::make_shared<RunRequest>();
    root.command("run", "Runs a flow and shows how it goes")
        .details("A flow whose last run failed or was killed goes on where that stopped; after a success it runs anew.\n"
                 "Ctrl-C once: what is in flight is committed, then it stops. Twice: it stops at once.")
        .argument("FLOW", request->flow, "The flow file", Words::flow)
        .option("-p,--param", "NAME=VALUE", request->parameters, "Value of a parameter of the flow")
        .option("--only", "TASK", request->only, "This task and no other", Words::task)
        .option("--from", "TASK", request->from, "This task and all that come after it", Words::task)
        .flag("--full-refresh", request->full_refresh, "Forget how far earlier runs came and load everything again")
        .flag("--new", request->fresh, "Start anew instead of going on with a run that failed or is still going on, and shut that one out")
        .flag("--json", request->json, "One JSON object for each event, one a line")
        .flag("-q,--quiet", request->quiet, "Nothing but failures, to stderr")
        .flag("-v,--verbose", request->verbose, "Also what components log")
        .example("jackfield run flights.flow.json", "runs all tasks")
        .example("jackfield run flights.flow.json -p day=2026-01-01 --env production", "with a parameter and the connections of production")
        .example("jackfield run flights.flow.json --from delays", "the task delays and what comes after it")
        .example("jackfield run flights.flow.json --json | jq -r 'select(.event==\"task_state\") | .task + \" \" + .state'", "for machines")
        .action([&session, request] { return run_and_show(session, *request); });
}

} // namespace jackfield::cli

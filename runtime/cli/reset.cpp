// jackfield reset: forgets how far a flow came.
#include "commands.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include "observe/text.hpp"
#include "store/store.hpp"

#include <unistd.h>

namespace jackfield::cli {

namespace {

struct ResetRequest {
    std::string flow, task;
    bool yes = false;
};

/// Whether the person at the terminal agrees; nobody there: no.
bool agreed(const std::string& question)
{
    if (::isatty(STDIN_FILENO) != 1 || !print_err(question + " [y/N] "))
        return false;
    char answer[16];
    const ssize_t got = ::read(STDIN_FILENO, answer, sizeof answer);
    return got > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

int reset(const Session& session, const ResetRequest& request)
{
    const auto runtime = session.make_runtime(request.flow);
    if (!runtime)
        return exit_no_access;
    const auto flow = Session::read_flow(request.flow, *runtime);
    if (!flow)
        return exit_faults;
    if (!request.task.empty() && !flow->task(request.task)) {
        std::string known;
        for (const Task& task : flow->tasks)
            known += (known.empty() ? "" : ", ") + task.name;
        return say(fail(JF_E_CONFIG, "the flow has no task '" + observe::one_line(request.task) + "'; tasks: " + known));
    }
    auto* state = Session::open_state(*runtime);
    if (!state)
        return exit_no_access;
    const std::string what = request.task.empty() ? "flow '" + flow->name + "'" : "task '" + request.task + "' of flow '" + flow->name + "'";
    if (!request.yes && !agreed("Forget how far " + what + " came? The next run loads everything again."))
        return say(fail(JF_E_CONFIG, "nothing was forgotten; to do it without being asked: --yes"));
    if (const auto done = state->reset(flow->name, request.task); !done)
        return say(done.error(), exit_no_access);
    print_out(what + " starts from the beginning at its next run; what it wrote before is still there\n");
    return exit_done;
}

} // namespace

void add_reset(Command root, Session& session)
{
    auto request = std::make_shared<ResetRequest>();
    root.command("reset", "Forgets how far a flow or one task came: the next run loads everything again")
        .details("Runs, their history and the data that was written stay. A run that is going on is shut out.")
        .argument("FLOW", request->flow, "The flow file", Words::flow)
        .option("--task", "TASK", request->task, "This task only", Words::task)
        .flag("-y,--yes", request->yes, "Do not ask")
        .example("jackfield reset flights.flow.json --task land --yes", "the task land reads its source from the start again")
        .action([&session, request] { return reset(session, *request); });
}

} // namespace jackfield::cli

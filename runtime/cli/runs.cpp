// jackfield runs: what was run, how it went, and going on with it.
#include "commands.hpp"
#include "session.hpp"
#include "run_record.hpp"
#include "terminal.hpp"

#include "exec/human.hpp"
#include "observe/text.hpp"
#include "store/store.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <fstream>
#include <unistd.h>

namespace jackfield::cli {

namespace {

struct ListRequest {
    std::string flow, state;
    std::int64_t limit = 20;
    bool json = false, ids = false;
};

int list(const Session& session, const ListRequest& request)
{
    const auto runtime = session.make_runtime();
    auto* state = runtime ? Session::open_state(*runtime) : nullptr;
    if (!state)
        return exit_no_access;
    store::RunFilter filter{.flow = request.flow, .limit = static_cast<std::size_t>(request.limit)};
    if (const auto one = store::state_from_text(request.state))
        filter.states = {*one};
    const auto runs = state->runs(filter);
    if (!runs)
        return say(runs.error(), exit_no_access);
    if (request.json || request.ids) {
        for (const auto& run : *runs)
            if (!print_out(request.ids ? run.id + "\n" : boost::json::serialize(json_of(run)) + "\n"))
                break;
        return exit_done;
    }
    print_out(runs->empty() ? "no runs yet; start one with: jackfield run FLOW\n" : table_of(*runs, terminal_of(1)));
    return exit_done;
}

struct ShowRequest {
    std::string run;
    bool json = false;
};

int show(const Session& session, const ShowRequest& request)
{
    const auto runtime = session.make_runtime();
    auto* state = runtime ? Session::open_state(*runtime) : nullptr;
    if (!state)
        return exit_no_access;
    const auto record = read_record(*state, request.run);
    if (!record)
        return say(record.error());
    print_out(request.json ? boost::json::serialize(json_of(*record)) + "\n" : text_of(*record, terminal_of(1)));
    return exit_done;
}

struct LogsRequest {
    std::string run, task, level = "info";
    bool follow = false, json = false;
};

std::string log_text(const store::LogLine& line, const LogsRequest& request)
{
    return request.json ? boost::json::serialize(json_of(line)) + "\n" : text_of(line) + "\n";
}

int logs(const Session& session, const LogsRequest& request)
{
    const auto runtime = session.make_runtime();
    auto* state = runtime ? Session::open_state(*runtime) : nullptr;
    if (!state)
        return exit_no_access;
    auto run = state->run(request.run);
    if (!run)
        return say(run.error());
    const std::vector<std::string> levels = {"debug", "info", "warning", "error"};
    store::LogFilter filter{.task = request.task,
        .level = static_cast<std::int32_t>(std::find(levels.begin(), levels.end(), request.level) - levels.begin())};
    std::uint64_t mark = 0;
    while (true) {
        const bool over = store::is_terminal(run->state); // asked before the lines are read, so that none is missed
        while (true) {
            const auto lines = state->logs(run->id, filter);
            if (!lines)
                return say(lines.error(), exit_no_access);
            for (const auto& line : *lines)
                if (!print_out(log_text(line, request)))
                    return exit_done;
            if (lines->empty())
                break;
            filter.after = lines->back().seq;
        }
        if (!request.follow || over)
            return exit_done;
        if (const auto changed = state->wait_for_change(mark, 1'000'000'000); !changed)
            return say(changed.error(), exit_no_access);
        run = state->run(run->id);
        if (!run)
            return say(run.error(), exit_no_access);
    }
}

struct PruneRequest {
    std::int64_t days = -1, runs = -1;
};

int prune(const Session& session, const PruneRequest& request)
{
    if (request.days < 0 && request.runs < 0)
        return say(fail(JF_E_CONFIG, "what is to be kept? give --keep-days N, --keep-runs N, or both"));
    const auto runtime = session.make_runtime();
    auto* state = runtime ? Session::open_state(*runtime) : nullptr;
    if (!state)
        return exit_no_access;
    store::Retention keep;
    if (request.days >= 0)
        keep.keep_days = request.days;
    if (request.runs >= 0)
        keep.keep_runs = request.runs;
    const auto pruned = state->prune(keep);
    if (!pruned)
        return say(pruned.error(), exit_no_access);
    print_out("removed " + human_number_of(pruned->runs, "run", "runs") + ", " + human_number_of(pruned->log_lines, "log line", "log lines") +
              ", " + human_bytes(pruned->bytes) + " given back\n");
    return exit_done;
}

/// The parameters of a run as the command line gives them.
std::vector<std::string> parameters_of(const store::Run& run)
{
    std::vector<std::string> out;
    boost::system::error_code wrong;
    const boost::json::value values = boost::json::parse(run.parameters_json, wrong);
    if (wrong || !values.is_object())
        return out;
    for (const auto& [key, value] : values.get_object())
        if (!value.is_null()) // one that is not required and was not given
            out.push_back(std::string(key) + "=" + (value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value)));
    return out;
}

/// Goes on with a run: its parameters, its environment, its interval; the flow from its file as it is now.
int resume(Session& session, const std::string& id, const std::string& flow, RunRequest request)
{
    {
        const auto runtime = session.make_runtime();
        auto* state = runtime ? Session::open_state(*runtime) : nullptr;
        if (!state)
            return exit_no_access;
        const auto run = state->run(id);
        if (!run)
            return say(run.error());
        if (!session.environment().empty() && session.environment() != run->environment)
            return say(fail(JF_E_CONFIG, "run " + run->id + " was made " + (run->environment.empty() ? "without --env" : "with --env " + run->environment) +
                                             " and is resumed with the same; take --env away, or run the flow anew: jackfield run"));
        session.use_environment(run->environment);
        request.continue_run = run->id;
        request.parameters = parameters_of(*run);
        if (!run->interval_json.empty()) {
            auto interval = DataInterval::from_json(run->interval_json);
            if (!interval)
                return say(interval.error());
            request.interval = std::move(*interval);
        }
        request.flow = flow.empty() ? run->flow + ".flow.json" : flow;
        std::error_code none;
        if (!std::filesystem::is_regular_file(request.flow, none))
            return say(fail(JF_E_NOT_FOUND, "'" + request.flow + "' is not here; name the flow file: jackfield runs resume " + run->id + " FLOW"));
    }
    return run_and_show(session, request);
}

void add_resume(Command runs, Session& session)
{
    struct Resume {
        std::string run, flow;
        RunRequest request;
    };
    auto given = std::make_shared<Resume>();
    runs.command("resume", "Goes on with a run that failed, was killed or cancelled, from its unfinished tasks")
        .argument("RUN", given->run, "Id of the run, or its beginning", Words::run)
        .argument("FLOW", given->flow, "The flow file (default: NAME.flow.json in this folder)", Words::flow, false)
        .flag("--json", given->request.json, "One JSON object for each event, one a line")
        .flag("-q,--quiet", given->request.quiet, "Nothing but failures, to stderr")
        .details("Its parameters, environment and interval are those of the run. Tasks that it completed, or that a run before it completed,\n"
                 "are not run again: their results are read back. What such a task does must be what it did then; other tasks may be changed.")
        .example("jackfield runs resume 7f3a", "tasks that completed are not run again; pipelines go on after their last commit")
        .action([&session, given] { return resume(session, given->run, given->flow, given->request); });
}

} // namespace

void add_runs(Command root, Session& session)
{
    Command runs = root.command("runs", "Shows what was run and goes on with it");
    auto listed = std::make_shared<ListRequest>();
    std::vector<std::string> states;
    for (const auto state : store::all_states)
        states.emplace_back(store::to_text(state));
    runs.command("list", "Lists runs, the newest first")
        .option("--flow", "NAME", listed->flow, "Runs of this flow only")
        .option("--state-is", listed->state, "Runs in this state only", states)
        .option("--limit", "N", listed->limit, "At most so many (default: 20)", 1)
        .flag("--json", listed->json, "One JSON object for each run, one a line")
        .flag("--ids", listed->ids, "Ids only")
        .example("jackfield runs list --flow flights --state-is failed", "runs of the flow flights that failed")
        .action([&session, listed] { return list(session, *listed); });
    auto shown = std::make_shared<ShowRequest>();
    runs.command("show", "Shows one run: its tasks, times, reasons and every change of state")
        .argument("RUN", shown->run, "Id of the run, or its beginning", Words::run)
        .flag("--json", shown->json, "As JSON")
        .example("jackfield runs show 7f3a", "what happened when, and why")
        .action([&session, shown] { return show(session, *shown); });
    auto logged = std::make_shared<LogsRequest>();
    runs.command("logs", "Prints what a run and its components logged")
        .argument("RUN", logged->run, "Id of the run, or its beginning", Words::run)
        .option("--task", "TASK", logged->task, "Lines of this task only", Words::task)
        .option("--level", logged->level, "This level and above (default: info)", {"debug", "info", "warning", "error"})
        .flag("-f,--follow", logged->follow, "Wait for more until the run ends")
        .flag("--json", logged->json, "One JSON object for each line")
        .example("jackfield runs logs 7f3a --follow", "watches a run from another terminal")
        .action([&session, logged] { return logs(session, *logged); });
    add_resume(runs, session);
    auto kept = std::make_shared<PruneRequest>();
    runs.command("prune", "Removes old runs; the newest of each flow always stays")
        .option("--keep-days", "N", kept->days, "Keep runs that ended in the last N days", 0)
        .option("--keep-runs", "N", kept->runs, "Keep the newest N runs of each flow", 1)
        .example("jackfield runs prune --keep-days 30 --keep-runs 100", "removes what is older than 30 days or beyond 100 runs")
        .action([&session, kept] { return prune(session, *kept); });
}

} // namespace jackfield::cli

// jackfield backfill: runs a flow once for each interval of a range.
#include "backfill_view.hpp"
#include "commands.hpp"
#include "display.hpp"
#include "session.hpp"
#include "signals.hpp"
#include "table.hpp"

#include "exec/human.hpp"
#include "exec/run/backfill.hpp"
#include "observe/text.hpp"
#include "schedule/intervals.hpp"
#include "store/store.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <map>
#include <unistd.h>

namespace jackfield::cli {

namespace {

struct BackfillRequest {
    std::string flow, from, to, every = "1d", timezone, order = "oldest";
    std::vector<std::string> parameters;
    std::int64_t parallel = 1;
    bool list = false, again = false, keep_going = false, json = false, quiet = false;
};

/// --timezone, else the zone of the flow's schedule, else UTC.
std::string timezone_of(const BackfillRequest& request, const Flow& flow)
{
    if (!request.timezone.empty())
        return request.timezone;
    if (flow.schedule)
        if (const auto* zone = flow.schedule->if_contains("timezone"); zone && zone->is_string())
            return std::string(zone->get_string());
    return "UTC";
}

Result<schedule::Cut> cut_range(const BackfillRequest& request, const Flow& flow)
{
    if (request.from.empty() || request.to.empty())
        return fail(JF_E_CONFIG, "which range? give --from and --to, for example --from 2026-01-01 --to 2026-02-01");
    return schedule::cut({request.from, request.to, request.every, timezone_of(request, flow), std::time(nullptr)});
}

std::string left_out(const schedule::Cut& cut)
{
    std::string out;
    if (cut.not_over > 0)
        out = human_number_of(static_cast<std::uint64_t>(cut.not_over), "interval is", "intervals are") + " not over yet and left out";
    if (cut.part_left_out)
        out += (out.empty() ? "" : "; ") + std::string("the last one is cut by --to and left out");
    return out;
}

std::string headline(const BackfillRequest& request, const Flow& flow, const schedule::Cut& cut, std::size_t to_run)
{
    const std::size_t all = cut.intervals.size();
    std::string out = observe::one_line(flow.name) + " · backfill of " + human_number_of(all, "interval", "intervals") + " of " + request.every + ", " +
                      cut.intervals.front().from + " … " + cut.intervals.back().to;
    if (cut.intervals.front().timezone != "UTC")
        out += " (" + cut.intervals.front().timezone + ")";
    if (to_run < all)
        out += " · " + std::to_string(all - to_run) + " done already";
    return out + "\n";
}

std::string footer(const exec::BackfillReport& report, const std::string& flow_file)
{
    const std::size_t done = report.done_before + report.completed;
    if (report.ok())
        return report.completed == 0 ? "nothing to do: all " + std::to_string(report.all) + " are done; to run them again: --again\n"
                                     : "done: all " + std::to_string(report.all) + "\n";
    std::string out = std::to_string(done) + " of " + std::to_string(report.all) + " done";
    if (report.failed > 0)
        out += ", " + std::to_string(report.failed) + " failed";
    if (report.left > 0)
        out += ", " + std::to_string(report.left) + " not run";
    return out + " · to go on: the same command again · jackfield backfill " + flow_file + " --list\n";
}

boost::json::object json_of(const exec::BackfillReport& report, const std::string& flow)
{
    return {{"event", "backfill_ended"}, {"flow", flow},   {"intervals", report.all}, {"done_before", report.done_before},
            {"completed", report.completed}, {"failed", report.failed}, {"left", report.left},
            {"state", report.ok() ? "completed" : report.cancelled ? "cancelled" : "failed"}};
}

int exit_code_of(const exec::BackfillReport& report, int signal)
{
    if (report.cancelled)
        return signal == SIGTERM ? exit_terminated : exit_interrupted;
    return report.ok() ? exit_done : exit_failed;
}

void stop(Display& display, const Cancel& cancel, int number, int count)
{
    if (count > 2)
        ::_exit(number == SIGTERM ? exit_terminated : exit_interrupted); // what is committed is committed
    display.say(count == 1 ? "stopping: what is in flight is committed first; again to stop at once" : "stopping at once");
    cancel.request();
}

/// Runs what is missing and shows how it goes.
int run_intervals(const BackfillRequest& request, Runtime& runtime, const Flow& flow, const boost::json::object& parameters, const schedule::Cut& cut,
                  Display& display)
{
    auto named = exec::name_intervals(runtime, flow, parameters, cut.intervals);
    if (!named)
        return say(runtime.check(flow, parameters, &cut.intervals.front()));
    exec::BackfillOptions options;
    options.parallel = static_cast<std::uint32_t>(std::min<std::int64_t>(request.parallel, 1000));
    options.newest_first = request.order == "newest";
    options.again = request.again;
    options.keep_going = request.keep_going;
    options.on_start = [&](std::size_t to_run, std::size_t) {
        if (!request.json && !request.quiet) {
            print_out(headline(request, flow, cut, to_run));
            if (const std::string note = left_out(cut); !note.empty())
                print_out("  " + note + "\n");
        }
        display.use(std::make_unique<BackfillView>(flow.name, *named, to_run, terminal_of(STDOUT_FILENO)));
    };
    options.on_step = [&](const exec::BackfillStep& step) {
        if (step.state == "refused")
            display.say("jackfield: interval " + step.interval.shown() + ": " + observe::one_line(step.message));
    };
    const Cancel cancel = options.cancel;
    Signals signals([&display, cancel](int number, int count) { stop(display, cancel, number, count); });
    const auto report = exec::run_backfill(runtime, flow, parameters, *named, options);
    if (!report) {
        if (report.error().kind == JF_E_CONFIG)
            if (const auto faults = runtime.check(flow, parameters, &cut.intervals.front()); !faults.empty())
                return say(faults);
        return say(report.error());
    }
    display.finish();
    if (request.json)
        print_out(boost::json::serialize(json_of(*report, flow.name)) + "\n");
    else if (!request.quiet)
        print_out(footer(*report, request.flow));
    return exit_code_of(*report, signals.first());
}

/// What became of an interval. Value.
struct Known {
    std::string state, run;
    std::int64_t at = 0;
    DataInterval interval;
};

/// Of all intervals of the flow that the state knows, by name.
Result<std::map<std::string, Known>> known_intervals(store::Store& state, const std::string& flow)
{
    std::map<std::string, Known> out;
    JF_ASSIGN(const auto done, state.done_intervals(flow));
    for (const auto& one : done)
        if (auto interval = DataInterval::from_json(one.interval_json))
            out[one.slice] = {"done", one.run, one.done_at, std::move(*interval)};
    store::RunFilter filter;
    filter.flow = flow;
    for (;;) {
        filter.limit = 1000;
        JF_ASSIGN(const auto runs, state.runs(filter));
        for (const auto& run : runs) // newest first: the first of an interval counts
            if (!run.interval_json.empty() && run.parent_run.empty() && run.state != store::State::completed)
                if (auto interval = DataInterval::from_json(run.interval_json))
                    out.try_emplace(run.slice, Known{std::string(store::to_text(run.state)), run.id, run.ended_at ? run.ended_at : run.created_at, std::move(*interval)});
        if (runs.size() < filter.limit)
            return out;
        filter.after = runs.back().id;
    }
}

int list_intervals(const BackfillRequest& request, Runtime& runtime, const Flow& flow, const boost::json::object& parameters)
{
    auto* state = Session::open_state(runtime);
    if (!state)
        return exit_no_access;
    auto known = known_intervals(*state, flow.name);
    if (!known)
        return say(known.error(), exit_no_access);
    std::vector<std::pair<std::string, Known>> rows(known->begin(), known->end());
    if (!request.from.empty() || !request.to.empty()) {
        const auto cut = cut_range(request, flow);
        if (!cut)
            return say(cut.error());
        const auto named = exec::name_intervals(runtime, flow, parameters, cut->intervals);
        if (!named)
            return say(named.error());
        rows.clear();
        for (const DataInterval& interval : *named) {
            const auto found = known->find(interval.name);
            rows.emplace_back(interval.name, found != known->end() ? found->second : Known{"missing", "", 0, interval});
        }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.interval.from_unix < b.second.interval.from_unix; });
    Table table;
    table.column("FROM").column("TO").column("STATE").column("RUN").column("WHEN");
    for (const auto& [name, one] : rows) {
        table.row({one.interval.from, one.interval.to, one.state, one.run, local_time(one.at)});
        if (request.json)
            print_out(boost::json::serialize(boost::json::object{{"interval", name}, {"from", one.interval.from}, {"to", one.interval.to}, {"state", one.state}, {"run", one.run}}) + "\n");
    }
    if (!request.json)
        print_out(rows.empty() ? "no interval of this flow was run yet; start with: jackfield backfill " + request.flow + " --from DATE --to DATE\n"
                               : table.print(terminal_of(STDOUT_FILENO).moves ? terminal_of(STDOUT_FILENO).width() : 0));
    return exit_done;
}

int backfill(const Session& session, const BackfillRequest& request)
{
    const auto parameters = read_parameters(request.parameters);
    if (!parameters)
        return say(parameters.error());
    auto setup = session.runtime_options(request.flow);
    if (!setup)
        return say(setup.error(), exit_no_access);
    Display display(request.json ? Display::Mode::json : request.quiet ? Display::Mode::quiet : Display::Mode::lines, terminal_of(STDOUT_FILENO));
    setup->on_event = [&display](const Event& event) { display.take(event); };
    Runtime runtime(std::move(*setup));
    const auto flow = Session::read_flow(request.flow, runtime);
    if (!flow)
        return exit_faults;
    if (request.list)
        return list_intervals(request, runtime, *flow, *parameters);
    const auto cut = cut_range(request, *flow);
    if (!cut)
        return say(cut.error());
    if (cut->intervals.empty())
        return say(fail(JF_E_CONFIG, "there is no whole interval of " + request.every + " between " + request.from + " and " + request.to +
                                         (left_out(*cut).empty() ? "" : ": " + left_out(*cut))));
    if (!Session::open_state(runtime))
        return exit_no_access;
    return run_intervals(request, runtime, *flow, *parameters, *cut, display);
}

} // namespace

void add_backfill(Command root, Session& session)
{
    auto request = std::make_shared<BackfillRequest>();
    root.command("backfill", "Runs a flow once for each interval of a range of time")
        .details("The flow reads its interval as ${interval.from} and ${interval.to}. Intervals are half-open and follow the calendar of the zone:\n"
                 "midnights, Mondays, first days of a month. Each is run once: what is done is remembered, and the same command again, after a\n"
                 "failure or a kill, runs what is missing; an interval that was stopped goes on where it was. One that --to cuts, or that is not\n"
                 "over yet, is left out.")
        .argument("FLOW", request->flow, "The flow file", Words::flow)
        .option("--from", "TIME", request->from, "Where the first interval begins: 2026-01-31, 2026-01-31T05:00, or with Z or an offset")
        .option("--to", "TIME", request->to, "Where the last one ends at the latest; also: now")
        .option("--every", "LENGTH", request->every, "Length of an interval: 15m, 1h, 6h, 1d, 1w, 1mo … (default: 1d)")
        .option("--timezone", "ZONE", request->timezone, "Whose calendar (default: that of the flow's schedule, else UTC)")
        .option("-p,--param", "NAME=VALUE", request->parameters, "Value of a parameter of the flow; other values have intervals of their own")
        .option("--parallel", "N", request->parallel, "Intervals at once (default: 1)", 1)
        .option("--order", request->order, "Which come first (default: oldest)", {"oldest", "newest"})
        .flag("--again", request->again, "Also intervals that are done")
        .flag("--keep-going", request->keep_going, "After a failure go on with the other intervals")
        .flag("--list", request->list, "Run nothing; list which intervals are done, failed or, within a range, missing")
        .flag("--json", request->json, "One JSON object for each event, one a line")
        .flag("-q,--quiet", request->quiet, "Nothing but failures, to stderr")
        .example("jackfield backfill orders.flow.json --from 2026-01-01 --to 2026-02-01", "January, day by day")
        .example("jackfield backfill orders.flow.json --from 2026-01-01 --to now --every 1h --parallel 4 --order newest", "hours, four at once, the newest first")
        .example("jackfield backfill orders.flow.json --from 2026-01-01 --to 2026-02-01 --timezone Australia/Sydney", "days of Sydney: 23 or 25 hours where the clock is changed")
        .example("jackfield backfill orders.flow.json --list", "which intervals are done")
        .action([&session, request] { return backfill(session, *request); });
}

} // namespace jackfield::cli

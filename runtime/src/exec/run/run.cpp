// A run before and after its loop: lease, what an earlier run completed, the report.
#include "exec/run/run_loop.hpp"

#include "plan/digest.hpp"
#include "store/process.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <set>

namespace jackfield::exec {

using store::State;

Run::Run(RunSetup setup)
    : setup_(std::move(setup)), control_(setup_.options.cancel, [inbox = inbox_] { inbox->nudge(); })
{
    RunSetup for_children = setup_;
    for_children.options.inputs.clear(); // what is moved in is moved once
    sub_setup_ = std::make_shared<const RunSetup>(std::move(for_children));
    shared_ = std::make_shared<RunShared>();
    shared_->flow = setup_.flow;
    shared_->catalog = setup_.catalog;
    shared_->recorder = std::make_shared<Recorder>(setup_.store, setup_.masker, setup_.listener);
    shared_->memory = std::make_shared<MemoryPorts>();
    for (const auto& [name, stream] : setup_.options.inputs)
        shared_->memory->inputs.emplace(name, OwnedStream(*stream));
    for (auto& [name, output] : setup_.options.outputs)
        shared_->memory->outputs.emplace(name, output);
    shared_->connections = std::make_unique<Connections>(shared_->flow, shared_->catalog);
    shared_->anew = setup_.options.fresh || setup_.options.full_refresh;
    shared_->slice = setup_.slice;
    shared_->about_interval = setup_.options.interval.has_value();
}

namespace {

/// The tasks that --only or --from choose, without edges to others.
std::vector<Task> chosen(const Flow& flow, const RunOptions& options)
{
    if (options.only.empty() && options.from.empty())
        return flow.tasks;
    std::vector<bool> keep(flow.tasks.size(), false);
    const Dag all(flow.tasks);
    for (std::size_t i = 0; i < flow.tasks.size(); ++i) {
        if (flow.tasks[i].name == options.from)
            keep = all.with_all_after(i);
        if (std::find(options.only.begin(), options.only.end(), flow.tasks[i].name) != options.only.end())
            keep[i] = true;
    }
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < keep.size(); ++i)
        if (keep[i])
            names.insert(flow.tasks[i].name);
    std::vector<Task> out;
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (!keep[i])
            continue;
        out.push_back(flow.tasks[i]);
        std::erase_if(out.back().after, [&](const std::string& name) { return !names.contains(name); });
    }
    return out;
}

} // namespace

Status Run::take_lease()
{
    if (!setup_.parent_run.empty())
        return {}; // the parent's lease covers it
    // Runs about different intervals may go on at once.
    const std::string key = "flow/" + setup_.flow.name + (setup_.slice.empty() ? "" : "/" + setup_.slice);
    auto lease = setup_.store->acquire_lease(key, store::this_process(), "", lease_ttl_ns, setup_.options.fresh);
    if (!lease) {
        Error error = std::move(lease).error();
        if (error.kind == JF_E_UNAVAILABLE)
            error.message += "; wait for it, or fence it off with --new";
        return error;
    }
    lease_ = std::move(*lease);
    lease_due_ns_ = monotonic_ns() + lease_every_ns;
    return {};
}

Status Run::begin()
{
    digest_ = sha256(boost::json::serialize(setup_.flow.to_json()));
    tasks_ = chosen(setup_.flow, setup_.options);
    dag_ = std::make_unique<Dag>(tasks_);
    items_of_.resize(tasks_.size());
    JF_TRY(take_lease());
    JF_ASSIGN(const auto reaped, setup_.store->reap());
    (void)reaped; // runs whose process died are crashed now, so that the last one says how it ended
    JF_ASSIGN(const auto last, setup_.parent_run.empty() ? last_run() : last_run_of_child());
    if (last)
        JF_TRY(take_over(*last));
    shared_->continued_from = continued_from_;
    store::Run run{.flow = setup_.flow.name, .flow_digest = digest_, .flow_text = boost::json::serialize(setup_.flow.to_json()),
        .parameters_json = boost::json::serialize(setup_.flow.parameter_values()), .environment = setup_.environment, .state = State::running,
        .process = store::this_process()};
    run.lease = lease_ ? lease_->key : "";
    run.parent_run = setup_.parent_run;
    run.parent_task = setup_.parent_task;
    run.continued_from = continued_from_;
    run.slice = setup_.slice;
    if (setup_.options.interval)
        run.interval_json = setup_.options.interval->to_json();
    JF_ASSIGN(run, setup_.store->create_run(std::move(run), store::Commit::committed));
    shared_->recorder->begin(run);
    shared_->owner = run.process.host + ":" + std::to_string(run.process.pid) + " run " + run.id;
    started_ns_ = monotonic_ns();
    if (setup_.flow.timeout)
        deadline_ns_ = started_ns_ + setup_.flow.timeout->count();
    progress_due_ns_ = started_ns_ + setup_.progress_every_ns;
    std::string headline = setup_.headline;
    if (!continued_from_.empty())
        headline += (headline.empty() ? "" : " · ") + std::string("continues run ") + continued_from_ +
                    (earlier_.empty() ? "" : ", which completed " + taken_over_names());
    shared_->recorder->run_started(headline);
    return {};
}

Result<Report> Run::go()
{
    JF_TRY(begin());
    while (true) {
        watch_cancel();
        watch_clocks();
        start_what_is_due();
        const bool stopping = cancel_level_ > 0 || timed_out_;
        if (running_ == 0 && (dag_->all_ended() || stopping))
            break;
        for (Finished& finished : inbox_->take(next_wake()))
            handle(std::move(finished));
        show_progress();
    }
    inbox_->close();
    return finish();
}

void Run::run_hooks(const std::vector<Component>& hooks)
{
    for (const Component& hook : hooks) {
        Task task;
        task.name = "hooks";
        TaskAttempt attempt(shared_, task, hook.place, 1, monotonic_ns() + 60 * second_ns);
        if (auto done = run_action(attempt, hook); !done)
            shared_->recorder->log("", "", 0, JF_LOG_WARN, "hook '" + hook.use + "' failed: " + sentence_of(done.error()));
    }
}

Report Run::finish()
{
    for (std::size_t task = 0; task < tasks_.size(); ++task)
        if (!dag_->ended(task) && items_of_[task].empty()) {
            items_of_[task].push_back(items_.size());
            items_.push_back(RunItem{.task = task});
        }
    for (RunItem& item : items_) // what never came to its turn
        if (!item.ended()) {
            item.state = item.attempts == 0 ? State::skipped : State::cancelled;
            item.reason = store::reason::cancelled;
            item.message = "the run was stopped before its turn";
            shared_->recorder->task_state(step_of(item));
        }
    Report report;
    report.run = shared_->recorder->run_id();
    report.flow = setup_.flow.name;
    report.continued_from = continued_from_;
    report.duration_ns = monotonic_ns() - started_ns_;
    State state = State::completed;
    for (std::size_t task = 0; task < tasks_.size(); ++task)
        for (const std::size_t at : items_of_[task]) {
            report.tasks.push_back(items_[at].report(tasks_[task].name));
            if (items_[at].state == State::failed && report.message.empty()) {
                state = State::failed;
                report.reason = items_[at].reason;
                report.message = tasks_[task].name + ": " + items_[at].message;
            }
        }
    if (timed_out_) {
        state = State::failed;
        report.reason = store::reason::timeout_flow;
        report.message = "the flow ran longer than its timeout of " + format_duration(*setup_.flow.timeout);
    } else if (fenced_) {
        state = State::crashed;
        report.reason = store::reason::lease_lost;
        report.message = "another run of this flow took over";
    } else if (cancel_level_ > 0) {
        state = State::cancelled;
        report.reason = store::reason::cancelled;
        report.message = "cancelled";
    }
    run_hooks(state == State::completed ? setup_.flow.hooks.success : setup_.flow.hooks.failure);
    for (const auto& [name, value] : setup_.flow.outputs)
        if (auto resolved = setup_.flow.resolve(value, {nullptr, 0, &results_}); resolved)
            report.outputs[name] = std::move(*resolved);
    report.state = store::to_text(state);
    // Closing may take a while (a checkpoint, say): the run has not ended before. A run that is killed here is continued, and
    // one that is known as completed is started anew.
    shared_->connections->close();
    if (state == State::cancelled)
        shared_->recorder->run_state(State::cancelling, report.reason, report.message, report.duration_ns);
    shared_->recorder->run_state(state, report.reason, report.message, report.duration_ns);
    if (auto written = shared_->recorder->finish(); !written)
        report.message += (report.message.empty() ? "" : "; ") + std::string("its history could not be written: ") + written.error().message;
    if (lease_)
        (void)setup_.store->release_lease(lease_->key, lease_->fence);
    return report;
}

Result<Report> run_flow(RunSetup setup) { return Run(std::move(setup)).go(); }

} // namespace jackfield::exec

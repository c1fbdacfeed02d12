// The coordinator of a run: one thread that starts attempts, watches clocks, and writes down what becomes of them.
#include "exec/run/run.hpp"

#include "exec/run/dag.hpp"
#include "exec/run/inbox.hpp"
#include "exec/run/items.hpp"
#include "exec/run/retry.hpp"
#include "exec/run/run_control.hpp"
#include "plan/digest.hpp"
#include "store/process.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <functional>
#include <set>

namespace jackfield::exec {

using store::State;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t lease_ttl_ns = 15 * second;
constexpr std::int64_t lease_every_ns = 5 * second;
constexpr std::int64_t grace_ns = second / 10; ///< between asking an attempt to end and leaving it behind
constexpr std::int64_t stop_grace_ns = second; ///< the same when the whole run is cancelled

std::string slice_name(const boost::json::value& item, std::size_t index);
AttemptOutcome run_sub_flow(const RunSetup& setup, Attempt& attempt);

struct Finished {
    std::size_t item = 0;
    std::shared_ptr<Attempt> attempt;
    AttemptOutcome outcome;
};

/// Runs one flow. The thread of run_flow() only.
class Run {
public:
    explicit Run(RunSetup setup);
    Result<Report> go();

private:
    // before and after
    Status begin();
    Status take_lease();
    Result<std::optional<store::Run>> last_run();
    Status take_over(const store::Run& last);
    Report finish();
    void run_hooks(const std::vector<Component>& hooks);

    // the loop
    void start_what_is_due();
    void decide(std::size_t task);
    void open(std::size_t task);
    void skip(std::size_t task, std::string_view reason, std::string_view name, std::string_view message);
    void start(std::size_t item);
    void handle(Finished finished);
    void settle(Item& item, const AttemptOutcome& outcome);
    void end(Item& item, State state, std::string_view reason, std::string_view name, std::string_view message);
    void close_task(std::size_t task);
    void watch_clocks();
    void watch_item(std::size_t item);
    void leave_behind(std::size_t item);
    void watch_cancel();
    void show_progress();
    [[nodiscard]] std::int64_t next_wake() const;
    [[nodiscard]] bool worth_retrying(const Item& item, const AttemptOutcome& outcome, std::int64_t& delay) const;
    [[nodiscard]] bool may_start(const Item& item) const;
    [[nodiscard]] TaskStep step_of(const Item& item) const;
    RunSetup setup_;
    std::shared_ptr<const RunSetup> sub_setup_; ///< shared with sub-flows, which may be left behind
    std::shared_ptr<RunShared> shared_;
    std::shared_ptr<Inbox<Finished>> inbox_ = std::make_shared<Inbox<Finished>>(); // shared with attempts left behind
    std::vector<Task> tasks_;   ///< those that this run is about
    std::unique_ptr<Dag> dag_;
    std::vector<Item> items_;   ///< in the order in which they came up
    std::vector<std::vector<std::size_t>> items_of_; ///< by task
    boost::json::object results_; ///< by name of task
    std::optional<store::Lease> lease_;
    std::int64_t lease_due_ns_ = 0;
    std::int64_t started_ns_ = 0, deadline_ns_ = no_deadline, progress_due_ns_ = 0;
    std::size_t running_ = 0;
    int cancel_level_ = 0;
    std::int64_t cancelled_at_ns_ = 0;
    bool timed_out_ = false, fenced_ = false;
    std::string continued_from_, digest_;
    std::map<std::pair<std::string, std::string>, boost::json::value> earlier_; ///< (task, slice) that the continued run completed
    RunControl control_;
};

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
}

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

Status Run::take_lease()
{
    if (!setup_.parent_run.empty())
        return {}; // the parent's lease covers it
    auto lease = setup_.store->acquire_lease("flow/" + setup_.flow.name, store::this_process(), "", lease_ttl_ns, setup_.options.fresh);
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

/// The run that this one may go on with: asked for by id, or the last one of the flow.
Result<std::optional<store::Run>> Run::last_run()
{
    if (!setup_.options.continue_run.empty()) {
        JF_ASSIGN(store::Run named, setup_.store->run(setup_.options.continue_run));
        return std::optional(std::move(named));
    }
    JF_ASSIGN(auto runs, setup_.store->runs({.flow = setup_.flow.name, .limit = 1}));
    if (runs.empty())
        return std::optional<store::Run>();
    return std::optional(std::move(runs.front()));
}

/// Takes over what `last` completed, if it stopped before its end and was about the very same thing; takes results of
/// tasks that are not chosen in any case, so that chosen ones can refer to them.
Status Run::take_over(const store::Run& last)
{
    const bool unfinished = last.state == State::failed || last.state == State::crashed || last.state == State::cancelled;
    const bool part = !setup_.options.only.empty() || !setup_.options.from.empty();
    const bool goes_on = unfinished && !part && !shared_->anew && last.flow_digest == digest_;
    if (!goes_on && !part)
        return {};
    JF_ASSIGN(const auto done, setup_.store->tasks(last.id));
    for (const auto& old : done) {
        if (old.state != State::completed)
            continue;
        boost::system::error_code wrong;
        boost::json::value result = boost::json::parse(old.result_json.empty() ? "null" : old.result_json, wrong);
        if (goes_on)
            earlier_[{old.task, old.slice}] = result;
        if (old.slice.empty() && part)
            results_[old.task] = std::move(result);
    }
    if (goes_on)
        continued_from_ = last.id;
    return {};
}

Status Run::begin()
{
    digest_ = sha256_hex(boost::json::serialize(setup_.flow.to_json()));
    tasks_ = chosen(setup_.flow, setup_.options);
    dag_ = std::make_unique<Dag>(tasks_);
    items_of_.resize(tasks_.size());
    JF_TRY(take_lease());
    JF_ASSIGN(const auto reaped, setup_.store->reap());
    (void)reaped; // runs whose process died are crashed now, so that the last one says how it ended
    if (setup_.parent_run.empty()) {
        JF_ASSIGN(const auto last, last_run());
        if (last)
            JF_TRY(take_over(*last));
    }
    store::Run run{.flow = setup_.flow.name, .flow_digest = digest_, .flow_text = boost::json::serialize(setup_.flow.to_json()),
        .parameters_json = boost::json::serialize(setup_.flow.values), .environment = setup_.environment, .state = State::running,
        .process = store::this_process()};
    run.lease = lease_ ? lease_->key : "";
    run.parent_run = setup_.parent_run;
    run.parent_task = setup_.parent_task;
    run.continued_from = continued_from_;
    JF_ASSIGN(run, setup_.store->create_run(std::move(run), store::Commit::committed));
    shared_->recorder->begin(run);
    shared_->owner = run.process.host + ":" + std::to_string(run.process.pid) + " run " + run.id;
    started_ns_ = monotonic_ns();
    if (setup_.flow.timeout)
        deadline_ns_ = started_ns_ + setup_.flow.timeout->count();
    progress_due_ns_ = started_ns_ + setup_.progress_every_ns;
    std::string headline = setup_.headline;
    if (!continued_from_.empty())
        headline += (headline.empty() ? "" : " · ") + std::string("continues run ") + continued_from_;
    shared_->recorder->run_started(headline);
    return {};
}

// ---- starting ---------------------------------------------------------------------------------------------------

void Run::start_what_is_due()
{
    if (cancel_level_ > 0 || timed_out_)
        return;
    for (bool again = true; again;) { // passing one over may make others due
        again = false;
        for (const std::size_t task : dag_->due()) {
            decide(task);
            again = again || dag_->ended(task);
        }
    }
    for (std::size_t i = 0; i < items_.size() && running_ < setup_.max_parallel; ++i)
        if (may_start(items_[i]))
            start(i);
}

bool Run::may_start(const Item& item) const
{
    if (item.ended() || item.running() || item.due_ns > monotonic_ns())
        return false;
    const auto& for_each = tasks_[item.task].for_each;
    if (!for_each || for_each->max_parallel == 0)
        return true;
    std::uint32_t busy = 0;
    for (const std::size_t other : items_of_[item.task])
        busy += items_[other].running();
    return busy < for_each->max_parallel;
}

/// A task whose turn has come: passed over, or opened into its items.
void Run::decide(std::size_t task)
{
    if (dag_->verdict(task) == Verdict::pass_over)
        return skip(task, store::reason::dependency, "UpstreamFailed", "a task before it did not complete");
    if (tasks_[task].when) {
        auto holds = tasks_[task].when->evaluate(setup_.flow.values, {nullptr, 0, &results_});
        if (holds && !*holds)
            return skip(task, store::reason::condition, "ConditionFalse", "its condition is false: " + tasks_[task].when->text());
        if (!holds) {
            dag_->begin(task);
            items_of_[task].push_back(items_.size());
            items_.push_back(Item{.task = task});
            items_.back().error = std::move(holds).error().at("tasks." + tasks_[task].name + ".when");
            return end(items_.back(), State::failed, store::reason::config_error, "", sentence_of(*items_.back().error));
        }
    }
    open(task);
}

void Run::skip(std::size_t task, std::string_view reason, std::string_view name, std::string_view message)
{
    items_of_[task].push_back(items_.size());
    Item item{.task = task, .state = State::skipped, .reason = std::string(reason), .message = std::string(message)};
    TaskStep step = step_of(item);
    step.name = name;
    shared_->recorder->task_state(step);
    items_.push_back(std::move(item));
    results_[tasks_[task].name] = nullptr;
    dag_->end(task, State::skipped);
}

/// Makes the items of a task; those that an earlier run completed are done already.
void Run::open(std::size_t task)
{
    dag_->begin(task);
    const Task& what = tasks_[task];
    std::vector<Item> made;
    if (what.for_each) {
        auto list = setup_.flow.resolve(what.for_each->items, {nullptr, 0, &results_});
        if (!list || !list->is_array()) {
            made.push_back(Item{.task = task});
            made.back().error = list ? fail(JF_E_CONFIG, "for_each wants a list", "tasks." + what.name + ".for_each") : std::move(list).error();
        } else {
            for (std::size_t i = 0; i < list->get_array().size(); ++i)
                made.push_back(Item{.task = task, .slice = slice_name(list->get_array()[i], i), .item = list->get_array()[i]});
        }
    } else {
        made.push_back(Item{.task = task});
    }
    for (Item& item : made) {
        items_of_[task].push_back(items_.size());
        items_.push_back(std::move(item));
    }
    for (const std::size_t at : std::vector<std::size_t>(items_of_[task])) {
        Item& item = items_[at];
        if (item.error) {
            end(item, State::failed, store::reason::config_error, "", sentence_of(*item.error));
        } else if (const auto done = earlier_.find({what.name, item.slice}); done != earlier_.end()) {
            item.result = done->second;
            end(item, State::completed, "", "Cached", "completed by run " + continued_from_);
        }
    }
    if (made.empty())
        close_task(task);
}

/// The item itself where it makes a good name, else its number.
std::string slice_name(const boost::json::value& item, std::size_t index)
{
    std::string name = item.is_string() ? std::string(item.get_string()) : boost::json::serialize(item);
    const bool plain = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
    return plain ? name : std::to_string(index);
}

void Run::start(std::size_t index)
{
    Item& item = items_[index];
    const Task& what = tasks_[item.task];
    const std::int64_t now = monotonic_ns();
    if (item.started_ns == 0)
        item.started_ns = now;
    ++item.attempts;
    item.state = State::running;
    const auto after = [](std::int64_t from, const std::optional<Duration>& duration) {
        return duration ? from + duration->count() : no_deadline;
    };
    item.deadline_ns = std::min({deadline_ns_, after(item.started_ns, what.timeout), after(now, what.attempt_timeout)});
    item.gave_up_ns = 0;
    item.error.reset();
    TaskStep step = step_of(item);
    step.name = item.attempts > 1 ? "Retrying" : "";
    shared_->recorder->task_state(step);

    std::size_t at = 0;
    const auto& siblings = items_of_[item.task];
    at = static_cast<std::size_t>(std::find(siblings.begin(), siblings.end(), index) - siblings.begin());
    auto resolved = what.deferred ? setup_.flow.resolve(what, {what.for_each ? &item.item : nullptr, at, &results_}, setup_.catalog.get())
                                  : Result<Task>(what);
    if (!resolved) {
        item.error = std::move(resolved).error();
        return end(item, State::failed, store::reason::config_error, "", sentence_of(*item.error));
    }

    auto attempt = std::make_shared<Attempt>(shared_, std::move(*resolved), item.slice, item.attempts, item.deadline_ns);
    item.attempt = attempt;
    ++running_;
    const SubFlowRunner sub_flow = [setup = sub_setup_](Attempt& child) { return run_sub_flow(*setup, child); };
    item.thread = std::thread([inbox = inbox_, index, attempt, sub_flow] {
        AttemptOutcome outcome = run_attempt(*attempt, sub_flow);
        Finished finished{index, attempt, std::move(outcome)};
        if (!inbox->put(std::move(finished)))
            attempt->log(JF_LOG_WARN, "an attempt that was left behind has come back; its result is dropped");
    });
}

// ---- ending -----------------------------------------------------------------------------------------------------

void Run::handle(Finished finished)
{
    Item& item = items_[finished.item];
    if (item.attempt != finished.attempt) { // it was left behind, and something else holds the place
        finished.attempt->log(JF_LOG_WARN, "an attempt that was left behind has come back; its result is dropped");
        return;
    }
    item.thread.join();
    item.attempt.reset();
    --running_;
    settle(item, finished.outcome);
}

void Run::settle(Item& item, const AttemptOutcome& outcome)
{
    item.counts.rows_in += outcome.progress.rows_read;
    item.counts.rows_out += outcome.progress.rows_committed;
    item.counts.rows_rejected += outcome.progress.rows_rejected;
    item.counts.bytes_in += outcome.progress.bytes_read;
    item.epochs += outcome.progress.epochs;
    for (const auto& warning : outcome.warnings)
        shared_->recorder->log(tasks_[item.task].name, item.slice, item.attempts, JF_LOG_WARN, warning);
    if (outcome.status) {
        if (outcome.stopped_early)
            return end(item, State::cancelled, store::reason::cancelled, "", "stopped; everything read so far is committed");
        item.result = outcome.result;
        return end(item, State::completed, "", "", "");
    }
    item.error = outcome.status.error();
    if (item.error->kind == JF_E_FENCED)
        fenced_ = true;
    if (cancel_level_ > 0 && item.error->kind == JF_E_CANCELLED)
        return end(item, State::cancelled, store::reason::cancelled, "", "cancelled");
    std::int64_t delay = 0;
    if (worth_retrying(item, outcome, delay)) {
        item.state = State::scheduled;
        item.due_ns = monotonic_ns() + delay;
        TaskStep step = step_of(item);
        const std::string sentence = sentence_of(*item.error);
        step.name = "AwaitingRetry";
        step.reason = reason_of(*item.error);
        step.message = sentence;
        step.retry_at_ns = unix_ns() + delay;
        shared_->recorder->task_state(step);
        return;
    }
    const bool late = item.error->kind == JF_E_TIMEOUT;
    const bool whole = late && deadline_ns_ <= monotonic_ns();
    end(item, State::failed, whole ? store::reason::timeout_flow : reason_of(*item.error), late ? "TimedOut" : "", sentence_of(*item.error));
}

bool Run::worth_retrying(const Item& item, const AttemptOutcome& outcome, std::int64_t& delay) const
{
    if (cancel_level_ > 0 || timed_out_ || outcome.abandoned)
        return false;
    const auto drawn = delay_before_retry(tasks_[item.task].retry, *item.error, item.attempts,
                                          std::hash<std::string>{}(shared_->recorder->run_id() + "/" + tasks_[item.task].name + "/" + item.slice));
    if (!drawn)
        return false;
    delay = *drawn;
    const auto& timeout = tasks_[item.task].timeout;
    const std::int64_t last = std::min(deadline_ns_, timeout ? item.started_ns + timeout->count() : no_deadline);
    return monotonic_ns() + delay < last;
}

void Run::end(Item& item, State state, std::string_view reason, std::string_view name, std::string_view message)
{
    item.state = state;
    item.reason = reason;
    item.message = message;
    item.ended_ns = monotonic_ns();
    if (item.started_ns == 0)
        item.started_ns = item.ended_ns;
    const std::string result = item.result.is_null() ? "" : boost::json::serialize(item.result);
    TaskStep step = step_of(item);
    step.name = name;
    step.result_json = result;
    if (item.attempts == 0 && state != State::skipped && state != State::cancelled) { // it never ran here: the store wants a beginning
        TaskStep first = step_of(item);
        first.state = State::running;
        first.message = first.result_json = first.name = first.reason = {};
        shared_->recorder->task_state(first);
    }
    shared_->recorder->task_state(step);
    close_task(item.task);
}

/// Ends the task once all its items have ended; a failed item of a "fast" fan-out takes the others with it.
void Run::close_task(std::size_t task)
{
    if (dag_->ended(task))
        return;
    const auto& for_each = tasks_[task].for_each;
    const auto failed = [&](std::size_t at) { return items_[at].ended() && items_[at].state != State::completed; };
    const bool any_failed = std::any_of(items_of_[task].begin(), items_of_[task].end(), failed);
    if (for_each && for_each->fail_fast && any_failed) {
        for (const std::size_t at : items_of_[task]) {
            if (items_[at].running())
                items_[at].attempt->stop(2);
            else if (!items_[at].ended()) {
                items_[at].state = State::skipped;
                items_[at].reason = store::reason::dependency;
                items_[at].message = "another item failed";
                shared_->recorder->task_state(step_of(items_[at]));
            }
        }
    }
    if (!std::all_of(items_of_[task].begin(), items_of_[task].end(), [&](std::size_t at) { return items_[at].ended(); }))
        return;
    State state = State::completed;
    for (const std::size_t at : items_of_[task]) {
        if (items_[at].state == State::failed)
            state = State::failed;
        else if (items_[at].state == State::cancelled && state == State::completed)
            state = State::cancelled;
    }
    boost::json::value result;
    if (for_each) {
        boost::json::array all;
        for (const std::size_t at : items_of_[task])
            all.push_back(items_[at].result);
        result = std::move(all);
    } else if (!items_of_[task].empty()) {
        const Item& only = items_[items_of_[task].front()];
        result = only.result;
        if (tasks_[task].kind == TaskKind::pipeline && result.is_null())
            result = boost::json::object{{"rows", only.counts.rows_out}, {"rejected", only.counts.rows_rejected}};
    }
    results_[tasks_[task].name] = std::move(result);
    dag_->end(task, state);
}

// ---- clocks -----------------------------------------------------------------------------------------------------

void Run::watch_clocks()
{
    const std::int64_t now = monotonic_ns();
    if (lease_ && now >= lease_due_ns_) {
        lease_due_ns_ = now + lease_every_ns;
        if (auto renewed = setup_.store->renew_lease(lease_->key, lease_->fence, lease_ttl_ns); !renewed && renewed.error().kind == JF_E_FENCED)
            fenced_ = true;
    }
    if ((fenced_ || (now >= deadline_ns_ && !timed_out_)) && cancel_level_ < 2) {
        timed_out_ = timed_out_ || now >= deadline_ns_;
        cancel_level_ = 2;
        cancelled_at_ns_ = now;
        if (timed_out_)
            shared_->recorder->log("", "", 0, JF_LOG_ERROR, "the flow ran longer than its timeout of " + format_duration(*setup_.flow.timeout));
        for (Item& item : items_)
            if (item.running() && fenced_)
                item.attempt->stop(2);
    }
    for (std::size_t i = 0; i < items_.size(); ++i)
        if (items_[i].running())
            watch_item(i);
}

void Run::watch_item(std::size_t index)
{
    Item& item = items_[index];
    const std::int64_t now = monotonic_ns();
    if (item.gave_up_ns == 0 && now >= item.deadline_ns) {
        item.gave_up_ns = now;
        const auto& what = tasks_[item.task];
        shared_->recorder->log(what.name, item.slice, item.attempts, JF_LOG_ERROR, "attempt " + std::to_string(item.attempts) + " is at its deadline and is stopped");
        item.attempt->stop(2);
    }
    const bool late = item.gave_up_ns != 0 && now >= item.gave_up_ns + 2 * grace_ns;
    const bool stuck = cancel_level_ >= 2 && now >= cancelled_at_ns_ + stop_grace_ns;
    if (late || stuck)
        leave_behind(index);
}

/// The attempt's thread has not come back: the item ends without it. What it does later changes nothing: its fences are
/// old as soon as anyone takes over, and its result is dropped.
void Run::leave_behind(std::size_t index)
{
    Item& item = items_[index];
    item.thread.detach();
    AttemptOutcome outcome;
    outcome.abandoned = true;
    outcome.progress = item.attempt->control->progress();
    const bool late = item.gave_up_ns != 0;
    outcome.status = fail(late ? JF_E_TIMEOUT : JF_E_CANCELLED,
                          std::string(late ? "timed out" : "cancelled") + "; its code has not come back and was left behind", "tasks." + tasks_[item.task].name);
    item.attempt.reset();
    --running_;
    settle(item, outcome);
}

void Run::watch_cancel()
{
    const int level = control_.level();
    if (level <= cancel_level_)
        return;
    cancel_level_ = level;
    cancelled_at_ns_ = monotonic_ns();
    for (Item& item : items_)
        if (item.running())
            item.attempt->stop(level);
}

void Run::show_progress()
{
    const std::int64_t now = monotonic_ns();
    if (setup_.progress_every_ns == 0 || now < progress_due_ns_)
        return;
    progress_due_ns_ = now + setup_.progress_every_ns;
    for (const Item& item : items_) {
        if (!item.running())
            continue;
        const PipelineProgress progress = item.attempt->control->progress();
        TaskStep step = step_of(item);
        step.counts.rows_in += progress.rows_read;
        step.counts.rows_out += progress.rows_written;
        step.counts.rows_rejected += progress.rows_rejected;
        step.counts.bytes_in += progress.bytes_read;
        step.epochs += progress.epochs;
        shared_->recorder->task_progress(step, progress.bytes_total);
    }
}

std::int64_t Run::next_wake() const
{
    const std::int64_t now = monotonic_ns();
    std::int64_t at = std::min(now + 60 * second, deadline_ns_);
    if (lease_)
        at = std::min(at, lease_due_ns_);
    if (setup_.progress_every_ns != 0 && running_ > 0)
        at = std::min(at, progress_due_ns_);
    for (const Item& item : items_) {
        if (item.running())
            at = std::min(at, item.gave_up_ns == 0 ? item.deadline_ns : item.gave_up_ns + 2 * grace_ns);
        else if (!item.ended() && item.due_ns > now)
            at = std::min(at, item.due_ns);
    }
    if (cancel_level_ >= 2 && running_ > 0)
        at = std::min(at, cancelled_at_ns_ + stop_grace_ns);
    return std::max<std::int64_t>(at - now, 0);
}

TaskStep Run::step_of(const Item& item) const
{
    TaskStep step;
    step.task = tasks_[item.task].name;
    step.slice = item.slice;
    step.attempt = std::max<std::uint32_t>(item.attempts, 1);
    step.state = item.state;
    step.reason = item.reason;
    step.message = item.message;
    step.duration_ns = item.started_ns == 0 ? 0 : (item.ended() ? item.ended_ns : monotonic_ns()) - item.started_ns;
    step.counts = item.counts;
    step.epochs = item.epochs;
    return step;
}

// ---- the whole --------------------------------------------------------------------------------------------------

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
        Attempt attempt(shared_, task, hook.place, 1, monotonic_ns() + 60 * second);
        if (auto done = run_action(attempt, hook); !done)
            shared_->recorder->log("", "", 0, JF_LOG_WARN, "hook '" + hook.use + "' failed: " + sentence_of(done.error()));
    }
}

Report Run::finish()
{
    for (std::size_t task = 0; task < tasks_.size(); ++task)
        if (!dag_->ended(task) && items_of_[task].empty()) {
            items_of_[task].push_back(items_.size());
            items_.push_back(Item{.task = task});
        }
    for (Item& item : items_) // what never came to its turn
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
    if (state == State::cancelled)
        shared_->recorder->run_state(State::cancelling, report.reason, report.message, report.duration_ns);
    shared_->recorder->run_state(state, report.reason, report.message, report.duration_ns);
    if (auto written = shared_->recorder->finish(); !written)
        report.message += (report.message.empty() ? "" : "; ") + std::string("its history could not be written: ") + written.error().message;
    if (lease_)
        (void)setup_.store->release_lease(lease_->key, lease_->fence);
    return report;
}

AttemptOutcome run_sub_flow(const RunSetup& setup, Attempt& attempt)
{
    AttemptOutcome out;
    const SubFlow& sub = attempt.task.sub_flow;
    auto read = sub.flow ? Result<Flow>(*sub.flow)
                         : Flow::from_file(setup.flow.folder() / sub.file, {.components = setup.catalog.get(), .environment = setup.environment});
    if (!read) {
        out.status = std::move(read).error();
        return out;
    }
    FlowReading bound = read->bind(sub.parameters, setup.catalog.get());
    if (!bound.flow) {
        out.status = bound.error();
        return out;
    }
    RunSetup child = setup;
    child.flow = std::move(*bound.flow);
    child.options = RunOptions{.full_refresh = setup.options.full_refresh, .fresh = setup.options.fresh};
    child.parent_run = attempt.shared->recorder->run_id();
    child.parent_task = attempt.task.name;
    child.headline.clear();
    attempt.on_stop([cancel = child.options.cancel](int level) {
        while (cancel.level() < level)
            cancel.request();
    });
    auto report = run_flow(std::move(child));
    if (!report)
        out.status = std::move(report).error();
    else if (!report->ok())
        out.status = fail(report->state == "cancelled" ? JF_E_CANCELLED : JF_E_FAILED, "flow '" + report->flow + "' (run " + report->run + ") " + report->state + ": " + report->message);
    else
        out.result = boost::json::object{{"run", report->run}, {"outputs", report->outputs}};
    return out;
}

} // namespace

TaskReport Item::report(const std::string& task_name) const
{
    TaskReport out;
    out.task = task_name;
    out.slice = slice;
    out.state = store::to_text(state);
    out.reason = reason;
    out.error = error;
    out.attempts = attempts;
    out.duration_ns = started_ns == 0 ? 0 : ended_ns - started_ns;
    out.rows = counts.rows_out;
    out.rejected = counts.rows_rejected;
    out.bytes = counts.bytes_in;
    out.epochs = epochs;
    out.result = result;
    return out;
}

Result<Report> run_flow(RunSetup setup) { return Run(std::move(setup)).go(); }

} // namespace jackfield::exec

// What a run does with its tasks and items: which start, and what becomes of those that end.
#include "exec/run/run_loop.hpp"

#include "exec/run/retry.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <functional>
#include <set>

namespace jackfield::exec {

using store::State;

namespace {

/// The item itself where it makes a good name, else its number.
std::string slice_name(const boost::json::value& item, std::size_t index)
{
    std::string name = item.is_string() ? std::string(item.get_string()) : boost::json::serialize(item);
    const bool plain = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
    return plain ? name : std::to_string(index);
}

} // namespace

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
        if (may_start(items_[i]) && (tasks_[items_[i].task].slots.empty() || take_slots(items_[i])))
            start(i);
    if (!setup_.flow.slots.empty() && running_ >= setup_.max_parallel)
        leave_queues();
}

bool Run::may_start(const RunItem& item) const
{
    if (item.ended() || item.running() || item.due_ns > monotonic_ns() || item.look_ns > monotonic_ns())
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
            items_.push_back(RunItem{.task = task});
            items_.back().error = std::move(holds).error().at("tasks." + tasks_[task].name + ".when");
            return end(items_.back(), State::failed, store::reason::config_error, "", sentence_of(*items_.back().error));
        }
    }
    open(task);
}

void Run::skip(std::size_t task, std::string_view reason, std::string_view name, std::string_view message)
{
    items_of_[task].push_back(items_.size());
    RunItem item{.task = task, .state = State::skipped, .reason = std::string(reason), .message = std::string(message)};
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
    std::vector<RunItem> made;
    if (what.for_each) {
        auto list = setup_.flow.resolve(what.for_each->items, {nullptr, 0, &results_});
        if (!list || !list->is_array()) {
            made.push_back(RunItem{.task = task});
            made.back().error = list ? fail(JF_E_CONFIG, "for_each wants a list", "tasks." + what.name + ".for_each") : std::move(list).error();
        } else {
            std::set<std::string> taken;
            for (std::size_t i = 0; i < list->get_array().size(); ++i) {
                std::string slice = slice_name(list->get_array()[i], i);
                if (!taken.insert(slice).second) // the same item again: a slice is what keeps their progress apart
                    taken.insert(slice += "#" + std::to_string(i));
                made.push_back(RunItem{.task = task, .slice = std::move(slice), .item = list->get_array()[i]});
            }
        }
    } else {
        made.push_back(RunItem{.task = task});
    }
    for (RunItem& item : made) {
        items_of_[task].push_back(items_.size());
        items_.push_back(std::move(item));
    }
    for (const std::size_t at : std::vector<std::size_t>(items_of_[task])) {
        RunItem& item = items_[at];
        if (item.error) {
            end(item, State::failed, store::reason::config_error, "", sentence_of(*item.error));
        } else if (const auto done = earlier_.find({what.name, item.slice}); done != earlier_.end()) {
            item.result = done->second.result;
            item.taken_over = done->second.run;
            end(item, State::completed, "", "Cached", "completed by run " + item.taken_over);
        }
    }
    if (made.empty())
        close_task(task);
}

void Run::start(std::size_t index)
{
    RunItem& item = items_[index];
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

    auto attempt = std::make_shared<TaskAttempt>(shared_, std::move(*resolved), item.slice, item.attempts, item.deadline_ns);
    item.attempt = attempt;
    ++running_;
    const SubFlowRunner sub_flow = [setup = sub_setup_](TaskAttempt& child) { return run_sub_flow(*setup, child); };
    item.thread = std::thread([inbox = inbox_, index, attempt, sub_flow] {
        AttemptOutcome outcome = run_attempt(*attempt, sub_flow);
        Finished finished{index, attempt, std::move(outcome)};
        if (!inbox->put(std::move(finished)))
            attempt->log(JF_LOG_WARN, "an attempt that was left behind has come back; its result is dropped");
    });
}


void Run::handle(Finished finished)
{
    RunItem& item = items_[finished.item];
    if (item.attempt != finished.attempt) { // it was left behind, and something else holds the place
        finished.attempt->log(JF_LOG_WARN, "an attempt that was left behind has come back; its result is dropped");
        return;
    }
    item.thread.join();
    item.attempt.reset();
    --running_;
    settle(item, finished.outcome);
}

void Run::settle(RunItem& item, const AttemptOutcome& outcome)
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
    const bool whole = late && item.deadline_ns == deadline_ns_; // a plugin may stop a little before it
    timed_out_ = timed_out_ || whole;
    end(item, State::failed, whole ? store::reason::timeout_flow : reason_of(*item.error), late ? "TimedOut" : "", sentence_of(*item.error));
}

bool Run::worth_retrying(const RunItem& item, const AttemptOutcome& outcome, std::int64_t& delay) const
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

void Run::end(RunItem& item, State state, std::string_view reason, std::string_view name, std::string_view message)
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
        const RunItem& only = items_[items_of_[task].front()];
        result = only.result;
        if (tasks_[task].kind == TaskKind::pipeline && result.is_null())
            result = boost::json::object{{"rows", only.counts.rows_out}, {"rejected", only.counts.rows_rejected}};
    }
    if (state == State::completed && tasks_[task].kind == TaskKind::pipeline)
        if (const auto done = shared_->complete_generation(tasks_[task].name); !done)
            shared_->recorder->log(tasks_[task].name, "", 0, JF_LOG_ERROR, "the load is not marked as finished, the next run will go on with it: " + done.error().message);
    results_[tasks_[task].name] = std::move(result);
    dag_->end(task, state);
}

} // namespace jackfield::exec

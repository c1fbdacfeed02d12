// What a run does about time: deadlines, leases, cancellation, progress.
#include "exec/run/run_loop.hpp"

#include <algorithm>

namespace jackfield::exec {

using store::State;

namespace {

constexpr std::int64_t grace_ns = second_ns / 10; ///< between asking an attempt to end and leaving it behind
constexpr std::int64_t stop_grace_ns = second_ns; ///< the same when the whole run is cancelled

} // namespace

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
        for (RunItem& item : items_)
            if (item.running() && fenced_)
                item.attempt->stop(2);
    }
    for (std::size_t i = 0; i < items_.size(); ++i)
        if (items_[i].running())
            watch_item(i);
}

void Run::watch_item(std::size_t index)
{
    RunItem& item = items_[index];
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
    RunItem& item = items_[index];
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
    for (RunItem& item : items_)
        if (item.running())
            item.attempt->stop(level);
}

void Run::show_progress()
{
    const std::int64_t now = monotonic_ns();
    if (setup_.progress_every_ns == 0 || now < progress_due_ns_)
        return;
    progress_due_ns_ = now + setup_.progress_every_ns;
    for (const RunItem& item : items_) {
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
    std::int64_t at = std::min(now + 60 * second_ns, deadline_ns_);
    if (lease_)
        at = std::min(at, lease_due_ns_);
    if (setup_.progress_every_ns != 0 && running_ > 0)
        at = std::min(at, progress_due_ns_);
    for (const RunItem& item : items_) {
        if (item.running())
            at = std::min(at, item.gave_up_ns == 0 ? item.deadline_ns : item.gave_up_ns + 2 * grace_ns);
        else if (!item.ended() && item.due_ns > now)
            at = std::min(at, item.due_ns);
        else if (!item.ended() && item.look_ns > now)
            at = std::min(at, item.look_ns);
    }
    if (cancel_level_ >= 2 && running_ > 0)
        at = std::min(at, cancelled_at_ns_ + stop_grace_ns);
    return std::max<std::int64_t>(at - now, 0);
}

TaskStep Run::step_of(const RunItem& item) const
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

} // namespace jackfield::exec

// Threads, deadlines and failure of one attempt.
#include "exec/pipeline/attempt.hpp"

#include "exec/pipeline/crash_points.hpp"

#include <algorithm>
#include <exception>

namespace jackfield::exec {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t closing_ns = 30 * second_ns;     // for a rollback or a close
constexpr std::int64_t rollback_ns = second_ns;         // the same after the deadline of the attempt
constexpr std::int64_t cancel_patience_ns = 2 * second_ns; // after cancel(), for calls in progress and rollbacks
constexpr std::int64_t tick_ns = 20'000'000;            // between two looks of the watch

/// "300 s", "250 ms".
std::string spelled(std::int64_t span_ns)
{
    return span_ns >= 10 * second_ns ? std::to_string(span_ns / second_ns) + " s" : std::to_string(span_ns / 1'000'000) + " ms";
}

std::int64_t plus(std::int64_t when, std::int64_t span) noexcept { return when > no_deadline - span ? no_deadline : when + span; }

} // namespace

Caller::Caller(const Cancellation& cancellation, const PipelineContext& context, std::string who)
    : who_(std::move(who)), deadline_ns_(context.deadline_ns), call_timeout_ns_(context.call_timeout_ns),
      grace_ns_(context.grace_ns), frame_(&cancellation), closing_(nullptr)
{
}

CallFrame& Caller::prepare(CallFrame& frame, std::int64_t polite_ns, std::int64_t hard_ns) noexcept
{
    sequence_.fetch_add(1);
    hard_ns_.store(hard_ns);
    frame.set_deadline(polite_ns);
    sequence_.fetch_add(1);
    return frame;
}

CallFrame& Caller::call() noexcept
{
    const std::int64_t now = monotonic_ns();
    started_ns_.store(now);
    const std::int64_t limit = std::min(plus(now, call_timeout_ns_), deadline_ns_);
    return prepare(frame_, limit, plus(limit, grace_ns_));
}

CallFrame& Caller::poll(std::int64_t wait_ns) noexcept
{
    const std::int64_t now = monotonic_ns();
    started_ns_.store(now);
    const std::int64_t hard = std::min(plus(now, wait_ns + call_timeout_ns_), deadline_ns_);
    return prepare(frame_, std::min(now + wait_ns, deadline_ns_), plus(hard, grace_ns_));
}

std::int64_t Caller::closing_limit(std::int64_t now_ns) const noexcept
{
    const std::int64_t most = now_ns + std::min(closing_ns, call_timeout_ns_);
    // Whoever reacted to the deadline gets a moment to roll back.
    return now_ns < deadline_ns_ ? std::min(most, plus(deadline_ns_, rollback_ns)) : now_ns + rollback_ns;
}

CallFrame& Caller::closing() noexcept
{
    const std::int64_t now = monotonic_ns();
    started_ns_.store(now);
    const std::int64_t limit = closing_limit(now);
    return prepare(closing_, limit, plus(limit, grace_ns_));
}

/// Returns what was being closed around it.
const char* Caller::begin_closing(const char* what) noexcept
{
    closing();
    return label_.exchange(what);
}

void Caller::set_rejects(const RejectHandler& handler)
{
    frame_.set_rejects(handler);
    closing_.set_rejects(handler);
}

bool Caller::inside() const noexcept
{
    return label_.load() || frame_.in_progress().function || closing_.in_progress().function;
}

std::optional<Caller::Overdue> Caller::overdue(std::int64_t now_ns) const
{
    const std::uint64_t before = sequence_.load();
    const char* function = label_.load();
    if (!function)
        function = frame_.in_progress().function;
    if (!function)
        function = closing_.in_progress().function;
    const std::int64_t hard = hard_ns_.load(), started = started_ns_.load();
    if (!function || before % 2 != 0 || now_ns <= hard || sequence_.load() != before)
        return std::nullopt;
    return Overdue{who_, function, started};
}

Attempt::Attempt(const PipelinePlan& a_plan, const PipelineContext& a_context)
    : plan(a_plan), context(a_context), at_point_(context.at_point ? context.at_point : crash_points_of_environment())
{
}

ProgressScope Attempt::scope() const noexcept
{
    return {context.flow, context.task, context.slice, context.generation.id, plan.digest};
}

store::Scope Attempt::store_scope() const { return {context.flow, context.task, context.slice, context.generation.id}; }

void Attempt::fail(Error error)
{
    {
        const std::lock_guard lock(mutex_);
        if (failure_)
            return;
        failure_ = std::move(error);
        failed_ns_ = monotonic_ns();
        cancellation.cancel();
        for (const auto& waker : wakers_)
            waker();
    }
    changed_.notify_all();
}

std::optional<Error> Attempt::failure() const
{
    const std::lock_guard lock(mutex_);
    return failure_;
}

void Attempt::warn(std::string message)
{
    log(JF_LOG_WARN, message);
    const std::lock_guard lock(mutex_);
    if (std::find(warnings_.begin(), warnings_.end(), message) == warnings_.end() && warnings_.size() < 100)
        warnings_.push_back(std::move(message));
}

void Attempt::log(std::int32_t level, std::string_view message) const
{
    if (context.log)
        context.log(level, message);
}

std::vector<std::string> Attempt::warnings() const
{
    const std::lock_guard lock(mutex_);
    return warnings_;
}

void Attempt::wake() noexcept { changed_.notify_all(); }

void Attempt::start(std::shared_ptr<Caller> caller, std::function<void()> body)
{
    const std::lock_guard lock(mutex_);
    if (closed_)
        return; // run_pipeline is gone; only a thread that was given up gets here
    Worker& worker = workers_.emplace_back();
    worker.callers = {caller};
    worker.thread = std::thread([self = shared_from_this(), &worker, work = std::move(body), caller = std::move(caller)]() mutable {
        try {
            work();
        } catch (const std::exception& error) {
            self->fail(jackfield::fail(JF_E_FAILED, std::string("unexpected exception in a pipeline: ") + error.what()));
        }
        // What the body holds goes here and not on the thread of run_pipeline: it may close plugins.
        caller->close_with("close", [&work] { work = nullptr; });
        const std::lock_guard done(self->mutex_);
        worker.done = true;
        self->changed_.notify_all();
    });
}

void Attempt::watch_too(const Caller& caller, std::shared_ptr<Caller> more)
{
    const std::lock_guard lock(mutex_);
    for (Worker& worker : workers_)
        if (worker.callers.front().get() == &caller)
            worker.callers.push_back(std::move(more));
}

std::optional<Caller::Overdue> Attempt::overdue(const Worker& worker, std::int64_t now_ns)
{
    for (const auto& caller : worker.callers)
        if (auto call = caller->overdue(now_ns))
            return call;
    return std::nullopt;
}

Error Attempt::late(const Caller::Overdue& call) const
{
    const std::int64_t now = monotonic_ns();
    if (now >= context.deadline_ns)
        return jackfield::fail(JF_E_TIMEOUT, "the attempt did not end by its deadline; " + call.function + "() of the " + call.who
                                                 + " was still running after " + spelled(now - call.since_ns));
    return jackfield::fail(JF_E_TIMEOUT, call.function + "() of the " + call.who + " did not come back within "
                                             + spelled(context.call_timeout_ns)
                                             + "; the component hangs or its store is too slow");
}

void Attempt::interrupt_all()
{
    // On a thread of its own: interrupt() of a bad plugin may hang as well.
    auto caller = std::make_shared<Caller>(cancellation, context, "pipeline");
    Caller& watched = *caller;
    start(std::move(caller), [this, &watched] {
        watched.close_with("interrupt", [this] {
            const std::lock_guard lock(interrupts_mutex_);
            for (const auto& interrupt : interrupts_)
                interrupt();
        });
    });
}

/// Marks what hangs. True when nobody is left to wait for. Requires: mutex_ is held.
bool Attempt::look(std::int64_t now_ns)
{
    const bool past_all = failure_ && now_ns > plus(failed_ns_, closing_ns + context.call_timeout_ns);
    const bool cancelled = failure_ && failure_->kind == JF_E_CANCELLED && now_ns > failed_ns_ + cancel_patience_ns;
    const bool past_deadline = now_ns > plus(context.deadline_ns, context.grace_ns + 2 * rollback_ns);
    bool all = true;
    for (Worker& worker : workers_) {
        if (worker.done || worker.abandoned)
            continue;
        const bool hangs = failure_ && now_ns > plus(failed_ns_, context.grace_ns) && overdue(worker, now_ns);
        const bool inside = std::any_of(worker.callers.begin(), worker.callers.end(), [](const auto& caller) { return caller->inside(); });
        worker.abandoned = hangs || past_all || (cancelled && inside) || past_deadline;
        all = all && worker.abandoned;
    }
    return all;
}

/// Requires: mutex_ is held.
std::optional<Error> Attempt::reason_to_end(std::int64_t now_ns) const
{
    for (const Worker& worker : workers_)
        if (const auto call = worker.done ? std::nullopt : overdue(worker, now_ns))
            return late(*call);
    const bool nothing_to_finish = plan.one_epoch || (first_schemas.load() > 0 && !has_read.load());
    if (context.control->level() >= (nothing_to_finish ? 1 : 2))
        return jackfield::fail(JF_E_CANCELLED, "the attempt was cancelled; nothing of the epoch in flight was committed");
    if (now_ns >= context.deadline_ns)
        return jackfield::fail(JF_E_TIMEOUT, "the attempt did not end by its deadline; what was committed stands, and the next attempt "
                                             "goes on from there; allow more time ('timeout') if it is slow but sound");
    return std::nullopt;
}

std::uint32_t Attempt::watch()
{
    context.control->listen([weak = weak_from_this()] {
        if (const auto self = weak.lock())
            self->wake();
    });
    std::unique_lock lock(mutex_);
    for (;;) {
        const std::int64_t now = monotonic_ns();
        std::optional<Error> reason = failure_ ? std::nullopt : reason_to_end(now);
        if (reason) {
            lock.unlock();
            fail(*std::move(reason));
            lock.lock();
        }
        if (failure_ && !interrupted_) {
            interrupted_ = true;
            lock.unlock();
            interrupt_all();
            lock.lock();
        }
        if (look(monotonic_ns())) {
            closed_ = true;
            break;
        }
        std::int64_t wait = tick_ns;
        if (context.deadline_ns > now)
            wait = std::min(wait, context.deadline_ns - now + 1);
        changed_.wait_for(lock, std::chrono::nanoseconds(wait));
    }
    std::uint32_t abandoned = 0;
    for (Worker& worker : workers_)
        if (worker.abandoned && !worker.done) {
            ++abandoned;
            worker.thread.detach();
        }
    lock.unlock();
    context.control->listen({});
    for (Worker& worker : workers_) // the list itself does not change any more
        if (worker.thread.joinable())
            worker.thread.join();
    return abandoned;
}

Attempt::Registration Attempt::on_interrupt(std::function<void()> interrupt)
{
    const std::lock_guard lock(interrupts_mutex_);
    Registration out;
    out.attempt_ = this;
    out.list_ = &interrupts_;
    out.place_ = interrupts_.insert(interrupts_.end(), std::move(interrupt));
    return out;
}

Attempt::Registration Attempt::on_fail(std::function<void()> wake)
{
    const std::lock_guard lock(mutex_);
    Registration out;
    out.attempt_ = this;
    out.list_ = &wakers_;
    out.place_ = wakers_.insert(wakers_.end(), std::move(wake));
    return out;
}

Attempt::Registration::Registration(Registration&& other) noexcept { *this = std::move(other); }

Attempt::Registration& Attempt::Registration::operator=(Registration&& other) noexcept
{
    if (this != &other) {
        reset();
        attempt_ = std::exchange(other.attempt_, nullptr);
        place_ = other.place_;
        list_ = other.list_;
    }
    return *this;
}

void Attempt::Registration::reset() noexcept
{
    if (!attempt_)
        return;
    std::mutex& mutex = list_ == &attempt_->wakers_ ? attempt_->mutex_ : attempt_->interrupts_mutex_;
    const std::lock_guard lock(mutex);
    list_->erase(place_);
    attempt_ = nullptr;
}

} // namespace jackfield::exec

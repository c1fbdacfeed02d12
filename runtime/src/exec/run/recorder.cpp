// Recorder: store and listener, both masked.
#include "exec/run/recorder.hpp"

#include <chrono>

namespace jackfield::exec {

Recorder::Recorder(std::shared_ptr<store::Store> store, std::shared_ptr<Masker> masker, std::function<void(const Event&)> listener)
    : store_(std::move(store)), masker_(std::move(masker)), listener_(std::move(listener))
{
}

void Recorder::begin(const store::Run& run)
{
    run_ = run.id;
    flow_ = run.flow;
    fence_ = run.fence;
    if (!run.interval_json.empty())
        interval_ = run.slice;
}

void Recorder::run_started(std::string_view message)
{
    Event event{.kind = Event::Kind::run_started};
    event.message = message;
    event.state = "running";
    tell(std::move(event));
}

void Recorder::run_state(store::State state, std::string_view reason, std::string_view message, std::int64_t duration_ns)
{
    const std::string masked = masker_->mask(message);
    change(store::RunChange{.run = run_, .fence = fence_, .state = state, .name = {}, .reason = std::string(reason), .message = masked});
    if (!store::is_terminal(state))
        return;
    Event event{.kind = Event::Kind::run_ended};
    event.state = store::to_text(state);
    event.name = store::default_name(state);
    event.reason = reason;
    event.message = masked;
    event.duration_ns = duration_ns;
    tell(std::move(event));
}

void Recorder::task_state(const TaskStep& step)
{
    store::TaskChange out{.run = run_, .fence = fence_, .task = std::string(step.task), .slice = std::string(step.slice),
        .attempt = step.attempt, .state = step.state, .name = std::string(step.name), .reason = std::string(step.reason),
        .message = masker_->mask(step.message)};
    out.next_attempt_at = step.retry_at_ns;
    out.counts = step.counts;
    if (!step.result_json.empty())
        out.result_json = masker_->mask(step.result_json);
    Event event{.kind = Event::Kind::task_state};
    event.task = step.task;
    event.slice = step.slice;
    event.attempt = step.attempt;
    event.state = store::to_text(step.state);
    event.name = step.name.empty() ? store::default_name(step.state) : step.name;
    event.reason = step.reason;
    event.message = out.message;
    event.rows = step.counts.rows_out;
    event.rejected = step.counts.rows_rejected;
    event.bytes = step.counts.bytes_in;
    event.epochs = step.epochs;
    event.duration_ns = step.duration_ns;
    event.retry_at_ns = step.retry_at_ns;
    event.result = out.result_json.value_or("");
    change(std::move(out));
    tell(std::move(event));
}

void Recorder::task_progress(const TaskStep& step, std::uint64_t total_bytes)
{
    Event event{.kind = Event::Kind::task_progress};
    event.task = step.task;
    event.slice = step.slice;
    event.attempt = step.attempt;
    event.state = "running";
    event.rows = step.counts.rows_out;
    event.rejected = step.counts.rows_rejected;
    event.bytes = step.counts.bytes_in;
    event.total_bytes = total_bytes;
    event.epochs = step.epochs;
    event.duration_ns = step.duration_ns;
    tell(std::move(event));
}

void Recorder::log(std::string_view task, std::string_view slice, std::uint32_t attempt, std::int32_t level, std::string_view message,
                   std::string_view fields)
{
    store::LogLine line{.run = run_, .task = std::string(task), .slice = std::string(slice), .attempt = attempt, .at = unix_ns(),
        .level = level, .message = masker_->mask(message), .fields_json = masker_->mask(fields)};
    Event event{.kind = Event::Kind::log, .at_ns = line.at};
    event.task = task;
    event.slice = slice;
    event.attempt = attempt;
    event.level = level;
    event.message = line.message;
    event.fields = line.fields_json;
    change(std::move(line));
    tell(std::move(event));
}

Status Recorder::finish() { return store_->flush(store::Commit::committed); }

void Recorder::change(store::Change change)
{
    std::vector<store::Change> changes;
    changes.push_back(std::move(change));
    // Queued: an error comes out of finish(), where the run can still say so.
    (void)store_->change(std::move(changes), store::Commit::queued);
}

void Recorder::tell(Event event)
{
    if (!listener_)
        return;
    event.run = run_;
    event.flow = flow_;
    event.interval = interval_;
    if (event.at_ns == 0)
        event.at_ns = unix_ns();
    const std::scoped_lock lock(mutex_);
    listener_(event);
}

std::int64_t unix_ns()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string_view reason_of(const Error& error)
{
    switch (error.kind) {
    case JF_E_CONFIG:
    case JF_E_UNSUPPORTED:
    case JF_E_NOT_FOUND:
    case JF_E_DENIED:
    case JF_E_UNAUTHENTICATED: return store::reason::config_error;
    case JF_E_DATA: return store::reason::data_quality;
    case JF_E_UNAVAILABLE:
    case JF_E_EXHAUSTED: return store::reason::unavailable;
    case JF_E_TIMEOUT: return store::reason::timeout_task;
    case JF_E_CANCELLED: return store::reason::cancelled;
    case JF_E_FENCED: return store::reason::lease_lost;
    default: return store::reason::user_error;
    }
}

std::string sentence_of(const Error& error)
{
    return error.where.empty() ? error.message : error.where + ": " + error.message;
}

} // namespace jackfield::exec

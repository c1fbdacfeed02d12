// Recorder: the one place where what happens in a run is written down: state store, event listener, both masked.
#pragma once

#include "observe/masker.hpp"
#include "store/store.hpp"

#include <jackfield/runtime/event.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace jackfield::exec {

/// A step of a task to another state.
struct TaskStep {
    std::string_view task, slice;
    std::uint32_t attempt = 1;
    store::State state = store::State::running;
    std::string_view name;      ///< empty: the default of the state
    std::string_view reason, message;
    std::int64_t retry_at_ns = 0; ///< since 1970; of AwaitingRetry
    std::int64_t duration_ns = 0;
    store::Counts counts;
    std::uint64_t epochs = 0;
    std::string_view result_json;
};

/// Of one run. Any thread. History is queued, not waited for: finish() does that once.
class Recorder {
public:
    Recorder(std::shared_ptr<store::Store> store, std::shared_ptr<Masker> masker, std::function<void(const Event&)> listener);

    /// The run exists now; everything later is written under it.
    void begin(const store::Run& run);
    /// message: of the run_started event.
    void run_started(std::string_view message);
    void run_state(store::State state, std::string_view reason, std::string_view message, std::int64_t duration_ns);
    void task_state(const TaskStep& step);
    /// To the listener only.
    void task_progress(const TaskStep& step, std::uint64_t total_bytes);
    /// level: JF_LOG_…; fields: a JSON object or empty.
    void log(std::string_view task, std::string_view slice, std::uint32_t attempt, std::int32_t level, std::string_view message,
             std::string_view fields = {});
    /// Everything so far is as durable as a crash of this process asks for; the first error of the history, if any.
    [[nodiscard]] Status finish();

    [[nodiscard]] const std::string& run_id() const { return run_; }
    [[nodiscard]] std::uint64_t fence() const { return fence_; }
    [[nodiscard]] Masker& masker() const { return *masker_; }
    [[nodiscard]] const std::shared_ptr<store::Store>& store() const { return store_; }

private:
    void change(store::Change change);
    void tell(Event event);

    std::shared_ptr<store::Store> store_;   // shared with attempts that may outlive the run
    std::shared_ptr<Masker> masker_;        // shared with the runtime: secrets stay secret in all its runs
    std::function<void(const Event&)> listener_;
    std::string run_, flow_, interval_;
    std::uint64_t fence_ = 0;
    std::mutex mutex_; // the listener is never called by two at once
};

/// Nanoseconds since 1970 UTC.
[[nodiscard]] std::int64_t unix_ns();

/// The reason code of a failure: "unavailable", "data_quality", …
[[nodiscard]] std::string_view reason_of(const Error& error);

/// "place: message", or the message alone.
[[nodiscard]] std::string sentence_of(const Error& error);

} // namespace jackfield::exec

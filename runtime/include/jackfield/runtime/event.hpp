// Event: what a run tells while it goes on. For progress displays, logs and embedders.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jackfield {

/// Value. Members that do not belong to the kind are empty or 0. Texts are masked: no secret is ever in them.
struct Event {
    enum class Kind {
        run_started,   ///< message: the plan in a line
        run_ended,     ///< state, reason, message
        task_state,    ///< a task changed its state: state, name, reason, message, attempt
        task_progress, ///< counts of a running task
        log,           ///< level, message, fields: a line of a component or of the engine
    };

    Kind kind = Kind::log;
    std::int64_t at_ns = 0; ///< since 1970 UTC
    std::string run;
    std::string flow;
    std::string task;   ///< empty: of the run itself
    std::string slice;  ///< item of a fan-out
    std::string interval; ///< of a backfill: the name of the interval that the run is about
    std::uint32_t attempt = 0;

    std::string state;  ///< "running", "completed", "failed" …
    std::string name;   ///< "AwaitingRetry", "TimedOut" …; mostly the state itself
    std::string reason; ///< a code
    std::string message;

    std::uint64_t rows = 0;        ///< so far, this run
    std::uint64_t rejected = 0;
    std::uint64_t bytes = 0;       ///< read from outside
    std::uint64_t total_bytes = 0; ///< to be read, if known
    std::uint64_t epochs = 0;      ///< committed
    std::int64_t duration_ns = 0;  ///< since the task or run started
    std::int64_t retry_at_ns = 0;  ///< task_state AwaitingRetry: when, since 1970 UTC

    std::int32_t level = 1;        ///< JF_LOG_…
    std::string fields;            ///< of a log line: a JSON object or empty
    std::string result;            ///< task_state of a completed task: what it returned, a JSON object or empty
};

/// "run_started", "task_state", …; the spelling of `--json` output.
[[nodiscard]] std::string_view name_of(Event::Kind kind);

} // namespace jackfield

// The states of runs and task runs, and which may follow which.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jackfield::store {

/// What drives logic. The name beside it ("Late", "AwaitingRetry", "TimedOut") is for people only.
enum class State : std::uint8_t {
    scheduled,  ///< not begun; also AwaitingRetry, AwaitingSlot, Late, Resuming
    pending,    ///< about to begin
    running,    ///< Running, Retrying
    paused,     ///< Paused (the process lives), Suspended (it does not)
    cancelling, ///< asked to stop, not yet stopped
    completed,  ///< terminal: Completed, Cached, RolledBack
    failed,     ///< terminal: Failed, TimedOut
    crashed,    ///< terminal: its process died or lost its lease
    cancelled,  ///< terminal
    skipped,    ///< terminal: Skipped, UpstreamFailed, ConditionFalse, Missed
};

inline constexpr std::array<State, 10> all_states = {State::scheduled, State::pending,   State::running, State::paused,
                                                     State::cancelling, State::completed, State::failed,
                                                     State::crashed,   State::cancelled, State::skipped};

/// "running" and so on; the spelling in the store, in JSON and on the command line.
[[nodiscard]] std::string_view to_text(State state);

/// The state of that spelling; nothing if there is none.
[[nodiscard]] std::optional<State> state_from_text(std::string_view text);

/// The name shown where the caller gives none: "Running".
[[nodiscard]] std::string_view default_name(State state);

/// Completed, failed, crashed, cancelled and skipped.
[[nodiscard]] bool is_terminal(State state);

/// The name of a task run that is scheduled and waits for slots: it keeps its place in the queue.
inline constexpr std::string_view awaiting_slot = "AwaitingSlot";

/// Is this step legal? `from` is empty for the first state. The same type may follow itself only under another name,
/// and never if it is terminal (two workers that both begin a task show as pending after Pending).
/// Returns JF_E_STATE with a sentence ("a completed task cannot become running") where it is not.
[[nodiscard]] Status check_step(std::optional<State> from, std::string_view from_name, State to, std::string_view to_name,
                                std::string_view what);

/// Reason codes: why something ended as it did. The sentence beside it says more. Others are allowed; these are what
/// retry rules ("retry_on") and the command line know.
namespace reason {
inline constexpr std::string_view user_error = "user_error";       ///< a task's own code or program failed
inline constexpr std::string_view data_quality = "data_quality";   ///< a gate or a record said no
inline constexpr std::string_view config_error = "config_error";
inline constexpr std::string_view unavailable = "unavailable";
inline constexpr std::string_view timeout_task = "timeout.task";
inline constexpr std::string_view timeout_flow = "timeout.flow";
inline constexpr std::string_view timeout_queue = "timeout.queue";
inline constexpr std::string_view lease_lost = "lease_lost";       ///< its process is gone or stopped renewing
inline constexpr std::string_view signal = "signal";               ///< killed by a signal, out of memory included
inline constexpr std::string_view cancelled = "cancelled";
inline constexpr std::string_view dependency = "dependency";       ///< a task before it did not complete
inline constexpr std::string_view condition = "condition";         ///< its condition was false
inline constexpr std::string_view store_error = "store_error";
} // namespace reason

} // namespace jackfield::store

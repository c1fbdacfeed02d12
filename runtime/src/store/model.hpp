// What the state store holds, as plain values. Times are nanoseconds since 1970 UTC; 0 means "not yet" or "now".
#pragma once

#include "store/state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace jackfield::store {

using Bytes = std::string; ///< any bytes, not text

/// How far a change must have got when the call returns.
enum class Commit : std::uint8_t {
    queued,    ///< in order and soon; lost if this process is killed first. Its error is told by the next flush().
    committed, ///< survives the death of this process, perhaps not a power cut
    synced,    ///< survives a power cut (one fsync, shared by all who wait)
};

/// One process, so that another can tell whether it still lives. Value. See process.hpp.
struct Process {
    std::string host;
    std::int64_t pid = 0;
    std::string birth; ///< boot id and start time: tells a process from a later one with the same pid
};

/// One run of a flow. Never holds a secret: flow text and parameters carry references only.
struct Run {
    std::string id; ///< short hex like "7f3a", given by create_run
    std::string flow;
    std::string flow_digest;
    std::string flow_text; ///< as run
    std::string parameters_json = "{}";
    std::string environment;
    State state = State::scheduled;
    std::string state_name; ///< empty: the default of the state
    std::string reason;     ///< a code of namespace reason, or empty
    std::string message;    ///< one sentence
    std::int64_t created_at = 0;
    std::int64_t started_at = 0; ///< first time it was running
    std::int64_t ended_at = 0;   ///< when it reached its terminal state
    Process process;             ///< who runs it
    std::string lease;           ///< key of the lease that keeps it alive; empty: only its process does
    std::string generation;
    std::string parent_run; ///< of a sub-flow
    std::string parent_task;
    std::string continued_from; ///< the run that this one goes on with
    std::string slice;          ///< of a backfill: the name of the interval; empty: none
    std::string interval_json;  ///< the interval, as DataInterval::to_json() writes it
    std::uint64_t fence = 0;    ///< given by create_run; every later change must carry it
};

/// What a task moved. Totals of the attempt, not increments.
struct Counts {
    std::uint64_t rows_in = 0;
    std::uint64_t rows_out = 0;
    std::uint64_t rows_rejected = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
};

/// One task of a run, or one item of a task that fans out.
struct TaskRun {
    std::string run;
    std::string task;
    std::string slice; ///< item of a fan-out or interval of a backfill; empty: neither
    std::int64_t attempt = 0;
    State state = State::scheduled;
    std::string state_name;
    std::string reason;
    std::string message;
    std::int64_t started_at = 0;
    std::int64_t ended_at = 0;
    std::int64_t next_attempt_at = 0; ///< fixed when the attempt fails, so that a crash never moves it
    Counts counts;
    std::string result_json; ///< of an action; at most 256 KiB
};

/// A step of a run from one state to the next.
struct RunChange {
    std::string run;
    std::uint64_t fence = 0; ///< as create_run or fence_run answered
    State state = State::running;
    std::string name;
    std::string reason;
    std::string message;
    std::int64_t at = 0; ///< 0: now
};

/// A step of a task run; the first one of (run, task, slice) makes it. Entering `running` needs a running run. Ending,
/// and going back to scheduled, gives its concurrency slots free in the same commit.
struct TaskChange {
    std::string run;
    std::uint64_t fence = 0; ///< of the run
    std::string task;
    std::string slice;
    std::int64_t attempt = 1; ///< from 1
    State state = State::running;
    std::string name;
    std::string reason;
    std::string message;
    std::int64_t at = 0;
    std::int64_t next_attempt_at = 0;
    std::optional<Counts> counts;
    std::optional<std::string> result_json;
};

/// Progress of a running task; no transition.
struct TaskProgress {
    std::string run;
    std::uint64_t fence = 0;
    std::string task;
    std::string slice;
    Counts counts;
};

/// One line of a run's log. Longer messages and fields than 64 KiB are cut and say so.
struct LogLine {
    std::int64_t seq = 0; ///< given by the store; grows; for paging
    std::string run;
    std::string task; ///< empty: of the run itself
    std::string slice;
    std::int64_t attempt = 0;
    std::int64_t at = 0;
    std::int32_t level = 1; ///< JF_LOG_DEBUG … JF_LOG_ERROR
    std::string message;
    std::string fields_json; ///< an object or empty
};

using Change = std::variant<RunChange, TaskChange, TaskProgress, LogLine>;

/// One committed step, as it is read back.
struct Transition {
    std::int64_t seq = 0; ///< grows; for paging
    std::string run;
    std::string task; ///< empty: of the run itself
    std::string slice;
    std::int64_t attempt = 0;
    std::optional<State> from; ///< nothing: the first
    State to = State::scheduled;
    std::string name;
    std::string reason;
    std::string message;
    std::int64_t at = 0;
    std::uint64_t fence = 0;
};

/// What progress belongs to: design §3, "Tokens".
struct Scope {
    std::string flow;
    std::string task;
    std::string slice;
    std::string generation;
};

/// A partition of a source under a scope.
struct ProgressKey {
    Scope scope;
    std::string source;
    std::string partition;
};

struct Progress {
    ProgressKey key;
    std::uint64_t fence = 0;
    std::optional<Bytes> token; ///< nothing: never committed
    Bytes intent;               ///< of an epoch that was begun and not committed; empty: none
    Bytes digest;               ///< of what selected the data when the token was written
    std::string owner;          ///< who acquired it, for messages
    std::int64_t updated_at = 0;
};

/// One partition's part of a commit.
struct ProgressCommit {
    ProgressKey key;
    std::uint64_t fence = 0;
    Bytes token;
    Bytes digest;
    std::optional<Bytes> expected; ///< if set: refuse unless this is the token now (empty bytes: none stored)
};

/// A full load of (flow, task): the word that keeps its progress apart from that of other loads.
struct Generation {
    std::string id; ///< "g" and when it started: never the same twice, also not in another state file
    std::string run;
    bool complete = false; ///< its final commit was made
    std::int64_t started_at = 0;
};

/// Where an epoch of several sinks ends; logged before the first of them commits.
struct EpochEnd {
    std::string source;
    std::string partition;
    Bytes position;
};
struct Epoch {
    std::uint64_t number = 0;
    std::vector<EpochEnd> ends;
};

/// The state of one step for one partition at an epoch.
struct Snapshot {
    Scope scope;
    std::string step;
    std::string partition;
    std::uint64_t epoch = 0;
    Bytes state; ///< at most 256 MiB
};

/// A named lock with a heart-beat. The row stays after it is given back, so its fence only grows.
struct Lease {
    std::string key; ///< "flow/orders_hourly", "run/7f3a"
    Process holder;
    std::string run; ///< for messages; may be empty
    std::uint64_t fence = 0;
    std::int64_t acquired_at = 0;
    std::int64_t expires_at = 0; ///< 0: given back
};

/// A key under which at most `slots` tasks may work at once. Who asks says how many; it is not kept.
struct SlotWish {
    std::string key;
    std::uint32_t slots = 1;
};

/// Who holds a place under a key, or waits for one.
struct SlotUse {
    std::string key;
    std::string run;
    std::string task;
    std::string slice;
    bool held = false; ///< false: it waits
};

/// An interval of a backfill that a completed run was about.
struct DoneInterval {
    std::string slice;
    std::string interval_json;
    std::string run; ///< may be pruned by now
    std::int64_t done_at = 0;
};

/// Which runs to list, newest first. Empty members do not filter.
struct RunFilter {
    std::string flow;
    std::vector<State> states;
    std::int64_t since = 0;    ///< created at or after
    std::string parent_run;
    std::optional<std::string> slice; ///< runs about this, none of a sub-flow; empty text: about no interval
    std::string after;         ///< id of the last run of the page before
    std::size_t limit = 50;
};

/// Which lines of a run's log to read, oldest first.
struct LogFilter {
    std::string task;        ///< empty: all
    std::int32_t level = 0;  ///< this and above
    std::int64_t after = 0;  ///< seq of the last line of the page before
    std::size_t limit = 1000;
};

/// What prune keeps; a bound that is not set does not hold.
struct Retention {
    std::optional<std::int64_t> keep_days;
    std::optional<std::int64_t> keep_runs; ///< of each flow, the newest
    std::int64_t now = 0;                  ///< 0: the clock
};
struct Pruned {
    std::uint64_t runs = 0;
    std::uint64_t log_lines = 0;
    std::uint64_t progress = 0; ///< tokens, snapshots and epochs of generations that are over
    std::uint64_t bytes = 0;    ///< given back to the file system
};

} // namespace jackfield::store

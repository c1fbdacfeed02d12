// Durable state behind one interface: run history, progress tokens, locks, component state.
#pragma once

#include "store/model.hpp"

#include <memory>
#include <span>

namespace jackfield::store {

/// Everything that must outlive a process. *Any thread.*
///
/// Changes go through one writer that commits everything that is waiting in one transaction, in the order in which it
/// came; each call is all or nothing. Reads see what is committed: call flush() to read one's own queued changes.
/// Where a function takes no Commit it returns when its change is synced, unless it says otherwise.
///
/// Errors, of every function: JF_E_UNAVAILABLE (locked by another process: try again), JF_E_EXHAUSTED (disk full),
/// JF_E_DENIED (read-only), JF_E_DATA (the file is damaged or no state file), JF_E_CONFIG (written by a newer version).
class Store {
public:
    virtual ~Store() = default;

    // ---- runs, tasks, logs ------------------------------------------------------------------------------------

    /// Makes a run with its first transition (scheduled, pending, running; skipped for a missed one). Gives id, fence,
    /// created_at (if 0) and returns the run so filled; committed at least. JF_E_STATE for another first state.
    virtual Result<Run> create_run(Run run, Commit commit) = 0;

    /// Applies all changes or none. JF_E_STATE: a step that is not legal; JF_E_FENCED: the run has another fence now;
    /// JF_E_NOT_FOUND: no such run. With Commit::queued these come out of the next flush().
    virtual Status change(std::vector<Change> changes, Commit commit) = 0;

    /// Waits until everything handed in before, by any thread, is as far as `commit` says. Returns the first error of a
    /// queued change since the last flush.
    virtual Status flush(Commit commit) = 0;

    /// Shuts out whoever runs this run: raises its fence, puts `holder` in its place, returns the new fence.
    virtual Result<std::uint64_t> fence_run(std::string_view run, const Process& holder) = 0;

    /// Ends as crashed (cancelling ones as cancelled), fenced, all begun runs whose process is dead or whose lease is lost, with
    /// their unfinished tasks, and gives their slots free. Returns these runs as they are now. Committed.
    virtual Result<std::vector<Run>> reap() = 0;

    /// The run of this id, or of the only id that begins so. JF_E_NOT_FOUND; JF_E_CONFIG if several begin so.
    virtual Result<Run> run(std::string_view id) = 0;
    virtual Result<std::vector<Run>> runs(const RunFilter& filter) = 0; ///< flow_text left out
    virtual Result<std::vector<TaskRun>> tasks(std::string_view run) = 0; ///< in the order in which they came up
    virtual Result<std::vector<Transition>> transitions(std::string_view run, std::int64_t after, std::size_t limit) = 0;
    virtual Result<std::vector<LogLine>> logs(std::string_view run, const LogFilter& filter) = 0;

    /// For following: waits until something was committed, by any process, since `mark` (0 at first; moved on), or
    /// `timeout_ns` passed. Returns whether there was something. Changes of other processes show within 50 ms.
    virtual Result<bool> wait_for_change(std::uint64_t& mark, std::int64_t timeout_ns) = 0;

    // ---- private values of components -----------------------------------------------------------------------------

    /// `instance` names the component of a flow ("orders/land/source"). Nothing stored: an empty optional.
    virtual Result<std::optional<Bytes>> component_state(std::string_view instance, std::string_view key) = 0;

    /// At most 1 MiB (JF_E_DATA above). An empty value removes the key.
    virtual Status set_component_state(std::string_view instance, std::string_view key, Bytes value) = 0;

    // ---- progress: the token, where the state store is its place -----------------------------------------------------

    /// Takes the partition over: raises its fence, so that every older owner is refused, and returns what is stored. The
    /// caller compares the digest.
    virtual Result<Progress> acquire_progress(const ProgressKey& key, std::string_view owner) = 0;

    /// Stores all tokens and clears their intents, or does nothing. JF_E_FENCED: a fence is not current any more;
    /// JF_E_STATE: a token is not the expected one. Use Commit::synced where nothing else holds the token.
    virtual Status commit_progress(std::vector<ProgressCommit> commits, Commit commit) = 0;

    /// Stores the intent of the epoch to come, before it is written. JF_E_FENCED.
    virtual Status record_intent(const ProgressKey& key, std::uint64_t fence, Bytes intent) = 0;

    /// All partitions under the scope.
    virtual Result<std::vector<Progress>> progress(const Scope& scope) = 0;

    /// Forgets tokens, generations, epochs, snapshots, done intervals (of a whole flow) and component state of a flow, or of one task of it, and fences off who
    /// holds them. The component state of a task is that of the instances "FLOW/TASK" and "FLOW/TASK/…".
    virtual Status reset(std::string_view flow, std::string_view task) = 0;

    // ---- intervals of backfills ----------------------------------------------------------------------------------------

    /// Those of the flow that are done: a run about them (one with a slice and no parent) has completed; it is written down
    /// in the commit that ends the run. By slice.
    virtual Result<std::vector<DoneInterval>> done_intervals(std::string_view flow) = 0;
    /// They count as not done from here on.
    virtual Status forget_intervals(std::string_view flow, std::span<const std::string> slices) = 0;

    // ---- generations -------------------------------------------------------------------------------------------------

    /// slice: of the run, not of an item: empty but for intervals of a backfill and sub-flows that fan out.
    virtual Result<std::optional<Generation>> generation(std::string_view flow, std::string_view task, std::string_view slice) = 0;
    virtual Result<Generation> start_generation(std::string_view flow, std::string_view task, std::string_view slice, std::string_view run) = 0;
    /// JF_E_STATE if `id` is not the current one.
    virtual Status complete_generation(std::string_view flow, std::string_view task, std::string_view slice, std::string_view id) = 0;

    // ---- epochs of several sinks, snapshots of steps; under the fence of a run (JF_E_FENCED) --------------------------

    virtual Status log_epoch(const Scope& scope, const Epoch& epoch, std::string_view run, std::uint64_t fence) = 0;
    virtual Result<std::vector<Epoch>> logged_epochs(const Scope& scope) = 0; ///< oldest first
    /// Drops those up to and including `number`. Committed, not synced: clearing again is harmless.
    virtual Status clear_epochs(const Scope& scope, std::uint64_t number) = 0;

    virtual Status put_snapshot(Snapshot snapshot, std::string_view run, std::uint64_t fence) = 0;
    virtual Result<std::optional<Snapshot>> snapshot(const Scope& scope, std::string_view step, std::string_view partition,
                                                     std::uint64_t epoch) = 0;
    virtual Result<std::optional<Snapshot>> latest_snapshot(const Scope& scope, std::string_view step,
                                                            std::string_view partition) = 0;
    /// Drops those of epochs before `epoch`. Committed, not synced.
    virtual Status drop_snapshots(const Scope& scope, std::uint64_t epoch) = 0;

    // ---- leases ------------------------------------------------------------------------------------------------------

    /// Takes the lease for `ttl_ns` and raises its fence; create_run() of a run that names it writes the run into it. Held by a living other: JF_E_UNAVAILABLE with a sentence that
    /// names it; a holder that is dead (same host) or past its time is replaced; `steal` replaces any. Committed.
    virtual Result<Lease> acquire_lease(std::string_view key, const Process& holder, std::string_view run,
                                        std::int64_t ttl_ns, bool steal) = 0;
    /// The heart-beat. JF_E_FENCED: lost to another, stop all work under it. Committed.
    virtual Status renew_lease(std::string_view key, std::uint64_t fence, std::int64_t ttl_ns) = 0;
    /// No error if it is lost already.
    virtual Status release_lease(std::string_view key, std::uint64_t fence) = 0;
    virtual Result<std::optional<Lease>> lease(std::string_view key) = 0;

    // ---- concurrency limits: holding a slot is owning a row -----------------------------------------------------------

    /// Takes a place for the task run under every key, or under none, and stands in the queue from the first call on: who came
    /// first goes first. A place is held until the task run ends or goes back to scheduled other than to wait for slots (see
    /// TaskChange), the run ends or is reaped, or release_slots. Runs whose process is dead are reaped on the way, so nobody
    /// waits for them. Returns who is in the way, of one key; empty: held. Requires: run exists. Committed.
    virtual Result<std::vector<SlotUse>> acquire_slots(std::span<const SlotWish> wishes, std::string_view run, std::string_view task,
                                                       std::string_view slice) = 0;
    /// Gives places and the place in the queue back.
    virtual Status release_slots(std::string_view run, std::string_view task, std::string_view slice) = 0;
    /// All that are held or waited for, by key, in the order of the queue.
    virtual Result<std::vector<SlotUse>> slots() = 0;

    // ---- upkeep --------------------------------------------------------------------------------------------------

    /// Removes ended runs that are out of any bound, with all that belongs to them, old log lines of living ones, and
    /// progress of generations that are over; gives the space back. The newest run of a flow always stays.
    virtual Result<Pruned> prune(const Retention& retention) = 0;
};

struct SqliteOptions {
    std::int64_t busy_timeout_ns = 30'000'000'000; ///< how long to wait for another process's lock
};

/// Opens or makes a state file. WAL, synchronous=NORMAL but for Commit::synced; private to the user (mode 0600); not for
/// network file systems. An empty path or ":memory:": in memory, gone with the Store. Starts one thread.
/// Further errors: JF_E_NOT_FOUND (no such directory), JF_E_CONFIG (a directory, or written by a newer version).
/// Destroying the Store commits what is queued.
Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, const SqliteOptions& options = {});

} // namespace jackfield::store

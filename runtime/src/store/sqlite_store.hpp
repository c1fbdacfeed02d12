// The Store over SQLite. Its functions are spread over sqlite_runs, _history, _progress, _intervals, _locks, _slots and _prune.
#pragma once

#include "store/sqlite_writer.hpp"
#include "store/store.hpp"

namespace jackfield::store {

/// *Any thread.* One connection writes, on the writer's thread; one reads, under read_mutex_. In memory they are the same
/// connection, and the writer's batches hold read_mutex_ too.
class SqliteStore final : public Store {
public:
    static Result<std::unique_ptr<Store>> open(const std::string& path, const SqliteOptions& options);

    Result<Run> create_run(Run run, Commit commit) override;
    Status change(std::vector<Change> changes, Commit commit) override;
    Status flush(Commit commit) override;
    Result<std::uint64_t> fence_run(std::string_view run, const Process& holder) override;
    Result<std::vector<Run>> reap() override;
    Result<Run> run(std::string_view id) override;
    Result<std::vector<Run>> runs(const RunFilter& filter) override;
    Result<std::vector<TaskRun>> tasks(std::string_view run) override;
    Result<std::vector<Transition>> transitions(std::string_view run, std::int64_t after, std::size_t limit) override;
    Result<std::vector<LogLine>> logs(std::string_view run, const LogFilter& filter) override;
    Result<bool> wait_for_change(std::uint64_t& mark, std::int64_t timeout_ns) override;

    Result<std::optional<Bytes>> component_state(std::string_view instance, std::string_view key) override;
    Status set_component_state(std::string_view instance, std::string_view key, Bytes value) override;

    Result<Progress> acquire_progress(const ProgressKey& key, std::string_view owner) override;
    Status commit_progress(std::vector<ProgressCommit> commits, Commit commit) override;
    Status record_intent(const ProgressKey& key, std::uint64_t fence, Bytes intent) override;
    Result<std::vector<Progress>> progress(const Scope& scope) override;
    Status reset(std::string_view flow, std::string_view task) override;

    Result<std::vector<DoneInterval>> done_intervals(std::string_view flow) override;
    Status forget_intervals(std::string_view flow, std::span<const std::string> slices) override;

    Result<std::optional<Generation>> generation(std::string_view flow, std::string_view task, std::string_view slice) override;
    Result<Generation> start_generation(std::string_view flow, std::string_view task, std::string_view slice,
                                        std::string_view run) override;
    Status complete_generation(std::string_view flow, std::string_view task, std::string_view slice,
                               std::string_view id) override;

    Status log_epoch(const Scope& scope, const Epoch& epoch, std::string_view run, std::uint64_t fence) override;
    Result<std::vector<Epoch>> logged_epochs(const Scope& scope) override;
    Status clear_epochs(const Scope& scope, std::uint64_t number) override;
    Status put_snapshot(Snapshot snapshot, std::string_view run, std::uint64_t fence) override;
    Result<std::optional<Snapshot>> snapshot(const Scope& scope, std::string_view step, std::string_view partition,
                                             std::uint64_t epoch) override;
    Result<std::optional<Snapshot>> latest_snapshot(const Scope& scope, std::string_view step,
                                                    std::string_view partition) override;
    Status drop_snapshots(const Scope& scope, std::uint64_t epoch) override;

    Result<Lease> acquire_lease(std::string_view key, const Process& holder, std::string_view run, std::int64_t ttl_ns,
                                bool steal) override;
    Status renew_lease(std::string_view key, std::uint64_t fence, std::int64_t ttl_ns) override;
    Status release_lease(std::string_view key, std::uint64_t fence) override;
    Result<std::optional<Lease>> lease(std::string_view key) override;

    Result<std::vector<SlotUse>> acquire_slots(std::span<const SlotWish> wishes, std::string_view run, std::string_view task,
                                               std::string_view slice) override;
    Status release_slots(std::string_view run, std::string_view task, std::string_view slice) override;
    Result<std::vector<SlotUse>> slots() override;

    Result<Pruned> prune(const Retention& retention) override;

private:
    SqliteStore(std::unique_ptr<Database> writing, std::unique_ptr<Database> reading);

    /// Runs `job` on the writer and hands its value back; waits for the commit.
    template <class T, class Job>
    Result<T> write(Commit commit, const Job& job)
    {
        std::optional<T> value;
        JF_TRY(writer_.run(commit, [&](Database& database) -> Status {
            JF_ASSIGN(value, job(database));
            return {};
        }));
        return std::move(*value);
    }

    std::mutex read_mutex_;  // guards *reader_
    std::mutex write_mutex_; // of the writer, where reading has a connection of its own
    std::unique_ptr<Database> writing_;
    std::unique_ptr<Database> reading_; // empty in memory
    Database* reader_;
    Writer writer_; // last: its thread uses all of the above
};

// ---- shared by the parts ------------------------------------------------------------------------------------------

/// Nanoseconds since 1970 UTC.
[[nodiscard]] std::int64_t clock_now();

/// The next fence; larger than all before it in this file.
Result<std::uint64_t> next_fence(Database& database);

/// What a change needs to know of its run.
struct RunRow {
    std::int64_t n = 0;
    State state = State::scheduled;
    std::string name;
    std::int64_t started_at = 0;
};
/// JF_E_NOT_FOUND; JF_E_FENCED if `fence` is not the run's.
Result<RunRow> run_row(Database& database, std::string_view id, std::uint64_t fence);

/// Gives slots free, and places in queues: of a run, or of one task run of it.
Status free_slots(Database& database, std::string_view run);
Status free_slots(Database& database, std::string_view run, std::string_view task, std::string_view slice);

/// Has the lease of this run been lost: given back, run out, or taken for another run?
Result<bool> lease_lost(Database& database, const Run& run);

/// The columns of a run in the order that read_run() expects.
#define JF_RUN_COLUMNS                                                                                                  \
    "run.id, run.flow, run.flow_digest, run.parameters, run.environment, run.state, run.name, run.reason, run.message, " \
    "run.created_at, run.started_at, run.ended_at, run.host, run.pid, run.birth, run.lease, run.generation, "           \
    "run.parent_run, run.parent_task, run.continued_from, run.fence, run.slice, run.interval"
[[nodiscard]] Run read_run(const Query& row);

} // namespace jackfield::store

// run_pipeline: one attempt of one pipeline, source → steps → sink, epoch by epoch, with one commit point.
//
//     reader lane (thread)          steps (thread)             writer (thread)
//     next() ──▶ bounded queue ──▶ process() ──▶ bounded queue ──▶ write() … commit()
//
// The calling thread calls no plugin: it watches the deadlines of the calls that the others make, passes on stop and
// cancel, and returns at the attempt's deadline at the latest, whether the plugins are back or not.
// docs/decisions/0003-pipelines.md has the epoch protocol and why it is so.
#pragma once

#include "load/component.hpp"
#include "plan/plan.hpp"
#include "store/store.hpp"

#include <jackfield/sdk/result.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::exec {

/// How far an attempt has come. Value.
struct PipelineProgress {
    std::uint64_t rows_read = 0;      ///< from the source, this attempt
    std::uint64_t rows_written = 0;   ///< handed to the main sink, this attempt
    std::uint64_t rows_committed = 0; ///< durable in the main sink
    std::uint64_t rows_rejected = 0;  ///< by source, steps and sink
    std::uint64_t bytes_read = 0;     ///< from outside
    std::uint64_t bytes_total = 0;    ///< to be read, where the source knows; 0: not known
    std::uint64_t epochs = 0;         ///< committed
};

/// The handle on an attempt in progress: stop it, look at it. Any thread. Shared by the scheduler and the attempt, which
/// an abandoned call may keep alive.
class PipelineControl {
public:
    /// Read no more, commit the epoch in flight, return. A load that is one epoch is aborted instead.
    void stop() noexcept { raise(1); }
    /// Abort the epoch in flight and return.
    void cancel() noexcept { raise(2); }
    /// 0: go on, 1: stop, 2: cancel.
    [[nodiscard]] int level() const noexcept { return level_.load(std::memory_order_acquire); }
    [[nodiscard]] PipelineProgress progress() const noexcept;

    // ---- for the pipeline ----------------------------------------------------------------------------------------
    std::atomic<std::uint64_t> rows_read{0}, rows_written{0}, rows_committed{0}, rows_rejected{0};
    std::atomic<std::uint64_t> bytes_read{0}, bytes_total{0}, epochs{0};
    /// Called, on the thread of stop() or cancel(), when the level rises; empty: nobody listens. Not from within itself.
    void listen(std::function<void()> wake);

private:
    void raise(int level) noexcept;

    std::atomic<int> level_{0};
    std::mutex mutex_; // guards wake_
    std::function<void()> wake_;
};

/// The load that an attempt belongs to: keeps its progress apart from that of other loads. Value.
struct Generation {
    std::string id;
    bool fresh = false; ///< started just now: nothing of it is committed
};

/// Decides it, once for each run of a task (all attempts and slices of the run share it). An incremental source keeps one
/// generation for ever; a full load gets a new one unless the last one was not finished, which is then continued.
/// `anew`: start a new one whatever was before (--new, --full-refresh). `scope`: its slice is that of the run; its
/// generation is not looked at. Errors: those of the store.
[[nodiscard]] Result<Generation> choose_generation(store::Store& store, const store::Scope& scope, std::string_view run,
                                                   bool incremental, bool anew);

/// Arrow data that an embedder hands in and takes out, for sources and sinks {"use": "memory", "name": NAME}. Filled
/// before the run starts; each input is read once. Any thread after that.
struct MemoryPorts {
    using Output = std::function<Status(const ArrowSchema&, ArrowArray*)>; ///< array NULL: the schema; else moved in
    std::map<std::string, OwnedStream> inputs;
    std::map<std::string, Output> outputs;
    std::mutex mutex; ///< guards inputs and calls of outputs
};

/// The built-in plugin with source and sink "memory", for the catalog: it describes them; run_pipeline connects them.
[[nodiscard]] const jf_plugin* memory_plugin();

/// Everything around the plan. Filled by the scheduler, one for each attempt; run_pipeline only reads it. What outlives a
/// call that never returns is shared: store, control, ports and whatever the functions hold.
struct PipelineContext {
    std::string flow, task, slice; ///< of the scope of tokens; slice: item of a fan-out, else empty
    Generation generation;
    std::string run;               ///< id, with its fence: epochs and snapshots are stored under it
    std::uint64_t run_fence = 0;
    std::string owner;             ///< "host:pid run 7f3a": in messages about fences

    std::shared_ptr<store::Store> store; ///< nullptr: only plans whose tokens live elsewhere, with steps without state
    std::shared_ptr<MemoryPorts> memory; ///< nullptr: no such ports
    std::shared_ptr<PipelineControl> control = std::make_shared<PipelineControl>();

    /// The component of a plan, loaded: Catalog::factory_of. Called on the thread of run_pipeline.
    std::function<Result<Factory>(std::string_view kind, std::string_view id)> factory;
    /// The connection of this name, opened at its first use. Called from a thread of the pipeline.
    std::function<Result<std::shared_ptr<const ConnectionInstance>>(std::string_view name, CallFrame&)> connection;
    /// Log, state, secrets' mask of one component (`place` as in Component). Empty: no services.
    std::function<std::shared_ptr<HostBackend>(std::string_view place)> backend;
    /// A line for the log of the run: JF_LOG_…, a sentence. From any thread; may be empty.
    std::function<void(std::int32_t level, std::string_view message)> log;

    std::int64_t deadline_ns = no_deadline; ///< of the attempt, monotonic
    std::int64_t call_timeout_ns = 300'000'000'000; ///< of one call into a plugin; no call may outlive the attempt either
    std::int64_t grace_ns = 100'000'000;    ///< between asking a call to end and giving it up
    std::uint64_t keep_bytes = 268'435'456; ///< of an open epoch, kept to send it again without refused rows
    std::uint32_t first_rejects = 10;       ///< named when refused rows fail the task

    /// Tells the crash harness where the attempt is ("before_commit", epoch …; see crash_points.hpp). Empty: the points
    /// of the environment variable JACKFIELD_CRASH_AT, which is mostly not set; then a point costs one branch.
    std::function<void(std::string_view point, std::uint64_t number)> at_point;
};

/// How an attempt ended that did not fail. Value.
struct PipelineReport {
    PipelineProgress progress;
    bool finished = false;  ///< the final commit was made; false: stopped before the end
    bool continued = false; ///< it went on from a token
    std::vector<std::string> warnings; ///< for people: "acknowledging to the source failed: …"
};

/// Facts about an attempt that failed or not, for the scheduler. Value.
struct PipelineAftermath {
    std::uint32_t abandoned = 0; ///< threads that are still inside a plugin; try again only what is idempotent
};

/// Runs one attempt to its end. Any thread; blocks it. `aftermath` may be NULL.
///
/// Errors, besides those of components (their place leads): JF_E_TIMEOUT at the deadline, naming the call in progress;
/// JF_E_CANCELLED after cancel(); JF_E_DATA with the first refused rows where there is no quarantine; JF_E_CONFIG where
/// what selects the data changed since the last commit; JF_E_FENCED: another run took over. After an error nothing of the
/// epoch in flight is in the main sink, unless the error is JF_E_TIMEOUT inside commit: the next attempt finds out.
[[nodiscard]] Result<PipelineReport> run_pipeline(const PipelinePlan& plan, const PipelineContext& context,
                                                  PipelineAftermath* aftermath = nullptr);

} // namespace jackfield::exec

// StepRunner: the steps of one lane, on a thread of their own between its reader and the writer.
#pragma once

#include "exec/pipeline/channel.hpp"
#include "exec/pipeline/rejects.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace jackfield::exec {

/// Where a lane's items leave it.
struct LaneOutput {
    std::shared_ptr<Channel> channel; ///< of the writer
    std::shared_ptr<EpochClock> clock;
    std::size_t lane = 0;             ///< in the channel
};

/// The way of a step's question to the open epoch; see HostBackend::query. Any thread. Shared with the step's host.
class QueryRoute {
public:
    explicit QueryRoute(std::shared_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}
    /// From now on questions go to `ask`; empty: nowhere.
    void open(std::function<Result<OwnedStream>(std::string_view sql, OwnedStream params)> ask);
    [[nodiscard]] Status query(std::string_view sql, ArrowArrayStream* params, ArrowArrayStream* out);

private:
    std::shared_ptr<Attempt> attempt_; // for the time that a question takes
    std::mutex mutex_;                 // guards ask_
    std::function<Result<OwnedStream>(std::string_view, OwnedStream)> ask_;
};

/// The services of one component: those of the run, and the open epoch as a target of queries.
[[nodiscard]] std::shared_ptr<HostBackend> backend_for(const Attempt& attempt, const std::string& place,
                                                       std::shared_ptr<QueryRoute> route);

/// One thread at a time: first the one that sets up, then its own.
class StepRunner {
public:
    /// steps: opened, as in the plan. routes: of their hosts.
    StepRunner(std::shared_ptr<Attempt> attempt, std::shared_ptr<Caller> caller, LaneOutput output,
               std::vector<TaskInstance> tasks, std::vector<std::shared_ptr<QueryRoute>> routes);
    ~StepRunner();

    Status open();
    /// Works on what the reader puts into `input` until the last barrier, then waits for its commit.
    void run();
    [[nodiscard]] const std::shared_ptr<Caller>& caller() const { return caller_; }

    const std::shared_ptr<Channel> input; ///< shared with the reader; one lane

private:
    struct Emitted {
        std::uint32_t output = 0;
        std::string partition;
        OwnedArray array;
    };
    struct One {
        StepInstance step;
        const ComponentPlan* plan = nullptr; ///< of the attempt
        Rejects rejects;
        std::vector<std::size_t> side_of;    ///< output − 1 → side sink; main_output: goes nowhere
        std::vector<SharedSchema> schemas;   ///< of its outputs
        Attempt::Registration interrupt;
    };

    Status handle(Item item);
    Status on_schema(Item item);
    Status on_batch(std::size_t first, Item item);
    Status on_barrier(Item item);
    Status on_restore(const Item& item);
    void forget(const std::string& partition);
    Status emit(std::size_t step, std::vector<Emitted> emitted, const Item& like);
    Status push_rejects(One& one);
    Status push(Item item);
    template <class Call>
    Status with_step(std::size_t index, std::string_view partition, std::vector<Emitted>& emitted, Call&& call);
    [[nodiscard]] Result<OwnedStream> ask_epoch(std::string_view sql, OwnedStream params);
    Status tell_commits();
    [[nodiscard]] std::vector<std::size_t> sides_of(const ComponentPlan& plan);

    const std::shared_ptr<Attempt> attempt_; // alive as long as its threads
    const std::shared_ptr<Caller> caller_;   // shared with the watch
    const LaneOutput output_;
    std::vector<TaskInstance> tasks_;
    std::vector<std::shared_ptr<QueryRoute>> routes_; // shared with the hosts of the steps
    std::deque<One> steps_;
    std::set<std::string> partitions_;
    std::set<std::string> restored_; ///< step and partition; a state that partitions share comes with each of them
    std::uint64_t sent_ = 0; ///< barriers
    std::uint64_t told_ = 0; ///< commits that the steps know of
    bool ended_ = false;
};

} // namespace jackfield::exec

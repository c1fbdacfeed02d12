// Run: the coordinator of a run. One thread that starts attempts, watches clocks, and writes down what becomes of them.
#pragma once

#include "exec/run/dag.hpp"
#include "exec/run/inbox.hpp"
#include "exec/run/items.hpp"
#include "exec/run/run.hpp"
#include "exec/run/run_control.hpp"

#include <map>
#include <utility>

namespace jackfield::exec {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t lease_ttl_ns = 15 * second_ns;
constexpr std::int64_t lease_every_ns = 5 * second_ns;

struct Finished {
    std::size_t item = 0;
    std::shared_ptr<TaskAttempt> attempt;
    AttemptOutcome outcome;
};

/// Runs one flow. The thread of run_flow() only.
class Run {
public:
    explicit Run(RunSetup setup);
    Result<Report> go();

private:
    // before and after: run.cpp
    Status begin();
    Status take_lease();
    Report finish();
    void run_hooks(const std::vector<Component>& hooks);

    // going on with an earlier run: run_takeover.cpp
    Result<std::optional<store::Run>> last_run();
    Result<std::optional<store::Run>> last_run_of_child();
    Status check_resumable(const store::Run& run, const store::Run* newest) const;
    Status take_over(const store::Run& last);
    Status take_completed(const store::Run& run);
    [[nodiscard]] Error refuse_changed(const store::Run& run, const std::string& thing) const;
    [[nodiscard]] std::string taken_over_names() const;

    // starting and ending: run_items.cpp
    void start_what_is_due();
    void decide(std::size_t task);
    void open(std::size_t task);
    void skip(std::size_t task, std::string_view reason, std::string_view name, std::string_view message);
    void start(std::size_t item);
    void handle(Finished finished);
    void settle(RunItem& item, const AttemptOutcome& outcome);
    void end(RunItem& item, store::State state, std::string_view reason, std::string_view name, std::string_view message);
    void close_task(std::size_t task);

    // clocks and signals: run_clock.cpp
    void watch_clocks();
    void watch_item(std::size_t item);
    void leave_behind(std::size_t item);
    void watch_cancel();
    void show_progress();
    [[nodiscard]] std::int64_t next_wake() const;
    [[nodiscard]] bool worth_retrying(const RunItem& item, const AttemptOutcome& outcome, std::int64_t& delay) const;
    [[nodiscard]] bool may_start(const RunItem& item) const;
    [[nodiscard]] TaskStep step_of(const RunItem& item) const;

    // run_slots.cpp
    [[nodiscard]] bool take_slots(RunItem& item);
    void leave_queues();

    RunSetup setup_;
    std::shared_ptr<const RunSetup> sub_setup_; ///< shared with sub-flows, which may be left behind
    std::shared_ptr<RunShared> shared_;
    std::shared_ptr<Inbox<Finished>> inbox_ = std::make_shared<Inbox<Finished>>(); // shared with attempts left behind
    std::vector<Task> tasks_;   ///< those that this run is about
    std::unique_ptr<Dag> dag_;
    std::vector<RunItem> items_;   ///< in the order in which they came up
    std::vector<std::vector<std::size_t>> items_of_; ///< by task
    boost::json::object results_; ///< by name of task
    std::optional<store::Lease> lease_;
    std::int64_t lease_due_ns_ = 0;
    std::int64_t started_ns_ = 0, deadline_ns_ = no_deadline, progress_due_ns_ = 0;
    std::size_t running_ = 0;
    int cancel_level_ = 0;
    std::int64_t cancelled_at_ns_ = 0;
    bool timed_out_ = false, fenced_ = false;
    std::string continued_from_, digest_;
    struct Earlier {
        boost::json::value result;
        std::string run;
    };
    std::map<std::pair<std::string, std::string>, Earlier> earlier_; ///< (task, slice) that the continued run, or one before it, completed
    RunControl control_;
};

/// Runs a sub-flow as an attempt of the parent's task. `setup`: of the parent.
[[nodiscard]] AttemptOutcome run_sub_flow(const RunSetup& setup, TaskAttempt& attempt);

} // namespace jackfield::exec

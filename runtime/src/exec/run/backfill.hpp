// Backfill: runs a flow once for each interval of a range.
#pragma once

#include <jackfield/runtime.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace jackfield::exec {

/// One interval that came to its end. Value.
struct BackfillStep {
    DataInterval interval;
    std::string state;   ///< of the run: "completed", "failed", "cancelled"; "refused": nothing was run
    std::string run;     ///< empty: refused
    std::string message; ///< one sentence if it did not complete
    std::int64_t duration_ns = 0;
};

struct BackfillOptions {
    std::uint32_t parallel = 1; ///< runs at once
    bool newest_first = false;
    bool again = false;         ///< also intervals that are done
    bool keep_going = false;    ///< a failed interval stops no other
    Cancel cancel;              ///< of all its runs
    /// Called before the first run: how many intervals are to be run, of how many. Then for each that came to its end, from
    /// threads of the backfill, never two at once.
    std::function<void(std::size_t to_run, std::size_t all)> on_start;
    std::function<void(const BackfillStep&)> on_step;
};

struct BackfillReport {
    std::size_t all = 0, done_before = 0, completed = 0, failed = 0;
    std::size_t left = 0; ///< not begun, since one failed or it was cancelled
    bool cancelled = false;

    [[nodiscard]] bool ok() const { return failed == 0 && left == 0 && !cancelled; }
};

/// The intervals as this flow with these parameters names them: with a mark of those that are not the default, because an
/// interval that was loaded for one region says nothing about another. JF_E_CONFIG: faults of the parameters.
[[nodiscard]] Result<std::vector<DataInterval>> name_intervals(Runtime& runtime, const Flow& flow, const boost::json::object& parameters,
                                                           std::vector<DataInterval> intervals);

/// Runs what is not done, in their order; each interval once: it is written down as done in the commit that ends its run, and
/// one that was stopped is continued. intervals: as name_intervals() gives them, oldest first.
///
/// One backfill of a flow at a time: JF_E_UNAVAILABLE if another is going on. JF_E_CONFIG: faults of the flow, a flow that
/// reads no interval, intervals that overlap with done ones of another length. In all these cases nothing was run.
[[nodiscard]] Result<BackfillReport> run_backfill(Runtime& runtime, const Flow& flow, const boost::json::object& parameters,
                                                  std::span<const DataInterval> intervals, const BackfillOptions& options);

} // namespace jackfield::exec

// One run of one flow, from its first transition to its last.
#pragma once

#include "exec/run/shared.hpp"

#include <jackfield/runtime.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::exec {

/// What a run is made of. Value.
struct RunSetup {
    Flow flow; ///< bound, and planned without faults
    std::shared_ptr<Catalog> catalog;
    std::shared_ptr<store::Store> store;
    std::shared_ptr<Masker> masker;
    std::function<void(const Event&)> listener;
    RunOptions options;
    std::string environment;
    std::uint32_t max_parallel = 4;
    std::int64_t progress_every_ns = 0; ///< 0: no progress events
    std::string slice; ///< of the run: the interval of a backfill, the item that a sub-flow was run for; part of every token's
    std::string parent_run, parent_task; ///< of a sub-flow
    std::string parent_continued;        ///< of a sub-flow: the run that its parent goes on with
    std::vector<std::string> held;       ///< of a sub-flow: keys of slots that the task that runs it holds already
    std::string headline;                ///< message of the run_started event
};

/// Runs it to its end on the calling thread. An Error: nothing was run (the flow is being run by somebody else; the state
/// cannot be written).
[[nodiscard]] Result<Report> run_flow(RunSetup setup);

} // namespace jackfield::exec

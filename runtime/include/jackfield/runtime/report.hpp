// Report: how a run ended, task by task.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace jackfield {

/// One task of a run, or one item of a task that fans out. Value.
struct TaskReport {
    std::string task;
    std::string slice;               ///< of a fan-out; empty: none
    std::string state;               ///< "completed", "failed", "skipped", "cancelled"
    std::string reason;              ///< code: "unavailable", "timeout.task", "condition"; empty if completed
    std::optional<Error> error;      ///< of the last attempt
    std::string taken_over;          ///< the run that completed it before; empty: this one ran it
    std::uint32_t attempts = 0;
    std::int64_t duration_ns = 0;    ///< of all attempts and the waits between
    std::uint64_t rows = 0;          ///< committed by a pipeline, this run
    std::uint64_t rejected = 0;      ///< to quarantine, or dropped under a policy that says so
    std::uint64_t bytes = 0;         ///< read from outside
    std::uint64_t epochs = 0;
    boost::json::value result;       ///< of an action; files of charts
};

/// Value.
struct Report {
    std::string run;                 ///< id: jackfield runs show ID
    std::string flow;
    std::string state;               ///< as TaskReport
    std::string reason;
    std::string message;             ///< one sentence if it did not complete
    std::string continued_from;      ///< the run that this one went on with; empty: none
    std::int64_t duration_ns = 0;
    std::vector<TaskReport> tasks;   ///< in the order of the flow, items of a fan-out in their order
    boost::json::object outputs;     ///< of the flow

    [[nodiscard]] bool ok() const { return state == "completed"; }
    /// A few lines for people: "flights · run 7f3a · completed in 1.3 s", then a line a task.
    [[nodiscard]] std::string summary() const;
    [[nodiscard]] boost::json::object to_json() const;
};

} // namespace jackfield

// What every Store must do. Each function is called inside a TEST_CASE with an empty store.
#pragma once

#include "store/store.hpp"

#include <catch2/catch.hpp>

namespace jackfield::store {

/// History: runs, tasks, transitions, logs, slots, reaping, retention.
void conform_runs(Store& store);

/// Progress, generations, epochs, snapshots, component state, leases.
void conform_progress(Store& store);

/// Many threads at once.
void conform_threads(Store& store);

/// The value, or a failed test that says why.
template <class T>
T need(Result<T> result)
{
    if (!result)
        FAIL(result.error().message);
    return std::move(result).value();
}

inline void need(const Status& status)
{
    if (!status)
        FAIL(status.error().message);
}

/// The class of the failure; JF_OK if there was none.
template <class T>
jf_status kind(const Result<T>& result)
{
    return result ? JF_OK : result.error().kind;
}

/// A running run of `flow` by this process.
Run running(Store& store, const std::string& flow);

/// A step of a task of `run`.
TaskChange step(const Run& run, const std::string& task, State state, std::int64_t attempt = 1);

} // namespace jackfield::store

// Places where the crash harness may kill an attempt, and where it reads how far one had come.
//
// JACKFIELD_CRASH_AT=POINT:NUMBER[:DELAY] kills the process (SIGKILL) at the NUMBERth time (from 1) the point is passed,
// DELAY (in microseconds) after it; with "stop" for DELAY it is frozen (SIGSTOP) there instead. JACKFIELD_CRASH_PHASE=FILE keeps the name of the point passed last in FILE, through
// shared memory, so that it is there after a kill at any moment. Both are for tests; without them a point costs a branch.
//
// Points, in their order within an epoch: read, write, barrier, log (snapshots and intents are durable), side_commit
// (before a side sink's), side_committed, commit (before the main sink's), committed, acked.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace jackfield::exec {

/// What the environment asks for; empty: nothing. Reads it anew.
[[nodiscard]] std::function<void(std::string_view point, std::uint64_t number)> crash_points_of_environment();

} // namespace jackfield::exec

// Running one test in a process of its own, so that a crash or a hang is that test's failure.
#pragma once

#include "testkit/kit.hpp"

namespace jackfield::testkit {

struct TestOutcome {
    CheckResult::Outcome outcome = CheckResult::Outcome::passed;
    std::string fact;
};

/// Forks, runs the test with an empty directory of its own, waits for it at most options.timeout times its patience, kills
/// what is left of it and removes the directory. With options.in_process: calls it here.
[[nodiscard]] TestOutcome run_test(const Test& test, const CheckOptions& options, const ComponentInfo& component, const boost::json::object& facts);

/// What ended a child: "crashed (SIGSEGV)", "left by exit(3)"; empty: a normal end.
[[nodiscard]] std::string ending_of(int wait_status);

} // namespace jackfield::testkit

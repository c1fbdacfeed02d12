// The conformance kit: does a plugin keep the rules of the ABI? Behind `jackfield plugin check FILE.so`.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::testkit {

/// What to check and how. Value.
struct CheckOptions {
    std::filesystem::path plugin; ///< the .so file
    std::string component;        ///< id, or "kind:id" ("source:files"); empty: every component of the plugin
    /// Options of the component: a JSON object. "${dir}" in it is an empty directory, fresh for each test and removed after
    /// it. Empty: only what the schema's defaults and required members give.
    std::string config_json;
    std::string connection_json; ///< options of the connection that the component needs; as config_json
    /// More of what the tests need to know, a JSON object; docs/conformance.md lists the members (a second component that
    /// reads back what a sink wrote, credentials for auth, a statement for query). Empty: none.
    std::string facts_json;
    /// A program that fills, reads and clears the outside system: PROGRAM fill|read|clear. Empty: none.
    std::filesystem::path fixture;
    std::uint64_t seed = 41;       ///< the same seed draws the same configurations, positions and batches
    std::vector<std::string> only; ///< names of tests, or of groups ("source"); empty: all
    bool in_process = false;       ///< no child processes: for a debugger. A crash then ends the caller.
    bool list = false;             ///< print the names of the tests that would run, and run none
    bool quick = false;            ///< fewer repetitions: 5 instead of 50 kills for each point
    bool colour = false;           ///< colour the marks
    std::chrono::nanoseconds timeout = std::chrono::seconds(10); ///< for one test; the crash matrix has six times as long
    std::filesystem::path baseline; ///< an older build of the plugin: its schema's configurations must still be accepted
};

/// One test that ran. Value.
struct CheckResult {
    enum class Outcome { passed, failed, skipped };
    std::string component; ///< "source ticks"; empty: about the file
    std::string name;      ///< "cancel"; what `--only` takes
    Outcome outcome = Outcome::passed;
    std::string fact; ///< one line: what was seen
};

/// Takes one line of output without its newline.
using Print = std::function<void(std::string_view)>;

/// Runs the tests and prints a line for each: "  ✓ …", "  ✗ …   repeat: --only cancel --seed 41", "  - … (why not run)", and
/// last "46 passed, 1 failed". Each test runs in a child process of its own unless in_process is set.
/// Returns 0: nothing failed; 1: something failed; 2: the options make no sense (one line says why).
/// Forks: no other thread of the process may hold a lock that a child needs, so call it before threads are started.
/// One thread at a time. Must not throw, nor does it.
int check_plugin(const CheckOptions& options, const Print& print);

/// As above, and keeps the results.
int check_plugin(const CheckOptions& options, const Print& print, std::vector<CheckResult>& results);

} // namespace jackfield::testkit

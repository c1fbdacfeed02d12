// FlowTest: one test of a flow: rows in, rows expected. docs/cli.md describes the file NAME.test.json.
#pragma once

#include <jackfield/runtime/flow.hpp>
#include <jackfield/runtime.hpp>

#include <boost/json/object.hpp>
#include <boost/json/array.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace jackfield::cli {

/// A test as it is written. Value.
struct FlowTest {
    std::string name;
    std::filesystem::path flow;
    boost::json::object parameters, connections;
    std::map<std::string, boost::json::value> given;        ///< task → rows, or a source in place of its own
    std::map<std::string, boost::json::object> types;       ///< task → column → type, for rows
    std::map<std::string, boost::json::array> expect;       ///< task or "task.quarantine" → rows
    boost::json::array queries;                             ///< {"on", "query", "rows"}, asked when all is done
    std::vector<std::string> run;                           ///< further tasks to run
    bool in_order = false;                                  ///< rows are compared in their order
};

struct TestOutcome {
    bool passed = false;
    std::string text; ///< what differs, lines ended by '\n'
};

/// The tests of a file. JF_E_CONFIG for what is wrong in it.
[[nodiscard]] Result<std::vector<FlowTest>> read_tests(const std::filesystem::path& file);

/// Runs one with plugins as `options` say; nothing of it is kept: state in memory, "${dir}" an empty folder of its own.
[[nodiscard]] Result<TestOutcome> run_test(const FlowTest& test, const RuntimeOptions& options);

/// Rows that differ, as lines with '-' (expected, not there) and '+' (there, not expected); empty: none. Only members that an
/// expected row names are compared; 1 equals 1.0 and "1.50" equals 1.5.
[[nodiscard]] std::string difference(const boost::json::array& expected, const boost::json::array& found, bool in_order);

} // namespace jackfield::cli

// RunRecord: all that the state knows of one run, as text and as JSON.
#pragma once

#include "terminal.hpp"

#include "store/store.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace jackfield::cli {

/// Value.
struct RunRecord {
    store::Run run;
    std::vector<store::TaskRun> tasks;
    std::vector<store::Transition> transitions;
};

[[nodiscard]] Result<RunRecord> read_record(store::Store& state, const std::string& id);

[[nodiscard]] std::string text_of(const RunRecord& record, const Terminal& terminal);
[[nodiscard]] std::string text_of(const store::LogLine& line);
[[nodiscard]] std::string table_of(const std::vector<store::Run>& runs, const Terminal& terminal);
[[nodiscard]] boost::json::object json_of(const RunRecord& record);
[[nodiscard]] boost::json::object json_of(const store::Run& run);
[[nodiscard]] boost::json::object json_of(const store::LogLine& line);

} // namespace jackfield::cli

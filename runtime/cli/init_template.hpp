// What a new project starts from.
#pragma once

#include "project_files.hpp"

namespace jackfield::cli {

/// A flow over a small CSV file into a DuckDB file, its test, connections, README.
[[nodiscard]] std::vector<ProjectFile> first_project();

} // namespace jackfield::cli

// Files of a new project or plugin, written all or none.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace jackfield::cli {

/// Value.
struct ProjectFile {
    std::string name; ///< within the folder
    std::string text;
};

/// Makes the folder and writes the files. JF_E_CONFIG if one of them is there already: nothing is written then, and nothing is
/// ever overwritten.
[[nodiscard]] Status write_project(const std::filesystem::path& folder, const std::vector<ProjectFile>& files);

} // namespace jackfield::cli

// What a new plugin starts from.
#pragma once

#include "project_files.hpp"

#include <string>
#include <vector>

namespace jackfield::cli {

/// Value.
struct PluginWish {
    std::string name;     ///< "acme-ticks"
    std::string kind;     ///< "source", "sink", "task", "chart", "connection", "auth"
    std::string language; ///< "cpp", "c" (source only)
};

/// Build files, source and README. The source's component is named as the plugin, with '.' for '-'.
[[nodiscard]] std::vector<ProjectFile> plugin_files(const PluginWish& wish);

} // namespace jackfield::cli

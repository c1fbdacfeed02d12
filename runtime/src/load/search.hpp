// Where plugin files are looked for, and which are there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace jackfield {

struct CatalogOptions;

/// One place that was looked at.
struct SearchPlace {
    std::filesystem::path path;
    std::string origin; ///< "given", "JACKFIELD_PLUGIN_PATH", "user", "installed"
    std::string remark; ///< "3 files", "does not exist", "ignored: …"
};

struct SearchRefusal {
    std::filesystem::path file;
    std::string reason;
};

/// Value.
struct SearchResult {
    std::vector<SearchPlace> places; ///< in the order in which they were looked at
    std::vector<std::filesystem::path> files; ///< each once, in order
    std::vector<SearchRefusal> refused; ///< given files that are not there, manifests that cannot be read
};

/// Looks at all places. Reads directories and manifests, opens no plugin. Any thread.
[[nodiscard]] SearchResult search_plugins(const CatalogOptions& options);

/// Name of a manifest in a directory: {"plugins": ["a.so", …]}, relative to it. It names all that is loaded from there.
inline constexpr const char* manifest_name = "jackfield-plugins.json";

} // namespace jackfield

// A file that is there whole or not at all.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <filesystem>
#include <string_view>

namespace jackfield::exec {

/// Writes aside, syncs, renames; makes missing directories. Errors name the file and the cause.
[[nodiscard]] Status write_file(const std::filesystem::path& file, std::string_view bytes);

} // namespace jackfield::exec

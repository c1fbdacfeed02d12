// Everything that a plugin's table says is distrusted until it was checked here.
#pragma once

#include "load/library.hpp"

namespace jackfield {

/// The plugin with its good components; bad ones are left out and told in info.notes. An Error if nothing of it can be
/// used. Reads only through the table, so a lying pointer crashes: do it in a child process first.
[[nodiscard]] Result<LoadedPlugin> check_plugin(const jf_plugin* table, const std::filesystem::path& file);

} // namespace jackfield

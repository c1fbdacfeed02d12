// Library: loads one plugin file into this process, for ever, and checks everything it says.
#pragma once

#include "load/factory.hpp"

#include <jackfield/sdk/result.hpp>

#include <filesystem>
#include <vector>

namespace jackfield {

/// A plugin in this process. Value: handles on what lives for ever.
struct LoadedPlugin {
    PluginInfo info;
    std::vector<Factory> factories; ///< the good ones, as info.components
};

/// Loads `file` (RTLD_NOW, RTLD_LOCAL, RTLD_NODELETE; it is never unloaded) and asks its entry. A plugin may crash or hang
/// here: see inspect.hpp. Errors name the file, what is wrong and the remedy. Any thread.
[[nodiscard]] Result<LoadedPlugin> load_library(const std::filesystem::path& file);

/// Calls an entry that is linked into this program, or was just found, and checks the table that it answers.
[[nodiscard]] Result<LoadedPlugin> ask_entry(jf_plugin_entry_fn entry, const std::filesystem::path& file);

} // namespace jackfield

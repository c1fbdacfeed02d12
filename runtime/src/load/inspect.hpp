// Looking into plugin files in child processes, so that one that crashes, hangs or lies hurts only its child.
#pragma once

#include "load/factory.hpp"

#include <jackfield/sdk/result.hpp>

#include <boost/json/object.hpp>

#include <chrono>
#include <filesystem>
#include <vector>

namespace jackfield {

/// What was found in one file.
struct Inspection {
    Result<PluginInfo> plugin;
    bool lasting = false; ///< the same file will always be refused so: worth remembering
};

/// Loads each file in a process of its own, some at once, each for at most `patience`. The answers are in the order of
/// `files`. The child is forked and never executes another program; it writes nothing but its answer. Any thread.
[[nodiscard]] std::vector<Inspection> inspect(const std::vector<std::filesystem::path>& files, std::chrono::nanoseconds patience);

/// A PluginInfo as JSON, without its file; and back. JF_E_DATA if it is not that.
[[nodiscard]] boost::json::object to_json(const PluginInfo& plugin);
[[nodiscard]] Result<PluginInfo> plugin_from_json(const boost::json::value& value);

} // namespace jackfield

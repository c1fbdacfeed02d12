// Plugins and components as text and JSON.
#pragma once

#include "load/factory.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace jackfield::cli {

/// What it is and what it offers, a line a component.
[[nodiscard]] std::string text_of(const PluginInfo& plugin);
/// What it is, and a line for each option.
[[nodiscard]] std::string text_of(const ComponentInfo& component, const PluginInfo& plugin);
[[nodiscard]] boost::json::object json_of(const PluginInfo& plugin);
[[nodiscard]] boost::json::object json_of(const ComponentInfo& component);

} // namespace jackfield::cli

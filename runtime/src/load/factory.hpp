// Factory: one component of a loaded plugin, checked, and what describe() says of a configuration.
#pragma once

#include "load/call_frame.hpp"
#include "load/config_view.hpp"

#include <jackfield/abi/plugin.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

/// What one configuration can do; see jf_description. Value.
struct Description {
    std::uint64_t capabilities = 0;
    std::uint32_t partitioning = JF_PARTITIONS_NONE;
    std::uint32_t state_scope = JF_STATE_ROW;
    std::uint32_t max_lanes = 0;      ///< 0: no limit
    std::vector<std::string> outputs; ///< of a step, after the main one
    std::string sentence;             ///< for `plan`; may be empty
    std::string digest_of;            ///< text that selects the data; empty: the whole configuration

    [[nodiscard]] bool can(std::uint64_t bits) const noexcept { return (capabilities & bits) == bits; }
};

/// One component of a plugin, as a person asks for it. Value.
struct ComponentInfo {
    std::string kind; ///< "jf.source/0"
    std::string id, version, title, description;
    std::string schema;     ///< JSON Schema text
    std::string connection; ///< id of the connection that `on` must name; empty: none
    bool connection_optional = false;
};

/// A plugin. Value.
struct PluginInfo {
    std::filesystem::path file; ///< empty: built into the program
    std::string name, version, vendor, license, built_with;
    std::vector<ComponentInfo> components;
    std::vector<std::string> notes; ///< what was skipped and why; warnings
};

/// A component that is loaded in this process. Value: a handle on what lives for ever. Any thread.
class Factory {
public:
    /// For Library and built-in plugins, which have checked the table.
    Factory(const jf_factory* table, std::string_view plugin) noexcept : table_(table), plugin_(plugin) {}

    [[nodiscard]] const jf_factory* table() const noexcept { return table_; }
    [[nodiscard]] std::string_view id() const noexcept { return table_->id; }
    [[nodiscard]] std::string_view kind() const noexcept { return table_->kind; }
    /// Name of the plugin that it comes from, for messages.
    [[nodiscard]] std::string_view plugin() const noexcept { return plugin_; }
    /// Whether this and the connection come from the same plugin and `on` may name it.
    [[nodiscard]] bool takes_connection(const Factory& connection) const noexcept;

    /// What this configuration can do. `connection_config`: of the connection that `on` names; nullptr: none. The
    /// plugin's own failure, or JF_E_FAILED if the answer is not to be believed.
    [[nodiscard]] Result<Description> describe(CallFrame& frame, const ConfigView& config, const ConfigView* connection_config) const;

private:
    const jf_factory* table_;
    std::string_view plugin_; // text that lives for ever
};

} // namespace jackfield

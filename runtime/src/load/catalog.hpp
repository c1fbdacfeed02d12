// Catalog: which components are installed, where they were found, and what was refused and why.
#pragma once

#include "load/factory.hpp"

#include <jackfield/runtime/flow.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

/// Where plugins are looked for. Value.
struct CatalogOptions {
    /// Directories, plugin files, or manifests (*.json), looked at first, in this order.
    std::vector<std::filesystem::path> plugins;
    /// Then $JACKFIELD_PLUGIN_PATH (absolute directories, ':' between; ignored in a setuid program), the user's
    /// ($XDG_DATA_HOME/jackfield/plugins) and the installed ones.
    bool search = true;
    /// Where descriptions of plugins are kept between processes; empty: $XDG_CACHE_HOME/jackfield/catalog.json.
    std::filesystem::path cache;
    bool use_cache = true;  ///< false: neither read nor write it
    bool isolate = true;    ///< look into plugins in a child process first; false: load them here at once
    std::chrono::nanoseconds patience = std::chrono::seconds(5); ///< for one plugin in its child process
};

/// A file that is no plugin for us, or a component that is hidden. Value.
struct Refusal {
    std::filesystem::path file;
    std::string reason; ///< one sentence with the remedy
};

/// A component with the plugin it comes from. Value.
struct FoundComponent {
    const PluginInfo* plugin = nullptr; ///< lives as long as the catalog
    const ComponentInfo* component = nullptr;
};

/// The installed plugins. Nothing is looked at before the first question, nothing is loaded into this process before
/// factory() asks for it. Any thread.
///
/// If two plugins offer the same kind and id, the one found first wins, and notes() says so.
class Catalog : public ComponentCatalog {
public:
    explicit Catalog(CatalogOptions options = {});
    ~Catalog() override;
    Catalog(const Catalog&) = delete;
    Catalog& operator=(const Catalog&) = delete;

    /// Adds a plugin that is linked into the program; it comes before all files. Before any other call.
    Status add_builtin(jf_plugin_entry_fn entry);

    [[nodiscard]] const std::string* schema(ComponentKind kind, std::string_view id) const override;
    [[nodiscard]] std::vector<std::string> names(ComponentKind kind) const override;

    /// The component, loaded into this process now if it was not before. `kind` "jf.auth/0" and so on, for kinds that flows
    /// do not name. JF_E_NOT_FOUND with the nearest names and `plugin why`; JF_E_FAILED if the plugin cannot be loaded.
    [[nodiscard]] Result<Factory> factory(ComponentKind kind, std::string_view id);
    [[nodiscard]] Result<Factory> factory_of(std::string_view kind, std::string_view id);

    /// What is known without loading; members are nullptr if there is no such component.
    [[nodiscard]] FoundComponent find(std::string_view kind, std::string_view id) const;
    [[nodiscard]] std::vector<const PluginInfo*> plugins() const; ///< in the order found
    [[nodiscard]] std::vector<Refusal> refusals() const;
    [[nodiscard]] std::vector<std::string> notes() const; ///< warnings: hidden duplicates, ignored variables, skipped kinds

    /// For people: every place that was looked at and every file that was refused, as far as it may explain why `name` (a
    /// component, a plugin or a file name; empty: everything) is or is not there. Several lines.
    [[nodiscard]] std::string why(std::string_view name) const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// "jf.source/0" for ComponentKind::source; steps and actions are both "jf.task/0".
[[nodiscard]] std::string_view abi_kind(ComponentKind kind) noexcept;
/// "source" for "jf.source/0".
[[nodiscard]] std::string_view short_kind(std::string_view kind) noexcept;

} // namespace jackfield

// What plugins said last time, by path, size and time of change, so that asking again starts no process.
#pragma once

#include "load/inspect.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <optional>

namespace jackfield {

/// One thread at a time. A cache that cannot be read is empty; one that cannot be written is not.
class CatalogCache {
public:
    /// file: empty for $XDG_CACHE_HOME/jackfield/catalog.json.
    explicit CatalogCache(std::filesystem::path file);

    [[nodiscard]] std::optional<Inspection> find(const std::filesystem::path& plugin) const;
    void put(const std::filesystem::path& plugin, const Inspection& found);
    /// Writes it if put() was called, whole or not at all.
    void save();

private:
    std::filesystem::path file_;
    boost::json::object entries_; // path → {stamp, plugin | refused, kind}
    bool changed_ = false;
};

} // namespace jackfield

// CatalogCache: one JSON file, replaced whole.
#include "load/catalog_cache.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#ifndef JACKFIELD_VERSION
#define JACKFIELD_VERSION "0"
#endif

namespace jackfield {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// Other checks of plugins, or another form of the cache, are another version.
constexpr const char* version = "1 " JACKFIELD_VERSION;

fs::path default_file()
{
    if (const char* cache = secure_getenv("XDG_CACHE_HOME"); cache && *cache == '/')
        return fs::path(cache) / "jackfield/catalog.json";
    if (const char* home = secure_getenv("HOME"); home && *home == '/')
        return fs::path(home) / ".cache/jackfield/catalog.json";
    return {};
}

/// Changes whenever the file does; empty if it is not there.
std::string stamp(const fs::path& file)
{
    struct stat about{};
    if (stat(file.c_str(), &about) != 0)
        return {};
    return std::to_string(about.st_size) + "." + std::to_string(about.st_ino) + "." + std::to_string(about.st_mtim.tv_sec) + "." +
           std::to_string(about.st_mtim.tv_nsec) + "." + std::to_string(about.st_ctim.tv_sec) + "." + std::to_string(about.st_ctim.tv_nsec);
}

} // namespace

CatalogCache::CatalogCache(fs::path file) : file_(file.empty() ? default_file() : std::move(file))
{
    if (file_.empty())
        return;
    std::ifstream in(file_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    boost::system::error_code wrong;
    json::value parsed = json::parse(text, wrong);
    json::object* object = wrong ? nullptr : parsed.if_object();
    const json::value* made_by = object ? object->if_contains("version") : nullptr;
    json::value* plugins = object ? object->if_contains("plugins") : nullptr;
    if (made_by && made_by->is_string() && made_by->get_string() == version && plugins && plugins->is_object())
        entries_ = std::move(plugins->get_object());
}

std::optional<Inspection> CatalogCache::find(const fs::path& plugin) const
{
    const json::value* found = entries_.if_contains(plugin.native());
    const json::object* entry = found ? found->if_object() : nullptr;
    const json::value* kept = entry ? entry->if_contains("stamp") : nullptr;
    const std::string now = stamp(plugin);
    if (!kept || now.empty() || !kept->is_string() || kept->get_string() != now)
        return {};
    if (const json::value* said = entry->if_contains("plugin")) {
        auto info = plugin_from_json(*said);
        if (!info)
            return {};
        info->file = plugin;
        return Inspection{std::move(info), true};
    }
    const json::value* refused = entry->if_contains("refused");
    if (!refused || !refused->is_string())
        return {};
    return Inspection{fail(JF_E_FAILED, std::string(refused->get_string())), true};
}

void CatalogCache::put(const fs::path& plugin, const Inspection& found)
{
    json::object entry{{"stamp", stamp(plugin)}};
    if (found.plugin)
        entry["plugin"] = to_json(*found.plugin);
    else if (found.lasting)
        entry["refused"] = found.plugin.error().message;
    else
        return;
    entries_[plugin.native()] = std::move(entry);
    changed_ = true;
}

void CatalogCache::save()
{
    if (!changed_ || file_.empty())
        return;
    for (auto it = entries_.begin(); it != entries_.end();) { // forget what is gone
        const bool gone = stamp(std::string(it->key())).empty();
        it = gone ? entries_.erase(it) : it + 1;
    }
    std::error_code wrong;
    fs::create_directories(file_.parent_path(), wrong);
    const fs::path aside = file_.string() + "." + std::to_string(getpid());
    {
        std::ofstream out(aside, std::ios::binary | std::ios::trunc);
        out << json::serialize(json::object{{"version", version}, {"plugins", entries_}});
        out.flush();
        if (!out)
            return static_cast<void>(fs::remove(aside, wrong));
    }
    fs::rename(aside, file_, wrong); // two at once: the later one wins, both are whole
    if (wrong)
        fs::remove(aside, wrong);
    changed_ = false;
}

} // namespace jackfield

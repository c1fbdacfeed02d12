// The search for plugin files.
#include "load/search.hpp"

#include "load/catalog.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sys/stat.h>

#ifndef JACKFIELD_PLUGIN_DIRECTORY
#define JACKFIELD_PLUGIN_DIRECTORY ""
#endif
#ifndef JACKFIELD_PLUGIN_SUBDIRECTORY
#define JACKFIELD_PLUGIN_SUBDIRECTORY "lib/jackfield/plugins"
#endif

namespace jackfield {

namespace fs = std::filesystem;

namespace {

/// The environment, but for programs that run with more rights than their user has.
std::string variable(const char* name)
{
    const char* value = secure_getenv(name);
    return value ? value : "";
}

/// Collects files in order, each once. One thread at a time.
class Search {
public:
    explicit Search(SearchResult& out) : out_(out) {}

    void given(const fs::path& path)
    {
        std::error_code wrong;
        const auto status = fs::status(path, wrong);
        if (fs::is_directory(status))
            return directory(path, "given");
        if (!fs::exists(status)) {
            out_.places.push_back({path, "given", "does not exist"});
            out_.refused.push_back({path, "'" + path.string() + "' does not exist; correct the name"});
            return;
        }
        if (path.extension() == ".json")
            return manifest(path, "given");
        out_.places.push_back({path, "given", "a file"});
        add(path);
    }

    void directory(const fs::path& path, const std::string& origin)
    {
        std::error_code wrong;
        if (!fs::is_directory(path, wrong)) {
            out_.places.push_back({path, origin, "does not exist"});
            return;
        }
        if (fs::exists(path / manifest_name, wrong))
            return manifest(path / manifest_name, origin);
        std::vector<fs::path> found;
        for (fs::directory_iterator it(path, wrong), end; !wrong && it != end; it.increment(wrong))
            if (it->path().extension() == ".so" && it->path().filename().string().front() != '.')
                found.push_back(it->path());
        if (wrong) {
            out_.places.push_back({path, origin, "cannot be read: " + wrong.message()});
            return;
        }
        std::sort(found.begin(), found.end());
        out_.places.push_back({path, origin, found.size() == 1 ? "1 file" : std::to_string(found.size()) + " files"});
        for (const fs::path& file : found)
            add(file);
    }

    void ignored(const fs::path& path, const std::string& origin, const std::string& why) { out_.places.push_back({path, origin, "ignored: " + why}); }

private:
    void manifest(const fs::path& path, const std::string& origin)
    {
        std::ifstream in(path, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        boost::system::error_code wrong;
        const boost::json::value parsed = boost::json::parse(text, wrong);
        const auto* object = wrong ? nullptr : parsed.if_object();
        const auto* list = object ? object->if_contains("plugins") : nullptr;
        const bool good = list && list->is_array() && std::all_of(list->get_array().begin(), list->get_array().end(), [](const auto& v) { return v.is_string(); });
        if (!good) {
            out_.places.push_back({path, origin, "no manifest"});
            out_.refused.push_back({path, "'" + path.string() + "' is no manifest; write {\"plugins\": [\"a.so\"]}"});
            return;
        }
        out_.places.push_back({path, origin, "manifest of " + std::to_string(list->get_array().size())});
        for (const auto& name : list->get_array())
            add(path.parent_path() / std::string(name.get_string()));
    }

    void add(const fs::path& file)
    {
        struct stat about{};
        if (stat(file.c_str(), &about) == 0 && !seen_.emplace(about.st_dev, about.st_ino).second)
            return; // reached by another way before
        std::error_code none;
        out_.files.push_back(fs::absolute(file, none).lexically_normal());
    }

    SearchResult& out_;
    std::set<std::pair<dev_t, ino_t>> seen_;
};

void search_variable(Search& search)
{
    const char* bare = std::getenv("JACKFIELD_PLUGIN_PATH");
    if (bare && *bare && !secure_getenv("JACKFIELD_PLUGIN_PATH"))
        return search.ignored(bare, "JACKFIELD_PLUGIN_PATH", "this program runs with more rights than its user");
    std::string list = variable("JACKFIELD_PLUGIN_PATH");
    while (!list.empty()) {
        const std::size_t colon = list.find(':');
        const fs::path path = list.substr(0, colon);
        list.erase(0, colon == std::string::npos ? list.size() : colon + 1);
        if (path.empty())
            continue;
        if (path.is_relative())
            search.ignored(path, "JACKFIELD_PLUGIN_PATH", "not an absolute directory");
        else
            search.directory(path, "JACKFIELD_PLUGIN_PATH");
    }
}

} // namespace

SearchResult search_plugins(const CatalogOptions& options)
{
    SearchResult out;
    Search search(out);
    for (const fs::path& path : options.plugins)
        search.given(path);
    if (!options.search)
        return out;
    search_variable(search);
    if (const std::string data = variable("XDG_DATA_HOME"); !data.empty() && data.front() == '/')
        search.directory(fs::path(data) / "jackfield/plugins", "user");
    else if (const std::string home = variable("HOME"); !home.empty())
        search.directory(fs::path(home) / ".local/share/jackfield/plugins", "user");
    std::error_code wrong;
    const fs::path program = fs::read_symlink("/proc/self/exe", wrong);
    if (!wrong) { // PREFIX/bin/program: PREFIX/lib/jackfield/plugins, or as the build was told
        const fs::path prefix = program.parent_path().parent_path();
        search.directory(prefix / JACKFIELD_PLUGIN_SUBDIRECTORY, "installed");
        if (fs::path(JACKFIELD_PLUGIN_SUBDIRECTORY) != "lib/jackfield/plugins")
            search.directory(prefix / "lib/jackfield/plugins", "installed");
    }
    if (*JACKFIELD_PLUGIN_DIRECTORY)
        search.directory(JACKFIELD_PLUGIN_DIRECTORY, "installed");
    return out;
}

} // namespace jackfield

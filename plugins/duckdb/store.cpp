// The databases of this process.
#include "store.hpp"

#include <sys/stat.h>

#include <condition_variable>
#include <map>
#include <mutex>

namespace jackfield::duckdb {
namespace {

struct Entry {
    std::weak_ptr<Database> database; // the users own it
};

/// One for the process, because file locks are one for the process. Never destroyed.
struct Register {
    std::mutex mutex; // guards `open`
    std::condition_variable changed;
    std::map<std::string, std::shared_ptr<Entry>> open; // by identity of the file; shared with the close callback
};

Register& all()
{
    static auto* const made = new Register;
    return *made;
}

std::string identity(const struct stat& file) { return std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino); }

std::string folder_of(const std::string& path)
{
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// What identifies the file, existing or not yet.
Result<std::string> key_of(const std::string& path)
{
    struct stat file{};
    if (stat(path.c_str(), &file) == 0) {
        if (S_ISDIR(file.st_mode))
            return fail(JF_E_CONFIG, "'" + path + "' is a folder; name a file in it", "path");
        return identity(file);
    }
    if (stat(folder_of(path).c_str(), &file) != 0 || !S_ISDIR(file.st_mode))
        return fail(JF_E_NOT_FOUND, "the folder '" + folder_of(path) + "' of the database does not exist; create it or correct the path", "path");
    return identity(file) + "/" + path.substr(path.rfind('/') + 1);
}

void forget(const std::shared_ptr<Entry>& entry)
{
    const std::lock_guard lock(all().mutex);
    std::erase_if(all().open, [&](const auto& known) { return known.second == entry; });
    all().changed.notify_all();
}

Error explain(Error error, const std::string& path)
{
    if (error.kind == JF_E_DATA)
        error.message = "'" + path + "' is no database that this DuckDB can read; move it away or correct the path (" + error.message + ")";
    else if (error.kind == JF_E_DENIED)
        error.message = "'" + path + "' may not be opened for writing; change its rights, or set read_only (" + error.message + ")";
    else if (error.kind == JF_E_UNAVAILABLE)
        error.message = "'" + path + "' is open in another process; close that program, or wait: it is tried again (" + error.message + ")";
    return std::move(error).at("path");
}

} // namespace

Result<std::shared_ptr<Database>> shared_database(const Database::Settings& settings)
{
    Register& files = all();
    std::unique_lock lock(files.mutex);
    std::shared_ptr<Entry> entry;
    for (;;) { // wait while another thread opens or closes this very file
        JF_ASSIGN(const std::string key, key_of(settings.path));
        const auto found = files.open.find(key);
        if (found == files.open.end()) {
            entry = files.open[key] = std::make_shared<Entry>();
            break;
        }
        if (auto database = found->second->database.lock())
            return database;
        files.changed.wait(lock);
    }
    lock.unlock();
    auto made = Database::open(settings);
    if (!made) {
        forget(entry);
        return explain(std::move(made).error(), settings.path);
    }
    (*made)->when_closed([entry] { forget(entry); });
    lock.lock();
    if (auto key = key_of(settings.path)) { // a new file has its inode only now
        std::erase_if(files.open, [&](const auto& known) { return known.second == entry; });
        files.open[*key] = entry;
    }
    entry->database = *made;
    files.changed.notify_all();
    return made;
}

} // namespace jackfield::duckdb

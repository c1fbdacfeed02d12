// Finds and opens libduckdb.so.
#include "support/duckdb/library.hpp"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

namespace jackfield::duckdb {
namespace {

constexpr const char* remedy =
    "; set JACKFIELD_DUCKDB to the path of libduckdb.so (it comes in the npm package @duckdb/node-bindings-linux-x64)";

/// Places in the order of trying: as installed and as built, a plugin is at lib/jackfield/plugins, a program in bin.
std::vector<std::string> places(std::string_view path)
{
    std::vector<std::string> out;
    if (!path.empty())
        return {std::string(path)};
    if (const char* said = std::getenv("JACKFIELD_DUCKDB"); said && *said)
        return {said};
    Dl_info here{};
    if (dladdr(reinterpret_cast<const void*>(&remedy), &here) != 0 && here.dli_fname) {
        std::string folder = here.dli_fname;
        folder.resize(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/') + 1);
        for (const char* relative : {"../libduckdb.so", "libduckdb.so", "../lib/jackfield/libduckdb.so", "../../libduckdb.so"})
            out.push_back(folder + relative);
    }
    out.emplace_back("libduckdb.so");
    return out;
}

Result<const Library*> resolve(void* handle, std::string file)
{
    auto made = std::make_unique<Library>();
    const char* missing = nullptr;
    const auto find = [&](const char* name) {
        void* found = dlsym(handle, name);
        if (!found && !missing)
            missing = name;
        return found;
    };
#define JF_DUCKDB_RESOLVE(name) made->name = reinterpret_cast<decltype(made->name)>(find("duckdb_" #name));
    JF_DUCKDB_FUNCTIONS(JF_DUCKDB_RESOLVE)
#undef JF_DUCKDB_RESOLVE
    if (missing)
        return fail(JF_E_UNSUPPORTED, "the DuckDB library '" + file + "' has no function " + missing + "; version 1.4 or later is needed" + remedy);
    made->file = std::move(file);
    return static_cast<const Library*>(made.release()); // lives as long as the process
}

} // namespace

Result<const Library*> library(std::string_view path)
{
    static std::atomic<const Library*> opened{nullptr};
    static std::mutex opening; // trivial to destroy; held while the library is loaded
    if (const Library* found = opened.load(std::memory_order_acquire))
        return found;
    const std::lock_guard lock(opening);
    if (const Library* found = opened.load(std::memory_order_acquire))
        return found;
    std::string why;
    for (const std::string& place : places(path)) {
        void* handle = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!handle) {
            const char* said = dlerror();
            why = said ? said : "";
            continue;
        }
        JF_ASSIGN(const Library* made, resolve(handle, place));
        opened.store(made, std::memory_order_release);
        return made;
    }
    return fail(JF_E_NOT_FOUND, "the DuckDB library was not found (" + why + ")" + remedy);
}

} // namespace jackfield::duckdb

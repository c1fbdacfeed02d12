// Loading a plugin file.
//
// dlopen, not Boost.DLL: docs/decisions/0002-dlopen.md.
#include "load/library.hpp"

#include "load/elf.hpp"
#include "load/host_services.hpp"
#include "load/plugin_check.hpp"

#include <cstring>
#include <dlfcn.h>
#include <sys/stat.h>

namespace jackfield {

namespace {

/// The loader's sentence with what can be done about it.
std::string explain(const std::filesystem::path& file, std::string_view said)
{
    std::string out = "'" + file.string() + "' cannot be loaded: ";
    std::string text(said);
    const std::string prefix = file.string() + ": ";
    if (text.rfind(prefix, 0) == 0)
        text.erase(0, prefix.size());
    out += text;
    if (text.find("undefined symbol") != std::string::npos)
        out += "; the plugin uses something that none of its libraries has: link that library to it (-z defs tells when it is built)";
    else if (text.find("version `GLIBC") != std::string::npos || text.find("version `GLIBCXX") != std::string::npos)
        out += "; the plugin was built on a newer system: build it on this one or an older one";
    else if (text.find("cannot open shared object file") != std::string::npos)
        out += "; install the library that it needs, or set its rpath";
    return out;
}

/// Whether the symbol lies in that very file and not in one of its libraries.
bool lies_in(void* symbol, const std::filesystem::path& file)
{
    Dl_info about{};
    if (dladdr(symbol, &about) == 0 || !about.dli_fname)
        return false;
    struct stat found{}, wanted{};
    return stat(about.dli_fname, &found) == 0 && stat(file.c_str(), &wanted) == 0 && found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev;
}

} // namespace

Result<LoadedPlugin> load_library(const std::filesystem::path& file)
{
    JF_ASSIGN(const ElfFacts facts, read_plugin_elf(file));
    std::error_code none;
    const std::filesystem::path whole = std::filesystem::absolute(file, none); // with a '/', else the loader searches
    void* handle = nullptr;
    try {
        handle = dlopen(whole.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    } catch (...) {
        return fail(JF_E_FAILED, "'" + file.string() + "' threw an exception while it was loaded; report it to its vendor");
    }
    if (!handle) {
        const char* said = dlerror();
        return fail(JF_E_FAILED, explain(whole, said ? said : "unknown reason"));
    }
    void* symbol = dlsym(handle, JF_PLUGIN_ENTRY_SYMBOL);
    if (!symbol || !lies_in(symbol, whole))
        return fail(JF_E_CONFIG, "'" + file.string() + "' does not define " JF_PLUGIN_ENTRY_SYMBOL
                                 " itself, so it is no Jackfield plugin; end its source with JACKFIELD_PLUGIN(…)");
    jf_plugin_entry_fn entry = nullptr;
    std::memcpy(&entry, &symbol, sizeof entry); // ISO C++ has no cast from an object to a function pointer
    JF_ASSIGN(LoadedPlugin out, ask_entry(entry, whole));
    if (facts.exported.size() > 1)
        out.info.notes.push_back("it shows " + std::to_string(facts.exported.size()) + " symbols (" + facts.exported[facts.exported[0] == JF_PLUGIN_ENTRY_SYMBOL] +
                                 ", …) where one is enough; build it with jackfield_add_plugin(), which hides them");
    return out;
}

Result<LoadedPlugin> ask_entry(jf_plugin_entry_fn entry, const std::filesystem::path& file)
{
    const std::string who = file.empty() ? std::string("the built-in plugin") : "'" + file.string() + "'";
    CallFrame frame;
    frame.set_deadline_in(5'000'000'000);
    frame.begin("entry");
    const jf_plugin* table = nullptr;
    try {
        table = entry(entry_host(), frame.raw());
    } catch (...) {
        return fail(JF_E_FAILED, who + ": an exception left its entry; that is a fault of the plugin, report it to its vendor");
    }
    frame.end();
    if (!table) {
        Error said = frame.error(JF_E_FAILED, who, JF_PLUGIN_ENTRY_SYMBOL);
        return fail(said.kind, who + " refused to be loaded: " + said.message);
    }
    return check_plugin(table, file);
}

} // namespace jackfield

// Tests of the file: what it shows, what it needs, how it was linked. Nothing of it is loaded, but for `entry`.
#include "testkit/guard.hpp"

#include "load/elf.hpp"
#include "load/host_services.hpp"
#include "load/inspect.hpp"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fstream>
#include <iterator>

namespace jackfield::testkit {

namespace {

/// Further facts of an ELF file that read_elf() has found sound. Value.
struct LinkFacts {
    std::vector<std::string> undefined; ///< strong symbols that others must have
    std::vector<std::string> versions;  ///< "GLIBC_2.28", …
    std::vector<std::string> rpaths;
    bool text_relocations = false;
    bool executable_stack = false;
};

/// Reads structs out of a file in memory; out of its bounds there are only zeros. One thread at a time.
class Image {
public:
    explicit Image(const std::filesystem::path& file)
    {
        std::ifstream in(file, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    template <class T>
    [[nodiscard]] T at(std::uint64_t offset) const
    {
        T out{};
        if (offset <= bytes_.size() && sizeof(T) <= bytes_.size() - offset)
            std::memcpy(&out, bytes_.data() + offset, sizeof(T));
        return out;
    }
    [[nodiscard]] std::string text(std::uint64_t offset) const
    {
        if (offset >= bytes_.size())
            return {};
        return {bytes_.data() + offset, strnlen(bytes_.data() + offset, bytes_.size() - offset)};
    }
    [[nodiscard]] Elf64_Shdr section(const Elf64_Ehdr& header, std::uint64_t index) const
    {
        return at<Elf64_Shdr>(header.e_shoff + index * sizeof(Elf64_Shdr));
    }

private:
    std::vector<char> bytes_;
};

void read_dynamic(const Image& image, const Elf64_Shdr& section, const Elf64_Shdr& strings, LinkFacts& out)
{
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= section.sh_size; at += sizeof(Elf64_Dyn)) {
        const auto entry = image.at<Elf64_Dyn>(section.sh_offset + at);
        if (entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_TEXTREL || (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0))
            out.text_relocations = true;
        if (entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH)
            out.rpaths.push_back(image.text(strings.sh_offset + entry.d_un.d_val));
    }
}

void read_undefined(const Image& image, const Elf64_Shdr& section, const Elf64_Shdr& strings, LinkFacts& out)
{
    for (std::uint64_t at = sizeof(Elf64_Sym); at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
        const auto symbol = image.at<Elf64_Sym>(section.sh_offset + at);
        if (symbol.st_shndx == SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL)
            out.undefined.push_back(image.text(strings.sh_offset + symbol.st_name));
    }
}

void read_versions(const Image& image, const Elf64_Shdr& section, const Elf64_Shdr& strings, LinkFacts& out)
{
    std::uint64_t at = section.sh_offset;
    for (std::uint32_t i = 0; i < section.sh_info && i < 4096; ++i) {
        const auto need = image.at<Elf64_Verneed>(at);
        std::uint64_t aux_at = at + need.vn_aux;
        for (unsigned j = 0; j < need.vn_cnt; ++j) {
            const auto aux = image.at<Elf64_Vernaux>(aux_at);
            out.versions.push_back(image.text(strings.sh_offset + aux.vna_name));
            aux_at += aux.vna_next;
        }
        at += need.vn_next;
    }
}

LinkFacts link_facts(const std::filesystem::path& file)
{
    const Image image(file);
    const auto header = image.at<Elf64_Ehdr>(0);
    LinkFacts out;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto segment = image.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
        if (segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X) != 0)
            out.executable_stack = true;
    }
    for (unsigned i = 0; i < header.e_shnum; ++i) {
        const Elf64_Shdr section = image.section(header, i);
        const Elf64_Shdr strings = image.section(header, section.sh_link);
        if (section.sh_type == SHT_DYNAMIC)
            read_dynamic(image, section, strings, out);
        else if (section.sh_type == SHT_DYNSYM)
            read_undefined(image, section, strings, out);
        else if (section.sh_type == SHT_GNU_verneed)
            read_versions(image, section, strings, out);
    }
    return out;
}

std::string listed(const std::vector<std::string>& names)
{
    std::string out;
    for (std::size_t i = 0; i < names.size() && i < 3; ++i)
        out += (i ? ", " : "") + names[i];
    return out + (names.size() > 3 ? ", …" : "");
}

/// Sanitizers leave their symbols to the program.
bool of_sanitizer(const std::string& name)
{
    for (const char* prefix : {"__asan", "__ubsan", "__tsan", "__lsan", "__sanitizer", "__msan"})
        if (name.rfind(prefix, 0) == 0)
            return true;
    return false;
}

Verdict loads(Kit& kit)
{
    kit.doing("loading it in a process of its own");
    std::vector<Inspection> looked = inspect({kit.options().plugin}, std::chrono::seconds(5));
    JF_ASSIGN(const PluginInfo plugin, std::move(looked.front().plugin));
    if (!plugin.notes.empty())
        return broken(plugin.notes.front());
    return count(plugin.components.size(), "component") + " of " + plugin.vendor + ", " + plugin.license + (plugin.built_with.empty() ? "" : ", " + plugin.built_with);
}

Verdict symbols(Kit& kit)
{
    JF_ASSIGN(const ElfFacts facts, read_plugin_elf(kit.options().plugin));
    JF_TRY(must(facts.unique.empty(), "shows unique symbols that other plugins would share (" + listed(facts.unique) +
                                          "); hide them with the version script of jackfield_add_plugin(), or build with -fno-gnu-unique"));
    std::vector<std::string> others;
    std::copy_if(facts.exported.begin(), facts.exported.end(), std::back_inserter(others), [](const std::string& name) { return name != JF_PLUGIN_ENTRY_SYMBOL; });
    JF_TRY(must(others.empty(), "shows " + count(others.size(), "symbol") + " too many (" + listed(others) + "); build it with jackfield_add_plugin(), which hides them"));
    return std::string("one symbol, " JF_PLUGIN_ENTRY_SYMBOL);
}

/// The library, looked for as the loader would: its rpath with $ORIGIN first.
void* open_needed(const std::string& name, const LinkFacts& facts, const std::filesystem::path& plugin)
{
    for (const std::string& paths : facts.rpaths)
        for (std::size_t at = 0; at <= paths.size();) {
            const std::size_t end = std::min(paths.find(':', at), paths.size());
            std::string folder = paths.substr(at, end - at);
            const std::string origin = plugin.parent_path().string();
            for (const std::string word : {"${ORIGIN}", "$ORIGIN"})
                if (const std::size_t found = folder.find(word); found != std::string::npos)
                    folder.replace(found, word.size(), origin);
            if (void* handle = dlopen((folder + "/" + name).c_str(), RTLD_LAZY | RTLD_LOCAL))
                return handle;
            at = end + 1;
        }
    return dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL);
}

Verdict links(Kit& kit)
{
    JF_ASSIGN(const ElfFacts facts, read_elf(kit.options().plugin));
    const LinkFacts more = link_facts(kit.options().plugin);
    std::vector<void*> handles;
    for (const std::string& name : facts.needed) {
        kit.doing("loading " + name);
        void* handle = open_needed(name, more, std::filesystem::absolute(kit.options().plugin));
        JF_TRY(must(handle != nullptr, "needs " + name + ", which is not here; install it or set the rpath"));
        handles.push_back(handle);
    }
    std::vector<std::string> missing;
    for (const std::string& name : more.undefined)
        if (!of_sanitizer(name) && std::none_of(handles.begin(), handles.end(), [&name](void* handle) { return dlsym(handle, name.c_str()) != nullptr; }))
            missing.push_back(name);
    JF_TRY(must(missing.empty(), "uses " + listed(missing) + ", which none of its libraries has; link that library (-z defs tells when it is built)"));
    return "none of " + count(more.undefined.size(), "symbol") + " missing in " + std::to_string(facts.needed.size()) + (facts.needed.size() == 1 ? " library" : " libraries") + (facts.needed.empty() ? "" : ": " + listed(facts.needed));
}

Verdict hardening(Kit& kit)
{
    JF_TRY(read_elf(kit.options().plugin));
    const LinkFacts facts = link_facts(kit.options().plugin);
    JF_TRY(must(!facts.text_relocations, "has text relocations; compile it with -fPIC"));
    JF_TRY(must(!facts.executable_stack, "asks for an executable stack; link it with -z noexecstack, and look at its assembler files"));
    return std::string("no text relocations, no executable stack");
}

/// "GLIBC_2.28" → (2, 28); (0, 0) for others.
std::pair<int, int> glibc_of(const std::string& version)
{
    int major = 0, minor = 0;
    if (std::sscanf(version.c_str(), "GLIBC_%d.%d", &major, &minor) < 1)
        return {0, 0};
    return {major, minor};
}

Verdict libc(Kit& kit)
{
    JF_TRY(read_elf(kit.options().plugin));
    std::pair<int, int> newest{0, 0};
    for (const std::string& version : link_facts(kit.options().plugin).versions)
        newest = std::max(newest, glibc_of(version));
    if (newest.first == 0)
        return std::string("asks for no version of the C library");
    return "libc " + std::to_string(newest.first) + "." + std::to_string(newest.second) + " is enough";
}

Verdict libraries(Kit& kit)
{
    JF_ASSIGN(const ElfFacts facts, read_elf(kit.options().plugin));
    std::vector<std::string> risky;
    for (const std::string& name : facts.needed) {
        JF_TRY(must(name.rfind("libjackfield", 0) != 0, "is linked to " + name + "; a plugin talks to the runtime through the host alone"));
        for (const char* prefix : {"libssl", "libcrypto", "libpython", "libarrow"})
            if (name.rfind(prefix, 0) == 0)
                risky.push_back(name);
    }
    if (!risky.empty())
        return "careful: " + listed(risky) + " may be there in other versions in the same process; link it statically or load it apart";
    return std::string("not linked to the runtime, nor to libraries that clash");
}

Verdict entry(Kit& kit)
{
    JF_TRY(read_plugin_elf(kit.options().plugin));
    kit.doing("loading the file");
    void* handle = dlopen(std::filesystem::absolute(kit.options().plugin).c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void* symbol = handle ? dlsym(handle, JF_PLUGIN_ENTRY_SYMBOL) : nullptr;
    if (!symbol) {
        const char* why = dlerror();
        return broken(why ? why : "cannot be loaded");
    }
    jf_plugin_entry_fn function = nullptr;
    std::memcpy(&function, &symbol, sizeof function); // ISO C++ has no cast from an object to a function pointer
    kit.doing("calling the entry");
    const Surroundings before = Surroundings::now();
    const auto call_entry = [function](const jf_plugin** out) -> Status {
        CallFrame frame;
        frame.set_deadline_in(5'000'000'000);
        const jf_call* call = frame.raw();
        const jf_status status = frame.run("entry", [](jf_plugin_entry_fn to_call, const jf_call* with, const jf_plugin** result) -> jf_status {
            *result = to_call(entry_host(), with);
            return *result ? JF_OK : JF_E_FAILED;
        }, function, call, out);
        if (status != JF_OK)
            return frame.error(status, "the plugin", "entry");
        return {};
    };
    JF_TRY(without_outside(kit, "the entry", [&call_entry]() -> Status {
        const jf_plugin* table = nullptr;
        return call_entry(&table);
    }));
    const jf_plugin *first = nullptr, *second = nullptr;
    JF_TRY(call_entry(&first));
    JF_TRY(call_entry(&second));
    JF_TRY(must(first == second, "the entry answered another pointer the second time; the table is one static object"));
    JF_TRY(Surroundings::now().same_as(before));
    return std::string("the same table each time, nothing touched outside");
}

constexpr Test tests[] = {
    {"file", "symbols", "shows one symbol", symbols},
    {"file", "links", "no symbol is missing", links},
    {"file", "hardening", "no text relocations, no executable stack", hardening},
    {"file", "libc", "which C library it needs", libc},
    {"file", "libraries", "not linked to the runtime", libraries},
    {"file", "load", "loads, and its table is sound", loads},
    {"file", "entry", "the entry answers the same table and does nothing else", entry},
};

} // namespace

std::span<const Test> file_tests() { return tests; }

} // namespace jackfield::testkit

// Reading an ELF file without loading it. Every offset and count in it is checked before it is used.
#include "load/elf.hpp"

#include <jackfield/abi/plugin.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jackfield {

namespace {

#if defined(__x86_64__)
constexpr Elf64_Half our_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half our_machine = EM_AARCH64;
#else
#error "name the ELF machine of this architecture here"
#endif
constexpr std::uint64_t table_limit = std::uint64_t{256} << 20;

std::string machine_name(Elf64_Half machine)
{
    switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "arm64";
    case EM_386: return "32-bit x86";
    case EM_ARM: return "32-bit ARM";
    case EM_RISCV: return "RISC-V";
    case EM_PPC64: return "POWER";
    case EM_S390: return "s390x";
    default: return "machine " + std::to_string(machine);
    }
}

/// An open file. One thread at a time.
class File {
public:
    explicit File(const std::filesystem::path& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~File()
    {
        if (fd_ >= 0)
            close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

    /// All `size` bytes at `offset`, or false.
    [[nodiscard]] bool read(void* out, std::uint64_t size, std::uint64_t offset) const
    {
        auto* at = static_cast<char*>(out);
        while (size > 0) {
            const ssize_t count = pread(fd_, at, size, static_cast<off_t>(offset));
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                return false;
            at += count;
            offset += static_cast<std::uint64_t>(count);
            size -= static_cast<std::uint64_t>(count);
        }
        return true;
    }
    /// `count` objects at `offset`; empty if they are not all there.
    template <class T>
    [[nodiscard]] std::vector<T> table(std::uint64_t offset, std::uint64_t count) const
    {
        std::vector<T> out;
        if (count > table_limit / sizeof(T))
            return out;
        out.resize(count);
        if (!read(out.data(), count * sizeof(T), offset))
            out.clear();
        return out;
    }

private:
    int fd_;
};

Error refuse(const std::filesystem::path& file, std::string_view what)
{
    return fail(JF_E_CONFIG, "'" + file.string() + "' " + std::string(what));
}

Error truncated(const std::filesystem::path& file)
{
    return refuse(file, "is cut short: it ends before its own tables do; copy or build it again");
}

Status check_header(const std::filesystem::path& file, const Elf64_Ehdr& header)
{
    if (header.e_ident[EI_CLASS] != ELFCLASS64)
        return refuse(file, "is built for a 32-bit machine; this program is 64-bit: build the plugin for it");
    if (header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != our_machine)
        return refuse(file, "is built for " + machine_name(header.e_machine) + ", but this machine is " + machine_name(our_machine) +
                                "; get or build the plugin for " + machine_name(our_machine));
    if (header.e_type == ET_EXEC)
        return refuse(file, "is a program, not a plugin; name the .so file");
    if (header.e_type == ET_REL)
        return refuse(file, "is an object file; link it with jackfield_add_plugin() or -shared");
    if (header.e_type != ET_DYN)
        return refuse(file, "is no shared library; build it with jackfield_add_plugin()");
    return {};
}

/// Whether the segments lie inside the file.
bool segments_fit(const File& file, const Elf64_Ehdr& header, std::uint64_t size)
{
    const auto segments = file.table<Elf64_Phdr>(header.e_phoff, header.e_phnum);
    if (segments.empty())
        return false;
    return std::all_of(segments.begin(), segments.end(), [size](const Elf64_Phdr& segment) {
        return segment.p_type != PT_LOAD || (segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset);
    });
}

std::string name_at(const std::vector<char>& strings, std::uint64_t offset)
{
    if (offset >= strings.size())
        return {};
    const char* start = strings.data() + offset;
    return {start, strnlen(start, strings.size() - offset)};
}

void read_symbols(const File& file, const Elf64_Shdr& section, const std::vector<char>& strings, ElfFacts& out)
{
    for (const auto& symbol : file.table<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym))) {
        const unsigned bind = ELF64_ST_BIND(symbol.st_info);
        const bool shown = bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE;
        const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
        if (!shown || symbol.st_shndx == SHN_UNDEF || (visibility != STV_DEFAULT && visibility != STV_PROTECTED))
            continue;
        std::string name = name_at(strings, symbol.st_name);
        if (name.empty())
            continue;
        if (bind == STB_GNU_UNIQUE)
            out.unique.push_back(name);
        out.exported.push_back(std::move(name));
    }
}

/// Reads sections; returns whether the file is a position-independent program.
bool read_sections(const File& file, const Elf64_Ehdr& header, ElfFacts& out)
{
    bool program = false;
    const auto sections = file.table<Elf64_Shdr>(header.e_shoff, header.e_shnum);
    for (const Elf64_Shdr& section : sections) {
        if ((section.sh_type != SHT_DYNSYM && section.sh_type != SHT_DYNAMIC) || section.sh_link >= sections.size())
            continue;
        const auto strings = file.table<char>(sections[section.sh_link].sh_offset, sections[section.sh_link].sh_size);
        if (section.sh_type == SHT_DYNSYM) {
            out.symbols_known = true;
            read_symbols(file, section, strings, out);
            continue;
        }
        for (const auto& entry : file.table<Elf64_Dyn>(section.sh_offset, section.sh_size / sizeof(Elf64_Dyn))) {
            if (entry.d_tag == DT_NULL)
                break;
            if (entry.d_tag == DT_NEEDED)
                out.needed.push_back(name_at(strings, entry.d_un.d_val));
            program = program || (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_PIE) != 0);
        }
    }
    return program;
}

} // namespace

bool ElfFacts::exports(std::string_view name) const { return std::find(exported.begin(), exported.end(), name) != exported.end(); }

Result<ElfFacts> read_elf(const std::filesystem::path& path)
{
    const File file(path);
    struct stat about{};
    if (file.fd() < 0 || fstat(file.fd(), &about) != 0) {
        const int code = errno;
        const jf_status kind = code == ENOENT || code == ENOTDIR ? JF_E_NOT_FOUND : code == EACCES ? JF_E_DENIED : JF_E_FAILED;
        return fail(kind, "'" + path.string() + "' cannot be read: " + std::strerror(code));
    }
    if (S_ISDIR(about.st_mode))
        return refuse(path, "is a directory; name a plugin file, or add the directory to the places to look in");
    if (!S_ISREG(about.st_mode))
        return refuse(path, "is no regular file");
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (size == 0)
        return refuse(path, "is empty; copy or build it again");
    Elf64_Ehdr header{};
    if (!file.read(&header, std::min<std::uint64_t>(size, sizeof header), 0))
        return refuse(path, "cannot be read");
    if (size < SELFMAG || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return refuse(path, std::memcmp(header.e_ident, "#!", 2) == 0 ? "is a script, not a shared library; run it with a task that starts programs"
                                                                      : "is no shared library; a plugin is a .so file, built with jackfield_add_plugin()");
    if (size < sizeof header)
        return truncated(path);
    JF_TRY(check_header(path, header));
    const bool tables_fit = header.e_shnum == 0 || (header.e_shentsize == sizeof(Elf64_Shdr) && header.e_shoff <= size &&
                                                    std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr) <= size - header.e_shoff);
    if (!tables_fit || header.e_phentsize != sizeof(Elf64_Phdr) || !segments_fit(file, header, size))
        return truncated(path);
    ElfFacts out;
    if (read_sections(file, header, out))
        return refuse(path, "is a program, not a plugin; name the .so file");
    return out;
}

Result<ElfFacts> read_plugin_elf(const std::filesystem::path& file)
{
    JF_ASSIGN(ElfFacts facts, read_elf(file));
    if (facts.symbols_known && !facts.exports(JF_PLUGIN_ENTRY_SYMBOL))
        return refuse(file, "is a shared library without the symbol " JF_PLUGIN_ENTRY_SYMBOL
                            ", so it is no Jackfield plugin; end its source with JACKFIELD_PLUGIN(…), or take it out of the directory");
    return facts;
}

} // namespace jackfield

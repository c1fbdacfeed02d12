// The ledger's bytes, and the order of write, sync and rename that makes it durable.
#include "ledger.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace jackfield::files {
namespace {

constexpr std::string_view magic = "jackfield ledger 1\n";

void put(std::string& out, std::uint64_t number) { out.append(reinterpret_cast<const char*>(&number), 8); }
void put(std::string& out, const std::string& text)
{
    put(out, static_cast<std::uint64_t>(text.size()));
    out += text;
}
void put(std::string& out, const std::vector<LedgerEntry>& entries)
{
    put(out, static_cast<std::uint64_t>(entries.size()));
    for (const LedgerEntry& entry : entries) {
        for (const std::string* text : {&entry.flow, &entry.task, &entry.slice, &entry.source, &entry.partition, &entry.generation})
            put(out, *text);
        put(out, entry.fence);
        put(out, std::uint64_t{entry.has_token});
        put(out, entry.token);
    }
}

/// Takes values from the front; `good` turns false where there is too little.
struct Taker {
    std::string_view rest;
    bool good = true;

    std::uint64_t number()
    {
        std::uint64_t out = 0;
        good = good && rest.size() >= 8;
        if (good) {
            std::memcpy(&out, rest.data(), 8);
            rest.remove_prefix(8);
        }
        return out;
    }
    std::string text()
    {
        const std::uint64_t size = number();
        good = good && size <= rest.size();
        if (!good)
            return {};
        std::string out(rest.substr(0, size));
        rest.remove_prefix(size);
        return out;
    }
    std::vector<LedgerEntry> entries()
    {
        std::vector<LedgerEntry> out;
        for (std::uint64_t count = number(); good && count > 0; --count) {
            LedgerEntry entry;
            for (std::string* part : {&entry.flow, &entry.task, &entry.slice, &entry.source, &entry.partition, &entry.generation})
                *part = text();
            entry.fence = number();
            entry.has_token = number() != 0;
            entry.token = text();
            out.push_back(std::move(entry));
        }
        return out;
    }
};

} // namespace

LedgerEntry& Ledger::entry(const LedgerEntry& owner)
{
    for (LedgerEntry& entry : entries)
        if (entry.same_owner(owner))
            return entry;
    entries.push_back(owner);
    return entries.back();
}

std::string Ledger::bytes() const
{
    std::string out(magic);
    for (const std::uint64_t number : {length, rows, fence, parts, std::uint64_t{swapping}})
        put(out, number);
    put(out, pending_part);
    put(out, entries);
    put(out, pending);
    put(out, digest_of(out));
    return out;
}

Result<Ledger> Ledger::parse(std::string_view bytes, const std::string& name)
{
    Ledger out;
    Taker taker{bytes};
    const bool whole = bytes.size() > magic.size() + 8 && bytes.substr(0, magic.size()) == magic;
    if (whole) {
        taker.rest.remove_prefix(magic.size());
        for (std::uint64_t* number : {&out.length, &out.rows, &out.fence, &out.parts})
            *number = taker.number();
        out.swapping = taker.number() != 0;
        out.pending_part = taker.text();
        out.entries = taker.entries();
        out.pending = taker.entries();
    }
    if (!whole || taker.number() != digest_of(bytes.substr(0, bytes.size() - 8)) || !taker.good)
        return fail(JF_E_DATA, "'" + name + "' is damaged or of a later version; restore it, or remove it together with its output to start anew");
    return out;
}

Result<Ledger> Ledger::load(const std::string& path, bool& found)
{
    found = false;
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOENT)
            return Ledger{};
        return file_error(errno, "read", path);
    }
    std::string bytes;
    char piece[16384];
    for (;;) {
        const ssize_t count = ::read(fd.get(), piece, sizeof piece);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return file_error(errno, "read", path);
        if (count == 0)
            break;
        bytes.append(piece, static_cast<std::size_t>(count));
    }
    found = true;
    return parse(bytes, path);
}

Status Ledger::save(const std::string& path) const
{
    const std::string aside = path + ".new", text = bytes();
    {
        const Descriptor fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!fd)
            return file_error(errno, "write", aside);
        JF_TRY(write_all(fd.get(), text.data(), text.size(), 0, aside));
        if (::fsync(fd.get()) != 0)
            return file_error(errno, "sync", aside);
    }
    if (::rename(aside.c_str(), path.c_str()) != 0)
        return file_error(errno, "write", path);
    return sync_directory_of(path);
}

Status sync_directory_of(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return file_error(errno, "open", directory);
    if (::fsync(fd.get()) != 0 && errno != EINVAL)
        return file_error(errno, "sync", directory);
    return {};
}

Status write_all(int fd, const char* bytes, std::size_t size, std::uint64_t offset, const std::string& name)
{
    while (size > 0) {
        const ssize_t count = ::pwrite(fd, bytes, size, static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return file_error(errno, "write", name);
        bytes += count;
        size -= static_cast<std::size_t>(count);
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<OutputLock> OutputLock::take(const std::string& path, const KeepWaiting& keep_waiting)
{
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!fd)
        return file_error(errno, "write", path);
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return file_error(errno, "lock", path);
        if (!keep_waiting || !keep_waiting())
            return fail(JF_E_UNAVAILABLE, "another process is just writing and holds '" + path + "'; if it hangs, end it");
    }
    return OutputLock(std::move(fd), path);
}

Result<std::uint64_t> OutputLock::owner() const
{
    std::uint64_t out = 0;
    if (::pread(fd_.get(), &out, sizeof out, 0) < 0)
        return file_error(errno, "read", path_);
    return out;
}

Status OutputLock::set_owner(std::uint64_t writer) const
{
    return write_all(fd_.get(), reinterpret_cast<const char*>(&writer), sizeof writer, 0, path_);
}

} // namespace jackfield::files

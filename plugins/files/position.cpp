// Positions as bytes, little-endian, and the comparison of a file with one.
#include "position.hpp"

#include <unistd.h>

#include <cerrno>

namespace jackfield::files {
namespace {

constexpr char format = 1;
constexpr std::size_t fixed_size = 1 + 8 * 10 + 4 * 2;

void put(std::string& out, std::uint64_t number, int bytes = 8)
{
    for (int i = 0; i < bytes; ++i)
        out += static_cast<char>(number >> (8 * i));
}

std::uint64_t take(std::string_view& in, int bytes = 8)
{
    std::uint64_t out = 0;
    for (int i = 0; i < bytes; ++i)
        out |= static_cast<std::uint64_t>(static_cast<unsigned char>(in[static_cast<std::size_t>(i)])) << (8 * i);
    in.remove_prefix(static_cast<std::size_t>(bytes));
    return out;
}

} // namespace

std::string Mark::bytes() const
{
    std::string out(1, format);
    for (const std::uint64_t number : {file.device, file.inode, file.size, file.head_digest, offset, line, member.file_offset, member.text_offset, tail_digest})
        put(out, number);
    put(out, file.head_size, 4);
    put(out, tail_size, 4);
    put(out, path.size());
    return out + path;
}

Result<Mark> Mark::parse(std::string_view bytes)
{
    if (bytes.size() < fixed_size || bytes[0] != format)
        return fail(JF_E_POSITION, "this position was written by a later version of the files plugin, or is damaged; update the plugin, or start over with jackfield reset");
    Mark out;
    bytes.remove_prefix(1);
    for (std::uint64_t* number : {&out.file.device, &out.file.inode, &out.file.size, &out.file.head_digest, &out.offset, &out.line, &out.member.file_offset,
             &out.member.text_offset, &out.tail_digest})
        *number = take(bytes);
    out.file.head_size = static_cast<std::uint32_t>(take(bytes, 4));
    out.tail_size = static_cast<std::uint32_t>(take(bytes, 4));
    if (take(bytes) != bytes.size())
        return fail(JF_E_POSITION, "this position is damaged; start over with jackfield reset");
    out.path = bytes;
    return out;
}

Status Mark::check(int fd, Compression compression) const
{
    JF_ASSIGN(const FileIdentity now, FileIdentity::of(fd, path, file.head_size));
    std::string_view what;
    if (now.device != file.device || now.inode != file.inode)
        what = "was replaced by another file";
    else if (now.size < file.size)
        what = "has become shorter";
    else if (now.head_size != file.head_size || now.head_digest != file.head_digest)
        what = "begins differently";
    else if (tail_size > 0 && compression == Compression::none) {
        std::string tail(tail_size, '\0');
        const ssize_t got = ::pread(fd, tail.data(), tail.size(), static_cast<off_t>(offset - tail_size));
        if (got < 0)
            return file_error(errno, "read", path);
        if (digest_of({tail.data(), static_cast<std::size_t>(got)}) != tail_digest)
            what = "was changed before the place to go on from";
    }
    if (what.empty())
        return {};
    return fail(JF_E_POSITION, "'" + path + "' " + std::string(what) + " since it was read; start over with jackfield reset, or run --full-refresh");
}

} // namespace jackfield::files

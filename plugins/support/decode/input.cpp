// Reading files and pipes, and taking gzip members and zstd frames apart.
#include "input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace jackfield::files {
namespace {

/// The bytes as they are.
class PlainInput final : public Input {
public:
    PlainInput(Descriptor fd, std::string name, bool pipe, std::uint64_t start, KeepWaiting keep_waiting)
        : fd_(std::move(fd)), name_(std::move(name)), pipe_(pipe), start_(start), keep_waiting_(std::move(keep_waiting))
    {
    }

    Result<InputState> read(char* data, std::size_t size, std::size_t& got) override
    {
        got = 0;
        while (pipe_ && keep_waiting_) {
            pollfd wait{fd_.get(), POLLIN, 0};
            const int ready = ::poll(&wait, 1, 20);
            if (ready > 0 || (ready < 0 && errno != EINTR))
                break;
            if (!keep_waiting_())
                return InputState::idle;
        }
        for (;;) {
            const ssize_t count = ::read(fd_.get(), data, size);
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0)
                return file_error(errno, "read", name_);
            got = static_cast<std::size_t>(count);
            bytes_ += got;
            return count == 0 ? InputState::end : InputState::more;
        }
    }
    [[nodiscard]] std::uint64_t file_bytes() const override { return bytes_; }
    [[nodiscard]] bool is_pipe() const override { return pipe_; }
    [[nodiscard]] Member member_of(std::uint64_t text_offset) override { return {text_offset, text_offset}; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::uint64_t start() const { return start_; }

private:
    Descriptor fd_;
    std::string name_;
    bool pipe_;
    std::uint64_t start_, bytes_ = 0;
    KeepWaiting keep_waiting_;
};

/// What gzip and zstd have in common: compressed bytes in a buffer, and the list of member starts.
class PackedInput : public Input {
public:
    PackedInput(std::unique_ptr<PlainInput> plain, Member start) : text_offset_(start.text_offset), file_offset_(start.file_offset), plain_(std::move(plain))
    {
        members_.push_back(start);
    }

    Result<InputState> read(char* data, std::size_t size, std::size_t& got) override
    {
        got = 0;
        while (got == 0) {
            if (next_ == filled_ && !at_end_) {
                std::size_t count = 0;
                JF_ASSIGN(const InputState state, plain_->read(packed_.data(), packed_.size(), count));
                if (state == InputState::idle)
                    return state;
                at_end_ = state == InputState::end;
                next_ = 0;
                filled_ = count;
            }
            if (next_ == filled_ && at_end_ && !inside_)
                return InputState::end;
            const std::size_t before = next_;
            JF_TRY(unpack(data, size, got));
            file_offset_ += next_ - before;
            text_offset_ += got;
            if (got == 0 && next_ == before && at_end_)
                return fail(JF_E_DATA, name() + " ends inside of its compressed data: it was cut off; copy it again, or repair it with its "
                        "compressor's own tool");
        }
        return InputState::more;
    }
    [[nodiscard]] std::uint64_t file_bytes() const override { return plain_->file_bytes(); }
    [[nodiscard]] bool is_pipe() const override { return plain_->is_pipe(); }
    [[nodiscard]] Member member_of(std::uint64_t text_offset) override
    {
        std::size_t found = 0;
        while (found + 1 < members_.size() && members_[found + 1].text_offset <= text_offset)
            ++found;
        // Positions only move on, so what lies before is not asked for again.
        members_.erase(members_.begin(), members_.begin() + static_cast<std::ptrdiff_t>(found));
        return members_.front();
    }

protected:
    /// Takes compressed bytes from input(), leaves text; sets inside_.
    virtual Status unpack(char* data, std::size_t size, std::size_t& got) = 0;

    [[nodiscard]] const std::string& name() const { return plain_->name(); }
    [[nodiscard]] std::string_view input() const { return {packed_.data() + next_, filled_ - next_}; }
    void used(std::size_t bytes) { next_ += bytes; }
    /// A member ends `bytes` behind the start of input(), after `got` more bytes of text.
    void end_member(std::uint64_t file_offset, std::uint64_t text_offset)
    {
        inside_ = false;
        if (members_.size() < 4096) // more only make a seek shorter
            members_.push_back({file_offset, text_offset});
        else
            members_.back() = {file_offset, text_offset};
    }
    [[nodiscard]] Error damaged(std::string_view what) const
    {
        return fail(JF_E_DATA, name() + " is no valid " + std::string(what) + " data at byte " + std::to_string(file_offset_)
                + "; copy it again, or set compression to what it is");
    }

    bool inside_ = false; // of a member
    std::uint64_t text_offset_, file_offset_;

private:
    std::unique_ptr<PlainInput> plain_;
    std::array<char, 128 << 10> packed_{};
    std::size_t next_ = 0, filled_ = 0;
    bool at_end_ = false;
    std::vector<Member> members_;
};

class GzipInput final : public PackedInput {
public:
    GzipInput(std::unique_ptr<PlainInput> plain, Member start) : PackedInput(std::move(plain), start) { good_ = inflateInit2(&stream_, MAX_WBITS + 16) == Z_OK; }
    ~GzipInput() override { inflateEnd(&stream_); }

private:
    Status unpack(char* data, std::size_t size, std::size_t& got) override
    {
        if (!good_)
            return fail(JF_E_EXHAUSTED, "out of memory for reading " + name());
        if (!inside_ && finished_) {
            // Some writers fill up with zeros after the last member.
            std::size_t zeros = 0;
            while (zeros < input().size() && input()[zeros] == '\0')
                ++zeros;
            if (zeros) {
                used(zeros);
                return {};
            }
            inflateReset(&stream_);
        }
        if (!input().empty())
            inside_ = true;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input().data()));
        stream_.avail_in = static_cast<uInt>(input().size());
        stream_.next_out = reinterpret_cast<Bytef*>(data);
        stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1u << 30));
        const uInt room = stream_.avail_out, given = stream_.avail_in;
        const int state = inflate(&stream_, Z_NO_FLUSH);
        used(given - stream_.avail_in);
        got = room - stream_.avail_out;
        if (state == Z_STREAM_END) {
            finished_ = true;
            end_member(file_offset_ + given - stream_.avail_in, text_offset_ + got);
        } else if (state != Z_OK && state != Z_BUF_ERROR) {
            return damaged("gzip");
        }
        return {};
    }

    z_stream stream_{};
    bool good_, finished_ = false;
};

class ZstdInput final : public PackedInput {
public:
    ZstdInput(std::unique_ptr<PlainInput> plain, Member start) : PackedInput(std::move(plain), start), stream_(ZSTD_createDStream()) {}
    ~ZstdInput() override { ZSTD_freeDStream(stream_); }

private:
    Status unpack(char* data, std::size_t size, std::size_t& got) override
    {
        if (!stream_)
            return fail(JF_E_EXHAUSTED, "out of memory for reading " + name());
        if (!input().empty())
            inside_ = true;
        ZSTD_inBuffer in{input().data(), input().size(), 0};
        ZSTD_outBuffer out{data, size, 0};
        const std::size_t state = ZSTD_decompressStream(stream_, &out, &in);
        used(in.pos);
        got = out.pos;
        if (ZSTD_isError(state))
            return damaged("zstd");
        if (state == 0)
            end_member(file_offset_ + in.pos, text_offset_ + got);
        return {};
    }

    ZSTD_DStream* stream_;
};

} // namespace

std::uint64_t digest_of(std::string_view bytes)
{
    std::uint64_t digest = 14695981039346656037u;
    for (const char c : bytes)
        digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211u;
    return digest;
}

void Descriptor::reset()
{
    if (fd_ > 2) // stdin, stdout and stderr are not ours
        ::close(fd_);
    fd_ = -1;
}

Result<FileIdentity> FileIdentity::of(int fd, const std::string& name, std::size_t head_size)
{
    struct stat facts {};
    if (::fstat(fd, &facts) != 0)
        return file_error(errno, "look at", name);
    FileIdentity out;
    out.device = facts.st_dev;
    out.inode = facts.st_ino;
    out.size = static_cast<std::uint64_t>(facts.st_size);
    std::string head(std::min({head_size, most_head, static_cast<std::size_t>(out.size)}), '\0');
    std::size_t got = 0;
    while (got < head.size()) {
        const ssize_t count = ::pread(fd, head.data() + got, head.size() - got, static_cast<off_t>(got));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return file_error(errno, "read", name);
        if (count == 0)
            break;
        got += static_cast<std::size_t>(count);
    }
    head.resize(got);
    out.head_size = static_cast<std::uint32_t>(got);
    out.head_digest = digest_of(head);
    return out;
}

Error file_error(int number, std::string_view doing, const std::string& name)
{
    const auto made = [&](jf_status kind, const std::string& message) {
        Error error = fail(kind, message);
        if (const char* code = strerrorname_np(number))
            error.code = code;
        return error;
    };
    switch (number) {
    case ENOENT: return made(JF_E_NOT_FOUND, "there is no file '" + name + "'; check the path");
    case ENOTDIR: return made(JF_E_NOT_FOUND, "a part of the path '" + name + "' is a file, not a directory; check the path");
    case EACCES: case EPERM:
        return made(JF_E_DENIED, "permission denied to " + std::string(doing) + " '" + name + "'; change its permissions or run as its owner");
    case EROFS: return made(JF_E_DENIED, "'" + name + "' lies on a read-only file system; write somewhere else");
    case EISDIR: return made(JF_E_CONFIG, "'" + name + "' is a directory where a file is expected; name a file in it, or '" + name + "/*'");
    case ENOSPC: return made(JF_E_EXHAUSTED, "the disk of '" + name + "' is full; free some space and run again");
    case EDQUOT: return made(JF_E_EXHAUSTED, "the disk quota for '" + name + "' is used up; free some space and run again");
    case EFBIG: return made(JF_E_EXHAUSTED, "'" + name + "' would get larger than its file system or limit allows; split the output");
    case EMFILE: case ENFILE: return made(JF_E_EXHAUSTED, "too many open files to " + std::string(doing) + " '" + name + "'; raise the limit (ulimit -n)");
    case EPIPE: return made(JF_E_FAILED, "the reader of '" + name + "' has gone away");
    default: break;
    }
    return made(number == EIO || number == ESTALE || number == EAGAIN ? JF_E_UNAVAILABLE : JF_E_FAILED,
        "cannot " + std::string(doing) + " '" + name + "': " + strerrordesc_np(number));
}

Result<Descriptor> open_for_reading(const std::string& path)
{
    if (path == "-")
        return Descriptor(STDIN_FILENO);
    int fd = -1;
    do
        fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return file_error(errno, "open", path);
    Descriptor owned(fd);
    struct stat facts {};
    if (::fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode))
        return file_error(EISDIR, "open", path);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return owned;
}

Result<std::unique_ptr<Input>> make_input(Descriptor fd, std::string name, Compression compression, Member start, KeepWaiting keep_waiting)
{
    struct stat facts {};
    if (::fstat(fd.get(), &facts) != 0)
        return file_error(errno, "look at", name);
    const bool pipe = !S_ISREG(facts.st_mode);
    if (start.file_offset != 0 && ::lseek(fd.get(), static_cast<off_t>(start.file_offset), SEEK_SET) < 0)
        return file_error(errno, "seek in", name);
    auto plain = std::make_unique<PlainInput>(std::move(fd), std::move(name), pipe, start.file_offset, std::move(keep_waiting));
    if (compression == Compression::gzip)
        return std::unique_ptr<Input>(std::make_unique<GzipInput>(std::move(plain), start));
    if (compression == Compression::zstd)
        return std::unique_ptr<Input>(std::make_unique<ZstdInput>(std::move(plain), start));
    return std::unique_ptr<Input>(std::move(plain));
}

} // namespace jackfield::files

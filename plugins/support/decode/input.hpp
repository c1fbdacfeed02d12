// Input: the bytes of one file or of stdin, decompressed; FileIdentity: which file that was.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::files {

enum class Compression : std::uint8_t { none, gzip, zstd };

/// How a read ended.
enum class InputState : std::uint8_t {
    more, ///< there may be more
    idle, ///< nothing now (pipes)
    end,  ///< that was the end
};

/// A 64-bit FNV-1a digest; tells changed files from equal ones, no more.
[[nodiscard]] std::uint64_t digest_of(std::string_view bytes);

/// Which file, and its first bytes as they were. Value.
struct FileIdentity {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::uint64_t head_digest = 0; ///< of the first head_size bytes
    std::uint32_t head_size = 0;

    static constexpr std::size_t most_head = 4096;

    /// Of the open file `fd`. `head_size`: how many bytes to digest, at most what is there.
    [[nodiscard]] static Result<FileIdentity> of(int fd, const std::string& name, std::size_t head_size = most_head);
};

/// Owns a file descriptor. Movable.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    void reset();

private:
    int fd_ = -1;
};

/// One sentence for errno `number` about `name`, classed: ENOENT, EACCES, EROFS, ENOSPC, EISDIR … `doing`: "open".
[[nodiscard]] Error file_error(int number, std::string_view doing, const std::string& name);

/// Opens a regular file or a pipe for reading; "-": stdin. A directory is refused.
[[nodiscard]] Result<Descriptor> open_for_reading(const std::string& path);

/// Where a gzip member or zstd frame starts, in the file and in the text.
struct Member {
    std::uint64_t file_offset = 0, text_offset = 0;
};

/// A stream of bytes. One thread at a time.
class Input {
public:
    virtual ~Input() = default;
    /// Up to `size` (> 0) bytes to `data`; `got` says how many came.
    [[nodiscard]] virtual Result<InputState> read(char* data, std::size_t size, std::size_t& got) = 0;
    /// Bytes of the file that were read, before decompression.
    [[nodiscard]] virtual std::uint64_t file_bytes() const = 0;
    [[nodiscard]] virtual bool is_pipe() const = 0;
    /// The last member that starts at or before this text offset; plain files: the offset itself.
    [[nodiscard]] virtual Member member_of(std::uint64_t text_offset) = 0;
};

/// What to wait with when a pipe is empty: called every few milliseconds, false: give up with InputState::idle.
using KeepWaiting = std::function<bool()>;

/// Reads `fd`, named `name` in errors, from its current place on. `start`: where in file and text that is.
[[nodiscard]] Result<std::unique_ptr<Input>> make_input(Descriptor fd, std::string name, Compression compression, Member start, KeepWaiting keep_waiting = {});

} // namespace jackfield::files

// Window: the piece of an input that is being decoded, with room after it for reads of whole vectors.
#pragma once

#include "input.hpp"

#include <jackfield/sdk/arrow/buffer.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace jackfield::files {

/// Bytes of an input, from the next record on. Memory is bounded by twice the largest record allowed. One thread at a
/// time.
class Window {
public:
    /// `offset`: where in the uncompressed text the input starts.
    Window(std::unique_ptr<Input> input, std::size_t max_record, std::uint64_t offset = 0);

    /// Not yet taken; text_padding bytes after them are readable, and writable.
    [[nodiscard]] char* text() { return buffer_.as<char>() + begin_; }
    [[nodiscard]] std::size_t size() const { return end_ - begin_; }
    /// Uncompressed offset of text().
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    /// Up to `most` bytes that stand right before text() in the input, as far as they are still here.
    [[nodiscard]] std::string_view before(std::size_t most) const;
    /// The first `bytes` of text() are done with.
    void take(std::size_t bytes)
    {
        begin_ += bytes;
        offset_ += bytes;
    }
    /// Reads more behind what is there. Moves text(). Fails with JF_E_DATA if `max_record` bytes are there already.
    [[nodiscard]] Result<InputState> more();
    [[nodiscard]] bool at_end() const { return at_end_; }
    [[nodiscard]] Input& input() { return *input_; }
    [[nodiscard]] const Input& input() const { return *input_; }
    [[nodiscard]] std::size_t max_record() const { return max_record_; }

    /// Bytes that before() can give at least, where the input has them.
    static constexpr std::size_t history = 64;

private:
    std::unique_ptr<Input> input_;
    std::size_t max_record_;
    std::uint64_t offset_;
    Buffer buffer_;
    std::size_t begin_ = 0, end_ = 0;
    bool at_end_ = false;
};

} // namespace jackfield::files

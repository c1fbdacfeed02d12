// JsonIndex: where the tokens of JSON text start, found by simdjson's first stage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace jackfield::files {

/// The places of all of { } [ ] : , outside of strings and of the first byte of every string, number and word. What
/// lies between two of them is one such token and white space. One thread at a time.
class JsonIndex {
public:
    enum class State : std::uint8_t { ok, encoding, control, unclosed, failed };

    JsonIndex();
    ~JsonIndex();
    JsonIndex(JsonIndex&&) noexcept;
    JsonIndex& operator=(JsonIndex&&) noexcept;

    /// Looks through `size` bytes; 64 readable ones follow. Other states than ok: bytes that are not UTF-8, a control
    /// character inside of a string, a string that does not end, out of memory; then there are no places.
    [[nodiscard]] State build(const char* text, std::size_t size);
    /// Ends with four entries of UINT32_MAX.
    [[nodiscard]] const std::uint32_t* places() const { return places_; }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    struct Parser; // keeps simdjson's types out of this header
    std::unique_ptr<Parser> parser_;
    const std::uint32_t* places_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace jackfield::files

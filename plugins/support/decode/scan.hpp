// Finds the ends of fields and rows in CSV text, 64 bytes at a time.
#pragma once

#include <jackfield/sdk/arrow/buffer.hpp>

#include <cstddef>
#include <cstdint>

namespace jackfield::files {

/// The characters that structure a CSV file; 0: there is none. Value.
struct Dialect {
    char delimiter = ',';
    char quote = '"';
    char escape = 0;  ///< makes the next character plain, inside and outside of quotes
    char comment = 0; ///< a row that starts with it is no row
    bool trim = false; ///< blanks may stand before an opening quote
};

/// Where the fields of a piece of text end. One thread at a time.
///
/// Quotes count at the start of a field only, as in RFC 4180 and Python's csv module: `ab"c` is three characters and a
/// quote. A row ends at a line feed outside of quotes; a carriage return before it belongs to the last field.
class Scanner {
public:
    explicit Scanner(const Dialect& dialect);

    /// Scans `text`, which starts with a row. Requires: `text_padding` readable bytes after `size`, and size < 2^32 - 64.
    void scan(const char* text, std::size_t size);

    /// Entry i is the place of the i-th delimiter or line feed; entry -1 is the place before the first row (so the field
    /// that ends at entry i starts at entry i-1, plus one, modulo 2^32).
    [[nodiscard]] const std::uint32_t* ends() const { return ends_.as<std::uint32_t>() + 1; }
    /// Entry r is how many entries of ends() rows 0 to r have in all.
    [[nodiscard]] const std::uint32_t* row_ends() const { return rows_.as<std::uint32_t>(); }
    /// Rows that have ended.
    [[nodiscard]] std::size_t rows() const { return row_count_; }
    /// Whether the text ended inside of quotes.
    [[nodiscard]] bool inside_quotes() const { return state_ == State::quoted || state_ == State::quoted_escape; }
    /// Whether the quote character was seen.
    [[nodiscard]] bool quotes() const { return quotes_; }

private:
    enum class State : std::uint8_t { field_start, field, quoted, after_quote, escaped, quoted_escape, comment };
    struct Masks {
        std::uint64_t delimiter, newline, quote;
    };
    using FindMasks = void (*)(const char* text, std::size_t blocks, const Dialect& dialect, Masks* out);

    static void find_masks_plain(const char* text, std::size_t blocks, const Dialect& dialect, Masks* out);
#if defined(__x86_64__)
    static void find_masks_avx2(const char* text, std::size_t blocks, const Dialect& dialect, Masks* out);
    static void find_masks_avx512(const char* text, std::size_t blocks, const Dialect& dialect, Masks* out);
#endif
    void take_masks(const char* text, const Masks& masks, std::size_t at);
    [[nodiscard]] bool only_blanks_before(const char* text, std::size_t at) const;
    void step_through(const char* text, std::size_t at, std::size_t end);
    void emit(std::uint64_t structural, std::uint64_t newline, std::size_t at);

    Dialect dialect_;
    FindMasks find_masks_;
    std::uint64_t quote_bits_; // 0 if there is no quote character
    Buffer ends_, rows_;
    std::uint32_t* next_end_ = nullptr;
    std::uint32_t* next_row_ = nullptr;
    std::size_t row_count_ = 0;
    State state_ = State::field_start;
    bool row_start_ = true; // only kept while stepping, where comments matter
    bool quotes_ = false;
};

} // namespace jackfield::files

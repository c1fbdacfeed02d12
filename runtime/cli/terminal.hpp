// The terminal: what it can do, how wide text is on it, and writing to it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace jackfield::cli {

/// What the file behind a descriptor can show. Value.
struct Terminal {
    int descriptor = 1;
    bool moves = false;  ///< a terminal whose lines can be drawn again (TERM is not "dumb")
    bool colours = false; ///< moves, and NO_COLOR is not set

    /// Columns now, at least 20; 80 if nothing is known.
    [[nodiscard]] std::size_t width() const;
    /// Lines now; 24 if nothing is known.
    [[nodiscard]] std::size_t height() const;
    [[nodiscard]] std::string green(std::string_view text) const { return coloured("32", text); }
    [[nodiscard]] std::string red(std::string_view text) const { return coloured("31", text); }
    [[nodiscard]] std::string yellow(std::string_view text) const { return coloured("33", text); }
    [[nodiscard]] std::string dim(std::string_view text) const { return coloured("2", text); }

private:
    [[nodiscard]] std::string coloured(const char* code, std::string_view text) const;
};

[[nodiscard]] Terminal terminal_of(int descriptor);

/// Columns that a text takes: 2 for wide East Asian characters and emoji, 0 for combining marks and escape sequences.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// At most `width` columns, with … at the end of what was cut. Keeps escape sequences whole.
[[nodiscard]] std::string clipped(std::string_view text, std::size_t width);
/// Filled with blanks to `width` columns.
[[nodiscard]] std::string padded_to(std::string_view text, std::size_t width);

/// All of it, at once, to stdout or stderr. false: nobody reads any more.
bool print_out(std::string_view text);
bool print_err(std::string_view text);
bool print_to(int descriptor, std::string_view text);

} // namespace jackfield::cli

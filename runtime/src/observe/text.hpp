// Text for log lines and JSON: valid UTF-8, no control characters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jackfield::observe {

/// The code point at `index`, which moves on. A byte that is no UTF-8 gives U+FFFD.
[[nodiscard]] std::uint32_t next_code_point(std::string_view text, std::size_t& index);

void append_code_point(std::string& out, std::uint32_t point);

/// Appends `text` as a JSON string, quotes included; valid whatever the bytes are.
void append_json(std::string& out, std::string_view text);

/// Appends `json` as it is if it is a JSON object, else as a JSON string: what a plugin wrote may be neither.
void append_object(std::string& out, std::string_view json);

/// For one line on a terminal or in a file: control characters as escapes ("\n", "\x1b"), so that nothing in a message
/// can make a line of its own or move the cursor.
[[nodiscard]] std::string one_line(std::string_view text);

/// "2026-11-23T23:17:25.004Z" from nanoseconds since 1970 UTC.
[[nodiscard]] std::string utc_text(std::int64_t unix_ns);

} // namespace jackfield::observe

// Compact JSON text, appended to a string. Safe inside <script>: '<', '>' and '&' are written as \u escapes.
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace jackfield::charts {

/// Appends shortest text that reads back as `value`; null for NaN and infinities.
inline void append_number(std::string& out, double value)
{
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    char buffer[32];
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

/// Appends a JSON string. `text` is UTF-8.
inline void append_string(std::string& out, std::string_view text)
{
    static constexpr char hex[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || c == '<' || c == '>' || c == '&' || byte == 0x7f) {
            out += "\\u00";
            out += hex[byte >> 4U];
            out += hex[byte & 15U];
        } else {
            out += c;
        }
    }
    out += '"';
}

/// Appends [a,b,…], each item written by `write(out, item)`.
template <class Range, class Write>
void append_array(std::string& out, const Range& range, Write write)
{
    out += '[';
    bool first = true;
    for (const auto& item : range) {
        if (!first)
            out += ',';
        first = false;
        write(out, item);
    }
    out += ']';
}

} // namespace jackfield::charts

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

/// Bytes of the UTF-8 character that `text` starts with; 0 if it is broken, or one that XML forbids (U+FFFE, U+FFFF).
inline std::size_t character_length(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0U) != 0x80)
            return 0;
    const unsigned second = byte(1);
    const bool too_long = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool no_character = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90) ||
                              (first == 0xef && second == 0xbf && byte(2) >= 0xbe);
    return too_long || no_character ? 0 : length;
}

/// Appends a JSON string. Whatever is no text of XML and JSON alike becomes U+FFFD, control characters a space.
inline void append_string(std::string& out, std::string_view text)
{
    static constexpr char hex[] = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        const char c = text.front();
        const auto byte = static_cast<unsigned char>(c);
        if (length == 0) {
            out += "\xef\xbf\xbd";
        } else if (length > 1) {
            out += text.substr(0, length);
        } else if (byte < 0x20 || byte == 0x7f) {
            out += ' ';
        } else if (c == '<' || c == '>' || c == '&') {
            out += "\\u00";
            out += hex[byte >> 4U];
            out += hex[byte & 15U];
        } else {
            out += c == '"' || c == '\\' ? "\\" : "";
            out += c;
        }
        text.remove_prefix(length == 0 ? 1 : length);
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

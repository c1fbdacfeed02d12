// quote_json: text as a JSON string, fast, into a std::string or a Buffer.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace jackfield::detail {

/// Bytes at the start of `text` that a JSON string takes as they are: no quote, backslash or control byte, and
/// UTF-8 only in whole sequences.
inline std::size_t plain_json(std::string_view text)
{
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t tops = ones * 0x80;
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    std::size_t at = 0;
    while (at < text.size()) {
        if (text.size() - at >= 8) {
            std::uint64_t word;
            std::memcpy(&word, text.data() + at, 8);
            // The top bit of a byte shows if it is below 0x20, equal to a quote or backslash, or above 0x7f. A borrow can
            // only mark too much, and then the bytes are looked at one by one.
            const std::uint64_t marks = (word - ones * 0x20) | ((word ^ ones * '"') - ones) | ((word ^ ones * '\\') - ones) | word;
            if ((marks & tops) == 0) {
                at += 8;
                continue;
            }
        }
        for (std::size_t stop = at + 8; at < stop && at < text.size();) {
            const unsigned first = byte(at);
            if (first < 0x20 || first == '"' || first == '\\')
                return at;
            if (first < 0x80) {
                ++at;
                continue;
            }
            const unsigned second = byte(at + 1);
            const auto tail = [&](std::size_t i) { return (byte(at + i) & 0xc0) == 0x80; };
            // Well-formed sequences, Unicode 15 table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
            if (first >= 0xc2 && first <= 0xdf && tail(1))
                at += 2;
            else if (first >= 0xe0 && first <= 0xef && tail(1) && tail(2) && !(first == 0xe0 && second < 0xa0) && !(first == 0xed && second > 0x9f))
                at += 3;
            else if (first >= 0xf0 && first <= 0xf4 && tail(1) && tail(2) && tail(3) && !(first == 0xf0 && second < 0x90) && !(first == 0xf4 && second > 0x8f))
                at += 4;
            else
                return at;
        }
    }
    return at;
}

/// Out has append(pointer, size), as std::string and Buffer have.
template <class Out>
void put(Out& out, std::string_view text)
{
    out.append(text.data(), text.size());
}

template <class Out>
void put_escaped(Out& out, unsigned char byte)
{
    switch (byte) {
    case '"': return put(out, "\\\"");
    case '\\': return put(out, "\\\\");
    case '\n': return put(out, "\\n");
    case '\r': return put(out, "\\r");
    case '\t': return put(out, "\\t");
    default: break;
    }
    if (byte >= 0x80)
        return put(out, "\xef\xbf\xbd"); // U+FFFD in place of a byte that is no UTF-8
    static constexpr char digits[] = "0123456789abcdef";
    const char text[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
    put(out, std::string_view(text, 6));
}

/// Appends `text` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
template <class Out>
void quote_json(Out& out, std::string_view text)
{
    put(out, "\"");
    while (true) {
        const std::size_t plain = plain_json(text);
        put(out, text.substr(0, plain));
        if (plain == text.size())
            break;
        put_escaped(out, static_cast<unsigned char>(text[plain]));
        text.remove_prefix(plain + 1);
    }
    put(out, "\"");
}

} // namespace jackfield::detail

// Numbers, dates and times out of text, eight bytes at a time; shared by the CSV and JSON decoders.
#pragma once

#include <jackfield/sdk/arrow/types.hpp>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace jackfield::files {

/// Bytes that must be readable after the end of every text handed to the functions below.
inline constexpr std::size_t text_padding = 64;

/// How reading one value ended.
enum class Parsed : std::uint8_t {
    ok,
    malformed, ///< not a value of that type
    range,     ///< too large for the type
    inexact,   ///< digits would be lost
    zone,      ///< a zone is missing or not expected
    encoding,  ///< not UTF-8
};

using int128 = Int128;
using uint128 = UInt128;

[[nodiscard]] inline std::uint64_t load8(const char* text)
{
    std::uint64_t word;
    std::memcpy(&word, text, 8);
    return word;
}

/// Not 0 if a byte of `word` is no ASCII digit.
[[nodiscard]] inline std::uint64_t not_digits(std::uint64_t word)
{
    return ((word & 0xF0F0F0F0F0F0F0F0u) ^ 0x3030303030303030u) | (((word + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) ^ 0x3030303030303030u);
}

/// The value of 8 ASCII digits, the first in the lowest byte.
[[nodiscard]] inline std::uint64_t eight_digits(std::uint64_t word)
{
    word = (word & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
    word = (word & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
    return (word & 0x0000FFFF0000FFFFu) * 42949672960001 >> 32;
}

/// The first `count` (1 to 8) characters at `text`, filled with zeros from the left to 8 digits.
[[nodiscard]] inline std::uint64_t left_padded(const char* text, std::size_t count)
{
    const unsigned shift = static_cast<unsigned>(8 - count) * 8;
    return load8(text) << shift | (shift ? 0x3030303030303030u >> (64 - shift) : 0);
}

/// Whole numbers of any length without a sign.
[[nodiscard]] inline Parsed parse_digits(const char* text, std::size_t length, std::uint64_t& out)
{
    if (length == 0)
        return Parsed::malformed;
    if (length <= 8) {
        const std::uint64_t word = left_padded(text, length);
        out = eight_digits(word);
        return not_digits(word) ? Parsed::malformed : Parsed::ok;
    }
    if (length <= 16) {
        const std::uint64_t high = left_padded(text, length - 8), low = load8(text + length - 8);
        out = eight_digits(high) * 100'000'000 + eight_digits(low);
        return not_digits(high) | not_digits(low) ? Parsed::malformed : Parsed::ok;
    }
    uint128 value = 0;
    bool over = false;
    for (std::size_t i = 0; i < length; ++i) {
        const unsigned digit = static_cast<unsigned char>(text[i]) - unsigned{'0'};
        if (digit > 9)
            return Parsed::malformed;
        value = value * 10 + digit;
        over = over || value > UINT64_MAX;
        if (over)
            value = 0;
    }
    out = static_cast<std::uint64_t>(value);
    return over ? Parsed::range : Parsed::ok;
}

/// Whole numbers of type T (std::int8_t to std::uint64_t), with a sign.
template <class T>
[[nodiscard]] Parsed parse_integer(const char* text, std::size_t length, T& out)
{
    const bool negative = length > 1 && *text == '-';
    if (negative || (length > 1 && *text == '+'))
        ++text, --length;
    std::uint64_t magnitude = 0;
    if (const Parsed parsed = parse_digits(text, length, magnitude); parsed != Parsed::ok)
        return parsed;
    constexpr auto most = static_cast<std::uint64_t>(static_cast<T>(-1) > T{0} ? static_cast<T>(-1)
                                                                               : static_cast<T>((std::uint64_t{1} << (sizeof(T) * 8 - 1)) - 1));
    constexpr std::uint64_t least = static_cast<T>(-1) > T{0} ? 0 : most + 1;
    out = static_cast<T>(negative ? 0 - magnitude : magnitude);
    return magnitude > (negative ? least : most) ? Parsed::range : Parsed::ok;
}

/// Up to 16 characters of digits with at most one point among them.
struct ShortNumber {
    std::uint64_t digits;
    std::size_t count, fraction; ///< digits in all, and behind the point
};

/// 0x80 in the lowest byte that is a point, and perhaps in higher ones.
[[nodiscard]] inline std::uint64_t points_in(std::uint64_t word)
{
    constexpr std::uint64_t each = 0x0101010101010101u;
    const std::uint64_t differs = word ^ each * '.';
    return (differs - each) & ~differs & each * 0x80;
}

/// read_short() of 9 to 16 characters.
[[nodiscard]] bool read_two_words(const char* text, std::size_t length, ShortNumber& out);

/// Cuts the point out and reads what is left as digits. Requires: 1 <= length <= 16.
[[nodiscard, gnu::always_inline]] inline bool read_short(const char* text, std::size_t length, ShortNumber& out)
{
    if (length > 8)
        return read_two_words(text, length, out);
    std::uint64_t word = load8(text);
    const std::uint64_t found = points_in(word);
    const std::size_t at = found ? static_cast<std::size_t>(__builtin_ctzll(found)) / 8 : 8;
    std::size_t count = length;
    if (at < length) {
        const std::uint64_t before = (std::uint64_t{1} << (at * 8)) - 1;
        word = (word & before) | (word >> 8 & ~before);
        --count;
    }
    if (count == 0)
        return false;
    const unsigned fill = static_cast<unsigned>(8 - count) * 8;
    word = word << fill | (fill ? 0x3030303030303030u >> (64 - fill) : 0);
    out = {eight_digits(word), count, at < length ? count - at : 0};
    return not_digits(word) == 0;
}

inline constexpr double exact_powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};

/// The short ones of the numbers that JSON has (no exponent, at most 16 characters and 53 bits of digits); malformed: look again.
[[nodiscard]] inline Parsed parse_json_double(const char* text, std::size_t length, double& out)
{
    const bool negative = *text == '-';
    const char* const digits = text + negative;
    const std::size_t count = length - negative;
    ShortNumber number{};
    // A quotient of two exact doubles is rounded once, so it is right.
    if (count - 1 > 15 || !read_short(digits, count, number) || number.digits >> 53)
        return Parsed::malformed;
    if (digits[0] == '.' || digits[count - 1] == '.' || (digits[0] == '0' && count > 1 && digits[1] != '.'))
        return Parsed::malformed;
    const double value = static_cast<double>(number.digits) / exact_powers[number.fraction];
    out = negative ? -value : value;
    return Parsed::ok;
}

/// A decimal number as value × 10^scale; exact, at most `precision` digits (1 to 38). Takes exponents.
[[nodiscard]] Parsed parse_decimal(const char* text, std::size_t length, int precision, int scale, int128& out);

/// float or double, rounded to nearest; also nan, inf, infinity in any case.
[[nodiscard]] Parsed parse_double(const char* text, std::size_t length, double& out);
[[nodiscard]] Parsed parse_float(const char* text, std::size_t length, float& out);

/// true false t f yes no y n on off 1 0, in any case; with `only_words` just true and false.
[[nodiscard]] Parsed parse_boolean(std::string_view text, bool only_words, bool& out);

/// YYYY-MM-DD as days since 1970-01-01.
[[nodiscard]] Parsed parse_date(const char* text, std::size_t length, std::int32_t& days);

/// HH:MM[:SS[.fraction]] in units of 1/`per_second` s since midnight.
[[nodiscard]] Parsed parse_time(const char* text, std::size_t length, std::int64_t per_second, std::int64_t& out);

/// What a timestamp's text must say about its zone.
enum class Zone : std::uint8_t {
    none,     ///< no zone may be given
    utc,      ///< a text without a zone is UTC
    required, ///< an offset must be given
};

/// YYYY-MM-DD[(T| )HH:MM[:SS[.fraction]][Z|±HH[[:]MM]]] in units of 1/`per_second` s since 1970-01-01 UTC.
[[nodiscard]] Parsed parse_timestamp(const char* text, std::size_t length, std::int64_t per_second, Zone zone, std::int64_t& out);

} // namespace jackfield::files

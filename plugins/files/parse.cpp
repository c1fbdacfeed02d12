// Decimals, floating point, booleans, dates and times out of text.
#include "parse.hpp"

#include <fast_float/fast_float.h>

#include <array>

namespace jackfield::files {
namespace {

constexpr auto powers_of_ten = [] {
    std::array<uint128, 39> out{};
    out[0] = 1;
    for (std::size_t i = 1; i < out.size(); ++i)
        out[i] = out[i - 1] * 10;
    return out;
}();

[[nodiscard]] Parsed scaled(uint128 digits, bool negative, int shift, int precision, int128& out)
{
    if (digits == 0) {
        out = 0;
        return Parsed::ok;
    }
    if (shift < 0) {
        if (shift < -38)
            return Parsed::inexact;
        const uint128 divisor = powers_of_ten[static_cast<std::size_t>(-shift)];
        if (digits % divisor != 0)
            return Parsed::inexact;
        digits /= divisor;
    } else if (shift > 0) {
        if (shift > 38 || digits >= powers_of_ten[38] / powers_of_ten[static_cast<std::size_t>(shift)] + 1)
            return Parsed::range;
        digits *= powers_of_ten[static_cast<std::size_t>(shift)];
    }
    if (digits >= powers_of_ten[static_cast<std::size_t>(precision)])
        return Parsed::range;
    out = negative ? -static_cast<int128>(digits) : static_cast<int128>(digits);
    return Parsed::ok;
}

/// Digits, at most one point, at most one exponent; any length.
[[nodiscard]] Parsed parse_decimal_slowly(const char* text, std::size_t length, bool negative, int precision, int scale, int128& out)
{
    uint128 digits = 0;
    int seen = 0, significant = 0, fraction = 0;
    bool point = false;
    std::size_t i = 0;
    int dropped_zeros = 0;
    for (; i < length; ++i) {
        const unsigned digit = static_cast<unsigned char>(text[i]) - unsigned{'0'};
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (digit > 9)
            break;
        ++seen;
        if (significant >= 38) {
            if (digit != 0)
                return Parsed::range;
            dropped_zeros += point ? 0 : 1;
            continue;
        }
        digits = digits * 10 + digit;
        significant += digits != 0;
        fraction += point;
    }
    if (seen == 0)
        return Parsed::malformed;
    std::int32_t exponent = 0;
    if (i < length) {
        if ((text[i] | 32) != 'e' || parse_integer(text + i + 1, length - i - 1, exponent) != Parsed::ok)
            return Parsed::malformed;
        if (exponent > 1000 || exponent < -1000)
            return digits == 0 ? (out = 0, Parsed::ok) : exponent > 0 ? Parsed::range : Parsed::inexact;
    }
    return scaled(digits, negative, scale - fraction + dropped_zeros + exponent, precision, out);
}

template <class T>
[[nodiscard]] Parsed parse_floating(const char* text, std::size_t length, T& out)
{
    if (length > 1 && *text == '+' && text[1] != '-')
        ++text, --length;
    const auto [end, error] = fast_float::from_chars(text, text + length, out);
    return error == std::errc{} && end == text + length && length != 0 ? Parsed::ok : Parsed::malformed;
}

/// Two digits at `text`, or a number above 99.
[[nodiscard]] inline unsigned two(const char* text)
{
    const unsigned high = static_cast<unsigned char>(text[0]) - unsigned{'0'}, low = static_cast<unsigned char>(text[1]) - unsigned{'0'};
    return (high > 9) | (low > 9) ? 1000 : high * 10 + low;
}

[[nodiscard]] inline unsigned month_length(unsigned year, unsigned month)
{
    constexpr unsigned char lengths[16] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0};
    const bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return lengths[month & 15] + leap;
}

[[nodiscard]] inline bool read_date(const char* text, std::int32_t& days)
{
    const unsigned century = two(text), rest = two(text + 2), month = two(text + 5), day = two(text + 8);
    const unsigned year = century * 100 + rest;
    if ((century > 99) | (rest > 99) | (text[4] != '-') | (text[7] != '-') | (month - 1 > 11))
        return false;
    if (day - 1 >= 28 && day - 1 >= month_length(year, month))
        return false;
    days = days_from_civil(static_cast<int>(year), month, day);
    return true;
}

/// Seconds and fraction of "HH:MM[:SS[.f…]]"; `length` becomes what was read.
[[nodiscard]] Parsed read_time(const char* text, std::size_t& length, std::int64_t per_second, std::int64_t& out)
{
    const std::size_t given = length;
    if (given < 5 || text[2] != ':')
        return Parsed::malformed;
    const unsigned hour = two(text), minute = two(text + 3);
    unsigned second = 0;
    std::int64_t fraction = 0;
    std::size_t used = 5;
    if (given >= 8 && text[5] == ':') {
        second = two(text + 6);
        used = 8;
        if (given > 9 && text[8] == '.') {
            std::int64_t weight = per_second;
            for (used = 9; used < given; ++used) {
                const unsigned digit = static_cast<unsigned char>(text[used]) - unsigned{'0'};
                if (digit > 9)
                    break;
                weight /= 10;
                if (weight == 0 && digit != 0)
                    return Parsed::inexact;
                fraction += weight * digit;
            }
            if (used == 9)
                return Parsed::malformed;
        }
    }
    if ((hour > 23) | (minute > 59) | (second > 59))
        return Parsed::malformed;
    out = static_cast<std::int64_t>(hour * 3600 + minute * 60 + second) * per_second + fraction;
    length = used;
    return Parsed::ok;
}

/// Seconds east of UTC of "Z", "+HH", "+HHMM", "+HH:MM"; blank before it allowed.
[[nodiscard]] bool read_offset(const char* text, std::size_t length, std::int64_t& seconds)
{
    if (length && *text == ' ')
        ++text, --length;
    seconds = 0;
    if ((length == 1 && (*text | 32) == 'z') || (length == 3 && std::memcmp(text, "UTC", 3) == 0))
        return true;
    if (length < 3 || (*text != '+' && *text != '-'))
        return false;
    const unsigned hours = two(text + 1);
    unsigned minutes = 0;
    if (length == 5)
        minutes = two(text + 3);
    else if (length == 6 && text[3] == ':')
        minutes = two(text + 4);
    else if (length != 3)
        return false;
    if (hours > 18 || minutes > 59)
        return false;
    seconds = (hours * 3600 + minutes * 60) * (*text == '-' ? -1 : 1);
    return true;
}

} // namespace

Parsed parse_decimal(const char* text, std::size_t length, int precision, int scale, int128& out)
{
    const bool negative = length > 1 && *text == '-';
    if (negative || (length > 1 && *text == '+'))
        ++text, --length;
    if (length - 1 > 15)
        return parse_decimal_slowly(text, length, negative, precision, scale, out);
    // Up to 16 characters: cut the point out of the two words and read what is left as digits.
    uint128 chars = load8(text) | static_cast<uint128>(load8(text + 8)) << 64;
    const std::uint64_t keep = 0x0101010101010101u;
    const auto points = [keep](std::uint64_t word) {
        const std::uint64_t differs = word ^ keep * '.';
        return (differs - keep) & ~differs & keep * 0x80;
    };
    const std::uint64_t low = points(static_cast<std::uint64_t>(chars)), high = points(static_cast<std::uint64_t>(chars >> 64));
    std::size_t point = low ? static_cast<std::size_t>(__builtin_ctzll(low)) / 8 : high ? 8 + static_cast<std::size_t>(__builtin_ctzll(high)) / 8 : 16;
    std::size_t count = length;
    if (point < length) {
        const uint128 before = (static_cast<uint128>(1) << (point * 8)) - 1;
        chars = (chars & before) | (chars >> 8 & ~before);
        --count;
    } else {
        point = count;
    }
    if (count == 0)
        return Parsed::malformed;
    const unsigned fill = static_cast<unsigned>(16 - count) * 8; // count < 16 whenever there is a point
    const uint128 zeros = static_cast<uint128>(0x3030303030303030u) << 64 | 0x3030303030303030u;
    chars = chars << fill | (fill ? zeros >> (128 - fill) : 0);
    const auto first = static_cast<std::uint64_t>(chars), second = static_cast<std::uint64_t>(chars >> 64);
    if (not_digits(first) | not_digits(second))
        return parse_decimal_slowly(text, length, negative, precision, scale, out);
    const std::uint64_t digits = eight_digits(first) * 100'000'000 + eight_digits(second);
    const int shift = scale - static_cast<int>(count - point);
    if (shift == 0 && digits < powers_of_ten[static_cast<std::size_t>(precision)]) {
        out = negative ? -static_cast<int128>(digits) : static_cast<int128>(digits);
        return Parsed::ok;
    }
    return scaled(digits, negative, shift, precision, out);
}

Parsed parse_double(const char* text, std::size_t length, double& out) { return parse_floating(text, length, out); }
Parsed parse_float(const char* text, std::size_t length, float& out) { return parse_floating(text, length, out); }

Parsed parse_boolean(std::string_view text, bool only_words, bool& out)
{
    if (text.empty() || text.size() > 5)
        return Parsed::malformed;
    char lower[5];
    for (std::size_t i = 0; i < text.size(); ++i)
        lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 32) : text[i];
    const std::string_view word(lower, text.size());
    if (word == "true" || (!only_words && (word == "t" || word == "yes" || word == "y" || word == "on" || word == "1")))
        return out = true, Parsed::ok;
    if (word == "false" || (!only_words && (word == "f" || word == "no" || word == "n" || word == "off" || word == "0")))
        return out = false, Parsed::ok;
    return Parsed::malformed;
}

Parsed parse_date(const char* text, std::size_t length, std::int32_t& days)
{
    return length == 10 && read_date(text, days) ? Parsed::ok : Parsed::malformed;
}

Parsed parse_time(const char* text, std::size_t length, std::int64_t per_second, std::int64_t& out)
{
    std::size_t used = length;
    if (const Parsed parsed = read_time(text, used, per_second, out); parsed != Parsed::ok)
        return parsed;
    return used == length ? Parsed::ok : Parsed::malformed;
}

Parsed parse_timestamp(const char* text, std::size_t length, std::int64_t per_second, Zone zone, std::int64_t& out)
{
    std::int32_t days = 0;
    if (length < 10 || !read_date(text, days))
        return Parsed::malformed;
    std::int64_t time = 0, offset = 0;
    bool zoned = false;
    if (length > 10) {
        if (text[10] != ' ' && text[10] != 'T' && text[10] != 't')
            return Parsed::malformed;
        std::size_t used = length - 11;
        if (const Parsed parsed = read_time(text + 11, used, per_second, time); parsed != Parsed::ok)
            return parsed;
        zoned = 11 + used < length;
        if (zoned && !read_offset(text + 11 + used, length - 11 - used, offset))
            return Parsed::malformed;
    }
    if (zoned ? zone == Zone::none : zone == Zone::required)
        return Parsed::zone;
    int128 value = (static_cast<int128>(days) * 86400 - offset) * per_second + time;
    if (value > INT64_MAX || value < INT64_MIN)
        return Parsed::range;
    out = static_cast<std::int64_t>(value);
    return Parsed::ok;
}

} // namespace jackfield::files

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
    return ((high > 9) | (low > 9)) ? 1000 : high * 10 + low;
}

[[nodiscard]] inline unsigned month_length(unsigned year, unsigned month)
{
    static constexpr unsigned char lengths[16] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0};
    const bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return lengths[month & 15] + leap;
}

/// Days of year, month, day, or false if there is no such day.
[[nodiscard]] inline bool make_date(unsigned year, unsigned month, unsigned day, std::int32_t& days)
{
    if (month - 1 > 11 || (day - 1 >= 28 && day - 1 >= month_length(year, month)))
        return false;
    // Years start in March, so that the leap day is the last. 400 years (146097 days) are added, so that nothing is negative.
    const unsigned shifted = year + 400 - (month <= 2), century = shifted / 100;
    const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    days = static_cast<std::int32_t>(shifted * 365 + shifted / 4 - century + century / 4 + day_of_year) - (719468 + 146097);
    return true;
}

[[nodiscard]] inline bool read_date(const char* text, std::int32_t& days)
{
    const unsigned century = two(text), rest = two(text + 2), month = two(text + 5), day = two(text + 8);
    if ((century > 99) | (rest > 99) | (text[4] != '-') | (text[7] != '-') | (month > 99) | (day > 99))
        return false;
    return make_date(century * 100 + rest, month, day, days);
}

/// Eight characters against a pattern: where `pattern` has a '0', a digit; elsewhere exactly its character. On success byte i
/// of `pairs` is ten times the i-th digit plus the next one. `digits` has 0xFF where the pattern has a '0'.
[[nodiscard]] inline bool match_pairs(const char* text, std::uint64_t pattern, std::uint64_t digits, std::uint64_t& pairs)
{
    const std::uint64_t value = load8(text) ^ pattern;
    const std::uint64_t over = (value + 0x0606060606060606u) & digits;
    pairs = value * 10 + (value >> 8);
    return ((value & (~digits | 0xF0F0F0F0F0F0F0F0u)) | (over & 0xF0F0F0F0F0F0F0F0u)) == 0;
}

/// "YYYY-MM-DD?HH:MM:SS", whatever the '?' is; requires 19 characters, 24 readable ones.
[[nodiscard]] inline bool read_date_time(const char* text, std::int32_t& days, std::uint32_t& seconds)
{
    std::uint64_t date = 0, time = 0, rest = 0;
    char middle[8];
    std::memcpy(middle, text + 8, 8);
    middle[2] = 'T';
    if (!match_pairs(text, 0x2D30302D30303030u, 0x00FFFF00FFFFFFFFu, date)           // 0000-00-
        || !match_pairs(middle, 0x30303A3030543030u, 0xFFFF00FFFF00FFFFu, time)      // 00T00:00
        || !match_pairs(text + 11, 0x30303A30303A3030u, 0xFFFF00FFFF00FFFFu, rest)) // 00:00:00
        return false;
    const auto byte = [](std::uint64_t word, unsigned at) { return static_cast<unsigned>(word >> (at * 8) & 0xFF); };
    const unsigned hour = byte(time, 3), minute = byte(rest, 3), second = byte(rest, 6);
    seconds = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 60 && make_date(byte(date, 0) * 100 + byte(date, 2), byte(date, 5), byte(time, 0), days);
}

/// The digits from `text` on, at most `length`, as a fraction of a second in units of 1/`per_second`. `used`: how many there are.
[[nodiscard]] Parsed read_fraction(const char* text, std::size_t length, std::int64_t per_second, std::size_t& used, std::int64_t& out)
{
    // The top bit of each of the next eight bytes that is no digit.
    const std::uint64_t differs = load8(text) ^ 0x3030303030303030u;
    const std::uint64_t others = (((differs & 0x7F7F7F7F7F7F7F7Fu) + 0x7676767676767676u) | differs) & 0x8080808080808080u;
    used = others ? static_cast<std::size_t>(__builtin_ctzll(others)) / 8 : 8;
    used = used < length ? used : length;
    while (used >= 8 && used < length && static_cast<unsigned char>(text[used] - '0') <= 9)
        ++used;
    if (used == 0)
        return Parsed::malformed;
    static constexpr std::int64_t powers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
    const std::size_t places = per_second == 1 ? 0 : per_second == 1'000 ? 3 : per_second == 1'000'000 ? 6 : 9;
    for (std::size_t i = 9; i < used; ++i)
        if (text[i] != '0')
            return Parsed::inexact;
    const std::size_t count = used < 9 ? used : 9;
    std::uint64_t digits = 0;
    if (parse_digits(text, count, digits) != Parsed::ok)
        return Parsed::malformed;
    const auto number = static_cast<std::int64_t>(digits);
    if (count <= places) {
        out = number * powers[places - count];
        return Parsed::ok;
    }
    out = number / powers[count - places];
    return out * powers[count - places] == number ? Parsed::ok : Parsed::inexact;
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
            std::size_t digits = 0;
            if (const Parsed parsed = read_fraction(text + 9, given - 9, per_second, digits, fraction); parsed != Parsed::ok)
                return parsed;
            used = 9 + digits;
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
    seconds = 0;
    if (length == 3 && std::memcmp(text, "+00", 3) == 0)
        return true;
    if (length && *text == ' ')
        ++text, --length;
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
    seconds = static_cast<std::int64_t>(hours * 3600 + minutes * 60) * (*text == '-' ? -1 : 1);
    return true;
}

} // namespace

bool read_two_words(const char* text, std::size_t length, ShortNumber& out)
{
    uint128 chars = load8(text) | static_cast<uint128>(load8(text + 8)) << 64;
    const std::uint64_t low = points_in(static_cast<std::uint64_t>(chars)), high = points_in(static_cast<std::uint64_t>(chars >> 64));
    std::size_t point = low ? static_cast<std::size_t>(__builtin_ctzll(low)) / 8 : high ? 8 + static_cast<std::size_t>(__builtin_ctzll(high)) / 8 : 16;
    out.count = length;
    if (point < length) {
        const uint128 before = (static_cast<uint128>(1) << (point * 8)) - 1;
        chars = (chars & before) | (chars >> 8 & ~before);
        --out.count;
    } else {
        point = length;
    }
    if (out.count == 0)
        return false;
    out.fraction = out.count - point;
    const unsigned fill = static_cast<unsigned>(16 - out.count) * 8; // count < 16 whenever there is a point
    const uint128 zeros = static_cast<uint128>(0x3030303030303030u) << 64 | 0x3030303030303030u;
    chars = chars << fill | (fill ? zeros >> (128 - fill) : 0);
    const auto first = static_cast<std::uint64_t>(chars), second = static_cast<std::uint64_t>(chars >> 64);
    out.digits = eight_digits(first) * 100'000'000 + eight_digits(second);
    return (not_digits(first) | not_digits(second)) == 0;
}

Parsed parse_decimal(const char* text, std::size_t length, int precision, int scale, int128& out)
{
    const bool negative = length > 1 && *text == '-';
    if (negative || (length > 1 && *text == '+'))
        ++text, --length;
    ShortNumber number{};
    if (length - 1 > 15 || !read_short(text, length, number))
        return parse_decimal_slowly(text, length, negative, precision, scale, out);
    const int shift = scale - static_cast<int>(number.fraction);
    if (shift == 0 && number.digits < powers_of_ten[static_cast<std::size_t>(precision)]) {
        out = negative ? -static_cast<int128>(number.digits) : static_cast<int128>(number.digits);
        return Parsed::ok;
    }
    return scaled(number.digits, negative, shift, precision, out);
}

Parsed parse_double(const char* text, std::size_t length, double& out)
{
    if (length != 0 && parse_json_double(text, length, out) == Parsed::ok) [[likely]]
        return Parsed::ok;
    return parse_floating(text, length, out);
}
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
    std::uint32_t seconds = 0;
    std::int64_t time = 0, offset = 0;
    std::size_t used = 0;
    const char middle = length > 10 ? text[10] : 'T';
    if (middle != ' ' && middle != 'T' && middle != 't')
        return Parsed::malformed;
    if (length >= 19 && read_date_time(text, days, seconds)) [[likely]] {
        time = seconds * per_second;
        used = 19;
        if (length > 20 && text[19] == '.') {
            std::int64_t fraction = 0;
            std::size_t digits = 0;
            if (const Parsed parsed = read_fraction(text + 20, length - 20, per_second, digits, fraction); parsed != Parsed::ok)
                return parsed;
            time += fraction;
            used = 20 + digits;
        }
    } else {
        if (length < 10 || !read_date(text, days))
            return Parsed::malformed;
        used = 10;
        if (length > 10) {
            std::size_t read = length - 11;
            if (const Parsed parsed = read_time(text + 11, read, per_second, time); parsed != Parsed::ok)
                return parsed;
            used = 11 + read;
        }
    }
    const bool zoned = used < length && used > 10;
    if (used < length && (!zoned || !read_offset(text + used, length - used, offset)))
        return Parsed::malformed;
    if (zoned ? zone == Zone::none : zone == Zone::required)
        return Parsed::zone;
    const std::int64_t since_1970 = std::int64_t{days} * 86400 - offset;
    return __builtin_mul_overflow(since_1970, per_second, &out) || __builtin_add_overflow(out, time, &out) ? Parsed::range : Parsed::ok;
}

} // namespace jackfield::files

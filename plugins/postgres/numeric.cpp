// The form is that of numeric_send: number of digits, weight of the first, sign, digits behind the point; then the digits to
// base 10000, so that the point lies between two of them.
#include "numeric.hpp"

#include "wire.hpp"

#include <jackfield/sdk/arrow/text.hpp>

#include <algorithm>
#include <charconv>

namespace jackfield::postgres {
namespace {

constexpr std::uint16_t negative_sign = 0x4000, not_a_number = 0xC000, plus_infinity = 0xD000, minus_infinity = 0xF000;
// Beyond these the server answers "value overflows numeric format".
constexpr std::int64_t most_before_point = 131'072, most_behind_point = 16'383;

char* write_head(char* at, std::int64_t digits, std::int64_t weight, std::uint16_t sign, std::int64_t behind_point)
{
    at = put_be(at, static_cast<std::int16_t>(digits));
    at = put_be(at, static_cast<std::int16_t>(weight));
    at = put_be(at, sign);
    return put_be(at, static_cast<std::int16_t>(behind_point));
}

/// What fits 64 bits once its digits behind the point are filled up to fours.
char* write_small(char* at, std::uint64_t value, bool negative, std::int32_t scale)
{
    static constexpr std::uint64_t fill[] = {1, 1000, 100, 10};
    value *= fill[scale & 3];
    const int behind = (scale + 3) / 4; // in fours
    std::uint16_t digits[8];
    int count = 0; // least first
    for (; value != 0; value /= 10'000)
        digits[count++] = static_cast<std::uint16_t>(value % 10'000);
    int first = 0;
    while (first < count && digits[first] == 0)
        ++first;
    const int kept = count - first;
    at = write_head(at, kept, kept ? count - behind - 1 : 0, negative && kept ? negative_sign : 0, scale);
    for (int i = count; i-- > first;)
        at = put_be(at, digits[i]);
    return at;
}

/// The digits of a number, the first of them not 0, `point` of them before the point (negative: zeros come first).
struct Digits {
    std::string_view text;
    std::int64_t point = 0;
    bool negative = false;
    std::int64_t behind_point = 0;
};

std::size_t fours_of(const Digits& number)
{
    const std::int64_t lead = ((4 - number.point % 4) % 4 + 4) % 4;
    return (number.text.size() + static_cast<std::size_t>(lead) + 3) / 4;
}

char* write_digits(char* at, Digits number)
{
    while (!number.text.empty() && number.text.back() == '0')
        number.text.remove_suffix(1);
    if (number.text.empty())
        return write_head(at, 0, 0, 0, number.behind_point);
    const std::int64_t lead = ((4 - number.point % 4) % 4 + 4) % 4; // zeros in front of the first digit, to start at a four
    const std::size_t fours = fours_of(number);
    const std::int64_t weight = (number.point + lead) / 4 - 1;
    at = write_head(at, static_cast<std::int64_t>(fours), weight, number.negative ? negative_sign : 0, number.behind_point);
    std::int64_t next = -lead;
    for (std::size_t i = 0; i < fours; ++i) {
        std::uint16_t four = 0;
        for (int k = 0; k < 4; ++k, ++next) {
            const bool there = next >= 0 && next < static_cast<std::int64_t>(number.text.size());
            four = static_cast<std::uint16_t>(four * 10 + (there ? number.text[static_cast<std::size_t>(next)] - '0' : 0));
        }
        at = put_be(at, four);
    }
    return at;
}

std::string_view trimmed(std::string_view text)
{
    const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

bool same_word(std::string_view text, std::string_view word)
{
    return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

/// NaN and the infinities; 0: neither.
std::uint16_t special(std::string_view text)
{
    const bool minus = !text.empty() && text.front() == '-';
    const bool sign = minus || (!text.empty() && text.front() == '+');
    const std::string_view word = text.substr(sign ? 1 : 0);
    if (!sign && same_word(word, "nan"))
        return not_a_number;
    if (same_word(word, "inf") || same_word(word, "infinity"))
        return minus ? minus_infinity : plus_infinity;
    return 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 'e' and a whole number; 0 if there is none. False: what is there is something else.
bool read_exponent(std::string_view text, std::int64_t& exponent)
{
    if (text.empty())
        return true;
    if (text.front() != 'e' && text.front() != 'E')
        return false;
    text.remove_prefix(1);
    if (text.size() > 1 && text.front() == '+' && is_digit(text[1]))
        text.remove_prefix(1);
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    return bad == std::errc() && end == text.data() + text.size() && exponent > -200'000 && exponent < 200'000;
}

/// The digits without the point go to `kept`.
bool read_number(std::string_view text, Buffer& kept, Digits& out)
{
    out.negative = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+'))
        text.remove_prefix(1);
    std::size_t at = 0;
    std::int64_t behind = 0;
    bool point = false, any = false;
    for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !point)); ++at) {
        if (text[at] == '.') {
            point = true;
            continue;
        }
        any = true;
        behind += point ? 1 : 0;
        if (kept.size() > 0 || text[at] != '0')
            kept.push(text[at]);
    }
    std::int64_t exponent = 0;
    if (!any || !read_exponent(text.substr(at), exponent))
        return false;
    out.text = kept.size() ? std::string_view(kept.as<char>(), kept.size()) : std::string_view();
    out.point = static_cast<std::int64_t>(kept.size()) - behind + exponent;
    out.behind_point = std::max<std::int64_t>(0, behind - exponent);
    return out.text.empty() || (out.point <= most_before_point && out.behind_point <= most_behind_point);
}

} // namespace

char* write_numeric(char* at, Int128 unscaled, std::int32_t scale)
{
    const bool negative = unscaled < 0;
    const UInt128 size = negative ? 0 - static_cast<UInt128>(unscaled) : static_cast<UInt128>(unscaled);
    if (scale >= 0 && size < UInt128(10'000'000'000'000'000)) // then 1000 times as much fits too
        return write_small(at, static_cast<std::uint64_t>(size), negative, scale);
    char text[max_value_text];
    const char* end = write_decimal(text, static_cast<Int128>(size), 0); // 2^127 itself is beyond 38 digits
    const std::string_view digits(text, static_cast<std::size_t>(end - text));
    return write_digits(at, {size == 0 ? std::string_view() : digits, static_cast<std::int64_t>(digits.size()) - scale, negative, std::max(scale, 0)});
}

bool append_numeric(Buffer& out, std::string_view text)
{
    text = trimmed(text);
    if (const std::uint16_t sign = special(text)) {
        write_head(reinterpret_cast<char*>(out.room(8)), 0, 0, sign, 0);
        out.advance(8);
        return true;
    }
    Buffer kept;
    Digits number;
    if (!read_number(text, kept, number))
        return false;
    char* at = reinterpret_cast<char*>(out.room(8 + 2 * (fours_of(number) + 1)));
    out.advance(static_cast<std::size_t>(write_digits(at, number) - at));
    return true;
}

} // namespace jackfield::postgres

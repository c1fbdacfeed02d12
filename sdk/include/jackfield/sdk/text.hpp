// Small text helpers of the SDK: views over ABI strings, JSON quoting, durations and sizes as people write them.
#pragma once

#include <jackfield/abi/base.h>
#include <jackfield/sdk/quote.hpp>
#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace jackfield::sdk {

[[nodiscard]] inline std::string_view view(jf_str text) { return text.len ? std::string_view(text.ptr, text.len) : std::string_view(); }
[[nodiscard]] inline std::string_view view(jf_bytes bytes)
{
    return bytes.len ? std::string_view(static_cast<const char*>(bytes.ptr), bytes.len) : std::string_view();
}
[[nodiscard]] inline jf_str as_str(std::string_view text) { return {text.data(), text.size()}; }
[[nodiscard]] inline jf_bytes as_bytes(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

/// Appends `text` as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD.
inline void append_json_string(std::string& out, std::string_view text) { jackfield::detail::quote_json(out, text); }

[[nodiscard]] inline std::string json_string(std::string_view text)
{
    std::string out;
    append_json_string(out, text);
    return out;
}

namespace detail {

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

/// NUMBER UNIT, where the number is decimal without sign or exponent: the product, rounded; -1 if it is not that or does not
/// fit. By hand, since libc++ has no from_chars for floating point yet.
template <std::size_t N>
[[nodiscard]] std::int64_t read_quantity(std::string_view text, const Unit (&units)[N])
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    std::size_t at = 0;
    const auto digit = [&] { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
    std::int64_t whole = 0;
    if (!digit())
        return -1;
    for (; digit(); ++at) {
        const std::int64_t next = text[at] - '0';
        if (whole > (most - next) / 10)
            return -1;
        whole = whole * 10 + next;
    }
    double fraction = 0;
    if (at < text.size() && text[at] == '.') {
        ++at;
        if (!digit())
            return -1;
        for (double place = 0.1; digit(); ++at, place /= 10)
            fraction += place * (text[at] - '0');
    }
    for (const Unit& unit : units)
        if (unit.name == text.substr(at)) {
            const auto part = static_cast<std::int64_t>(fraction * static_cast<double>(unit.factor) + 0.5);
            return whole > (most - part) / unit.factor ? -1 : whole * unit.factor + part;
        }
    return -1;
}

} // namespace detail

/// Nanoseconds of a duration such as "250ms", "1.5s", "10m", "7d"; units ns us ms s m h d w. The spelling of flow files too.
[[nodiscard]] inline Result<std::int64_t> parse_duration(std::string_view text)
{
    static constexpr detail::Unit units[] = {{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000},
        {"m", 60'000'000'000}, {"h", 3'600'000'000'000}, {"d", 86'400'000'000'000},
        {"w", 604'800'000'000'000}};
    const std::int64_t value = detail::read_quantity(text, units);
    if (value < 0)
        return fail(JF_E_CONFIG, "'" + std::string(text) + "' is no duration; write for example '250ms', '10s', '10m' or '2h'");
    return value;
}

/// Bytes of a size such as "64KiB", "1.5MB", "1GiB", "4096". The spelling of flow files too.
[[nodiscard]] inline Result<std::int64_t> parse_size(std::string_view text)
{
    static constexpr detail::Unit units[] = {{"", 1}, {"B", 1}, {"k", 1'000}, {"kB", 1'000}, {"KB", 1'000}, {"MB", 1'000'000},
        {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
        {"TiB", std::int64_t{1} << 40}};
    const std::int64_t value = detail::read_quantity(text, units);
    if (value < 0)
        return fail(JF_E_CONFIG, "'" + std::string(text) + "' is no size; write for example '512B', '64KiB' or '10MB'");
    return value;
}

} // namespace jackfield::sdk

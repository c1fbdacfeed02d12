// Small text helpers of the SDK: views over ABI strings, JSON quoting, durations and sizes as people write them.
#pragma once

#include <jackfield/abi/base.h>
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

/// Appends `text` as a JSON string, quotes included. Bytes above 0x7f go through as they are.
inline void append_json_string(std::string& out, std::string_view text)
{
    static constexpr char digits[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte >= 0x20) {
            out += c;
        } else {
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    out += '"';
}

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

/// Reads "<whole number><unit>", repeated ("1h30m"); -1 if it is not that or does not fit.
template <std::size_t N>
[[nodiscard]] std::int64_t read_units(std::string_view text, const Unit (&units)[N])
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    if (text.empty())
        return -1;
    std::int64_t total = 0;
    while (!text.empty()) {
        std::int64_t number = 0;
        std::size_t digits = 0;
        for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
            if (number > (most - 9) / 10)
                return -1;
            number = number * 10 + (text[digits] - '0');
        }
        text.remove_prefix(digits);
        std::size_t letters = 0;
        while (letters < text.size() && (text[letters] < '0' || text[letters] > '9'))
            ++letters;
        const Unit* unit = nullptr;
        for (const Unit& candidate : units)
            if (candidate.name == text.substr(0, letters))
                unit = &candidate;
        if (digits == 0 || !unit || number > (most - total) / unit->factor)
            return -1;
        total += number * unit->factor;
        text.remove_prefix(letters);
    }
    return total;
}

} // namespace detail

/// Nanoseconds of a duration such as "250ms", "10s", "1h30m", "7d"; units ns us ms s m h d.
[[nodiscard]] inline Result<std::int64_t> parse_duration(std::string_view text)
{
    static constexpr detail::Unit units[] = {{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000},
        {"m", 60'000'000'000}, {"h", 3'600'000'000'000}, {"d", 86'400'000'000'000}};
    const std::int64_t value = detail::read_units(text, units);
    if (value < 0)
        return fail(JF_E_CONFIG, "'" + std::string(text) + "' is no duration; write for example '250ms', '10s', '10m' or '2h'");
    return value;
}

/// Bytes of a size such as "64KiB", "10MB", "1GiB", "512B".
[[nodiscard]] inline Result<std::int64_t> parse_size(std::string_view text)
{
    static constexpr detail::Unit units[] = {{"B", 1}, {"kB", 1'000}, {"KB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000},
        {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    const std::int64_t value = detail::read_units(text, units);
    if (value < 0)
        return fail(JF_E_CONFIG, "'" + std::string(text) + "' is no size; write for example '512B', '64KiB' or '10MB'");
    return value;
}

} // namespace jackfield::sdk

// Numbers as people read them.
#include "exec/human.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace jackfield {

namespace {

std::string print(const char* format, double value)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

/// Three figures and a unit: 41.2 MB, 412 MB.
std::string scaled(double value, const std::array<const char*, 5>& units)
{
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return print(unit == 0 || value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f", value) + units[unit];
}

} // namespace

std::string human_count(std::uint64_t count)
{
    std::string digits = std::to_string(count);
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

std::string human_rate(double per_second) { return scaled(per_second, {"", " k", " M", " G", " T"}); }

std::string human_bytes(std::uint64_t bytes)
{
    return scaled(static_cast<double>(bytes), {" B", " kB", " MB", " GB", " TB"});
}

std::string human_duration(std::int64_t nanoseconds)
{
    const double seconds = static_cast<double>(nanoseconds) * 1e-9;
    if (seconds < 0.0995)
        return print("%.0f ms", std::max(seconds * 1e3, nanoseconds > 0 ? 1.0 : 0.0));
    if (seconds < 9.95)
        return print("%.1f s", seconds);
    if (seconds < 59.5)
        return print("%.0f s", seconds);
    const auto whole = static_cast<std::int64_t>(std::llround(seconds));
    std::array<char, 48> text{};
    if (whole < 3600)
        std::snprintf(text.data(), text.size(), "%lld m %02lld s", static_cast<long long>(whole / 60), static_cast<long long>(whole % 60));
    else
        std::snprintf(text.data(), text.size(), "%lld h %02lld m", static_cast<long long>(whole / 3600), static_cast<long long>(whole / 60 % 60));
    return text.data();
}

std::string human_number_of(std::uint64_t count, const char* one, const char* many)
{
    return human_count(count) + " " + (count == 1 ? one : many);
}

} // namespace jackfield

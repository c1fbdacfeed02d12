// Spellings of values that JSON has no type for: durations, sizes, dates, times, Arrow types, secrets, names.
#include "flow/ascii.hpp"
#include "units.hpp"

#include "words.hpp"

#include <jackfield/sdk/arrow/spelling.hpp>
#include <jackfield/sdk/text.hpp>

#include <jackfield/runtime/flow.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace jackfield {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array<Unit, 8> duration_units{{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9},
                                              {"d", 86400e9}, {"w", 604800e9}}};

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out)
{
    if (text.size() < at + count || !std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at),
                                                 text.begin() + static_cast<std::ptrdiff_t>(at + count), is_digit))
        return false;
    std::from_chars(text.data() + at, text.data() + at + count, out);
    return true;
}

/// The words of a sentence like "ten minutes" as "10m"; empty if that is not what it is.
std::string guess_duration(std::string_view text)
{
    constexpr std::array<std::string_view, 13> words{"zero", "one",   "two",   "three", "four", "five",  "six",
                                                     "seven", "eight", "nine", "ten",   "eleven", "twelve"};
    constexpr std::array<std::pair<std::string_view, std::string_view>, 8> units{
        {{"milli", "ms"}, {"msec", "ms"}, {"micro", "us"}, {"sec", "s"}, {"min", "m"}, {"h", "h"}, {"day", "d"}, {"week", "w"}}};
    std::string plain;
    for (const char c : text)
        plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    auto stop = std::min(plain.find_first_not_of("0123456789."), plain.size());
    std::string number = plain.substr(0, stop);
    if (number.empty()) {
        stop = std::min(plain.find(' '), plain.size());
        const auto word = std::find(words.begin(), words.end(), plain.substr(0, stop));
        if (word == words.end())
            return {};
        number = std::to_string(word - words.begin());
    }
    const auto unit = plain.substr(std::min(plain.find_first_not_of(" -_", stop), plain.size()));
    if (unit.empty())
        return number + "s";
    for (const auto& [start, letter] : units)
        if (unit.starts_with(start))
            return number + std::string(letter);
    return {};
}

} // namespace

std::optional<Duration> parse_duration(std::string_view text)
{
    const auto count = sdk::parse_duration(text); // one spelling for flow files and plugins
    return count ? std::optional(Duration(*count)) : std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    const auto count = sdk::parse_size(text);
    return count ? std::optional(static_cast<std::uint64_t>(*count)) : std::nullopt;
}

std::string format_duration(Duration duration)
{
    const auto count = duration.count();
    if (count == 0)
        return "0s";
    for (auto unit = duration_units.rbegin(); unit != duration_units.rend(); ++unit)
        if (const auto factor = static_cast<std::int64_t>(unit->factor); count % factor == 0)
            return std::to_string(count / factor) + std::string(unit->name);
    return {};
}

bool is_date(std::string_view text)
{
    int year = 0;
    int month = 0;
    int day = 0;
    return text.size() == 10 && text[4] == '-' && text[7] == '-' && digits(text, 0, 4, year) && digits(text, 5, 2, month) &&
           digits(text, 8, 2, day) &&
           std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                       std::chrono::day(static_cast<unsigned>(day)))
               .ok();
}

bool is_timestamp(std::string_view text)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (text.size() < 19 || !is_date(text.substr(0, 10)) || (text[10] != 'T' && text[10] != ' ') ||
        !digits(text, 11, 2, hour) || text[13] != ':' || !digits(text, 14, 2, minute) || text[16] != ':' ||
        !digits(text, 17, 2, second) || hour > 23 || minute > 59 || second > 59)
        return false;
    text.remove_prefix(19);
    if (text.starts_with('.')) {
        const auto stop = std::min(text.find_first_not_of("0123456789", 1), text.size());
        if (stop < 2 || stop > 10)
            return false;
        text.remove_prefix(stop);
    }
    if (text.empty() || text == "Z")
        return true;
    return text.size() == 6 && (text[0] == '+' || text[0] == '-') && digits(text, 1, 2, hour) && text[3] == ':' &&
           digits(text, 4, 2, minute) && hour < 24 && minute < 60;
}

bool is_arrow_type(std::string_view text)
{
    return parse_type(text).has_value();
}

bool is_secret_reference(std::string_view text)
{
    if (text.starts_with("file:"))
        return text.size() > 5 && text.find('\0') == text.npos;
    if (!text.starts_with("env:"))
        return false;
    text.remove_prefix(4);
    return !text.empty() && !is_digit(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

bool is_name(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool is_parameter_name(std::string_view text)
{
    return is_name(text) && text.find('-') == text.npos;
}

std::string no_duration(std::string_view text)
{
    const auto guess = guess_duration(text);
    return in_quotes(text) + " is no duration; write " + (guess.empty() || !parse_duration(guess) ? "for example '10m'" : in_quotes(guess));
}

std::string no_size(std::string_view text)
{
    return in_quotes(text) + " is no size; write for example '64MB' or '1GiB'";
}

} // namespace jackfield

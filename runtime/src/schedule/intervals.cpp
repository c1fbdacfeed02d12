// Cutting a range of time by the calendar.
#include "schedule/intervals.hpp"

#include <algorithm>
#include <charconv>

namespace jackfield::schedule {

namespace {

constexpr std::int64_t day_seconds = 86'400;
constexpr std::size_t most_intervals = 100'000;
constexpr std::int64_t monday = 4; // 1970-01-05 in days since 1970

std::int64_t floor_to(std::int64_t value, std::int64_t step)
{
    const std::int64_t rest = ((value % step) + step) % step;
    return value - rest;
}

std::int64_t month_number(std::int64_t days)
{
    const Date date = date_of(days);
    return date.year * 12 + date.month - 1;
}

std::int64_t days_of_month(std::int64_t month)
{
    const std::int64_t year = floor_to(month, 12) / 12;
    return days_of({year, static_cast<unsigned>(month - year * 12) + 1, 1});
}

/// The last border at or before a local time, and the one after a border.
Local border_before(const Every& every, Local local)
{
    const std::int64_t days = floor_to(local, day_seconds) / day_seconds;
    switch (every.unit) {
    case Every::Unit::second: return days * day_seconds + floor_to(local - days * day_seconds, every.count);
    case Every::Unit::day: return floor_to(days, every.count) * day_seconds;
    case Every::Unit::week: return (floor_to(days - monday, every.count * 7) + monday) * day_seconds;
    case Every::Unit::month: break;
    }
    return days_of_month(floor_to(month_number(days), every.count)) * day_seconds;
}

Local border_after(const Every& every, Local border)
{
    const std::int64_t days = floor_to(border, day_seconds) / day_seconds;
    switch (every.unit) {
    case Every::Unit::second: return border + every.count;
    case Every::Unit::day: return border + every.count * day_seconds;
    case Every::Unit::week: return border + every.count * 7 * day_seconds;
    case Every::Unit::month: break;
    }
    return days_of_month(month_number(days) + every.count) * day_seconds;
}

/// The borders from the last one before `from` to the first one after `to`, without repeats, oldest first.
Result<std::vector<Instant>> borders(const Zone& zone, const Every& every, Instant from, Instant to)
{
    const bool both = every.unit == Every::Unit::second && every.count <= 3600; // of an hour that comes twice
    std::vector<Instant> out;
    // A day before: what the wall shows runs back where the clock is set back.
    for (Local at = border_before(every, zone.local(from) - day_seconds);; at = border_after(every, at)) {
        const auto instants = zone.instants(at);
        out.push_back(instants.front());
        if (both)
            out.push_back(instants.back());
        if (out.size() > 2 * most_intervals + 200)
            return fail(JF_E_CONFIG, "these are more than 100,000 intervals; take longer ones with --every, or a shorter range");
        if (instants.front() > to)
            break;
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    const auto first = std::upper_bound(out.begin(), out.end(), from);
    return std::vector<Instant>(first == out.begin() ? first : first - 1, out.end());
}

std::string utc_name(const Zone& utc, Instant from, Instant to) { return utc.text(from) + "/" + utc.text(to); }

} // namespace

Result<Every> parse_every(std::string_view text)
{
    const Error bad = fail(JF_E_CONFIG, "'" + std::string(text.substr(0, 40)) + "' is no length of an interval; write for example 15m, 1h, 6h, 1d, 1w or 1mo");
    std::int64_t count = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (wrong != std::errc() || count < 1 || count > 100'000)
        return bad;
    if (unit == "d")
        return Every{Every::Unit::day, count};
    if (unit == "w")
        return Every{Every::Unit::week, count};
    if (unit == "mo") {
        if (count > 12 || 12 % count != 0)
            return fail(JF_E_CONFIG, "a year cannot be cut into intervals of " + std::to_string(count) + " months; take 1, 2, 3, 4, 6 or 12");
        return Every{Every::Unit::month, count};
    }
    const std::int64_t seconds = unit == "s" ? count : unit == "m" ? count * 60 : unit == "h" ? count * 3600 : 0;
    if (seconds == 0)
        return bad;
    if (seconds == day_seconds)
        return Every{Every::Unit::day, 1};
    if (seconds > day_seconds || day_seconds % seconds != 0)
        return fail(JF_E_CONFIG, "a day cannot be cut into intervals of " + std::string(text) + "; take a length that divides it, or whole days");
    return Every{Every::Unit::second, seconds};
}

Result<Cut> cut(const Range& range)
{
    JF_ASSIGN(const Every every, parse_every(range.every));
    JF_ASSIGN(const Zone zone, Zone::find(range.timezone));
    JF_ASSIGN(const Zone utc, Zone::find("UTC"));
    JF_ASSIGN(const Instant from, zone.parse(range.from));
    Instant to = range.now;
    if (range.to != "now") {
        JF_ASSIGN(to, zone.parse(range.to));
    }
    if (to <= from)
        return fail(JF_E_CONFIG, "--to " + range.to + " is not after --from " + range.from);
    JF_ASSIGN(const std::vector<Instant> at, borders(zone, every, from, to));
    if (at.front() != from)
        return fail(JF_E_CONFIG, "no interval of " + range.every + " begins at " + range.from + " in " + zone.name() + "; begin at " +
                                     zone.text(at[0]) + " or " + zone.text(at[1]));
    Cut out;
    for (std::size_t i = 0; i + 1 < at.size(); ++i) {
        if (at[i] >= to)
            break;
        if (at[i + 1] > to) {
            out.part_left_out = true;
            break;
        }
        if (at[i + 1] > range.now) {
            ++out.not_over;
            continue;
        }
        if (out.intervals.size() == most_intervals)
            return fail(JF_E_CONFIG, "these are more than 100,000 intervals; take longer ones with --every, or a shorter range");
        out.intervals.push_back({utc_name(utc, at[i], at[i + 1]), zone.text(at[i]), zone.text(at[i + 1]), at[i], at[i + 1], zone.name()});
    }
    return out;
}

} // namespace jackfield::schedule

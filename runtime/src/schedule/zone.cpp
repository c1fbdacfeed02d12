// Time zones through Howard Hinnant's library and the database of the system.
#include "schedule/zone.hpp"

#include <date/date.h>
#include <date/tz.h>

#include <array>
#include <cstdio>
#include <exception>

namespace jackfield::schedule {

namespace {

constexpr std::int64_t minute = 60;

const date::time_zone& zone_at(const void* zone) { return *static_cast<const date::time_zone*>(zone); }

std::string two_digits(std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// "Australia/Sydney" for "australia/sydney" or "Sydney"; empty: nothing is like it.
std::string similar_zone(std::string_view name)
{
    const auto lower = [](std::string_view text) {
        std::string out(text);
        for (char& c : out)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == ' ' ? '_' : c;
        return out;
    };
    const std::string wanted = lower(name);
    for (const auto& zone : date::get_tzdb().zones) {
        const std::string known = lower(zone.name());
        if (known == wanted || (known.size() > wanted.size() && known.ends_with("/" + wanted)))
            return zone.name();
    }
    return {};
}

/// Two or four digits at `at`, moved on; -1: there are none.
std::int64_t digits(std::string_view text, std::size_t& at, std::size_t count)
{
    if (at + count > text.size())
        return -1;
    std::int64_t out = 0;
    for (const std::size_t end = at + count; at < end; ++at) {
        if (text[at] < '0' || text[at] > '9')
            return -1;
        out = out * 10 + (text[at] - '0');
    }
    return out;
}

bool skip(std::string_view text, std::size_t& at, char wanted)
{
    if (at >= text.size() || text[at] != wanted)
        return false;
    ++at;
    return true;
}

struct Written {
    Local local = 0;
    bool has_offset = false;
    std::int64_t offset = 0; ///< seconds
};

/// false: it cannot be read.
bool read_clock(std::string_view text, std::size_t& at, Written& out)
{
    const std::int64_t hour = digits(text, at, 2);
    if (!skip(text, at, ':'))
        return false;
    const std::int64_t minutes = digits(text, at, 2);
    const std::int64_t seconds = skip(text, at, ':') ? digits(text, at, 2) : 0;
    if (hour < 0 || hour > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59)
        return false;
    out.local += hour * 3600 + minutes * minute + seconds;
    if (at == text.size())
        return true;
    out.has_offset = true;
    if (skip(text, at, 'Z') || skip(text, at, 'z'))
        return at == text.size();
    const std::int64_t sign = text[at] == '-' ? -1 : 1;
    if (!skip(text, at, '+') && !skip(text, at, '-'))
        return false;
    const std::int64_t hours = digits(text, at, 2);
    (void)skip(text, at, ':');
    const std::int64_t rest = digits(text, at, 2);
    out.offset = sign * (hours * 3600 + rest * minute);
    return hours >= 0 && hours <= 18 && rest >= 0 && rest <= 59 && at == text.size();
}

bool read_time(std::string_view text, Written& out)
{
    std::size_t at = 0;
    const std::int64_t year = digits(text, at, 4);
    const bool first = skip(text, at, '-');
    const std::int64_t month = digits(text, at, 2);
    const bool second = skip(text, at, '-');
    const std::int64_t day = digits(text, at, 2);
    const date::year_month_day date{date::year{static_cast<int>(year)}, date::month{static_cast<unsigned>(month)}, date::day{static_cast<unsigned>(day)}};
    if (year < 1 || !first || month < 1 || !second || day < 1 || !date.ok())
        return false;
    out.local = days_of({year, static_cast<unsigned>(month), static_cast<unsigned>(day)}) * 86'400;
    if (at == text.size())
        return true;
    return (skip(text, at, 'T') || skip(text, at, ' ')) && read_clock(text, at, out);
}

} // namespace

Date date_of(std::int64_t days)
{
    const date::year_month_day date{date::sys_days{date::days{days}}};
    return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())};
}

std::int64_t days_of(const Date& date)
{
    return date::sys_days(date::year(static_cast<int>(date.year)) / date::month(date.month) / date::day(date.day)).time_since_epoch().count();
}

Result<Zone> Zone::find(std::string_view name)
{
    // The library throws where a zone or the whole database is missing; no exception leaves this file.
    try {
        for (const auto& zone : date::get_tzdb().zones)
            if (zone.name() == name)
                return Zone(std::string(name), &zone);
        if (const auto* linked = date::locate_zone(std::string(name)))
            return Zone(std::string(name), linked);
    } catch (const std::exception&) {
        try {
            const std::string meant = similar_zone(name);
            return fail(JF_E_CONFIG, "there is no time zone '" + std::string(name) + "'; " +
                                         (meant.empty() ? "write one of /usr/share/zoneinfo, such as Europe/Berlin" : "did you mean '" + meant + "'?"));
        } catch (const std::exception&) {
            return fail(JF_E_NOT_FOUND, "this machine has no time zone database; install the package tzdata, or use UTC");
        }
    }
    return fail(JF_E_CONFIG, "there is no time zone '" + std::string(name) + "'");
}

std::vector<Instant> Zone::instants(Local local) const
{
    const auto info = zone_at(zone_).get_info(date::local_seconds(std::chrono::seconds(local)));
    if (info.result == date::local_info::nonexistent)
        return {info.first.end.time_since_epoch().count()};
    std::vector<Instant> out{local - info.first.offset.count()};
    if (info.result == date::local_info::ambiguous)
        out.push_back(local - info.second.offset.count());
    return out;
}

Local Zone::local(Instant instant) const
{
    return instant + zone_at(zone_).get_info(date::sys_seconds(std::chrono::seconds(instant))).offset.count();
}

std::string Zone::text(Instant instant) const
{
    const Local shown = local(instant);
    const std::int64_t offset = shown - instant;
    const std::int64_t days = shown >= 0 ? shown / 86'400 : -((86'399 - shown) / 86'400);
    const std::int64_t second = shown - days * 86'400;
    const Date date = date_of(days);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year), date.month, date.day,
                  static_cast<int>(second / 3600), static_cast<int>(second / minute % minute), static_cast<int>(second % minute));
    if (offset == 0)
        return text.data() + std::string("Z");
    const std::int64_t size = offset < 0 ? -offset : offset;
    return text.data() + std::string(offset < 0 ? "-" : "+") + two_digits(size / 3600) + ":" + two_digits(size / minute % minute);
}

Result<Instant> Zone::parse(std::string_view text) const
{
    Written written;
    if (!read_time(text, written))
        return fail(JF_E_CONFIG, "'" + std::string(text.substr(0, 60)) + "' is no time; write 2026-01-31, 2026-01-31T05:00 or 2026-01-31T05:00:00Z");
    return written.has_offset ? written.local - written.offset : instants(written.local).front();
}

} // namespace jackfield::schedule

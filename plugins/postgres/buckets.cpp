// Buckets of time as SQL. date_trunc with a zone knows daylight saving; date_bin counts alone, so it counts on the wall's
// clock, or within the hour, whose length no zone changes.
#include "buckets.hpp"

#include <array>
#include <charconv>

namespace jackfield::postgres {
namespace {

struct UnitName {
    std::string_view name;
    Width::Unit unit;
    int factor;
};
constexpr std::array<UnitName, 16> unit_names{{{"second", Width::Unit::second, 1}, {"seconds", Width::Unit::second, 1},
    {"minute", Width::Unit::minute, 1}, {"minutes", Width::Unit::minute, 1}, {"hour", Width::Unit::hour, 1}, {"hours", Width::Unit::hour, 1},
    {"day", Width::Unit::day, 1}, {"days", Width::Unit::day, 1}, {"week", Width::Unit::day, 7}, {"weeks", Width::Unit::day, 7},
    {"month", Width::Unit::month, 1}, {"months", Width::Unit::month, 1}, {"quarter", Width::Unit::month, 3}, {"quarters", Width::Unit::month, 3},
    {"year", Width::Unit::month, 12}, {"years", Width::Unit::month, 12}}};
constexpr std::array<UnitName, 5> short_names{{{"s", Width::Unit::second, 1}, {"m", Width::Unit::minute, 1}, {"h", Width::Unit::hour, 1},
    {"d", Width::Unit::day, 1}, {"w", Width::Unit::day, 7}}};

const char* word_of(Width::Unit unit)
{
    constexpr const char* words[] = {"second", "minute", "hour", "day", "month"};
    return words[static_cast<int>(unit)];
}

/// Into how many of the unit the next larger one is cut; 0: any number.
int parts_of(Width::Unit unit)
{
    constexpr int parts[] = {60, 60, 24, 0, 12};
    return parts[static_cast<int>(unit)];
}

/// date_bin on a clock without a zone.
std::string bin(const Width& width, const std::string& moment, const std::string& origin)
{
    return "date_bin(INTERVAL '" + width.interval() + "', " + moment + ", " + origin + ")";
}

constexpr const char* monday = "TIMESTAMP '2000-01-03'";

/// Months on a clock without a zone: those since the beginning of the year, less what is over.
std::string months(const Width& width, const std::string& moment)
{
    const std::string count = std::to_string(width.count);
    return "date_trunc('year', " + moment + ") + (((EXTRACT(MONTH FROM " + moment + ")::int - 1) / " + count + ") * " + count + ") * INTERVAL '1 month'";
}

std::string on_the_wall(const Width& width, const std::string& moment)
{
    if (width.count == 1)
        return "date_trunc('" + std::string(word_of(width.unit)) + "', " + moment + ")";
    if (width.unit == Width::Unit::month)
        return "(" + months(width, moment) + ")";
    return bin(width, moment, monday);
}

std::string in_zone(const Width& width, const std::string& zone, const std::string& moment)
{
    const auto cut = [&](const char* unit) { return "date_trunc('" + std::string(unit) + "', " + moment + ", " + zone + ")"; };
    if (width.count == 1)
        return cut(word_of(width.unit));
    if (width.unit == Width::Unit::second)
        return bin(width, moment, cut("minute"));
    if (width.unit == Width::Unit::minute)
        return bin(width, moment, cut("hour"));
    return "(" + on_the_wall(width, "(" + moment + " AT TIME ZONE " + zone + ")") + " AT TIME ZONE " + zone + ")";
}

} // namespace

std::string Width::interval() const { return std::to_string(count) + " " + word_of(unit) + (count == 1 ? "" : "s"); }

Result<Width> parse_span(std::string_view text)
{
    const auto none = [&] { return fail(JF_E_CONFIG, "'" + std::string(text) + "' is no span of time; write for example 'hour', '15 minutes', '1 day', 'week' or '3 months'"); };
    int count = 1;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool numbered = bad == std::errc();
    std::string_view rest = numbered ? text.substr(static_cast<std::size_t>(end - text.data())) : text;
    const bool spaced = !rest.empty() && rest.front() == ' ';
    while (!rest.empty() && rest.front() == ' ')
        rest.remove_prefix(1);
    if (count < 1 || count > 100'000)
        return none();
    const auto known = [&](const auto& names) -> std::optional<Width> {
        for (const UnitName& name : names)
            if (name.name == rest)
                return Width{name.unit, count * name.factor};
        return std::nullopt;
    };
    auto out = known(unit_names);
    if (!out && numbered && !spaced)
        out = known(short_names);
    if (!out)
        return none();
    return *out;
}

Result<Width> parse_width(std::string_view text)
{
    auto out = parse_span(text);
    if (!out)
        return out;
    if (out->unit == Width::Unit::second || out->unit == Width::Unit::minute || out->unit == Width::Unit::hour)
        if (out->count == parts_of(out->unit)) // 60 minutes are an hour, 24 hours a day
            out = Width{static_cast<Width::Unit>(static_cast<int>(out->unit) + 1), 1};
    if (const int parts = parts_of(out->unit); parts && parts % out->count != 0)
        return fail(JF_E_CONFIG, "buckets of '" + std::string(text) + "' would not begin at the same times each " + (parts == 60 ? out->unit == Width::Unit::second ? "minute" : "hour" : parts == 24 ? "day" : "year")
                + "; choose a number of " + word_of(out->unit) + "s that divides " + std::to_string(parts));
    return *out;
}

std::optional<TimeKind> time_kind_of(const PgType& type)
{
    switch (type.kind) {
    case Kind::timestamptz: return TimeKind::instant;
    case Kind::timestamp: return TimeKind::wall;
    case Kind::date: return TimeKind::day;
    default: return std::nullopt;
    }
}

const char* sql_type_of(TimeKind kind)
{
    constexpr const char* names[] = {"timestamptz", "timestamp", "date"};
    return names[static_cast<int>(kind)];
}

std::string bucket_of(const Width& width, TimeKind kind, std::string_view zone, const std::string& moment)
{
    switch (kind) {
    case TimeKind::instant: return in_zone(width, quote_literal(zone), moment);
    case TimeKind::wall: return on_the_wall(width, moment);
    default: return "(" + on_the_wall(width, moment + "::timestamp") + ")::date";
    }
}

bool reaches_ahead(const Width& width, TimeKind kind)
{
    return kind == TimeKind::instant && width.unit == Width::Unit::hour && width.count > 1;
}

} // namespace jackfield::postgres

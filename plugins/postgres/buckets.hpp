// Buckets of time: which one a moment lies in, as SQL, in a time zone and over its changes of daylight saving.
#pragma once

#include "table.hpp"

namespace jackfield::postgres {

/// How long a bucket is. Value. A count divides the next larger unit (60 seconds, 60 minutes, 24 hours, 12 months), so that
/// buckets begin where people expect them; days count from Monday 2000-01-03, so that 7 of them are a week.
struct Width {
    enum class Unit { second, minute, hour, day, month };
    Unit unit = Unit::hour;
    int count = 1;

    /// "15 minutes", as SQL spells an interval.
    [[nodiscard]] std::string interval() const;
};

/// Reads "hour", "15 minutes", "1 day", "week", "3 months", "quarter", "year", or a duration such as "15m", "1h", "7d".
/// JF_E_CONFIG: it is none, or its count does not divide the next larger unit.
[[nodiscard]] Result<Width> parse_width(std::string_view text);

/// A span of any number of the same units: "18 months", "3000 days". JF_E_CONFIG: it is none.
[[nodiscard]] Result<Width> parse_span(std::string_view text);

/// What kind of time a column holds.
enum class TimeKind {
    instant, ///< timestamptz: a moment, cut in the time zone
    wall,    ///< timestamp: as the clock on some wall showed it, cut as it is
    day,     ///< date
};

/// The kind of a column's type; nullopt: it holds no time.
[[nodiscard]] std::optional<TimeKind> time_kind_of(const PgType& type);

/// "timestamptz", "timestamp", "date".
[[nodiscard]] const char* sql_type_of(TimeKind kind);

/// SQL of the beginning of the bucket that `moment` (SQL of the kind's type) lies in, of the same type. `zone`: its name; used
/// for instants only. Never decreases when `moment` grows; begins up to a day after `moment` only as reaches_ahead says.
/// Requires: for days, a width of days or months.
[[nodiscard]] std::string bucket_of(const Width& width, TimeKind kind, std::string_view zone, const std::string& moment);

/// Whether a bucket's beginning may lie after a moment in it: where the clock goes back in the middle of a bucket, its label
/// is the second of two moments with that name.
[[nodiscard]] bool reaches_ahead(const Width& width, TimeKind kind);

} // namespace jackfield::postgres

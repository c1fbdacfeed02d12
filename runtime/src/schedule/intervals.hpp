// Intervals: a range of time cut by the calendar of a zone, for backfills.
#pragma once

#include "schedule/zone.hpp"

#include <jackfield/runtime/interval.hpp>
#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::schedule {

/// How long an interval is. Less than a day: seconds that divide a day; else whole days, weeks or months.
struct Every {
    enum class Unit { second, day, week, month };
    Unit unit = Unit::day;
    std::int64_t count = 1;
};

/// "15m", "1h", "6h", "1d", "2w", "1mo", "3mo". JF_E_CONFIG for what no calendar can be cut by.
[[nodiscard]] Result<Every> parse_every(std::string_view text);

/// What is to be cut. Value.
struct Range {
    std::string from, to;         ///< as Zone::parse reads them; to: also "now"
    std::string every = "1d";
    std::string timezone = "UTC";
    Instant now = 0;
};

/// Value.
struct Cut {
    std::vector<DataInterval> intervals;  ///< half-open, without gaps, oldest first
    bool part_left_out = false;       ///< `to` lies within an interval, which is not one of them
    std::int64_t not_over = 0;        ///< how many were left out because they end after `now`
};

/// The whole intervals between from and to. Their borders are those of the calendar and not counted from `from`, so the same
/// interval has the same name whoever asks: midnights of the zone, multiples of the step within the day, Mondays, first days
/// of a month. An hour that comes twice when the clock is set back is two intervals of one hour (steps up to an hour), a
/// longer step gets longer; an hour that is left out is none. JF_E_CONFIG: from is no border, to is not after from, more
/// than 100,000 intervals, no such zone.
[[nodiscard]] Result<Cut> cut(const Range& range);

} // namespace jackfield::schedule

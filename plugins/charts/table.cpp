// Reading one column's values as a chart wants them.
#include "table.hpp"

#include "json_text.hpp"

#include <cstdio>

namespace jackfield::charts {
namespace {

// Days since 1970 to a civil date (the proleptic Gregorian calendar).
void append_date(std::string& out, double milliseconds, bool with_time)
{
    const auto seconds = static_cast<std::int64_t>(std::floor(milliseconds / 1000));
    std::int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
    const std::int64_t in_day = seconds - days * 86400;
    days += 719468; // from 0000-03-01, so that leap days come last in a year
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t day_of_era = days - era * 146097;
    const std::int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day = day_of_era - (365 * year + year / 4 - year / 100);
    const std::int64_t month = (5 * day + 2) / 153;
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d", static_cast<int>(year + era * 400 + (month >= 10 ? 1 : 0)),
                  static_cast<int>(month < 10 ? month + 3 : month - 9), static_cast<int>(day - (153 * month + 2) / 5 + 1));
    out += buffer;
    if (with_time) {
        std::snprintf(buffer, sizeof buffer, " %02d:%02d", static_cast<int>(in_day / 3600),
                      static_cast<int>(in_day / 60 % 60));
        out += buffer;
    }
}

} // namespace

bool Column::is_null(std::size_t row) const
{
    return kind == ColumnKind::text ? !valid[row] : !std::isfinite(numbers[row]);
}

std::string Column::label(std::size_t row) const
{
    std::string out;
    if (is_null(row))
        return "(none)";
    if (kind == ColumnKind::text)
        return texts[row];
    if (kind == ColumnKind::time)
        append_date(out, numbers[row], !date_only);
    else
        append_number(out, numbers[row]);
    return out;
}

Result<const Column*> Table::find(std::string_view name, std::string_view member) const
{
    std::string known;
    for (const Column& column : columns) {
        if (column.name == name)
            return &column;
        known += (known.empty() ? "" : ", ") + column.name;
    }
    return fail(JF_E_CONFIG, "the data has no column '" + std::string(name) + "'; columns: " + known, std::string(member));
}

} // namespace jackfield::charts

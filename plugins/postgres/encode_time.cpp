// Encoders of dates, times, timestamps and intervals.
#include "encode_parts.hpp"

#include <jackfield/sdk/arrow/text.hpp>

#include <limits>

namespace jackfield::postgres {
namespace {

constexpr std::int64_t day_micros = 86'400'000'000;
constexpr const char* beyond_dates = "is a date that PostgreSQL does not hold (4713 BC to 5874897)";
constexpr const char* beyond_timestamps = "is a time that PostgreSQL does not hold (4713 BC to 294276)";

/// Whether INT64_MAX or INT64_MIN, which stand for infinity and -infinity on both sides.
bool endless(std::int64_t value) { return value == std::numeric_limits<std::int64_t>::max() || value == std::numeric_limits<std::int64_t>::min(); }

/// In microseconds; finer parts are cut towards the past. False: it does not fit.
bool to_micros(std::int64_t value, Unit unit, std::int64_t& out)
{
    if (unit == Unit::nano) {
        out = detail::floor_div(value, 1000);
        return true;
    }
    const std::int64_t factor = unit == Unit::second ? 1'000'000 : unit == Unit::milli ? 1000 : 1;
    return !__builtin_mul_overflow(value, factor, &out);
}

/// Microseconds since 1970 into those since 2000.
const char* put_timestamp(std::int64_t since_1970, std::int64_t& out)
{
    out = 0;
    if (__builtin_sub_overflow(since_1970, epoch_micros, &out) || out < first_timestamp || out >= end_of_timestamps)
        return beyond_timestamps;
    return nullptr;
}

const char* put_date(std::int64_t since_1970, std::int32_t& out)
{
    out = 0;
    if (since_1970 < first_date + epoch_days || since_1970 >= end_of_dates + epoch_days)
        return beyond_dates;
    out = static_cast<std::int32_t>(since_1970 - epoch_days);
    return nullptr;
}

std::unique_ptr<ColumnEncoder> make_timestamp(const DataType& from)
{
    const DataType& value = value_type(from);
    if (value.type == Type::timestamp)
        return fixed<std::int64_t>([unit = value.unit](const ColumnView& column, std::int64_t row, std::int64_t& out) -> const char* {
            const std::int64_t stored = column.i64(row);
            std::int64_t micros = 0;
            if (endless(stored)) [[unlikely]] {
                out = stored;
                return nullptr;
            }
            return to_micros(stored, unit, micros) ? put_timestamp(micros, out) : beyond_timestamps;
        });
    if (value.type != Type::date32 && value.type != Type::date64)
        return nullptr;
    return fixed<std::int64_t>([days = value.type == Type::date32](const ColumnView& column, std::int64_t row, std::int64_t& out) -> const char* {
        std::int64_t micros = 0;
        return __builtin_mul_overflow(column.i64(row), days ? day_micros : 1000, &micros) ? beyond_timestamps : put_timestamp(micros, out);
    });
}

std::unique_ptr<ColumnEncoder> make_date(const DataType& from)
{
    const DataType& value = value_type(from);
    if (value.type == Type::date32)
        return fixed<std::int32_t>([](const ColumnView& column, std::int64_t row, std::int32_t& out) -> const char* {
            const std::int64_t days = column.i64(row);
            if (days == std::numeric_limits<std::int32_t>::max() || days == std::numeric_limits<std::int32_t>::min()) {
                out = static_cast<std::int32_t>(days);
                return nullptr;
            }
            return put_date(days, out);
        });
    if (value.type != Type::date64 && value.type != Type::timestamp)
        return nullptr;
    const Unit unit = value.type == Type::date64 ? Unit::milli : value.unit;
    return fixed<std::int32_t>([unit](const ColumnView& column, std::int64_t row, std::int32_t& out) -> const char* {
        const std::int64_t stored = column.i64(row), day = 86'400 * detail::units_per_second(unit);
        if (endless(stored)) {
            out = stored > 0 ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<std::int32_t>::min();
            return nullptr;
        }
        out = 0;
        return stored % day == 0 ? put_date(stored / day, out) : "has a time of day, and the column holds only dates";
    });
}

std::unique_ptr<ColumnEncoder> make_time(const DataType& from)
{
    const DataType& value = value_type(from);
    if (value.type != Type::time32 && value.type != Type::time64)
        return nullptr;
    return fixed<std::int64_t>([unit = value.unit](const ColumnView& column, std::int64_t row, std::int64_t& out) -> const char* {
        out = 0;
        return to_micros(column.i64(row), unit, out) && out >= 0 && out <= day_micros ? nullptr : "is no time of a day";
    });
}

std::unique_ptr<ColumnEncoder> make_interval(const DataType& from)
{
    const DataType& value = value_type(from);
    const auto put = [](Buffer& out, std::int64_t micros, std::int32_t days, std::int32_t months) {
        char* at = reinterpret_cast<char*>(out.room(16));
        put_be(put_be(put_be(at, micros), days), months);
        out.advance(16);
    };
    if (value.type == Type::duration)
        return made([put, unit = value.unit](const ColumnView& column, std::int64_t row, Buffer& out) -> const char* {
            std::int64_t micros = 0;
            if (!to_micros(column.i64(row), unit, micros))
                return "is longer than PostgreSQL's intervals";
            put(out, micros, 0, 0);
            return nullptr;
        });
    if (value.type == Type::interval_month_day_nano)
        return made([put](const ColumnView& column, std::int64_t row, Buffer& out) -> const char* {
            const Interval interval = column.interval(row);
            put(out, detail::floor_div(interval.nanoseconds, 1000), interval.days, interval.months);
            return nullptr;
        });
    return nullptr;
}

} // namespace

std::unique_ptr<ColumnEncoder> make_time_encoder(const DataType& from, Kind to)
{
    switch (to) {
    case Kind::date: return make_date(from);
    case Kind::time: return make_time(from);
    case Kind::timestamp: case Kind::timestamptz: return make_timestamp(from);
    case Kind::interval: return make_interval(from);
    default: return nullptr;
    }
}

} // namespace jackfield::postgres

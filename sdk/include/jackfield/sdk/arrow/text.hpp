// Values as text, fast: numbers, decimals, dates, times. Shared by the writers of CSV and NDJSON.
//
// Each write_… puts text at `at`, without an end mark, and returns the place behind it. The caller has room for
// max_value_text bytes. Nothing allocates. Any thread.
#pragma once

#include <jackfield/sdk/arrow/buffer.hpp>
#include <jackfield/sdk/arrow/types.hpp>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace jackfield {

/// The longest text that any write_… here makes.
inline constexpr std::size_t max_value_text = 128;

namespace detail {

inline constexpr char digit_pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869"
    "707172737475767778798081828384858687888990919293949596979899";

inline char* write_2(char* at, unsigned value) // 0 to 99
{
    std::memcpy(at, digit_pairs + value * 2, 2);
    return at + 2;
}

inline char* write_padded(char* at, std::uint64_t value, int digits)
{
    for (char* to = at + digits; to != at; value /= 10)
        *--to = static_cast<char>('0' + value % 10);
    return at + digits;
}

inline std::int64_t units_per_second(Unit unit)
{
    return unit == Unit::second ? 1 : unit == Unit::milli ? 1'000 : unit == Unit::micro ? 1'000'000 : 1'000'000'000;
}

inline char* write_fraction(char* at, std::int64_t fraction, Unit unit) // ".123"; nothing for 0
{
    if (fraction == 0)
        return at;
    *at++ = '.';
    return write_padded(at, static_cast<std::uint64_t>(fraction), static_cast<int>(unit) * 3);
}

inline std::int64_t floor_div(std::int64_t value, std::int64_t by)
{
    return value / by - (value % by < 0 ? 1 : 0);
}

inline std::int64_t floor_mod(std::int64_t value, std::int64_t by)
{
    return value % by + (value % by < 0 ? by : 0);
}

} // namespace detail

inline char* write_i64(char* at, std::int64_t value) { return std::to_chars(at, at + 24, value).ptr; }
inline char* write_u64(char* at, std::uint64_t value) { return std::to_chars(at, at + 24, value).ptr; }

/// The shortest text that reads back as the same value; "nan", "inf", "-inf".
inline char* write_f64(char* at, double value) { return std::to_chars(at, at + 40, value).ptr; }
inline char* write_f32(char* at, float value) { return std::to_chars(at, at + 40, value).ptr; }

/// All digits, `scale` of them after the point: 1250 with scale 2 is "12.50"; a negative scale adds zeros.
/// Requires: -38 <= scale <= 38.
inline char* write_decimal(char* at, Int128 unscaled, std::int32_t scale)
{
    constexpr std::uint64_t chunk = 10'000'000'000'000'000'000U; // 10^19, the most that fits
    auto left = static_cast<UInt128>(unscaled);
    if (unscaled < 0) {
        *at++ = '-';
        left = 0 - left;
    }
    char digits[80];
    char* end = digits;
    if (left < chunk) {
        end = write_u64(end, static_cast<std::uint64_t>(left));
    } else {
        const UInt128 upper = left / chunk;
        if (upper < chunk) {
            end = write_u64(end, static_cast<std::uint64_t>(upper));
        } else {
            end = write_u64(end, static_cast<std::uint64_t>(upper / chunk));
            end = detail::write_padded(end, static_cast<std::uint64_t>(upper % chunk), 19);
        }
        end = detail::write_padded(end, static_cast<std::uint64_t>(left % chunk), 19);
    }
    auto count = static_cast<std::int32_t>(end - digits);
    const auto put = [&](const char* from, std::int32_t bytes) {
        std::memcpy(at, from, static_cast<std::size_t>(bytes));
        at += bytes;
    };
    if (scale <= 0) {
        put(digits, count);
        if (unscaled != 0)
            at = static_cast<char*>(std::memset(at, '0', static_cast<std::size_t>(-scale))) - scale;
        return at;
    }
    const std::int32_t whole = count - scale;
    if (whole > 0) {
        put(digits, whole);
        *at++ = '.';
        put(digits + whole, scale);
        return at;
    }
    *at++ = '0';
    *at++ = '.';
    at = static_cast<char*>(std::memset(at, '0', static_cast<std::size_t>(-whole))) - whole;
    put(digits, count);
    return at;
}

/// "2024-02-29" of days since 1970-01-01, Gregorian; years outside 0000 to 9999 get a sign, as ISO 8601 has it.
/// Requires: within 10^15 days.
inline char* write_date(char* at, std::int64_t days)
{
    // Years are counted from March 1st, so that the leap day is the last of its year; 400 years have 146097 days.
    const std::int64_t from_march_0000 = days + 719468;
    const std::int64_t era = detail::floor_div(from_march_0000, 146097);
    const auto day_of_era = static_cast<unsigned>(from_march_0000 - era * 146097);
    const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned month_from_march = (5 * day_of_year + 2) / 153; // 153 days in five months
    const unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const std::int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
    if (year >= 0 && year <= 9999) [[likely]] {
        at = detail::write_2(at, static_cast<unsigned>(year / 100));
        at = detail::write_2(at, static_cast<unsigned>(year % 100));
    } else {
        *at++ = year < 0 ? '-' : '+';
        const auto size = static_cast<std::uint64_t>(year < 0 ? -year : year);
        at = size < 10000 ? detail::write_padded(at, size, 4) : write_u64(at, size);
    }
    *at++ = '-';
    at = detail::write_2(at, month);
    *at++ = '-';
    return detail::write_2(at, day);
}

/// "13:05:09" of a time since midnight; a fraction that is not 0 in full: 3, 6 or 9 digits by unit. Outside of a day
/// it is taken modulo a day.
inline char* write_time(char* at, std::int64_t value, Unit unit)
{
    const std::int64_t per_second = detail::units_per_second(unit);
    const std::int64_t seconds = detail::floor_div(value, per_second);
    const auto of_day = static_cast<unsigned>(detail::floor_mod(seconds, 86400));
    at = detail::write_2(at, of_day / 3600);
    *at++ = ':';
    at = detail::write_2(at, of_day / 60 % 60);
    *at++ = ':';
    at = detail::write_2(at, of_day % 60);
    return detail::write_fraction(at, detail::floor_mod(value, per_second), unit);
}

/// "2024-02-29T13:05:09.250Z"; `utc` adds the Z: pass whether the column names a zone, since its values are UTC then.
inline char* write_timestamp(char* at, std::int64_t value, Unit unit, bool utc)
{
    const std::int64_t days = detail::floor_div(value, detail::units_per_second(unit) * 86400);
    at = write_date(at, days);
    *at++ = 'T';
    at = write_time(at, value, unit);
    if (utc)
        *at++ = 'Z';
    return at;
}

/// "PT1.500S", ISO 8601 in seconds alone; negative: "-PT1.500S".
inline char* write_duration(char* at, std::int64_t value, Unit unit)
{
    if (value < 0)
        *at++ = '-';
    const std::uint64_t size = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    const auto per_second = static_cast<std::uint64_t>(detail::units_per_second(unit));
    *at++ = 'P';
    *at++ = 'T';
    at = write_u64(at, size / per_second);
    at = detail::write_fraction(at, static_cast<std::int64_t>(size % per_second), unit);
    *at++ = 'S';
    return at;
}

/// "P14M3DT1.5S" with nanoseconds in full; parts may be negative.
inline char* write_interval(char* at, Interval value)
{
    *at++ = 'P';
    at = write_i64(at, value.months);
    *at++ = 'M';
    at = write_i64(at, value.days);
    *at++ = 'D';
    *at++ = 'T';
    if (value.nanoseconds < 0)
        *at++ = '-';
    const auto raw = static_cast<std::uint64_t>(value.nanoseconds);
    const std::uint64_t size = value.nanoseconds < 0 ? 0 - raw : raw;
    at = write_u64(at, size / 1'000'000'000);
    at = detail::write_fraction(at, static_cast<std::int64_t>(size % 1'000'000'000), Unit::nano);
    *at++ = 'S';
    return at;
}

/// Appends `bytes` as base64 with padding.
inline void append_base64(Buffer& out, std::string_view bytes)
{
    static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char* at = reinterpret_cast<char*>(out.room((bytes.size() + 2) / 3 * 4));
    const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        *at++ = letters[group >> 18];
        *at++ = letters[group >> 12 & 63];
        *at++ = i + 1 < bytes.size() ? letters[group >> 6 & 63] : '=';
        *at++ = i + 2 < bytes.size() ? letters[group & 63] : '=';
    }
    out.advance((bytes.size() + 2) / 3 * 4);
}

} // namespace jackfield

// Values in network byte order, as all binary forms of PostgreSQL have them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace jackfield::postgres {

/// The bytes of `value`, highest first, as an unsigned number of its size.
template <class T>
[[nodiscard]] inline auto to_be(T value)
{
    static_assert(std::endian::native == std::endian::little);
    if constexpr (sizeof(T) == 1)
        return std::bit_cast<std::uint8_t>(value);
    else if constexpr (sizeof(T) == 2)
        return __builtin_bswap16(std::bit_cast<std::uint16_t>(value));
    else if constexpr (sizeof(T) == 4)
        return __builtin_bswap32(std::bit_cast<std::uint32_t>(value));
    else
        return __builtin_bswap64(std::bit_cast<std::uint64_t>(value));
}

/// Writes it at `at`; returns the place behind it.
template <class T>
inline char* put_be(char* at, T value)
{
    const auto turned = to_be(value);
    std::memcpy(at, &turned, sizeof turned);
    return at + sizeof turned;
}

/// Reads it. Requires: sizeof(T) bytes at `data`; T is a whole number of 2, 4 or 8 bytes.
template <class T>
[[nodiscard]] inline T from_be(const char* data)
{
    T value;
    std::memcpy(&value, data, sizeof value);
    return static_cast<T>(to_be(value));
}

// Days and microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL's dates and times start.
inline constexpr std::int64_t epoch_days = 10'957;
inline constexpr std::int64_t epoch_micros = epoch_days * 86'400'000'000;
// What the server takes: 4713-11-24 BC to 294276-12-31 and 5874897-12-31, counted from 2000-01-01; the ends are outside.
inline constexpr std::int64_t first_timestamp = -211'813'488'000'000'000, end_of_timestamps = 9'223'371'331'200'000'000;
inline constexpr std::int64_t first_date = -2'451'545, end_of_dates = 2'145'031'949;

} // namespace jackfield::postgres

// Values of PostgreSQL's binary form as the text that the server itself would write.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace jackfield::postgres {

/// Whole numbers as the wire has them: most significant byte first. Requires: sizeof(T) bytes at `data`.
template <class T>
[[nodiscard]] inline T wire(const char* data)
{
    T value;
    std::memcpy(&value, data, sizeof value);
    if constexpr (sizeof(T) == 2)
        return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    else if constexpr (sizeof(T) == 4)
        return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    else
        return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

/// Days and microseconds between the epochs: PostgreSQL counts from 2000-01-01, Arrow from 1970-01-01.
inline constexpr std::int32_t epoch_days = 10957;
inline constexpr std::int64_t epoch_us = std::int64_t(epoch_days) * 86'400'000'000;

// Each appends to `out` and returns false, with nothing appended, if the bytes are no value of the type.

/// All digits, as numeric_out: "-12.50", "NaN", "Infinity".
bool append_numeric(std::string& out, std::string_view binary);
/// "13:05:09.25+05:30".
bool append_timetz(std::string& out, std::string_view binary);
/// "192.168.0.0/16", "::1"; the prefix is left out of an inet that is one host.
bool append_inet(std::string& out, std::string_view binary);
/// "08:00:2b:01:02:03".
bool append_macaddr(std::string& out, std::string_view binary);
/// "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", 36 bytes at `out`. Requires: 16 bytes at `binary`.
void write_uuid(char* out, const char* binary);

} // namespace jackfield::postgres

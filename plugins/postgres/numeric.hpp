// Decimal numbers in the binary form of PostgreSQL's type numeric.
#pragma once

#include <jackfield/sdk/arrow/buffer.hpp>
#include <jackfield/sdk/arrow/types.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace jackfield::postgres {

/// The most bytes that append_numeric puts for a decimal128 of any scale: 8 of header, 2 for each four digits.
inline constexpr std::size_t longest_decimal = 8 + 2 * 24;

/// Writes the binary form of unscaled / 10^scale at `at`, which has room for longest_decimal bytes; returns the place
/// behind it. Exact. Requires: -38 <= scale <= 38.
[[nodiscard]] char* write_numeric(char* at, Int128 unscaled, std::int32_t scale);

/// Appends the binary form of a number as people write it: sign, digits, point, exponent, NaN, Infinity, blanks around it.
/// All digits are kept. False: it is no number, or one that numeric does not hold; nothing is appended then.
[[nodiscard]] bool append_numeric(Buffer& out, std::string_view text);

} // namespace jackfield::postgres

// Numbers as people read them in a terminal.
#pragma once

#include <cstdint>
#include <string>

namespace jackfield {

/// 231083 → "231,083".
[[nodiscard]] std::string human_count(std::uint64_t count);
/// "256 k", "1.42 M": three figures at most.
[[nodiscard]] std::string human_rate(double per_second);
/// Decimal units: "41.2 MB".
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);
/// "3 ms", "0.9 s", "42 s", "3 m 05 s", "2 h 10 m".
[[nodiscard]] std::string human_duration(std::int64_t nanoseconds);
/// "1 row", "2 rows": the count, a blank and the word in the right number.
[[nodiscard]] std::string human_number_of(std::uint64_t count, const char* one, const char* many);

} // namespace jackfield

// Spellings of values that JSON has no type for: dates, times, Arrow types, secrets, names.
// Durations and sizes: parse_duration(), parse_size() in jackfield/runtime/flow.hpp.
#pragma once

#include <string>
#include <string_view>

namespace jackfield {

/// "2026-01-31", a day that exists.
[[nodiscard]] bool is_date(std::string_view text);

/// "2026-01-31T10:00:00", a fraction of up to nine digits, "Z" or "+11:00" or neither; a space may stand for the T.
[[nodiscard]] bool is_timestamp(std::string_view text);

/// "int64", "decimal(10,2)", "timestamp(us, Australia/Sydney)", "list<string>", "struct<a: int64, b: string>".
[[nodiscard]] bool is_arrow_type(std::string_view text);

/// "env:NAME" or "file:PATH".
[[nodiscard]] bool is_secret_reference(std::string_view text);

/// A name of a flow, task or connection: a letter or _, then up to 63 letters, digits, _ or -.
[[nodiscard]] bool is_name(std::string_view text);
/// A name of a parameter: the same without -.
[[nodiscard]] bool is_parameter_name(std::string_view text);

/// "'ten minutes' is no duration; write '10m'": the sentence for a misspelt duration or size, with a guess at what was meant.
[[nodiscard]] std::string no_duration(std::string_view text);
[[nodiscard]] std::string no_size(std::string_view text);

} // namespace jackfield

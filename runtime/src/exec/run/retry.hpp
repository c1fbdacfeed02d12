// When a failed attempt is tried again, and after how long. Pure functions.
#pragma once

#include <jackfield/runtime/flow.hpp>
#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <optional>

namespace jackfield::exec {

/// Nanoseconds to wait before attempt `attempt` + 1, or nothing if there is none: the error is of no class worth it, or
/// `attempt` (from 1) was the last one. delay = min(max_delay, delay · factor^(attempt-1)); jitter is drawn from `seed`
/// and the attempt, so that the same run draws the same (`full`: 0 to the delay; `equal`: half to the whole of it;
/// `plus_minus`: ± spread). The error's own retry-after is a lower bound that jitter does not shorten.
[[nodiscard]] std::optional<std::int64_t> delay_before_retry(const Retry& retry, const Error& error, std::uint32_t attempt,
                                                             std::uint64_t seed);

} // namespace jackfield::exec

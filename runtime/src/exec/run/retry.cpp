// Retry delays: orchestration's usual formula with a reproducible draw.
#include "exec/run/retry.hpp"

#include <algorithm>
#include <cmath>

namespace jackfield::exec {

namespace {

/// A number in [0, 1) that depends on nothing but its arguments: the finaliser of SplitMix64 (Steele et al., 2014).
double draw(std::uint64_t seed, std::uint32_t attempt)
{
    std::uint64_t x = seed + 0x9e3779b97f4a7c15ULL * (attempt + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    x ^= x >> 31;
    return static_cast<double>(x >> 11) * 0x1p-53;
}

double with_jitter(const Retry& retry, double delay, double random)
{
    switch (retry.jitter) {
    case Jitter::none: return delay;
    case Jitter::full: return delay * random;
    case Jitter::equal: return delay * (0.5 + 0.5 * random);
    case Jitter::plus_minus: return delay * (1 + retry.spread * (2 * random - 1));
    }
    return delay;
}

} // namespace

std::optional<std::int64_t> delay_before_retry(const Retry& retry, const Error& error, std::uint32_t attempt, std::uint64_t seed)
{
    if (attempt > retry.retries || std::find(retry.on.begin(), retry.on.end(), error.kind) == retry.on.end())
        return std::nullopt;
    const double most = static_cast<double>(retry.max_delay.count());
    const double delay = std::min(most, static_cast<double>(retry.delay.count()) * std::pow(retry.factor, attempt - 1));
    const auto drawn = static_cast<std::int64_t>(with_jitter(retry, delay, draw(seed, attempt)));
    return std::max(drawn, error.retry_after_ns);
}

} // namespace jackfield::exec

// Random: the same numbers for the same seed, on every machine (the standard library's distributions differ).
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace jackfield::testkit {

/// splitmix64 (Steele, Lea, Flood 2014). Value. One thread at a time.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    /// Of a seed and a name, so that a test draws the same whatever ran before it.
    Random(std::uint64_t seed, std::string_view name) : state_(seed)
    {
        for (const char c : name)
            state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U; // FNV-1a
    }
    std::uint64_t next()
    {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    /// 0 to bound - 1. Requires: bound > 0.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    std::int64_t between(std::int64_t low, std::int64_t high)
    {
        const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + (span == 0 ? next() : below(span)));
    }
    bool one_in(std::uint64_t times) { return below(times) == 0; }
    template <class Container>
    auto& of(Container& container)
    {
        return container[static_cast<std::size_t>(below(std::size(container)))];
    }
    std::string bytes(std::size_t length)
    {
        std::string out(length, '\0');
        for (char& c : out)
            c = static_cast<char>(next());
        return out;
    }

private:
    std::uint64_t state_;
};

} // namespace jackfield::testkit

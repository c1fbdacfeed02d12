// Guess: which type a column of text values has, judged from a sample.
#pragma once

#include <jackfield/sdk/arrow/types.hpp>

#include <cstdint>
#include <string_view>

namespace jackfield::files {

/// Narrows what a column can be, value by value. Value.
///
/// bool, int64, uint64, double, date, time, timestamp (with a zone: UTC), else utf8. Whole numbers widen to double if
/// some have a point. Numbers with leading zeros ("007") and whole numbers beyond 64 bits stay text, as do columns
/// without any value.
class Guess {
public:
    /// Requires: text_padding readable bytes after `text`; it is no spelling of null.
    void add(std::string_view text);
    [[nodiscard]] DataType type() const;

private:
    enum : std::uint32_t {
        boolean = 1, int64 = 2, uint64 = 4, float64 = 8, date = 16, time = 32, local_timestamp = 64, zoned_timestamp = 128, all = 255,
    };
    std::uint32_t possible_ = all;
    bool seen_ = false;
    bool nanoseconds_ = false;
};

} // namespace jackfield::files

// Bound: a limit that a value must not pass, compared exactly in the type of its column.
#pragma once

#include <jackfield/sdk/arrow/view.hpp>
#include <jackfield/sdk/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace jackfield::checks {

/// Nanoseconds since 1970 UTC of "2026-01-31", "2026-01-31T10:00:00.5Z" or the same with a blank; no zone means UTC.
[[nodiscard]] std::optional<Int128> parse_instant(std::string_view text);

/// A limit given as a number or as text. Value.
class Bound {
public:
    /// `text`: as written, a number or (quoted == true) a text: a date, an instant, or text to compare with.
    Bound(std::string text, bool quoted) : text_(std::move(text)), quoted_(quoted) {}

    /// Makes it ready for columns of this type. JF_E_CONFIG if they do not compare.
    [[nodiscard]] Status prepare(const DataType& type);
    /// < 0, 0, > 0: the value is below, at, above the limit. NaN is above everything. Requires: prepared, not null.
    [[nodiscard]] int compare(const ColumnView& column, std::int64_t row) const;
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] bool quoted() const { return quoted_; }

private:
    enum class Way { whole, floating, text };

    std::string text_;
    bool quoted_;
    Way way_ = Way::text;
    Int128 whole_ = 0;      ///< in the unit of the column, rounded down
    bool between_ = false;  ///< the limit lies above whole_, not on it
    double floating_ = 0;
};

} // namespace jackfield::checks

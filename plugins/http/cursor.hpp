// The incremental cursor: values that rows are ordered by, and what is remembered of the rows that were delivered.
#pragma once

#include "settings.hpp"

#include <jackfield/sdk/arrow/view.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::http {

/// A value of the cursor's column that can be compared with others of it. Value.
struct CursorValue {
    enum class Kind : std::uint8_t { whole, real, text };
    Kind kind = Kind::whole;
    Int128 number = 0;
    double fraction = 0;
    std::string text;
    std::string spelled; ///< for the parameter

    /// Of a row that is not null. JF_E_CONFIG if the column's type has no order, JF_E_DATA for text beyond a kilobyte.
    [[nodiscard]] static Result<CursorValue> of(const ColumnView& column, std::int64_t row, Spelling spelling);
    /// Negative, 0, positive. Requires: the same kind.
    [[nodiscard]] int compare(const CursorValue& other) const;
};

/// What a run delivered, as far as the next one must know. Value.
///
/// `top` is the greatest value, `at_top` has digests of the rows that have it, `below` is the greatest value under it. Rows
/// up to `below` count as delivered, rows at `top` if their digest is listed, as often as it is.
struct CursorMark {
    std::optional<CursorValue> top, below;
    std::vector<std::uint64_t> at_top;

    static constexpr std::size_t most_at_top = 2000;

    /// What the parameter takes; nullptr: nothing was delivered yet, or only rows of one value, which must come again.
    [[nodiscard]] const std::string* parameter(bool exclusive) const
    {
        const auto& value = exclusive ? below : top;
        return value ? &value->spelled : nullptr;
    }
    /// A row was delivered. JF_E_DATA if more rows than can be remembered have the greatest value.
    [[nodiscard]] Status add(const CursorValue& value, std::uint64_t digest, const std::string& field);
    /// Whether `value` decides alone: delivered already (true), new (false); nullopt: its digest tells.
    [[nodiscard]] std::optional<bool> knows(const CursorValue& value) const;
};

/// Takes one use of `digest` off the list; false: it is not there.
[[nodiscard]] bool take_digest(std::vector<std::uint64_t>& digests, std::uint64_t digest);

} // namespace jackfield::http

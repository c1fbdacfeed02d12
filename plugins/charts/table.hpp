// The data of one chart: a few columns in memory, each of one of the kinds that a chart tells apart.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::charts {

enum class ColumnKind : std::uint8_t { number, time, text };

/// One column. Value. `numbers` holds numbers, or milliseconds since 1970 UTC for times, and NaN for null; `texts`
/// and `valid` are filled for texts only.
struct Column {
    std::string name;
    ColumnKind kind = ColumnKind::number;
    bool date_only = false; ///< a time without time of day
    std::vector<double> numbers;
    std::vector<std::string> texts;
    std::vector<bool> valid;

    [[nodiscard]] bool is_null(std::size_t row) const;
    /// The value as the label of a category; null is "(none)".
    [[nodiscard]] std::string label(std::size_t row) const;
};

/// Columns of one length. Value.
struct Table {
    std::vector<Column> columns;
    std::size_t rows = 0;

    /// JF_E_CONFIG that lists the columns there are, if `name` is none of them.
    [[nodiscard]] Result<const Column*> find(std::string_view name, std::string_view member) const;
};

} // namespace jackfield::charts

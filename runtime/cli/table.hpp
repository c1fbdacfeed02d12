// Table: aligned columns on a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::cli {

/// Rows of cells, printed with columns as wide as their widest cell. Value.
class Table {
public:
    /// A column; numbers stand at the right.
    Table& column(std::string title, bool right = false);
    void row(std::vector<std::string> cells);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /// Each line ended by '\n', none wider than `width` (0: as wide as it is): wide columns are cut with … at their end.
    [[nodiscard]] std::string print(std::size_t width = 0) const;

private:
    struct Column {
        std::string title;
        bool right = false;
    };
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// Local time: "2026-11-23 10:42:07"; "-" for 0.
[[nodiscard]] std::string local_time(std::int64_t unix_ns);

} // namespace jackfield::cli

// RowDecoder: rows in PostgreSQL's binary form, of COPY or of results, become Arrow batches.
#pragma once

#include "table.hpp"

#include <jackfield/sdk/arrow/builder.hpp>

#include <memory>
#include <string>
#include <vector>

namespace jackfield::postgres {

/// What has no place in Arrow's types as they are. Value.
enum class Special {
    keep, ///< infinite dates and timestamps are the greatest and least values of the type; what cannot be kept fails
    null, ///< all of it is NULL
    fail, ///< JF_E_DATA
};

/// The choices that a source has. Value.
struct DecodeRules {
    Special special = Special::keep;
    /// numeric without bounds, or with more than 38 digits: text (exact) if precision is 0, else this decimal.
    std::int32_t precision = 0, scale = 0;
    bool arrays_as_text = false;
};

/// What a column of the server is here.
struct Decoded {
    DataType type;
    std::string cast; ///< "text", "text[]": the query must cast the column to it, since it has no binary form here; else empty
};
[[nodiscard]] Decoded decoded_type(const PgType& type, const DecodeRules& rules);

/// One value as the server sends it; size -1 is NULL.
struct Cell {
    const char* data = nullptr;
    std::int32_t size = -1;
};

/// How the values of one column are read. Value.
struct ColumnReading {
    Kind kind = Kind::text;
    DataType type;
    Special special = Special::keep;
    Oid element_oid = 0;
    std::vector<ColumnReading> element; ///< array: one
};

/// Appends `count` cells to `to`. May mark cells as NULL. JF_E_DATA: a value that has no place, or damaged bytes.
Status decode_column(ColumnBuilder& to, const ColumnReading& how, Cell* cells, std::size_t count);

/// Collects rows and decodes them a block at a time, column by column. One thread at a time.
class RowDecoder {
public:
    /// `columns` as the query gives them, those cast that decoded_type says must be.
    RowDecoder(const std::vector<Column>& columns, const DecodeRules& rules);

    /// A field's metadata "postgres.type" is the column's type as declared, so that a table can be made like it.
    [[nodiscard]] const Schema& schema() const { return builder_.schema(); }
    /// One row of COPY … (FORMAT binary): the number of its fields, then each with its size.
    Status add_row(std::string_view row);
    /// Rows [from, to) of a result in binary form; copied.
    Status add_result(const PGresult* result, int from, int to);
    /// Since the last finish().
    [[nodiscard]] std::int64_t rows() const { return rows_; }
    /// Of the values, about.
    [[nodiscard]] std::size_t bytes() const { return builder_.bytes() + block_.size(); }
    /// The value of the last row, as it came. Requires: a row was added; valid until the next one, or finish().
    [[nodiscard]] Cell last(std::size_t column) const { return cells_[column * block_rows_ + held_ - 1]; }
    [[nodiscard]] const ColumnReading& reading(std::size_t column) const { return readings_[column]; }
    /// The batch of the rows so far. JF_E_DATA with the column as its place.
    Result<OwnedArray> finish();

private:
    Status decode_block();
    Status make_room(std::size_t bytes);

    std::vector<ColumnReading> readings_;
    BatchBuilder builder_;
    std::int64_t rows_ = 0;
    std::size_t block_rows_;
    std::vector<Cell> cells_;  // column after column, block_rows_ of each
    std::size_t held_ = 0;     // rows in cells_
    Buffer block_;             // what cells_ point into
};

} // namespace jackfield::postgres

// Rows of Arrow batches in the binary form of COPY: an encoder for each column, chosen by the type of the target.
#pragma once

#include "table.hpp"

#include <jackfield/sdk/arrow/buffer.hpp>
#include <jackfield/sdk/arrow/types.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <memory>
#include <string>
#include <vector>

namespace jackfield::postgres {

/// A value that its column cannot hold. Value.
struct Fault {
    std::int64_t row = 0; ///< of the batch
    std::size_t column = 0;
    std::string message;
};
using Faults = std::vector<Fault>;

/// One column. Two passes over a block of at most block_rows rows: measure, then write exactly those rows. Nothing is
/// allocated for a row. One thread at a time.
class ColumnEncoder {
public:
    static constexpr std::int64_t block_rows = 1024;

    virtual ~ColumnEncoder() = default;
    /// Adds the bytes of rows [first, first + count) to sizes[0..], their length words included. A row that does not fit is
    /// added to `faults` (without its column); write() must not be asked for the block then.
    virtual void measure(const ColumnView& column, std::int64_t first, std::int64_t count, std::size_t* sizes, Faults& faults) = 0;
    /// Writes the rows measured last, row i at places[i], which moves behind it.
    virtual void write(const ColumnView& column, std::int64_t first, std::int64_t count, char** places) = 0;
};

/// The encoder of values of `from` for a column of type `to`; nullptr: there is no binary form of that pair here, so that
/// text has to do (see text_rows.hpp).
[[nodiscard]] std::unique_ptr<ColumnEncoder> make_encoder(const DataType& from, const PgType& to);

/// The parts of make_encoder, by what the target holds.
[[nodiscard]] std::unique_ptr<ColumnEncoder> make_number_encoder(const DataType& from, Kind to);
[[nodiscard]] std::unique_ptr<ColumnEncoder> make_time_encoder(const DataType& from, Kind to);
[[nodiscard]] std::unique_ptr<ColumnEncoder> make_text_encoder(const DataType& from, Kind to);
[[nodiscard]] std::unique_ptr<ColumnEncoder> make_array_encoder(const DataType& from, const PgType& to);

/// Whether `text` is UTF-8 without U+0000, which no type of PostgreSQL holds; "" if so, else what is wrong.
[[nodiscard]] const char* wrong_text(std::string_view text);

/// What of the rows goes where. Value.
struct CopyColumns {
    Schema schema;                  ///< of the columns that are written
    std::vector<std::size_t> from;  ///< their places in the batches
    std::vector<PgType> types;      ///< of the target
};

/// A form of COPY … FROM STDIN: rows of batches into bytes. One thread at a time.
class RowEncoder {
public:
    virtual ~RowEncoder() = default;
    /// Appends rows [first, first + count) of the batch bound last to `out`, or none of them if some are at fault.
    virtual void encode(std::int64_t first, std::int64_t count, Buffer& out, Faults& faults) = 0;
    /// The batch to read from now on, which must outlive that. Requires: validated.
    void bind(const ArrowArray& batch)
    {
        view_.clear();
        for (std::size_t i = 0; i < columns_.from.size(); ++i)
            view_.emplace_back(columns_.schema[i].type, *batch.children[columns_.from[i]], batch.offset, batch.length);
    }
    /// A bigint more at the end of each row, counting up from `next`; -1, as at first: none.
    void order_from(std::int64_t next) { order_ = next; }
    /// What comes before the first row and after the last one.
    [[nodiscard]] virtual std::string_view head() const = 0;
    [[nodiscard]] virtual std::string_view tail() const = 0;
    /// For the statement: "FORMAT binary".
    [[nodiscard]] virtual std::string_view format() const = 0;
    [[nodiscard]] const CopyColumns& columns() const { return columns_; }

protected:
    explicit RowEncoder(CopyColumns columns) : columns_(std::move(columns)) {}
    RowEncoder(const RowEncoder&) = delete; // the views point into the schema

    CopyColumns columns_;
    std::vector<ColumnView> view_;
    std::int64_t order_ = -1;
};

/// Binary if each column has an encoder for its target, else text. JF_E_CONFIG: a column fits its target in neither form;
/// `where` names it.
Result<std::unique_ptr<RowEncoder>> make_row_encoder(CopyColumns columns);

} // namespace jackfield::postgres

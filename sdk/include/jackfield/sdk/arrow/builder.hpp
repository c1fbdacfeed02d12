// BatchBuilder: columns that become one batch; Rows: the same, a whole row at a time.
#pragma once

#include <jackfield/sdk/arrow/column_builder.hpp>
#include <jackfield/sdk/arrow/schema.hpp>

#include <concepts>
#include <optional>
#include <type_traits>

namespace jackfield {

/// Builds batches of one schema. Append to each column, then end_row() (or set_rows() after filling whole columns).
/// Released batches give their memory back to `pool`, so that steady work allocates little. One thread at a time;
/// the batches it made may be released on any thread, also after it is gone.
class BatchBuilder {
public:
    explicit BatchBuilder(Schema schema, std::shared_ptr<BufferPool> pool = std::make_shared<BufferPool>())
        : schema_(std::move(schema)), pool_(std::move(pool))
    {
        columns_.reserve(schema_.size());
        for (const Field& field : schema_.fields)
            columns_.emplace_back(field.type, pool_);
    }

    [[nodiscard]] const Schema& schema() const { return schema_; }
    [[nodiscard]] std::size_t columns() const { return columns_.size(); }
    [[nodiscard]] ColumnBuilder& column(std::size_t i) { return columns_[i]; }
    /// Rows that were ended.
    [[nodiscard]] std::int64_t rows() const { return rows_; }
    /// Bytes of data so far.
    [[nodiscard]] std::size_t bytes() const
    {
        std::size_t total = 0;
        for (const ColumnBuilder& column : columns_)
            total += column.bytes();
        return total;
    }
    void reserve(std::int64_t rows)
    {
        for (ColumnBuilder& column : columns_)
            column.reserve(rows);
    }
    /// Requires: each column got one value.
    void end_row() { ++rows_; }
    /// After filling columns as a whole: there are `rows` rows now.
    void set_rows(std::int64_t rows) { rows_ = rows; }
    /// Takes back what was appended since the last end_row(), with its errors: for a row that turned out bad.
    void drop_row()
    {
        for (ColumnBuilder& column : columns_) {
            column.truncate(rows_);
            column.forget_error();
        }
    }
    /// The first error of a column since the last finish(); its place is the column's name.
    [[nodiscard]] std::optional<Error> error() const
    {
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (columns_[i].error())
                return Error(*columns_[i].error()).at(schema_[i].name);
        return std::nullopt;
    }
    /// Forgets all rows and errors; keeps the memory.
    void clear()
    {
        rows_ = 0;
        for (ColumnBuilder& column : columns_)
            column.clear();
    }

    /// The batch, a struct of the columns; the builder starts anew. On failure nothing is left in it either:
    /// JF_E_DATA (a value that does not fit), JF_E_STATE (columns of different length, a bug of the caller).
    Result<OwnedArray> finish()
    {
        auto made = build();
        if (!made)
            clear();
        rows_ = 0;
        return made;
    }

private:
    Result<OwnedArray> build()
    {
        auto parts = std::make_unique<detail::BuiltParts>();
        OwnedArray batch(detail::start_built(parts.get(), columns_.size()));
        detail::BuiltParts& inside = *parts.release();
        batch->length = rows_;
        batch->n_buffers = 1;
        if (auto found = error())
            return *std::move(found);
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (columns_[i].length() != rows_)
                return fail(JF_E_STATE, "the column has " + std::to_string(columns_[i].length()) + " values for "
                        + std::to_string(rows_) + " rows; append one value to each column, then end the row", schema_[i].name);
            if (!schema_[i].nullable && columns_[i].null_count() > 0)
                return fail(JF_E_DATA, "the column holds a null but is declared 'not null'", schema_[i].name);
        }
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            auto column = columns_[i].finish();
            if (!column)
                return std::move(column).error().at(schema_[i].name);
            inside.children[i] = column->release();
        }
        return batch;
    }

    Schema schema_;
    std::shared_ptr<BufferPool> pool_; // shared with the batches in flight
    std::vector<ColumnBuilder> columns_;
    std::int64_t rows_ = 0;
};

/// Adds whole rows: `rows.add(7, 2.5, "seven", std::nullopt)`. One thread at a time.
class Rows {
public:
    explicit Rows(Schema schema) : batch_(std::move(schema)) {}

    [[nodiscard]] std::int64_t size() const { return batch_.rows(); }
    [[nodiscard]] bool empty() const { return batch_.rows() == 0; }
    [[nodiscard]] std::size_t bytes() const { return batch_.bytes(); }
    /// For columns that add() has no value for (lists, structures).
    [[nodiscard]] BatchBuilder& builder() { return batch_; }

    /// One value for each column, in order: integers, floating point, bool, text, Int128 (decimal, unscaled),
    /// Interval, std::optional of these, or nullptr and std::nullopt for null. A mistake is kept and fails finish().
    template <class... Values>
    void add(const Values&... values)
    {
        if (sizeof...(values) != batch_.columns()) {
            if (!wrong_)
                wrong_ = fail(JF_E_STATE, "a row of " + std::to_string(sizeof...(values)) + " values was added to "
                        + std::to_string(batch_.columns()) + " columns");
            return;
        }
        std::size_t at = 0;
        if ((append(batch_.column(at++), values) && ...)) {
            batch_.end_row();
            return;
        }
        if (!wrong_)
            wrong_ = batch_.error();
        batch_.drop_row();
    }
    /// The batch of the rows so far; empty again afterwards. Fails with the first mistake.
    Result<OwnedArray> finish()
    {
        if (!wrong_)
            return batch_.finish();
        batch_.clear();
        return *std::exchange(wrong_, std::nullopt);
    }

private:
    template <class T>
    static bool append(ColumnBuilder& column, const T& value)
    {
        if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::nullopt_t>)
            return column.append_null();
        else if constexpr (std::is_same_v<T, bool>)
            return column.append_bool(value);
        else if constexpr (std::is_same_v<T, Int128>)
            return column.append_decimal(value);
        else if constexpr (std::is_same_v<T, Interval>)
            return column.append_interval(value);
        else if constexpr (std::is_floating_point_v<T>)
            return column.append_f64(static_cast<double>(value));
        else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T>)
            return column.append_u64(value);
        else if constexpr (std::is_integral_v<T>)
            return column.append_i64(value);
        else if constexpr (std::is_convertible_v<const T&, std::string_view>)
            return column.append_text(value);
        else
            return value ? append(column, *value) : column.append_null(); // std::optional
    }

    BatchBuilder batch_;
    std::optional<Error> wrong_;
};

} // namespace jackfield

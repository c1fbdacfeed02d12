// ColumnView and BatchView: read the values of a batch in place, whatever its layout.
#pragma once

#include <jackfield/abi/arrow.h>
#include <jackfield/sdk/arrow/types.hpp>
#include <jackfield/sdk/arrow/validate.hpp>

#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield {

/// Reads one column of an array. Value; any thread while nobody writes. It points into the type and the array, which
/// must outlive it. Requires: the array fits the type (see validate). Row numbers count from 0 within the slice that
/// the array is; `0 <= row < length()` is not checked. Dictionaries and run-ends are looked through, except by
/// index(), child() and values().
class ColumnView {
public:
    ColumnView() = default;
    /// `shift` and `rows` cut a child as the offset and length of the structure around it say; rows -1: all.
    ColumnView(const DataType& type, const ArrowArray& array, std::int64_t shift = 0, std::int64_t rows = -1)
        : type_(&type), array_(&array), base_(array.offset + shift), length_(rows < 0 ? array.length - shift : rows),
          validity_(buffer(0)), values_(buffer(1)), data_(reinterpret_cast<const char*>(buffer(2))),
          kind_(type.type)
    {
        // A null_count of 0 is believed, so that bits need no look.
        if (array.null_count == 0 || kind_ == Type::null || kind_ == Type::run_end_encoded)
            validity_ = nullptr;
        if (kind_ == Type::dictionary) {
            children_.emplace_back(type.children[1].type, *array.dictionary);
            return;
        }
        const bool within = kind_ == Type::structure;
        for (std::size_t i = 0; i < type.children.size(); ++i)
            children_.emplace_back(type.children[i].type, *array.children[i], within ? base_ : 0, within ? length_ : -1);
    }

    [[nodiscard]] const DataType& type() const { return *type_; }
    [[nodiscard]] const ArrowArray& array() const { return *array_; }
    [[nodiscard]] std::int64_t length() const { return length_; }
    /// Whether any row may be null, without looking through dictionaries and run-ends.
    [[nodiscard]] bool may_have_nulls() const { return validity_ != nullptr || kind_ == Type::null; }
    /// Whether values are stored elsewhere: dictionary, run-end.
    [[nodiscard]] bool indirect() const { return kind_ == Type::dictionary || kind_ == Type::run_end_encoded; }

    [[nodiscard]] bool is_null(std::int64_t row) const
    {
        if (validity_ && !bit(validity_, base_ + row))
            return true;
        if (indirect()) [[unlikely]]
            return target().is_null(index(row));
        return kind_ == Type::null;
    }
    /// Integers, dates, times, timestamps, durations (in their unit); uint64 above INT64_MAX wraps. boolean: 0 or 1.
    [[nodiscard]] std::int64_t i64(std::int64_t row) const
    {
        switch (kind_) {
        case Type::int64: case Type::uint64: case Type::date64: case Type::time64: case Type::timestamp: case Type::duration:
            return load<std::int64_t>(row);
        case Type::int32: case Type::date32: case Type::time32: return load<std::int32_t>(row);
        case Type::int8: return load<std::int8_t>(row);
        case Type::int16: return load<std::int16_t>(row);
        case Type::uint8: return load<std::uint8_t>(row);
        case Type::uint16: return load<std::uint16_t>(row);
        case Type::uint32: return load<std::uint32_t>(row);
        case Type::boolean: return boolean(row);
        default: return indirect() ? target().i64(index(row)) : 0;
        }
    }
    [[nodiscard]] std::uint64_t u64(std::int64_t row) const { return static_cast<std::uint64_t>(i64(row)); }
    /// Any number; decimals are rounded to the nearest double.
    [[nodiscard]] double f64(std::int64_t row) const
    {
        switch (kind_) {
        case Type::float64: return load<double>(row);
        case Type::float32: return static_cast<double>(load<float>(row));
        case Type::uint64: return static_cast<double>(u64(row));
        case Type::decimal128: {
            double power = 1;
            for (std::int32_t i = type_->scale < 0 ? -type_->scale : type_->scale; i > 0; --i)
                power *= 10;
            const auto unscaled = static_cast<double>(decimal(row));
            return type_->scale < 0 ? unscaled * power : unscaled / power;
        }
        case Type::dictionary: case Type::run_end_encoded: return target().f64(index(row));
        default: return static_cast<double>(i64(row));
        }
    }
    [[nodiscard]] bool boolean(std::int64_t row) const
    {
        if (indirect()) [[unlikely]]
            return target().boolean(index(row));
        return bit(values_, base_ + row);
    }
    /// Bytes of text and binary columns; lives as long as the array. Empty for other types.
    [[nodiscard]] std::string_view text(std::int64_t row) const
    {
        switch (kind_) {
        case Type::utf8: case Type::binary: return cut(load<std::int32_t>(row), load<std::int32_t>(row + 1));
        case Type::large_utf8: case Type::large_binary: return cut(load<std::int64_t>(row), load<std::int64_t>(row + 1));
        case Type::utf8_view: case Type::binary_view: return view_text(row);
        case Type::fixed_binary: {
            const auto width = static_cast<std::size_t>(type_->width);
            return {reinterpret_cast<const char*>(values_) + static_cast<std::size_t>(base_ + row) * width, width};
        }
        case Type::dictionary: case Type::run_end_encoded: return target().text(index(row));
        default: return {};
        }
    }
    /// The unscaled value of a decimal128; its scale is type().scale.
    [[nodiscard]] Int128 decimal(std::int64_t row) const
    {
        if (indirect()) [[unlikely]]
            return target().decimal(index(row));
        return load<Int128>(row);
    }
    [[nodiscard]] Interval interval(std::int64_t row) const
    {
        if (indirect()) [[unlikely]]
            return target().interval(index(row));
        return load<Interval>(row);
    }
    /// The rows of child(0) that make up a row of list, large_list, fixed_list or map: [first, second).
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> items(std::int64_t row) const
    {
        if (kind_ == Type::fixed_list)
            return {(base_ + row) * type_->width, (base_ + row + 1) * type_->width};
        if (kind_ == Type::large_list)
            return {load<std::int64_t>(row), load<std::int64_t>(row + 1)};
        return {load<std::int32_t>(row), load<std::int32_t>(row + 1)};
    }
    /// list: items; structure: its fields, row for row; map: the entries; dictionary: the values; run-end: ends, values.
    [[nodiscard]] const ColumnView& child(std::size_t i) const { return children_[i]; }
    [[nodiscard]] std::size_t children() const { return children_.size(); }

    /// dictionary, run-end: the row of target() that holds this row's value. Requires: the index is not null.
    [[nodiscard]] std::int64_t index(std::int64_t row) const
    {
        return kind_ == Type::dictionary ? dictionary_index(row) : run(row);
    }
    /// dictionary, run-end: the column of the values.
    [[nodiscard]] const ColumnView& target() const { return children_.back(); }

    /// The value of row 0 of a fixed-width column, for fast loops; text: its offset (int32 or int64 by type).
    template <class T>
    [[nodiscard]] const T* values() const { return reinterpret_cast<const T*>(values_) + base_; }
    /// The bytes that text offsets count in.
    [[nodiscard]] const char* data() const { return data_; }
    /// The validity bitmap, nullptr if nothing is null; row 0 is bit bit_offset(), also of boolean values.
    [[nodiscard]] const std::uint8_t* validity() const { return validity_; }
    [[nodiscard]] std::int64_t bit_offset() const { return base_; }

private:
    [[nodiscard]] const std::uint8_t* buffer(std::int64_t i) const
    {
        return i < array_->n_buffers ? static_cast<const std::uint8_t*>(array_->buffers[i]) : nullptr;
    }
    static bool bit(const std::uint8_t* bits, std::int64_t at) { return bits[at >> 3] >> (at & 7) & 1; }
    template <class T>
    [[nodiscard]] T load(std::int64_t row) const // producers need not align
    {
        T value;
        std::memcpy(&value, values_ + static_cast<std::size_t>(base_ + row) * sizeof(T), sizeof(T));
        return value;
    }
    [[nodiscard]] std::string_view cut(std::int64_t from, std::int64_t to) const
    {
        return from == to ? std::string_view() : std::string_view(data_ + from, static_cast<std::size_t>(to - from));
    }
    [[nodiscard]] std::string_view view_text(std::int64_t row) const
    {
        const std::uint8_t* view = values_ + static_cast<std::size_t>(base_ + row) * 16;
        std::int32_t part[4]; // length, first bytes, buffer, place
        std::memcpy(part, view, sizeof part);
        if (part[0] <= 12)
            return {reinterpret_cast<const char*>(view + 4), static_cast<std::size_t>(part[0])};
        return {static_cast<const char*>(array_->buffers[2 + part[2]]) + part[3], static_cast<std::size_t>(part[0])};
    }
    [[nodiscard]] std::int64_t dictionary_index(std::int64_t row) const
    {
        switch (type_->children[0].type.type) {
        case Type::int8: return load<std::int8_t>(row);
        case Type::uint8: return load<std::uint8_t>(row);
        case Type::int16: return load<std::int16_t>(row);
        case Type::uint16: return load<std::uint16_t>(row);
        case Type::int32: return load<std::int32_t>(row);
        case Type::uint32: return load<std::uint32_t>(row);
        default: return load<std::int64_t>(row);
        }
    }
    [[nodiscard]] std::int64_t run(std::int64_t row) const // the first run that ends behind the row
    {
        const ColumnView& ends = children_[0];
        std::int64_t low = 0;
        std::int64_t high = ends.length() - 1;
        while (low < high) {
            const std::int64_t middle = low + (high - low) / 2;
            if (ends.i64(middle) > base_ + row)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }

    const DataType* type_ = nullptr;
    const ArrowArray* array_ = nullptr;
    std::int64_t base_ = 0; // of row 0 in the buffers
    std::int64_t length_ = 0;
    const std::uint8_t* validity_ = nullptr;
    const std::uint8_t* values_ = nullptr;
    const char* data_ = nullptr;
    Type kind_ = Type::null;
    std::vector<ColumnView> children_;
};

/// Reads a batch: a struct array of the schema's columns. Value, like ColumnView. Points into the schema and the
/// array, which must outlive it. Requires: validate() said yes, or the array was made by a builder of this schema.
class BatchView {
public:
    BatchView() = default;
    BatchView(const Schema& schema, const ArrowArray& batch) : rows_(batch.length)
    {
        columns_.reserve(schema.size());
        for (std::size_t i = 0; i < schema.size(); ++i)
            columns_.emplace_back(schema[i].type, *batch.children[i], batch.offset, batch.length);
    }
    [[nodiscard]] std::int64_t rows() const { return rows_; }
    [[nodiscard]] std::size_t columns() const { return columns_.size(); }
    [[nodiscard]] const ColumnView& column(std::size_t i) const { return columns_[i]; }
    [[nodiscard]] const ColumnView& operator[](std::size_t i) const { return columns_[i]; }

private:
    std::int64_t rows_ = 0;
    std::vector<ColumnView> columns_;
};

} // namespace jackfield

// ColumnBuilder: grows one column of a batch, value by value or through its raw buffers.
// Longer than most headers: one class, whose appends have to be inline in the loops of the decoders.
#pragma once

#include <jackfield/abi/arrow.h>
#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/buffer.hpp>
#include <jackfield/sdk/arrow/spelling.hpp>
#include <jackfield/sdk/arrow/types.hpp>
#include <jackfield/sdk/result.hpp>

#include <bit>
#include <limits>
#include <memory>

namespace jackfield {

/// One column in the making. One thread at a time.
///
/// Each append_… adds one value and returns true, or returns false and adds nothing: the value does not fit the
/// column (its type, width or precision), or the batch is full. The first such error stays in error() and fails
/// finish(), so that a caller who never looks loses nothing silently; one who deals with it calls forget_error().
///
/// Nested columns: list and map: append the items to child(0), then end_list() closes the row. Map: child(0) is
/// the struct of key and value. Structure: append to each child, then end_struct(). Dictionary: append_i64 takes the
/// index, child(0) holds the values. Run-end: child(0) the run ends, child(1) the values, set_length the rows.
class ColumnBuilder {
public:
    /// `pool` may be null: then buffers are freed with the array.
    explicit ColumnBuilder(const DataType& type, std::shared_ptr<BufferPool> pool = nullptr);

    [[nodiscard]] const DataType& type() const { return type_; }
    [[nodiscard]] std::int64_t length() const { return length_; }
    [[nodiscard]] std::int64_t null_count() const { return null_count_; }
    [[nodiscard]] std::size_t children() const { return children_.size(); }
    [[nodiscard]] ColumnBuilder& child(std::size_t i) { return children_[i]; }
    [[nodiscard]] const ColumnBuilder& child(std::size_t i) const { return children_[i]; }
    /// Bytes of data so far, children included.
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }
    void forget_error()
    {
        error_.reset();
        for (ColumnBuilder& child : children_)
            child.forget_error();
    }

    // ---- typed appends

    /// Integers, dates, times, timestamps and durations in the column's unit, dictionary indexes; also float32,
    /// float64, and decimal128, which it scales.
    bool append_i64(std::int64_t value);
    /// The same for values above INT64_MAX.
    bool append_u64(std::uint64_t value);
    /// float32, float64.
    bool append_f64(double value);
    bool append_bool(bool value);
    /// All text and binary columns; in fixed_binary of exactly its width.
    bool append_text(std::string_view value);
    /// `unscaled` has the column's scale: 12.50 in decimal(4,2) is 1250.
    bool append_decimal(Int128 unscaled);
    bool append_decimal(std::int64_t high, std::uint64_t low)
    {
        return append_decimal(static_cast<Int128>((static_cast<UInt128>(static_cast<std::uint64_t>(high)) << 64) | low));
    }
    bool append_interval(Interval value);
    /// Any column; a structure gets nulls in its children too.
    bool append_null();
    /// Closes a row of list, large_list, map or fixed_list: its items are what child(0) got since the last one.
    bool end_list();
    /// Closes a row of a structure. Requires: each child got one value.
    bool end_struct();
    /// Drops rows from the end down to `rows`, also what was appended below them.
    void truncate(std::int64_t rows);
    /// Drops everything, dictionaries and errors too; keeps the memory.
    void clear();

    // ---- raw access, for decoders: reserve, write at [length()…], set_length

    /// Room for `rows` more values (and offsets, and validity bits if there are some).
    void reserve(std::int64_t rows);
    /// The fixed-width values, boolean: the bitmap. Written from index length() on. Valid until the next reserve.
    template <class T = std::uint8_t>
    [[nodiscard]] T* values() { return values_.as<T>(); }
    /// length() + 1 offsets are there, the first is 0. utf8, binary, list, map: std::int32_t; large: std::int64_t.
    template <class T = std::int32_t>
    [[nodiscard]] T* offsets() { return values_.as<T>(); }
    /// Where the next `bytes` of text go (utf8, binary and the large ones); end_text closes the value.
    [[nodiscard]] char* text_room(std::size_t bytes) { return reinterpret_cast<char*>(data_.room(bytes)); }
    /// Closes one value of `bytes` written at text_room().
    bool end_text(std::size_t bytes);
    /// The validity bits, least significant first, 1 = there. From the first call on, or the first null, a bit is
    /// kept for each row; bits of reserved rows are the caller's to write. Valid until the next reserve.
    [[nodiscard]] std::uint8_t* validity();
    /// After raw writes: `rows` rows now, `null_count` nulls among them all; -1: counted from the bitmap. For text the
    /// data ends at the last offset. Requires: reserved.
    void set_length(std::int64_t rows, std::int64_t null_count = 0);

    /// The finished column; the builder is empty again and reuses memory of the pool. Fails with error(), or with
    /// JF_E_STATE if children have not the length they should.
    Result<OwnedArray> finish();

private:
    enum class Layout : std::uint8_t { none, bits, fixed, text32, text64, view, list32, list64, fixed_list, structure, run_end };

    [[nodiscard]] static Layout layout_of(const DataType& type);
    [[nodiscard]] std::size_t offset_width() const
    {
        return layout_ == Layout::text32 || layout_ == Layout::list32 ? 4 : layout_ == Layout::text64 || layout_ == Layout::list64 ? 8 : 0;
    }
    void begin();
    void push_bit(bool value)
    {
        if ((length_ & 7) == 0) {
            values_.resize(static_cast<std::size_t>(length_ / 8 + 1));
            values_.data()[length_ >> 3] = 0;
        }
        set_bit(values_.data(), length_, value);
    }
    void start_validity();
    void push_validity(bool there)
    {
        if (has_validity_) [[unlikely]] {
            if ((length_ & 7) == 0) // growing keeps size() bytes, so it has to be right
                validity_.resize(static_cast<std::size_t>(length_ / 8 + 1));
            set_bit(validity_.data(), length_, there);
        }
    }
    static void set_bit(std::uint8_t* bits, std::int64_t at, bool on)
    {
        const auto mask = static_cast<std::uint8_t>(1U << (at & 7));
        bits[at >> 3] = static_cast<std::uint8_t>(on ? bits[at >> 3] | mask : bits[at >> 3] & ~mask);
    }
    template <class T>
    bool push(T value)
    {
        values_.push(value);
        push_validity(true);
        ++length_;
        return true;
    }
    template <class T, class V>
    bool push_checked(V value)
    {
        if (!std::in_range<T>(value)) [[unlikely]]
            return refuse_value(std::to_string(value));
        return push(static_cast<T>(value));
    }
    template <class V>
    bool push_integer(Type type, V value);
    bool push_offset(std::size_t end);
    bool push_view(std::string_view value);
    bool refuse_value(const std::string& value)
    {
        return refuse(JF_E_DATA, value + " does not fit a column of " + type_.text());
    }
    bool refuse(jf_status kind, std::string message)
    {
        if (!error_)
            error_ = fail(kind, std::move(message));
        return false;
    }
    [[nodiscard]] Status check_children() const;

    DataType type_;
    std::shared_ptr<BufferPool> pool_; // shared with the arrays in flight, which give their buffers back
    Layout layout_;
    bool has_validity_ = false;
    std::size_t width_;        // bytes of a fixed value
    std::int64_t length_ = 0;
    std::int64_t null_count_ = 0;
    Int128 decimal_limit_ = 0; // 10^precision
    Int128 decimal_factor_ = 1; // 10^scale, for whole numbers; 0 if the scale is negative
    Buffer validity_, values_, data_;
    std::size_t expected_[3] = {0, 0, 0}; // sizes of these in the last batch
    std::vector<ColumnBuilder> children_;
    std::optional<Error> error_;
};

} // namespace jackfield

#include <jackfield/sdk/arrow/column_builder_impl.hpp>

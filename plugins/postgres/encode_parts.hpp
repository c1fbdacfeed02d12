// What the encoders of columns are made of: values of a fixed size, and values that are made once and copied.
#pragma once

#include "encode.hpp"
#include "wire.hpp"

#include <array>

namespace jackfield::postgres {

inline void add_fault(Faults& faults, std::int64_t row, std::string message) { faults.push_back({row, 0, std::move(message)}); }

/// Values of fixed size that need no look: T as it is in the values buffer, bytes turned round.
template <class T>
class PlainEncoder final : public ColumnEncoder {
public:
    void measure(const ColumnView& column, std::int64_t first, std::int64_t count, std::size_t* sizes, Faults&) override
    {
        if (!column.may_have_nulls()) {
            for (std::int64_t i = 0; i < count; ++i)
                sizes[i] += 4 + sizeof(T);
            return;
        }
        for (std::int64_t i = 0; i < count; ++i)
            sizes[i] += column.is_null(first + i) ? 4U : 4U + sizeof(T);
    }
    void write(const ColumnView& column, std::int64_t first, std::int64_t count, char** places) override
    {
        const char* from = reinterpret_cast<const char*>(column.values<T>()) + static_cast<std::size_t>(first) * sizeof(T);
        const bool nulls = column.may_have_nulls();
        for (std::int64_t i = 0; i < count; ++i, from += sizeof(T)) {
            if (nulls && column.is_null(first + i)) {
                places[i] = put_be(places[i], std::int32_t(-1));
                continue;
            }
            T value;
            std::memcpy(&value, from, sizeof value);
            places[i] = put_be(put_be(places[i], static_cast<std::int32_t>(sizeof(T))), value);
        }
    }
};

/// Values of fixed size that Make finds: `const char* operator()(const ColumnView&, row, Wire& out)`, the answer being what
/// is wrong with the value, nullptr if nothing is.
template <class Wire, class Make>
class FixedEncoder final : public ColumnEncoder {
public:
    explicit FixedEncoder(Make make) : make_(std::move(make)) {}
    void measure(const ColumnView& column, std::int64_t first, std::int64_t count, std::size_t* sizes, Faults& faults) override
    {
        for (std::int64_t i = 0; i < count; ++i) {
            const std::int64_t row = first + i;
            if (column.is_null(row)) {
                sizes[i] += 4;
                continue;
            }
            sizes[i] += 4 + sizeof(Wire);
            if (const char* wrong = make_(column, row, values_[static_cast<std::size_t>(i)])) [[unlikely]]
                add_fault(faults, row, wrong);
        }
    }
    void write(const ColumnView& column, std::int64_t first, std::int64_t count, char** places) override
    {
        for (std::int64_t i = 0; i < count; ++i) {
            if (column.is_null(first + i))
                places[i] = put_be(places[i], std::int32_t(-1));
            else
                places[i] = put_be(put_be(places[i], static_cast<std::int32_t>(sizeof(Wire))), values_[static_cast<std::size_t>(i)]);
        }
    }

private:
    Make make_;
    std::array<Wire, static_cast<std::size_t>(block_rows)> values_;
};

template <class Wire, class Make>
std::unique_ptr<ColumnEncoder> fixed(Make make)
{
    return std::make_unique<FixedEncoder<Wire, Make>>(std::move(make));
}

/// Values of any size that Put appends to a buffer: `const char* operator()(const ColumnView&, row, Buffer&)`, the answer as
/// above. They are made in the first pass and copied in the second.
template <class Put>
class MadeEncoder final : public ColumnEncoder {
public:
    explicit MadeEncoder(Put put) : put_(std::move(put)) {}
    void measure(const ColumnView& column, std::int64_t first, std::int64_t count, std::size_t* sizes, Faults& faults) override
    {
        made_.clear();
        for (std::int64_t i = 0; i < count; ++i) {
            const std::int64_t row = first + i;
            auto& length = lengths_[static_cast<std::size_t>(i)];
            length = -1;
            sizes[i] += 4;
            if (column.is_null(row))
                continue;
            const std::size_t before = made_.size();
            if (const char* wrong = put_(column, row, made_)) [[unlikely]]
                add_fault(faults, row, wrong);
            length = static_cast<std::int32_t>(made_.size() - before);
            sizes[i] += static_cast<std::size_t>(length);
        }
    }
    void write(const ColumnView&, std::int64_t, std::int64_t count, char** places) override
    {
        const char* from = made_.as<char>();
        for (std::int64_t i = 0; i < count; ++i) {
            const std::int32_t length = lengths_[static_cast<std::size_t>(i)];
            char* at = put_be(places[i], length);
            if (length > 0) {
                std::memcpy(at, from, static_cast<std::size_t>(length));
                from += length;
                at += length;
            }
            places[i] = at;
        }
    }

private:
    Put put_;
    Buffer made_;
    std::array<std::int32_t, static_cast<std::size_t>(block_rows)> lengths_;
};

template <class Put>
std::unique_ptr<ColumnEncoder> made(Put put)
{
    return std::make_unique<MadeEncoder<Put>>(std::move(put));
}

/// Below dictionaries and run-ends: the type of the values themselves.
[[nodiscard]] inline const DataType& value_type(const DataType& type)
{
    const DataType* at = &type;
    while (at->type == Type::dictionary || at->type == Type::run_end_encoded)
        at = &at->children.back().type;
    return *at;
}

/// The column of the values of an indirect one, and where in it the row is.
[[nodiscard]] inline std::pair<const ColumnView*, std::int64_t> value_at(const ColumnView& column, std::int64_t row)
{
    const ColumnView* at = &column;
    while (at->indirect()) {
        row = at->index(row);
        at = &at->target();
    }
    return {at, row};
}

} // namespace jackfield::postgres

// Copies rows of Arrow columns into builders.
#include "support/rows.hpp"

#include <cstring>

namespace jackfield {
namespace {

bool append_value(ColumnBuilder& to, const ColumnView& from, std::int64_t row)
{
    if (from.is_null(row))
        return to.append_null();
    if (from.indirect())
        return append_value(to, from.target(), from.index(row));
    switch (to.type().type) {
    case Type::null: return to.append_null();
    case Type::boolean: return to.append_bool(from.boolean(row));
    case Type::uint64: return to.append_u64(from.u64(row));
    case Type::float32: case Type::float64: return to.append_f64(from.f64(row));
    case Type::decimal128: return to.append_decimal(from.decimal(row));
    case Type::interval_month_day_nano: return to.append_interval(from.interval(row));
    case Type::structure:
        for (std::size_t i = 0; i < to.children(); ++i)
            append_value(to.child(i), from.child(i), row);
        return to.end_struct();
    case Type::list: case Type::large_list: case Type::fixed_list: case Type::map: {
        const auto [begin, end] = from.items(row);
        for (std::int64_t i = begin; i < end; ++i)
            append_value(to.child(0), from.child(0), i);
        return to.end_list();
    }
    default:
        if (is_text(to.type().type) || is_binary(to.type().type))
            return to.append_text(from.text(row));
        return to.append_i64(from.i64(row));
    }
}

/// Whether values can be copied as bytes.
bool plain(const ColumnBuilder& to, const ColumnView& from)
{
    const DataType& type = from.type();
    return !from.may_have_nulls() && !from.indirect() && to.null_count() == 0 && value_width(type) > 0 && type == to.type()
        && type.type != Type::utf8_view && type.type != Type::binary_view;
}

} // namespace

DataType decoded(const DataType& type)
{
    if (type.type == Type::dictionary || type.type == Type::run_end_encoded)
        return decoded(type.children[1].type);
    DataType out = type;
    for (Field& child : out.children)
        child.type = decoded(child.type);
    return out;
}

void append_rows(ColumnBuilder& to, const ColumnView& from, std::int64_t first, std::int64_t count)
{
    if (plain(to, from)) {
        const std::size_t width = value_width(from.type());
        to.reserve(count);
        std::memcpy(to.values<std::uint8_t>() + static_cast<std::size_t>(to.length()) * width,
            static_cast<const std::uint8_t*>(from.array().buffers[1]) + static_cast<std::size_t>(from.bit_offset() + first) * width,
            static_cast<std::size_t>(count) * width);
        to.set_length(to.length() + count);
        return;
    }
    for (std::int64_t row = first; row < first + count; ++row)
        if (!append_value(to, from, row))
            return; // the builder keeps why
}

Result<OwnedArray> copy_rows(BatchBuilder& builder, const BatchView& from, const std::vector<RowRun>& runs)
{
    std::int64_t rows = 0;
    for (const RowRun& run : runs)
        rows += run.count;
    for (std::size_t i = 0; i < from.columns(); ++i)
        for (const RowRun& run : runs)
            append_rows(builder.column(i), from[i], run.first, run.count);
    builder.set_rows(rows);
    return builder.finish();
}

namespace {

struct Assembled {
    std::vector<ArrowArray> columns;
    std::vector<ArrowArray*> pointers;
    const void* buffers[1] = {nullptr};
};

} // namespace

OwnedArray assemble(std::int64_t rows, std::vector<OwnedArray> columns)
{
    auto parts = std::make_unique<Assembled>();
    for (auto& column : columns)
        parts->columns.push_back(column.release());
    for (auto& column : parts->columns)
        parts->pointers.push_back(&column);
    ArrowArray out{};
    out.length = rows;
    out.n_buffers = 1;
    out.buffers = parts->buffers;
    out.n_children = static_cast<std::int64_t>(parts->columns.size());
    out.children = parts->pointers.data();
    out.private_data = parts.release();
    out.release = [](ArrowArray* array) {
        const std::unique_ptr<Assembled> inside(static_cast<Assembled*>(array->private_data));
        for (auto& column : inside->columns)
            if (column.release)
                column.release(&column);
        array->release = nullptr;
    };
    return OwnedArray(out);
}

std::vector<OwnedArray> columns_of(const SharedArray& batch)
{
    OwnedArray whole = batch.slice(0, batch->length);
    std::vector<OwnedArray> out;
    for (std::int64_t i = 0; i < whole->n_children; ++i)
        out.emplace_back(*whole->children[i]); // moved out, as consumers may
    return out;
}

} // namespace jackfield

// keep_rows: a batch without the rows that somebody refused.
#pragma once

#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace jackfield {

/// Appends row `row` of `from` to `to`, a builder of the same type. Not for dictionary and run-end columns (false).
inline bool append_copy(ColumnBuilder& to, const ColumnView& from, std::int64_t row)
{
    if (from.indirect())
        return false;
    if (from.is_null(row))
        return to.append_null();
    switch (from.type().type) {
    case Type::boolean: return to.append_bool(from.boolean(row));
    case Type::uint64: return to.append_u64(from.u64(row));
    case Type::float32: case Type::float64: return to.append_f64(from.f64(row));
    case Type::decimal128: return to.append_decimal(from.decimal(row));
    case Type::interval_month_day_nano: return to.append_interval(from.interval(row));
    case Type::utf8: case Type::large_utf8: case Type::utf8_view:
    case Type::binary: case Type::large_binary: case Type::binary_view: case Type::fixed_binary: return to.append_text(from.text(row));
    case Type::list: case Type::large_list: case Type::fixed_list: case Type::map: {
        const auto [first, last] = from.items(row);
        for (std::int64_t at = first; at < last; ++at)
            if (!append_copy(to.child(0), from.child(0), at))
                return false;
        return to.end_list();
    }
    case Type::structure: {
        for (std::size_t i = 0; i < from.children(); ++i)
            if (!append_copy(to.child(i), from.child(i), row))
                return false;
        return to.end_struct();
    }
    default: return to.append_i64(from.i64(row));
    }
}

namespace detail {

[[nodiscard]] inline bool can_copy(const DataType& type)
{
    if (type.type == Type::dictionary || type.type == Type::run_end_encoded)
        return false;
    for (const Field& child : type.children)
        if (!can_copy(child.type))
            return false;
    return true;
}

} // namespace detail

/// Hands the rows of `batch` for which `keep[row]` is true to `take`, in order, as one batch or several. Runs of kept
/// rows are cut out of the batch without a copy while they are few; many short ones are copied into one new batch. An
/// error of `take` ends it. Requires: keep has one element for each row; the batch fits the schema.
[[nodiscard]] inline Status keep_rows(const Schema& schema, OwnedArray batch, const std::vector<bool>& keep,
                                      const std::function<Status(OwnedArray)>& take)
{
    std::vector<std::pair<std::int64_t, std::int64_t>> runs; // first row, behind the last one
    const auto rows = static_cast<std::int64_t>(keep.size());
    for (std::int64_t row = 0; row < rows; ++row) {
        if (!keep[static_cast<std::size_t>(row)])
            continue;
        if (runs.empty() || runs.back().second != row)
            runs.emplace_back(row, row);
        runs.back().second = row + 1;
    }
    if (runs.size() == 1 && runs[0] == std::pair<std::int64_t, std::int64_t>(0, rows))
        return take(std::move(batch));
    bool copy = runs.size() > 16;
    for (const Field& field : schema.fields)
        copy = copy && detail::can_copy(field.type);
    if (!copy) {
        const SharedArray shared(std::move(batch));
        for (const auto& [first, last] : runs)
            JF_TRY(take(shared.slice(first, last - first)));
        return {};
    }
    const BatchView view(schema, *batch);
    BatchBuilder made(schema);
    for (std::size_t column = 0; column < schema.size(); ++column)
        for (const auto& [first, last] : runs)
            for (std::int64_t row = first; row < last; ++row)
                append_copy(made.column(column), view[column], row);
    std::int64_t kept = 0;
    for (const auto& [first, last] : runs)
        kept += last - first;
    made.set_rows(kept);
    JF_ASSIGN(OwnedArray out, made.finish());
    return take(std::move(out));
}

} // namespace jackfield

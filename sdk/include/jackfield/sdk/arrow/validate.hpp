// validate(): checks that an array from elsewhere fits its schema, before anybody reads it.
#pragma once

#include <jackfield/abi/arrow.h>
#include <jackfield/sdk/arrow/schema.hpp>
#include <jackfield/sdk/result.hpp>

#include <cstring>

namespace jackfield {

/// How much validate() looks at. `cheap` costs the same for any number of rows: structure, counts, first and last
/// offsets. `full` also looks at each offset, index, run and view, after which no read leaves what the array claims
/// to have. How long buffers really are, no one can know through these structs.
enum class Check { cheap, full };

namespace detail {

template <class T>
[[nodiscard]] T load_at(const void* buffer, std::int64_t i)
{
    T value;
    std::memcpy(&value, static_cast<const char*>(buffer) + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
    return value;
}

inline Error bad_array(std::string message)
{
    return fail(JF_E_DATA, "the Arrow array is wrong: " + std::move(message) + "; its producer is broken");
}

struct Expected {
    std::int64_t buffers = 2;
    bool more_buffers = false;
    std::int64_t children = 0;
};

inline Expected expected_of(const DataType& type, std::size_t children)
{
    switch (type.type) {
    case Type::null: return {0, true, 0}; // old producers add one
    case Type::utf8: case Type::large_utf8: case Type::binary: case Type::large_binary: return {3, false, 0};
    case Type::utf8_view: case Type::binary_view: return {3, true, 0};
    case Type::list: case Type::large_list: case Type::map: return {2, false, 1};
    case Type::fixed_list: return {1, false, 1};
    case Type::structure: return {1, false, static_cast<std::int64_t>(children)};
    case Type::run_end_encoded: return {0, false, 2};
    default: return {2, false, 0};
    }
}

inline bool is_set(const ArrowArray& array, std::int64_t at)
{
    if (array.null_count == 0 || !array.buffers[0])
        return true;
    return static_cast<const std::uint8_t*>(array.buffers[0])[at >> 3] >> (at & 7) & 1;
}

/// The counts and pointers of one struct; `children` is how many a structure has.
inline Status check_struct(const DataType& type, const ArrowArray& array, std::size_t children)
{
    constexpr std::int64_t limit = std::int64_t(1) << 48; // sums and products below cannot overflow
    if (!array.release)
        return bad_array("it was released already");
    if (array.length < 0 || array.offset < 0 || array.length > limit || array.offset > limit)
        return bad_array("length " + std::to_string(array.length) + " at offset " + std::to_string(array.offset));
    if (array.null_count < -1 || array.null_count > array.length)
        return bad_array(std::to_string(array.null_count) + " nulls in " + std::to_string(array.length) + " rows");
    const Expected expected = expected_of(type, children);
    if (array.n_buffers < expected.buffers || (array.n_buffers > expected.buffers && !expected.more_buffers))
        return bad_array(std::to_string(array.n_buffers) + " buffers for " + type.text() + ", which has " + std::to_string(expected.buffers));
    if (array.n_buffers > 0 && !array.buffers)
        return bad_array("it has no list of buffers");
    if (array.n_children != expected.children || (array.n_children > 0 && !array.children))
        return bad_array(std::to_string(array.n_children) + " children for " + type.text() + ", which has " + std::to_string(expected.children));
    for (std::int64_t i = 0; i < array.n_children; ++i)
        if (!array.children[i])
            return bad_array("child " + std::to_string(i) + " is missing");
    if ((array.dictionary != nullptr) != (type.type == Type::dictionary))
        return bad_array(array.dictionary ? "it has a dictionary that its schema does not know" : "its dictionary is missing");
    if (expected.buffers > 0 && array.null_count > 0 && !array.buffers[0])
        return bad_array("it counts nulls but has no validity bitmap");
    const bool empty = array.length + array.offset == 0 || (type.type == Type::fixed_binary && type.width == 0);
    if (expected.buffers > 1 && !empty && !array.buffers[1])
        return bad_array("its buffer of values is missing");
    return {};
}

/// The offsets of text and lists; gives the last one, up to which data or items must be there.
template <class T>
Result<std::int64_t> check_offsets(const ArrowArray& array, Check check)
{
    if (!array.buffers[1]) // allowed without rows
        return std::int64_t(0);
    const std::int64_t end = array.offset + array.length;
    const std::int64_t step = check == Check::full || array.length == 0 ? 1 : array.length;
    auto before = load_at<T>(array.buffers[1], array.offset);
    if (before < 0)
        return bad_array("offset " + std::to_string(before));
    for (std::int64_t i = array.offset + step; i <= end; i += step) {
        const auto now = load_at<T>(array.buffers[1], i);
        if (now < before)
            return bad_array("offset " + std::to_string(now) + " after " + std::to_string(before) + " at row " + std::to_string(i - array.offset - 1));
        before = now;
    }
    return std::int64_t(before);
}

inline Status check_views(const ArrowArray& array)
{
    const std::int64_t buffers = array.n_buffers - 3;
    const void* sizes = array.buffers[array.n_buffers - 1];
    if (buffers > 0 && !sizes)
        return bad_array("the sizes of its data buffers are missing");
    for (std::int64_t row = 0; row < array.length; ++row) {
        const std::int64_t at = array.offset + row;
        if (!is_set(array, at))
            continue;
        const auto size = load_at<std::int32_t>(array.buffers[1], at * 4);
        const auto buffer = load_at<std::int32_t>(array.buffers[1], at * 4 + 2);
        const auto place = load_at<std::int32_t>(array.buffers[1], at * 4 + 3);
        bool good = size >= 0;
        if (size > 12)
            good = buffer >= 0 && buffer < buffers && place >= 0 && array.buffers[2 + buffer]
                && std::int64_t(place) + size <= load_at<std::int64_t>(sizes, buffer);
        if (!good)
            return bad_array("the view at row " + std::to_string(row) + " points outside of its data");
    }
    return {};
}

template <class T>
Status check_indexes(const ArrowArray& array)
{
    for (std::int64_t row = 0; row < array.length; ++row) {
        const auto index = load_at<T>(array.buffers[1], array.offset + row);
        if (is_set(array, array.offset + row) && (std::cmp_less(index, 0) || std::cmp_greater_equal(index, array.dictionary->length)))
            return bad_array("index " + std::to_string(index) + " into a dictionary of " + std::to_string(array.dictionary->length));
    }
    return {};
}

inline Status check_indexes(Type index, const ArrowArray& array)
{
    switch (index) {
    case Type::int8: return check_indexes<std::int8_t>(array);
    case Type::int16: return check_indexes<std::int16_t>(array);
    case Type::int32: return check_indexes<std::int32_t>(array);
    case Type::uint8: return check_indexes<std::uint8_t>(array);
    case Type::uint16: return check_indexes<std::uint16_t>(array);
    case Type::uint32: return check_indexes<std::uint32_t>(array);
    case Type::uint64: return check_indexes<std::uint64_t>(array);
    default: return check_indexes<std::int64_t>(array);
    }
}

template <class T>
Status check_runs(const ArrowArray& array, Check check)
{
    const ArrowArray& ends = *array.children[0];
    if (ends.null_count > 0 || (ends.null_count < 0 && ends.buffers[0]))
        return bad_array("run ends cannot be null");
    if (array.children[1]->length < ends.length)
        return bad_array("it has fewer values than runs");
    if (array.length == 0)
        return {};
    if (ends.length == 0 || load_at<T>(ends.buffers[1], ends.offset + ends.length - 1) < array.offset + array.length)
        return bad_array("its runs end before its rows");
    T before = 0;
    for (std::int64_t i = 0; check == Check::full && i < ends.length; ++i) {
        const auto now = load_at<T>(ends.buffers[1], ends.offset + i);
        if (now <= before)
            return bad_array("run end " + std::to_string(now) + " after " + std::to_string(before));
        before = now;
    }
    return {};
}

inline Status check_array(const DataType& type, const ArrowArray& array, Check check);

/// Children first, so that what is checked of this array may rely on them.
inline Status check_children(const DataType& type, const ArrowArray& array, Check check)
{
    if (type.type == Type::dictionary)
        return check_array(type.children[1].type, *array.dictionary, check);
    for (std::int64_t i = 0; i < array.n_children; ++i) {
        const Field& field = type.children[static_cast<std::size_t>(i)];
        if (Status done = check_array(field.type, *array.children[i], check); !done)
            return std::move(done).error().at(field.name);
    }
    return {};
}

inline Status check_array(const DataType& type, const ArrowArray& array, Check check)
{
    JF_TRY(check_struct(type, array, type.children.size()));
    JF_TRY(check_children(type, array, check));
    const std::int64_t rows = array.offset + array.length;
    std::int64_t items = 0; // that children must have
    switch (type.type) {
    case Type::utf8: case Type::binary: case Type::large_utf8: case Type::large_binary: {
        const bool small = type.type == Type::utf8 || type.type == Type::binary;
        JF_ASSIGN(items, small ? check_offsets<std::int32_t>(array, check) : check_offsets<std::int64_t>(array, check));
        if (items > 0 && !array.buffers[2])
            return bad_array("its text is missing");
        return {};
    }
    case Type::utf8_view: case Type::binary_view: return check == Check::full ? check_views(array) : Status();
    case Type::list: case Type::map: {
        JF_ASSIGN(items, check_offsets<std::int32_t>(array, check));
        break;
    }
    case Type::large_list: {
        JF_ASSIGN(items, check_offsets<std::int64_t>(array, check));
        break;
    }
    case Type::fixed_list:
        if (type.width > 0 && rows > (std::int64_t(1) << 62) / type.width)
            return bad_array("its length overflows");
        items = rows * type.width;
        break;
    case Type::structure: items = rows; break;
    case Type::dictionary: return check == Check::full ? check_indexes(type.children[0].type.type, array) : Status();
    case Type::run_end_encoded: {
        const Type ends = type.children[0].type.type;
        return ends == Type::int16 ? check_runs<std::int16_t>(array, check)
            : ends == Type::int32 ? check_runs<std::int32_t>(array, check) : check_runs<std::int64_t>(array, check);
    }
    default: return {};
    }
    for (std::int64_t i = 0; i < array.n_children; ++i)
        if (array.children[i]->length < items)
            return bad_array("child " + std::to_string(i) + " has " + std::to_string(array.children[i]->length) + " values instead of " + std::to_string(items));
    return {};
}

} // namespace detail

/// Whether `batch` is a struct array of the schema's columns that can be read. JF_E_DATA if not; `where` is the column.
[[nodiscard]] inline Status validate(const Schema& schema, const ArrowArray& batch, Check check = Check::cheap)
{
    const auto columns = static_cast<std::int64_t>(schema.size());
    if (batch.release && batch.n_children != columns)
        return fail(JF_E_DATA, "the batch has " + std::to_string(batch.n_children) + " columns, its schema " + std::to_string(columns)
                + "; announce the new schema first");
    JF_TRY(detail::check_struct(DataType(Type::structure), batch, schema.size()));
    if (batch.buffers[0] && batch.null_count != 0)
        return detail::bad_array("a whole row of a batch cannot be null");
    for (std::size_t i = 0; i < schema.size(); ++i) {
        if (Status done = detail::check_array(schema[i].type, *batch.children[i], check); !done)
            return std::move(done).error().at(schema[i].name);
        if (batch.children[i]->length < batch.offset + batch.length)
            return fail(JF_E_DATA, "the column has " + std::to_string(batch.children[i]->length) + " values for "
                    + std::to_string(batch.offset + batch.length) + " rows; its producer is broken", schema[i].name);
    }
    return {};
}

} // namespace jackfield

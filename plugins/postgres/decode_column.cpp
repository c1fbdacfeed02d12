// decode_column: one loop for each kind of value.
#include "decode.hpp"
#include "value_text.hpp"
#include "wire.hpp"

#include <limits>

namespace jackfield::postgres {
namespace {

constexpr std::int64_t max_us = std::numeric_limits<std::int64_t>::max(), min_us = std::numeric_limits<std::int64_t>::min();

Error damaged_value(const ColumnReading& how)
{
    return fail(JF_E_DATA, "the server sent a value that is none of " + how.type.text() + "; the column's type changed, or the connection is damaged");
}

/// Validity and length after `count` values were written, `nulls` of them NULL.
void close_values(ColumnBuilder& to, const Cell* cells, std::size_t count, std::int64_t nulls)
{
    const std::int64_t first = to.length();
    if (nulls > 0 || to.null_count() > 0) {
        std::uint8_t* bits = to.validity();
        for (std::size_t i = 0; i < count; ++i) {
            const std::int64_t at = first + static_cast<std::int64_t>(i);
            const auto mask = static_cast<std::uint8_t>(1U << (at & 7));
            bits[at >> 3] = static_cast<std::uint8_t>(cells[i].size >= 0 ? bits[at >> 3] | mask : bits[at >> 3] & ~mask);
        }
    }
    to.set_length(first + static_cast<std::int64_t>(count), to.null_count() + nulls);
}

/// Values of a fixed width, which convert(data, out) reads; false from it: the value has no place in the column.
template <class T, std::int32_t width, class Convert>
Status fixed_values(ColumnBuilder& to, const ColumnReading& how, Cell* cells, std::size_t count, Convert convert)
{
    to.reserve(static_cast<std::int64_t>(count));
    T* out = to.values<T>() + to.length();
    std::int64_t nulls = 0;
    for (std::size_t i = 0; i < count; ++i) {
        Cell& cell = cells[i];
        if (cell.size == width) [[likely]] {
            if (convert(cell.data, out[i])) [[likely]]
                continue;
            if (how.special != Special::null)
                return fail(JF_E_DATA, "an infinite value, or one beyond what " + how.type.text()
                        + " holds; set 'special' to \"null\", or cast the column to text in the query");
            cell.size = -1;
        } else if (cell.size >= 0) {
            return damaged_value(how);
        }
        out[i] = T{};
        ++nulls;
    }
    close_values(to, cells, count, nulls);
    return {};
}

template <class T>
Status plain_values(ColumnBuilder& to, const ColumnReading& how, Cell* cells, std::size_t count)
{
    return fixed_values<T, sizeof(T)>(to, how, cells, count, [](const char* data, T& out) {
        out = from_be<T>(data);
        return true;
    });
}

Status booleans(ColumnBuilder& to, const ColumnReading& how, const Cell* cells, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i) {
        if (cells[i].size > 1 || cells[i].size == 0)
            return damaged_value(how);
        if (cells[i].size < 0)
            to.append_null();
        else
            to.append_bool(cells[i].data[0] != 0);
    }
    return {};
}

Status dates(ColumnBuilder& to, const ColumnReading& how, Cell* cells, std::size_t count)
{
    const bool keep = how.special == Special::keep;
    return fixed_values<std::int32_t, 4>(to, how, cells, count, [keep](const char* data, std::int32_t& out) {
        out = from_be<std::int32_t>(data);
        if (out == std::numeric_limits<std::int32_t>::max() || out == std::numeric_limits<std::int32_t>::min())
            return keep;
        return !__builtin_add_overflow(out, epoch_days, &out) && out != std::numeric_limits<std::int32_t>::max();
    });
}

Status timestamps(ColumnBuilder& to, const ColumnReading& how, Cell* cells, std::size_t count)
{
    const bool keep = how.special == Special::keep;
    return fixed_values<std::int64_t, 8>(to, how, cells, count, [keep](const char* data, std::int64_t& out) {
        out = from_be<std::int64_t>(data);
        if (out == max_us || out == min_us) [[unlikely]]
            return keep;
        return !__builtin_add_overflow(out, epoch_micros, &out) && out != max_us;
    });
}

Status intervals(ColumnBuilder& to, const ColumnReading& how, Cell* cells, std::size_t count)
{
    return fixed_values<Interval, 16>(to, how, cells, count, [](const char* data, Interval& out) {
        out.days = from_be<std::int32_t>(data + 8);
        out.months = from_be<std::int32_t>(data + 12);
        return !__builtin_mul_overflow(from_be<std::int64_t>(data), std::int64_t(1000), &out.nanoseconds);
    });
}

/// Text and bytes as they are, after `skip` bytes of a version.
Status texts(ColumnBuilder& to, const ColumnReading& how, const Cell* cells, std::size_t count, std::int32_t skip)
{
    std::size_t total = 0;
    std::int64_t nulls = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (cells[i].size >= 0 && cells[i].size < skip)
            return damaged_value(how);
        total += cells[i].size < 0 ? 0 : static_cast<std::size_t>(cells[i].size - skip);
    }
    to.reserve(static_cast<std::int64_t>(count));
    std::int32_t* offsets = to.offsets() + to.length();
    std::int64_t end = offsets[0];
    if (total > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max() - end))
        return fail(JF_E_EXHAUSTED, "a batch holds at most 2 GiB of text in a column; read fewer rows at once");
    char* out = to.text_room(total);
    for (std::size_t i = 0; i < count; ++i) {
        if (cells[i].size < 0) {
            ++nulls;
        } else {
            const auto size = static_cast<std::size_t>(cells[i].size - skip);
            std::memcpy(out, cells[i].data + skip, size);
            out += size;
            end += static_cast<std::int64_t>(size);
        }
        offsets[i + 1] = static_cast<std::int32_t>(end);
    }
    close_values(to, cells, count, nulls);
    return {};
}

Status jsonbs(ColumnBuilder& to, const ColumnReading& how, const Cell* cells, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i)
        if (cells[i].size == 0 || (cells[i].size > 0 && cells[i].data[0] != 1))
            return fail(JF_E_DATA, "this version of jsonb's binary form is not known; cast the column to text in the query");
    return texts(to, how, cells, count, 1);
}

Status uuids(ColumnBuilder& to, const ColumnReading& how, const Cell* cells, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i) {
        if (cells[i].size < 0) {
            to.append_null();
            continue;
        }
        if (cells[i].size != 16)
            return damaged_value(how);
        write_uuid(to.text_room(36), cells[i].data);
        to.end_text(36);
    }
    return {};
}

/// Values whose text is written here.
template <class Write>
Status written(ColumnBuilder& to, const ColumnReading& how, const Cell* cells, std::size_t count, Write write)
{
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text.clear();
        if (cells[i].size < 0)
            to.append_null();
        else if (write(text, std::string_view(cells[i].data, static_cast<std::size_t>(cells[i].size))))
            to.append_text(text);
        else
            return damaged_value(how);
    }
    return {};
}

constexpr std::uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
    1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000};

enum class Fit { fits, special, beyond, inexact };

/// The unscaled value of groups of four digits. Acc of 64 bits: the caller knows that it holds them; of 128: up to 10^38.
template <class Acc>
Fit unscaled(const char* groups, int count, int weight, int scale, Acc& out)
{
    const auto grows = [](Acc& sum, std::uint64_t factor) {
        if constexpr (sizeof(Acc) > 8)
            if (sum > static_cast<Acc>(powers[18]) * powers[18] * 100 / factor)
                return false;
        sum *= static_cast<Acc>(factor);
        return true;
    };
    Acc sum = 0;
    int place = scale + 4 * weight; // of the last digit of the group, counted from the last digit of the result
    for (int i = 0; i < count; ++i, place -= 4) {
        const unsigned group = from_be<std::uint16_t>(groups + 2 * i);
        const auto divisor = static_cast<unsigned>(place >= 0 ? 1 : place > -4 ? powers[-place] : 10000);
        if (group % divisor)
            return Fit::inexact;
        if (place > -4 && !grows(sum, 10000 / divisor))
            return Fit::beyond;
        sum += group / divisor;
    }
    for (place += 4; place > 0; place -= 4)
        if (!grows(sum, powers[place < 4 ? place : 4]))
            return Fit::beyond;
    out = sum;
    return Fit::fits;
}

Fit decimal_of(const char* data, int count, int scale, Int128& out)
{
    const int weight = from_be<std::int16_t>(data + 2);
    const auto sign = from_be<std::uint16_t>(data + 4);
    if (sign >= 0xC000)
        return Fit::special;
    Fit fit;
    if (4 * (weight + 1) + scale <= 18) { // no sum can leave 64 bits
        std::uint64_t small = 0;
        fit = unscaled<std::uint64_t>(data + 8, count, weight, scale, small);
        out = small;
    } else {
        UInt128 large = 0;
        fit = count == 0 ? Fit::fits : unscaled<UInt128>(data + 8, count, weight, scale, large);
        out = static_cast<Int128>(large);
    }
    if (sign == 0x4000)
        out = -out;
    return fit;
}

Status decimals(ColumnBuilder& to, const ColumnReading& how, Cell* cells, std::size_t count)
{
    Int128 limit = 1;
    for (std::int32_t i = 0; i < how.type.precision; ++i)
        limit *= 10;
    to.reserve(static_cast<std::int64_t>(count));
    Int128* out = to.values<Int128>() + to.length();
    std::int64_t nulls = 0;
    for (std::size_t i = 0; i < count; ++i) {
        Cell& cell = cells[i];
        out[i] = 0;
        if (cell.size < 0) {
            ++nulls;
            continue;
        }
        const int groups = cell.size < 8 ? -1 : from_be<std::uint16_t>(cell.data);
        if (cell.size != 8 + 2 * groups)
            return damaged_value(how);
        Fit fit = decimal_of(cell.data, groups, how.type.scale, out[i]);
        if (fit == Fit::fits && out[i] < limit && out[i] > -limit) [[likely]]
            continue;
        if (how.special != Special::null) {
            std::string text;
            append_numeric_text(text, {cell.data, static_cast<std::size_t>(cell.size)});
            return fail(JF_E_DATA, text + " has no place in " + how.type.text() + "; set 'special' to \"null\", or read the column as text");
        }
        out[i] = 0;
        cell.size = -1;
        ++nulls;
    }
    close_values(to, cells, count, nulls);
    return {};
}

/// The items of one array, appended to `items`.
Status split_array(const ColumnReading& how, const Cell& cell, std::vector<Cell>& items)
{
    const char* at = cell.data;
    const char* const end = at + cell.size;
    if (cell.size < 12)
        return damaged_value(how);
    const auto dimensions = from_be<std::int32_t>(at);
    const auto element = from_be<std::uint32_t>(at + 8);
    at += 12;
    if (dimensions == 0)
        return {};
    if (dimensions != 1 || end - at < 8)
        return fail(JF_E_DATA, "an array of " + std::to_string(dimensions) + " dimensions is no list; set 'arrays' to \"text\"");
    const auto count = from_be<std::int32_t>(at);
    if (from_be<std::int32_t>(at + 4) != 1)
        return fail(JF_E_DATA, "an array that does not start at 1 would lose its bounds in a list; set 'arrays' to \"text\"");
    at += 8;
    if (element != how.element_oid || count < 0)
        return damaged_value(how);
    for (std::int32_t i = 0; i < count; ++i) {
        if (end - at < 4)
            return damaged_value(how);
        const auto size = from_be<std::int32_t>(at);
        at += 4;
        if (size < -1 || end - at < size)
            return damaged_value(how);
        items.push_back({at, size});
        at += size < 0 ? 0 : size;
    }
    return at == end ? Status() : damaged_value(how);
}

Status lists(ColumnBuilder& to, const ColumnReading& how, const Cell* cells, std::size_t count)
{
    std::vector<Cell> items;
    to.reserve(static_cast<std::int64_t>(count));
    std::int32_t* offsets = to.offsets() + to.length();
    std::int64_t nulls = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (cells[i].size < 0)
            ++nulls;
        else
            JF_TRY(split_array(how, cells[i], items));
        const std::size_t end = static_cast<std::size_t>(offsets[0]) + items.size();
        if (end > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
            return fail(JF_E_EXHAUSTED, "a batch holds at most 2^31 items in a column; read fewer rows at once");
        offsets[i + 1] = static_cast<std::int32_t>(end);
    }
    close_values(to, cells, count, nulls);
    return decode_column(to.child(0), how.element[0], items.data(), items.size());
}

} // namespace

Status decode_column(ColumnBuilder& to, const ColumnReading& how, Cell* cells, std::size_t count)
{
    switch (how.kind) {
    case Kind::boolean: return booleans(to, how, cells, count);
    case Kind::int2: return plain_values<std::int16_t>(to, how, cells, count);
    case Kind::int4: case Kind::oid: case Kind::float4: return plain_values<std::uint32_t>(to, how, cells, count);
    case Kind::int8: case Kind::float8: case Kind::time: return plain_values<std::uint64_t>(to, how, cells, count);
    case Kind::numeric:
        return how.type.type == Type::decimal128 ? decimals(to, how, cells, count) : written(to, how, cells, count, append_numeric_text);
    case Kind::date: return dates(to, how, cells, count);
    case Kind::timestamp: case Kind::timestamptz: return timestamps(to, how, cells, count);
    case Kind::timetz: return written(to, how, cells, count, append_timetz);
    case Kind::interval: return intervals(to, how, cells, count);
    case Kind::uuid: return uuids(to, how, cells, count);
    case Kind::jsonb: return jsonbs(to, how, cells, count);
    case Kind::inet: case Kind::cidr: return written(to, how, cells, count, append_inet);
    case Kind::macaddr: return written(to, how, cells, count, append_macaddr);
    case Kind::array: return how.type.type == Type::list ? lists(to, how, cells, count) : texts(to, how, cells, count, 0);
    default: return texts(to, how, cells, count, 0);
    }
}

} // namespace jackfield::postgres

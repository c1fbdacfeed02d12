// Encoders of booleans and numbers.
#include "encode_parts.hpp"
#include "numeric.hpp"

#include <jackfield/sdk/arrow/text.hpp>

#include <cmath>
#include <limits>

namespace jackfield::postgres {
namespace {

constexpr const char* beyond_integer = "is out of range for this integer column";

bool has_integers(const DataType& from) { return is_integer(from.type) || from.type == Type::boolean; }

/// Whole numbers of any width into one of Wire's.
template <class Wire>
std::unique_ptr<ColumnEncoder> from_integers(bool is_unsigned)
{
    return fixed<Wire>([is_unsigned](const ColumnView& column, std::int64_t row, Wire& out) -> const char* {
        const std::int64_t value = column.i64(row);
        if ((is_unsigned && value < 0) || value < static_cast<std::int64_t>(std::numeric_limits<Wire>::min())
            || value > static_cast<std::int64_t>(std::numeric_limits<Wire>::max()))
            return beyond_integer;
        out = static_cast<Wire>(value);
        return nullptr;
    });
}

/// Floating point and decimals, where they are whole.
template <class Wire>
std::unique_ptr<ColumnEncoder> from_reals()
{
    return fixed<Wire>([](const ColumnView& column, std::int64_t row, Wire& out) -> const char* {
        const double value = column.f64(row);
        // the end is a power of two, which is a double and does not fit
        if (!(value >= static_cast<double>(std::numeric_limits<Wire>::min())) || !(value < std::ldexp(1.0, std::numeric_limits<Wire>::digits)))
            return beyond_integer;
        out = static_cast<Wire>(value);
        return static_cast<double>(out) == value ? nullptr : "is no whole number, and the column holds only these";
    });
}

template <class Wire>
std::unique_ptr<ColumnEncoder> from_decimals(std::int32_t scale)
{
    return fixed<Wire>([scale](const ColumnView& column, std::int64_t row, Wire& out) -> const char* {
        Int128 value = column.decimal(row);
        for (std::int32_t i = scale; i > 0; --i, value /= 10)
            if (value % 10 != 0)
                return "is no whole number, and the column holds only these";
        for (std::int32_t i = scale; i < 0 && value != 0; ++i) {
            if (value > std::numeric_limits<std::int64_t>::max() || value < std::numeric_limits<std::int64_t>::min())
                return beyond_integer;
            value *= 10;
        }
        if (value < static_cast<Int128>(std::numeric_limits<Wire>::min()) || value > static_cast<Int128>(std::numeric_limits<Wire>::max()))
            return beyond_integer;
        out = static_cast<Wire>(value);
        return nullptr;
    });
}

template <class Wire>
std::unique_ptr<ColumnEncoder> make_integer(const DataType& from, Type same)
{
    if (from.type == same)
        return std::make_unique<PlainEncoder<Wire>>();
    const DataType& value = value_type(from);
    if (has_integers(value))
        return from_integers<Wire>(value.type == Type::uint64);
    if (value.type == Type::decimal128)
        return from_decimals<Wire>(value.scale);
    if (value.type == Type::float32 || value.type == Type::float64)
        return from_reals<Wire>();
    return nullptr;
}

template <class Wire>
std::unique_ptr<ColumnEncoder> make_real(const DataType& from, Type same)
{
    if (from.type == same)
        return std::make_unique<PlainEncoder<Wire>>();
    const DataType& value = value_type(from);
    if (!has_integers(value) && value.type != Type::decimal128 && value.type != Type::float32 && value.type != Type::float64)
        return nullptr;
    if (value.type == Type::decimal128) // by its text, which is rounded once; a division would round twice
        return fixed<Wire>([scale = value.scale](const ColumnView& column, std::int64_t row, Wire& out) -> const char* {
            char text[max_value_text];
            *write_decimal(text, column.decimal(row), scale) = '\0';
            out = sizeof(Wire) == 4 ? static_cast<Wire>(std::strtof(text, nullptr)) : static_cast<Wire>(std::strtod(text, nullptr));
            return nullptr;
        });
    const bool is_unsigned = value.type == Type::uint64, whole = has_integers(value);
    return fixed<Wire>([is_unsigned, whole](const ColumnView& column, std::int64_t row, Wire& out) -> const char* {
        if (whole) {
            out = is_unsigned ? static_cast<Wire>(column.u64(row)) : static_cast<Wire>(column.i64(row));
            return nullptr;
        }
        const double real = column.f64(row);
        out = static_cast<Wire>(real);
        return std::isinf(out) && !std::isinf(real) ? "is out of range for type real" : nullptr;
    });
}

/// Room for a numeric, filled by `write(char*)`.
template <class Write>
void put_made(Buffer& out, Write write)
{
    char* at = reinterpret_cast<char*>(out.room(longest_decimal));
    out.advance(static_cast<std::size_t>(write(at) - at));
}

std::unique_ptr<ColumnEncoder> make_numeric(const DataType& from)
{
    const DataType& value = value_type(from);
    if (value.type == Type::decimal128)
        return made([scale = value.scale](const ColumnView& column, std::int64_t row, Buffer& out) -> const char* {
            put_made(out, [&](char* at) { return write_numeric(at, column.decimal(row), scale); });
            return nullptr;
        });
    if (has_integers(value))
        return made([is_unsigned = value.type == Type::uint64](const ColumnView& column, std::int64_t row, Buffer& out) -> const char* {
            const Int128 whole = is_unsigned ? static_cast<Int128>(column.u64(row)) : static_cast<Int128>(column.i64(row));
            put_made(out, [&](char* at) { return write_numeric(at, whole, 0); });
            return nullptr;
        });
    if (value.type == Type::float32 || value.type == Type::float64) // the shortest digits that read back, exactly
        return made([single = value.type == Type::float32](const ColumnView& column, std::int64_t row, Buffer& out) -> const char* {
            char text[max_value_text];
            const double real = column.f64(row);
            const char* end = std::isnan(real) ? std::strcpy(text, "nan") + 3 : single ? write_f32(text, static_cast<float>(real)) : write_f64(text, real);
            return append_numeric(out, {text, static_cast<std::size_t>(end - text)}) ? nullptr : "is no number that numeric holds";
        });
    if (is_text(value.type))
        return made([](const ColumnView& column, std::int64_t row, Buffer& out) -> const char* {
            return append_numeric(out, column.text(row)) ? nullptr : "is no number";
        });
    return nullptr;
}

} // namespace

std::unique_ptr<ColumnEncoder> make_number_encoder(const DataType& from, Kind to)
{
    switch (to) {
    case Kind::boolean:
        if (value_type(from).type != Type::boolean)
            return nullptr;
        return fixed<std::uint8_t>([](const ColumnView& column, std::int64_t row, std::uint8_t& out) -> const char* {
            out = column.boolean(row) ? 1 : 0;
            return nullptr;
        });
    case Kind::int2: return make_integer<std::int16_t>(from, Type::int16);
    case Kind::int4: return make_integer<std::int32_t>(from, Type::int32);
    case Kind::int8: return make_integer<std::int64_t>(from, Type::int64);
    case Kind::oid: return make_integer<std::uint32_t>(from, Type::uint32);
    case Kind::float4: return make_real<float>(from, Type::float32);
    case Kind::float8: return make_real<double>(from, Type::float64);
    case Kind::numeric: return make_numeric(from);
    default: return nullptr;
    }
}

} // namespace jackfield::postgres

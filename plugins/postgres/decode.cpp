// RowDecoder: types, and rows split into cells.
#include "decode.hpp"

#include "value_text.hpp"
#include "wire.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

constexpr std::size_t block_bytes = std::size_t(256) << 10; // stays in the second-level cache, with its cells
constexpr Oid oid_char = 18, oid_xml = 142;                 // their binary form is not their text

Error damaged_rows() { return fail(JF_E_DATA, "the server sent a row that cannot be read as its binary COPY format; the connection is damaged"); }

/// Whether its binary form is read; the others are cast to text by the server.
bool has_form(Kind kind, Oid oid)
{
    return kind != Kind::money && kind != Kind::bit && kind != Kind::other && kind != Kind::array && oid != oid_char && oid != oid_xml;
}

DataType numeric_type(const PgType& type, const DecodeRules& rules)
{
    if (type.precision() >= 1 && type.precision() <= 38 && type.scale() >= 0 && type.scale() <= type.precision())
        return DataType::decimal(type.precision(), type.scale());
    return rules.precision ? DataType::decimal(rules.precision, rules.scale) : DataType(Type::utf8);
}

DataType scalar_type(Kind kind, const PgType& type, const DecodeRules& rules)
{
    switch (kind) {
    case Kind::boolean: return Type::boolean;
    case Kind::int2: return Type::int16;
    case Kind::int4: return Type::int32;
    case Kind::int8: return Type::int64;
    case Kind::oid: return Type::uint32;
    case Kind::float4: return Type::float32;
    case Kind::float8: return Type::float64;
    case Kind::numeric: return numeric_type(type, rules);
    case Kind::bytea: return Type::binary;
    case Kind::date: return Type::date32;
    case Kind::time: return {Type::time64, Unit::micro};
    case Kind::timestamp: return {Type::timestamp, Unit::micro};
    case Kind::timestamptz: return {Type::timestamp, Unit::micro, "UTC"};
    case Kind::interval: return Type::interval_month_day_nano;
    default: return Type::utf8;
    }
}

ColumnReading reading_of(const PgType& type, const DecodeRules& rules)
{
    const Decoded plan = decoded_type(type, rules);
    ColumnReading out{type.kind, plan.type, rules.special, type.element_oid, {}};
    if (plan.type.type == Type::list)
        out.element.push_back({plan.cast.empty() ? type.element : Kind::text, plan.type.children[0].type, rules.special, 0, {}});
    if (plan.cast == "text")
        out.kind = Kind::text;
    if (plan.cast == "text[]")
        out.element_oid = 25;
    return out;
}

Schema schema_of(const std::vector<Column>& columns, const DecodeRules& rules)
{
    Schema out;
    for (const Column& column : columns)
        out.fields.push_back({column.name, decoded_type(column.type, rules).type, !column.not_null, {{"postgres.type", column.type.sql}}});
    return out;
}

} // namespace

Decoded decoded_type(const PgType& type, const DecodeRules& rules)
{
    if (type.kind != Kind::array)
        return has_form(type.kind, type.oid) ? Decoded{scalar_type(type.kind, type, rules), ""} : Decoded{Type::utf8, "text"};
    if (rules.arrays_as_text)
        return {Type::utf8, "text"};
    if (has_form(type.element, type.element_oid))
        return {DataType::list(scalar_type(type.element, type, rules)), ""};
    return {DataType::list(Type::utf8), "text[]"};
}

RowDecoder::RowDecoder(const std::vector<Column>& columns, const DecodeRules& rules)
    : builder_(schema_of(columns, rules)), block_rows_(std::clamp<std::size_t>(16384 / std::max<std::size_t>(columns.size(), 1), 16, 1024)),
      cells_(columns.size() * block_rows_)
{
    for (const Column& column : columns)
        readings_.push_back(reading_of(column.type, rules));
    block_.reserve(block_bytes);
}

Status RowDecoder::decode_block()
{
    for (std::size_t i = 0; i < readings_.size() && held_ > 0; ++i)
        if (auto done = decode_column(builder_.column(i), readings_[i], &cells_[i * block_rows_], held_); !done)
            return std::move(done).error().at(builder_.schema()[i].name);
    held_ = 0;
    block_.clear();
    return {};
}

/// For one more row of so many bytes: cells point into the block, so it must not move.
Status RowDecoder::make_room(std::size_t bytes)
{
    if (held_ == block_rows_ || bytes > block_.capacity() - block_.size())
        JF_TRY(decode_block());
    block_.reserve(bytes);
    return {};
}

Status RowDecoder::add_row(std::string_view row)
{
    if (row.size() < 2 || static_cast<std::size_t>(from_be<std::uint16_t>(row.data())) != readings_.size())
        return damaged_rows();
    row.remove_prefix(2);
    JF_TRY(make_room(row.size()));
    const char* at = reinterpret_cast<const char*>(block_.data()) + block_.size();
    const char* const end = at + row.size();
    block_.append(row.data(), row.size());
    Cell* cell = &cells_[held_];
    for (std::size_t i = 0; i < readings_.size(); ++i, cell += block_rows_) {
        if (end - at < 4)
            return damaged_rows();
        const auto size = from_be<std::int32_t>(at);
        at += 4;
        *cell = {at, size};
        if (size > 0) {
            if (end - at < size)
                return damaged_rows();
            at += size;
        } else if (size < -1) {
            return damaged_rows();
        }
    }
    if (at != end)
        return damaged_rows();
    ++held_;
    ++rows_;
    return {};
}

Status RowDecoder::add_result(const PGresult* result, int from, int to)
{
    if (static_cast<std::size_t>(PQnfields(result)) != readings_.size())
        return damaged_rows();
    const auto columns = static_cast<int>(readings_.size());
    for (int row = from; row < to; ++row) {
        std::size_t bytes = 0;
        for (int i = 0; i < columns; ++i)
            bytes += static_cast<std::size_t>(PQgetlength(result, row, i));
        JF_TRY(make_room(bytes));
        Cell* cell = &cells_[held_];
        for (int i = 0; i < columns; ++i, cell += block_rows_) {
            const int size = PQgetlength(result, row, i);
            *cell = {reinterpret_cast<const char*>(block_.data()) + block_.size(), PQgetisnull(result, row, i) ? -1 : size};
            block_.append(PQgetvalue(result, row, i), static_cast<std::size_t>(size));
        }
        ++held_;
        ++rows_;
    }
    return {};
}

Result<OwnedArray> RowDecoder::finish()
{
    const std::int64_t total = std::exchange(rows_, 0);
    if (auto done = decode_block(); !done) {
        builder_.clear();
        held_ = 0;
        return std::move(done).error();
    }
    builder_.set_rows(total);
    return builder_.finish();
}

} // namespace jackfield::postgres

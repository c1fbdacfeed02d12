// params_of.
#include "parameters.hpp"

#include <jackfield/sdk/arrow/stream.hpp>
#include <jackfield/sdk/arrow/text.hpp>
#include <jackfield/sdk/arrow/view.hpp>

namespace jackfield::postgres {
namespace {

std::string hex_of(std::string_view bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string out = "\\x";
    for (const char byte : bytes) {
        out += digits[static_cast<unsigned char>(byte) >> 4];
        out += digits[static_cast<unsigned char>(byte) & 15];
    }
    return out;
}

Result<std::string> text_of(const ColumnView& column, const std::string& name)
{
    const ColumnView& values = column.indirect() ? column.target() : column;
    const std::int64_t row = column.indirect() ? column.index(0) : 0;
    const DataType& type = values.type();
    char text[max_value_text];
    char* end = nullptr;
    switch (type.type) {
    case Type::boolean: return std::string(values.boolean(row) ? "true" : "false");
    case Type::uint64: end = write_u64(text, values.u64(row)); break;
    case Type::float32: end = write_f32(text, static_cast<float>(values.f64(row))); break;
    case Type::float64: end = write_f64(text, values.f64(row)); break;
    case Type::decimal128: end = write_decimal(text, values.decimal(row), type.scale); break;
    case Type::date32: end = write_date(text, values.i64(row)); break;
    case Type::time32: case Type::time64: end = write_time(text, values.i64(row), type.unit); break;
    case Type::timestamp: end = write_timestamp(text, values.i64(row), type.unit, !type.zone.empty()); break;
    case Type::interval_month_day_nano: end = write_interval(text, values.interval(row)); break;
    default:
        if (is_text(type.type) && values.text(row).find('\0') == std::string_view::npos)
            return std::string(values.text(row));
        if (is_text(type.type))
            return fail(JF_E_CONFIG, "the value of '" + name + "' holds U+0000, which no text of PostgreSQL can", name);
        if (is_binary(type.type))
            return hex_of(values.text(row));
        if (!is_integer(type.type))
            return fail(JF_E_CONFIG, "a value of type " + type.text() + " cannot be bound; give a scalar", name);
        end = write_i64(text, values.i64(row));
    }
    return std::string(text, end);
}

} // namespace

Result<Params> params_of(OwnedStream params)
{
    JF_ASSIGN(StreamReader reader, StreamReader::open(std::move(params)));
    Params out;
    std::int64_t rows = 0;
    for (;;) {
        JF_ASSIGN(const OwnedArray batch, reader.next(Check::full));
        if (!batch)
            break;
        rows += batch->length;
        if (rows != 1 || batch->length == 0)
            continue;
        const BatchView view(reader.schema(), *batch);
        for (std::size_t i = 0; i < view.columns(); ++i) {
            Param param;
            if (!view[i].is_null(0)) {
                JF_ASSIGN(param.value, text_of(view[i], reader.schema()[i].name));
            }
            out.push_back(std::move(param));
        }
    }
    if (rows != 1)
        return fail(JF_E_CONFIG, "parameters are one row, and there are " + std::to_string(rows));
    return out;
}

} // namespace jackfield::postgres

// Reads each Arrow type as what a chart can draw.
#include "arrow_table.hpp"

#include <jackfield/sdk/arrow/schema.hpp>
#include <jackfield/sdk/arrow/spelling.hpp>
#include <jackfield/sdk/arrow/text.hpp>
#include <jackfield/sdk/arrow/validate.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <limits>

namespace jackfield::charts {
namespace {

const DataType& stored_type(const DataType& type)
{
    return type.type == Type::dictionary || type.type == Type::run_end_encoded ? stored_type(type.children[1].type) : type;
}

Column empty_column(const Field& field)
{
    Column out;
    out.name = field.name;
    switch (stored_type(field.type).type) {
    case Type::int8: case Type::int16: case Type::int32: case Type::int64: case Type::uint8: case Type::uint16:
    case Type::uint32: case Type::uint64: case Type::float32: case Type::float64: case Type::decimal128: case Type::duration:
        out.kind = ColumnKind::number;
        break;
    case Type::date32: case Type::date64: out.date_only = true; [[fallthrough]];
    case Type::timestamp: out.kind = ColumnKind::time; break;
    default: out.kind = ColumnKind::text; break;
    }
    return out;
}

// Seconds for one unit.
double unit_seconds(Unit unit)
{
    return unit == Unit::second ? 1 : unit == Unit::milli ? 1e-3 : unit == Unit::micro ? 1e-6 : 1e-9;
}

double number_at(const ColumnView& view, const DataType& type, std::int64_t row)
{
    switch (type.type) {
    case Type::date32: return static_cast<double>(view.i64(row)) * 86400000.0;
    case Type::date64: return static_cast<double>(view.i64(row));
    case Type::timestamp: return static_cast<double>(view.i64(row)) * 1000 * unit_seconds(type.unit);
    case Type::duration: return static_cast<double>(view.i64(row)) * unit_seconds(type.unit);
    default: return view.f64(row);
    }
}

std::string text_at(const ColumnView& view, const DataType& type, std::int64_t row)
{
    switch (type.type) {
    case Type::boolean: return view.boolean(row) ? "true" : "false";
    case Type::utf8: case Type::large_utf8: case Type::utf8_view: return std::string(view.text(row));
    case Type::time32: case Type::time64: {
        char buffer[max_value_text];
        return {buffer, write_time(buffer, view.i64(row), type.unit)};
    }
    default: return "(" + type.text() + ")";
    }
}

void append(Column& column, const ColumnView& view, const DataType& type)
{
    for (std::int64_t row = 0; row < view.length(); ++row) {
        const bool null = view.is_null(row);
        if (column.kind == ColumnKind::text) {
            column.valid.push_back(!null);
            column.texts.push_back(null ? std::string() : text_at(view, type, row));
        } else {
            column.numbers.push_back(null ? std::numeric_limits<double>::quiet_NaN() : number_at(view, type, row));
        }
    }
}

Error stream_error(ArrowArrayStream& stream, int code)
{
    const char* said = stream.get_last_error != nullptr ? stream.get_last_error(&stream) : nullptr;
    return fail(JF_E_UNAVAILABLE, said != nullptr ? std::string("the chart's data cannot be read: ") + said
                                                  : "the chart's data cannot be read (error " + std::to_string(code) + ")");
}

} // namespace

Result<Table> read_table(ArrowArrayStream& stream)
{
    if (stream.release == nullptr)
        return Table{};
    OwnedSchema raw;
    if (const int code = stream.get_schema(&stream, raw.out()); code != 0)
        return stream_error(stream, code);
    JF_ASSIGN(const Schema schema, import_schema(*raw));
    Table out;
    for (const Field& field : schema.fields)
        out.columns.push_back(empty_column(field));
    for (;;) {
        OwnedArray batch;
        if (const int code = stream.get_next(&stream, batch.out()); code != 0)
            return stream_error(stream, code);
        if (!batch)
            return out;
        JF_TRY(validate(schema, *batch));
        const BatchView view(schema, *batch);
        out.rows += static_cast<std::size_t>(view.rows());
        if (out.rows > max_rows)
            return fail(JF_E_CONFIG, "a chart takes at most 5,000,000 rows; aggregate them in the query");
        for (std::size_t i = 0; i < schema.size(); ++i)
            append(out.columns[i], view[i], stored_type(schema[i].type));
    }
}

} // namespace jackfield::charts

// JsonRows: rows of a batch as JSON objects, for NDJSON and for the records of the quarantine.
#pragma once

#include <jackfield/sdk/arrow/buffer.hpp>
#include <jackfield/sdk/arrow/json_text.hpp>
#include <jackfield/sdk/arrow/text.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace jackfield {
/// Writes rows as JSON objects in the order of the columns. One thread at a time; its memory is reused.
///
/// Integers and decimals with all their digits, as numbers. Floating point: the shortest text that reads back;
/// nan and infinities null. Timestamps, dates, times ISO 8601, UTC with a Z if the column names a zone. Durations and
/// intervals ISO 8601. Binary base64. List: array; structure: object; map: object if its keys are text, else an array of
/// [key, value] pairs.
class JsonRows {
public:
    explicit JsonRows(const Schema& schema)
        : schema_(schema)
    {
        for (const Field& field : schema_.fields)
            columns_.push_back(column_of(field.name, field.type, columns_.empty()));
    }
    // The views point into schema_.
    JsonRows(const JsonRows&) = delete;
    JsonRows& operator=(const JsonRows&) = delete;

    /// The batch to read from now on; it must outlive the writing. Requires: validated, or made by a builder.
    void bind(const ArrowArray& batch) { view_ = BatchView(schema_, batch); }
    /// Appends the object of row `row`, without a line end. Requires: bind(); 0 <= row < length of the batch.
    void write(std::int64_t row, Buffer& out) const
    {
        if (columns_.empty())
            detail::put(out, '{');
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            detail::put(out, columns_[i].lead);
            value(columns_[i], view_[i], row, out);
        }
        detail::put(out, '}');
    }
    /// The same as a string; allocates.
    [[nodiscard]] std::string text(std::int64_t row) const
    {
        Buffer out;
        write(row, out);
        return std::string(out.as<char>(), out.size());
    }

private:
    friend class JsonValue;
    struct Column;
    using Writer = void (*)(const Column&, const ColumnView&, std::int64_t, Buffer&);
    /// How one column is written. Chosen once.
    struct Column {
        std::string lead; // what comes before the value in an object: `{"id":` or `,"id":`
        Writer write = nullptr;
        std::vector<Column> children;
    };

    static void value(const Column& column, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        if (view.may_have_nulls() || view.indirect()) {
            if (view.is_null(row))
                return detail::put(out, "null");
        }
        column.write(column, view, row, out);
    }
    template <class Write>
    static void direct(Buffer& out, Write write)
    {
        char* at = reinterpret_cast<char*>(out.room(max_value_text));
        out.advance(static_cast<std::size_t>(write(at) - at));
    }
    template <class Write>
    static void quoted(Buffer& out, Write write)
    {
        direct(out, [&](char* at) {
            *at++ = '"';
            at = write(at);
            *at++ = '"';
            return at;
        });
    }

    static void boolean(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        detail::put(out, view.boolean(row) ? std::string_view("true") : std::string_view("false"));
    }
    static void integer(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        direct(out, [&](char* at) { return write_i64(at, view.i64(row)); });
    }
    static void natural(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        direct(out, [&](char* at) { return write_u64(at, view.u64(row)); });
    }
    static void real(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        const double number = view.f64(row);
        if (!std::isfinite(number))
            return detail::put(out, "null");
        if (view.type().type == Type::float32)
            return direct(out, [&](char* at) { return write_f32(at, static_cast<float>(number)); });
        direct(out, [&](char* at) { return write_f64(at, number); });
    }
    static void decimal(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        direct(out, [&](char* at) { return write_decimal(at, view.decimal(row), view.type().scale); });
    }
    static void characters(const Column&, const ColumnView& view, std::int64_t row, Buffer& out) { append_json_text(out, view.text(row)); }
    static void binary(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        detail::put(out, '"');
        append_base64(out, view.text(row));
        detail::put(out, '"');
    }
    static void date32(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        quoted(out, [&](char* at) { return write_date(at, view.i64(row)); });
    }
    static void date64(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        quoted(out, [&](char* at) { return write_date(at, detail::floor_div(view.i64(row), 86'400'000)); });
    }
    static void time(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        quoted(out, [&](char* at) { return write_time(at, view.i64(row), view.type().unit); });
    }
    static void timestamp(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        quoted(out, [&](char* at) { return write_timestamp(at, view.i64(row), view.type().unit, !view.type().zone.empty()); });
    }
    static void duration(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        quoted(out, [&](char* at) { return write_duration(at, view.i64(row), view.type().unit); });
    }
    static void interval(const Column&, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        quoted(out, [&](char* at) { return write_interval(at, view.interval(row)); });
    }
    static void list(const Column& column, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        const auto [from, to] = view.items(row);
        detail::put(out, '[');
        for (std::int64_t i = from; i < to; ++i) {
            if (i != from)
                detail::put(out, ',');
            value(column.children[0], view.child(0), i, out);
        }
        detail::put(out, ']');
    }
    static void structure(const Column& column, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        if (column.children.empty())
            detail::put(out, '{');
        for (std::size_t i = 0; i < column.children.size(); ++i) {
            detail::put(out, column.children[i].lead);
            value(column.children[i], view.child(i), row, out);
        }
        detail::put(out, '}');
    }
    static void map(const Column& column, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        const Column& entries = column.children[0];
        const ColumnView& pairs = view.child(0);
        const bool object = entries.children[0].write == characters;
        const auto [from, to] = view.items(row);
        detail::put(out, object ? '{' : '[');
        for (std::int64_t i = from; i < to; ++i) {
            if (i != from)
                detail::put(out, ',');
            if (!object)
                detail::put(out, '[');
            if (object && pairs.child(0).is_null(i)) // forbidden by Arrow, but then still JSON
                detail::put(out, "\"\"");
            else
                value(entries.children[0], pairs.child(0), i, out);
            detail::put(out, object ? ':' : ',');
            value(entries.children[1], pairs.child(1), i, out);
            if (!object)
                detail::put(out, ']');
        }
        detail::put(out, object ? '}' : ']');
    }
    static void elsewhere(const Column& column, const ColumnView& view, std::int64_t row, Buffer& out)
    {
        value(column.children.back(), view.target(), view.index(row), out);
    }
    static void nothing(const Column&, const ColumnView&, std::int64_t, Buffer& out) { detail::put(out, "null"); }

    static Writer writer_of(const DataType& type)
    {
        switch (type.type) {
        case Type::null: return nothing;
        case Type::boolean: return boolean;
        case Type::uint64: return natural;
        case Type::float32: case Type::float64: return real;
        case Type::decimal128: return decimal;
        case Type::utf8: case Type::large_utf8: case Type::utf8_view: return characters;
        case Type::binary: case Type::large_binary: case Type::binary_view: case Type::fixed_binary: return binary;
        case Type::date32: return date32;
        case Type::date64: return date64;
        case Type::time32: case Type::time64: return time;
        case Type::timestamp: return timestamp;
        case Type::duration: return duration;
        case Type::interval_month_day_nano: return interval;
        case Type::list: case Type::large_list: case Type::fixed_list: return list;
        case Type::structure: return structure;
        case Type::map: return map;
        case Type::dictionary: case Type::run_end_encoded: return elsewhere;
        default: return integer;
        }
    }
    static Column column_of(std::string_view name, const DataType& type, bool first)
    {
        Column made;
        Buffer lead;
        detail::put(lead, first ? '{' : ',');
        append_json_text(lead, name);
        detail::put(lead, ':');
        made.lead.assign(lead.as<char>(), lead.size());
        made.write = writer_of(type);
        for (const Field& child : type.children)
            made.children.push_back(column_of(child.name, child.type, made.children.empty()));
        return made;
    }

    Schema schema_;
    std::vector<Column> columns_;
    BatchView view_;
};

/// Writes single values of one type as JsonRows does. Any thread.
class JsonValue {
public:
    explicit JsonValue(const DataType& type) : column_(JsonRows::column_of("", type, true)) {}
    /// Appends the value of row `row`; "null" if it is null. `view` is of the type.
    void append(const ColumnView& view, std::int64_t row, Buffer& out) const { JsonRows::value(column_, view, row, out); }

private:
    JsonRows::Column column_;
};

} // namespace jackfield

// Text forms.
#include "text_rows.hpp"

#include "encode_parts.hpp"

#include <jackfield/sdk/arrow/text.hpp>

#include <cmath>
#include <limits>

namespace jackfield::postgres {
namespace {

template <class Write>
void put_direct(Buffer& out, Write write)
{
    char* at = reinterpret_cast<char*>(out.room(max_value_text));
    out.advance(static_cast<std::size_t>(write(at) - at));
}

void put_text(Buffer& out, std::string_view text) { out.append(text.data(), text.size()); }

void put_hex(Buffer& out, std::string_view bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    put_text(out, "\\x");
    for (const char c : bytes) {
        out.push(digits[static_cast<unsigned char>(c) >> 4]);
        out.push(digits[c & 15]);
    }
}

/// ISO 8601 as PostgreSQL reads it: no sign for years beyond 9999, and BC for those before 1.
void put_dated(Buffer& out, std::string_view iso)
{
    const bool before = iso.front() == '-' || iso.substr(0, 5) == "0000-";
    if (iso.front() == '+' || iso.front() == '-')
        iso.remove_prefix(1);
    if (!before)
        return put_text(out, iso);
    std::int64_t year = 0;
    std::size_t at = 0;
    for (; at < iso.size() && iso[at] != '-'; ++at)
        year = year * 10 + (iso[at] - '0');
    put_direct(out, [&](char* to) { return detail::write_padded(to, static_cast<std::uint64_t>(year + 1), 4 + (year >= 9999 ? 3 : 0)); });
    put_text(out, iso.substr(at));
    put_text(out, " BC");
}

bool put_endless(Buffer& out, std::int64_t value)
{
    if (value != std::numeric_limits<std::int64_t>::max() && value != std::numeric_limits<std::int64_t>::min())
        return false;
    put_text(out, value > 0 ? "infinity" : "-infinity");
    return true;
}

void put_when(Buffer& out, const DataType& type, const ColumnView& column, std::int64_t row)
{
    char text[max_value_text];
    const std::int64_t value = column.i64(row);
    if (type.type != Type::date32 && put_endless(out, value))
        return;
    const char* end = type.type == Type::date32 ? write_date(text, value)
        : type.type == Type::date64           ? write_date(text, detail::floor_div(value, 86'400'000))
                                              : write_timestamp(text, value, type.unit, !type.zone.empty());
    put_dated(out, {text, static_cast<std::size_t>(end - text)});
}

class TextRows final : public RowEncoder {
public:
    explicit TextRows(CopyColumns columns) : RowEncoder(std::move(columns))
    {
        for (const Field& field : columns_.schema.fields)
            texts_.push_back(std::make_unique<ValueText>(field.type));
    }
    void encode(std::int64_t first, std::int64_t count, Buffer& out, Faults& faults) override
    {
        const std::size_t before = out.size(), known = faults.size();
        const std::int64_t order = order_;
        for (std::int64_t row = first; row < first + count; ++row)
            put_row(row, out, faults);
        if (faults.size() == known)
            return;
        out.resize(before);
        order_ = order;
    }
    [[nodiscard]] std::string_view head() const override { return {}; }
    [[nodiscard]] std::string_view tail() const override { return {}; }
    [[nodiscard]] std::string_view format() const override { return "FORMAT text"; }

private:
    void put_row(std::int64_t row, Buffer& out, Faults& faults)
    {
        for (std::size_t i = 0; i < texts_.size(); ++i) {
            if (const char* wrong = put(i, row, out))
                return faults.push_back({row, i, wrong});
            if (i + 1 < texts_.size() || order_ >= 0)
                out.push('\t');
        }
        if (order_ >= 0)
            put_direct(out, [&](char* at) { return write_i64(at, order_++); });
        out.push('\n');
    }
    const char* put(std::size_t i, std::int64_t row, Buffer& out)
    {
        if (view_[i].is_null(row)) {
            put_text(out, "\\N");
            return nullptr;
        }
        value_.clear();
        const char* wrong = texts_[i]->append(view_[i], row, value_);
        const char* text = value_.as<char>();
        for (std::size_t k = 0; k < value_.size() && !wrong; ++k) {
            const char c = text[k];
            const char letter = c == '\\' ? '\\' : c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : '\0';
            if (letter)
                out.push('\\');
            out.push(letter ? letter : c);
        }
        return wrong;
    }

    std::vector<std::unique_ptr<ValueText>> texts_;
    Buffer value_;
};

} // namespace

ValueText::ValueText(const DataType& from) : type_(value_type(from)), json_(from)
{
    if (type_.type == Type::list || type_.type == Type::large_list || type_.type == Type::fixed_list)
        item_ = std::make_unique<ValueText>(type_.children[0].type);
}

const char* ValueText::append(const ColumnView& column, std::int64_t row, Buffer& out)
{
    switch (type_.type) {
    case Type::boolean: put_text(out, column.boolean(row) ? "true" : "false"); return nullptr;
    case Type::uint64: put_direct(out, [&](char* at) { return write_u64(at, column.u64(row)); }); return nullptr;
    case Type::float32: put_direct(out, [&](char* at) { return write_f32(at, static_cast<float>(column.f64(row))); }); return nullptr;
    case Type::float64: put_direct(out, [&](char* at) { return write_f64(at, column.f64(row)); }); return nullptr;
    case Type::decimal128: put_direct(out, [&](char* at) { return write_decimal(at, column.decimal(row), type_.scale); }); return nullptr;
    case Type::utf8: case Type::large_utf8: case Type::utf8_view: {
        const std::string_view text = column.text(row);
        const char* wrong = wrong_text(text);
        put_text(out, text);
        return *wrong ? wrong : nullptr;
    }
    case Type::binary: case Type::large_binary: case Type::binary_view: case Type::fixed_binary: put_hex(out, column.text(row)); return nullptr;
    case Type::date32: case Type::date64: case Type::timestamp: put_when(out, type_, column, row); return nullptr;
    case Type::time32: case Type::time64: put_direct(out, [&](char* at) { return write_time(at, column.i64(row), type_.unit); }); return nullptr;
    case Type::duration: put_direct(out, [&](char* at) { return write_duration(at, column.i64(row), type_.unit); }); return nullptr;
    case Type::interval_month_day_nano: put_direct(out, [&](char* at) { return write_interval(at, column.interval(row)); }); return nullptr;
    case Type::list: case Type::large_list: case Type::fixed_list: return append_list(column, row, out);
    case Type::structure: case Type::map: json_.append(column, row, out); return nullptr;
    default: put_direct(out, [&](char* at) { return write_i64(at, column.i64(row)); }); return nullptr;
    }
}

const char* ValueText::append_list(const ColumnView& column, std::int64_t row, Buffer& out)
{
    const auto [list, at] = value_at(column, row);
    const ColumnView& items = list->child(0);
    const auto [from, to] = list->items(at);
    const bool nested = item_->item_ != nullptr;
    out.push('{');
    for (std::int64_t i = from; i < to; ++i) {
        if (i != from)
            out.push(',');
        if (items.is_null(i)) {
            put_text(out, "NULL");
            continue;
        }
        element_.clear();
        if (const char* wrong = item_->append(items, i, nested ? out : element_))
            return wrong;
        if (nested)
            continue;
        out.push('"');
        for (std::size_t k = 0; k < element_.size(); ++k) {
            const char c = element_.as<char>()[k];
            if (c == '"' || c == '\\')
                out.push('\\');
            out.push(c);
        }
        out.push('"');
    }
    out.push('}');
    return nullptr;
}

bool text_will_do(const DataType& from, const PgType& to)
{
    const DataType& value = value_type(from);
    if (value.type == Type::null || is_text(value.type) || to.kind == Kind::other)
        return true;
    if (to.kind == Kind::money)
        return is_integer(value.type) || value.type == Type::decimal128 || value.type == Type::float64 || value.type == Type::float32;
    if (to.kind == Kind::timetz)
        return value.type == Type::time32 || value.type == Type::time64;
    if (to.kind != Kind::array || (value.type != Type::list && value.type != Type::large_list && value.type != Type::fixed_list))
        return false;
    if (value.children[0].type.type == Type::list || value.children[0].type.type == Type::large_list || value.children[0].type.type == Type::fixed_list)
        return text_will_do(value.children[0].type, to);
    PgType element;
    element.kind = to.element;
    return make_encoder(value.children[0].type, element) != nullptr || text_will_do(value.children[0].type, element);
}

std::unique_ptr<RowEncoder> make_text_rows(CopyColumns columns) { return std::make_unique<TextRows>(std::move(columns)); }

} // namespace jackfield::postgres

// Comparing and spelling values of a cursor.
#include "cursor.hpp"

#include <jackfield/sdk/arrow/text.hpp>

#include <algorithm>

namespace jackfield::http {
namespace {

constexpr std::size_t most_text = 1024; // positions are small

[[nodiscard]] std::string spelled_time(const ColumnView& column, std::int64_t row, Spelling spelling)
{
    const DataType& type = column.type();
    const std::int64_t value = column.i64(row);
    if (spelling != Spelling::iso && type.type == Type::timestamp) {
        const std::int64_t per_second = detail::units_per_second(type.unit);
        const std::int64_t wanted = spelling == Spelling::unix_s ? 1 : 1000;
        return std::to_string(wanted <= per_second ? detail::floor_div(value, per_second / wanted) : value * (wanted / per_second));
    }
    char text[max_value_text];
    char* end = type.type == Type::date32 ? write_date(text, value) : write_timestamp(text, value, type.unit, !type.zone.empty());
    std::string out(text, end);
    if (const std::size_t blank = out.find(' '); blank != out.npos)
        out[blank] = 'T';
    return out;
}

} // namespace

Result<CursorValue> CursorValue::of(const ColumnView& column, std::int64_t row, Spelling spelling)
{
    CursorValue out;
    const DataType& type = column.type();
    char text[max_value_text];
    if (is_text(type.type)) {
        out.kind = Kind::text;
        out.text = column.text(row);
        if (out.text.size() > most_text)
            return fail(JF_E_DATA, "a text of " + std::to_string(out.text.size()) + " bytes is too long for a cursor; choose another field", "incremental.field");
        out.spelled = out.text;
    } else if (type.type == Type::float64 || type.type == Type::float32) {
        out.kind = Kind::real;
        out.fraction = column.f64(row);
        out.spelled.assign(text, write_f64(text, out.fraction));
    } else if (type.type == Type::decimal128) {
        out.number = column.decimal(row);
        out.spelled.assign(text, write_decimal(text, out.number, type.scale));
    } else if (type.type == Type::timestamp || type.type == Type::date32) {
        out.number = column.i64(row);
        out.spelled = spelled_time(column, row, spelling);
    } else if (type.type == Type::uint64) {
        out.number = static_cast<Int128>(column.u64(row));
        out.spelled = std::to_string(column.u64(row));
    } else if (is_integer(type.type)) {
        out.number = column.i64(row);
        out.spelled = std::to_string(column.i64(row));
    } else {
        return fail(JF_E_CONFIG, "a column of type " + type.text() + " gives rows no order; choose one of numbers, text or times", "incremental.field");
    }
    return out;
}

int CursorValue::compare(const CursorValue& other) const
{
    if (kind == Kind::text)
        return text.compare(other.text);
    if (kind == Kind::real)
        return fraction < other.fraction ? -1 : fraction > other.fraction ? 1 : 0;
    return number < other.number ? -1 : number > other.number ? 1 : 0;
}

Status CursorMark::add(const CursorValue& value, std::uint64_t digest, const std::string& field)
{
    const int order = top ? value.compare(*top) : 1;
    if (order > 0) {
        below = std::move(top);
        top = value;
        at_top.clear();
    } else if (order < 0) {
        if (!below || value.compare(*below) > 0)
            below = value;
        return {};
    }
    if (at_top.size() >= most_at_top)
        return fail(JF_E_DATA, "more than " + std::to_string(most_at_top) + " rows have '" + value.spelled.substr(0, 60) + "' in '" + field + "', too many to remember; choose a finer field", "incremental.field");
    at_top.push_back(digest);
    return {};
}

std::optional<bool> CursorMark::knows(const CursorValue& value) const
{
    if (!top)
        return false;
    const int order = value.compare(*top);
    if (order == 0)
        return std::nullopt;
    return order < 0 && below && value.compare(*below) <= 0;
}

bool take_digest(std::vector<std::uint64_t>& digests, std::uint64_t digest)
{
    const auto found = std::find(digests.begin(), digests.end(), digest);
    if (found == digests.end())
        return false;
    digests.erase(found);
    return true;
}

} // namespace jackfield::http

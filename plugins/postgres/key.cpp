// Keys and positions.
#include "key.hpp"

#include "quote.hpp"
#include "value_text.hpp"
#include "wire.hpp"

#include <jackfield/sdk/arrow/text.hpp>

#include <cmath>

namespace jackfield::postgres {
namespace {

constexpr Oid oid_bpchar = 1042;
constexpr std::int64_t day_us = 86'400'000'000;

template <class T>
std::string shortest(T value)
{
    if (std::isnan(value))
        return "NaN";
    if (std::isinf(value))
        return value < 0 ? "-Infinity" : "Infinity";
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// "2024-02-29", "0044-03-15" with `before_christ` set; civil calendar from days since 1970 (H. Hinnant, chrono-compatible date algorithms).
std::string date_text(std::int64_t days, bool& before_christ)
{
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t of_era = days - era * 146097;
    const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t shifted = (5 * of_year + 2) / 153;
    const std::int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    before_christ = year <= 0;
    year = before_christ ? 1 - year : year;
    std::string text = std::to_string(year);
    text.insert(0, text.size() < 4 ? 4 - text.size() : 0, '0');
    const auto two = [](std::int64_t value) { return std::string(value < 10 ? "-0" : "-") + std::to_string(value); };
    return text + two(month) + two(of_year - (153 * shifted + 2) / 5 + 1);
}

std::string clock_text(std::int64_t us)
{
    char text[32];
    char* at = detail::write_2(text, static_cast<unsigned>(us / 3'600'000'000));
    *at++ = ':';
    at = detail::write_2(at, static_cast<unsigned>(us / 60'000'000 % 60));
    *at++ = ':';
    at = detail::write_2(at, static_cast<unsigned>(us / 1'000'000 % 60));
    *at++ = '.';
    return {text, detail::write_padded(at, static_cast<std::uint64_t>(us % 1'000'000), 6)};
}

std::string date_literal(std::int32_t days)
{
    if (days == INT32_MAX || days == INT32_MIN)
        return days < 0 ? "-infinity" : "infinity";
    bool before = false;
    const std::string text = date_text(std::int64_t(days) + epoch_days, before);
    return text + (before ? " BC" : "");
}

std::string timestamp_literal(std::int64_t us, bool zone)
{
    if (us == INT64_MAX || us == INT64_MIN)
        return us < 0 ? "-infinity" : "infinity";
    const std::int64_t days = us / day_us - (us % day_us < 0 ? 1 : 0);
    bool before = false;
    const std::string text = date_text(days + epoch_days, before);
    return text + " " + clock_text(us - days * day_us) + (zone ? "+00" : "") + (before ? " BC" : "");
}

std::string bytea_text(std::string_view bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string out = "\\x";
    for (const char byte : bytes) {
        out += digits[static_cast<unsigned char>(byte) >> 4];
        out += digits[static_cast<unsigned char>(byte) & 15];
    }
    return out;
}

/// Bytes of a value of fixed width; 0: any.
std::size_t width_of(Kind kind)
{
    switch (kind) {
    case Kind::boolean: return 1;
    case Kind::int2: return 2;
    case Kind::int4: case Kind::oid: case Kind::float4: case Kind::date: return 4;
    case Kind::int8: case Kind::float8: case Kind::time: case Kind::timestamp: case Kind::timestamptz: return 8;
    case Kind::uuid: return 16;
    default: return 0;
    }
}

template <class T, class Bits>
T floating(const char* data)
{
    const auto bits = from_be<Bits>(data);
    T out;
    std::memcpy(&out, &bits, sizeof out);
    return out;
}

/// Digits without zeros at the end of the fraction.
std::string plain_numeric(std::string_view bytes)
{
    std::string out;
    append_numeric_text(out, bytes);
    if (out.find('.') != std::string::npos) {
        out.erase(out.find_last_not_of('0') + 1);
        if (out.back() == '.')
            out.pop_back();
    }
    return out == "-0" ? "0" : out;
}

/// nullopt: damaged.
std::optional<std::string> value_text(Kind kind, std::string_view bytes)
{
    const char* data = bytes.data();
    if (const std::size_t width = width_of(kind); width && bytes.size() != width)
        return std::nullopt;
    std::string out;
    switch (kind) {
    case Kind::boolean: return data[0] ? "true" : "false";
    case Kind::int2: return std::to_string(from_be<std::int16_t>(data));
    case Kind::int4: return std::to_string(from_be<std::int32_t>(data));
    case Kind::int8: return std::to_string(from_be<std::int64_t>(data));
    case Kind::oid: return std::to_string(from_be<std::uint32_t>(data));
    case Kind::float4: return shortest(floating<float, std::uint32_t>(data));
    case Kind::float8: return shortest(floating<double, std::uint64_t>(data));
    case Kind::date: return date_literal(from_be<std::int32_t>(data));
    case Kind::timestamp: case Kind::timestamptz: return timestamp_literal(from_be<std::int64_t>(data), kind == Kind::timestamptz);
    case Kind::time: return clock_text(from_be<std::int64_t>(data));
    case Kind::bytea: return bytea_text(bytes);
    case Kind::numeric: return append_numeric_text(out, bytes) ? std::optional(out) : std::nullopt;
    case Kind::inet: case Kind::cidr: return append_inet(out, bytes) ? std::optional(out) : std::nullopt;
    case Kind::macaddr: return append_macaddr(out, bytes) ? std::optional(out) : std::nullopt;
    case Kind::uuid: out.resize(36); write_uuid(out.data(), data); return out;
    default: return std::string(bytes);
    }
}

template <class T>
void put_number(std::string& out, T value)
{
    for (unsigned shift = 0; shift < sizeof(T) * 8; shift += 8)
        out += static_cast<char>(value >> shift);
}

template <class T>
bool take_number(std::string_view& in, T& out)
{
    if (in.size() < sizeof(T))
        return false;
    out = 0;
    for (unsigned i = 0; i < sizeof(T); ++i)
        out |= static_cast<T>(static_cast<T>(static_cast<unsigned char>(in[i])) << (8 * i));
    in.remove_prefix(sizeof(T));
    return true;
}

bool take_keys(std::string_view bytes, Keys& out)
{
    while (!bytes.empty()) {
        KeyValue value;
        std::uint32_t size = 0;
        if (!take_number(bytes, value.type) || !take_number(bytes, size) || size > bytes.size())
            return false;
        value.bytes = bytes.substr(0, size);
        bytes.remove_prefix(size);
        out.push_back(std::move(value));
    }
    return true;
}

} // namespace

Status check_key(const Column& column)
{
    switch (column.type.kind) {
    case Kind::interval: case Kind::timetz: case Kind::json: case Kind::jsonb: case Kind::array: case Kind::money: case Kind::bit:
        return fail(JF_E_CONFIG, "'" + column.name + "' of type " + column.type.sql
                + " cannot say where to go on; choose a column of numbers, text, times or uuids");
    default: return {};
    }
}

Result<std::string> key_literal(const Column& column, const KeyValue& value)
{
    const auto text = value_text(column.type.kind, value.bytes);
    if (!text || text->find('\0') != std::string::npos)
        return fail(JF_E_POSITION, "the stored position holds no value of '" + column.name + "'; start over with --full-refresh", column.name);
    return quote_literal(*text) + "::" + column.type.sql;
}

bool same_key(const Column& column, std::string_view left, std::string_view right)
{
    if (left == right)
        return true;
    const auto trimmed = [](std::string_view text) { return text.substr(0, text.find_last_not_of(' ') + 1); };
    switch (column.type.kind) {
    case Kind::numeric: return plain_numeric(left) == plain_numeric(right);
    case Kind::float4: return left.size() == 4 && right.size() == 4 && floating<float, std::uint32_t>(left.data()) == floating<float, std::uint32_t>(right.data());
    case Kind::float8: return left.size() == 8 && right.size() == 8 && floating<double, std::uint64_t>(left.data()) == floating<double, std::uint64_t>(right.data());
    case Kind::text: return column.type.oid == oid_bpchar && trimmed(left) == trimmed(right);
    default: return false;
    }
}

std::string Place::encode(bool ranges) const
{
    std::string out(1, ranges ? '\3' : '\2');
    if (ranges) {
        put_number(out, low);
        put_number(out, high);
    }
    for (const KeyValue& key : keys) {
        put_number(out, key.type);
        put_number(out, static_cast<std::uint32_t>(key.bytes.size()));
        out += key.bytes;
    }
    return out;
}

Result<Place> Place::decode(std::string_view bytes, bool ranges, const std::vector<Column>& columns)
{
    Place out;
    bool known = !bytes.empty() && bytes[0] == (ranges ? '\3' : '\2');
    bytes.remove_prefix(known ? 1 : 0);
    if (known && ranges)
        known = take_number(bytes, out.low) && take_number(bytes, out.high) && out.low <= out.high;
    known = known && take_keys(bytes, out.keys) && (out.keys.size() == columns.size() || (ranges && out.keys.empty()));
    for (std::size_t i = 0; known && i < out.keys.size(); ++i)
        if (out.keys[i].type != columns[i].type.oid)
            return fail(JF_E_POSITION, "the type of '" + columns[i].name + "' was changed to " + columns[i].type.sql
                    + " since the stored position was written; start over with --full-refresh", columns[i].name);
    if (!known)
        return fail(JF_E_POSITION, "the stored position does not belong to this cursor and key; start over with --full-refresh", "cursor");
    return out;
}

} // namespace jackfield::postgres

// Single values of JSON: their grammar, their strings, and nested ones into list and struct columns.
#include "json_columns.hpp"

#include <cstring>

namespace jackfield::files {
namespace {

constexpr int most_depth = 512;

[[nodiscard]] bool digit(char c) { return c >= '0' && c <= '9'; }

/// Four hexadecimal digits, or a number above 0xFFFF.
[[nodiscard]] std::uint32_t four_hex(const char* text)
{
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        const char c = text[i];
        const char lower = static_cast<char>(c | 32);
        if (digit(c))
            value = value * 16 + static_cast<std::uint32_t>(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
        else
            return 0x10000;
    }
    return value;
}

void append_utf8(std::string& out, std::uint32_t code)
{
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xC0 | code >> 6), byte(0x80 | (code & 63));
    } else if (code < 0x10000) {
        byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63));
    } else {
        byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 63)), byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63));
    }
}

[[nodiscard]] std::string no_value(std::string_view token, const ColumnBuilder& column)
{
    return std::string(token.substr(0, 60)) + " is no value of " + column.type().text();
}

/// Numbers and what strings spell, into a column inside of a list or struct.
[[nodiscard]] std::string append_scalar(ColumnBuilder& column, std::string_view token)
{
    std::string text;
    const bool quoted = token.front() == '"';
    if (quoted ? !unescape_json(token, text) : !valid_json_number(token))
        return no_value(token, column);
    if (!quoted)
        text = token;
    const std::size_t size = text.size();
    text.append(text_padding, '\0');
    constexpr std::int64_t units[] = {1, 1'000, 1'000'000, 1'000'000'000};
    const std::int64_t per_second = units[static_cast<std::size_t>(column.type().unit)];
    Parsed parsed = Parsed::malformed;
    std::int64_t number = 0;
    const Type type = column.type().type;
    if (type == Type::uint64) {
        std::uint64_t value = 0;
        return parse_integer(text.data(), size, value) == Parsed::ok && column.append_u64(value) ? "" : no_value(token, column);
    }
    if (type == Type::float32 || type == Type::float64) {
        double value = 0;
        return parse_double(text.data(), size, value) == Parsed::ok && column.append_f64(value) ? "" : no_value(token, column);
    }
    if (type == Type::decimal128) {
        Int128 value = 0;
        return parse_decimal(text.data(), size, column.type().precision, column.type().scale, value) == Parsed::ok && column.append_decimal(value) ? "" : no_value(token, column);
    }
    if (is_integer(type)) {
        parsed = parse_integer(text.data(), size, number);
    } else if (quoted && type == Type::timestamp) {
        parsed = parse_timestamp(text.data(), size, per_second, column.type().zone.empty() ? Zone::none : Zone::utc, number);
    } else if (quoted && (type == Type::time32 || type == Type::time64)) {
        parsed = parse_time(text.data(), size, per_second, number);
    } else if (quoted && (type == Type::date32 || type == Type::date64)) {
        std::int32_t days = 0;
        parsed = parse_date(text.data(), size, days);
        number = type == Type::date32 ? days : std::int64_t{days} * 86'400'000;
    }
    return parsed == Parsed::ok && column.append_i64(number) ? "" : no_value(token, column);
}

[[nodiscard]] std::string append_list(ColumnBuilder& column, const JsonTokens& tokens, std::size_t i, std::size_t next)
{
    if (tokens.at(i) != '[')
        return no_value(tokens.between(i, next), column);
    for (++i; i + 1 < next;) {
        const std::size_t end = skip_json_value(tokens, i);
        if (std::string wrong = append_json(column.child(0), tokens, i, end); !wrong.empty())
            return wrong;
        i = end + 1; // behind the comma or bracket
    }
    return column.end_list() ? "" : no_value("the list", column);
}

[[nodiscard]] std::string append_struct(ColumnBuilder& column, const JsonTokens& tokens, std::size_t i, std::size_t next)
{
    if (tokens.at(i) != '{')
        return no_value(tokens.between(i, next), column);
    const std::int64_t row = column.length();
    for (++i; i + 1 < next;) {
        const std::size_t end = skip_json_value(tokens, i + 2);
        std::string name;
        if (!unescape_json(tokens.between(i, i + 1), name))
            return "a name holds an escape that JSON does not have";
        for (std::size_t child = 0; child < column.children(); ++child) {
            if (column.type().children[child].name != name)
                continue;
            if (column.child(child).length() != row)
                return "field '" + name + "' is there twice";
            if (std::string wrong = append_json(column.child(child), tokens, i + 2, end); !wrong.empty())
                return wrong;
        }
        i = end + 1;
    }
    for (std::size_t child = 0; child < column.children(); ++child)
        if (column.child(child).length() == row)
            column.child(child).append_null();
    return column.end_struct() ? "" : no_value("the object", column);
}

} // namespace

bool valid_json_number(std::string_view token)
{
    std::size_t i = !token.empty() && token[0] == '-';
    const auto digits = [&] {
        const std::size_t from = i;
        while (i < token.size() && digit(token[i]))
            ++i;
        return i - from;
    };
    const std::size_t start = i;
    const std::size_t whole = digits();
    if (whole == 0 || (whole > 1 && token[start] == '0'))
        return false;
    if (i < token.size() && token[i] == '.' && (++i, digits() == 0))
        return false;
    if (i < token.size() && (token[i] | 32) == 'e') {
        ++i;
        i += i < token.size() && (token[i] == '+' || token[i] == '-');
        if (digits() == 0)
            return false;
    }
    return i == token.size();
}

std::size_t skip_json_value(const JsonTokens& tokens, std::size_t i, int depth)
{
    if (!tokens.has(i) || depth > most_depth)
        return 0;
    const char open = tokens.at(i);
    if (open != '{' && open != '[') {
        const std::string_view token = tokens.between(i, i + 1);
        return open == '"' || token == "true" || token == "false" || token == "null" || valid_json_number(token) ? i + 1 : 0;
    }
    const char close = open == '{' ? '}' : ']';
    if (tokens.has(i + 1) && tokens.at(i + 1) == close)
        return i + 2;
    for (++i;;) {
        if (open == '{') {
            if (!tokens.has(i + 1) || tokens.at(i) != '"' || tokens.at(i + 1) != ':')
                return 0;
            i += 2;
        }
        i = skip_json_value(tokens, i, depth + 1);
        if (i == 0 || !tokens.has(i))
            return 0;
        if (tokens.at(i) == close)
            return i + 1;
        if (tokens.at(i) != ',')
            return 0;
        ++i;
    }
}

bool unescape_json(std::string_view token, std::string& out)
{
    if (token.size() < 2 || token.front() != '"' || token.back() != '"')
        return false;
    const std::string_view text = token.substr(1, token.size() - 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (++i == text.size())
            return false;
        constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
        if (const std::size_t known = names.find(text[i]); known != names.npos) {
            out += values[known];
            continue;
        }
        if (text[i] != 'u' || text.size() - i < 5)
            return false;
        std::uint32_t code = four_hex(text.data() + i + 1);
        i += 4;
        if (code >= 0xD800 && code < 0xDC00) { // the first half of a pair
            if (text.size() - i < 7 || text[i + 1] != '\\' || text[i + 2] != 'u')
                return false;
            const std::uint32_t low = four_hex(text.data() + i + 3);
            if (low < 0xDC00 || low > 0xDFFF)
                return false;
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i += 6;
        } else if (code > 0xFFFF || (code >= 0xDC00 && code < 0xE000)) {
            return false;
        }
        append_utf8(out, code);
    }
    return true;
}

std::string append_json(ColumnBuilder& column, const JsonTokens& tokens, std::size_t i, std::size_t next)
{
    const std::string_view token = tokens.between(i, next);
    if (token == "null")
        return column.append_null() ? "" : no_value(token, column);
    const Type type = column.type().type;
    if (type == Type::list || type == Type::large_list || type == Type::fixed_list)
        return append_list(column, tokens, i, next);
    if (type == Type::structure)
        return append_struct(column, tokens, i, next);
    if (type == Type::boolean)
        return (token == "true" || token == "false") && column.append_bool(token == "true") ? "" : no_value(token, column);
    if (is_text(type) || is_binary(type)) {
        std::string text;
        const bool quoted = token.front() == '"';
        if (quoted && !unescape_json(token, text))
            return "a string holds an escape that JSON does not have";
        return column.append_text(quoted ? std::string_view(text) : token) ? "" : no_value(token, column);
    }
    if (token.front() == '{' || token.front() == '[')
        return no_value(token, column);
    return append_scalar(column, token);
}

} // namespace jackfield::files

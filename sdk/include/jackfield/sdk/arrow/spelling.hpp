// Types as people write them: "int64", "decimal(12,2)", "timestamp(us, UTC)", "list<utf8>"; printed and parsed.
#pragma once

#include <jackfield/sdk/arrow/types.hpp>
#include <jackfield/sdk/result.hpp>

#include <charconv>

namespace jackfield {
namespace detail {

struct TypeName {
    std::string_view name;
    Type type;
};
// The first name of a type is the one printed.
inline constexpr TypeName type_names[] = {
    {"null", Type::null}, {"bool", Type::boolean}, {"boolean", Type::boolean}, {"int8", Type::int8}, {"int16", Type::int16},
    {"int32", Type::int32}, {"int64", Type::int64}, {"uint8", Type::uint8}, {"uint16", Type::uint16}, {"uint32", Type::uint32},
    {"uint64", Type::uint64}, {"float32", Type::float32}, {"float64", Type::float64}, {"double", Type::float64},
    {"decimal", Type::decimal128}, {"utf8", Type::utf8}, {"text", Type::utf8}, {"string", Type::utf8},
    {"large_utf8", Type::large_utf8}, {"utf8_view", Type::utf8_view}, {"binary", Type::binary},
    {"large_binary", Type::large_binary}, {"binary_view", Type::binary_view}, {"fixed_binary", Type::fixed_binary},
    {"date", Type::date32}, {"date32", Type::date32}, {"date64", Type::date64}, {"time", Type::time64}, {"time", Type::time32},
    {"timestamp", Type::timestamp}, {"duration", Type::duration}, {"interval", Type::interval_month_day_nano},
    {"list", Type::list}, {"large_list", Type::large_list}, {"fixed_list", Type::fixed_list}, {"struct", Type::structure},
    {"map", Type::map}, {"dictionary", Type::dictionary}, {"run_end", Type::run_end_encoded},
};
inline constexpr std::string_view unit_names[] = {"s", "ms", "us", "ns"};

inline std::string_view type_name(Type type)
{
    for (const TypeName& known : type_names)
        if (known.type == type)
            return known.name;
    return "?";
}

inline void print_name(std::string& out, std::string_view name)
{
    bool plain = !name.empty();
    for (const char c : name)
        plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
    if (plain) {
        out += name;
        return;
    }
    out += '"';
    for (const char c : name) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    out += '"';
}

inline void print_type(std::string& out, const DataType& type)
{
    out += type_name(type.type);
    switch (type.type) {
    case Type::decimal128:
        out += "(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
        return;
    case Type::fixed_binary:
        out += "(" + std::to_string(type.width) + ")";
        return;
    case Type::time32: case Type::time64: case Type::timestamp: case Type::duration:
        out += "(";
        out += unit_names[static_cast<std::size_t>(type.unit)];
        if (!type.zone.empty())
            out += ", " + type.zone;
        out += ")";
        return;
    default:
        break;
    }
    const std::vector<Field>* children = &type.children;
    if (type.type == Type::map && children->size() == 1)
        children = &children->front().type.children; // the key and the value
    if (children->empty() && type.type != Type::structure)
        return;
    out += '<';
    for (std::size_t i = 0; i < children->size(); ++i) {
        if (i)
            out += ", ";
        if (type.type == Type::structure) {
            print_name(out, (*children)[i].name);
            out += ": ";
        }
        print_type(out, (*children)[i].type);
        if (type.type == Type::structure && !(*children)[i].nullable)
            out += " not null";
    }
    if (type.type == Type::fixed_list)
        out += ", " + std::to_string(type.width);
    out += '>';
}

/// Reads one spelling from left to right. One thread at a time.
class TypeParser {
public:
    explicit TypeParser(std::string_view text) : text_(text), rest_(text) {}

    Result<DataType> whole()
    {
        JF_ASSIGN(DataType type, read(0));
        skip();
        if (!rest_.empty())
            return wrong("nothing more");
        return type;
    }

private:
    static constexpr int max_depth = 32;

    void skip()
    {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
            rest_.remove_prefix(1);
    }
    bool take(std::string_view token)
    {
        skip();
        if (rest_.substr(0, token.size()) != token)
            return false;
        rest_.remove_prefix(token.size());
        return true;
    }
    std::string_view until(std::string_view stops)
    {
        skip();
        std::string_view found = rest_.substr(0, rest_.find_first_of(stops));
        rest_.remove_prefix(found.size());
        while (!found.empty() && found.back() == ' ')
            found.remove_suffix(1);
        return found;
    }
    Error wrong(std::string_view expected) const
    {
        return fail(JF_E_CONFIG, "'" + std::string(text_) + "' is no type: expected " + std::string(expected) + " at column "
                + std::to_string(text_.size() - rest_.size() + 1) + "; write for example int64, decimal(12,2) or timestamp(us, UTC)");
    }
    Result<std::int32_t> number()
    {
        skip();
        std::int32_t value = 0;
        const auto [end, bad] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (bad != std::errc())
            return wrong("a whole number");
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }
    Status expect(std::string_view token)
    {
        if (!take(token))
            return wrong("'" + std::string(token) + "'");
        return {};
    }

    Result<DataType> read(int depth)
    {
        if (depth > max_depth)
            return wrong("less nesting");
        const std::string_view name = until(" (<>,)\t");
        for (const TypeName& known : type_names)
            if (known.name == name)
                return details(DataType(known.type), depth);
        rest_ = text_.substr(static_cast<std::size_t>(name.data() - text_.data()));
        return wrong("the name of a type");
    }
    Result<DataType> details(DataType type, int depth)
    {
        switch (type.type) {
        case Type::decimal128: return decimal(std::move(type));
        case Type::fixed_binary: {
            JF_TRY(expect("("));
            JF_ASSIGN(type.width, number());
            JF_TRY(expect(")"));
            if (type.width < 0)
                return wrong("a width that is not negative");
            return type;
        }
        case Type::time32: case Type::time64: case Type::timestamp: case Type::duration: return unit(std::move(type));
        case Type::structure: return structure(depth);
        case Type::list: case Type::large_list: case Type::fixed_list: {
            JF_TRY(expect("<"));
            JF_ASSIGN(DataType item, read(depth + 1));
            type.children.push_back({"item", std::move(item)});
            if (type.type == Type::fixed_list) {
                JF_TRY(expect(","));
                JF_ASSIGN(type.width, number());
                if (type.width < 0)
                    return wrong("a length that is not negative");
            }
            JF_TRY(expect(">"));
            return type;
        }
        case Type::map: case Type::dictionary: case Type::run_end_encoded: return pair(type.type, depth);
        default: return type;
        }
    }
    Result<DataType> decimal(DataType type)
    {
        JF_TRY(expect("("));
        JF_ASSIGN(type.precision, number());
        if (take(",")) {
            JF_ASSIGN(type.scale, number());
        }
        JF_TRY(expect(")"));
        if (type.precision < 1 || type.precision > 38 || type.scale < -38 || type.scale > 38)
            return wrong("a precision from 1 to 38 and a scale of at most 38");
        return type;
    }
    Result<DataType> unit(DataType type)
    {
        type.unit = Unit::micro;
        if (take("(")) {
            const std::string_view name = until(",)");
            std::size_t found = 0;
            while (found < 4 && unit_names[found] != name)
                ++found;
            if (found == 4)
                return wrong("s, ms, us or ns");
            type.unit = static_cast<Unit>(found);
            if (type.type == Type::timestamp && take(","))
                type.zone = until(")");
            JF_TRY(expect(")"));
        }
        if (type.type == Type::time64 && type.unit < Unit::micro)
            type.type = Type::time32;
        return type;
    }
    Result<DataType> pair(Type kind, int depth)
    {
        JF_TRY(expect("<"));
        JF_ASSIGN(DataType first, read(depth + 1));
        JF_TRY(expect(","));
        JF_ASSIGN(DataType second, read(depth + 1));
        JF_TRY(expect(">"));
        if (kind == Type::map)
            return DataType::map(std::move(first), std::move(second));
        if (!is_integer(first.type))
            return wrong("an integer type first");
        return kind == Type::dictionary ? DataType::dictionary(std::move(first), std::move(second))
                                        : DataType::run_end_encoded(std::move(first), std::move(second));
    }
    Result<DataType> structure(int depth)
    {
        DataType type(Type::structure);
        JF_TRY(expect("<"));
        while (!take(">")) {
            if (!type.children.empty())
                JF_TRY(expect(","));
            JF_ASSIGN(std::string name, field_name());
            JF_TRY(expect(":"));
            JF_ASSIGN(DataType child, read(depth + 1));
            const bool nullable = !take("not null");
            type.children.push_back({std::move(name), std::move(child), nullable});
        }
        return type;
    }
    Result<std::string> field_name()
    {
        if (!take("\"")) {
            const std::string_view name = until(":<>,()");
            if (name.empty())
                return wrong("a field name");
            return std::string(name);
        }
        std::string name;
        for (; !rest_.empty() && rest_.front() != '"'; rest_.remove_prefix(1)) {
            if (rest_.front() == '\\' && rest_.size() > 1)
                rest_.remove_prefix(1);
            name += rest_.front();
        }
        JF_TRY(expect("\""));
        return name;
    }

    std::string_view text_;
    std::string_view rest_;
};

} // namespace detail

inline std::string DataType::text() const
{
    std::string out;
    detail::print_type(out, *this);
    return out;
}

/// The type that `text` spells: what DataType::text() prints, and the aliases boolean, text, string, double, date32.
/// Without a unit in parentheses, times are in microseconds. Fails with JF_E_CONFIG.
[[nodiscard]] inline Result<DataType> parse_type(std::string_view text) { return detail::TypeParser(text).whole(); }

} // namespace jackfield

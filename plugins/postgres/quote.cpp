// Quoting.
#include "quote.hpp"

namespace jackfield::postgres {
namespace {

constexpr std::size_t longest_name = 63; // NAMEDATALEN - 1: the server cuts longer names without a word

std::string doubled(std::string_view text, char quote)
{
    std::string out(1, quote);
    for (const char c : text) {
        out += c;
        if (c == quote)
            out += c;
    }
    return out + quote;
}

/// One part of a name at the front of `rest`, which moves behind it.
Result<std::string> take_part(std::string_view& rest, std::string_view whole)
{
    std::string out;
    if (rest.empty() || rest.front() != '"') {
        const auto end = rest.find('.');
        out = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
        return out;
    }
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] != '"') {
            out += rest[i];
        } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
            out += rest[++i];
        } else {
            rest.remove_prefix(i + 1);
            return out;
        }
    }
    return fail(JF_E_CONFIG, "the name '" + std::string(whole) + "' has an opening \" without a closing one");
}

} // namespace

std::string quote_identifier(std::string_view name) { return doubled(name, '"'); }

std::string quote_literal(std::string_view text)
{
    const std::string plain = doubled(text, '\'');
    if (text.find('\\') == std::string_view::npos)
        return plain;
    std::string out = " E"; // a blank, so that it never grows together with a word before it
    for (const char c : plain) {
        out += c;
        if (c == '\\')
            out += c;
    }
    return out;
}

std::string Name::quoted() const
{
    return schema.empty() ? quote_identifier(name) : quote_identifier(schema) + "." + quote_identifier(name);
}

std::string Name::text() const
{
    const auto part = [](const std::string& one) { return one.find_first_of(".\"") == std::string::npos ? one : quote_identifier(one); };
    return schema.empty() ? part(name) : part(schema) + "." + part(name);
}

Result<Name> parse_name(std::string_view text)
{
    if (text.find('\0') != std::string_view::npos)
        return fail(JF_E_CONFIG, "a name cannot hold U+0000");
    std::vector<std::string> parts;
    for (std::string_view rest = text;;) {
        JF_ASSIGN(parts.emplace_back(), take_part(rest, text));
        if (parts.back().empty())
            return fail(JF_E_CONFIG, "'" + std::string(text) + "' is no name; write name, schema.name or \"odd.name\"");
        if (parts.back().size() > longest_name)
            return fail(JF_E_CONFIG, "the name '" + parts.back() + "' is longer than the 63 bytes that PostgreSQL keeps; shorten it");
        if (rest.empty())
            break;
        if (rest.front() != '.' || parts.size() == 2)
            return fail(JF_E_CONFIG, "'" + std::string(text) + "' is no name; write name, schema.name or \"odd.name\"");
        rest.remove_prefix(1);
    }
    return parts.size() == 1 ? Name{"", std::move(parts[0])} : Name{std::move(parts[0]), std::move(parts[1])};
}

std::string quote_list(const std::vector<std::string>& names, std::string_view prefix)
{
    std::string out;
    for (const auto& name : names) {
        out += out.empty() ? "" : ", ";
        out += prefix;
        out += quote_identifier(name);
    }
    return out;
}

} // namespace jackfield::postgres

// How faults speak: names quoted safely, lists of names, "did you mean".
#include "words.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace jackfield {
namespace {

constexpr std::size_t longest_compared = 64;
constexpr std::size_t most_listed = 12;

std::size_t sequence_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/// Would this character change how a terminal shows the line? C0, C1, DEL, bidirectional and invisible marks.
bool is_harmful(std::string_view character)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    if (character.size() == 1)
        return byte(0) < 0x20 || byte(0) >= 0x7F;
    if (character.size() == 2)
        return byte(0) == 0xC2 && byte(1) < 0xA0;
    if (character.size() == 3 && byte(0) == 0xE2) // U+200B–200F, U+2028–202E, U+2060–206F
        return (byte(1) == 0x80 && (byte(2) <= 0x8F ? byte(2) >= 0x8B : byte(2) >= 0xA8 && byte(2) <= 0xAE)) ||
               (byte(1) == 0x81 && byte(2) >= 0xA0 && byte(2) <= 0xAF);
    return character.size() == 3 && byte(0) == 0xEF && byte(1) == 0xBB && byte(2) == 0xBF;
}

void append_escaped(std::string& out, std::string_view character)
{
    constexpr char digits[] = "0123456789abcdef";
    for (const char c : character) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte == '\n')
            out += "\\n";
        else if (byte == '\t')
            out += "\\t";
        else
            out.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    }
}

/// Insertions, deletions, changes and swaps of neighbours that turn a into b. Both at most longest_compared.
std::size_t distance(std::string_view a, std::string_view b)
{
    using Row = std::array<std::size_t, longest_compared + 1>;
    Row before_last{}, last{}, row{};
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = last;
        last = row;
    }
    return last[b.size()];
}

std::string lower(std::string_view text)
{
    std::string out(text);
    for (char& c : out)
        c = c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

} // namespace

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out;
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++count) {
        if (count == limit)
            return out + "…";
        const auto length = std::min(sequence_length(static_cast<unsigned char>(text[i])), text.size() - i);
        const auto character = text.substr(i, length);
        if (is_harmful(character))
            append_escaped(out, character);
        else
            out += character;
        i += length;
    }
    return out;
}

std::string in_quotes(std::string_view text)
{
    return "'" + printable(text) + "'";
}

std::string listed(const std::vector<std::string>& names)
{
    std::string out;
    for (std::size_t i = 0; i < names.size() && i < most_listed; ++i)
        out += (i ? ", " : "") + printable(names[i]);
    if (names.size() > most_listed)
        out += " … and " + std::to_string(names.size() - most_listed) + " more";
    return out;
}

std::string nearest(std::string_view name, const std::vector<std::string>& known)
{
    if (name.empty() || name.size() > longest_compared)
        return {};
    const auto wanted = lower(name);
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, std::min<std::size_t>(3, name.size() / 3)) + 1;
    for (const auto& candidate : known) {
        if (candidate.empty() || candidate.size() > longest_compared)
            continue;
        const auto d = distance(wanted, lower(candidate));
        if (d < best_distance && d < candidate.size()) {
            best_distance = d;
            best = candidate;
        }
    }
    return best;
}

std::string remedy(std::string_view name, const std::vector<std::string>& known, std::string_view plural)
{
    if (const auto meant = nearest(name, known); !meant.empty())
        return "did you mean " + in_quotes(meant) + "?";
    if (known.empty())
        return "there are no " + std::string(plural);
    return std::string(plural) + ": " + listed(known);
}

std::string shown(const boost::json::value& value)
{
    if (const auto* text = value.if_string())
        return in_quotes({text->data(), text->size()});
    if (value.is_array())
        return value.get_array().empty() ? "an empty list" : "a list";
    if (value.is_object())
        return "an object";
    return number_text(value);
}

std::string number_text(const boost::json::value& value)
{
    if (!value.is_double())
        return boost::json::serialize(value);
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.get_double()).ptr;
    return {buffer.data(), end};
}

std::string joined(const std::vector<std::string>& parts, std::string_view last)
{
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0)
            out += i + 1 == parts.size() ? last : std::string_view(", ");
        out += parts[i];
    }
    return out;
}

} // namespace jackfield

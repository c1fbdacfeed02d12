// JsonScanner: strict reading of JSON syntax, for places and for faults that say what was expected.
#include "flow/ascii.hpp"
#include "json_scanner.hpp"

#include "words.hpp"

#include <charconv>
#include <set>

namespace jackfield {
namespace {

/// Beyond the range of a double. What is too small becomes 0, as everywhere.
bool is_too_large(std::string_view digits)
{
    double parsed = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
    if (error != std::errc::result_out_of_range)
        return false;
    const auto exponent = digits.find_first_of("eE");
    if (exponent != digits.npos)
        return digits[exponent + 1] != '-';
    return !digits.starts_with("0.") && !digits.starts_with("-0.");
}

void append_utf8(std::string& out, unsigned code)
{
    const auto add = [&](unsigned byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xC0 | (code >> 6U));
        add(0x80 | (code & 63U));
    } else if (code < 0x10000) {
        add(0xE0 | (code >> 12U));
        add(0x80 | ((code >> 6U) & 63U));
        add(0x80 | (code & 63U));
    } else {
        add(0xF0 | (code >> 18U));
        add(0x80 | ((code >> 12U) & 63U));
        add(0x80 | ((code >> 6U) & 63U));
        add(0x80 | (code & 63U));
    }
}

} // namespace

JsonScanner::JsonScanner(JsonText& out, const JsonLimits& limits) : out_(out), text_(out.text_), limits_(limits) {}

bool JsonScanner::scan()
{
    out_.nodes_.emplace_back();
    if (!blank())
        return false;
    if (at_end())
        return bad(at_, "the file is empty; expected a JSON object, {…}");
    if (!value(0, 0) || !blank())
        return false;
    return at_end() || bad(at_, "expected the end of the file, found " + found());
}

bool JsonScanner::bad(std::size_t offset, std::string message)
{
    const auto place = place_in(text_, offset);
    faults_.push_back({out_.file_, place.line, place.column, {}, std::move(message)});
    return false;
}

std::string JsonScanner::found() const
{
    if (at_end())
        return "the end of the file";
    std::size_t length = 1;
    while (at_ + length < text_.size() && (static_cast<unsigned char>(text_[at_ + length]) & 0xC0U) == 0x80)
        ++length;
    if (is_letter(peek()))
        while (at_ + length < text_.size() && (is_letter(text_[at_ + length]) || is_digit(text_[at_ + length])))
            ++length;
    return text_[at_] == '\'' ? "a single quote" : in_quotes(text_.substr(at_, length));
}

/// Passes over white space; a comment is a fault.
bool JsonScanner::blank()
{
    while (!at_end() && (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t'))
        ++at_;
    const auto rest = text_.substr(at_);
    if (rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with('#'))
        return bad(at_, "JSON has no comments; remove it, or put the words into a \"description\"");
    return true;
}

bool JsonScanner::value(std::uint32_t node, std::size_t depth)
{
    out_.nodes_[node].value_offset = static_cast<std::uint32_t>(at_);
    if (depth > limits_.depth)
        return bad(at_, "nested deeper than " + std::to_string(limits_.depth) + " levels");
    const char c = peek();
    if (c == '{')
        return object(node, depth);
    if (c == '[')
        return array(node, depth);
    if (c == '"') {
        std::string unused;
        return string(unused);
    }
    if (is_digit(c) || c == '-' || c == '+' || c == '.')
        return number();
    if (is_letter(c))
        return word();
    if (c == '\'')
        return bad(at_, "a string takes double quotes");
    return bad(at_, "expected a value, found " + found());
}

std::uint32_t JsonScanner::add_child(std::uint32_t parent, std::uint32_t last)
{
    const auto child = static_cast<std::uint32_t>(out_.nodes_.size());
    out_.nodes_.emplace_back();
    (last == JsonText::none ? out_.nodes_[parent].first_child : out_.nodes_[last].next) = child;
    return child;
}

/// After a member or an element: a comma and more, or the closing bracket (not yet passed over).
bool JsonScanner::after_part(char close, std::size_t opened, std::string_view what, bool& more)
{
    if (!blank())
        return false;
    more = peek() == ',' && !at_end();
    if (more) {
        const auto comma = at_++;
        if (!blank())
            return false;
        if (peek() == close && !at_end())
            return bad(comma, std::string("JSON takes no comma before '") + close + "'; remove it");
        return true;
    }
    if (at_end())
        return bad(at_, std::string("the file ends before the '") + (close == '}' ? '{' : '[') + "' of line " +
                            std::to_string(place_in(text_, opened).line) + " is closed");
    return peek() == close ||
           bad(at_, "expected ',' or '" + std::string(1, close) + "' after the " + std::string(what) + ", found " + found());
}

bool JsonScanner::object(std::uint32_t node, std::size_t depth)
{
    const auto opened = at_++;
    if (!blank())
        return false;
    if (peek() != '}' && !members(node, depth, opened))
        return false;
    ++at_;
    return true;
}

bool JsonScanner::members(std::uint32_t node, std::size_t depth, std::size_t opened)
{
    std::set<std::string, std::less<>> names;
    auto last = JsonText::none;
    for (bool more = true; more;) {
        const auto key_offset = at_;
        if (peek() != '"')
            return bad_member_name();
        std::string key;
        if (!string(key) || !blank())
            return false;
        if (peek() != ':')
            return bad(at_, "expected ':' after the name " + in_quotes(key) + ", found " + found());
        ++at_;
        if (!blank())
            return false;
        if (!names.insert(key).second && faults_.size() < limits_.faults)
            bad(key_offset, in_quotes(key) + " is given twice in this object; keep one");
        const auto child = add_child(node, last);
        last = child;
        out_.nodes_[child].key = key;
        out_.nodes_[child].key_offset = static_cast<std::uint32_t>(key_offset);
        if (!value(child, depth + 1) || !after_part('}', opened, "value of " + in_quotes(key), more))
            return false;
    }
    return true;
}

bool JsonScanner::bad_member_name()
{
    if (is_letter(peek()))
        return bad(at_, "a name takes double quotes: \"" + found().substr(1, found().size() - 2) + "\"");
    if (peek() == '\'')
        return bad(at_, "a name takes double quotes");
    return bad(at_, "expected a name in double quotes or '}', found " + found());
}

bool JsonScanner::array(std::uint32_t node, std::size_t depth)
{
    const auto opened = at_++;
    if (!blank())
        return false;
    auto last = JsonText::none;
    for (bool more = peek() != ']'; more;) {
        if (at_end())
            return after_part(']', opened, "element", more);
        last = add_child(node, last);
        if (!value(last, depth + 1) || !after_part(']', opened, "element", more))
            return false;
    }
    ++at_;
    return true;
}

bool JsonScanner::string(std::string& out)
{
    const auto opened = at_++;
    while (!at_end() && peek() != '"') {
        const char c = peek();
        if (c == '\n' || c == '\r')
            return bad(opened, "this string is not closed on its line; a line break within a string is written \\n");
        if (static_cast<unsigned char>(c) < 0x20)
            return bad(at_, c == '\t' ? "a tab within a string is written \\t"
                                      : "a control character within a string is written \\u00" +
                                            std::string(c < 16 ? "0" : "1") + "0123456789abcdef"[c & 15]);
        if (c == '\\') {
            if (!escape(out))
                return false;
        } else {
            out += c;
            ++at_;
        }
    }
    if (at_end())
        return bad(opened, "this string is not closed");
    ++at_;
    return true;
}

bool JsonScanner::escape(std::string& out)
{
    const auto start = at_++;
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (const auto i = letters.find(peek()); !at_end() && i != letters.npos) {
        out += meanings[i];
        ++at_;
        return true;
    }
    if (peek() != 'u')
        return bad(start, "'\\' here must be followed by one of \" \\ / b f n r t u; a backslash is written \\\\");
    unsigned code = 0;
    if (!hex4(code))
        return bad(start, "\\u takes four hexadecimal digits");
    if (code >= 0xD800 && code < 0xE000) {
        unsigned low = 0;
        const bool paired = code < 0xDC00 && text_.substr(at_).starts_with("\\u") && (++at_, hex4(low)) && low >= 0xDC00 &&
                            low < 0xE000;
        if (!paired)
            return bad(start, "this \\u is half of a character (a surrogate without its pair)");
        code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    }
    append_utf8(out, code);
    return true;
}

/// Reads "uXXXX"; at_ is on the u.
bool JsonScanner::hex4(unsigned& out)
{
    if (text_.size() - at_ < 5)
        return false;
    const char* begin = text_.data() + at_ + 1;
    const auto [end, error] = std::from_chars(begin, begin + 4, out, 16);
    if (error != std::errc() || end != begin + 4)
        return false;
    at_ += 5;
    return true;
}

bool JsonScanner::number()
{
    const auto start = at_;
    if (peek() == '-')
        ++at_;
    if (peek() == '+')
        return bad(start, "a number takes no '+'");
    if (peek() == '.')
        return bad(start, "a number starts with a digit: 0.5, not .5");
    if (!is_digit(peek()))
        return bad(start, "expected a number after '-', found " + found());
    const bool zero = peek() == '0';
    for (++at_; is_digit(peek()); ++at_)
        if (zero)
            return bad(start, "a number takes no leading 0");
    if (peek() == '.') {
        ++at_;
        if (!is_digit(peek()))
            return bad(at_, "expected a digit after the decimal point, found " + found());
        while (is_digit(peek()))
            ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
        ++at_;
        if (peek() == '+' || peek() == '-')
            ++at_;
        if (!is_digit(peek()))
            return bad(at_, "expected a digit in the exponent, found " + found());
        while (is_digit(peek()))
            ++at_;
    }
    if (is_letter(peek()))
        return bad(start, "a number ends before " + found() + "; a quantity with a unit is a string: \"10m\", \"64MB\"");
    return !is_too_large(text_.substr(start, at_ - start)) || bad(start, "this number is too large");
}

bool JsonScanner::word()
{
    const auto start = at_;
    while (is_letter(peek()) || is_digit(peek()))
        ++at_;
    const auto word = text_.substr(start, at_ - start);
    if (word == "true" || word == "false" || word == "null")
        return true;
    if (word == "True" || word == "TRUE" || word == "yes" || word == "on")
        return bad(start, "write true");
    if (word == "False" || word == "FALSE" || word == "no" || word == "off")
        return bad(start, "write false");
    if (word == "None" || word == "NULL" || word == "nil" || word == "undefined")
        return bad(start, "write null");
    if (word == "NaN" || word == "Infinity" || word == "inf" || word == "nan")
        return bad(start, "JSON has no " + std::string(word));
    return bad(start, "expected a value, found " + in_quotes(word) + "; text takes double quotes");
}

} // namespace jackfield

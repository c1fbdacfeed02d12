// The spellings of a secret, and their search.
#include "observe/masker.hpp"

#include "observe/text.hpp"

#include <jackfield/sdk/text.hpp>

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace jackfield {
namespace {

constexpr std::size_t shortest_inside = 4; // shorter ones are masked as words only
constexpr std::size_t shortest_line = 8;   // of a secret of several lines
constexpr std::size_t shortest_base64 = 6; // of a piece of base64: shorter ones hit by chance

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Percent-encoded but for letters, digits and `plain`; a blank as '+' if `form`.
std::string url_encoded(std::string_view text, std::string_view plain, bool form, bool upper)
{
    const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x80 && std::isalnum(byte) != 0) || plain.find(c) != std::string_view::npos) {
            out += c;
        } else if (form && c == ' ') {
            out += '+';
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

/// Base64 without padding.
std::string base64(std::string_view bytes, bool url)
{
    const std::string_view alphabet = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                          : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6)
            out += alphabet[(bits >> (count - 6)) & 63];
    }
    if (count > 0)
        out += alphabet[(bits << (6 - count)) & 63];
    return out;
}

/// What base64 makes of the secret when `before` bytes stand before it, without the characters that its neighbours share.
std::string base64_piece(std::string_view secret, std::size_t before, bool url)
{
    const std::string whole = base64(std::string(before, '\0') + std::string(secret), url);
    const std::size_t begin = (before * 8 + 5) / 6;               // first character of the secret alone
    const std::size_t end = (before + secret.size()) * 8 / 6;     // one past the last
    return begin < end ? whole.substr(begin, end - begin) : std::string();
}

/// As JSON writers spell it that escape '/' or everything beyond ASCII, short forms included.
std::string json_escaped(std::string_view text, bool slash, bool ascii)
{
    std::string out;
    const auto escape = [&out](std::uint32_t unit) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += "\\u";
        for (int shift = 12; shift >= 0; shift -= 4)
            out += digits[(unit >> shift) & 15];
    };
    for (std::size_t index = 0; index < text.size();) {
        const char c = text[index];
        const std::uint32_t point = observe::next_code_point(text, index);
        constexpr std::string_view short_forms = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
        if (const auto found = short_forms.find(c); point < 0x80 && found != std::string_view::npos) {
            out += '\\';
            out += letters[found];
        } else if (slash && c == '/') {
            out += "\\/";
        } else if (point < 0x20 || (ascii && point >= 0x7f && point < 0x10000)) {
            escape(point);
        } else if (ascii && point >= 0x10000) {
            escape(0xd800 + ((point - 0x10000) >> 10));
            escape(0xdc00 + ((point - 0x10000) & 0x3ff));
        } else {
            observe::append_code_point(out, point);
        }
    }
    return out;
}

std::string upper_escapes(std::string text)
{
    for (std::size_t index = 0; index + 5 < text.size(); ++index)
        if (text[index] == '\\' && text[index + 1] == 'u')
            for (std::size_t digit = index + 2; digit < index + 6; ++digit)
                text[digit] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[digit])));
    return text;
}

std::string inside_quotes(std::string_view text)
{
    const std::string quoted = sdk::json_string(text);
    return quoted.substr(1, quoted.size() - 2);
}

/// Every control character by its number, as some writers do (SDKs before the first release did).
std::string with_numbers(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find_first_of("\n\r\t", at), text.size());
        out += inside_quotes(text.substr(at, end - at));
        if (end < text.size())
            out += text[end] == '\n' ? "\\u000a" : text[end] == '\r' ? "\\u000d" : "\\u0009";
        at = end + 1;
    }
    return out;
}

std::vector<std::string> spellings_of(std::string_view secret)
{
    std::vector<std::string> all = {std::string(secret)};
    for (const bool upper : {true, false}) {
        all.push_back(url_encoded(secret, "-._~", false, upper));
        all.push_back(url_encoded(secret, "-._*", true, upper));
        all.push_back(url_encoded(secret, "-_.!~*'()", false, upper));
        all.push_back(url_encoded(secret, "-._~/!$&'()*+,;=:@", false, upper));
    }
    for (std::size_t before = 0; before < 3; ++before)
        for (const bool url : {false, true})
            if (std::string piece = base64_piece(secret, before, url); piece.size() >= shortest_base64)
                all.push_back(std::move(piece));
    all.push_back(inside_quotes(secret));
    all.push_back(with_numbers(secret));
    for (const bool slash : {false, true})
        for (const bool ascii : {false, true}) {
            const std::string once = json_escaped(secret, slash, ascii);
            all.push_back(once);
            all.push_back(upper_escapes(once));
            all.push_back(inside_quotes(once));
        }
    return all;
}

/// Where the spelling at this place ends; `begin` if none is there.
std::size_t match_end(std::string_view text, std::size_t begin, const std::vector<std::string>& candidates)
{
    for (const std::string& spelling : candidates) {
        if (text.compare(begin, spelling.size(), spelling) != 0)
            continue;
        const std::size_t end = begin + spelling.size();
        if (spelling.size() >= shortest_inside ||
            ((begin == 0 || !is_word(text[begin - 1])) && (end == text.size() || !is_word(text[end]))))
            return end;
    }
    return begin;
}

} // namespace

void Masker::insert(Spellings& all, std::string spelling) const
{
    if (spelling.empty())
        return;
    auto& list = all.by_first_byte[static_cast<unsigned char>(spelling.front())];
    if (std::find(list.begin(), list.end(), spelling) != list.end())
        return;
    const auto is_shorter = [&](const std::string& other) { return other.size() < spelling.size(); };
    const auto place = std::find_if(list.begin(), list.end(), is_shorter);
    list.insert(place, std::move(spelling));
}

void Masker::add(std::string_view secret)
{
    std::vector<std::string_view> values = {secret};
    for (std::size_t begin = 0; begin < secret.size();) {
        const std::size_t end = std::min(secret.find_first_of("\r\n", begin), secret.size());
        if (end - begin >= shortest_line || (begin == 0 && secret.find_first_not_of("\r\n", end) == std::string_view::npos))
            values.push_back(secret.substr(begin, end - begin)); // a line; or the whole but for the newline at its end
        begin = end + 1;
    }
    std::lock_guard lock(mutex_);
    auto grown = spellings_ ? std::make_shared<Spellings>(*spellings_) : std::make_shared<Spellings>();
    for (const std::string_view value : values)
        for (std::string& spelling : spellings_of(value))
            insert(*grown, std::move(spelling));
    spellings_ = std::move(grown);
}

std::string Masker::mask(std::string_view text) const
{
    std::shared_ptr<const Spellings> spellings;
    {
        std::lock_guard lock(mutex_);
        spellings = spellings_;
    }
    if (!spellings)
        return std::string(text);
    std::string out;
    std::size_t masked_to = 0; // where the last masked stretch ends; stretches that overlap or touch become one
    std::size_t copied_to = 0;
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
        const auto& candidates = spellings->by_first_byte[static_cast<unsigned char>(text[begin])];
        if (candidates.empty())
            continue;
        const std::size_t end = match_end(text, begin, candidates);
        if (end == begin)
            continue;
        if (masked_to == 0 || begin > masked_to) {
            out += text.substr(copied_to, begin - copied_to);
            out += "***";
        }
        masked_to = std::max(masked_to, end);
        copied_to = masked_to;
    }
    out += text.substr(copied_to);
    return out;
}

Error Masker::mask(Error error) const
{
    error.message = mask(error.message);
    error.where = mask(error.where);
    error.code = mask(error.code);
    return error;
}

} // namespace jackfield

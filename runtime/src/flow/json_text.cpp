// JsonText: a JSON text, its value, and where in the text each part of the value stands.
#include "json_text.hpp"

#include "json_scanner.hpp"
#include "words.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace jackfield {

TextPlace place_in(std::string_view text, std::size_t offset)
{
    const auto before = text.substr(0, offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n');
    const auto on_line = before.substr(start == before.npos ? 0 : start + 1);
    const auto column = 1 + std::count_if(on_line.begin(), on_line.end(),
                                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
    return {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(column)};
}

std::size_t first_bad_utf8(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80; };
    for (std::size_t i = 0; i < text.size();) {
        const unsigned lead = byte(i);
        std::size_t length = 0;
        if (lead < 0x80)
            length = 1;
        else if (lead >= 0xC2 && lead < 0xE0 && follows(i + 1))
            length = 2;
        else if (lead >= 0xE0 && lead < 0xF0 && follows(i + 1) && follows(i + 2) && !(lead == 0xE0 && byte(i + 1) < 0xA0) &&
                 !(lead == 0xED && byte(i + 1) >= 0xA0))
            length = 3;
        else if (lead >= 0xF0 && lead < 0xF5 && follows(i + 1) && follows(i + 2) && follows(i + 3) &&
                 !(lead == 0xF0 && byte(i + 1) < 0x90) && !(lead == 0xF4 && byte(i + 1) >= 0x90))
            length = 4;
        else
            return i;
        i += length;
    }
    return std::string_view::npos;
}

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string hex(unsigned char byte)
{
    constexpr char digits[] = "0123456789abcdef";
    return std::string("0x") + digits[byte >> 4U] + digits[byte & 15U];
}

std::optional<Fault> unreadable(std::string_view text, const std::string& file, const JsonLimits& limits)
{
    if (text.size() > limits.bytes)
        return Fault{file, 1, 1, {}, "the file has " + std::to_string(text.size()) + " bytes; at most " +
                                         std::to_string(limits.bytes) + " are read"};
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        return Fault{file, 1, 1, {}, "the file is UTF-16; save it as UTF-8"};
    const auto bad = first_bad_utf8(text);
    if (bad == text.npos)
        return {};
    const auto place = place_in(text, bad);
    return Fault{file, place.line, place.column, {},
                 "the byte " + hex(static_cast<unsigned char>(text[bad])) + " is not UTF-8; save the file as UTF-8"};
}

} // namespace

JsonText::Reading JsonText::parse(std::string_view text, std::string file, const JsonLimits& limits)
{
    Reading reading;
    if (text.starts_with(byte_order_mark))
        text.remove_prefix(byte_order_mark.size());
    if (auto fault = unreadable(text, file, limits)) {
        reading.faults.push_back(std::move(*fault));
        return reading;
    }
    JsonText out;
    out.text_ = text;
    out.file_ = std::move(file);
    JsonScanner scanner(out, limits);
    const bool good = scanner.scan();
    reading.faults = std::move(scanner.faults());
    if (!good)
        return reading;
    boost::json::parse_options options;
    options.max_depth = limits.depth + 2;
    boost::json::error_code error;
    out.value_ = boost::json::parse(out.text_, error, {}, options);
    if (error) // the scanner is as strict, so this is a difference between the two
        reading.faults.push_back({out.file_, 1, 1, {}, "this is not JSON: " + error.message()});
    else
        reading.text = std::move(out);
    return reading;
}

std::uint32_t JsonText::child(std::uint32_t node, const Path::Step& step) const
{
    std::size_t index = 0;
    for (auto at = nodes_[node].first_child; at != none; at = nodes_[at].next, ++index) {
        const bool in_object = nodes_[at].key_offset != none;
        if (const auto* wanted = std::get_if<std::size_t>(&step)) {
            if (in_object ? nodes_[at].key == std::to_string(*wanted) : index == *wanted)
                return at;
        } else if (in_object && nodes_[at].key == std::get<std::string>(step)) {
            return at;
        }
    }
    return none;
}

Fault JsonText::fault(const Path& path, std::string message, Part part, std::optional<std::string> shown_path) const
{
    std::uint32_t node = 0;
    bool whole = true;
    for (const auto& step : path.steps()) {
        const auto next = child(node, step);
        whole = next != none;
        if (!whole)
            break;
        node = next;
    }
    // A missing member is reported at the name of the thing that lacks it.
    const bool at_key = nodes_[node].key_offset != none && (part == Part::key || !whole);
    const auto place = place_in(text_, at_key ? nodes_[node].key_offset : nodes_[node].value_offset);
    return {file_, place.line, place.column, shown_path ? std::move(*shown_path) : path.dotted(), std::move(message)};
}

} // namespace jackfield

// UTF-8 by hand: the table of well-formed sequences is Unicode's table 3-7.
#include "observe/text.hpp"

#include <jackfield/sdk/text.hpp>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cstdio>
#include <ctime>

namespace jackfield::observe {
namespace {

constexpr std::uint32_t replacement = 0xfffd;

bool is_between(std::string_view text, std::size_t index, unsigned low, unsigned high)
{
    return index < text.size() && static_cast<unsigned char>(text[index]) >= low &&
           static_cast<unsigned char>(text[index]) <= high;
}

} // namespace

std::uint32_t next_code_point(std::string_view text, std::size_t& index)
{
    const auto first = static_cast<unsigned char>(text[index]);
    const std::size_t begin = index++;
    if (first < 0x80)
        return first;
    std::size_t more = 0;
    unsigned low = 0x80, high = 0xbf; // of the second byte
    if (first >= 0xc2 && first <= 0xdf) {
        more = 1;
    } else if (first >= 0xe0 && first <= 0xef) {
        more = 2;
        low = first == 0xe0 ? 0xa0 : 0x80;
        high = first == 0xed ? 0x9f : 0xbf;
    } else if (first >= 0xf0 && first <= 0xf4) {
        more = 3;
        low = first == 0xf0 ? 0x90 : 0x80;
        high = first == 0xf4 ? 0x8f : 0xbf;
    } else {
        return replacement;
    }
    std::uint32_t point = first & (0x3fu >> more);
    for (std::size_t step = 1; step <= more; ++step) {
        if (!is_between(text, begin + step, step == 1 ? low : 0x80, step == 1 ? high : 0xbf))
            return replacement;
        point = (point << 6) | (static_cast<unsigned char>(text[begin + step]) & 0x3f);
    }
    index = begin + more + 1;
    return point;
}

void append_code_point(std::string& out, std::uint32_t point)
{
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xc0 | (point >> 6));
        tail(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xe0 | (point >> 12));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0 | (point >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

void append_json(std::string& out, std::string_view text) { sdk::append_json_string(out, text); }

void append_object(std::string& out, std::string_view json)
{
    boost::system::error_code error;
    boost::json::monotonic_resource memory;
    const auto value = boost::json::parse(json, error, &memory);
    if (error || !value.is_object())
        append_json(out, json);
    else
        out += boost::json::serialize(value); // on one line, whatever it was
}

std::string one_line(std::string_view text)
{
    std::string out;
    for (std::size_t index = 0; index < text.size();) {
        const std::uint32_t point = next_code_point(text, index);
        if (point == '\n') {
            out += "\\n";
        } else if (point == '\t') {
            out += "\\t";
        } else if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(point));
            out += escape.data();
        } else {
            append_code_point(out, point);
        }
    }
    return out;
}

std::string utc_text(std::int64_t unix_ns)
{
    constexpr std::int64_t second = 1'000'000'000;
    std::int64_t seconds = unix_ns / second;
    std::int64_t rest = unix_ns % second;
    if (rest < 0) {
        rest += second;
        --seconds;
    }
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 64> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text.data() + length, text.size() - length, ".%03dZ", static_cast<int>(rest / 1'000'000));
    return text.data();
}

} // namespace jackfield::observe

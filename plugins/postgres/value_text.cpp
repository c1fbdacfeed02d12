// Text of numeric, timetz, inet, cidr, macaddr and uuid.
#include "value_text.hpp"
#include "wire.hpp"

#include <jackfield/sdk/arrow/text.hpp>

#include <arpa/inet.h>

namespace jackfield::postgres {
namespace {

using jackfield::detail::write_2;
using jackfield::detail::write_padded;

constexpr char hex_digits[] = "0123456789abcdef";

char* write_hex(char* at, char byte)
{
    *at++ = hex_digits[static_cast<unsigned char>(byte) >> 4];
    *at++ = hex_digits[static_cast<unsigned char>(byte) & 15];
    return at;
}

} // namespace

bool append_numeric_text(std::string& out, std::string_view binary)
{
    if (binary.size() < 8)
        return false;
    const int count = from_be<std::uint16_t>(binary.data());
    const int weight = from_be<std::int16_t>(binary.data() + 2);
    const auto sign = from_be<std::uint16_t>(binary.data() + 4);
    const int scale = from_be<std::uint16_t>(binary.data() + 6);
    if (binary.size() != 8 + 2 * static_cast<std::size_t>(count))
        return false;
    if (sign >= 0xC000) {
        out += sign == 0xC000 ? "NaN" : sign == 0xD000 ? "Infinity" : "-Infinity";
        return true;
    }
    const auto group = [&](int place) -> unsigned { // base 10000, `place` groups before the point
        const int at = weight - place;
        return at < 0 || at >= count ? 0 : from_be<std::uint16_t>(binary.data() + 8 + 2 * at);
    };
    if (sign == 0x4000)
        out += '-';
    char digits[24];
    if (weight < 0)
        out += '0';
    else
        out.append(digits, write_i64(digits, group(weight)));
    for (int place = weight - 1; place >= 0; --place)
        out.append(digits, write_padded(digits, group(place), 4));
    if (scale > 0)
        out += '.';
    for (int written = 0, place = -1; written < scale; written += 4, --place) {
        write_padded(digits, group(place), 4);
        out.append(digits, static_cast<std::size_t>(scale - written < 4 ? scale - written : 4));
    }
    return true;
}

bool append_timetz(std::string& out, std::string_view binary)
{
    if (binary.size() != 12)
        return false;
    const auto us = from_be<std::int64_t>(binary.data());
    const auto west = from_be<std::int32_t>(binary.data() + 8); // seconds west of Greenwich
    if (us < 0 || us > 86'400'000'000 || west <= -86'400 || west >= 86'400)
        return false;
    char text[64];
    const auto seconds = static_cast<unsigned>(us / 1'000'000);
    char* at = write_2(text, seconds / 3600); // 24:00:00 is a time of its own
    *at++ = ':';
    at = write_2(at, seconds / 60 % 60);
    *at++ = ':';
    at = write_2(at, seconds % 60);
    if (const auto fraction = static_cast<std::uint64_t>(us % 1'000'000)) {
        *at++ = '.';
        at = write_padded(at, fraction, 6);
        while (at[-1] == '0')
            --at;
    }
    const auto offset = static_cast<unsigned>(west < 0 ? -west : west);
    *at++ = west <= 0 ? '+' : '-';
    at = write_2(at, offset / 3600);
    if (offset % 3600) {
        *at++ = ':';
        at = write_2(at, offset / 60 % 60);
    }
    if (offset % 60) {
        *at++ = ':';
        at = write_2(at, offset % 60);
    }
    out.append(text, at);
    return true;
}

bool append_inet(std::string& out, std::string_view binary)
{
    if (binary.size() < 4)
        return false;
    const bool four = binary[0] == 2; // PGSQL_AF_INET; 3 is version 6
    const std::size_t size = four ? 4 : 16;
    const auto bits = static_cast<unsigned char>(binary[1]);
    if ((!four && binary[0] != 3) || static_cast<unsigned char>(binary[3]) != size || binary.size() != 4 + size || bits > size * 8)
        return false;
    char text[INET6_ADDRSTRLEN];
    if (!inet_ntop(four ? AF_INET : AF_INET6, binary.data() + 4, text, sizeof text))
        return false;
    out += text;
    if (binary[2] != 0 || bits != size * 8) // cidr, or a network
        out += "/" + std::to_string(bits);
    return true;
}

bool append_macaddr(std::string& out, std::string_view binary)
{
    if (binary.size() != 6)
        return false;
    char text[18];
    char* at = text;
    for (const char byte : binary) {
        if (at != text)
            *at++ = ':';
        at = write_hex(at, byte);
    }
    out.append(text, at);
    return true;
}

void write_uuid(char* out, const char* binary)
{
    for (int i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        out = write_hex(out, binary[i]);
    }
}

} // namespace jackfield::postgres

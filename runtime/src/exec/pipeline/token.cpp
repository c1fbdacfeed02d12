// Writing and reading tokens.
#include "exec/pipeline/token.hpp"

#include <openssl/sha.h>

#include <array>
#include <optional>

namespace jackfield::exec {
namespace {

constexpr char format = '\1';
constexpr unsigned char final_flag = 1;

void put_number(std::string& out, std::uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        out += static_cast<char>((number & 0x7f) | 0x80);
    out += static_cast<char>(number);
}

void put_bytes(std::string& out, std::string_view bytes)
{
    put_number(out, bytes.size());
    out += bytes;
}

std::optional<std::uint64_t> take_number(std::string_view& in)
{
    std::uint64_t out = 0;
    for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(in.front());
        in.remove_prefix(1);
        if (shift == 63 && byte > 1)
            return std::nullopt;
        out |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80)
            return out;
    }
    return std::nullopt;
}

std::optional<std::string> take_bytes(std::string_view& in)
{
    const auto length = take_number(in);
    if (!length || *length > in.size())
        return std::nullopt;
    std::string out(in.substr(0, *length));
    in.remove_prefix(*length);
    return out;
}

} // namespace

std::string encode(const Token& token)
{
    std::string out(1, format);
    out += static_cast<char>(token.final ? final_flag : 0);
    put_number(out, token.epoch);
    put_number(out, token.part);
    put_number(out, token.state);
    put_bytes(out, token.digest);
    put_bytes(out, token.position);
    return out;
}

Result<Token> decode_token(std::string_view bytes)
{
    if (bytes.size() < 2 || bytes[0] != format)
        return fail(JF_E_POSITION, "the stored token has a format that this version cannot read; use the version that wrote it, "
                                   "or start again with 'jackfield run --full-refresh'");
    Token out;
    out.final = (static_cast<unsigned char>(bytes[1]) & final_flag) != 0;
    std::string_view rest = bytes.substr(2);
    const auto epoch = take_number(rest), part = take_number(rest), state = take_number(rest);
    auto digest = take_bytes(rest), position = take_bytes(rest);
    if (!epoch || !part || *part > 0xffffffff || !state || !digest || !position || !rest.empty())
        return fail(JF_E_POSITION, "the stored token is damaged; start again with 'jackfield run --full-refresh'");
    out.epoch = *epoch;
    out.part = static_cast<std::uint32_t>(*part);
    out.state = *state;
    out.digest = *std::move(digest);
    out.position = *std::move(position);
    return out;
}

std::string range_name(const ProgressScope& scope, std::string_view partition, std::string_view from, std::string_view until)
{
    std::string text;
    for (const std::string_view part : {scope.flow, scope.task, scope.slice, scope.generation, partition, from, until})
        put_bytes(text, part);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const unsigned char byte : digest) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

} // namespace jackfield::exec

// Reading headers, and unpacking bodies within bounds.
#include "answer.hpp"

#include <curl/curl.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace jackfield::http {
namespace {

constexpr std::size_t most_codings = 4;
constexpr std::size_t step = 64 << 10;

[[nodiscard]] char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; }
[[nodiscard]] bool same_word(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}
[[nodiscard]] std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}
/// Up to the first of `ends` outside of quotes; takes it, with that character, off `text`.
[[nodiscard]] std::string_view take_until(std::string_view& text, std::string_view ends)
{
    bool quoted = false;
    std::size_t i = 0;
    for (; i < text.size() && (quoted || ends.find(text[i]) == ends.npos); ++i) {
        if (text[i] == '"')
            quoted = !quoted;
        else if (quoted && text[i] == '\\')
            ++i;
    }
    i = std::min(i, text.size());
    const std::string_view out = text.substr(0, i);
    text.remove_prefix(std::min(i + 1, text.size()));
    return out;
}

/// Whether the parameters of a link, `;rel="next";title=x`, say rel next.
[[nodiscard]] bool says_next(std::string_view parameters)
{
    while (!parameters.empty()) {
        std::string_view one = trimmed(take_until(parameters, ";"));
        const std::size_t equals = one.find('=');
        if (equals == one.npos || !same_word(trimmed(one.substr(0, equals)), "rel"))
            continue;
        std::string_view words = trimmed(one.substr(equals + 1));
        if (words.size() >= 2 && words.front() == '"' && words.back() == '"')
            words = words.substr(1, words.size() - 2);
        while (!words.empty())
            if (same_word(take_until(words, " "), "next"))
                return true;
        return false; // the first rel counts
    }
    return false;
}

[[nodiscard]] Error cut_off(const char* coding)
{
    return fail(JF_E_UNAVAILABLE, std::string("the answer ends inside of its ") + coding + " data: it was cut off");
}
[[nodiscard]] Error too_large(std::size_t most)
{
    return fail(JF_E_DATA, "the answer unpacks to more than " + std::to_string(most) + " bytes; raise max_body if that is meant", "max_body");
}

[[nodiscard]] Result<std::string> inflated(const std::string& body, std::size_t most)
{
    z_stream stream{};
    if (inflateInit2(&stream, MAX_WBITS + 32) != Z_OK)
        return fail(JF_E_EXHAUSTED, "out of memory for an answer");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    std::string out;
    for (;;) {
        const std::size_t had = out.size();
        if (had > most)
            return too_large(most);
        out.resize(had + step);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
        stream.avail_out = static_cast<uInt>(step);
        const int state = inflate(&stream, Z_NO_FLUSH);
        out.resize(out.size() - stream.avail_out);
        if (state == Z_STREAM_END && stream.avail_in > 0 && inflateReset(&stream) == Z_OK)
            continue; // gzip members may stand one after another
        if (state == Z_STREAM_END)
            return out.size() > most ? Result<std::string>(too_large(most)) : Result<std::string>(std::move(out));
        if (state == Z_BUF_ERROR || (state == Z_OK && stream.avail_in == 0 && stream.avail_out > 0))
            return cut_off("gzip");
        if (state != Z_OK)
            return fail(JF_E_UNAVAILABLE, "the answer's gzip data is damaged");
    }
}

[[nodiscard]] Result<std::string> from_zstd(const std::string& body, std::size_t most)
{
    const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
    if (!stream)
        return fail(JF_E_EXHAUSTED, "out of memory for an answer");
    ZSTD_inBuffer in{body.data(), body.size(), 0};
    std::string out;
    std::size_t state = 1;
    for (;;) {
        const std::size_t had = out.size();
        if (had > most)
            return too_large(most);
        out.resize(had + step);
        ZSTD_outBuffer piece{out.data() + had, step, 0};
        state = ZSTD_decompressStream(stream.get(), &piece, &in);
        out.resize(had + piece.pos);
        if (ZSTD_isError(state))
            return fail(JF_E_UNAVAILABLE, "the answer's zstd data is damaged");
        if (in.pos == in.size && piece.pos < piece.size)
            break;
    }
    if (state != 0)
        return cut_off("zstd");
    return out.size() > most ? Result<std::string>(too_large(most)) : Result<std::string>(std::move(out));
}

} // namespace

const std::string* Answer::header(std::string_view name) const
{
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& one) { return one.first == name; });
    return found == headers.end() ? nullptr : &found->second;
}

std::optional<std::string> next_link(const Answer& answer)
{
    for (const auto& [name, value] : answer.headers) {
        if (name != "link")
            continue;
        std::string_view rest = value;
        for (;;) {
            const std::size_t open = rest.find('<');
            const std::size_t close = open == rest.npos ? rest.npos : rest.find('>', open);
            if (close == rest.npos)
                break;
            const std::string_view target = trimmed(rest.substr(open + 1, close - open - 1));
            rest.remove_prefix(close + 1);
            if (says_next(take_until(rest, ",")))
                return std::string(target);
        }
    }
    return std::nullopt;
}

std::optional<std::int64_t> retry_after_ns(std::string_view header, std::int64_t now)
{
    constexpr std::int64_t second = 1'000'000'000, most = 366 * 86'400;
    header = trimmed(header);
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
    if (error == std::errc() && end == header.data() + header.size())
        return seconds < 0 ? std::nullopt : std::optional(std::min(seconds, most) * second);
    const auto at = curl_getdate(std::string(header).c_str(), nullptr);
    if (at < 0)
        return std::nullopt;
    return std::clamp<std::int64_t>(at - now, 0, most) * second;
}

Result<std::string> decoded_body(std::string body, std::string_view codings, std::size_t most)
{
    std::vector<std::string_view> names;
    while (!codings.empty())
        if (const std::string_view name = trimmed(take_until(codings, ",")); !name.empty() && !same_word(name, "identity"))
            names.push_back(name);
    if (names.size() > most_codings)
        return fail(JF_E_DATA, "the answer is packed " + std::to_string(names.size()) + " times over; the server must not do that");
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
        if (same_word(*name, "gzip") || same_word(*name, "x-gzip") || same_word(*name, "deflate")) {
            JF_ASSIGN(body, inflated(body, most));
        } else if (same_word(*name, "zstd")) {
            JF_ASSIGN(body, from_zstd(body, most));
        } else {
            return fail(JF_E_DATA, "the answer has the content coding '" + std::string(name->substr(0, 40)) + "', which was not asked for; gzip, deflate and zstd are read");
        }
    }
    return body;
}

std::string said(const Answer& answer, const std::vector<std::string>& hidden)
{
    std::string text = answer.body.substr(0, 4096);
    for (const std::string& secret : hidden)
        for (std::size_t at = 0; secret.size() > 3 && (at = text.find(secret, at)) != text.npos;)
            text.replace(at, secret.size(), "***");
    std::string out;
    bool tag = false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '<')
            tag = true;
        else if (c == '>')
            tag = false;
        else if (!tag && byte > 0x20 && byte < 0x7F)
            out += c;
        if (!out.empty() && out.back() != ' ' && (tag || byte <= 0x20))
            out += ' ';
        if (out.size() >= 160)
            return out + "…";
    }
    return std::string(trimmed(out));
}

jf_status class_of(int status)
{
    switch (status) {
    case 401: case 407: return JF_E_UNAUTHENTICATED;
    case 403: case 451: return JF_E_DENIED;
    case 404: case 410: return JF_E_NOT_FOUND;
    case 501: case 505: return JF_E_CONFIG;
    default: break;
    }
    if (worth_repeating(status))
        return JF_E_UNAVAILABLE;
    return status >= 400 ? JF_E_CONFIG : JF_E_DATA;
}

bool worth_repeating(int status)
{
    return status == 408 || status == 425 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

} // namespace jackfield::http

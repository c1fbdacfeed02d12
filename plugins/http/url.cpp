// Addresses by libcurl's URL interface.
#include "url.hpp"

#include <curl/curl.h>

#include <memory>

namespace jackfield::http {
namespace {

struct Cleanup {
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
using Handle = std::unique_ptr<CURLU, Cleanup>;

[[nodiscard]] std::string part_of(CURLU* handle, CURLUPart part, unsigned flags = 0)
{
    char* text = nullptr;
    if (curl_url_get(handle, part, &text, flags) != CURLUE_OK || !text)
        return {};
    std::string out = text;
    curl_free(text);
    return out;
}

/// The whole, its host and its origin; empty text: the scheme is another, or there is a user or password.
struct Parts {
    std::string text, host, origin;
};
[[nodiscard]] Parts parts_of(CURLU* handle)
{
    Parts out;
    const std::string scheme = part_of(handle, CURLUPART_SCHEME);
    if ((scheme != "http" && scheme != "https") || !part_of(handle, CURLUPART_USER).empty() || !part_of(handle, CURLUPART_PASSWORD).empty())
        return out;
    curl_url_set(handle, CURLUPART_FRAGMENT, nullptr, 0);
    out.text = part_of(handle, CURLUPART_URL);
    out.host = part_of(handle, CURLUPART_HOST);
    for (char& c : out.host)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c | 32);
    out.origin = scheme + "://" + out.host + ":" + part_of(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    return out;
}

} // namespace

Result<Url> Url::parse(std::string_view text)
{
    const Handle handle(curl_url());
    const std::string copy(text);
    const auto refuse = [&](const std::string& why) { return fail(JF_E_CONFIG, why, "url"); };
    if (!handle)
        return fail(JF_E_EXHAUSTED, "out of memory");
    if (copy.find('\0') != copy.npos || curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), 0) != CURLUE_OK)
        return refuse("'" + copy.substr(0, copy.find('?')) + "' is no address; write for example https://api.example.com/v1");
    if (!part_of(handle.get(), CURLUPART_USER).empty() || !part_of(handle.get(), CURLUPART_PASSWORD).empty())
        return refuse("the address holds a user or password; put them into auth, the password as a secret");
    Parts parts = parts_of(handle.get());
    if (parts.text.empty())
        return refuse("'" + part_of(handle.get(), CURLUPART_SCHEME) + "' is no scheme of this plugin; write http:// or https://");
    Url out;
    out.text_ = std::move(parts.text);
    out.host_ = std::move(parts.host);
    out.origin_ = std::move(parts.origin);
    return out;
}

Result<Url> Url::resolve(std::string_view reference) const
{
    const Handle handle(curl_url());
    const std::string copy(reference);
    if (!handle)
        return fail(JF_E_EXHAUSTED, "out of memory");
    const bool whole = copy.find('\0') == copy.npos && curl_url_set(handle.get(), CURLUPART_URL, text_.c_str(), 0) == CURLUE_OK
        && curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), CURLU_URLENCODE) == CURLUE_OK;
    Parts parts = whole ? parts_of(handle.get()) : Parts{};
    if (parts.text.empty())
        return fail(JF_E_DATA, shown() + " leads on to '" + copy.substr(0, 200) + "', which is no http or https address without user and password");
    Url out;
    out.text_ = std::move(parts.text);
    out.host_ = std::move(parts.host);
    out.origin_ = std::move(parts.origin);
    return out;
}

Result<Url> Url::below(std::string_view path) const
{
    if (path.empty())
        return *this;
    if (path.find("://") != path.npos)
        return fail(JF_E_CONFIG, "path is a part of an address, behind the connection's url; write for example /orders", "path");
    std::string text = text_;
    std::string query;
    if (const std::size_t mark = text.find('?'); mark != text.npos) {
        query = text.substr(mark + 1);
        text.resize(mark);
    }
    while (!text.empty() && text.back() == '/')
        text.pop_back();
    if (path.front() != '/' && path.front() != '?')
        text += '/';
    text += path;
    if (!query.empty())
        text += (text.find('?') == text.npos ? "?" : "&") + query;
    auto out = parse(text);
    if (!out)
        return fail(JF_E_CONFIG, "'" + std::string(path) + "' is no path of an address; write for example /orders", "path");
    return out;
}

Url Url::with(std::string_view name, std::string_view value) const
{
    Url out = *this;
    out.text_ += (text_.find('?') == text_.npos ? "?" : "&") + percent_encoded(name) + "=" + percent_encoded(value);
    return out;
}

std::string percent_encoded(std::string_view text)
{
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
            continue;
        }
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

} // namespace jackfield::http

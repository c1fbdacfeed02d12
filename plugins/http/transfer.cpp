// The calls of libcurl.
#include "transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>

namespace jackfield::http {
namespace {

constexpr std::size_t most_header_bytes = 256 << 10;

[[nodiscard]] long milliseconds(std::int64_t nanoseconds) { return static_cast<long>(std::max<std::int64_t>(1, nanoseconds / 1'000'000)); }

} // namespace

SecretText& SecretText::operator=(SecretText&& other) noexcept
{
    if (this != &other) {
        wipe();
        text_ = other.text_;
        other.wipe();
    }
    return *this;
}

void SecretText::wipe()
{
    explicit_bzero(text_.data(), text_.size());
    text_.clear();
}

Session::~Session()
{
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(static_cast<CURLM*>(multi_));
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self)
{
    auto& it = *static_cast<Transfer*>(self);
    const std::size_t bytes = size * count;
    if (it.answer_.body.size() + bytes > it.server_.max_body) {
        it.too_large_ = true;
        return 0; // another number than was given ends the transfer
    }
    it.answer_.body.append(data, bytes);
    return bytes;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self)
{
    auto& it = *static_cast<Transfer*>(self);
    std::string_view line(data, size * count);
    it.header_bytes_ += line.size();
    if (it.header_bytes_ > most_header_bytes) {
        it.too_large_ = true;
        return 0;
    }
    if (line.rfind("HTTP/", 0) == 0) { // a new head: 1xx came before
        it.answer_.headers.clear();
        return size * count;
    }
    const std::size_t colon = line.find(':');
    if (colon == line.npos)
        return size * count;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
    line.remove_prefix(colon + 1);
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!line.empty() && blank(line.front()))
        line.remove_prefix(1);
    while (!line.empty() && blank(line.back()))
        line.remove_suffix(1);
    it.answer_.headers.emplace_back(std::move(name), line);
    return size * count;
}

void Transfer::set_tls(const SecretText& key_password)
{
    CURL* const easy = session_.easy_;
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!server_.ca.empty())
        curl_easy_setopt(easy, CURLOPT_CAINFO, server_.ca.c_str());
    if (!server_.certificate.empty()) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, server_.certificate.c_str());
        curl_easy_setopt(easy, CURLOPT_SSLKEY, server_.key.c_str());
        // An empty one keeps OpenSSL from asking at the terminal.
        curl_easy_setopt(easy, CURLOPT_KEYPASSWD, key_password.text().c_str());
    }
}

void Transfer::set_options(const Outgoing& request, const SecretText& key_password)
{
    CURL* const easy = session_.easy_;
    curl_easy_reset(easy); // open connections stay
    curl_easy_setopt(easy, CURLOPT_URL, request.url.text().c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); // no waiting for a name server that does not answer
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(lines_));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(server_.timeout_ns));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(server_.connect_timeout_ns));
    if (!server_.proxy.empty())
        curl_easy_setopt(easy, CURLOPT_PROXY, server_.proxy.c_str());
    if (request.method == "HEAD")
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (request.body) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body->data());
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    set_tls(key_password);
}

Status Transfer::start(const Outgoing& request, const SecretText& credentials, const SecretText& key_password)
{
    drop();
    if (!session_.multi_)
        session_.multi_ = curl_multi_init();
    if (!session_.easy_)
        session_.easy_ = curl_easy_init();
    if (!session_.multi_ || !session_.easy_)
        return fail(JF_E_EXHAUSTED, "out of memory for a request");
    answer_ = {};
    answer_.url = request.url;
    header_bytes_ = 0;
    too_large_ = never_sent_ = false;
    error_.assign(CURL_ERROR_SIZE, '\0');
    const auto add = [&](const std::string& line) { lines_ = curl_slist_append(static_cast<curl_slist*>(lines_), line.c_str()); };
    bool agent = false, accept = false;
    for (const auto& [name, value] : request.headers) {
        add(value.empty() ? name + ";" : name + ": " + value); // libcurl's spelling of an empty value
        agent = agent || strcasecmp(name.c_str(), "User-Agent") == 0;
        accept = accept || strcasecmp(name.c_str(), "Accept") == 0;
    }
    if (!agent)
        add("User-Agent: jackfield/0.1.0");
    if (!accept)
        add("Accept: application/json, */*;q=0.5");
    add("Accept-Encoding: gzip, zstd");
    add("Expect:"); // no waiting for 100 Continue
    if (!credentials.text().empty())
        add(credentials.text());
    set_options(request, key_password);
    if (const CURLMcode code = curl_multi_add_handle(static_cast<CURLM*>(session_.multi_), session_.easy_); code != CURLM_OK)
        return fail(JF_E_FAILED, std::string("libcurl: ") + curl_multi_strerror(code));
    running_ = true;
    return {};
}

Result<bool> Transfer::step(std::int64_t wait_ns)
{
    auto* const multi = static_cast<CURLM*>(session_.multi_);
    int running = 0;
    CURLMcode code = curl_multi_perform(multi, &running);
    if (code == CURLM_OK && running > 0 && wait_ns > 0) {
        code = curl_multi_poll(multi, nullptr, 0, static_cast<int>(milliseconds(wait_ns)), nullptr);
        if (code == CURLM_OK)
            code = curl_multi_perform(multi, &running);
    }
    if (code != CURLM_OK)
        return fail(JF_E_FAILED, std::string("libcurl: ") + curl_multi_strerror(code));
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        const CURLcode result = message->data.result;
        long status = 0, sent = 0, number = 0;
        curl_easy_getinfo(session_.easy_, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(session_.easy_, CURLINFO_REQUEST_SIZE, &sent);
        curl_easy_getinfo(session_.easy_, CURLINFO_OS_ERRNO, &number);
        if (result == CURLE_COULDNT_CONNECT && number != 0)
            error_ = strerrordesc_np(static_cast<int>(number)); // "Connection refused" says more than libcurl does
        never_sent_ = sent == 0;
        answer_.status = static_cast<int>(status);
        answer_.bytes = answer_.body.size();
        drop();
        if (result != CURLE_OK)
            return failure(result);
        return true;
    }
    return false;
}

void Transfer::drop()
{
    if (running_)
        curl_multi_remove_handle(static_cast<CURLM*>(session_.multi_), session_.easy_);
    running_ = false;
    for (auto* line = static_cast<curl_slist*>(lines_); line; line = line->next)
        explicit_bzero(line->data, std::strlen(line->data)); // one of them holds credentials
    curl_slist_free_all(static_cast<curl_slist*>(lines_));
    lines_ = nullptr;
}

Error Transfer::failure(int code) const
{
    const std::string host = "host '" + answer_.url.host() + "'", why = error_.c_str();
    const std::string detail = why.empty() ? curl_easy_strerror(static_cast<CURLcode>(code)) : why;
    const auto made = [&](jf_status kind, const std::string& text) { return fail(kind, text); };
    if (too_large_ && header_bytes_ > most_header_bytes)
        return made(JF_E_DATA, answer_.url.shown() + " sends more than 256 KiB of headers");
    if (too_large_)
        return fail(JF_E_DATA, "the answer of " + answer_.url.shown() + " is larger than " + std::to_string(server_.max_body) + " bytes; raise max_body if that is meant, or ask for smaller pages", "max_body");
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return made(JF_E_UNAVAILABLE, host + " is not found; check its spelling, or the name server");
    case CURLE_COULDNT_RESOLVE_PROXY: return made(JF_E_UNAVAILABLE, "the proxy's host is not found; check proxy");
    case CURLE_COULDNT_CONNECT: return made(JF_E_UNAVAILABLE, "no connection to " + answer_.url.origin() + " (" + detail + "); is the server running?");
    case CURLE_OPERATION_TIMEDOUT: return made(JF_E_UNAVAILABLE, answer_.url.shown() + " did not answer in time (" + detail + "); raise timeout if it may take longer");
    case CURLE_PARTIAL_FILE: case CURLE_GOT_NOTHING: case CURLE_RECV_ERROR: case CURLE_SEND_ERROR: case CURLE_HTTP2: case CURLE_HTTP2_STREAM:
        return made(JF_E_UNAVAILABLE, "the answer of " + answer_.url.shown() + " broke off after " + std::to_string(answer_.bytes) + " bytes (" + detail + ")");
    case CURLE_PEER_FAILED_VERIFICATION:
        return made(JF_E_DENIED, "the certificate of " + host + " is not trusted (" + detail + "); name its CA's file in tls.ca, or use the name that it was made for");
    case CURLE_SSL_CACERT_BADFILE: return fail(JF_E_CONFIG, "'" + server_.ca + "' holds no CA certificates that can be read (" + detail + ")", "tls.ca");
    case CURLE_SSL_CERTPROBLEM: return fail(JF_E_CONFIG, "the client certificate cannot be used (" + detail + "); check the files, whether they go together, and the key's password", "tls.certificate");
    case CURLE_SSL_CONNECT_ERROR:
        if (detail.find("wrong version number") != detail.npos || detail.find("packet length too long") != detail.npos)
            return made(JF_E_CONFIG, answer_.url.origin() + " does not speak TLS; write http:// if it is meant to be open");
        return made(JF_E_UNAVAILABLE, "no TLS with " + host + " (" + detail + ")");
    case CURLE_WEIRD_SERVER_REPLY: case CURLE_UNSUPPORTED_PROTOCOL:
        return made(JF_E_DATA, answer_.url.origin() + " does not speak HTTP (" + detail + ")");
    case CURLE_OUT_OF_MEMORY: return made(JF_E_EXHAUSTED, "out of memory for a request");
    default: return made(JF_E_UNAVAILABLE, "the request to " + answer_.url.shown() + " failed (" + detail + ")");
    }
}

} // namespace jackfield::http

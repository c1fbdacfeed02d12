// The options of the connection.
#include "settings.hpp"

#include <algorithm>

namespace jackfield::http {
namespace {

/// One group for each kind, so that the host checks what each one needs: a secret is not to be seen here.
[[nodiscard]] sdk::Options auth_options()
{
    return sdk::Options()
        .group("basic", "user and password", sdk::Options().text("user", "the user", {.required = true}).secret("password", "the password", true))
        .group("bearer", "a token that does not change", sdk::Options().secret("token", "the token", true))
        .group("header", "a header of the API's own", sdk::Options().text("name", "of the header, such as X-Api-Key", {.required = true}).secret("value", "of the header", true))
        .group("oauth2", "a token for client credentials",
            sdk::Options()
                .text("token_url", "where tokens are given", {.required = true})
                .text("client_id", "the client", {.required = true})
                .secret("client_secret", "the client's secret", true)
                .text("scope", "scopes asked for, with blanks between")
                .text("audience", "for whom the token is meant, where the server wants that")
                .text("client_in", "where client and secret stand in the request for a token", {.fallback = "header", .one_of = {"header", "body"}}));
}

[[nodiscard]] sdk::Options tls_options()
{
    return sdk::Options()
        .text("ca", "file of the CA certificates to trust in place of the system's", {.format = "path"})
        .text("certificate", "file of the client certificate, PEM", {.format = "path"})
        .text("key", "file of its key, PEM", {.format = "path"})
        .group("locked_key", "its key, if that has a password",
            sdk::Options().text("file", "of the key, PEM", {.required = true, .format = "path"}).secret("password", "of the key", true));
}

[[nodiscard]] Result<AuthSettings> read_auth(const sdk::Config& config)
{
    AuthSettings out;
    const auto kinds = config.keys("auth");
    if (!config.has("auth"))
        return out;
    if (kinds.size() != 1)
        return fail(JF_E_CONFIG, "auth is one of basic, bearer, header and oauth2", "auth");
    out.kind = kinds[0] == "basic" ? AuthKind::basic : kinds[0] == "bearer" ? AuthKind::bearer : kinds[0] == "header" ? AuthKind::header : AuthKind::oauth2;
    out.user = config.text("/auth/basic/user");
    if (out.user.find(':') != out.user.npos)
        return fail(JF_E_CONFIG, "a user of basic authentication has no colon", "auth.basic.user");
    out.header = config.text("/auth/header/name");
    if (out.kind == AuthKind::oauth2) {
        auto url = Url::parse(config.text("/auth/oauth2/token_url"));
        if (!url)
            return fail(JF_E_CONFIG, url.error().message, "auth.oauth2.token_url");
        out.token_url = *std::move(url);
    }
    out.client_id = config.text("/auth/oauth2/client_id");
    out.scope = config.text("/auth/oauth2/scope");
    out.audience = config.text("/auth/oauth2/audience");
    out.in_body = config.text("/auth/oauth2/client_in") == "body";
    return out;
}

} // namespace

Status check_header(std::string_view name, std::string_view value, const std::string& place)
{
    const auto token = [](char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), token))
        return fail(JF_E_CONFIG, "'" + std::string(name.substr(0, 60)) + "' is no name of a header", place);
    for (const char c : value)
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t')
            return fail(JF_E_CONFIG, "the value of header '" + std::string(name) + "' has a line end or control character", place);
    return {};
}

Result<Pairs> read_pairs(const sdk::Config& config, const char* name)
{
    Pairs out;
    for (const std::string& key : config.keys(name)) {
        out.emplace_back(key, config.text(sdk::Config::below(name, key)));
        if (std::string_view(name) == "headers")
            JF_TRY(check_header(key, out.back().second, "headers." + key));
    }
    return out;
}

sdk::Options server_options()
{
    return sdk::Options()
        .text("url", "where the API is; sources and sinks add their path", {.required = true})
        .texts_by_name("headers", "sent with each request to this server; credentials belong into auth")
        .group("auth", "who asks", auth_options())
        .group("tls", "certificates", tls_options())
        .texts("hosts", "other hosts that redirects and next addresses may lead to; they get no credentials")
        .text("proxy", "address of a proxy; default: as http_proxy, https_proxy and no_proxy of the environment say")
        .integer("redirects", "how many redirects are followed", {.fallback = 5, .minimum = 0, .maximum = 20})
        .number("requests_per_second", "at most so many requests of all that use this connection", {.minimum = 0.001, .maximum = 100000})
        .integer("retries", "how often a request is repeated after 408, 425, 429, 5xx or a broken connection", {.fallback = 4, .minimum = 0, .maximum = 20})
        .duration("max_wait", "longest wait for a Retry-After; the runtime waits for longer ones", "30s")
        .duration("timeout", "for one request and its answer", "60s")
        .duration("connect_timeout", "for the connection alone", "10s")
        .size("max_body", "largest answer, unpacked", "64MiB")
        .integer("max_depth", "deepest nesting of JSON", {.fallback = 64, .minimum = 2, .maximum = 500});
}

std::string address_of(const std::string& path, const sdk::Config* connection)
{
    const auto url = connection ? Url::parse(connection->text("url")) : Result<Url>(Url());
    const auto whole = url ? url->below(path) : url;
    return connection && whole ? whole->shown() : path;
}

Result<ServerSettings> read_server(const sdk::Config& config)
{
    ServerSettings out;
    JF_ASSIGN(out.url, Url::parse(config.text("url")));
    JF_ASSIGN(out.headers, read_pairs(config, "headers"));
    JF_ASSIGN(out.auth, read_auth(config));
    if (out.auth.kind == AuthKind::header)
        JF_TRY(check_header(out.auth.header, "", "auth.header.name"));
    out.ca = config.text("/tls/ca");
    out.certificate = config.text("/tls/certificate");
    out.locked_key = config.has("/tls/locked_key");
    if (out.locked_key && config.has("/tls/key"))
        return fail(JF_E_CONFIG, "the client's key is either key or locked_key", "tls.locked_key");
    out.key = config.text(out.locked_key ? "/tls/locked_key/file" : "/tls/key");
    if (out.certificate.empty() != out.key.empty())
        return fail(JF_E_CONFIG, "a client certificate and its key go together; give both", out.key.empty() ? "tls.key" : "tls.certificate");
    for (std::string& host : out.hosts = config.texts("hosts"))
        std::transform(host.begin(), host.end(), host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
    out.proxy = config.text("proxy");
    out.redirects = config.has("redirects") ? static_cast<int>(config.integer("redirects")) : 5;
    out.retries = config.has("retries") ? static_cast<int>(config.integer("retries")) : 4;
    out.per_second = config.number("requests_per_second");
    out.max_wait_ns = config.duration("max_wait", 30'000'000'000);
    out.timeout_ns = config.duration("timeout", 60'000'000'000);
    out.connect_timeout_ns = config.duration("connect_timeout", 10'000'000'000);
    if (out.timeout_ns < 1'000'000 || out.connect_timeout_ns < 1'000'000)
        return fail(JF_E_CONFIG, "a timeout is 1ms at least", out.timeout_ns < 1'000'000 ? "timeout" : "connect_timeout");
    out.max_body = static_cast<std::size_t>(config.size("max_body", 64 << 20));
    if (out.max_body < 1 || out.max_body > (std::size_t{1} << 30))
        return fail(JF_E_CONFIG, "max_body must lie between 1B and 1GiB", "max_body");
    out.max_depth = config.has("max_depth") ? static_cast<int>(config.integer("max_depth")) : 64;
    return out;
}

} // namespace jackfield::http

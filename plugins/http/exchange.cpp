// The way of one request, in states: waiting for its moment, getting a token, on the wire, judged.
#include "exchange.hpp"

#include "body.hpp"

#include <algorithm>
#include <cstring>

namespace jackfield::http {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t look_up_ns = second_ns / 25; // how long nobody asks whether to stop
constexpr std::int64_t first_pause_ns = second_ns / 2, longest_pause_ns = 30 * second_ns;

[[nodiscard]] bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

/// Twice as long each time, a quarter more or less, so that not all come back at once.
[[nodiscard]] std::int64_t pause_before(int attempt, std::int64_t noise)
{
    const std::int64_t pause = std::min(first_pause_ns << std::min(attempt, 10), longest_pause_ns);
    return pause * 3 / 4 + noise % (pause / 2);
}

[[nodiscard]] const char* remedy(int status, bool with_auth)
{
    switch (status) {
    case 401: return with_auth ? "; check auth and its secret" : "; give the connection auth";
    case 403: return "; these credentials may not do that";
    case 404: case 410: return "; check url and path";
    case 405: return "; check path and method";
    case 407: return "; the proxy wants to know who asks";
    case 413: return "; send less at once: lower rows or max_request";
    case 429: return "; set requests_per_second";
    default: return status >= 500 ? "; the server is in trouble" : "; check path, query and headers";
    }
}

} // namespace

std::string base64(std::string_view text)
{
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k)
            out += i + k > text.size() ? '=' : digits[bits >> (18 - 6 * k) & 63];
    }
    return out;
}

Exchange::Exchange(HttpConnection& on, Outgoing request, Patience patience)
    : on_(on), request_(std::move(request)), patience_(patience), session_(on.borrow())
{
    for (const auto& header : on.server().headers)
        request_.headers.insert(request_.headers.begin(), header);
    transfer_.emplace(*session_, on.server());
}

Exchange::~Exchange()
{
    transfer_.reset();
    on_.give_back(std::move(session_));
    for (std::string& text : hidden_)
        explicit_bzero(text.data(), text.size());
    explicit_bzero(form_.data(), form_.size());
}

Result<bool> Exchange::run(const sdk::Call& call, std::int64_t until_ns, const std::atomic<unsigned>& stops)
{
    const unsigned seen = stops.load();
    for (;;) {
        if (call.cancelled() || stops.load() != seen)
            return fail(JF_E_CANCELLED, "the request to " + request_.url.shown() + " was cancelled");
        const std::int64_t now = on_.now_ns();
        if (running_) {
            const auto done = transfer_->step(std::clamp<std::int64_t>(until_ns - now, 0, look_up_ns));
            if (!done) {
                running_ = false;
                never_sent_ = transfer_->never_sent();
                if (done.error().kind != JF_E_UNAVAILABLE || (!patience_.repeatable && !never_sent_))
                    return done.error();
                JF_TRY(again_later(done.error(), std::nullopt));
            } else if (*done) {
                running_ = false;
                JF_ASSIGN(const bool finished, judge());
                if (finished)
                    return true;
            } else if (on_.now_ns() >= until_ns) {
                return false;
            }
            continue;
        }
        if (now >= until_ns)
            return false;
        if (now < not_before_) {
            static_cast<void>(call.wait(std::min({not_before_ - now, until_ns - now, look_up_ns}))); // the loop looks why it ended
            continue;
        }
        JF_ASSIGN(const bool begun, begin(call, until_ns, stops));
        if (!begun)
            return false;
    }
}

/// Takes a moment, gets credentials, starts. false: `until_ns` has come.
Result<bool> Exchange::begin(const sdk::Call& call, std::int64_t until_ns, const std::atomic<unsigned>& stops)
{
    if (!has_slot_) {
        has_slot_ = true;
        not_before_ = std::max(not_before_, on_.next_slot());
        return true;
    }
    SecretText line, key_password;
    // Credentials are for the origin that they were given for, wherever a redirect or a next address leads.
    if (patience_.credentials && request_.url.origin() == on_.server().url.origin()) {
        JF_ASSIGN(const bool there, credentials(call, until_ns, stops, line));
        if (!there)
            return false;
    }
    if (on_.server().locked_key) {
        JF_ASSIGN(key_password, on_.secret(call, "/tls/locked_key/password"));
    }
    JF_TRY(transfer_->start(request_, line, key_password));
    running_ = true;
    has_slot_ = false;
    ++tries_;
    return true;
}

/// A secret of the options that may stand on a header line; from now on no message shows it.
Result<SecretText> Exchange::line_secret(const sdk::Call& call, const char* pointer)
{
    JF_ASSIGN(SecretText out, on_.secret(call, pointer));
    for (const char c : out.text())
        if (static_cast<unsigned char>(c) < 0x20)
            return fail(JF_E_CONFIG, "the secret holds a line end or control character; take it out (echo -n)", "auth");
    hide(out.text());
    return out;
}

void Exchange::hide(const std::string& text)
{
    if (std::find(hidden_.begin(), hidden_.end(), text) == hidden_.end())
        hidden_.push_back(text);
}

/// The header line that says who asks. false: a token is on its way still.
Result<bool> Exchange::credentials(const sdk::Call& call, std::int64_t until_ns, const std::atomic<unsigned>& stops, SecretText& line)
{
    const AuthSettings& auth = on_.server().auth;
    if (auth.kind == AuthKind::basic) {
        JF_ASSIGN(const SecretText password, line_secret(call, "/auth/basic/password"));
        const SecretText packed(base64(auth.user + ":" + password.text()));
        hide(packed.text());
        line = SecretText("Authorization: Basic " + packed.text());
    } else if (auth.kind == AuthKind::bearer) {
        JF_ASSIGN(const SecretText token, line_secret(call, "/auth/bearer/token"));
        line = SecretText("Authorization: Bearer " + token.text());
    } else if (auth.kind == AuthKind::header) {
        JF_ASSIGN(const SecretText value, line_secret(call, "/auth/header/value"));
        line = SecretText(auth.header + ": " + value.text());
    } else if (auth.kind == AuthKind::oauth2) {
        auto token = on_.token();
        if (!token) {
            JF_ASSIGN(const bool there, fetch_token(call, until_ns, stops));
            if (!there)
                return false;
            token = on_.token();
        }
        token_ = SecretText(token.value_or(""));
        hide(token_.text());
        line = SecretText("Authorization: Bearer " + token_.text());
    }
    return true;
}

Status Exchange::start_token_request(const sdk::Call& call)
{
    const AuthSettings& auth = on_.server().auth;
    JF_ASSIGN(const SecretText secret, on_.secret(call, "/auth/oauth2/client_secret"));
    hidden_.push_back(secret.text());
    form_ = "grant_type=client_credentials";
    if (!auth.scope.empty())
        form_ += "&scope=" + percent_encoded(auth.scope);
    if (!auth.audience.empty())
        form_ += "&audience=" + percent_encoded(auth.audience);
    Outgoing request;
    request.method = "POST";
    request.url = auth.token_url;
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    if (auth.in_body)
        form_ += "&client_id=" + percent_encoded(auth.client_id) + "&client_secret=" + percent_encoded(secret.text());
    else // RFC 6749 2.3.1: both are form-encoded before they are joined
        request.headers.emplace_back("Authorization", "Basic " + base64(percent_encoded(auth.client_id) + ":" + percent_encoded(secret.text())));
    request.body = &form_;
    token_exchange_ = std::make_unique<Exchange>(on_, std::move(request), Patience{.credentials = false, .follow = false});
    token_exchange_->hidden_ = {secret.text()};
    return {};
}

Status Exchange::read_token(const Answer& answer)
{
    const std::string where = on_.server().auth.token_url.shown();
    if (answer.status < 200 || answer.status >= 300) {
        // 400 and 401 both mean, by RFC 6749, that the client was not accepted.
        Error error = token_exchange_->refusal(answer);
        if (answer.status == 400 || answer.status == 401)
            error = fail(JF_E_UNAUTHENTICATED, where + " gives no token (" + std::to_string(answer.status) + " " + said(answer, hidden_) + "); check client_id, client_secret and scope", "auth.oauth2");
        return error;
    }
    auto body = JsonBody::read(answer.body, 64);
    auto token = body ? body->scalar("access_token") : Result<std::optional<std::string>>(std::optional<std::string>());
    if (!token || !*token || std::any_of((*token)->begin(), (*token)->end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20; }))
        return fail(JF_E_DATA, where + " answered without an access_token; is it the address of the token endpoint?", "auth.oauth2.token_url");
    std::int64_t seconds = 300;
    if (const auto said = body->scalar("expires_in"); said && *said)
        seconds = std::clamp<std::int64_t>(std::strtoll((*said)->c_str(), nullptr, 10), 1, 366 * 86'400);
    // A little early, so that it does not end on the way.
    on_.keep_token(SecretText(**token), on_.now_ns() + seconds * second_ns - std::min<std::int64_t>(30, seconds / 10) * second_ns);
    return {};
}

Result<bool> Exchange::fetch_token(const sdk::Call& call, std::int64_t until_ns, const std::atomic<unsigned>& stops)
{
    if (!token_exchange_)
        JF_TRY(start_token_request(call));
    JF_ASSIGN(const bool done, token_exchange_->run(call, until_ns, stops));
    if (!done)
        return false;
    const Status read = read_token(token_exchange_->take());
    token_exchange_.reset();
    JF_TRY(read);
    return true;
}

/// Looks at a whole answer. true: it is the one.
Result<bool> Exchange::judge()
{
    answer_ = transfer_->take();
    answer_.url = request_.url;
    const std::string* location = answer_.header("location");
    if (is_redirect(answer_.status) && location && patience_.follow) {
        JF_TRY(follow(*location));
        return false;
    }
    if (answer_.status == 401 && on_.server().auth.kind == AuthKind::oauth2 && patience_.credentials && !refreshed_) {
        refreshed_ = true;
        on_.forget_token(token_.text());
        return false;
    }
    const std::string* codings = answer_.header("content-encoding");
    const bool bare = request_.method == "HEAD" || answer_.status == 204 || answer_.status == 304;
    auto body = bare ? Result<std::string>(std::string()) : decoded_body(std::move(answer_.body), codings ? std::string_view(*codings) : std::string_view(), on_.server().max_body);
    if (!body) {
        Error error = std::move(body).error();
        error.message = request_.url.shown() + ": " + error.message;
        if (error.kind != JF_E_UNAVAILABLE || !patience_.repeatable)
            return error;
        JF_TRY(again_later(std::move(error), std::nullopt));
        return false;
    }
    answer_.body = *std::move(body);
    if (!worth_repeating(answer_.status))
        return true;
    const std::string* after = answer_.header("retry-after");
    const auto wait = after ? retry_after_ns(*after, host().unix_ns() / second_ns) : std::nullopt;
    Error error = refusal(answer_);
    // 425, 429 and 503 say that nothing was done.
    const bool untouched = answer_.status == 425 || answer_.status == 429 || answer_.status == 503;
    if (!patience_.repeatable && !untouched) {
        error.retry_after_ns = wait.value_or(-1);
        return error;
    }
    JF_TRY(again_later(std::move(error), wait));
    return false;
}

Status Exchange::follow(const std::string& location)
{
    if (++redirects_ > on_.server().redirects)
        return fail(JF_E_DATA, "more than " + std::to_string(on_.server().redirects) + " redirects, the last one to " + request_.url.shown() + "; do they go round in a circle?", "redirects");
    JF_ASSIGN(const Url target, request_.url.resolve(location));
    JF_TRY(on_.allows(target));
    if (request_.body && answer_.status != 307 && answer_.status != 308)
        return fail(JF_E_CONFIG, request_.url.shown() + " has moved to " + target.shown() + " (" + std::to_string(answer_.status) + "); put the new address into url and path", "url");
    if (target.origin() != request_.url.origin()) // an address elsewhere gets nothing that the flow wrote for this one
        std::erase_if(request_.headers, [](const auto& header) { return strcasecmp(header.first.c_str(), "Accept") != 0 && strcasecmp(header.first.c_str(), "Content-Type") != 0; });
    request_.url = target;
    --tries_; // no attempt more
    return {};
}

/// Waits before the next attempt, or gives up with `why`.
Status Exchange::again_later(Error why, std::optional<std::int64_t> asked_wait_ns)
{
    const int retries = patience_.retries < 0 ? on_.server().retries : patience_.retries;
    if (asked_wait_ns && *asked_wait_ns > on_.server().max_wait_ns) {
        why.retry_after_ns = *asked_wait_ns;
        why.message += "; it asks to wait " + std::to_string(*asked_wait_ns / second_ns) + " s, longer than max_wait";
        return why;
    }
    if (tries_ > retries) {
        if (tries_ > 1)
            why.message += "; tried " + std::to_string(tries_) + " times";
        why.retry_after_ns = asked_wait_ns.value_or(-1);
        return why;
    }
    const std::int64_t now = on_.now_ns();
    not_before_ = now + asked_wait_ns.value_or(pause_before(tries_ - 1, now / 1000));
    if (asked_wait_ns)
        on_.rest_until(not_before_); // the server means all of us
    return {};
}

Error Exchange::refusal(const Answer& answer) const
{
    std::string message = request_.url.shown() + " answers " + std::to_string(answer.status);
    if (const std::string words = said(answer, hidden_); !words.empty())
        message += " (" + words + ")";
    Error out = fail(class_of(answer.status), message + remedy(answer.status, on_.server().auth.kind != AuthKind::none));
    out.code = std::to_string(answer.status);
    return out;
}

} // namespace jackfield::http

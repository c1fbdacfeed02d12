// Pace, tokens, sessions; and the look whether the server is there.
#include "connection.hpp"

#include "exchange.hpp"

#include <algorithm>
#include <chrono>

namespace jackfield::http {
namespace {

constexpr std::size_t most_idle = 8;
constexpr std::int64_t second_ns = 1'000'000'000;

} // namespace

Result<sdk::Description> HttpConnection::describe(const sdk::Config& config)
{
    JF_ASSIGN(const ServerSettings server, read_server(config));
    sdk::Description out;
    out.sentence = server.url.shown();
    return out;
}

Result<std::unique_ptr<HttpConnection>> HttpConnection::make(const sdk::Config& config, sdk::Host host)
{
    JF_ASSIGN(ServerSettings server, read_server(config));
    return std::make_unique<HttpConnection>(std::move(server), host);
}

Status HttpConnection::allows(const Url& url) const
{
    if (url.host() == server_.url.host() || std::find(server_.hosts.begin(), server_.hosts.end(), url.host()) != server_.hosts.end()) {
        if (server_.url.secure() && !url.secure())
            return fail(JF_E_DENIED, "the server leads from https to " + url.shown() + ", which everyone on the way can read; that is not followed");
        return {};
    }
    return fail(JF_E_DENIED, "the server leads to host '" + url.host() + "'; add it to the connection's hosts if that is meant", "hosts");
}

std::int64_t HttpConnection::now_ns() const
{
    if (const std::int64_t now = host_.monotonic_ns())
        return now;
    return std::chrono::steady_clock::now().time_since_epoch().count(); // a host without a clock
}

std::int64_t HttpConnection::next_slot()
{
    const std::int64_t now = now_ns();
    const std::lock_guard lock(mutex_);
    const std::int64_t slot = std::max(now, next_slot_);
    if (server_.per_second > 0)
        next_slot_ = slot + static_cast<std::int64_t>(static_cast<double>(second_ns) / server_.per_second);
    return slot;
}

void HttpConnection::rest_until(std::int64_t monotonic_ns)
{
    const std::lock_guard lock(mutex_);
    next_slot_ = std::max(next_slot_, monotonic_ns);
}

std::unique_ptr<Session> HttpConnection::borrow()
{
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto out = std::move(idle_.back());
            idle_.pop_back();
            return out;
        }
    }
    return std::make_unique<Session>();
}

void HttpConnection::give_back(std::unique_ptr<Session> session)
{
    const std::lock_guard lock(mutex_);
    if (session && idle_.size() < most_idle)
        idle_.push_back(std::move(session));
}

Result<SecretText> HttpConnection::secret(const sdk::Call& call, const char* pointer) const
{
    SecretText out;
    JF_TRY(host_.with_secret(call.raw(), pointer, [&](std::string_view text) { out = SecretText(std::string(text)); }));
    return out;
}

std::optional<std::string> HttpConnection::token() const
{
    const std::int64_t now = now_ns();
    const std::lock_guard lock(mutex_);
    if (token_.text().empty() || now >= token_until_)
        return std::nullopt;
    return token_.text();
}

void HttpConnection::keep_token(SecretText token, std::int64_t until_ns)
{
    const std::lock_guard lock(mutex_);
    token_ = std::move(token);
    token_until_ = until_ns;
}

void HttpConnection::forget_token(std::string_view token)
{
    const std::lock_guard lock(mutex_);
    if (token_.text() == token)
        token_.wipe();
}

Result<std::string> HttpConnection::check(const sdk::Call& call)
{
    Answer answer;
    for (const char* method : {"HEAD", "GET"}) {
        Outgoing request;
        request.method = method;
        request.url = server_.url;
        Exchange exchange(*this, std::move(request), {.retries = 0});
        JF_ASSIGN(const bool done, exchange.run(call, call.deadline_ns(), stops_));
        if (!done)
            return fail(JF_E_TIMEOUT, server_.url.shown() + " has not answered yet");
        answer = exchange.take();
        const bool no_head = answer.status == 405 || answer.status == 501;
        if (!no_head && answer.status != 404 && answer.status >= 400)
            return exchange.refusal(answer);
        if (!no_head)
            break;
    }
    const std::string* server = answer.header("server");
    return "{\"url\":" + sdk::json_string(server_.url.shown()) + ",\"status\":" + std::to_string(answer.status)
        + (server ? ",\"server\":" + sdk::json_string(*server) : std::string()) + "}";
}

} // namespace jackfield::http

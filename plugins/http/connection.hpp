// The connection 'http': a server, who asks it, and what all who ask share: pace, tokens, open connections.
#pragma once

#include "transfer.hpp"

#include <jackfield/sdk.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::http {

/// What `use` names as the connection of a component.
inline constexpr const char* connection_id = "http";

/// Connects at first use. Any thread.
class HttpConnection final : public sdk::Connection {
public:
    static sdk::Options options() { return server_options(); }
    static Result<sdk::Description> describe(const sdk::Config& config);
    static Result<std::unique_ptr<HttpConnection>> make(const sdk::Config& config, sdk::Host host);

    HttpConnection(ServerSettings server, sdk::Host host) : server_(std::move(server)), host_(host) {}

    /// {"url": …, "status": 200, "server": "nginx"}. A status that refuses us, or says trouble, is an error.
    Result<std::string> check(const sdk::Call& call) override;
    void interrupt() override { ++stops_; }

    [[nodiscard]] const ServerSettings& server() const { return server_; }
    [[nodiscard]] const sdk::Host& host() const { return host_; }
    /// Whether requests may go there at all. JF_E_DENIED.
    [[nodiscard]] Status allows(const Url& url) const;

    /// On the clock of deadlines.
    [[nodiscard]] std::int64_t now_ns() const;
    /// The moment (monotonic) at which one more request may start; it is taken.
    [[nodiscard]] std::int64_t next_slot();
    /// Nobody asks before this moment: the server wants rest.
    void rest_until(std::int64_t monotonic_ns);

    /// A session that nobody uses; give it back so that its connections are used again.
    [[nodiscard]] std::unique_ptr<Session> borrow();
    void give_back(std::unique_ptr<Session> session);

    /// A secret of the options, "/auth/basic/password". The host's errors pass through.
    [[nodiscard]] Result<SecretText> secret(const sdk::Call& call, const char* pointer) const;
    /// oauth2: the token in use and still good, and its end (monotonic).
    [[nodiscard]] std::optional<std::string> token() const;
    void keep_token(SecretText token, std::int64_t until_ns);
    /// It was refused.
    void forget_token(std::string_view token);

private:
    ServerSettings server_;
    sdk::Host host_;
    std::atomic<unsigned> stops_{0};
    mutable std::mutex mutex_; // guards what follows
    std::int64_t next_slot_ = 0;
    std::vector<std::unique_ptr<Session>> idle_;
    SecretText token_;
    std::int64_t token_until_ = 0;
};

} // namespace jackfield::http

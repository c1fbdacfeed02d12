// Exchange: a request until its answer is there: credentials, redirects, pace, waiting, trying again.
#pragma once

#include "connection.hpp"

namespace jackfield::http {

/// How an exchange deals with trouble. Value.
struct Patience {
    int retries = -1;        ///< -1: as the connection says
    bool repeatable = true;  ///< the request may arrive twice
    bool credentials = true; ///< the connection's; false: the request brings its own
    bool follow = true;      ///< redirects
};

/// One request and its answer. One thread at a time; not movable.
class Exchange {
public:
    /// The connection outlives it; so does the body of `request`.
    Exchange(HttpConnection& on, Outgoing request, Patience patience = {});
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// Works until the answer is there (true; whatever its status) or `until_ns` (false; call again). JF_E_CANCELLED as
    /// soon as the call is cancelled or `stops` counts up; others as Transfer::step, and for redirects that may not be
    /// followed. A status that is worth repeating is an error once patience is at its end.
    [[nodiscard]] Result<bool> run(const sdk::Call& call, std::int64_t until_ns, const std::atomic<unsigned>& stops);
    /// Once run() said true: the answer with its body unpacked.
    [[nodiscard]] Answer take() { return std::move(answer_); }
    /// What to tell of an answer whose status is no success: class, sentence with remedy, the status as code.
    [[nodiscard]] Error refusal(const Answer& answer) const;
    /// After an error: whether nothing of the request can have arrived.
    [[nodiscard]] bool never_sent() const { return never_sent_; }

private:
    [[nodiscard]] Result<bool> begin(const sdk::Call& call, std::int64_t until_ns, const std::atomic<unsigned>& stops);
    [[nodiscard]] Result<bool> credentials(const sdk::Call& call, std::int64_t until_ns, const std::atomic<unsigned>& stops, SecretText& line);
    [[nodiscard]] Result<SecretText> line_secret(const sdk::Call& call, const char* pointer);
    void hide(const std::string& text);
    [[nodiscard]] Result<bool> fetch_token(const sdk::Call& call, std::int64_t until_ns, const std::atomic<unsigned>& stops);
    [[nodiscard]] Status start_token_request(const sdk::Call& call);
    [[nodiscard]] Status read_token(const Answer& answer);
    [[nodiscard]] Result<bool> judge();
    [[nodiscard]] Status follow(const std::string& location);
    [[nodiscard]] Status again_later(Error why, std::optional<std::int64_t> asked_wait_ns);
    [[nodiscard]] const sdk::Host& host() const { return on_.host(); }

    HttpConnection& on_;
    Outgoing request_;
    Patience patience_;
    std::unique_ptr<Session> session_;
    std::optional<Transfer> transfer_;
    bool running_ = false, has_slot_ = false, refreshed_ = false, never_sent_ = false;
    int tries_ = 0, redirects_ = 0;
    std::int64_t not_before_ = 0;
    Answer answer_;
    SecretText token_;               // oauth2: the one in use
    std::vector<std::string> hidden_; // never to be seen in a message; wiped at the end
    std::unique_ptr<Exchange> token_exchange_;
    std::string form_; // body of the request for a token
};

/// `text` in base64.
[[nodiscard]] std::string base64(std::string_view text);

} // namespace jackfield::http

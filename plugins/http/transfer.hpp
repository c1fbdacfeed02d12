// Transfer: one request on the wire and its answer, by libcurl, in steps that wait no longer than they are told.
#pragma once

#include "answer.hpp"
#include "settings.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace jackfield::http {

/// Text that is overwritten when it goes. Movable.
class SecretText {
public:
    SecretText() = default;
    explicit SecretText(std::string text) : text_(std::move(text)) {}
    SecretText(SecretText&& other) noexcept : text_(other.text_) { other.wipe(); }
    SecretText& operator=(SecretText&& other) noexcept;
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    ~SecretText() { wipe(); }
    [[nodiscard]] const std::string& text() const { return text_; }
    void wipe();

private:
    std::string text_;
};

/// What goes out. Value.
struct Outgoing {
    std::string method = "GET";
    Url url;
    Pairs headers;
    const std::string* body = nullptr; ///< lent until the transfer is over; nullptr: none
};

/// The handles of libcurl, with the connections that they keep open. One thread at a time.
class Session {
public:
    Session() = default;
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

private:
    friend class Transfer;
    void* multi_ = nullptr; // CURLM and CURL, which are names for void
    void* easy_ = nullptr;
};

/// One request. One thread at a time.
class Transfer {
public:
    /// `session` and `server` outlive it; a session has one transfer at a time.
    Transfer(Session& session, const ServerSettings& server) : session_(session), server_(server) {}
    ~Transfer() { drop(); }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// `credentials`: a whole header line, or empty. `key_password`: of the client key, or empty.
    [[nodiscard]] Status start(const Outgoing& request, const SecretText& credentials, const SecretText& key_password);
    /// Waits at most `wait_ns` for the network. true: the answer is whole. JF_E_UNAVAILABLE: broken off; JF_E_DENIED and
    /// JF_E_CONFIG: certificates; JF_E_DATA: larger than allowed.
    [[nodiscard]] Result<bool> step(std::int64_t wait_ns);
    /// Once step() said true: the answer, its body still packed.
    [[nodiscard]] Answer take() { return std::move(answer_); }
    /// Whether nothing of the request can have reached the server.
    [[nodiscard]] bool never_sent() const { return never_sent_; }

private:
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
    void set_options(const Outgoing& request, const SecretText& key_password);
    void set_tls(const SecretText& key_password);
    void drop();
    [[nodiscard]] Error failure(int code) const;

    Session& session_;
    const ServerSettings& server_;
    Answer answer_;
    void* lines_ = nullptr; // curl_slist
    bool running_ = false, too_large_ = false, never_sent_ = false;
    std::size_t header_bytes_ = 0;
    std::string error_; // libcurl's sentence, in a buffer of its own size
};

} // namespace jackfield::http

// Session: one connection to a PostgreSQL server, whose every wait ends with the deadline or the cancel of its call.
#pragma once

#include "failure.hpp"

#include <jackfield/sdk/call.hpp>
#include <jackfield/sdk/result.hpp>

#include <libpq-fe.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield::postgres {

/// Until when an operation may wait: the frame of the host's call, or only its deadline (a stream that is read later).
/// Value; the call must outlive it.
class Patience {
public:
    Patience(const sdk::Call& call) : call_(&call), deadline_ns_(call.deadline_ns()) {} // NOLINT: a call is a patience
    explicit Patience(std::int64_t deadline_ns) : deadline_ns_(deadline_ns) {}
    [[nodiscard]] bool cancelled() const { return call_ && call_->cancelled(); }
    /// For services of the host; nullptr: there is no call.
    [[nodiscard]] const jf_call* frame() const { return call_ ? call_->raw() : nullptr; }
    /// On the monotonic clock; INT64_MAX: none.
    [[nodiscard]] std::int64_t deadline_ns() const { return deadline_ns_; }

private:
    const sdk::Call* call_ = nullptr;
    std::int64_t deadline_ns_;
};

/// One value bound to $1, $2 …. Value. nullopt is NULL. type 0: the server infers it. binary: the type's binary form.
struct Param {
    std::optional<std::string> value;
    Oid type = 0;
    bool binary = false;
};
using Params = std::vector<Param>;

/// The answer to one statement. Movable. One thread at a time; needs no session.
class Answer {
public:
    Answer() = default;
    explicit Answer(PGresult* raw) : raw_(raw) {}

    [[nodiscard]] int rows() const { return raw_ ? PQntuples(raw_.get()) : 0; }
    [[nodiscard]] int columns() const { return raw_ ? PQnfields(raw_.get()) : 0; }
    /// nullopt is NULL. The view lives as long as the answer.
    [[nodiscard]] std::optional<std::string_view> value(int row, int column) const;
    /// The value as text, "" for NULL.
    [[nodiscard]] std::string text(int row, int column) const { return std::string(value(row, column).value_or("")); }
    [[nodiscard]] bool flag(int row, int column) const { return value(row, column) == std::optional<std::string_view>("t"); }
    [[nodiscard]] std::int64_t number(int row, int column) const;
    /// Rows that an INSERT, UPDATE, DELETE, MERGE or COPY changed; 0 for other statements.
    [[nodiscard]] std::uint64_t changed() const;
    [[nodiscard]] PGresult* raw() const { return raw_.get(); }

private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> raw_;
};

/// One connection. One thread at a time, but for interrupt(). Obtained from a Pool and given back to it.
///
/// Each wait looks at the call 50 times a second; when it is cancelled or late, the statement is cancelled at the server
/// (PQcancel) and the function returns JF_E_CANCELLED or JF_E_TIMEOUT once the server has let go, or after a second,
/// when the connection is given up (broken()).
class Session {
public:
    /// Keywords and values as libpq's PQconnectdbParams takes them.
    using Keywords = std::vector<std::pair<std::string, std::string>>;
    /// Connects. `server`: "host:port", for messages.
    static Result<std::unique_ptr<Session>> connect(const Keywords& keywords, std::string server, const Patience& patience);

    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// One statement or several separated by semicolons (which are then one transaction, unless one is open); results are
    /// dropped. No COPY.
    Status execute(const Patience& patience, const std::string& sql);
    /// One statement by the extended protocol, which takes exactly one. Values come as text, or all of them in their
    /// binary form.
    Result<Answer> run(const Patience& patience, const std::string& sql, const Params& params = {}, bool binary = false);
    /// Sends one statement, as run(); answer() has what comes of it. No other call in between.
    Status ask(const std::string& sql, const Params& params = {}, bool binary = false);
    /// nullopt: the deadline came before the server's answer; ask again later. A cancel stops the statement.
    Result<std::optional<Answer>> answer(const Patience& patience);
    /// The columns that a statement would give, without running it: an Answer without rows.
    Result<Answer> describe(const Patience& patience, const std::string& sql);

    // ---- transactions
    /// BEGIN with the options given ("ISOLATION LEVEL REPEATABLE READ, READ ONLY"), and the timeouts of the connection where
    /// a pooler forbids them at start-up.
    Status begin(const Patience& patience, const std::string& options = {});
    /// Runs the statements `last`, if any, and COMMIT, all sent at once: a client that is frozen after it asked leaves no
    /// transaction open. A failure of `last` leaves the transaction failed; with in_doubt() set, the connection was lost or
    /// the wait ended before the answer came, and only the database knows.
    Status commit(const Patience& patience, const std::string& last = {});
    /// Never fails: a session that cannot roll back is broken, and the server rolls back by itself.
    void roll_back();
    [[nodiscard]] bool in_transaction() const { return PQtransactionStatus(raw_) != PQTRANS_IDLE; }
    /// Whether a statement of the open transaction failed, so that it can only be rolled back.
    [[nodiscard]] bool failed_transaction() const { return PQtransactionStatus(raw_) == PQTRANS_INERROR; }
    [[nodiscard]] bool in_doubt() const { return in_doubt_; }

    // ---- COPY … FROM STDIN: copy_in, copy_data…, then copy_done or copy_stop
    Status copy_in(const Patience& patience, const std::string& sql);
    Status copy_data(const Patience& patience, const char* data, std::size_t size);
    /// The number of rows. A failure is the server's judgement of the rows; failed_context() may name the line.
    Result<std::uint64_t> copy_done(const Patience& patience);
    /// Gives up what was sent of the open COPY, within a second. The transaction has failed afterwards.
    void copy_stop(const std::string& why);

    // ---- COPY … TO STDOUT: copy_out, copy_row until it answers nothing
    Status copy_out(const Patience& patience, const std::string& sql);
    /// The next message, which is one row (the header is in front of the first one). Valid until the next call. nullopt: the
    /// end, everything was read.
    Result<std::optional<std::string_view>> copy_row(const Patience& patience);
    /// Whether copy_row() has something to say by the deadline. Asking again goes on waiting; a cancel stops the COPY. Reads
    /// the message, which copy_row() then hands out.
    Result<bool> copy_ready(const Patience& patience);

    /// CONTEXT of the last failure ("COPY t, line 3, column b"), its column and constraint names; empty: not said.
    [[nodiscard]] const std::string& failed_context() const { return failed_context_; }
    [[nodiscard]] const std::string& failed_column() const { return failed_column_; }
    [[nodiscard]] const std::string& failed_constraint() const { return failed_constraint_; }

    /// Notices (RAISE NOTICE, "relation exists, skipping") since the last call of this function.
    [[nodiscard]] std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }

    /// Any thread: the wait in progress ends soon with JF_E_CANCELLED, and so does every later one until calm().
    void interrupt() { interrupted_.store(true, std::memory_order_relaxed); }
    void calm() { interrupted_.store(false, std::memory_order_relaxed); }

    /// Sent to the server inside begin(): for poolers, which take no timeouts at start-up.
    void set_local(std::string statements) { set_local_ = std::move(statements); }

    /// Makes the pool drop it: the server is not the one that it has to be any more.
    void give_up() { broken_ = true; }
    /// The connection can do nothing any more; the pool drops it.
    [[nodiscard]] bool broken() const { return broken_ || PQstatus(raw_) == CONNECTION_BAD; }
    [[nodiscard]] const std::string& server() const { return server_; }
    /// Such as 150018.
    [[nodiscard]] int version() const { return PQserverVersion(raw_); }
    [[nodiscard]] PGconn* raw() const { return raw_; }

private:
    Session(PGconn* raw, std::string server);

    Status open(const Patience& patience);
    Status wait(const Patience& patience, bool writable);
    Status sent(int accepted);
    Status send_all(const Patience& patience);
    Result<Answer> next_answer(const Patience& patience);
    Result<Answer> last_answer(const Patience& patience);
    Error note(const PGresult* failed);
    Error lost();
    bool drain(const Patience& patience);
    bool drain_copy(const Patience& patience);
    void stop_statement();
    void drop_copied();
    Result<bool> copy_started(const Patience& patience);

    PGconn* raw_;
    std::string server_, set_local_;
    std::string failed_context_, failed_column_, failed_constraint_;
    std::vector<std::string> notices_;
    char* copied_ = nullptr; // the message handed out last, libpq's
    int copied_size_ = 0;    // as PQgetCopyData said
    bool copied_ahead_ = false; // it was read and not handed out yet
    bool copy_starts_ = false; // copy_out() was sent and not answered
    bool broken_ = false;
    bool in_doubt_ = false;
    std::atomic<bool> interrupted_{false};
};

} // namespace jackfield::postgres

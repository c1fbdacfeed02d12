// What the tasks of the plugin share: the limits of their statements, transactions that roll back, answers as JSON.
#pragma once

#include "connection.hpp"
#include "quote.hpp"

namespace jackfield::postgres {

/// Time limits that a task sets for its own statements, on top of those of the connection. Value.
struct TaskLimits {
    std::int64_t lock_ns = -1;      ///< lock_timeout; -1: as the connection says
    std::int64_t statement_ns = -1; ///< statement_timeout; -1: as the connection says

    static TaskLimits of(const sdk::Config& config);
    /// "SET LOCAL lock_timeout = 5000; …", or "" where nothing is to be set. `form`: "SET" or "SET LOCAL".
    [[nodiscard]] std::string sql(std::string_view form) const;
};

/// The options lock_timeout and statement_timeout, added to those of a task.
sdk::Options& add_limits(sdk::Options& options);

/// Base of the tasks: one connection, one configuration. One thread at a time.
class PostgresTask : public sdk::Task {
public:
    using On = PostgresConnection;
    static constexpr const char* connection = connection_id;
    PostgresTask(const sdk::Config& config, sdk::Host host, PostgresConnection* on)
        : config_(config), host_(host), on_(*on), limits_(TaskLimits::of(config))
    {
    }

protected:
    /// The statement and what it is about go to the log at debug level, its notices at info level.
    void pass_on_notices(Session& session) const;

    sdk::Config config_;
    sdk::Host host_;
    PostgresConnection& on_;
    TaskLimits limits_;
};

/// An open transaction with a task's limits; rolled back at the end unless committed. One thread at a time.
class Transaction {
public:
    static Result<Transaction> begin(Session& session, const Patience& patience, const TaskLimits& limits, const std::string& options = {});
    Transaction(Transaction&& other) noexcept : session_(std::exchange(other.session_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction()
    {
        if (session_)
            session_->roll_back();
    }
    /// JF_E_UNAVAILABLE with Session::in_doubt: see commit_or_ask.
    Status commit(const Patience& patience);

private:
    explicit Transaction(Session& session) : session_(&session) {}

    Session* session_;
};

/// A session with a task's limits outside any transaction, for statements that refuse to be in one; the session's own limits
/// come back at the end. Through a pooler a SET would reach somebody else: nothing is set, and the host is told so.
class OutsideTransaction {
public:
    static Result<OutsideTransaction> make(Session& session, const Patience& patience, const TaskLimits& limits, const PostgresConnection& on);
    OutsideTransaction(OutsideTransaction&& other) noexcept : session_(std::exchange(other.session_, nullptr)), before_(std::move(other.before_)) {}
    OutsideTransaction& operator=(OutsideTransaction&&) = delete;
    ~OutsideTransaction();

private:
    OutsideTransaction(Session* session, std::string before) : session_(session), before_(std::move(before)) {}

    Session* session_;
    std::string before_; // statements that bring the limits back
};

/// Commits. If the connection is lost before the answer, asks the server on another session what became of the transaction:
/// success, or JF_E_UNAVAILABLE (nothing was committed: it can be run again), or, if the server cannot say either,
/// JF_E_FAILED.
Status commit_or_ask(Transaction& transaction, Session& session, const Patience& patience, PostgresConnection& on);

/// What a `SELECT` gave, as a JSON array of objects: numbers, truth values and JSON as they are, everything else as the
/// server's text. At most `most` rows and half a MiB; `more` says that some were left out.
[[nodiscard]] std::string rows_as_json(const Answer& answer, std::int64_t most, bool& more);

/// ["a","b"]
[[nodiscard]] std::string texts_as_json(const std::vector<std::string>& texts);

/// "a, b and c" for messages.
[[nodiscard]] std::string list_of(const std::vector<std::string>& texts);

} // namespace jackfield::postgres

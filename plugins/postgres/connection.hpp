// The connection 'postgres': hosts, identity, TLS, timeouts and the pools, shared by all components on it.
#pragma once

#include "pool.hpp"

#include <jackfield/sdk.hpp>

namespace jackfield::postgres {

/// Where a session must lead.
enum class Role {
    primary, ///< a server that takes writes
    reader,  ///< as 'read_from' of the connection says: the primary, a replica, or any
};

/// Connects at first use. Any thread.
class PostgresConnection final : public sdk::Connection {
public:
    static sdk::Options options();
    static Result<std::unique_ptr<PostgresConnection>> make(const sdk::Config& config, sdk::Host host);
    PostgresConnection(const sdk::Config& config, sdk::Host host);
    ~PostgresConnection() override;

    /// A session for a reader, writer or task, alone on it until the lease ends; idle, outside any transaction.
    Result<Lease> lend(const Patience& patience, Role role);

    /// Through a pooler in transaction mode: a session keeps nothing from one transaction to the next (no SET, no
    /// temporary table, no session lock, no prepared statement).
    [[nodiscard]] bool pooler() const { return pooler_; }
    [[nodiscard]] const sdk::Host& host() const { return host_; }
    /// "host:port" for messages.
    [[nodiscard]] const std::string& server() const { return server_; }

    Result<std::string> check(const sdk::Call& call) override;
    Result<std::string> discover(const sdk::Call& call, std::string_view pattern) override;
    /// In a read-only transaction that is always rolled back; the server ends the statement at the call's deadline too. Rows are
    /// streamed, not held.
    Result<OwnedStream> query(const sdk::Call& call, std::string_view sql, std::optional<OwnedStream> params, std::uint64_t max_rows) override;
    void interrupt() override;

private:
    Result<std::unique_ptr<Session>> connect(const Patience& patience, Role role);
    [[nodiscard]] std::string timeouts(const char* separator, const char* form) const;

    sdk::Config config_;
    sdk::Host host_;
    std::string server_;
    bool pooler_;
    Session::Keywords keywords_; // without the password and what depends on the role
    std::string startup_;        // SET … for each new session, or for each transaction through a pooler
    std::shared_ptr<Pool> primary_, reader_; // shared with the leases, which streams may hold for longer
};

/// What `use` names as the connection of a component.
inline constexpr const char* connection_id = "postgres";

} // namespace jackfield::postgres

// Real PostgreSQL servers for Catch2 programs: started at first use, gone with the program, however that ends.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::test {

/// One server of tests/support/servers/postgres.py in a folder of its own. One thread at a time, but for the getters.
/// Every function throws std::runtime_error with the server's or the script's words when something fails.
class PostgresServer {
public:
    struct Start {
        bool replica = false;              ///< a second server that follows the first one
        bool bouncer = false;              ///< pgbouncer in transaction mode before the first one
        bool durable = false;              ///< fsync and its like stay on, and the data on disk: for kills and benchmarks
        std::vector<std::string> settings = {}; ///< of postgresql.conf, "name=value"
    };

    PostgresServer() : PostgresServer(Start()) {}
    explicit PostgresServer(const Start& options);
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    const std::string& host() const { return env("JF_PG_HOST"); }
    int port() const { return std::stoi(env("JF_PG_PORT")); }
    int replica_port() const { return std::stoi(env("JF_PG_REPLICA_PORT")); }
    int bouncer_port() const { return std::stoi(env("JF_PG_BOUNCER_PORT")); }
    const std::string& user() const { return env("JF_PG_USER"); } ///< a superuser
    const std::string& password() const { return env("JF_PG_PASSWORD"); }
    const std::string& database() const { return env("JF_PG_DATABASE"); }

    /// What start wrote, e.g. JF_PG_CA or JF_PG_CLIENT_KEY.
    const std::string& env(const std::string& name) const;

    /// Runs statements over the server's socket as superuser, on a connection of its own. The last one's rows: values
    /// joined by '|', rows by a line feed, NULL as "NULL". `database` empty: database().
    std::string sql(const std::string& text, const std::string& database = "") const;
    /// The same on the replica.
    std::string replica_sql(const std::string& text, const std::string& database = "") const;

    /// A command of the script: "restart", "kill", "freeze", "thaw", "promote", "bouncer"; part "replica" where it has one.
    void command(std::string_view word, std::string_view part = "");
    /// Adds a replica or pgbouncer to a server that runs already.
    void add(const Start& options);

private:
    std::string query(int port, const std::string& database, const std::string& text) const;

    std::map<std::string, std::string> env_;
};

/// The server that the test cases of a program share; made at the first call.
PostgresServer& postgres();

/// A database of its own for one test case, dropped at the end with whatever is still connected to it.
class FreshDatabase {
public:
    explicit FreshDatabase(PostgresServer& server = postgres());
    ~FreshDatabase();
    FreshDatabase(const FreshDatabase&) = delete;
    FreshDatabase& operator=(const FreshDatabase&) = delete;

    PostgresServer& server() const { return server_; }
    const std::string& name() const { return name_; }
    /// As PostgresServer::sql, in this database.
    std::string sql(const std::string& text) const { return server_.sql(text, name_); }

private:
    PostgresServer& server_;
    std::string name_;
};

/// tests/support/servers/tcp_proxy.py before a port: a connection that stalls, ends or is reset on command.
class TcpProxy {
public:
    explicit TcpProxy(int target_port);
    ~TcpProxy();
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    int port() const { return port_; }
    /// "stall", "reset-after 1000 up", … as the script says; its answer, "ok" but for "bytes".
    std::string command(const std::string& line);

private:
    int pid_ = 0;
    int to_ = -1;
    int from_ = -1;
    int port_ = 0;

    std::string read_line();
};

} // namespace jackfield::test

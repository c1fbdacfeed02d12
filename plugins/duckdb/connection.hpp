// The connection 'duckdb': one database file (or memory), and the questions that everyone asks of a store.
#pragma once

#include "store.hpp"

#include <jackfield/sdk.hpp>

#include <mutex>
#include <vector>

namespace jackfield::duckdb {

/// Opens its database at first use and holds it until it is destroyed. Any thread.
class DuckdbConnection final : public sdk::Connection {
public:
    static sdk::Options options();
    DuckdbConnection(const sdk::Config& config, sdk::Host host);

    /// A session of its own for a reader, writer or task; interrupt() of the connection reaches it too.
    Result<std::shared_ptr<Session>> session();

    Result<std::string> check(const sdk::Call& call) override;
    Result<std::string> discover(const sdk::Call& call, std::string_view pattern) override;
    Result<OwnedStream> query(const sdk::Call& call, std::string_view sql, std::optional<OwnedStream> params, std::uint64_t max_rows) override;
    void interrupt() override;

private:
    Database::Settings settings_;
    bool in_memory_;
    std::mutex mutex_; // guards what follows
    std::shared_ptr<Database> database_; // shared with other connections to the same file
    std::vector<std::weak_ptr<Session>> sessions_; // owned by those who work with them
};

/// What `use` names as the connection of a component.
inline constexpr const char* connection_id = "duckdb";

} // namespace jackfield::duckdb

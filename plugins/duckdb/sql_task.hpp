// The task 'duckdb.sql': statements, one after the other.
#pragma once

#include "connection.hpp"

namespace jackfield::duckdb {

/// Runs all statements in one transaction, so that a failure leaves nothing behind. One thread at a time.
class SqlTask final : public sdk::Task {
public:
    using On = DuckdbConnection;
    static constexpr const char* connection = connection_id;
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    SqlTask(const sdk::Config& config, sdk::Host host, DuckdbConnection* on) : config_(config), host_(host), on_(*on) {}

    Result<std::string> run(const sdk::Call& call, const sdk::Scope& scope, std::uint32_t attempt) override;
    void interrupt() override { on_.interrupt(); }

private:
    struct Outcome {
        std::uint64_t changed = 0;
        std::string rows = "[]";
        bool more = false;
    };
    Result<Outcome> run_all(const sdk::Call& call, Session& session);
    Status keep_rows(Session& session, std::unique_ptr<ResultSet> result, Outcome& outcome);
    Result<Values> values(const Library& api, std::size_t first, std::size_t count);

    sdk::Config config_;
    sdk::Host host_;
    DuckdbConnection& on_;
};

} // namespace jackfield::duckdb

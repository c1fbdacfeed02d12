// The task 'postgres.sql': statements, one after the other.
#pragma once

#include "statements.hpp"
#include "task_support.hpp"

namespace jackfield::postgres {

/// Runs all statements in one transaction, so that a failure leaves nothing behind, or each for itself.
class SqlTask final : public PostgresTask {
public:
    using PostgresTask::PostgresTask;
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);

    Result<std::string> run(const sdk::Call& call, const sdk::Scope& scope, std::uint32_t attempt) override;

private:
    struct Outcome {
        std::uint64_t changed = 0;
        std::string statements; // JSON objects with commas between
        std::string rows = "[]";
        bool more = false;
    };
    Status run_all(const sdk::Call& call, Session& session, const std::vector<Statement>& script, Outcome& outcome);
    Status run_one(const sdk::Call& call, Session& session, const Statement& statement, bool last, Outcome& outcome);
    Status run_in_part(const sdk::Call& call, Session& session, const Statement& statement, const Params& params, Outcome& outcome);
    static void note_statement(Outcome& outcome, const std::string& word, std::uint64_t rows);
    Status keep_in_step(Session& session, const std::string& place) const;
    [[nodiscard]] bool whole() const { return config_.type("transaction") == JF_JSON_ABSENT || config_.boolean("transaction"); }
    [[nodiscard]] std::int64_t max_rows() const { return config_.type("max_rows") == JF_JSON_INT ? config_.integer("max_rows") : 100; }
    Error judged(Error error, bool began) const;
};

} // namespace jackfield::postgres

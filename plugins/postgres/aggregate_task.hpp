// The task 'postgres.aggregate': rows into buckets of time, brought up to date run by run.
#pragma once

#include "aggregate_sql.hpp"
#include "task_support.hpp"

namespace jackfield::postgres {

/// Brings a table of aggregates up to date with its source, in one transaction. Running it twice changes nothing; two runs at
/// once wait for each other.
class AggregateTask final : public PostgresTask {
public:
    AggregateTask(const sdk::Config& config, sdk::Host host, PostgresConnection* on, Aggregate what, Name target)
        : PostgresTask(config, host, on), what_(std::move(what)), target_(std::move(target))
    {
    }
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    static Result<std::unique_ptr<AggregateTask>> make(const sdk::Config& config, sdk::Host host, PostgresConnection* on);

    Result<std::string> run(const sdk::Call& call, const sdk::Scope& scope, std::uint32_t attempt) override;

private:
    /// What a run does with the target. Value.
    struct Window {
        bool everything = false;         ///< no beginning
        bool nothing = false;            ///< the source holds no row that could say where to begin
        std::optional<std::string> from; ///< else the first bucket, as text
    };
    Status alone(const sdk::Call& call, Session& session);
    Status look_at_source(const sdk::Call& call, Session& session);
    Result<bool> may_be_null(const sdk::Call& call, Session& session) const;
    Result<bool> prepare_target(const sdk::Call& call, Session& session);
    Status check_key(const Table& target, bool nulls) const;
    Result<bool> add_measures(const sdk::Call& call, Session& session, const Table& target);
    Result<Window> window(const sdk::Call& call, Session& session, bool rebuild) const;

    Aggregate what_;
    Name target_;
};

/// What the options say, but for what only the server knows (the kind of the time column). JF_E_CONFIG with the place.
Result<Aggregate> read_aggregate(const sdk::Config& config);

} // namespace jackfield::postgres

// The sink 'postgres': rows by COPY and their tokens into a table, in one transaction an epoch.
#pragma once

#include "connection.hpp"
#include "quote.hpp"

namespace jackfield::postgres {

enum class Mode { append, replace, upsert, merge, erase };

/// What to do with columns that the table lacks.
enum class Contract { freeze, evolve, discard };

/// The options of the sink. Value.
struct SinkPlan {
    Name table;
    Mode mode = Mode::append;
    std::vector<std::string> key;
    std::string deleted; ///< merge: the column that says which rows are deletions
    Contract contract = Contract::freeze;
    bool create = true;
    std::string progress; ///< schema of the table of progress
    std::int64_t swap_wait_ns = 0;

    /// Whether rows go into a staging table first, and by key from there.
    [[nodiscard]] bool staged() const { return mode == Mode::upsert || mode == Mode::merge || mode == Mode::erase; }
};

/// Opens writers; several may write at once.
class PostgresSink final : public sdk::Sink {
public:
    using On = PostgresConnection;
    static constexpr const char* connection = connection_id;
    static sdk::Options options();
    static Result<sdk::Description> describe(const sdk::Config& config);
    static Result<std::unique_ptr<PostgresSink>> make(const sdk::Config& config, sdk::Host host, PostgresConnection* on);

    PostgresSink(PostgresConnection& on, sdk::Host host, SinkPlan plan) : on_(on), host_(host), plan_(std::move(plan)) {}
    Result<std::unique_ptr<sdk::Writer>> open(const sdk::Call& call, const sdk::WriteRequest& request) override;
    Result<std::string> check(const sdk::Call& call);

private:
    PostgresConnection& on_;
    sdk::Host host_;
    SinkPlan plan_;
};

} // namespace jackfield::postgres

// The sink 'duckdb': rows and their tokens into a table, in one transaction an epoch.
#pragma once

#include "connection.hpp"

namespace jackfield::duckdb {

enum class Mode { append, replace, upsert };

/// The options of the sink. Value.
struct SinkPlan {
    std::string table; ///< as in the flow
    std::string target; ///< quoted, with database and schema once it is known
    Mode mode = Mode::append;
    std::vector<std::string> key;
    bool evolve = false;
    bool create = true;
};

/// Opens writers; one writes at a time.
class DuckdbSink final : public sdk::Sink {
public:
    using On = DuckdbConnection;
    static constexpr const char* connection = connection_id;
    static sdk::Options options();
    static Result<sdk::Description> describe(const sdk::Config& config);
    static Result<std::unique_ptr<DuckdbSink>> make(const sdk::Config& config, sdk::Host host, DuckdbConnection* on);

    DuckdbSink(DuckdbConnection& on, SinkPlan plan) : on_(on), plan_(std::move(plan)) {}
    Result<std::unique_ptr<sdk::Writer>> open(const sdk::Call& call, const sdk::WriteRequest& request) override;
    Result<std::string> check(const sdk::Call& call);

private:
    DuckdbConnection& on_;
    SinkPlan plan_;
};

} // namespace jackfield::duckdb

// The source 'duckdb': rows of a query or a table.
#pragma once

#include "connection.hpp"

namespace jackfield::duckdb {

/// Rows come in the order of `cursor` and `order_by`, if there are any, and a position is the values of these columns in
/// the last row: reading goes on with what is greater. Without them rows have no order, and there is no going on.
class DuckdbSource final : public sdk::Source {
public:
    using On = DuckdbConnection;
    static constexpr const char* connection = connection_id;
    static sdk::Options options();
    static Result<sdk::Description> describe(const sdk::Config& config);
    static Result<std::unique_ptr<DuckdbSource>> make(const sdk::Config& config, sdk::Host host, DuckdbConnection* on);

    DuckdbSource(DuckdbConnection& on, std::string query, std::vector<std::string> keys)
        : on_(on), query_(std::move(query)), keys_(std::move(keys)) {}
    Result<std::unique_ptr<sdk::Reader>> open(const sdk::Call& call, const sdk::ReadRequest& request) override;

private:
    DuckdbConnection& on_;
    std::string query_;
    std::vector<std::string> keys_;
};

} // namespace jackfield::duckdb

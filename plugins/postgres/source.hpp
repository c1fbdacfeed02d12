// The source 'postgres': rows of a query or a table.
#pragma once

#include "connection.hpp"
#include "key.hpp"

#include <mutex>

namespace jackfield::postgres {

/// What the configuration of a source says, read once. Value.
struct SourceRules {
    enum class Late { hold, again };

    std::optional<Name> table;
    std::string query;                ///< of the user; empty with a table
    std::vector<std::string> columns; ///< of the table; empty: all
    std::string where;                ///< of the table
    Params params;
    std::string cursor;               ///< empty: none
    std::vector<std::string> order;   ///< cursor, then key
    std::string window;               ///< as written; empty: none
    Late late = Late::hold;
    bool snapshot = false;            ///< horizon: rows of transactions that had ended before each one still going on
    bool skip_nulls = false;
    std::string split_by;             ///< empty: one partition
    std::int64_t parts = 0;
    std::vector<std::string> split_at; ///< bounds that the user fixed
    DecodeRules decode;

    /// JF_E_CONFIG with the option as its place.
    static Result<SourceRules> from(const sdk::Config& config);
    /// By transaction ids of the rows themselves, not of a column.
    [[nodiscard]] bool by_transaction() const { return snapshot && cursor.empty(); }
    /// The statement without what position and partition add; `condition`: one more for a table, may be empty.
    [[nodiscard]] std::string text(const std::string& condition = {}) const;
};

/// With a cursor each run goes on after the last row of the one before; with a key alone a run that was stopped goes on where
/// it was; with neither it starts again. Partitions are ranges of a column, all read from one exported snapshot. One thread
/// at a time; its readers each on a thread of their own.
class PostgresSource final : public sdk::Source {
public:
    using On = PostgresConnection;
    static constexpr const char* connection = connection_id;
    static sdk::Options options();
    static Result<sdk::Description> describe(const sdk::Config& config, const sdk::Config* connection);
    static Result<std::unique_ptr<PostgresSource>> make(const sdk::Config& config, sdk::Host host, PostgresConnection* on);

    PostgresSource(PostgresConnection& on, SourceRules rules) : on_(on), rules_(std::move(rules)) {}
    Result<std::vector<std::string>> partitions(const sdk::Call& call) override;
    Result<std::unique_ptr<sdk::Reader>> open(const sdk::Call& call, const sdk::ReadRequest& request) override;
    Result<std::string> check(const sdk::Call& call);

private:
    Status export_snapshot(const sdk::Call& call);
    Result<std::vector<std::string>> bounds(const sdk::Call& call, Session& session) const;
    Result<std::string> part_condition(const Select& select, std::size_t place, std::string_view partition) const;

    PostgresConnection& on_;
    SourceRules rules_;
    Lease exporter_;               // its transaction stays open as long as readers may join its snapshot
    std::string snapshot_;         // empty: none is exported
    std::vector<std::string> bounds_; // between the partitions: one less than there are
};

} // namespace jackfield::postgres

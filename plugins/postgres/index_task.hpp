// The tasks 'postgres.index' and 'postgres.reindex': indexes made and kept while everybody works.
#pragma once

#include "task_support.hpp"

namespace jackfield::postgres {

/// What an index should be, from the options. Value.
struct IndexPlan {
    Name table;
    std::string name;                 ///< of the index; lies in the table's schema
    std::vector<std::string> columns; ///< plain columns
    std::vector<std::string> keys;    ///< or SQL, as CREATE INDEX takes it: "lower(email)", "at DESC"
    std::vector<std::string> include;
    std::string method = "btree";
    std::string where;
    bool unique = false;
    bool nulls_equal = false;
    bool concurrently = true;

    /// CREATE INDEX of this plan; `concurrently` as the table allows.
    [[nodiscard]] std::string sql(const Name& table, bool concurrently) const;
};

/// JF_E_CONFIG with the place.
[[nodiscard]] Result<IndexPlan> read_index(const sdk::Config& config);

/// Makes an index if it is missing. An invalid one, left behind by a run that was killed, is dropped and made again.
class IndexTask final : public PostgresTask {
public:
    IndexTask(const sdk::Config& config, sdk::Host host, PostgresConnection* on, IndexPlan plan) : PostgresTask(config, host, on), plan_(std::move(plan)) {}
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    static Result<std::unique_ptr<IndexTask>> make(const sdk::Config& config, sdk::Host host, PostgresConnection* on);

    Result<std::string> run(const sdk::Call& call, const sdk::Scope& scope, std::uint32_t attempt) override;

private:
    Result<std::string> made(const sdk::Call& call, Session& session, const Name& table, char relation);
    Status drop_leftover(const sdk::Call& call, Session& session, const Name& index) const;
    Status check_same(const Answer& found) const;

    IndexPlan plan_;
};

/// Builds the indexes of a table, or one index, anew.
class ReindexTask final : public PostgresTask {
public:
    ReindexTask(const sdk::Config& config, sdk::Host host, PostgresConnection* on, Name what) : PostgresTask(config, host, on), what_(std::move(what)) {}
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    static Result<std::unique_ptr<ReindexTask>> make(const sdk::Config& config, sdk::Host host, PostgresConnection* on);

    Result<std::string> run(const sdk::Call& call, const sdk::Scope& scope, std::uint32_t attempt) override;

private:
    Result<std::vector<std::string>> drop_leftovers(const sdk::Call& call, Session& session, const std::string& table) const;

    Name what_;
};

} // namespace jackfield::postgres

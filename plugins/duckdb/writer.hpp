// TableWriter: one epoch is one transaction, with its tokens.
#pragma once

#include "progress.hpp"
#include "sink.hpp"
#include "table.hpp"

#include "support/duckdb/feed.hpp"

namespace jackfield::duckdb {

/// One batch of the open epoch. Value.
struct Written {
    std::uint64_t number = 0; ///< of the write
    SharedArray batch;        ///< counted: the host may hold it too
};

/// Writes epochs into one table. One thread at a time, but for interrupt().
///
/// append: INSERT into the target. replace: INSERT into a table of this generation beside it, which takes the target's
/// place in the final commit. upsert: INSERT into a temporary table, and MERGE by key before the commit; of rows with
/// the same key the last one counts.
class TableWriter final : public sdk::Writer {
public:
    TableWriter(SinkPlan plan, std::shared_ptr<Session> session, Progress progress, Place target, std::string stage);
    ~TableWriter() override;

    /// Requires: called once, before all else.
    Status prepare(bool fresh);

    Result<sdk::Acquired> acquire(const sdk::Call&, std::string_view source, std::string_view partition) override;
    Status schema(const sdk::Call&, const Schema& schema) override;
    Result<sdk::Outcome> write(const sdk::Call&, std::uint64_t number, OwnedArray batch, const sdk::Rejects&) override;
    Result<sdk::Outcome> commit(const sdk::Call&, const sdk::Commit& commit, const sdk::Rejects&) override;
    Status abort(const sdk::Call&) override;
    Result<OwnedStream> query(const sdk::Call&, std::string_view sql, std::optional<OwnedStream> params) override;
    void interrupt() override { session_->interrupt(); }

private:
    [[nodiscard]] const Place& loaded() const { return plan_.mode == Mode::replace ? stage_ : target_; }
    [[nodiscard]] std::string temporary() const { return "temp.main.jackfield_rows_" + suffix_; }

    Status fit(Place place, const Schema& schema);
    Status create(const Place& place, const Schema& schema);
    Status plan_insert(const Schema& schema);
    Status begin();
    void roll_back();
    Result<sdk::Outcome> flush(const sdk::Rejects& rejects);
    Result<std::vector<std::int64_t>> without_key(const ArrowArray& batch) const;
    Status merge();
    Status swap();
    Result<sdk::Outcome> settle(const sdk::Commit& commit, const sdk::Rejects& rejects);

    SinkPlan plan_;
    std::shared_ptr<Session> session_; // shared with streams of query()
    Progress progress_;
    Place target_, stage_;
    std::string suffix_;
    std::optional<Table> table_; // the one that is loaded, once the schema is known
    Schema schema_;
    std::unique_ptr<Feed> feed_;
    std::string insert_;
    std::string merge_;
    std::vector<std::string> casts_; // SQL of each column of the schema as the table has it
    std::vector<Written> written_;   // of the epoch; kept only where rows may be refused
    bool may_refuse_ = false;
    bool open_ = false; // a transaction
    bool lost_ = false; // the epoch was rolled back before its end; the host has to send it again
    std::size_t waiting_bytes_ = 0;
    std::uint64_t staged_ = 0; // rows of the epoch in the temporary table of an upsert
};

/// Finds the rows of `written` that `table` does not take, and reports them. Answers how many. `casts`: as in TableWriter.
/// Requires: no transaction is open.
Result<std::uint64_t> refuse(Session& session, const Schema& schema, const std::vector<Written>& written, const std::vector<std::string>& casts,
    const Place& place, const Table& table, const sdk::Rejects& rejects);

} // namespace jackfield::duckdb

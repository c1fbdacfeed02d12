// TableWriter: one epoch is one transaction, with its tokens.
#pragma once

#include "merge.hpp"
#include "progress.hpp"
#include "sink.hpp"

#include <mutex>

namespace jackfield::postgres {

/// Writes epochs into one table. One thread at a time, but for interrupt().
///
/// append: COPY into the target. replace: COPY into a table of this generation beside it, which takes the target's place in
/// the final commit. upsert, merge, delete: COPY into a temporary table, and by key into the target before the commit.
class TableWriter final : public sdk::Writer {
public:
    TableWriter(PostgresConnection& on, sdk::Host host, SinkPlan plan, Progress progress, OwnedScope scope, std::uint32_t lane);
    ~TableWriter() override;

    /// Requires: called once, before all else.
    Status prepare(const sdk::Call& call, bool fresh);

    Result<sdk::Acquired> acquire(const sdk::Call& call, std::string_view source, std::string_view partition) override;
    Status release(const sdk::Call&, std::string_view source, std::string_view partition) override;
    Status schema(const sdk::Call& call, const Schema& schema) override;
    Result<sdk::Outcome> write(const sdk::Call& call, std::uint64_t number, OwnedArray batch, const sdk::Rejects& rejects) override;
    Result<sdk::Outcome> commit(const sdk::Call& call, const sdk::Commit& commit, const sdk::Rejects& rejects) override;
    Result<sdk::Landing> resolve(const sdk::Call& call, const sdk::Commit& commit) override;
    Status abort(const sdk::Call&) override;
    Result<OwnedStream> query(const sdk::Call& call, std::string_view sql, std::optional<OwnedStream> params) override;
    void interrupt() override;

private:
    [[nodiscard]] const Name& loaded() const { return plan_.mode == Mode::replace ? stage_ : target_; }

    Result<Session*> session(const sdk::Call& call);
    Status drop_old_stages(const sdk::Call& call);
    Status begin(const sdk::Call& call);
    void roll_back();
    Error failed(const sdk::Call& call, Error error);

    // The table: writer_table.cpp
    Status fit(const sdk::Call& call);
    Status fit_table(Session& session, const sdk::Call& call);
    Status create(Session& session, const sdk::Call& call);
    Status add_columns(Session& session, const sdk::Call& call);
    Status check_key() const;
    Result<CopyColumns> columns_to_copy() const;
    [[nodiscard]] const Column* column_for(const Field& field) const;
    Status plan_copy();

    [[nodiscard]] std::vector<std::int64_t> without_key(const ArrowArray& batch) const;
    Result<sdk::Outcome> settle(const sdk::Call& call, const sdk::Commit& commit, const sdk::Rejects& rejects);
    Result<std::uint64_t> flush(const sdk::Call& call, const sdk::Rejects& rejects);
    Status swap(const sdk::Call& call);

    PostgresConnection& on_;
    sdk::Host host_;
    SinkPlan plan_;
    Progress progress_;
    OwnedScope scope_;
    std::uint32_t lane_;
    Name target_, stage_;

    std::mutex mutex_; // guards lease_ against interrupt()
    Lease lease_;

    Schema schema_; // of the batches
    bool told_ = false;
    std::optional<Table> table_; // the one that is loaded, once it is known to fit
    std::unique_ptr<Loader> loader_;
    std::optional<Merge> merge_;
    bool warned_ = false;
    std::vector<std::string> written_; // names of the columns that rows were copied into

    bool open_ = false;      // a transaction
    bool made_here_ = false; // it made or changed the table
    bool staging_ = false;   // it has its staging table
    bool lost_ = false;      // the epoch was rolled back before its end; the host has to send it again
    bool swapped_ = false;   // the final commit of a replace was made
};

} // namespace jackfield::postgres

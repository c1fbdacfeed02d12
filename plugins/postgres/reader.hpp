// RowReader of the source 'postgres': one partition, batch by batch.
#pragma once

#include "source.hpp"

namespace jackfield::postgres {

/// Reads in one read-only transaction of one snapshot. One thread at a time, but for interrupt().
class SelectReader final : public sdk::Reader {
public:
    SelectReader(Lease session, const SourceRules& rules) : session_(std::move(session)), rules_(rules) {}

    /// Requires: the transaction is open. `condition`: of the partition, over Select::alias; may be empty.
    /// JF_E_POSITION, JF_E_CONFIG, JF_E_DATA (rows without a cursor).
    Status start(const sdk::Call& call, Select select, std::string condition, std::string_view from, std::string_view until);

    Result<Schema> schema(const sdk::Call&) override { return decoder_->schema(); }
    Result<sdk::Next> next(const sdk::Call& call, const sdk::Limits& limits, sdk::BatchOut& out) override;
    void interrupt() override { session_->interrupt(); }

private:
    enum class Fill { full, waits, ended };

    Status read_positions(std::string_view from, std::string_view until);
    Status find_order(const sdk::Call& call);
    Status refuse_nulls(const sdk::Call& call);
    Status find_horizon(const sdk::Call& call);
    Status first_range();
    void next_range();
    /// Whether `until` ends within the range that is being read.
    [[nodiscard]] bool cut_short() const { return has_until_ && from_.low == until_.low && !until_.keys.empty(); }
    Result<std::string> in_range() const;
    Result<std::string> compared(const Keys& keys, const char* sign) const;
    Result<std::string> window_step() const;
    Result<std::string> held_back(const sdk::Call& call, const std::string& step);
    Result<std::string> conditions(const sdk::Call& call);
    Status begin_rows(const sdk::Call& call);
    Result<Fill> fill(const sdk::Call& call, const sdk::Limits& limits);
    Result<Fill> close_group(const sdk::Call& call);
    [[nodiscard]] Keys last_keys() const;
    [[nodiscard]] bool like_last() const;

    Lease session_;
    const SourceRules& rules_; // of the source, which outlives its readers
    Select select_;
    std::string condition_;
    std::vector<Column> order_;        // the columns of the order
    std::vector<std::size_t> places_;  // and where they are
    std::vector<bool> not_null_;       // known of each
    bool unique_ = false;              // no two rows are alike in them
    Place from_, until_;
    bool has_from_ = false, has_until_ = false;
    std::uint64_t horizon_ = 0, newest_ = 0; // the snapshot's xmin and xmax
    bool standby_ = false, by_cursor_used_ = false;
    std::unique_ptr<RowDecoder> decoder_;
    std::unique_ptr<RowStream> rows_;
    Keys last_;           // of the last row taken, while a batch is being filled
    std::int64_t delivered_ = 0;
    bool ended_ = false;  // of the rows of this range
    bool closing_ = false; // a batch is full but for the rows that are like its last one
};

} // namespace jackfield::postgres

// Rows of a staging table into the target by key: upsert, merge with deletions, delete.
#pragma once

#include "loader.hpp"
#include "sink.hpp"

namespace jackfield::postgres {

/// The staging table of one transaction: temporary, without indexes, dropped with the transaction. That works through a
/// pooler too, writes no log, and a writer that was killed leaves nothing behind.
class Merge {
public:
    /// `columns`: those that are staged; `boolean_mark`: the deletion mark is a boolean, not text.
    Merge(const SinkPlan& plan, const Table& target, const Schema& columns, bool boolean_mark);

    /// CREATE TEMPORARY TABLE; once in each transaction.
    [[nodiscard]] const std::string& create_sql() const { return create_; }
    /// Brings what is staged into the target. Of rows with one key the last one counts; only rows that change are written, in
    /// the order of the key, so that writers do not wait for each other in a circle. Rows that the target refuses go to
    /// `rejects`. Answers how many.
    Result<std::uint64_t> run(Session& session, const Patience& patience, Loader& loader, const sdk::Rejects& rejects) const;

    static constexpr const char* stage = "jackfield_stage";
    static constexpr const char* order = "jackfield_order";

private:
    Status bring(Session& session, const Patience& patience, std::int64_t from, std::int64_t to) const;
    Result<bool> fits(Session& session, const Patience& patience, std::int64_t from, std::int64_t to) const;
    Result<std::int64_t> first_wrong(Session& session, const Patience& patience, std::int64_t from, std::int64_t end) const;

    bool constraints_later_;
    std::string create_, remove_, insert_; // the last two with ranges to be put in
};

} // namespace jackfield::postgres

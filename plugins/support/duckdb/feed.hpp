// Feed: Arrow batches that SQL reads as a table, without a copy of text.
//
// DuckDB's own Arrow scan crashes as soon as a query does not read all columns in order, and is deprecated; its chunk
// conversion costs an allocation a column. This is a table function of ours: any subset of columns in any order, rows in
// the order of the batches, on one thread of DuckDB.
#pragma once

#include "support/duckdb/library.hpp"

#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/types.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace jackfield::duckdb {

class Feed;
class Session;

/// The feeds of one database by number: what SQL text can name. Any thread.
class FeedTable {
public:
    explicit FeedTable(const Library& api) : api_(api) {}
    /// Makes the function jackfield_feed(number) known to the database.
    Status install(Session& session);

    std::uint64_t add(Feed& feed);
    void remove(std::uint64_t number);
    /// nullptr: no such feed. Requires of the caller: the owner of the feed keeps it while its statement runs.
    Feed* find(std::uint64_t number);
    [[nodiscard]] const Library& api() const { return api_; }

private:
    const Library& api_;
    std::mutex mutex_; // guards what follows
    std::map<std::uint64_t, Feed*> feeds_;
    std::uint64_t next_ = 1;
};

/// Batches of one schema as a table, and one column more: jackfield_row (UBIGINT), the number of the row among all rows of
/// the feed. Text must be UTF-8 and decimals fit their precision: a statement that meets another value fails with
/// JF_E_DATA. One thread at a time; nobody changes it while a statement reads it.
class Feed {
public:
    /// JF_E_UNSUPPORTED: a type that DuckDB has not; `where` is the column.
    static Result<std::unique_ptr<Feed>> make(Session& session, Schema schema);
    Feed(Session& session, Schema schema);
    ~Feed();
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    /// The table in SQL: "jackfield_feed(7::UBIGINT)".
    [[nodiscard]] const std::string& table() const { return table_; }
    [[nodiscard]] const Schema& schema() const { return schema_; }
    void clear();
    /// Adds a batch of the schema. Rows are numbered on.
    void add(SharedArray batch);
    [[nodiscard]] std::int64_t rows() const { return rows_; }
    /// Which batch, and which row of it, is row `number`.
    [[nodiscard]] std::pair<std::size_t, std::int64_t> locate(std::int64_t number) const;
    [[nodiscard]] const std::vector<SharedArray>& batches() const { return batches_; }

    /// Name of the column of row numbers.
    static constexpr const char* row_column = "jackfield_row";

private:
    friend struct FeedScan;
    friend struct FeedFunction;

    FeedTable& table_of_;
    const Library& api_;
    Schema schema_;
    std::vector<duckdb_logical_type> types_;
    std::vector<SharedArray> batches_; // counted: the host and the feed read the same batches
    std::vector<std::int64_t> starts_;
    std::int64_t rows_ = 0;
    std::uint64_t number_ = 0;
    std::string table_;
};

/// Why DuckDB cannot take the value of a row as it is (text that is not UTF-8, a decimal beyond its precision, a time out of
/// range); empty: it can. Not for nested values.
[[nodiscard]] std::string wrong_value(const ColumnView& column, std::int64_t row);

/// Whether `text` is UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text);

} // namespace jackfield::duckdb

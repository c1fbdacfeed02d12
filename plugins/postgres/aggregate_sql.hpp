// The SQL of an incremental aggregate, made from its options; no server is asked here.
#pragma once

#include "buckets.hpp"

namespace jackfield::postgres {

/// One column of a result. Value.
struct Measure {
    enum class Function { count, distinct, sum, avg, min, max, percentile };
    std::string name;            ///< of the column in the target
    Function function = Function::count;
    std::string column;          ///< of the source; empty: count rows
    double at = 0;               ///< percentile: 0 to 1
    std::string where;           ///< SQL condition; empty: every row
};

/// What is to be aggregated, and where to. Value.
struct Aggregate {
    std::string source;          ///< SQL after FROM: a quoted name, or a query in parentheses with an alias
    std::string target;          ///< quoted name
    std::string time;            ///< column of the source
    std::string bucket_column;   ///< column of the target
    Width width;
    std::string zone = "UTC";
    TimeKind kind = TimeKind::instant;
    std::vector<std::string> dimensions; ///< columns of the source, and of the target under the same names
    std::vector<Measure> measures;
    std::string where;           ///< SQL condition; empty: every row
    std::int64_t look_back_ns = 0;

    /// The unique key of the target: bucket, then dimensions.
    [[nodiscard]] std::vector<std::string> key() const;

    /// The aggregated rows. With `window`, only those of buckets from $1 on.
    [[nodiscard]] std::string select_sql(bool window) const;
    /// One row, one value: where the window begins, the bucket of (the newest one of the target, but none that lies in the
    /// future, less the look-back); NULL: the target is empty.
    [[nodiscard]] std::string window_sql() const;
    /// The same, for everything that the source still has.
    [[nodiscard]] std::string beginning_sql() const;
    /// Brings the target up to date with what select_sql gives, in one statement and so from one snapshot: inserts, updates
    /// rows that differ, deletes rows that are not among them any more. Its one row: rows aggregated, buckets among them,
    /// inserted, updated, deleted, first and last bucket as JSON texts.
    [[nodiscard]] std::string write_sql(bool window) const;
    /// An empty target with the columns of select_sql and its unique key. `nulls`: the dimensions may be NULL.
    [[nodiscard]] std::string create_sql(bool nulls) const;

private:
    [[nodiscard]] std::string bucket() const;
    [[nodiscard]] std::string conditions(bool window) const;
};

/// The SQL of one measure: `sum("amount") FILTER (WHERE …)`.
[[nodiscard]] std::string measure_sql(const Measure& measure);

} // namespace jackfield::postgres

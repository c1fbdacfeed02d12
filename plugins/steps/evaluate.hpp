// Evaluator: SQL expressions over the rows of a batch, by an in-memory DuckDB that can reach nothing else.
#pragma once

#include "support/duckdb/feed.hpp"
#include "support/duckdb/session.hpp"

#include <jackfield/sdk.hpp>

#include <set>

namespace jackfield::steps {

/// A named expression.
struct Expression {
    std::string name, sql;
};

/// Why a row has no result.
struct Failed {
    std::int64_t row;
    std::string message;
};

/// Evaluates expressions of one input schema. One thread at a time, but for interrupt().
class Evaluator {
public:
    /// checked: the text is ours and needs no look at its parse tree; `reads` are its columns then.
    struct Text {
        std::vector<Expression> expressions;
        bool checked = false;
        std::set<std::string> reads = {};
    };
    /// JF_E_CONFIG: not one expression, an unknown column, not repeatable although it has to be.
    static Result<std::unique_ptr<Evaluator>> make(const Schema& input, Text text);

    Evaluator(std::shared_ptr<duckdb::Session> session, Schema input) : session_(std::move(session)), input_(std::move(input)) {}

    /// The results' columns.
    [[nodiscard]] const Schema& results() const { return results_; }
    /// One row for each row of the batch, in its order. Rows that cannot be computed are null and in `failed`.
    Result<OwnedArray> run(const SharedArray& batch, std::vector<Failed>& failed);
    void interrupt() { session_->interrupt(); }

private:
    Status plan(const std::vector<Expression>& expressions, const std::set<std::string>& reads);
    Result<OwnedArray> collect(duckdb::Prepared& statement, std::int64_t rows);
    [[nodiscard]] SharedArray narrow(const SharedArray& batch) const;

    std::shared_ptr<duckdb::Session> session_; // shared with streams of results
    Schema input_, results_;
    std::vector<std::size_t> columns_; // of the input that are read
    std::unique_ptr<duckdb::Feed> feed_;
    std::unique_ptr<duckdb::Prepared> statement_, careful_;
    std::optional<BatchBuilder> builder_;
};

/// Whether the text may give another value tomorrow, judged by words alone: nothing is loaded for it.
[[nodiscard]] bool looks_repeatable(std::string_view sql);

} // namespace jackfield::steps

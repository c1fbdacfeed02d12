// SinkPort: one open writer of a sink, with the batches of its open epoch kept so that they can be sent again.
#pragma once

#include "exec/pipeline/attempt.hpp"
#include "exec/pipeline/batches.hpp"
#include "exec/pipeline/rejects.hpp"

#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/json.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jackfield::exec {

/// A token on its way into a sink.
struct TokenOut {
    std::string partition, bytes;
    std::uint64_t fence = 0;
};

/// What is to be made durable. try_commit() may renew the fences.
struct CommitOut {
    std::uint64_t epoch = 0;
    bool final = false;
    std::vector<TokenOut> tokens;
    std::string intent, witness;
};

/// One thread at a time. Requires: open() before all else.
class SinkPort {
public:
    /// caller: of the thread that uses the port; outlives it. side: a sink of refused rows or of a named output.
    SinkPort(Attempt& attempt, Caller& caller, const SinkPlan& plan, SinkInstance instance, bool side);
    ~SinkPort();

    Status open(bool fresh, std::uint32_t lane, std::uint32_t lanes);
    [[nodiscard]] Result<Acquired> acquire(std::string_view partition);
    Status release(std::string_view partition);
    [[nodiscard]] bool keeps_tokens() const { return plan_.token == TokenPlace::sink; }

    /// The schema of what comes next; told to the sink now, if it is another than before.
    Status schema(const SharedSchema& schema);
    /// Writes a batch. On failure nothing of the open epoch may be committed.
    Status add(std::size_t lane, std::string_view partition, OwnedArray batch, const SharedSchema& schema, std::uint64_t bytes);
    /// Takes back what the open epoch holds of a partition.
    Status drop(std::size_t lane, std::string_view partition);

    enum class Ended {
        committed,
        again, ///< what was refused is out, the rest was written again: call it again
    };
    /// Tries to make the open epoch durable. On failure it was aborted.
    [[nodiscard]] Result<Ended> try_commit(CommitOut& commit);
    [[nodiscard]] Result<Resolution> resolve(const CommitOut& commit);
    void abort();
    [[nodiscard]] Result<QueryStream> query(std::string_view sql, OwnedStream params);

    [[nodiscard]] bool dirty() const { return dirty_; }        ///< something was written since the last commit
    [[nodiscard]] std::uint64_t rows() const { return rows_; } ///< of the open epoch, refused ones not counted
    [[nodiscard]] Rejects& rejects() { return rejects_; }

private:
    struct Entry {
        std::size_t lane = 0;
        std::string partition;
        SharedArray array;
        SharedSchema schema;
        std::uint64_t bytes = 0;
        std::vector<std::int64_t> refused; ///< rows, sorted
    };
    struct Number { ///< what write number n was
        std::size_t entry = 0;
        std::int64_t first = 0, count = 0;
    };
    enum class Sent { yes, again };

    Status on_reject(const RejectedRecord& row);
    [[nodiscard]] std::string record_of(const Entry& entry, std::int64_t row);
    Result<Sent> send(std::size_t entry);
    Result<Sent> send_rows(std::size_t entry, std::int64_t first, std::int64_t count);
    Status send_all_again();
    Status tell_schema(const SharedSchema& schema);
    void keep_within_limit();
    void forget_epoch();
    Result<Ended> settle_unknown(CommitOut& commit);
    Result<bool> landed_by_token(CommitOut& commit);

    Attempt& attempt_;
    Caller& caller_;
    const SinkPlan& plan_; // of the attempt
    const bool side_;
    SinkInstance instance_;
    std::optional<SinkWriter> writer_;
    Attempt::Registration interrupt_;
    Rejects rejects_;
    RejectHandler handler_;

    std::vector<Entry> entries_;
    std::vector<Number> numbers_;
    std::uint64_t first_number_ = 0; ///< of numbers_
    std::uint64_t kept_bytes_ = 0, rows_ = 0, refusals_ = 0, written_ = 0;
    bool too_large_ = false; ///< the batches of the epoch are not kept any more
    bool dirty_ = false;
    SharedSchema told_;
    SharedSchema json_schema_; // of json_
    std::unique_ptr<JsonRows> json_;
};

} // namespace jackfield::exec

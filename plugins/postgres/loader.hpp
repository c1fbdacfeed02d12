// Loader: batches into COPY statements, each in a savepoint, so that a row that the server refuses costs only itself.
#pragma once

#include "encode.hpp"
#include "session.hpp"

#include <jackfield/sdk.hpp>

#include <deque>

namespace jackfield::postgres {

/// Rows of one write. Value.
struct Piece {
    std::uint64_t number = 0; ///< of the write
    SharedArray batch;        ///< counted: the host may hold it too
    std::int64_t first = 0, count = 0;
};

/// Where rows are copied to. Value.
struct CopyTarget {
    std::string table;      ///< quoted
    std::string relation;   ///< as the server names it in CONTEXT: without schema and quotes
    std::string order;      ///< column of a staging table that counts the rows of the epoch; empty: none
    bool constraints_later = false; ///< deferrable constraints: asked for at the end of each COPY
};

/// One thread at a time; on a session that is given to each call and has a transaction open.
///
/// Rows are sent as they come. A COPY ends after segment_bytes, so that what it is made of need not be kept for longer; when
/// the server refuses a row then, the savepoint is rolled back and the same rows go again, around it: up to the line that the
/// server named, then behind it; without a line, by halves. k rows cost 2k+1 COPYs of a part of the segment.
class Loader {
public:
    Loader(CopyColumns columns, std::unique_ptr<RowEncoder> encoder, CopyTarget target);

    /// Sends rows [first, first + count) of the batch. Rows that are refused go to `rejects`, also those of earlier batches. How many were.
    Result<std::uint64_t> add(Session& session, const Patience& patience, std::uint64_t number, const SharedArray& batch, std::int64_t first,
        std::int64_t count, const sdk::Rejects& rejects);
    /// Ends the open COPY. As add().
    Result<std::uint64_t> finish(Session& session, const Patience& patience, const sdk::Rejects& rejects);
    /// The transaction was rolled back.
    void clear();

    /// Bytes sent since clear() or settled().
    [[nodiscard]] std::uint64_t sent_bytes() const { return sent_bytes_; }
    /// Rows that stand since then.
    [[nodiscard]] std::int64_t rows() const { return rows_; }
    /// The epoch was committed.
    void settled();
    /// staging: the write and row that order number `at` was given to.
    [[nodiscard]] std::pair<std::uint64_t, std::int64_t> locate(std::int64_t at) const;

    static constexpr const char* savepoint = "jackfield";

private:
    struct Range { // of the rows that wait
        std::int64_t first = 0, count = 0;
    };
    struct Placed { // staging: where order numbers come from
        std::int64_t order = 0;
        std::uint64_t number = 0;
        std::int64_t first = 0;
    };
    /// The server's judgement of a COPY.
    struct Refusal {
        Error error;
        std::int64_t line = 0; // from 1; 0: not said
        std::string column;
    };

    Status start(Session& session, const Patience& patience);
    Result<std::int64_t> send(Session& session, const Patience& patience, const Piece& piece, Faults& faults);
    Result<std::uint64_t> send_around(Session& session, const Patience& patience, const Piece& piece, Faults& faults, const sdk::Rejects& rejects);
    Status flush(Session& session, const Patience& patience);
    Status end(Session& session, const Patience& patience);
    Result<std::uint64_t> narrow(Session& session, const Patience& patience, Refusal refusal, const sdk::Rejects& rejects);
    Result<std::optional<Refusal>> try_range(Session& session, const Patience& patience, Range range);
    Result<Refusal> judge(Session& session, Error error) const;
    Status refuse(std::int64_t at, const Refusal& refusal, const sdk::Rejects& rejects);
    void forget_segment();

    std::unique_ptr<RowEncoder> encoder_;
    CopyTarget target_;
    std::string copy_;
    Buffer out_;
    std::vector<Piece> pieces_; // sent since the savepoint
    std::int64_t segment_rows_ = 0;
    std::size_t segment_bytes_ = 0;
    std::int64_t rows_at_once_ = 256; // follows the size of the rows
    bool copying_ = false;
    bool saved_ = false; // there is a savepoint in this transaction
    std::uint64_t sent_bytes_ = 0;
    std::int64_t rows_ = 0, order_ = 0;
    std::vector<Placed> placed_;
};

} // namespace jackfield::postgres

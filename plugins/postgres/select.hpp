// Select: one statement that gives rows, looked at before it runs; RowStream: its rows, in binary.
#pragma once

#include "decode.hpp"

#include <optional>

namespace jackfield::postgres {

/// A statement that was described by the server. Value.
struct Select {
    std::string sql;             ///< as written, without a semicolon at its end
    std::vector<Column> columns; ///< with their types, domains resolved
    std::size_t parameters = 0;  ///< that it takes: $1, $2 …
    bool wrappable = true;       ///< can be a subquery; SHOW and EXPLAIN cannot

    /// The place of a column; JF_E_CONFIG naming those there are.
    [[nodiscard]] Result<std::size_t> place_of(std::string_view column) const;
    /// SELECT of all columns, those cast that have no binary form here, from the statement; `clauses` (WHERE …, ORDER BY …,
    /// LIMIT …) name columns by alias(). Requires: wrappable, or nothing to cast and no clauses.
    [[nodiscard]] std::string text(const DecodeRules& rules, const std::string& clauses = {}) const;
    /// "FROM (the statement) AS …", for questions about its rows.
    [[nodiscard]] std::string from() const;
    /// How clauses of text() name column `i`: never by a name alone, which would mean the cast one.
    [[nodiscard]] static std::string alias(std::size_t i) { return "jackfield_rows.c" + std::to_string(i + 1); }
};

/// Whether `sql` begins like something that only reads: SELECT, WITH, VALUES, TABLE, SHOW, EXPLAIN. Else JF_E_DENIED. The
/// transaction's READ ONLY is what holds; this turns away early what could only fail there, or would end the transaction.
Status check_reads(std::string_view sql);

/// Looks at a statement in the open transaction without running it. JF_E_DENIED: it does not read, or is several.
/// JF_E_CONFIG: it takes another number of parameters.
Result<Select> look_at_select(Session& session, const Patience& patience, std::string_view sql, std::size_t parameters);

/// Rows as they come: by COPY where there are no parameters, else through a cursor. In the open transaction of the session,
/// which must stay alive and alone with it. One thread at a time.
class RowStream {
public:
    /// Starts `sql`, which must be as Select::text makes it. `portal`: rows that one round trip brings through a cursor.
    static Result<std::unique_ptr<RowStream>> open(Session& session, const Patience& patience, const std::string& sql, const Params& params,
        bool by_cursor, int portal = 8192);

    enum class Ready { row, end, late };
    /// Waits for the next row until the deadline; late: ask again. Failures end the stream.
    Result<Ready> ready(const Patience& patience);
    /// Adds that row to the decoder. Requires: ready() said row.
    Status take(RowDecoder& decoder);
    /// A value of that row, as it came. Requires: ready() said row.
    [[nodiscard]] Cell pending(std::size_t column) const;

private:
    RowStream(Session& session, bool by_cursor, int portal) : session_(session), by_cursor_(by_cursor), portal_(portal) {}
    Result<Ready> ready_copied(const Patience& patience);
    Result<Ready> ready_fetched(const Patience& patience);

    Session& session_;
    bool by_cursor_;
    int portal_;
    bool header_read_ = false, asked_ = false, ended_ = false, has_row_ = false;
    std::string_view row_; // COPY: the row, in the session's memory
    Answer fetched_;       // cursor
    int at_ = 0;
};

/// Declares nothing to the host: reads all rows of `sql` into batches, at most `max_rows` of them (0: all). For answers
/// that are small, or must be had whole: a query inside an open epoch.
Result<OwnedStream> read_all(Session& session, const Patience& patience, std::string_view sql, const Params& params, const DecodeRules& rules,
    std::uint64_t max_rows = 0);

} // namespace jackfield::postgres

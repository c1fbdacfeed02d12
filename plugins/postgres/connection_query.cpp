// The connection 'postgres': what is in the database, and one statement that reads.
#include "connection.hpp"
#include "parameters.hpp"
#include "select.hpp"

#include <jackfield/sdk/arrow/stream.hpp>

#include <algorithm>
#include <chrono>

namespace jackfield::postgres {
namespace {

constexpr std::int64_t query_batch_rows = 8192;
constexpr std::size_t query_batch_bytes = std::size_t(16) << 20;
constexpr std::int64_t tidy_ns = 1'000'000'000; // for the server to release locks

const char* kind_name(char relation)
{
    switch (relation) {
    case 'v': return "view";
    case 'm': return "materialized view";
    case 'f': return "foreign table";
    case 'p': return "partitioned table";
    default: return "table";
    }
}

std::int64_t now_ns()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// One query while its rows are read. One thread at a time.
class RunningQuery {
public:
    RunningQuery(Lease session, std::int64_t deadline_ns) : session_(std::move(session)), patience_(deadline_ns) {}
    ~RunningQuery() { end(); }
    RunningQuery(const RunningQuery&) = delete;

    Status start(const Patience& patience, const Select& select, const Params& params, std::uint64_t max_rows)
    {
        left_ = max_rows ? max_rows : UINT64_MAX;
        decoder_ = std::make_unique<RowDecoder>(select.columns, DecodeRules{});
        const std::string limit = max_rows ? " LIMIT " + std::to_string(max_rows) : "";
        JF_ASSIGN(rows_, RowStream::open(*session_, patience, select.text({}, limit), params, false));
        return {};
    }
    [[nodiscard]] const Schema& schema() const { return decoder_->schema(); }
    [[nodiscard]] Session& session() const { return *session_; }

    Result<OwnedArray> next()
    {
        while (rows_ && left_ > 0 && decoder_->rows() < query_batch_rows && decoder_->bytes() < query_batch_bytes) {
            auto ready = rows_->ready(patience_);
            if (!ready || *ready == RowStream::Ready::late) {
                end();
                return ready ? fail(JF_E_TIMEOUT, "the server did not finish the statement in time") : std::move(ready).error();
            }
            if (*ready == RowStream::Ready::end) {
                left_ = 0;
                break;
            }
            JF_TRY(rows_->take(*decoder_));
            --left_;
        }
        if (left_ == 0)
            end();
        return decoder_->rows() > 0 ? decoder_->finish() : Result<OwnedArray>(OwnedArray());
    }

private:
    /// The session goes back as soon as it is not needed, as it came: what a statement may set or lock is undone.
    void end()
    {
        if (!session_)
            return;
        rows_.reset();
        session_->calm();
        session_->roll_back();
        if (!session_->broken() && !session_->execute(Patience(now_ns() + tidy_ns), "SELECT pg_catalog.pg_advisory_unlock_all()"))
            session_->give_up();
        session_.give_back();
    }

    Lease session_;
    Patience patience_; // of the call that asked; it is over when rows are read
    std::uint64_t left_ = 0;
    std::unique_ptr<RowDecoder> decoder_;
    std::unique_ptr<RowStream> rows_;
};

} // namespace

Result<std::string> PostgresConnection::discover(const sdk::Call& call, std::string_view pattern)
{
    JF_ASSIGN(const Lease session, lend(call, Role::reader));
    JF_ASSIGN(const auto tables, list_tables(*session, call, pattern));
    std::string out;
    for (const Table& table : tables) {
        out += (out.empty() ? "" : ",") + ("{\"name\":" + sdk::json_string(table.name.text())) + ",\"kind\":\"" + kind_name(table.relation) + "\",\"columns\":[";
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            const Column& column = table.columns[i];
            out += (i ? "," : "") + ("{\"name\":" + sdk::json_string(column.name)) + ",\"type\":" + sdk::json_string(decoded_type(column.type, {}).type.text())
                + ",\"nullable\":" + (column.not_null ? "false" : "true") + ",\"declared\":" + sdk::json_string(column.type.sql) + "}";
        }
        out += "]}";
    }
    return "[" + out + "]";
}

Result<OwnedStream> PostgresConnection::query(const sdk::Call& call, std::string_view sql, std::optional<OwnedStream> params, std::uint64_t max_rows)
{
    JF_TRY(check_reads(sql));
    Params values;
    if (params) {
        JF_ASSIGN(values, params_of(std::move(*params)));
    }
    JF_ASSIGN(Lease lease, lend(call, Role::reader));
    auto running = std::make_shared<RunningQuery>(std::move(lease), call.deadline_ns()); // shared by the copies of a std::function
    Session& session = running->session();
    JF_TRY(session.begin(call, "READ ONLY"));
    if (call.deadline_ns() != INT64_MAX) {
        const std::int64_t own = config_.duration("statement_timeout") / 1'000'000;
        const std::int64_t left = std::clamp<std::int64_t>((call.deadline_ns() - now_ns()) / 1'000'000, 1, INT32_MAX);
        JF_TRY(session.execute(call, "SET LOCAL statement_timeout = " + std::to_string(own > 0 ? std::min(own, left) : left)));
    }
    JF_ASSIGN(const Select select, look_at_select(session, call, sql, values.size()));
    if (!select.wrappable) // SHOW, EXPLAIN: a few lines
        return read_all(session, call, sql, values, {}, max_rows);
    JF_TRY(running->start(call, select, values, max_rows));
    return make_stream(running->schema(), [running] { return running->next(); });
}

} // namespace jackfield::postgres

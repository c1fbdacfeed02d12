// Session: COPY in both directions.
#include "session.hpp"

namespace jackfield::postgres {
namespace {

/// libpq buffers without bound in non-blocking mode: after so much the socket has to take it.
constexpr std::size_t buffered_limit = std::size_t(1) << 20;

} // namespace

void Session::drop_copied()
{
    if (copied_)
        PQfreemem(copied_);
    copied_ = nullptr;
    copied_ahead_ = false;
}

Status Session::copy_in(const Patience& patience, const std::string& sql)
{
    JF_TRY(sent(PQsendQuery(raw_, sql.c_str())));
    JF_ASSIGN(const Answer answer, last_answer(patience));
    if (!answer.raw() || PQresultStatus(answer.raw()) != PGRES_COPY_IN)
        return fail(JF_E_STATE, "the server did not start to copy in");
    return {};
}

Status Session::copy_data(const Patience& patience, const char* data, std::size_t size)
{
    while (size > 0) {
        const std::size_t now = size < buffered_limit ? size : buffered_limit;
        const int taken = PQputCopyData(raw_, data, static_cast<int>(now));
        if (taken < 0)
            return lost();
        if (taken > 0) {
            data += now;
            size -= now;
        }
        if (auto flushed = send_all(patience); !flushed) {
            if (!broken_)
                copy_stop("cancelled");
            return flushed;
        }
        // A refusal in the middle is in the socket already; it is read by copy_done, which the caller comes to.
    }
    return {};
}

Result<std::uint64_t> Session::copy_done(const Patience& patience)
{
    while (true) {
        const int taken = PQputCopyEnd(raw_, nullptr);
        if (taken < 0)
            return lost();
        if (taken > 0)
            break;
        JF_TRY(wait(patience, true));
    }
    JF_ASSIGN(const Answer answer, last_answer(patience));
    return answer.changed();
}

void Session::copy_stop(const std::string& why)
{
    if (broken() || PQtransactionStatus(raw_) != PQTRANS_ACTIVE)
        return;
    if (PQputCopyEnd(raw_, why.c_str()) < 0)
        broken_ = true;
    else
        stop_statement(); // "COPY from stdin failed: why" is what comes
}

/// Reads the rows of a COPY that nobody wants any more.
bool Session::drain_copy(const Patience& patience)
{
    for (;;) {
        drop_copied();
        const int size = PQgetCopyData(raw_, &copied_, 1);
        if (size < 0)
            return size == -1;
        if (size == 0 && (!wait(patience, false) || !PQconsumeInput(raw_)))
            return false;
    }
}

Status Session::copy_out(const Patience& patience, const std::string& sql)
{
    JF_TRY(sent(PQsendQuery(raw_, sql.c_str())));
    copy_starts_ = true;
    return send_all(patience);
}

/// The server says that it copies only with the first rows, which may take as long as the query does. False: not yet.
Result<bool> Session::copy_started(const Patience& patience)
{
    auto said = answer(patience);
    if (said && !*said)
        return false;
    copy_starts_ = false;
    if (!said)
        return std::move(said).error();
    if (!(*said)->raw() || PQresultStatus((*said)->raw()) != PGRES_COPY_OUT)
        return fail(JF_E_STATE, "the server did not start to copy out");
    return true;
}

Result<bool> Session::copy_ready(const Patience& patience)
{
    if (copy_starts_) {
        JF_ASSIGN(const bool started, copy_started(patience));
        if (!started)
            return false;
    }
    while (!copied_ahead_) {
        drop_copied();
        copied_size_ = PQgetCopyData(raw_, &copied_, 1);
        copied_ahead_ = copied_size_ != 0;
        if (copied_ahead_)
            break;
        if (auto ready = wait(patience, false); !ready) {
            if (ready.error().kind == JF_E_TIMEOUT)
                return false;
            if (!broken_)
                stop_statement();
            return std::move(ready).error();
        }
        if (!PQconsumeInput(raw_))
            return lost();
    }
    return true;
}

Result<std::optional<std::string_view>> Session::copy_row(const Patience& patience)
{
    JF_ASSIGN(const bool ready, copy_ready(patience));
    if (!ready) {
        stop_statement();
        return fail(JF_E_TIMEOUT, "the server did not send the rows in time");
    }
    copied_ahead_ = false;
    if (copied_size_ > 0)
        return std::optional(std::string_view(copied_, static_cast<std::size_t>(copied_size_)));
    if (copied_size_ == -2)
        return lost();
    JF_ASSIGN(const Answer end, last_answer(patience));
    return std::optional<std::string_view>();
}

} // namespace jackfield::postgres

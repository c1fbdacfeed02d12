// Session: waiting, statements, transactions.
#include "session.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

#include <poll.h>

namespace jackfield::postgres {
namespace {

constexpr std::int64_t tick_ns = 20'000'000;        // between two looks at the call
constexpr std::int64_t let_go_ns = 1'000'000'000;   // for the server to answer a cancel

std::int64_t now_ns()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

} // namespace

// ---- Answer

std::optional<std::string_view> Answer::value(int row, int column) const
{
    if (PQgetisnull(raw_.get(), row, column))
        return std::nullopt;
    return std::string_view(PQgetvalue(raw_.get(), row, column), static_cast<std::size_t>(PQgetlength(raw_.get(), row, column)));
}

std::int64_t Answer::number(int row, int column) const
{
    std::int64_t out = 0;
    const auto text = value(row, column).value_or("");
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

std::uint64_t Answer::changed() const
{
    std::uint64_t out = 0;
    const char* text = raw_ ? PQcmdTuples(raw_.get()) : "";
    std::from_chars(text, text + std::strlen(text), out);
    return out;
}

// ---- making and ending

Session::Session(PGconn* raw, std::string server) : raw_(raw), server_(std::move(server))
{
    PQsetNoticeReceiver(
        raw_,
        [](void* self, const PGresult* result) {
            auto& notices = static_cast<Session*>(self)->notices_;
            const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
            if (text && notices.size() < 1000)
                notices.emplace_back(text);
        },
        this);
}

Session::~Session()
{
    drop_copied();
    PQfinish(raw_);
}

Result<std::unique_ptr<Session>> Session::connect(const Keywords& keywords, std::string server, const Patience& patience)
{
    std::vector<const char*> names, values;
    for (const auto& [name, value] : keywords) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    PGconn* raw = PQconnectStartParams(names.data(), values.data(), 0);
    if (!raw)
        return fail(JF_E_EXHAUSTED, "out of memory");
    std::unique_ptr<Session> made(new Session(raw, std::move(server)));
    JF_TRY(made->open(patience));
    return made;
}

Status Session::open(const Patience& patience)
{
    PQsetErrorVerbosity(raw_, PQERRORS_VERBOSE); // refusals then carry their SQLSTATE
    if (PQstatus(raw_) == CONNECTION_BAD)
        return failure_of(raw_, server_);
    for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK; state = PQconnectPoll(raw_)) {
        if (state == PGRES_POLLING_FAILED)
            return failure_of(raw_, server_);
        if (auto ready = wait(patience, state == PGRES_POLLING_WRITING); !ready) {
            broken_ = true;
            if (ready.error().kind == JF_E_TIMEOUT)
                return fail(JF_E_UNAVAILABLE, "cannot connect to " + server_ + ": no answer in time");
            return ready;
        }
    }
    PQsetErrorVerbosity(raw_, PQERRORS_DEFAULT);
    if (PQsetnonblocking(raw_, 1) != 0)
        return failure_of(raw_, server_);
    return {};
}

// ---- waiting

/// Until the socket can be read, or written if asked for; both are watched then, since the server may talk first.
Status Session::wait(const Patience& patience, bool writable)
{
    for (;;) {
        if (patience.cancelled() || interrupted_.load(std::memory_order_relaxed))
            return fail(JF_E_CANCELLED, "the statement was cancelled");
        const std::int64_t left = patience.deadline_ns() == INT64_MAX ? INT64_MAX : patience.deadline_ns() - now_ns();
        if (left <= 0)
            return fail(JF_E_TIMEOUT, "the server did not finish the statement in time");
        pollfd socket{PQsocket(raw_), static_cast<short>(writable ? POLLIN | POLLOUT : POLLIN), 0};
        if (socket.fd < 0)
            return lost();
        const std::int64_t sleep_ns = std::min(left, tick_ns);
        const int ready = poll(&socket, 1, static_cast<int>((sleep_ns + 999'999) / 1'000'000));
        if (ready > 0)
            return {};
        if (ready < 0 && errno != EINTR)
            return fail(JF_E_FAILED, std::string("poll: ") + std::strerror(errno));
    }
}

/// The server's last words where it had some ("terminating connection due to administrator command"), else libpq's.
Error Session::lost()
{
    broken_ = true;
    for (int left = 10; left > 0; --left) {
        const Answer answer(PQgetResult(raw_)); // does not wait: the connection is gone
        if (!answer.raw())
            break;
        const char* state = PQresultErrorField(answer.raw(), PG_DIAG_SQLSTATE);
        if (state && *state)
            return note(answer.raw());
    }
    Error out = fail(JF_E_UNAVAILABLE, "the connection to " + server_ + " was lost");
    std::string_view why = PQerrorMessage(raw_);
    if (const auto end = why.find('\n'); end != std::string_view::npos)
        why = why.substr(0, end);
    if (!why.empty())
        out.message += ": " + std::string(why);
    out.code = "08006";
    return out;
}

Error Session::note(const PGresult* failed)
{
    const auto text = [&](int code) {
        const char* found = PQresultErrorField(failed, code);
        return std::string(found ? found : "");
    };
    failed_context_ = text(PG_DIAG_CONTEXT);
    failed_column_ = text(PG_DIAG_COLUMN_NAME);
    failed_constraint_ = text(PG_DIAG_CONSTRAINT_NAME);
    broken_ = broken_ || PQstatus(raw_) == CONNECTION_BAD;
    return failure_of(failed, server_);
}

/// Reads what is left of the server's answers, whatever it is. False: they did not come in time, or the connection broke.
bool Session::drain(const Patience& patience)
{
    for (;;) {
        auto answer = next_answer(patience);
        if (!answer)
            return false;
        if (!answer->raw())
            return true;
        const auto status = PQresultStatus(answer->raw());
        if (status == PGRES_COPY_IN && PQputCopyEnd(raw_, "cancelled") < 0)
            return false;
        if (status == PGRES_COPY_OUT && !drain_copy(patience))
            return false;
    }
}

/// Asks the server to stop, and waits a second for it to let go.
void Session::stop_statement()
{
    calm();
    copy_starts_ = false;
    std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel(PQgetCancel(raw_), PQfreeCancel);
    char why[256];
    if (!cancel || !PQcancel(cancel.get(), why, sizeof why) || !drain(Patience(now_ns() + let_go_ns)))
        broken_ = true;
}

// ---- statements

Status Session::sent(int accepted)
{
    if (accepted)
        return {};
    if (PQstatus(raw_) == CONNECTION_BAD)
        return lost();
    return fail(JF_E_STATE, std::string("the statement could not be sent: ") + PQerrorMessage(raw_));
}

Status Session::send_all(const Patience& patience)
{
    for (;;) {
        const int left = PQflush(raw_);
        if (left == 0)
            return {};
        if (left < 0)
            return lost();
        JF_TRY(wait(patience, true));
        if (!PQconsumeInput(raw_)) // a server that talks while we write would else block both
            return lost();
    }
}

/// One result; an empty Answer after the last.
Result<Answer> Session::next_answer(const Patience& patience)
{
    JF_TRY(send_all(patience));
    while (PQisBusy(raw_)) {
        JF_TRY(wait(patience, false));
        if (!PQconsumeInput(raw_))
            return lost();
    }
    return Answer(PQgetResult(raw_));
}

/// The last result of what was sent, or the first failure.
Result<Answer> Session::last_answer(const Patience& patience)
{
    Answer last;
    std::optional<Error> failed;
    for (;;) {
        auto answer = next_answer(patience);
        if (!answer) {
            if (!broken_)
                stop_statement();
            return std::move(failed).value_or(std::move(answer).error());
        }
        if (!answer->raw())
            break;
        const auto status = PQresultStatus(answer->raw());
        if ((status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) && !failed)
            failed = note(answer->raw());
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
            return std::move(*answer); // the connection is in COPY now: nothing more comes before its end
        last = std::move(*answer);
    }
    if (failed)
        return *std::move(failed);
    return last;
}

Status Session::execute(const Patience& patience, const std::string& sql)
{
    JF_TRY(sent(PQsendQuery(raw_, sql.c_str())));
    JF_ASSIGN(const Answer answer, last_answer(patience));
    const auto status = answer.raw() ? PQresultStatus(answer.raw()) : PGRES_EMPTY_QUERY;
    if (status != PGRES_COPY_IN && status != PGRES_COPY_OUT)
        return {};
    stop_statement();
    return fail(JF_E_CONFIG, "COPY … STDIN and STDOUT cannot be run as a statement; use a source or a sink");
}

Status Session::ask(const std::string& sql, const Params& params, bool binary)
{
    std::vector<Oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths, formats;
    for (const Param& param : params) {
        types.push_back(param.type);
        values.push_back(param.value ? param.value->c_str() : nullptr);
        lengths.push_back(param.value ? static_cast<int>(param.value->size()) : 0);
        formats.push_back(param.binary ? 1 : 0);
    }
    return sent(PQsendQueryParams(raw_, sql.c_str(), static_cast<int>(params.size()), types.data(), values.data(), lengths.data(),
        formats.data(), binary ? 1 : 0));
}

Result<std::optional<Answer>> Session::answer(const Patience& patience)
{
    const auto arrived = [&]() -> Status {
        JF_TRY(send_all(patience));
        while (PQisBusy(raw_)) {
            JF_TRY(wait(patience, false));
            if (!PQconsumeInput(raw_))
                return lost();
        }
        return {};
    }();
    if (!arrived && arrived.error().kind == JF_E_TIMEOUT)
        return std::optional<Answer>();
    if (!arrived) {
        if (!broken_)
            stop_statement();
        return Error(arrived.error());
    }
    JF_ASSIGN(Answer last, last_answer(Patience(std::max(patience.deadline_ns(), now_ns() + let_go_ns)))); // the rest is on its way
    return std::optional(std::move(last));
}

Result<Answer> Session::run(const Patience& patience, const std::string& sql, const Params& params, bool binary)
{
    JF_TRY(ask(sql, params, binary));
    return last_answer(patience);
}

Result<Answer> Session::describe(const Patience& patience, const std::string& sql)
{
    JF_TRY(sent(PQsendPrepare(raw_, "", sql.c_str(), 0, nullptr)));
    JF_ASSIGN(const Answer prepared, last_answer(patience));
    JF_TRY(sent(PQsendDescribePrepared(raw_, "")));
    return last_answer(patience);
}

// ---- transactions

Status Session::begin(const Patience& patience, const std::string& options)
{
    return execute(patience, "BEGIN" + (options.empty() ? "" : " " + options) + (set_local_.empty() ? "" : "; " + set_local_));
}

Status Session::commit(const Patience& patience, const std::string& last)
{
    if (failed_transaction()) {
        roll_back();
        return fail(JF_E_STATE, "the transaction had failed and was rolled back");
    }
    in_doubt_ = false;
    JF_TRY(sent(PQsendQuery(raw_, (last.empty() ? "COMMIT" : last + "; COMMIT").c_str())));
    auto answer = last_answer(patience);
    if (answer) {
        if (std::string_view(PQcmdStatus(answer->raw())) == "ROLLBACK")
            return fail(JF_E_FAILED, "the server rolled the transaction back");
        return {};
    }
    // Without a word of the server's, an end of the transaction may be either.
    const bool unsaid = answer.error().code.empty() && PQtransactionStatus(raw_) == PQTRANS_IDLE;
    in_doubt_ = broken() || unsaid || PQtransactionStatus(raw_) == PQTRANS_UNKNOWN;
    return answer.error();
}

void Session::roll_back()
{
    if (broken())
        return;
    const Patience patience(now_ns() + let_go_ns);
    if (PQtransactionStatus(raw_) == PQTRANS_ACTIVE)
        stop_statement();
    if (!broken() && in_transaction() && !execute(patience, "ROLLBACK"))
        broken_ = true;
}

} // namespace jackfield::postgres

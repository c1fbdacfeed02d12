// What the tasks of the plugin share.
#include "task_support.hpp"

#include <algorithm>
#include <chrono>

namespace jackfield::postgres {
namespace {

constexpr std::size_t most_rows_bytes = 512 << 10; // the host takes 1 MiB for a result
constexpr int ask_again = 50;                      // times 20 ms, for a transaction that is still being committed

/// For what has to be done after the call's own time is over.
Patience for_a_moment(int milliseconds)
{
    const auto end = std::chrono::steady_clock::now().time_since_epoch() + std::chrono::milliseconds(milliseconds);
    return Patience(std::chrono::duration_cast<std::chrono::nanoseconds>(end).count());
}

/// Whether the transaction was committed; nullopt: the server does not know it (too old, or lost in a failover).
Result<std::optional<bool>> ask_what_became(PostgresConnection& on, const Patience& patience, const std::string& id)
{
    JF_ASSIGN(const Lease lease, on.lend(patience, Role::primary));
    for (int left = ask_again; left > 0; --left) {
        JF_ASSIGN(const Answer answer, lease->run(patience, "SELECT pg_xact_status($1::xid8), pg_sleep(CASE pg_xact_status($1::xid8) "
                "WHEN 'in progress' THEN 0.02 ELSE 0 END)", {{id}}));
        const std::string status = answer.text(0, 0);
        if (status == "committed" || status == "aborted")
            return std::optional<bool>(status == "committed");
        if (status.empty())
            break;
    }
    return std::optional<bool>();
}

bool is_json_number(std::string_view text)
{
    return !text.empty() && (text.back() >= '0' && text.back() <= '9'); // not NaN, not Infinity
}

void append_value(std::string& out, const Answer& answer, int row, int column)
{
    const auto value = answer.value(row, column);
    if (!value) {
        out += "null";
        return;
    }
    switch (PQftype(answer.raw(), column)) { // as pg_type.dat numbers them
    case 16: out += *value == "t" ? "true" : "false"; return;
    case 20: case 21: case 23: case 26: case 700: case 701: case 1700:
        if (is_json_number(*value)) {
            out += *value;
            return;
        }
        break;
    case 114: case 3802: out += *value; return;
    default: break;
    }
    sdk::append_json_string(out, *value);
}

} // namespace

TaskLimits TaskLimits::of(const sdk::Config& config)
{
    return {config.duration("lock_timeout", -1), config.duration("statement_timeout", -1)};
}

std::string TaskLimits::sql(std::string_view form) const
{
    std::string out;
    for (const auto& [name, limit] : {std::pair<const char*, std::int64_t>{"lock_timeout", lock_ns}, {"statement_timeout", statement_ns}})
        if (limit >= 0)
            out += (out.empty() ? "" : "; ") + std::string(form) + " " + name + " = "
                + std::to_string(limit == 0 ? 0 : std::max<std::int64_t>(1, limit / 1'000'000));
    return out;
}

sdk::Options& add_limits(sdk::Options& options)
{
    return options.duration("lock_timeout", "how long a statement may wait for a lock, '0s': for ever; if not said, as the connection says")
        .duration("statement_timeout", "how long a statement may run, '0s': for ever; if not said, as the connection says");
}

void PostgresTask::pass_on_notices(Session& session) const
{
    for (const std::string& notice : session.take_notices())
        host_.info(notice);
}

Result<Transaction> Transaction::begin(Session& session, const Patience& patience, const TaskLimits& limits, const std::string& options)
{
    JF_TRY(session.begin(patience, options));
    Transaction out(session);
    if (const std::string set = limits.sql("SET LOCAL"); !set.empty())
        JF_TRY(session.execute(patience, set));
    return out;
}

Status Transaction::commit(const Patience& patience) { return std::exchange(session_, nullptr)->commit(patience); }

Result<OutsideTransaction> OutsideTransaction::make(Session& session, const Patience& patience, const TaskLimits& limits, const PostgresConnection& on)
{
    const std::string set = limits.sql("SET");
    if (set.empty())
        return OutsideTransaction(nullptr, "");
    if (on.pooler()) {
        on.host().warn("through a pooler there are no limits for a statement outside a transaction: lock_timeout and statement_timeout of this task are not set");
        return OutsideTransaction(nullptr, "");
    }
    JF_ASSIGN(const Answer now, session.run(patience, "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"));
    const std::string before = "SET lock_timeout = " + quote_literal(now.text(0, 0)) + "; SET statement_timeout = " + quote_literal(now.text(0, 1));
    OutsideTransaction out(&session, before);
    JF_TRY(session.execute(patience, set));
    return out;
}

OutsideTransaction::~OutsideTransaction()
{
    if (!session_)
        return;
    // Without the task's call, which may be late or cancelled by now: the pool lends this session to others.
    session_->calm();
    if (session_->in_transaction())
        session_->roll_back();
    if (!session_->broken())
        (void)session_->execute(for_a_moment(1000), before_);
}

Status commit_or_ask(Transaction& transaction, Session& session, const Patience& patience, PostgresConnection& on)
{
    JF_ASSIGN(const Answer identity, session.run(patience, "SELECT pg_current_xact_id_if_assigned()"));
    const auto id = identity.value(0, 0); // NULL: nothing was written
    auto done = transaction.commit(patience);
    if (done || !session.in_doubt() || !id)
        return done;
    const bool stopped = done.error().kind == JF_E_CANCELLED || done.error().kind == JF_E_TIMEOUT; // the call's time is over
    const auto committed = ask_what_became(on, stopped ? for_a_moment(500) : patience, std::string(*id));
    if (committed && *committed == std::optional<bool>(true))
        return {};
    if (committed && *committed == std::optional<bool>(false))
        return done; // nothing was committed
    if (stopped) {
        done.error().message += "; whether the transaction was committed is not known";
        return done;
    }
    return fail(JF_E_FAILED, "the connection was lost while the transaction was being committed, and the server cannot say what became of it; "
                             "look at the data before you run this again");
}

std::string rows_as_json(const Answer& answer, std::int64_t most, bool& more)
{
    std::string out = "[";
    for (int row = 0; row < answer.rows(); ++row) {
        const std::size_t before = out.size();
        out += row ? ",{" : "{";
        for (int column = 0; column < answer.columns(); ++column) {
            out += column ? "," : "";
            sdk::append_json_string(out, PQfname(answer.raw(), column));
            out += ':';
            append_value(out, answer, row, column);
        }
        out += '}';
        more = row >= most || out.size() > most_rows_bytes;
        if (more) {
            out.resize(before);
            break;
        }
    }
    return out + "]";
}

std::string texts_as_json(const std::vector<std::string>& texts)
{
    std::string out = "[";
    for (const std::string& text : texts) {
        out += out.size() > 1 ? "," : "";
        sdk::append_json_string(out, text);
    }
    return out + "]";
}

std::string list_of(const std::vector<std::string>& texts)
{
    std::string out;
    for (std::size_t i = 0; i < texts.size(); ++i)
        out += (i == 0 ? "" : i + 1 == texts.size() ? " and " : ", ") + texts[i];
    return out;
}

} // namespace jackfield::postgres

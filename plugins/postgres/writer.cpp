// TableWriter: epochs. What concerns the table itself is in writer_table.cpp.
#include "writer.hpp"

#include "ddl.hpp"
#include "parameters.hpp"
#include "select.hpp"
#include "swap.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

/// Rows that are found bad in a commit are taken out by sending the epoch again, since whoever quarantines them has to do so
/// before the commit; beyond this many bytes a host does not keep the epoch, and the commit is made without them.
constexpr std::uint64_t resend_bytes = std::uint64_t(96) << 20;

} // namespace

TableWriter::TableWriter(PostgresConnection& on, sdk::Host host, SinkPlan plan, Progress progress, OwnedScope scope, std::uint32_t lane)
    : on_(on), host_(host), plan_(std::move(plan)), progress_(std::move(progress)), scope_(std::move(scope)), lane_(lane), target_(plan_.table)
{
}

TableWriter::~TableWriter() { roll_back(); }

/// The session of the data; a new one after the last was lost.
Result<Session*> TableWriter::session(const sdk::Call& call)
{
    if (lease_ && !lease_->broken())
        return &*lease_;
    {
        const std::lock_guard lock(mutex_);
        lease_.give_back();
    }
    JF_ASSIGN(Lease fresh, on_.lend(call, Role::primary));
    const std::lock_guard lock(mutex_);
    lease_ = std::move(fresh);
    return &*lease_;
}

void TableWriter::interrupt()
{
    const std::lock_guard lock(mutex_);
    if (lease_)
        lease_->interrupt();
}

Status TableWriter::prepare(const sdk::Call& call, bool fresh)
{
    JF_TRY(progress_.prepare(call, fresh));
    JF_ASSIGN(Session* const on, session(call));
    JF_ASSIGN(const auto there, look_at(*on, call, plan_.table));
    if (there) {
        target_ = there->name;
    } else if (target_.schema.empty()) {
        JF_ASSIGN(const Answer schema, on->run(call, "SELECT pg_catalog.current_schema()"));
        target_.schema = schema.text(0, 0);
        if (target_.schema.empty())
            return fail(JF_E_CONFIG, "no schema of search_path exists; name one: schema.table", "table");
    }
    const std::string end = "__jf_" + short_name({scope_.flow, scope_.task, scope_.slice}).substr(0, 8)
        + short_name({scope_.generation}).substr(0, 8);
    stage_ = {target_.schema, target_.name.substr(0, 63 - end.size()) + end};
    return plan_.mode == Mode::replace && fresh && lane_ == 0 ? drop_old_stages(call) : Status();
}

/// Tables of this and of earlier generations; one that is still in use is left to whoever comes next.
Status TableWriter::drop_old_stages(const sdk::Call& call)
{
    Session& on = *lease_;
    const std::string head = stage_.name.substr(0, stage_.name.size() - 8);
    JF_ASSIGN(const Answer old, on.run(call, "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = $1 AND c.relkind = 'r' AND pg_catalog.starts_with(c.relname, $2) AND pg_catalog.length(c.relname) = pg_catalog.length($2) + 8",
        {{stage_.schema, 25, false}, {head, 25, false}}));
    for (int row = 0; row < old.rows(); ++row) {
        JF_TRY(on.begin(call));
        Status done = on.execute(call, "SET LOCAL lock_timeout = '2s'; DROP TABLE IF EXISTS " + Name{stage_.schema, old.text(row, 0)}.quoted());
        if (done)
            done = on.commit(call);
        else
            on.roll_back();
        if (!done && (done.error().code != "55P03" || old.text(row, 0) == stage_.name))
            return done;
    }
    return {};
}

Result<sdk::Acquired> TableWriter::acquire(const sdk::Call& call, std::string_view source, std::string_view partition)
{
    if (open_ && progress_.holds(source, partition)) { // its own transaction has the lock that a successor looks for
        roll_back();
        lost_ = true;
    }
    return progress_.acquire(call, source, partition);
}

Status TableWriter::release(const sdk::Call&, std::string_view source, std::string_view partition)
{
    progress_.release(source, partition);
    return {};
}

// ---- the epoch

Status TableWriter::begin(const sdk::Call& call)
{
    if (open_)
        return {};
    JF_ASSIGN(Session* const on, session(call));
    JF_TRY(on->begin(call));
    open_ = true;
    const std::string locks = progress_.lock_sql();
    const Status locked = locks.empty() ? Status() : on->execute(call, locks);
    if (!locked && locked.error().code == Progress::fenced_code)
        return progress_.fenced();
    return locked;
}

void TableWriter::roll_back()
{
    if (open_ && lease_)
        lease_->roll_back();
    open_ = staging_ = false;
    if (made_here_)
        table_.reset();
    made_here_ = false;
    if (loader_)
        loader_->clear();
}

/// What to tell the host after `error` ended the transaction.
Error TableWriter::failed(const sdk::Call& call, Error error)
{
    const bool gone = lease_ && lease_->broken();
    if (error.code == "25006") { // the primary of before takes no writes any more
        error.kind = JF_E_UNAVAILABLE;
        error.message = on_.server() + " became read-only, so another server is the primary now";
        if (lease_)
            lease_->give_up();
    }
    roll_back();
    lost_ = true;
    if (gone && !call.cancelled()) // perhaps a successor ended this session
        if (auto ours = progress_.still_ours(call); !ours && ours.error().kind == JF_E_FENCED)
            return ours.error();
    return error;
}

std::vector<std::int64_t> TableWriter::without_key(const ArrowArray& batch) const
{
    std::vector<std::int64_t> out;
    for (const auto& key : plan_.key) {
        const std::size_t at = *schema_.find(key);
        const ColumnView column(schema_[at].type, *batch.children[at], batch.offset, batch.length);
        for (std::int64_t row = 0; row < column.length() && (column.may_have_nulls() || column.indirect()); ++row)
            if (column.is_null(row))
                out.push_back(row);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

Result<sdk::Outcome> TableWriter::write(const sdk::Call& call, std::uint64_t number, OwnedArray batch, const sdk::Rejects& rejects)
{
    if (!told_)
        return fail(JF_E_STATE, "rows came before their schema");
    if (lost_)
        return sdk::Outcome::resend;
    if (call.cancelled())
        return fail(JF_E_CANCELLED, "writing was cancelled");
    JF_TRY(validate(schema_, *batch));
    if (batch->length == 0)
        return sdk::Outcome::done;
    const auto work = [&]() -> Result<std::uint64_t> {
        JF_TRY(fit(call));
        JF_TRY(begin(call));
        if (merge_ && !staging_)
            JF_TRY(lease_->execute(call, merge_->create_sql()));
        staging_ = merge_.has_value();
        const auto keyless = without_key(*batch);
        for (const std::int64_t row : keyless)
            JF_TRY(rejects.add({.message = "the key has no value, so the row could never be found again", .column = plan_.key[0], .code = "key",
                .write = number, .row = row}));
        const SharedArray shared(std::move(batch));
        std::uint64_t refused = keyless.size();
        std::int64_t from = 0;
        for (std::size_t i = 0; i <= keyless.size(); ++i) { // what lies between the rows without a key
            const std::int64_t to = i < keyless.size() ? keyless[i] : shared->length;
            if (to > from) {
                JF_ASSIGN(const auto more, loader_->add(*lease_, call, number, shared, from, to - from, rejects));
                refused += more;
            }
            from = to + 1;
        }
        return refused;
    };
    auto refused = work();
    if (!refused)
        return failed(call, std::move(refused).error());
    return *refused > 0 ? sdk::Outcome::rejected : sdk::Outcome::done;
}

/// Everything that was written is in the table that is loaded, in the open transaction.
Result<std::uint64_t> TableWriter::flush(const sdk::Call& call, const sdk::Rejects& rejects)
{
    if (!loader_ || !open_)
        return std::uint64_t(0);
    JF_ASSIGN(std::uint64_t refused, loader_->finish(*lease_, call, rejects));
    if (staging_) {
        JF_ASSIGN(const auto more, merge_->run(*lease_, call, *loader_, rejects));
        refused += more;
    }
    return refused;
}

Status TableWriter::swap(const sdk::Call& call)
{
    JF_TRY(begin(call));
    Session& on = *lease_;
    JF_TRY(lock_making(on, call));
    JF_ASSIGN(const auto loaded, look_at(on, call, stage_));
    JF_ASSIGN(const auto target, look_at(on, call, target_));
    if (!loaded) // nothing was ever written: the new content is empty
        return target ? on.execute(call, "DELETE FROM " + target_.quoted()) : Status();
    if (target)
        return put_in_place(on, call, {stage_, *target, *loaded, written_, plan_.swap_wait_ns});
    return on.execute(call, "ALTER TABLE " + stage_.quoted() + " RENAME TO " + quote_identifier(target_.name));
}

Result<sdk::Outcome> TableWriter::commit(const sdk::Call& call, const sdk::Commit& commit, const sdk::Rejects& rejects)
{
    if (lost_)
        return sdk::Outcome::resend;
    auto outcome = settle(call, commit, rejects);
    if (!outcome) {
        if (open_ && lease_->in_doubt() && outcome.error().kind != JF_E_FENCED) {
            lease_->give_up();
            roll_back();
            return sdk::Outcome::unknown;
        }
        return failed(call, std::move(outcome).error());
    }
    if (*outcome == sdk::Outcome::resend) {
        roll_back();
        lost_ = true;
    }
    return outcome;
}

Result<sdk::Outcome> TableWriter::settle(const sdk::Call& call, const sdk::Commit& commit, const sdk::Rejects& rejects)
{
    const bool swaps = plan_.mode == Mode::replace && commit.final && lane_ == 0 && !swapped_;
    if (progress_.stored(commit) && !swaps) { // this very epoch was committed before: its rows are there
        roll_back();
        return sdk::Outcome::done;
    }
    JF_TRY(begin(call));
    Session& on = *lease_;
    const std::uint64_t bytes = loader_ ? loader_->sent_bytes() : 0;
    JF_ASSIGN(const auto refused, flush(call, rejects));
    if (refused > 0 && bytes < resend_bytes)
        return sdk::Outcome::resend;
    if (swaps)
        JF_TRY(swap(call));
    const Status done = on.commit(call, progress_.store_sql(commit));
    if (!done && done.error().code == Progress::fenced_code)
        return progress_.fenced();
    JF_TRY(done);
    progress_.note_stored(commit);
    open_ = staging_ = made_here_ = false;
    if (loader_)
        loader_->settled();
    if (swaps) {
        swapped_ = true;
        table_.reset(); // what comes next would need a new table beside the target
    }
    return refused > 0 ? sdk::Outcome::rejected : sdk::Outcome::done;
}

Result<sdk::Landing> TableWriter::resolve(const sdk::Call& call, const sdk::Commit& commit)
{
    JF_ASSIGN(const auto landing, progress_.resolve(call, commit));
    roll_back();
    lost_ = landing != sdk::Landing::landed;
    if (landing == sdk::Landing::landed && plan_.mode == Mode::replace && commit.final)
        swapped_ = true;
    return landing;
}

Status TableWriter::abort(const sdk::Call&)
{
    if (lease_)
        lease_->calm(); // an interrupt was for the calls before this one
    roll_back();
    lost_ = false;
    return {};
}

/// Sees the open epoch: the table, and what is loaded under the name jackfield_epoch; in a replace also under the table's own
/// name, where that is written without a schema.
Result<OwnedStream> TableWriter::query(const sdk::Call& call, std::string_view sql, std::optional<OwnedStream> params)
{
    if (lost_)
        return fail(JF_E_STATE, "the open epoch was rolled back; it is sent again first");
    JF_TRY(check_reads(sql));
    Params values;
    if (params) {
        JF_ASSIGN(values, params_of(std::move(*params)));
    }
    const auto ready = [&]() -> Status {
        JF_ASSIGN(const auto refused, flush(call, sdk::Rejects(nullptr))); // a row at fault is found again when the epoch is
        (void)refused;
        JF_TRY(begin(call));
        return staging_ ? lease_->execute(call, std::string("DELETE FROM pg_temp.") + Merge::stage) : Status();
    };
    if (auto done = ready(); !done)
        return failed(call, std::move(done).error());
    const auto ask = [&]() -> Result<OwnedStream> {
        JF_TRY(lease_->execute(call, "SAVEPOINT jackfield_query"));
        if (table_) {
            const std::string rows = " AS SELECT * FROM " + loaded().quoted();
            JF_TRY(lease_->execute(call, "CREATE TEMPORARY VIEW jackfield_epoch" + rows));
            if (plan_.mode == Mode::replace)
                JF_TRY(lease_->execute(call, "CREATE TEMPORARY VIEW " + quote_identifier(target_.name) + rows));
        }
        JF_TRY(lease_->execute(call, "SET LOCAL transaction_read_only = on"));
        return read_all(*lease_, call, sql, values, {});
    };
    auto answer = ask();
    if (const auto back = lease_->execute(call, "ROLLBACK TO SAVEPOINT jackfield_query; RELEASE SAVEPOINT jackfield_query"); !back)
        return failed(call, back.error());
    return answer;
}

} // namespace jackfield::postgres

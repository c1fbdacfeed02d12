// SelectReader: what is to be read, as SQL.
#include "quote.hpp"
#include "reader.hpp"

#include <algorithm>
#include <charconv>

namespace jackfield::postgres {
namespace {

constexpr std::uint64_t epoch_ids = std::uint64_t(1) << 32; // transaction ids as rows keep them come round after so many
constexpr Oid oid_xid8 = 5069;

std::uint64_t big_number(const std::string& text)
{
    std::uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

bool is_number(Kind kind)
{
    return kind == Kind::int2 || kind == Kind::int4 || kind == Kind::int8 || kind == Kind::numeric || kind == Kind::float4 || kind == Kind::float8;
}

} // namespace

Status SelectReader::start(const sdk::Call& call, Select select, std::string condition, std::string_view from, std::string_view until)
{
    select_ = std::move(select);
    condition_ = std::move(condition);
    decoder_ = std::make_unique<RowDecoder>(select_.columns, rules_.decode);
    JF_TRY(find_order(call));
    JF_TRY(read_positions(from, until));
    JF_TRY(refuse_nulls(call));
    if (rules_.snapshot)
        JF_TRY(find_horizon(call));
    if (rules_.by_transaction())
        JF_TRY(first_range());
    return begin_rows(call);
}

Status SelectReader::find_order(const sdk::Call& call)
{
    std::optional<Table> table;
    if (rules_.table && !rules_.order.empty()) {
        JF_ASSIGN(table, look_at(*session_, call, *rules_.table));
    }
    for (const auto& name : rules_.order) {
        const char* option = name == rules_.cursor ? "cursor" : "key";
        auto place = select_.place_of(name);
        if (!place)
            return std::move(place).error().at(option);
        if (auto usable = check_key(select_.columns[*place]); !usable)
            return std::move(usable).error().at(option);
        places_.push_back(*place);
        order_.push_back(select_.columns[*place]);
        const Column* known = table ? table->find(name) : nullptr;
        not_null_.push_back(known && known->not_null);
    }
    const auto ordered = [&](const std::string& name) { return std::find(rules_.order.begin(), rules_.order.end(), name) != rules_.order.end(); };
    if (table)
        unique_ = std::any_of(table->keys.begin(), table->keys.end(),
            [&](const UniqueKey& key) { return std::all_of(key.columns.begin(), key.columns.end(), ordered); });
    return {};
}

Status SelectReader::read_positions(std::string_view from, std::string_view until)
{
    has_from_ = !from.empty();
    has_until_ = !until.empty();
    if (order_.empty() && (has_from_ || has_until_))
        return fail(JF_E_POSITION, "rows without an order have no place to go on from; name unique columns in 'key', or start over with --new", "key");
    if (has_from_) {
        JF_ASSIGN(from_, Place::decode(from, rules_.by_transaction(), order_));
    }
    if (has_until_) {
        JF_ASSIGN(until_, Place::decode(until, rules_.by_transaction(), order_));
    }
    return {};
}

/// A row without a cursor is behind no position: it would be read by no run, and nobody would know.
Status SelectReader::refuse_nulls(const sdk::Call& call)
{
    if (rules_.skip_nulls)
        return {};
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (not_null_[i])
            continue;
        const std::string where = " WHERE " + Select::alias(places_[i]) + " IS NULL" + (condition_.empty() ? "" : " AND " + condition_);
        JF_ASSIGN(const Answer found, session_->run(call, "SELECT EXISTS (SELECT 1 " + select_.from() + where + ")", rules_.params));
        if (found.flag(0, 0))
            return fail(JF_E_DATA, "there are rows without a value in '" + order_[i].name
                    + "', which could never be gone on with; set 'nulls' to \"skip\" to leave them out", order_[i].name);
    }
    return {};
}

Status SelectReader::find_horizon(const sdk::Call& call)
{
    if (session_->version() < 130000)
        return fail(JF_E_UNSUPPORTED, "'horizon' needs PostgreSQL 13 or newer", "horizon");
    if (!rules_.cursor.empty() && order_[0].type.oid != oid_xid8)
        return fail(JF_E_CONFIG, "the horizon is one of transactions, and '" + rules_.cursor + "' is of type " + order_[0].type.sql
                + ": name a column of type xid8 (DEFAULT pg_current_xact_id()), or leave 'cursor' out and name the table's 'key'", "cursor");
    JF_ASSIGN(const Answer found, session_->run(call, "SELECT pg_catalog.pg_snapshot_xmin(s)::text, pg_catalog.pg_snapshot_xmax(s)::text, "
            "pg_catalog.pg_is_in_recovery() FROM pg_catalog.pg_current_snapshot() AS s"));
    horizon_ = big_number(found.text(0, 0));
    newest_ = big_number(found.text(0, 1));
    standby_ = found.flag(0, 2);
    return {};
}

/// Where a stored range ends before the horizon, nothing of it can change any more but by updates, which move rows out of it.
Status SelectReader::first_range()
{
    if (from_.high > horizon_ && !standby_)
        return fail(JF_E_POSITION, "the server has gone back to older transactions than the stored position knows (restored, or failed over); start over with "
                "--full-refresh", "horizon");
    if (from_.high > horizon_ && !from_.keys.empty())
        return fail(JF_E_UNAVAILABLE, "the replica is behind the server that was read before; try again later");
    if (!has_from_) {
        from_.high = horizon_;
    } else if (from_.keys.empty()) {
        from_.low = from_.high;
        from_.high = std::max(from_.high, horizon_);
    }
    if (has_until_ && from_.low == until_.low)
        from_.high = until_.high;
    else if (has_until_ && from_.high != until_.low)
        return fail(JF_E_POSITION, "the two stored positions are not of the same read; start over with --full-refresh", "horizon");
    return {};
}

void SelectReader::next_range()
{
    from_.low = from_.high;
    from_.high = has_until_ ? until_.high : horizon_;
    from_.keys.clear();
}

/// Of a row's own transaction id, which has 32 bits: whether it is in the range.
Result<std::string> SelectReader::in_range() const
{
    const auto since = [](std::uint64_t id) {
        return "((xmin::text::bigint - " + std::to_string(id % epoch_ids) + " + " + std::to_string(epoch_ids) + ") % " + std::to_string(epoch_ids) + ")";
    };
    if (from_.low == 0) // the first read: all that are not younger than the range
        return since(from_.high) + " >= " + std::to_string(newest_ - std::min(newest_, from_.high));
    if (from_.high - from_.low >= epoch_ids / 2)
        return fail(JF_E_POSITION, "more than two thousand million transactions have passed since the last run, so that rows' ids have come round; start over "
                "with --full-refresh", "horizon");
    return since(from_.low) + " < " + std::to_string(from_.high - from_.low);
}

Result<std::string> SelectReader::compared(const Keys& keys, const char* sign) const
{
    std::string names, values;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        JF_ASSIGN(const std::string value, key_literal(order_[i], keys[i]));
        names += (i ? ", " : "") + Select::alias(places_[i]);
        values += (i ? ", " : "") + value;
    }
    return keys.size() == 1 ? names + " " + sign + " " + values : "(" + names + ") " + sign + " (" + values + ")";
}

/// The window as SQL that can be taken from a cursor.
Result<std::string> SelectReader::window_step() const
{
    const Kind kind = order_[0].type.kind;
    const bool plain = rules_.window.find_first_not_of("0123456789") == std::string::npos;
    if (plain && is_number(kind))
        return rules_.window;
    const auto length = sdk::parse_duration(rules_.window);
    if (!plain && length && (kind == Kind::timestamp || kind == Kind::timestamptz || kind == Kind::date))
        return "pg_catalog.make_interval(secs => " + std::to_string(*length / 1'000'000) + " / 1000.0)";
    return fail(JF_E_CONFIG, "'" + rules_.window + "' is no distance between values of '" + rules_.cursor + "', of type " + order_[0].type.sql
            + "; write a number for numbers, a duration for times", "window");
}

/// Rows that may still get company before them wait for a later run.
Result<std::string> SelectReader::held_back(const sdk::Call& call, const std::string& step)
{
    const std::string cursor = Select::alias(places_[0]);
    if (order_[0].type.kind == Kind::timestamptz)
        return cursor + " <= pg_catalog.now() - " + step;
    // Other times and numbers follow no clock that we know: the greatest value is the measure.
    JF_ASSIGN(const Answer found, session_->run(call, "SELECT (pg_catalog.max(" + cursor + ") - " + step + ")::text " + select_.from(), rules_.params));
    const auto last = found.value(0, 0);
    const std::string type = is_number(order_[0].type.kind) ? "numeric" : "timestamp";
    return last ? cursor + " <= " + quote_literal(*last) + "::" + type : std::string();
}

Result<std::string> SelectReader::conditions(const sdk::Call& call)
{
    std::string out;
    const auto add = [&](const std::string& condition) {
        if (!condition.empty())
            out += (out.empty() ? " WHERE " : " AND ") + condition;
    };
    add(condition_.empty() ? "" : "(" + condition_ + ")");
    for (std::size_t i = 0; rules_.skip_nulls && i < places_.size(); ++i)
        add(Select::alias(places_[i]) + " IS NOT NULL");
    std::string step;
    if (!rules_.window.empty()) {
        JF_ASSIGN(step, window_step());
    }
    const bool again = rules_.late == SourceRules::Late::again && !step.empty();
    if (has_from_ && !from_.keys.empty() && again) {
        JF_ASSIGN(const std::string from, key_literal(order_[0], from_.keys[0]));
        add(Select::alias(places_[0]) + " >= " + from + " - " + step);
    } else if (!from_.keys.empty()) {
        JF_ASSIGN(const std::string after, compared(from_.keys, ">"));
        add(after);
    }
    if (!step.empty() && !again) {
        JF_ASSIGN(const std::string held, held_back(call, step));
        add(held);
    }
    if (rules_.snapshot && !rules_.by_transaction())
        add(Select::alias(places_[0]) + " < '" + std::to_string(horizon_) + "'::pg_catalog.xid8");
    if (has_until_ && (!rules_.by_transaction() || cut_short())) {
        JF_ASSIGN(const std::string last, compared(until_.keys, "<="));
        add(last);
    }
    return out;
}

Status SelectReader::begin_rows(const sdk::Call& call)
{
    if (rules_.by_transaction()) {
        JF_ASSIGN(const std::string range, in_range());
        select_.sql = rules_.text(range);
    }
    JF_ASSIGN(std::string clauses, conditions(call));
    for (std::size_t i = 0; i < places_.size(); ++i)
        clauses += (i ? ", " : " ORDER BY ") + Select::alias(places_[i]);
    ended_ = false;
    rows_.reset();
    if (by_cursor_used_)
        JF_TRY(session_->execute(call, "CLOSE ALL"));
    by_cursor_used_ = !rules_.params.empty();
    JF_ASSIGN(rows_, RowStream::open(*session_, call, select_.text(rules_.decode, clauses), rules_.params, false));
    return {};
}

} // namespace jackfield::postgres

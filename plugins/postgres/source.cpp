// The source 'postgres': partitions, readers, findings.
#include "source.hpp"

#include "quote.hpp"
#include "reader.hpp"

#include <algorithm>
#include <charconv>

namespace jackfield::postgres {
namespace {

constexpr const char* reading = "ISOLATION LEVEL REPEATABLE READ, READ ONLY";

Error at_statement(Error error, const SourceRules& rules) { return std::move(error).at(rules.table ? "table" : "query"); }

/// "2/8" is the third of eight.
std::optional<std::size_t> number_of(std::string_view partition)
{
    std::size_t out = 0;
    const char* const end = partition.data() + partition.size();
    const auto [at, bad] = std::from_chars(partition.data(), end, out);
    return bad == std::errc() && at != partition.data() ? std::optional(out) : std::nullopt;
}

class Findings {
public:
    void add(const char* severity, const char* place, const std::string& message)
    {
        text_ += (text_.empty() ? "" : ",") + ("{\"severity\":\"" + std::string(severity)) + "\",\"place\":\"" + place + "\",\"message\":" + sdk::json_string(message) + "}";
    }
    [[nodiscard]] std::string text() const { return "[" + text_ + "]"; }

private:
    std::string text_;
};

} // namespace

Result<std::unique_ptr<PostgresSource>> PostgresSource::make(const sdk::Config& config, sdk::Host, PostgresConnection* on)
{
    JF_ASSIGN(SourceRules rules, SourceRules::from(config));
    return std::make_unique<PostgresSource>(*on, std::move(rules));
}

/// Opens the transaction whose snapshot the readers share.
Status PostgresSource::export_snapshot(const sdk::Call& call)
{
    exporter_ = Lease();
    snapshot_.clear();
    JF_ASSIGN(exporter_, on_.lend(call, Role::reader));
    JF_TRY(exporter_->begin(call, reading));
    // It has nothing to do but to be there, for as long as the readers need.
    JF_TRY(exporter_->execute(call, "SET LOCAL idle_in_transaction_session_timeout = 0"));
    JF_ASSIGN(const Answer exported, exporter_->run(call, "SELECT pg_catalog.pg_export_snapshot()"));
    snapshot_ = exported.text(0, 0);
    return {};
}

Result<std::vector<std::string>> PostgresSource::bounds(const sdk::Call& call, Session& session) const
{
    if (!rules_.split_at.empty())
        return rules_.split_at;
    auto select = look_at_select(session, call, rules_.text(), rules_.params.size());
    if (!select)
        return at_statement(std::move(select).error(), rules_);
    auto place = select->place_of(rules_.split_by);
    if (!place)
        return std::move(place).error().at("split_by");
    const Column& column = select->columns[*place];
    std::string wide;
    switch (column.type.kind) {
    case Kind::int2: case Kind::int4: case Kind::int8: wide = "numeric"; break;
    case Kind::numeric: case Kind::date: case Kind::timestamp: case Kind::timestamptz: wide = column.type.sql; break;
    default:
        return fail(JF_E_CONFIG, "ranges of '" + column.name + "', of type " + column.type.sql + ", have no width; name their bounds in 'split_at'", "split_by");
    }
    const std::string parts = std::to_string(rules_.parts);
    // Narrowed to the column's type before it becomes text, so that it is one of its values.
    JF_ASSIGN(const Answer found, session.run(call, "SELECT (low + (high - low) * i / " + parts + ")::" + column.type.sql + "::text FROM (SELECT pg_catalog.min("
            + Select::alias(*place) + ")::" + wide + " AS low, pg_catalog.max(" + Select::alias(*place) + ")::" + wide + " AS high " + select->from()
            + ") AS ends, pg_catalog.generate_series(1, " + parts + " - 1) AS i WHERE low IS NOT NULL ORDER BY i", rules_.params));
    std::vector<std::string> out;
    for (int row = 0; row < found.rows(); ++row)
        out.push_back(found.text(row, 0));
    return out;
}

Result<std::vector<std::string>> PostgresSource::partitions(const sdk::Call& call)
{
    if (rules_.split_by.empty())
        return std::vector<std::string>{""};
    if (on_.pooler())
        return fail(JF_E_CONFIG, "partitions share a snapshot that its session holds, which a pooler does not keep; leave out 'split_by'", "split_by");
    JF_TRY(export_snapshot(call));
    JF_ASSIGN(bounds_, bounds(call, *exporter_));
    std::vector<std::string> out;
    for (std::size_t i = 0; i <= bounds_.size(); ++i)
        out.push_back(std::to_string(i) + "/" + std::to_string(bounds_.size() + 1));
    return out;
}

/// From its bound up to the next one; rows without a value are in the first part.
Result<std::string> PostgresSource::part_condition(const Select& select, std::size_t place, std::string_view partition) const
{
    const auto number = number_of(partition);
    if (!number || *number > bounds_.size())
        return fail(JF_E_STATE, "there is no partition '" + std::string(partition) + "'; ask for the partitions first");
    const auto literal = [&](std::size_t bound) { return quote_literal(bounds_[bound]) + "::" + select.columns[place].type.sql; };
    const std::string name = Select::alias(place);
    std::string out;
    if (*number > 0)
        out = name + " >= " + literal(*number - 1);
    if (*number < bounds_.size())
        out += (out.empty() ? "" : " AND ") + name + " < " + literal(*number);
    if (*number == 0 && !out.empty())
        out = "(" + out + " OR " + name + " IS NULL)";
    return out;
}

Result<std::unique_ptr<sdk::Reader>> PostgresSource::open(const sdk::Call& call, const sdk::ReadRequest& request)
{
    const bool parts = !rules_.split_by.empty();
    if (parts && (!exporter_ || exporter_->broken()))
        JF_TRY(partitions(call));
    JF_ASSIGN(Lease session, on_.lend(call, Role::reader));
    JF_TRY(session->begin(call, reading));
    if (parts)
        if (auto joined = session->execute(call, "SET TRANSACTION SNAPSHOT " + quote_literal(snapshot_)); !joined) {
            const bool gone = joined.error().code == "22023" || joined.error().code == "55000";
            if (!gone)
                return std::move(joined).error();
            return fail(JF_E_UNAVAILABLE, "the session that held the snapshot of the partitions was ended; the run must be repeated");
        }
    auto select = look_at_select(*session, call, rules_.text(), rules_.params.size());
    if (!select)
        return at_statement(std::move(select).error(), rules_);
    if (!select->wrappable)
        return fail(JF_E_CONFIG, "a source reads SELECT, WITH, VALUES or TABLE; SHOW and EXPLAIN are for a connection's query", "query");
    std::string condition;
    if (parts) {
        auto place = select->place_of(rules_.split_by);
        if (!place)
            return std::move(place).error().at("split_by");
        JF_ASSIGN(condition, part_condition(*select, *place, request.partition));
    }
    auto reader = std::make_unique<SelectReader>(std::move(session), rules_);
    if (auto started = reader->start(call, *std::move(select), std::move(condition), request.from, request.until); !started)
        return started.error().where.empty() ? at_statement(std::move(started).error(), rules_) : std::move(started).error();
    return reader;
}

Result<std::string> PostgresSource::check(const sdk::Call& call)
{
    Findings out;
    JF_ASSIGN(const Lease session, on_.lend(call, Role::reader));
    JF_TRY(session->begin(call, reading));
    const char* place = rules_.table ? "table" : "query";
    auto select = look_at_select(*session, call, rules_.text(), rules_.params.size());
    if (!select) {
        if (select.error().kind == JF_E_UNAVAILABLE || select.error().kind == JF_E_CANCELLED || select.error().kind == JF_E_TIMEOUT)
            return std::move(select).error();
        out.add("error", place, select.error().message);
        return out.text();
    }
    for (const auto& name : rules_.order) {
        const char* option = name == rules_.cursor ? "cursor" : "key";
        const auto found = select->place_of(name);
        if (!found)
            out.add("error", option, found.error().message);
        else if (const auto usable = check_key(select->columns[*found]); !usable)
            out.add("error", option, usable.error().message);
    }
    if (!rules_.split_by.empty())
        if (const auto found = select->place_of(rules_.split_by); !found)
            out.add("error", "split_by", found.error().message);
    if (rules_.table && !rules_.order.empty()) {
        JF_ASSIGN(const auto table, look_at(*session, call, *rules_.table));
        const auto ordered = [&](const std::string& name) { return std::find(rules_.order.begin(), rules_.order.end(), name) != rules_.order.end(); };
        const bool unique = table && std::any_of(table->keys.begin(), table->keys.end(),
            [&](const UniqueKey& key) { return std::all_of(key.columns.begin(), key.columns.end(), ordered); });
        if (!unique)
            out.add("warning", rules_.order.size() == 1 && !rules_.cursor.empty() ? "cursor" : "key",
                "no unique index makes rows differ in these columns: rows that are alike stay in one batch, however many they are");
        for (const auto& name : rules_.order)
            if (const Column* column = table ? table->find(name) : nullptr; column && !column->not_null)
                out.add("info", name == rules_.cursor ? "cursor" : "key", "'" + name + "' may be NULL: each run looks whether such rows are there first");
    }
    return out.text();
}

} // namespace jackfield::postgres

// The tasks 'postgres.index' and 'postgres.reindex'. CREATE INDEX CONCURRENTLY that dies leaves an index behind that is kept up
// to date and never read: it must go. No advisory lock guards two runs from each other: a session that waits for one has a
// snapshot, for the end of which the other's CREATE INDEX CONCURRENTLY waits.
#include "index_task.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

/// $1: schema, $2: name. What is there under the name of an index.
constexpr const char* index_query = R"(
SELECT c.relkind, t.relname, i.indisvalid, i.indisunique, a.amname, i.indpred IS NOT NULL,
       (SELECT array_agg(coalesce(k.attname, '')::text ORDER BY u.place)::text FROM unnest(i.indkey) WITH ORDINALITY AS u(number, place)
        LEFT JOIN pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = u.number AND u.number <> 0 WHERE u.place <= i.indnkeyatts),
       CASE WHEN i.indexrelid IS NOT NULL THEN pg_get_indexdef(c.oid) END,
       (SELECT p.pid FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid LIMIT 1)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid LEFT JOIN pg_am a ON a.oid = c.relam
WHERE n.nspname = $1 AND c.relname = $2)";

/// $1: quoted name of a table. Its invalid indexes that nobody is building, with the names that REINDEX CONCURRENTLY gives.
constexpr const char* leftover_query = R"(
SELECT n.nspname, c.relname
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = to_regclass($1) AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
  AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.relid = i.indrelid))";

/// {a,b} as array_out writes it.
std::string array_of(const std::vector<std::string>& texts)
{
    std::string out = "{";
    for (const std::string& text : texts) {
        out += out.size() > 1 ? "," : "";
        const bool plain = !text.empty() && text != "NULL" && text.find_first_of("{}\",\\ \t\n\r\v\f") == std::string::npos;
        if (plain) {
            out += text;
            continue;
        }
        out += '"';
        for (const char c : text)
            out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
        out += '"';
    }
    return out + "}";
}

std::string joined(const std::vector<std::string>& texts)
{
    std::string out;
    for (const std::string& text : texts)
        out += (out.empty() ? "" : ", ") + text;
    return out;
}

/// table_a_b_idx, as the server itself would call it, within its 63 bytes.
std::string usual_name(const IndexPlan& plan)
{
    std::string out = plan.table.name;
    for (const std::string& column : plan.columns)
        out += "_" + column;
    std::size_t size = std::min<std::size_t>(out.size(), 59);
    while (size > 0 && (static_cast<unsigned char>(out[size]) & 0xc0) == 0x80) // never within a character
        --size;
    return out.substr(0, size) + "_idx";
}

} // namespace

std::string IndexPlan::sql(const Name& on, bool concurrently) const
{
    std::string out = std::string("CREATE ") + (unique ? "UNIQUE " : "") + "INDEX " + (concurrently ? "CONCURRENTLY " : "") + quote_identifier(name)
        + " ON " + on.quoted() + " USING " + quote_identifier(method) + " (" + (columns.empty() ? joined(keys) : quote_list(columns)) + ")";
    if (!include.empty())
        out += " INCLUDE (" + quote_list(include) + ")";
    if (nulls_equal)
        out += " NULLS NOT DISTINCT";
    if (!where.empty())
        out += " WHERE (\n" + where + "\n)";
    return out;
}

Result<IndexPlan> read_index(const sdk::Config& config)
{
    IndexPlan out;
    auto table = parse_name(config.text("table"));
    if (!table)
        return std::move(table).error().at("table");
    out.table = *table;
    out.columns = config.texts("columns");
    out.keys = config.texts("keys");
    if (out.columns.empty() == out.keys.empty())
        return fail(JF_E_CONFIG, "give either 'columns' or 'keys', SQL such as \"lower(email)\"", "columns");
    out.include = config.texts("include");
    out.method = config.has("method") ? config.text("method") : "btree";
    out.where = config.text("where");
    out.unique = config.boolean("unique");
    out.nulls_equal = config.boolean("nulls_equal");
    if (out.nulls_equal && !out.unique)
        return fail(JF_E_CONFIG, "'nulls_equal' is for a unique index only", "nulls_equal");
    out.concurrently = config.type("concurrently") == JF_JSON_ABSENT || config.boolean("concurrently");
    if (config.has("name")) {
        out.name = config.text("name");
        if (out.name.empty() || out.name.size() > 63 || out.name.find('\0') != std::string::npos)
            return fail(JF_E_CONFIG, "the name of an index has 1 to 63 bytes", "name");
    } else if (out.columns.empty()) {
        return fail(JF_E_CONFIG, "an index over 'keys' needs a name, by which a later run finds it", "name");
    } else {
        out.name = usual_name(out);
    }
    return out;
}

sdk::Options IndexTask::options()
{
    auto out = sdk::Options()
        .text("table", "the table or materialized view", {.required = true})
        .texts("columns", "columns of the index, in this order")
        .texts("keys", "or its keys as SQL: \"lower(email)\", \"at DESC NULLS LAST\"")
        .text("name", "name of the index; for 'columns', if not said, table_column_idx")
        .boolean("unique", "no two rows with the same keys", false)
        .boolean("nulls_equal", "unique takes NULLs for equal (PostgreSQL 15)", false)
        .texts("include", "further columns, so that queries need not look at the table")
        .text("method", "btree, hash, gist, spgist, gin, brin or one of an extension", {.fallback = "btree"})
        .text("where", "SQL condition: only these rows are in the index")
        .boolean("concurrently", "everybody goes on writing meanwhile", true);
    return add_limits(out);
}

sdk::Description IndexTask::describe(const sdk::Config&) { return {.capabilities = JF_IS_ACTION | JF_IDEMPOTENT, .sentence = "makes the index if it is missing"}; }

Result<std::unique_ptr<IndexTask>> IndexTask::make(const sdk::Config& config, sdk::Host host, PostgresConnection* on)
{
    JF_ASSIGN(IndexPlan plan, read_index(config));
    return std::make_unique<IndexTask>(config, host, on, std::move(plan));
}

/// An index of that name which is not what the flow asks for is nobody's to replace unasked.
Status IndexTask::check_same(const Answer& found) const
{
    const bool same = found.text(0, 1) == plan_.table.name && found.flag(0, 3) == plan_.unique && found.text(0, 4) == plan_.method
        && found.flag(0, 5) == !plan_.where.empty() && (plan_.columns.empty() || found.text(0, 6) == array_of(plan_.columns));
    if (same)
        return {};
    const std::string what = found.value(0, 7) ? "is there as another one: " + found.text(0, 7) : "is the name of something that is no index";
    return fail(JF_E_CONFIG, "'" + plan_.name + "' " + what + "; drop it or choose another name", "name");
}

Status IndexTask::drop_leftover(const sdk::Call& call, Session& session, const Name& index) const
{
    host_.warn("the index '" + index.text() + "' is invalid, left behind by a run that did not end: dropped and made again");
    return session.execute(call, "DROP INDEX CONCURRENTLY IF EXISTS " + index.quoted());
}

/// "created", "recreated" or "present".
Result<std::string> IndexTask::made(const sdk::Call& call, Session& session, const Name& table, char relation)
{
    const bool concurrently = plan_.concurrently && relation != 'p';
    if (plan_.concurrently && !concurrently)
        host_.warn("'" + table.text() + "' is partitioned, where no index can be made concurrently: writers wait");
    const Name index{table.schema, plan_.name};
    JF_ASSIGN(const Answer found, session.run(call, index_query, {{index.schema}, {index.name}}));
    const bool there = found.rows() > 0;
    if (there) {
        JF_TRY(check_same(found));
        if (found.flag(0, 2))
            return std::string("present");
        if (const auto pid = found.value(0, 8))
            return fail(JF_E_UNAVAILABLE, "the index '" + index.text() + "' is being made by another session, process " + std::string(*pid) + " of the server", "name");
        JF_TRY(drop_leftover(call, session, index));
    }
    auto done = session.execute(call, plan_.sql(table, concurrently));
    if (done)
        return std::string(there ? "recreated" : "created");
    Error error = std::move(done).error();
    if (error.code == "42P07") // somebody was faster
        error.kind = JF_E_UNAVAILABLE;
    else if (concurrently && !call.cancelled() && !session.broken()) // else the next run does it; until then it costs every writer
        if (const auto left = session.run(call, index_query, {{index.schema}, {index.name}}); left && left->rows() > 0 && !left->flag(0, 2) && !left->value(0, 8))
            (void)session.execute(call, "DROP INDEX CONCURRENTLY IF EXISTS " + index.quoted());
    return error;
}

Result<std::string> IndexTask::run(const sdk::Call& call, const sdk::Scope&, std::uint32_t)
{
    JF_ASSIGN(const Lease session, on_.lend(call, Role::primary));
    JF_ASSIGN(const auto outside, OutsideTransaction::make(*session, call, limits_, on_));
    JF_ASSIGN(const Answer table, session->run(call, "SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.oid = to_regclass($1)", {{plan_.table.quoted()}}));
    if (table.rows() == 0)
        return fail(JF_E_NOT_FOUND, "there is no table '" + plan_.table.text() + "'", "table");
    const Name name{table.text(0, 0), table.text(0, 1)};
    JF_ASSIGN(const std::string what, made(call, *session, name, table.text(0, 2)[0]));
    return "{\"index\":" + sdk::json_string(Name{name.schema, plan_.name}.text()) + ",\"done\":\"" + what + "\"}";
}

sdk::Options ReindexTask::options()
{
    auto out = sdk::Options()
        .text("table", "the table whose indexes are built anew")
        .text("index", "or one index")
        .boolean("concurrently", "everybody goes on writing meanwhile", true);
    return add_limits(out);
}

sdk::Description ReindexTask::describe(const sdk::Config&) { return {.capabilities = JF_IS_ACTION | JF_IDEMPOTENT, .sentence = "builds the indexes anew"}; }

Result<std::unique_ptr<ReindexTask>> ReindexTask::make(const sdk::Config& config, sdk::Host host, PostgresConnection* on)
{
    if (config.has("table") == config.has("index"))
        return fail(JF_E_CONFIG, "give either a 'table' or an 'index'", "table");
    const char* option = config.has("table") ? "table" : "index";
    auto what = parse_name(config.text(option));
    if (!what)
        return std::move(what).error().at(option);
    return std::make_unique<ReindexTask>(config, host, on, std::move(*what));
}

/// Indexes that a REINDEX CONCURRENTLY which was killed left behind on the table.
Result<std::vector<std::string>> ReindexTask::drop_leftovers(const sdk::Call& call, Session& session, const std::string& table) const
{
    JF_ASSIGN(const Answer found, session.run(call, leftover_query, {{table}}));
    std::vector<std::string> out;
    for (int row = 0; row < found.rows(); ++row) {
        const Name name{found.text(row, 0), found.text(row, 1)};
        host_.warn("dropped the index '" + name.text() + "', left behind by a reindex that did not end");
        JF_TRY(session.execute(call, "DROP INDEX CONCURRENTLY IF EXISTS " + name.quoted()));
        out.push_back(name.text());
    }
    return out;
}

Result<std::string> ReindexTask::run(const sdk::Call& call, const sdk::Scope&, std::uint32_t)
{
    const bool whole = config_.has("table");
    const bool concurrently = config_.type("concurrently") == JF_JSON_ABSENT || config_.boolean("concurrently");
    JF_ASSIGN(const Lease session, on_.lend(call, Role::primary));
    JF_ASSIGN(const auto outside, OutsideTransaction::make(*session, call, limits_, on_));
    JF_ASSIGN(const Answer found, session->run(call, "SELECT CASE WHEN relkind IN ('i', 'I') THEN (SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = c.oid) "
            "ELSE c.oid::regclass::text END, relkind IN ('i', 'I') FROM pg_class c WHERE c.oid = to_regclass($1)", {{what_.quoted()}}));
    if (found.rows() == 0 || found.flag(0, 1) == whole)
        return fail(JF_E_NOT_FOUND, std::string("there is no ") + (whole ? "table" : "index") + " '" + what_.text() + "'", whole ? "table" : "index");
    JF_ASSIGN(const std::vector<std::string> dropped, drop_leftovers(call, *session, found.text(0, 0)));
    JF_TRY(session->execute(call, std::string("REINDEX ") + (whole ? "TABLE " : "INDEX ") + (concurrently ? "CONCURRENTLY " : "") + what_.quoted()));
    pass_on_notices(*session);
    return "{\"concurrently\":" + std::string(concurrently ? "true" : "false") + ",\"leftovers\":" + texts_as_json(dropped) + "}";
}

} // namespace jackfield::postgres

// The sink 'postgres'.
#include "sink.hpp"

#include "table.hpp"
#include "writer.hpp"

namespace jackfield::postgres {
namespace {

struct ModeName {
    const char* name;
    Mode mode;
    const char* said; // by describe()
};
constexpr ModeName mode_names[] = {{"append", Mode::append, "append"}, {"replace", Mode::replace, "replace, loaded aside and swapped at the end"},
    {"upsert", Mode::upsert, "upsert by key"}, {"merge", Mode::merge, "upsert and delete by key"}, {"delete", Mode::erase, "delete by key"}};

const ModeName& mode_named(std::string_view name)
{
    for (const ModeName& known : mode_names)
        if (known.name == name)
            return known;
    return mode_names[0];
}

Result<SinkPlan> sink_plan_of(const sdk::Config& config)
{
    SinkPlan plan;
    auto table = parse_name(config.text("table"));
    if (!table)
        return std::move(table).error().at("table");
    plan.table = *std::move(table);
    plan.mode = mode_named(config.text("mode")).mode;
    plan.key = config.texts("key");
    plan.deleted = config.text("deleted");
    plan.contract = config.text("schema") == "evolve" ? Contract::evolve : config.text("schema") == "discard" ? Contract::discard : Contract::freeze;
    plan.create = config.type("create") == JF_JSON_ABSENT || config.boolean("create");
    plan.progress = config.has("progress_schema") ? config.text("progress_schema") : "jackfield";
    plan.swap_wait_ns = config.duration("swap_wait", 60'000'000'000);
    const std::string mode(mode_named(config.text("mode")).name);
    if (plan.staged() && plan.key.empty())
        return fail(JF_E_CONFIG, "mode '" + mode + "' needs 'key': the columns that say which row is meant", "key");
    if (!plan.staged() && !plan.key.empty())
        return fail(JF_E_CONFIG, "'key' is for the modes 'upsert', 'merge' and 'delete'", "key");
    if ((plan.mode == Mode::merge) != !plan.deleted.empty())
        return fail(JF_E_CONFIG, plan.deleted.empty() ? "mode 'merge' needs 'deleted': the column that says which rows are deletions; without one, use 'upsert'"
                                                      : "'deleted' is for mode 'merge' only", "deleted");
    return plan;
}

std::string found(const char* severity, const char* at, const std::string& message)
{
    return std::string("{\"severity\":\"") + severity + "\",\"place\":\"" + at + "\",\"message\":" + sdk::json_string(message) + "}";
}

/// What the user may not do, in one question.
Result<std::string> check_privileges(Session& session, const sdk::Call& call, const SinkPlan& plan, const std::optional<Table>& table)
{
    std::string out;
    const auto add = [&](const char* at, const std::string& message) { out += (out.empty() ? "" : ",") + found("error", at, message); };
    const Name progress{plan.progress, "progress"};
    JF_ASSIGN(const Answer may, session.run(call,
        "SELECT pg_catalog.to_regclass($1) IS NOT NULL, CASE WHEN pg_catalog.to_regclass($1) IS NULL THEN CASE WHEN pg_catalog.to_regnamespace($2) IS NULL "
        "THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') ELSE pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace($2), 'CREATE') END "
        "ELSE pg_catalog.has_table_privilege(pg_catalog.to_regclass($1), 'SELECT') AND pg_catalog.has_table_privilege(pg_catalog.to_regclass($1), 'INSERT') "
        "AND pg_catalog.has_table_privilege(pg_catalog.to_regclass($1), 'UPDATE') END, "
        "pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY'), current_user",
        {{progress.quoted(), 25, false}, {quote_identifier(plan.progress), 25, false}}));
    const std::string user = "'" + may.text(0, 3) + "'";
    if (!may.flag(0, 1))
        add("progress_schema", may.flag(0, 0) ? user + " may not read and write " + progress.text() + ", where positions are kept; GRANT SELECT, INSERT, UPDATE, DELETE on it"
                                              : user + " may not make " + progress.text() + ", where positions are kept; let somebody else make the schema, or GRANT CREATE");
    if (plan.staged() && !may.flag(0, 2))
        add("mode", user + " may not make temporary tables, which this mode stages its rows in; GRANT TEMPORARY on the database");
    if (!table)
        return out;
    const std::string wanted = plan.mode == Mode::append ? "INSERT" : plan.mode == Mode::erase ? "SELECT, DELETE" : plan.mode == Mode::merge ? "SELECT, INSERT, UPDATE, DELETE" : "SELECT, INSERT, UPDATE";
    for (std::size_t from = 0; from < wanted.size() && plan.mode != Mode::replace;) {
        const std::size_t end = std::min(wanted.find(", ", from), wanted.size());
        const std::string one = wanted.substr(from, end - from);
        from = end + 2;
        JF_ASSIGN(const Answer has, session.run(call, "SELECT pg_catalog.has_table_privilege($1::oid, $2) OR pg_catalog.has_any_column_privilege($1::oid, "
                "CASE WHEN $2 = 'DELETE' THEN 'SELECT' ELSE $2 END) AND $2 <> 'DELETE'", {{std::to_string(table->oid), 0, false}, {one, 25, false}}));
        if (!has.flag(0, 0))
            add("table", user + " may not " + one + " on '" + plan.table.text() + "'; GRANT " + wanted + " on it");
    }
    return out;
}

} // namespace

sdk::Options PostgresSink::options()
{
    return sdk::Options()
        .text("table", "name, schema.name, or either part in double quotes; made from the rows if it is not there", {.required = true})
        .text("mode", "append: add the rows; replace: load beside the table and put them in its place at the end; upsert: write by key; merge: the same, and "
                      "delete what 'deleted' says; delete: delete by key",
            {.fallback = "append", .one_of = {"append", "replace", "upsert", "merge", "delete"}})
        .texts("key", "upsert, merge, delete: the columns that say which row is meant; of several rows with one key the last counts")
        .text("deleted", "merge: the column that says which rows are deletions: true, or 'd' or 'delete'; it is stored only if the table has it")
        .text("schema", "columns that the table lacks: freeze: refuse them; evolve: add them; discard: leave their values out",
            {.fallback = "freeze", .one_of = {"freeze", "evolve", "discard"}})
        .boolean("create", "make the table if it is not there", true)
        .text("progress_schema", "schema of the table 'progress', which keeps positions and fences; made if it is not there", {.fallback = "jackfield"})
        .duration("swap_wait", "replace: how long to try for the lock on the table", "1m");
}

Result<sdk::Description> PostgresSink::describe(const sdk::Config& config)
{
    JF_ASSIGN(const SinkPlan plan, sink_plan_of(config));
    sdk::Description out;
    out.capabilities = JF_CAN_STORE_TOKEN | JF_CAN_RESOLVE | JF_CAN_SHARE | JF_CAN_QUERY_EPOCH | (plan.staged() ? JF_IDEMPOTENT : 0);
    out.max_lanes = 8;
    out.digest_of = plan.table.quoted();
    out.sentence = "table " + plan.table.text() + ", " + mode_named(config.text("mode")).said + ": postgres commits the position with the rows";
    return out;
}

Result<std::unique_ptr<PostgresSink>> PostgresSink::make(const sdk::Config& config, sdk::Host host, PostgresConnection* on)
{
    JF_ASSIGN(SinkPlan plan, sink_plan_of(config));
    return std::make_unique<PostgresSink>(*on, host, std::move(plan));
}

Result<std::unique_ptr<sdk::Writer>> PostgresSink::open(const sdk::Call& call, const sdk::WriteRequest& request)
{
    const OwnedScope scope{std::string(request.scope.flow), std::string(request.scope.task), std::string(request.scope.slice), std::string(request.scope.generation)};
    auto writer = std::make_unique<TableWriter>(on_, host_, plan_, Progress(on_, plan_.progress, scope, std::string(request.owner)), scope, request.lane);
    JF_TRY(writer->prepare(call, request.fresh));
    return writer;
}

Result<std::string> PostgresSink::check(const sdk::Call& call)
{
    JF_ASSIGN(const Lease session, on_.lend(call, Role::primary));
    JF_ASSIGN(const auto table, look_at(*session, call, plan_.table));
    JF_ASSIGN(std::string out, check_privileges(*session, call, plan_, table));
    const auto add = [&](const char* severity, const char* at, const std::string& message) { out += (out.empty() ? "" : ",") + found(severity, at, message); };
    const std::string name = "'" + plan_.table.text() + "'";
    if (!table) {
        const bool made = plan_.create && plan_.mode != Mode::erase;
        add(made ? "info" : "error", "table", made ? "there is no table " + name + " yet; it is made from the first rows"
                                                   : "there is no table " + name + "; create it, or set 'create' to true");
        return "[" + out + "]";
    }
    if (table->relation == 'm' || (table->relation == 'v' && plan_.mode != Mode::append))
        add("error", "table", name + " is a view; name a table to write to");
    for (const auto& key : plan_.key)
        if (!table->find(key))
            add("error", "key", "the table " + name + " has no column '" + key + "'");
    const UniqueKey* unique = table->key_over(plan_.key);
    if (plan_.staged() && plan_.mode != Mode::erase && (!unique || unique->deferrable))
        add("error", "key", "the table " + name + " has no unique key over these columns; make one: CREATE UNIQUE INDEX ON " + table->name.quoted() + " ("
                + quote_list(plan_.key) + ")");
    return "[" + out + "]";
}

} // namespace jackfield::postgres

// The sink 'duckdb'.
#include "sink.hpp"

#include "writer.hpp"

#include <cstdio>

namespace jackfield::duckdb {
namespace {

/// Sixteen hexadecimal digits that name a generation of a task in table names.
std::string short_name(const sdk::Scope& scope)
{
    std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a
    for (const std::string_view part : {scope.flow, scope.task, scope.slice, scope.generation}) {
        for (const char c : part)
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        hash = (hash ^ 0xff) * 0x100000001b3;
    }
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

Result<SinkPlan> plan_of(const sdk::Config& config)
{
    SinkPlan plan;
    plan.table = config.text("table");
    JF_ASSIGN(plan.target, quote_table(plan.table));
    const std::string_view mode = config.text("mode");
    plan.mode = mode == "replace" ? Mode::replace : mode == "upsert" ? Mode::upsert : Mode::append;
    plan.key = config.texts("key");
    plan.evolve = config.text("schema") == "evolve";
    plan.create = config.type("create") == JF_JSON_ABSENT || config.boolean("create");
    if (plan.mode == Mode::upsert && plan.key.empty())
        return fail(JF_E_CONFIG, "mode 'upsert' needs 'key': the columns that say which row is meant", "key");
    if (plan.mode != Mode::upsert && !plan.key.empty())
        return fail(JF_E_CONFIG, "'key' is for mode 'upsert' only", "key");
    return plan;
}

} // namespace

sdk::Options DuckdbSink::options()
{
    return sdk::Options()
        .text("table", "name, schema.name or database.schema.name; made from the rows if it is not there", {.required = true})
        .text("mode", "append: add the rows; replace: load beside the table and put them in its place at the end; upsert: write by key",
            {.fallback = "append", .one_of = {"append", "replace", "upsert"}})
        .texts("key", "upsert: the columns that say which row is meant; of several rows with one key the last counts")
        .text("schema", "columns that the table lacks: freeze: refuse them; evolve: add them", {.fallback = "freeze", .one_of = {"freeze", "evolve"}})
        .boolean("create", "make the table if it is not there", true);
}

Result<sdk::Description> DuckdbSink::describe(const sdk::Config& config)
{
    JF_ASSIGN(const SinkPlan plan, plan_of(config));
    sdk::Description out;
    out.capabilities = JF_CAN_STORE_TOKEN | JF_CAN_QUERY_EPOCH | (plan.mode == Mode::upsert ? JF_IDEMPOTENT : 0);
    out.max_lanes = 1;
    out.digest_of = plan.target;
    const char* how = plan.mode == Mode::append ? "append" : plan.mode == Mode::replace ? "replace, loaded aside and swapped at the end" : "upsert by key";
    out.sentence = "table " + plan.table + ", " + how + ": duckdb commits the position with the rows";
    return out;
}

Result<std::unique_ptr<DuckdbSink>> DuckdbSink::make(const sdk::Config& config, sdk::Host, DuckdbConnection* on)
{
    JF_ASSIGN(SinkPlan plan, plan_of(config));
    return std::make_unique<DuckdbSink>(*on, std::move(plan));
}

Result<std::unique_ptr<sdk::Writer>> DuckdbSink::open(const sdk::Call&, const sdk::WriteRequest& request)
{
    JF_ASSIGN(auto session, on_.session());
    JF_ASSIGN(auto fences, on_.session());
    JF_ASSIGN(Place target, place_of(*session, plan_.table));
    Progress progress(std::move(fences), {std::string(request.scope.flow), std::string(request.scope.task), std::string(request.scope.slice),
        std::string(request.scope.generation)}, std::string(request.owner));
    auto writer = std::make_unique<TableWriter>(plan_, std::move(session), std::move(progress), std::move(target), short_name(request.scope));
    JF_TRY(writer->prepare(request.fresh));
    return writer;
}

Result<std::string> DuckdbSink::check(const sdk::Call&)
{
    JF_ASSIGN(const auto session, on_.session());
    JF_ASSIGN(const Place place, place_of(*session, plan_.table));
    JF_ASSIGN(const auto table, look_at(*session, place));
    const auto finding = [](const char* severity, const char* at, const std::string& message) {
        return std::string("{\"severity\":\"") + severity + "\",\"place\":\"" + at + "\",\"message\":" + sdk::json_string(message) + "}";
    };
    if (!table)
        return "[" + (plan_.create ? finding("info", "table", "there is no table '" + plan_.table + "' yet; it is made from the first rows")
                                   : finding("error", "table", "there is no table '" + plan_.table + "'; create it, or set 'create' to true")) + "]";
    std::string out;
    for (const auto& key : plan_.key)
        if (!table->find(key))
            out += (out.empty() ? "" : ",") + finding("error", "key", "the table '" + plan_.table + "' has no column '" + key + "'");
    return "[" + out + "]";
}

} // namespace jackfield::duckdb

// The task 'duckdb.sql'.
#include "sql_task.hpp"

#include <jackfield/sdk/arrow/json.hpp>

#include <algorithm>

namespace jackfield::duckdb {
namespace {

constexpr std::size_t most_result_bytes = 512 << 10; // the host takes 1 MiB

} // namespace

sdk::Options SqlTask::options()
{
    return sdk::Options()
        .text("sql", "one or several statements, run in one transaction", {.required = true})
        .schema("params", "values for the placeholders ? in the order of the text",
            "\"type\":\"array\",\"items\":{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}")
        .boolean("transaction", "false: each statement for itself, for those that no transaction takes (CHECKPOINT, ATTACH)", true)
        .integer("max_rows", "rows of the last statement to keep in the result", {.fallback = 100, .minimum = 0, .maximum = 10000});
}

sdk::Description SqlTask::describe(const sdk::Config& config)
{
    const bool whole = config.type("transaction") == JF_JSON_ABSENT || config.boolean("transaction");
    return {.capabilities = JF_IS_ACTION,
        .sentence = whole ? "statements in one transaction: all of them or none" : "statements one by one: those before a failure stand"};
}

Result<Values> SqlTask::values(const Library& api, std::size_t first, std::size_t count)
{
    Values out;
    const std::size_t given = config_.length("params");
    if (first + count > given)
        return fail(JF_E_CONFIG, "the statements have more placeholders than the " + std::to_string(given) + " values in params", "params");
    for (std::size_t i = first; i < first + count; ++i) {
        const std::string at = "/params/" + std::to_string(i);
        switch (config_.type(at)) {
        case JF_JSON_NULL: out.push_back(Value::null(api)); break;
        case JF_JSON_BOOL: out.emplace_back(api, api.create_bool(config_.boolean(at))); break;
        case JF_JSON_INT: out.emplace_back(api, api.create_int64(config_.integer(at))); break;
        case JF_JSON_FLOAT: out.emplace_back(api, api.create_double(config_.number(at))); break;
        default: out.push_back(Value::text(api, config_.text(at)));
        }
    }
    return out;
}

Status SqlTask::keep_rows(Session& session, std::unique_ptr<ResultSet> result, Outcome& outcome)
{
    JF_ASSIGN(OwnedStream stream, session.stream(std::move(result)));
    OwnedSchema raw;
    if (stream->get_schema(stream.get(), raw.out()) != 0)
        return fail(JF_E_UNSUPPORTED, "the result has a column that Arrow has no type for; cast it to text", "sql");
    JF_ASSIGN(const Schema schema, import_schema(*raw));
    JsonRows writer(schema);
    std::int64_t left = config_.type("max_rows") == JF_JSON_INT ? config_.integer("max_rows") : 100;
    Buffer rows;
    for (OwnedArray batch; !outcome.more;) {
        if (stream->get_next(stream.get(), batch.out()) != 0)
            return fail(JF_E_FAILED, stream->get_last_error(stream.get()), "sql");
        if (!batch)
            break;
        writer.bind(*batch);
        for (std::int64_t row = 0; row < batch->length && !outcome.more; ++row) {
            const std::size_t before = rows.size();
            if (before)
                rows.push(',');
            writer.write(row, rows);
            outcome.more = left-- <= 0 || rows.size() > most_result_bytes;
            if (outcome.more)
                rows.resize(before);
        }
    }
    outcome.rows = "[" + std::string(rows.size() ? rows.as<char>() : "", rows.size()) + "]";
    return {};
}

Result<SqlTask::Outcome> SqlTask::run_all(const sdk::Call& call, Session& session)
{
    const Library& api = session.api();
    JF_ASSIGN(const auto script, Script::make(session, config_.text("sql")));
    Outcome outcome;
    std::size_t used = 0;
    for (std::size_t i = 0; i < script->size(); ++i) {
        if (call.cancelled())
            return fail(JF_E_CANCELLED, "stopped before statement " + std::to_string(i + 1));
        const std::string place = script->size() > 1 ? "sql[" + std::to_string(i) + "]" : "sql";
        auto statement = script->prepare(i);
        if (!statement)
            return std::move(statement).error().at(place);
        const std::size_t count = api.nparams((*statement)->raw());
        JF_ASSIGN(const Values bound, values(api, used, count));
        used += count;
        JF_TRY((*statement)->bind(bound));
        auto result = std::make_unique<ResultSet>(api);
        if (auto done = (*statement)->run(*result); !done)
            return std::move(done).error().at(place);
        outcome.changed += api.rows_changed(result->get());
        if (i + 1 == script->size() && api.result_return_type(*result->get()) == DUCKDB_RESULT_TYPE_QUERY_RESULT)
            JF_TRY(keep_rows(session, std::move(result), outcome));
    }
    if (used < config_.length("params"))
        return fail(JF_E_CONFIG, "params has " + std::to_string(config_.length("params")) + " values, the statements have "
                + std::to_string(used) + " placeholders", "params");
    return outcome;
}

Result<std::string> SqlTask::run(const sdk::Call& call, const sdk::Scope&, std::uint32_t)
{
    JF_ASSIGN(const auto session, on_.session());
    const bool whole = config_.type("transaction") == JF_JSON_ABSENT || config_.boolean("transaction");
    if (whole)
        JF_TRY(session->execute("BEGIN TRANSACTION"));
    auto outcome = run_all(call, *session); // an error leaves the transaction to the end of the session, which rolls it back
    if (!outcome)
        return std::move(outcome).error();
    if (whole)
        JF_TRY(session->execute("COMMIT"));
    if (outcome->more)
        host_.warn("the result has more rows than are kept; see max_rows");
    return "{\"changed\":" + std::to_string(outcome->changed) + ",\"rows\":" + outcome->rows + ",\"more\":" + (outcome->more ? "true" : "false") + "}";
}

} // namespace jackfield::duckdb

// The task 'postgres.sql'.
#include "sql_task.hpp"

namespace jackfield::postgres {
namespace {

constexpr std::size_t most_statements_bytes = 128 << 10; // of the result, of which the host takes 1 MiB

/// The values of `params`, as the server reads them: it infers the types.
Result<Params> values_of(const sdk::Config& config, const Statement& statement)
{
    Params out;
    const std::size_t given = config.length("params");
    for (const std::size_t value : statement.values) {
        if (value >= given)
            return fail(JF_E_CONFIG, "the statement has $" + std::to_string(value + 1) + ", params has " + std::to_string(given) + " values", "params");
        const std::string at = "/params/" + std::to_string(value);
        switch (config.type(at)) {
        case JF_JSON_NULL: out.push_back({std::nullopt}); break;
        case JF_JSON_STRING: out.push_back({std::string(config.text(at))}); break;
        default: out.push_back({std::string(config.json(at))}); // numbers, true and false, objects for json and jsonb
        }
    }
    return out;
}

/// The highest placeholder of the script.
std::size_t placeholders_in(const std::vector<Statement>& script)
{
    std::size_t out = 0;
    for (const Statement& statement : script)
        for (const std::size_t value : statement.values)
            out = std::max(out, value + 1);
    return out;
}

} // namespace

sdk::Options SqlTask::options()
{
    auto out = sdk::Options()
        .text("sql", "one or several statements", {.required = true})
        .schema("params", "values for the placeholders $1, $2 … of the statements", "\"type\":\"array\"")
        .boolean("transaction", "all statements in one transaction; false: each for itself, for those that refuse to be in one (VACUUM, CREATE INDEX CONCURRENTLY)", true)
        .text("isolation", "of that transaction", {.fallback = "read committed", .one_of = {"read committed", "repeatable read", "serializable"}})
        .boolean("idempotent", "running the statements twice does no harm: tried again even where it is not known what was done", false)
        .integer("max_rows", "rows of the last statement to keep in the result", {.fallback = 100, .minimum = 0, .maximum = 10000});
    return add_limits(out);
}

sdk::Description SqlTask::describe(const sdk::Config& config)
{
    const bool whole = config.type("transaction") == JF_JSON_ABSENT || config.boolean("transaction");
    return {.capabilities = JF_IS_ACTION | (config.boolean("idempotent") ? JF_IDEMPOTENT : 0),
        .sentence = whole ? "statements in one transaction: all of them or none" : "statements one by one: those before a failure stand"};
}

/// A statement that ends or begins a transaction by itself would undo what the task promises.
Status SqlTask::keep_in_step(Session& session, const std::string& place) const
{
    if (whole() && !session.in_transaction())
        return fail(JF_E_CONFIG, "this statement ended the transaction of the task, so what came before it stands; leave BEGIN and COMMIT to the task, or set \"transaction\": false", place);
    return {};
}

/// The result tells of the first thousands of statements, whatever a script holds.
void SqlTask::note_statement(Outcome& outcome, const std::string& word, std::uint64_t rows)
{
    if (outcome.statements.size() < most_statements_bytes)
        outcome.statements += (outcome.statements.empty() ? "{\"command\":" : ",{\"command\":") + sdk::json_string(word) + ",\"rows\":" + std::to_string(rows) + "}";
}

/// The last statement, if only its first rows are wanted: it is run to its end, since it may do more than read.
Status SqlTask::run_in_part(const sdk::Call& call, Session& session, const Statement& statement, const Params& params, Outcome& outcome)
{
    JF_ASSIGN(const Answer opened, session.run(call, "DECLARE jackfield_rows NO SCROLL CURSOR FOR\n" + statement.sql, params));
    JF_ASSIGN(const Answer rows, session.run(call, "FETCH FORWARD " + std::to_string(max_rows() + 1) + " FROM jackfield_rows"));
    outcome.rows = rows_as_json(rows, max_rows(), outcome.more);
    JF_ASSIGN(const Answer rest, session.run(call, "MOVE FORWARD ALL IN jackfield_rows"));
    const std::uint64_t count = static_cast<std::uint64_t>(rows.rows()) + rest.changed();
    note_statement(outcome, "SELECT", count);
    return session.execute(call, "CLOSE jackfield_rows");
}

Status SqlTask::run_one(const sdk::Call& call, Session& session, const Statement& statement, bool last, Outcome& outcome)
{
    JF_ASSIGN(const Params params, values_of(config_, statement));
    const bool query = (statement.word == "SELECT" || statement.word == "VALUES" || statement.word == "TABLE") && !statement.into;
    if (last && query && whole())
        return run_in_part(call, session, statement, params, outcome);
    JF_ASSIGN(const Answer answer, session.run(call, statement.sql, params));
    const auto status = PQresultStatus(answer.raw());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
        session.copy_stop("COPY from and to the client is for a source or a sink");
        return fail(JF_E_CONFIG, "COPY … STDIN and STDOUT cannot be run as a statement; use a source or a sink");
    }
    const bool counts = status == PGRES_TUPLES_OK && (query || statement.word == "WITH");
    outcome.changed += counts ? 0 : answer.changed();
    note_statement(outcome, statement.word, answer.changed());
    if (last && status == PGRES_TUPLES_OK)
        outcome.rows = rows_as_json(answer, max_rows(), outcome.more);
    return {};
}

Status SqlTask::run_all(const sdk::Call& call, Session& session, const std::vector<Statement>& script, Outcome& outcome)
{
    for (std::size_t i = 0; i < script.size(); ++i) {
        const std::string place = script.size() > 1 ? "sql[" + std::to_string(i) + "]" : "sql";
        if (auto done = run_one(call, session, script[i], i + 1 == script.size(), outcome); !done) {
            Error error = std::move(done).error();
            if (error.where.empty()) {
                error.where = place;
                if (script.size() > 1)
                    error.message += " (line " + std::to_string(script[i].line) + " of the SQL)";
            }
            return judged(std::move(error), i > 0);
        }
        pass_on_notices(session);
        JF_TRY(keep_in_step(session, place));
    }
    return {};
}

/// In one transaction nothing stands after a failure, so what is worth trying again may be. Outside, statements before this
/// one stand, and where the connection was lost this one may too.
Error SqlTask::judged(Error error, bool began) const
{
    const bool lost = error.code.starts_with("08") || error.code.starts_with("57P");
    if (whole() || config_.boolean("idempotent") || error.kind != JF_E_UNAVAILABLE || !(began || lost))
        return error;
    error.kind = JF_E_FAILED;
    error.message += "; statements before this one stand, and it may have been done too: not tried again, since \"idempotent\" is not set";
    return error;
}

Result<std::string> SqlTask::run(const sdk::Call& call, const sdk::Scope&, std::uint32_t)
{
    auto script = split_statements(config_.text("sql"));
    if (!script)
        return std::move(script).error().at("sql");
    if (script->empty())
        return fail(JF_E_CONFIG, "there is no statement in the SQL", "sql");
    if (placeholders_in(*script) < config_.length("params"))
        return fail(JF_E_CONFIG, "params has " + std::to_string(config_.length("params")) + " values, the highest placeholder of the statements is $"
                + std::to_string(placeholders_in(*script)), "params");
    JF_ASSIGN(const Lease session, on_.lend(call, Role::primary));
    Outcome outcome;
    if (whole()) {
        const std::string isolation = config_.has("isolation") ? std::string(config_.text("isolation")) : "read committed";
        JF_ASSIGN(auto transaction, Transaction::begin(*session, call, limits_, "ISOLATION LEVEL " + isolation));
        JF_TRY(run_all(call, *session, *script, outcome));
        auto done = commit_or_ask(transaction, *session, call, on_);
        if (!done && config_.boolean("idempotent") && session->in_doubt())
            done.error().kind = JF_E_UNAVAILABLE;
        JF_TRY(done);
    } else {
        JF_ASSIGN(const auto outside, OutsideTransaction::make(*session, call, limits_, on_));
        JF_TRY(run_all(call, *session, *script, outcome));
        if (session->in_transaction())
            return fail(JF_E_CONFIG, "the statements began a transaction and did not end it; it was rolled back", "sql");
    }
    if (outcome.more)
        host_.warn("the result has more rows than are kept; see max_rows");
    return "{\"changed\":" + std::to_string(outcome.changed) + ",\"statements\":[" + outcome.statements + "],\"rows\":" + outcome.rows
        + ",\"more\":" + (outcome.more ? "true" : "false") + "}";
}

} // namespace jackfield::postgres

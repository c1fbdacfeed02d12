// The task 'postgres.refresh'.
#include "refresh_task.hpp"

#include <algorithm>
#include <chrono>
#include <set>

namespace jackfield::postgres {
namespace {

/// $1: quoted name. PostgreSQL refreshes concurrently by a unique index that covers every row by plain columns, and has to
/// have something to compare with.
constexpr const char* view_query = R"(
SELECT c.oid, n.nspname, c.relname, c.relkind,
       CASE WHEN NOT c.relispopulated THEN 'it has never been filled'
            WHEN NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
                                AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL)
            THEN 'it has no unique index over plain columns of all rows' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1))";

/// $1: array of oids. Pairs of them: the first reads from the second, through plain views too.
constexpr const char* dependency_query = R"(
WITH RECURSIVE reads AS (
    SELECT r.ev_class AS reader, d.refobjid AS source
    FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
         AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class),
chain AS (
    SELECT reader, source FROM reads WHERE reader = ANY ($1::oid[])
    UNION
    SELECT chain.reader, reads.source FROM chain JOIN reads ON reads.reader = chain.source)
SELECT reader, source FROM chain WHERE source = ANY ($1::oid[]))";

} // namespace

Result<std::vector<Name>> read_names(const sdk::Config& config, const std::string& one, const std::string& several)
{
    std::vector<Name> out;
    const auto add = [&](std::string_view text, const std::string& place) -> Status {
        auto name = parse_name(text);
        if (!name)
            return std::move(name).error().at(place);
        if (std::find(out.begin(), out.end(), *name) == out.end())
            out.push_back(std::move(*name));
        return {};
    };
    if (config.has(one))
        JF_TRY(add(config.text(one), one));
    for (const std::string& text : config.texts(several))
        JF_TRY(add(text, several));
    return out;
}

sdk::Options RefreshTask::options()
{
    auto out = sdk::Options()
        .text("view", "the materialized view")
        .texts("views", "several; each is refreshed after those that it reads from, whatever their order here")
        .boolean("concurrently", "leave the view readable meanwhile, where it has a unique index over plain columns", true);
    return add_limits(out);
}

sdk::Description RefreshTask::describe(const sdk::Config& config)
{
    const bool plainly = config.type("concurrently") == JF_JSON_BOOL && !config.boolean("concurrently");
    return {.capabilities = JF_IS_ACTION | JF_IDEMPOTENT,
        .sentence = plainly ? "refreshes plainly: readers of the view wait" : "refreshes concurrently where a unique index allows, else readers of the view wait"};
}

Result<std::unique_ptr<RefreshTask>> RefreshTask::make(const sdk::Config& config, sdk::Host host, PostgresConnection* on)
{
    JF_ASSIGN(std::vector<Name> views, read_names(config, "view", "views"));
    if (views.empty())
        return fail(JF_E_CONFIG, "name a 'view' or several 'views'", "view");
    return std::make_unique<RefreshTask>(config, host, on, std::move(views));
}

Result<RefreshTask::View> RefreshTask::find(const sdk::Call& call, Session& session, const Name& name) const
{
    JF_ASSIGN(const Answer found, session.run(call, view_query, {{name.quoted()}}));
    if (found.rows() == 0)
        return fail(JF_E_NOT_FOUND, "there is no materialized view '" + name.text() + "'", "view");
    if (found.text(0, 3) != "m")
        return fail(JF_E_CONFIG, "'" + name.text() + "' is no materialized view; only those can be refreshed", "view");
    return View{found.text(0, 0), {found.text(0, 1), found.text(0, 2)}, found.text(0, 4)};
}

/// Each view behind those that it reads from; otherwise in the order given.
Result<std::vector<RefreshTask::View>> RefreshTask::in_order(const sdk::Call& call, Session& session, std::vector<View> views) const
{
    std::string oids;
    for (const View& view : views)
        oids += (oids.empty() ? "{" : ",") + view.oid;
    JF_ASSIGN(const Answer pairs, session.run(call, dependency_query, {{oids + "}"}}));
    std::set<std::pair<std::string, std::string>> reads;
    for (int row = 0; row < pairs.rows(); ++row)
        reads.emplace(pairs.text(row, 0), pairs.text(row, 1));
    std::vector<View> out;
    while (!views.empty()) {
        const auto next = std::find_if(views.begin(), views.end(), [&](const View& view) {
            return std::none_of(views.begin(), views.end(), [&](const View& other) { return reads.contains({view.oid, other.oid}); });
        });
        // Views cannot read from each other in a circle.
        out.push_back(std::move(*next));
        views.erase(next);
    }
    return out;
}

Result<std::string> RefreshTask::refresh(const sdk::Call& call, Session& session, const View& view) const
{
    const bool wanted = config_.type("concurrently") == JF_JSON_ABSENT || config_.boolean("concurrently");
    const bool concurrently = wanted && view.obstacle.empty();
    if (wanted && !concurrently)
        host_.warn("'" + view.name.text() + "' is refreshed plainly, so its readers wait: " + view.obstacle);
    const auto began = std::chrono::steady_clock::now();
    JF_ASSIGN(auto transaction, Transaction::begin(session, call, limits_));
    const std::string what = std::string("REFRESH MATERIALIZED VIEW ") + (concurrently ? "CONCURRENTLY " : "") + view.name.quoted();
    if (auto done = session.execute(call, what); !done) {
        Error error = std::move(done).error();
        error.message = "refreshing '" + view.name.text() + "': " + error.message;
        return error;
    }
    JF_TRY(transaction.commit(call));
    pass_on_notices(session);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
    return "{\"view\":" + sdk::json_string(view.name.text()) + ",\"concurrently\":" + (concurrently ? "true" : "false")
        + (wanted && !concurrently ? ",\"reason\":" + sdk::json_string(view.obstacle) : "") + ",\"ms\":" + std::to_string(took) + "}";
}

Result<std::string> RefreshTask::run(const sdk::Call& call, const sdk::Scope&, std::uint32_t)
{
    JF_ASSIGN(const Lease session, on_.lend(call, Role::primary));
    std::vector<View> views;
    for (const Name& name : views_) {
        JF_ASSIGN(View view, find(call, *session, name));
        views.push_back(std::move(view));
    }
    JF_ASSIGN(views, in_order(call, *session, std::move(views)));
    std::string out;
    for (const View& view : views) {
        JF_ASSIGN(const std::string one, refresh(call, *session, view));
        out += (out.empty() ? "" : ",") + one;
    }
    return "{\"views\":[" + out + "]}";
}

} // namespace jackfield::postgres

// Progress.
#include "progress.hpp"

#include "ddl.hpp"
#include "wire.hpp"

#include <cstdio>

namespace jackfield::postgres {
namespace {

constexpr const char* key_is = " WHERE flow = $1 AND task = $2 AND slice = $3 AND generation = $4 AND source = $5 AND \"partition\" = $6";

constexpr Oid text_oid = 25;

std::uint64_t hash_of(const std::vector<std::string_view>& parts)
{
    std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a
    for (const std::string_view part : parts) {
        for (const char c : part)
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        hash = (hash ^ 0xff) * 0x100000001b3;
    }
    return hash;
}

std::string bytea_literal(std::string_view bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string out = "'\\x";
    for (const char c : bytes) {
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[c & 15];
    }
    return out + "'::bytea";
}

/// A bigint of a binary answer.
std::uint64_t number_of(std::string_view bytes)
{
    std::uint64_t raw = 0;
    std::memcpy(&raw, bytes.data(), std::min(bytes.size(), sizeof raw));
    return to_be(raw);
}

/// What a commit says, as one text to compare.
std::string fingerprint(const sdk::Commit& commit)
{
    std::string out = std::to_string(commit.epoch);
    for (const auto& token : commit.tokens) {
        out += "/" + std::to_string(token.fence);
        for (const std::string_view part : {token.source, token.partition, token.token})
            out += ":" + std::to_string(part.size()) + ":" + std::string(part);
    }
    return out;
}

} // namespace

std::string short_name(const std::vector<std::string_view>& parts)
{
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash_of(parts)));
    return text;
}

Params Progress::key(std::string_view source, std::string_view partition) const
{
    Params out;
    for (const std::string_view part : {std::string_view(scope_.flow), std::string_view(scope_.task), std::string_view(scope_.slice),
             std::string_view(scope_.generation), source, partition})
        out.push_back({std::string(part), text_oid, false});
    return out;
}

/// Without the generation: the writer of an older one is to be found too.
std::int64_t Progress::lock_key(const Key& key) const
{
    return static_cast<std::int64_t>(hash_of({table_.schema, scope_.flow, scope_.task, scope_.slice, key.first, key.second}));
}

Status Progress::prepare(const Patience& patience, bool fresh)
{
    JF_ASSIGN(const Lease session, on_.lend(patience, Role::primary));
    JF_ASSIGN(const Answer there, session->run(patience, "SELECT pg_catalog.to_regclass($1) IS NOT NULL, EXISTS (SELECT 1 FROM pg_catalog.pg_namespace "
            "WHERE nspname = $2)", {{table_.quoted(), text_oid, false}, {table_.schema, text_oid, false}}));
    if (!there.flag(0, 0)) {
        JF_TRY(session->begin(patience));
        JF_TRY(lock_making(*session, patience));
        if (!there.flag(0, 1))
            JF_TRY(session->execute(patience, "CREATE SCHEMA IF NOT EXISTS " + quote_identifier(table_.schema)));
        JF_TRY(session->execute(patience, "CREATE TABLE IF NOT EXISTS " + table_.quoted()
                + " (flow text NOT NULL, task text NOT NULL, slice text NOT NULL, generation text NOT NULL, source text NOT NULL, "
                  "\"partition\" text NOT NULL, token bytea, fence bigint NOT NULL, epoch bigint NOT NULL, owner text, "
                  "changed timestamptz NOT NULL, PRIMARY KEY (flow, task, slice, generation, source, \"partition\")) WITH (fillfactor = 50)"));
        JF_TRY(session->commit(patience));
    }
    if (!fresh)
        return {};
    Params scope = key("", "");
    scope.resize(4);
    JF_ASSIGN(const Answer gone, session->run(patience, "DELETE FROM " + table_.quoted()
            + " WHERE flow = $1 AND task = $2 AND slice = $3 AND generation <> $4", scope));
    return {};
}

/// `lock_timeout`: how long to wait for a commit in progress. `only_from`: not if the fence is another one; 0: whatever it is.
Result<sdk::Acquired> Progress::raise(Session& session, const Patience& patience, const Key& of, const char* lock_timeout, std::uint64_t only_from)
{
    Params values = key(of.first, of.second);
    values.push_back({owner_, text_oid, false});
    const std::string sql = only_from
        ? "UPDATE " + table_.quoted() + " SET fence = fence + 1, owner = $7, changed = pg_catalog.now()" + key_is + " AND fence = " + std::to_string(only_from)
        : "INSERT INTO " + table_.quoted() + " AS p VALUES ($1, $2, $3, $4, $5, $6, NULL, 1, 0, $7, pg_catalog.now()) ON CONFLICT (flow, task, slice, generation, "
          "source, \"partition\") DO UPDATE SET fence = p.fence + 1, owner = EXCLUDED.owner, changed = EXCLUDED.changed";
    JF_TRY(session.begin(patience));
    JF_TRY(session.execute(patience, std::string("SET LOCAL lock_timeout = '") + lock_timeout + "'; SELECT pg_catalog.set_config('synchronous_commit', "
            "'on', true) WHERE pg_catalog.current_setting('synchronous_commit') = 'off'"));
    JF_ASSIGN(const Answer row, session.run(patience, sql + " RETURNING fence, token", values, true));
    if (row.rows() == 0)
        return fenced();
    sdk::Acquired out{number_of(row.value(0, 0).value_or("")), std::nullopt};
    if (const auto token = row.value(0, 1))
        out.token = std::string(*token);
    JF_TRY(session.commit(patience));
    return out;
}

/// Ends the backend that writes under an older fence. A writer that is frozen in its COPY would hold its rows, and with them
/// their unique keys, for ever. Where this user may not end it, it is left to idle_timeout.
void Progress::end_older(Session& session, const Patience& patience, const Key& of)
{
    (void)session.run(patience, "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1 "
        "AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) "
        "AND classid::bigint = ($1 >> 32) & 4294967295 AND objid::bigint = $1 & 4294967295 AND pid <> pg_catalog.pg_backend_pid()",
        {{std::to_string(lock_key(of)), 20, false}});
}

Result<sdk::Acquired> Progress::take(const Patience& patience, const Key& of, std::uint64_t only_from)
{
    JF_ASSIGN(const Lease session, on_.lend(patience, Role::primary));
    auto raised = raise(*session, patience, of, "3s", only_from);
    if (!raised && raised.error().code == "55P03") { // a commit that does not end
        session->roll_back();
        end_older(*session, patience, of);
        raised = raise(*session, patience, of, "0", only_from);
    }
    if (raised)
        end_older(*session, patience, of);
    return raised;
}

Result<sdk::Acquired> Progress::acquire(const Patience& patience, std::string_view source, std::string_view partition)
{
    const Key of(source, partition);
    JF_ASSIGN(sdk::Acquired raised, take(patience, of, 0));
    held_[of] = {raised.fence, raised.fence};
    return raised;
}

void Progress::release(std::string_view source, std::string_view partition) { held_.erase({std::string(source), std::string(partition)}); }

bool Progress::holds(std::string_view source, std::string_view partition) const { return held_.count({std::string(source), std::string(partition)}) > 0; }

std::string Progress::scope_is(const std::string& of) const
{
    return of + ".flow = " + quote_literal(scope_.flow) + " AND " + of + ".task = " + quote_literal(scope_.task) + " AND " + of + ".slice = "
        + quote_literal(scope_.slice) + " AND " + of + ".generation = " + quote_literal(scope_.generation);
}

std::string Progress::lock_sql() const
{
    if (held_.empty())
        return {};
    std::string locks, known;
    for (const auto& [key, fence] : held_) {
        locks += (locks.empty() ? "SELECT " : ", ") + ("pg_catalog.pg_advisory_xact_lock_shared('" + std::to_string(lock_key(key)) + "'::bigint)");
        known += (known.empty() ? "(" : ", (") + quote_literal(key.first) + "::text, " + quote_literal(key.second) + "::text, " + std::to_string(fence.real) + "::bigint)";
    }
    return locks + "; SELECT 1 / (CASE WHEN (SELECT pg_catalog.count(*) FROM " + table_.quoted() + " AS p JOIN (VALUES " + known
        + ") AS k (source, \"partition\", fence) ON p.source = k.source AND p.\"partition\" = k.\"partition\" AND p.fence = k.fence WHERE " + scope_is("p")
        + ") = " + std::to_string(held_.size()) + " THEN 1 ELSE 0 END)";
}

std::string Progress::store_sql(const sdk::Commit& commit) const
{
    if (commit.tokens.empty())
        return {};
    std::string values;
    for (const auto& token : commit.tokens) {
        const auto held = held_.find({std::string(token.source), std::string(token.partition)});
        const bool known = held != held_.end() && held->second.given == token.fence;
        values += (values.empty() ? "(" : ", (") + quote_literal(token.source) + "::text, " + quote_literal(token.partition) + "::text, "
            + bytea_literal(token.token) + ", " + std::to_string(known ? held->second.real : token.fence) + "::bigint)";
    }
    return "WITH said (source, \"partition\", token, fence) AS (VALUES " + values + "), stored AS (UPDATE " + table_.quoted()
        + " AS p SET token = said.token, epoch = " + std::to_string(commit.epoch) + ", changed = pg_catalog.now() FROM said WHERE " + scope_is("p")
        + " AND p.source = said.source AND p.\"partition\" = said.\"partition\" "
          "AND p.fence = said.fence RETURNING 1) SELECT 1 / (CASE WHEN (SELECT pg_catalog.count(*) FROM stored) = "
        + std::to_string(commit.tokens.size()) + " THEN 1 ELSE 0 END)";
}

Error Progress::fenced() const
{
    return fail(JF_E_FENCED, "another writer took over a partition of " + scope_.flow + "." + scope_.task
            + "; this one stops, nothing of its open epoch is stored");
}

bool Progress::stored(const sdk::Commit& commit) const { return !commit.tokens.empty() && fingerprint(commit) == last_; }

void Progress::note_stored(const sdk::Commit& commit) { last_ = fingerprint(commit); }

Result<sdk::Landing> Progress::resolve(const Patience& patience, const sdk::Commit& commit)
{
    if (commit.tokens.empty())
        return fail(JF_E_UNSUPPORTED, "a commit without tokens leaves nothing to tell by whether it landed");
    bool landed = true;
    for (const auto& token : commit.tokens) {
        const Key of(token.source, token.partition);
        const auto before = held_.find(of);
        const std::uint64_t last = before == held_.end() ? token.fence : before->second.real;
        JF_ASSIGN(const sdk::Acquired now, take(patience, of, last));
        held_[of] = {token.fence, now.fence};
        landed = landed && now.token == token.token;
    }
    if (landed)
        note_stored(commit);
    return landed ? sdk::Landing::landed : sdk::Landing::absent;
}

Status Progress::still_ours(const Patience& patience)
{
    if (held_.empty())
        return {};
    JF_ASSIGN(const Lease session, on_.lend(patience, Role::primary));
    for (const auto& [of, fence] : held_) {
        Params values = key(of.first, of.second);
        values.push_back({std::to_string(fence.real), 20, false});
        JF_ASSIGN(const Answer row, session->run(patience, "SELECT 1 FROM " + table_.quoted() + key_is + " AND fence = $7", values));
        if (row.rows() == 0)
            return fenced();
    }
    return {};
}

} // namespace jackfield::postgres

// Migrations: each is run once, in order; a released one is never edited.
#include "store/sqlite_schema.hpp"

#include <array>
#include <chrono>

namespace jackfield::store {
namespace {

/// Version 1. Times are nanoseconds since 1970 UTC. Fences come from one counter for all, so a row that is deleted and
/// made again never gets an old fence.
constexpr const char* version_1 = R"sql(
CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('fence', 0), ('synced', 0);

CREATE TABLE flow_text(n INTEGER PRIMARY KEY, hash INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX flow_text_by_hash ON flow_text(hash);

CREATE TABLE run(
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, flow TEXT NOT NULL, flow_digest TEXT NOT NULL,
  flow_text INTEGER NOT NULL, parameters TEXT NOT NULL, environment TEXT NOT NULL, state TEXT NOT NULL,
  name TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, created_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
  birth TEXT NOT NULL, lease TEXT NOT NULL, generation TEXT NOT NULL, parent_run TEXT NOT NULL,
  parent_task TEXT NOT NULL, continued_from TEXT NOT NULL, fence INTEGER NOT NULL) STRICT;
CREATE INDEX run_by_flow ON run(flow, n);
CREATE INDEX run_by_parent ON run(parent_run) WHERE parent_run <> '';
CREATE INDEX run_open ON run(n) WHERE ended_at = 0;

CREATE TABLE task_run(
  n INTEGER PRIMARY KEY, run INTEGER NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL, attempt INTEGER NOT NULL,
  state TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL, next_attempt_at INTEGER NOT NULL, rows_in INTEGER NOT NULL, rows_out INTEGER NOT NULL,
  rows_rejected INTEGER NOT NULL, bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL, result TEXT NOT NULL,
  UNIQUE(run, task, slice)) STRICT;

CREATE TABLE transition(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL,
  attempt INTEGER NOT NULL, from_state TEXT, to_state TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL,
  message TEXT NOT NULL, at INTEGER NOT NULL, fence INTEGER NOT NULL) STRICT;
CREATE INDEX transition_by_run ON transition(run, seq);

CREATE TABLE log(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL,
  attempt INTEGER NOT NULL, at INTEGER NOT NULL, level INTEGER NOT NULL, message TEXT NOT NULL,
  fields TEXT NOT NULL) STRICT;
CREATE INDEX log_by_run ON log(run, seq);

CREATE TABLE component(
  instance TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(instance, key)) STRICT, WITHOUT ROWID;

CREATE TABLE progress(
  flow TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL, generation TEXT NOT NULL, source TEXT NOT NULL,
  part TEXT NOT NULL, fence INTEGER NOT NULL, token BLOB, intent BLOB NOT NULL, digest BLOB NOT NULL,
  owner TEXT NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY(flow, task, slice, generation, source, part)) STRICT;
CREATE TABLE generation(
  flow TEXT NOT NULL, task TEXT NOT NULL, number INTEGER NOT NULL, run TEXT NOT NULL, complete INTEGER NOT NULL,
  started_at INTEGER NOT NULL, PRIMARY KEY(flow, task)) STRICT, WITHOUT ROWID;
CREATE TABLE epoch(
  flow TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL, generation TEXT NOT NULL, number INTEGER NOT NULL,
  source TEXT NOT NULL, part TEXT NOT NULL, position BLOB NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY(flow, task, slice, generation, number, source, part)) STRICT;
CREATE TABLE snapshot(
  flow TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL, generation TEXT NOT NULL, step TEXT NOT NULL,
  part TEXT NOT NULL, epoch INTEGER NOT NULL, state BLOB NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY(flow, task, slice, generation, step, part, epoch)) STRICT;

CREATE TABLE lease(
  key TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, birth TEXT NOT NULL, run TEXT NOT NULL,
  fence INTEGER NOT NULL, acquired_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE slot_limit(key TEXT PRIMARY KEY, slots INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE slot(
  key TEXT NOT NULL, n INTEGER NOT NULL, run TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL,
  PRIMARY KEY(key, n)) STRICT, WITHOUT ROWID;
CREATE INDEX slot_by_run ON slot(run, task, slice) WHERE run <> '';
)sql";

/// Version 2. Intervals of backfills; generations by slice; slots that are rows of those who hold or await them, in the order
/// of their tickets, without a limit of their own: version 1 had numbered slots, which no program used.
constexpr const char* version_2 = R"sql(
ALTER TABLE run ADD COLUMN slice TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN interval TEXT NOT NULL DEFAULT '';
CREATE INDEX run_by_slice ON run(flow, slice, n);
CREATE TABLE interval(
  flow TEXT NOT NULL, slice TEXT NOT NULL, interval TEXT NOT NULL, run TEXT NOT NULL, done_at INTEGER NOT NULL,
  PRIMARY KEY(flow, slice)) STRICT, WITHOUT ROWID;

ALTER TABLE generation RENAME TO generation_1;
CREATE TABLE generation(
  flow TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL, number INTEGER NOT NULL, run TEXT NOT NULL,
  complete INTEGER NOT NULL, started_at INTEGER NOT NULL, PRIMARY KEY(flow, task, slice)) STRICT, WITHOUT ROWID;
INSERT INTO generation SELECT flow, task, '', number, run, complete, started_at FROM generation_1;
DROP TABLE generation_1;

DROP TABLE slot;
DROP TABLE slot_limit;
INSERT INTO counter VALUES ('ticket', 0);
CREATE TABLE slot(
  key TEXT NOT NULL, ticket INTEGER NOT NULL, run TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL,
  held INTEGER NOT NULL, PRIMARY KEY(key, ticket)) STRICT, WITHOUT ROWID;
CREATE INDEX slot_by_run ON slot(run, task, slice);
)sql";

constexpr std::array migrations = {version_1, version_2};

/// 0 for an empty file.
Result<std::int64_t> current_version(Database& database, const std::string& path)
{
    Query tables(database, "SELECT count(*), coalesce(sum(name = 'schema_version'), 0) FROM sqlite_schema WHERE type = 'table'");
    const bool read = tables.next();
    JF_TRY(tables.end());
    if (!read || tables.integer(0) == 0)
        return std::int64_t{0};
    if (tables.integer(1) == 0)
        return fail(JF_E_DATA, "'" + path + "' is another program's database and no state file; name another file");
    Query version(database, "SELECT coalesce(max(version), 0) FROM schema_version");
    version.next();
    JF_TRY(version.end());
    return version.integer(0);
}

Status upgrade(Database& database, const std::string& path)
{
    JF_ASSIGN(const std::int64_t found, current_version(database, path));
    const auto known = static_cast<std::int64_t>(migrations.size());
    if (found > known)
        return fail(JF_E_CONFIG, "state file '" + path + "' has format " + std::to_string(found) + " and this version reads up to " +
                                     std::to_string(known) + "; use the newer jackfield or name another state file");
    if (found == 0)
        JF_TRY(database.exec("CREATE TABLE schema_version(version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT"));
    for (std::int64_t version = found; version < known; ++version) {
        JF_TRY(database.exec(migrations[static_cast<std::size_t>(version)]));
        const std::int64_t now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
        JF_TRY(Query(database, "INSERT INTO schema_version VALUES (?, ?)", version + 1, now).run());
    }
    return {};
}

} // namespace

Status migrate(Database& database, const std::string& path)
{
    // The common case, a file of the right version, takes no write lock.
    JF_ASSIGN(const std::int64_t found, current_version(database, path));
    if (found == static_cast<std::int64_t>(migrations.size()))
        return {};
    JF_TRY(database.exec("BEGIN IMMEDIATE"));
    Status done = upgrade(database, path);
    if (done)
        done = database.exec("COMMIT");
    if (!done && database.in_transaction())
        (void)database.exec("ROLLBACK");
    return done;
}

} // namespace jackfield::store

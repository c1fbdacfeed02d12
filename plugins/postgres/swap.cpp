// Replacing the content of a table.
#include "swap.hpp"

#include <algorithm>
#include <chrono>

namespace jackfield::postgres {
namespace {

constexpr Oid oid_type = 26;

/// One reason a row why the table cannot be dropped and another one take its name.
constexpr const char* ties =
    "SELECT 'it is partitioned or inherits' FROM pg_catalog.pg_class WHERE oid = $1 AND (relkind <> 'r' OR relispartition OR relhassubclass "
    "OR EXISTS (SELECT 1 FROM pg_catalog.pg_inherits WHERE inhrelid = $1)) "
    "UNION ALL SELECT 'views or rules use it' FROM pg_catalog.pg_depend WHERE refclassid = 'pg_catalog.pg_class'::regclass AND refobjid = $1 "
    "AND classid = 'pg_catalog.pg_rewrite'::regclass "
    "UNION ALL SELECT 'foreign keys' FROM pg_catalog.pg_constraint WHERE contype = 'f' AND (confrelid = $1 OR conrelid = $1) "
    "UNION ALL SELECT 'triggers' FROM pg_catalog.pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal "
    "UNION ALL SELECT 'policies' FROM pg_catalog.pg_policy WHERE polrelid = $1 "
    "UNION ALL SELECT 'publications' FROM pg_catalog.pg_publication_rel WHERE prrelid = $1 "
    "UNION ALL SELECT 'sequences of its own' FROM pg_catalog.pg_depend WHERE refclassid = 'pg_catalog.pg_class'::regclass AND refobjid = $1 "
    "AND classid = 'pg_catalog.pg_class'::regclass AND deptype IN ('a', 'i') AND objid IN (SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'S') "
    "UNION ALL SELECT 'others depend on it' FROM pg_catalog.pg_depend WHERE (refclassid, refobjid) IN (('pg_catalog.pg_class'::regclass, $1), "
    "('pg_catalog.pg_type'::regclass, (SELECT reltype FROM pg_catalog.pg_class WHERE oid = $1))) AND deptype = 'n' AND objid <> $1 "
    "AND classid NOT IN ('pg_catalog.pg_constraint'::regclass, 'pg_catalog.pg_rewrite'::regclass) "
    "UNION ALL SELECT 'settings' FROM pg_catalog.pg_class WHERE oid = $1 AND (reloptions IS NOT NULL OR reltablespace <> 0 OR reloftype <> 0 "
    "OR relreplident <> 'd' OR relrowsecurity OR relpersistence <> 'p' OR relowner <> (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)) "
    "UNION ALL SELECT 'grants of columns' FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attacl IS NOT NULL "
    "UNION ALL SELECT 'clustered' FROM pg_catalog.pg_index WHERE indrelid = $1 AND (indisclustered OR indisreplident OR NOT indisvalid)";

/// Index by index: its name, the constraint's definition or NULL, the start of CREATE INDEX, what follows the table's name.
constexpr const char* index_list =
    "SELECT c.relname, pg_catalog.pg_get_constraintdef(k.oid), CASE WHEN i.indisunique THEN 'CREATE UNIQUE INDEX ' ELSE 'CREATE INDEX ' END, "
    "pg_catalog.substr(pg_catalog.pg_get_indexdef(i.indexrelid), pg_catalog.length(pg_catalog.format('CREATE %sINDEX %I ON %I.%I', "
    "CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname, n.nspname, t.relname)) + 1) "
    "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_class t ON t.oid = i.indrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid "
    "AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x') WHERE i.indrelid = $1 ORDER BY i.indisprimary DESC, c.relname";

constexpr const char* grant_list =
    "SELECT a.privilege_type, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END, a.is_grantable "
    "FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee "
    "WHERE c.oid = $1 AND a.grantee <> c.relowner";

Params of(Oid table) { return {{std::to_string(table), oid_type, false}}; }

/// The name that index `i` of the stage has until the swap.
std::string waiting_name(const Name& stage, int i)
{
    const std::string end = "_i" + std::to_string(i);
    return stage.name.substr(0, 63 - end.size()) + end;
}

/// Indexes like those of the target.
Status index_like(Session& session, const Patience& patience, const Name& stage, const Answer& indexes)
{
    for (int i = 0; i < indexes.rows(); ++i) {
        const std::string name = quote_identifier(waiting_name(stage, i));
        const auto constraint = indexes.value(i, 1);
        JF_TRY(session.execute(patience, constraint ? "ALTER TABLE " + stage.quoted() + " ADD CONSTRAINT " + name + " " + std::string(*constraint)
                                                    : indexes.text(i, 2) + name + " ON " + stage.quoted() + indexes.text(i, 3)));
    }
    return {};
}

Status lock_target(Session& session, const Patience& patience, const Table& target, std::int64_t wait_ns)
{
    using Clock = std::chrono::steady_clock;
    JF_TRY(session.execute(patience, "SET LOCAL lock_timeout = '500ms'; SAVEPOINT jackfield_lock"));
    for (const auto end = Clock::now() + std::chrono::nanoseconds(wait_ns);;) {
        const Status locked = session.execute(patience, "LOCK TABLE " + target.name.quoted() + " IN ACCESS EXCLUSIVE MODE");
        if (locked)
            return session.execute(patience, "SET LOCAL lock_timeout = 0");
        if (locked.error().code != "55P03")
            return locked;
        if (Clock::now() >= end)
            return fail(JF_E_UNAVAILABLE, "the table '" + target.name.text() + "' is in use, and its lock was not to be had in time; end the long "
                    "transactions on it, or raise 'swap_wait'", "table");
        JF_TRY(session.execute(patience, "ROLLBACK TO SAVEPOINT jackfield_lock"));
    }
}

Status take_place(Session& session, const Patience& patience, const Name& stage, const Table& target, const Answer& indexes)
{
    JF_ASSIGN(const Answer grants, session.run(patience, grant_list, of(target.oid)));
    const Name now{stage.schema, target.name.name};
    std::string sql = "DROP TABLE " + target.name.quoted() + "; ALTER TABLE " + stage.quoted() + " RENAME TO " + quote_identifier(target.name.name);
    for (int i = 0; i < indexes.rows(); ++i)
        sql += "; ALTER INDEX " + Name{stage.schema, waiting_name(stage, i)}.quoted() + " RENAME TO " + quote_identifier(indexes.text(i, 0));
    for (int i = 0; i < grants.rows(); ++i)
        sql += "; GRANT " + grants.text(i, 0) + " ON " + now.quoted() + " TO " + grants.text(i, 1) + (grants.flag(i, 2) ? " WITH GRANT OPTION" : "");
    return session.execute(patience, sql);
}

/// Columns of the stage that the target is given. Those that neither the rows nor anybody else wrote get the target's own
/// defaults.
std::string listed(const Swap& swap)
{
    std::vector<std::string> names;
    for (const Column& column : swap.loaded.columns) {
        const bool written = swap.written.empty() || std::find(swap.written.begin(), swap.written.end(), column.name) != swap.written.end();
        if (!column.generated && (written || !column.filled))
            names.push_back(column.name);
    }
    return quote_list(names);
}

Status fill_again(Session& session, const Patience& patience, const Swap& swap, bool referenced)
{
    const std::string target = swap.target.name.quoted();
    for (const Column& column : swap.loaded.columns)
        if (!swap.target.find(column.name))
            JF_TRY(session.execute(patience, "ALTER TABLE " + target + " ADD COLUMN " + quote_identifier(column.name) + " " + column.type.sql));
    return session.execute(patience, (referenced ? "DELETE FROM " : "TRUNCATE ") + target + "; INSERT INTO " + target + " (" + listed(swap) + ") SELECT "
            + listed(swap) + " FROM " + swap.stage.quoted() + "; DROP TABLE " + swap.stage.quoted());
}

} // namespace

Status create_beside(Session& session, const Patience& patience, const Name& stage, const Table& target)
{
    return session.execute(patience, "CREATE TABLE " + stage.quoted() + " (LIKE " + target.name.quoted()
            + " INCLUDING ALL EXCLUDING INDEXES)");
}

Status put_in_place(Session& session, const Patience& patience, const Swap& swap)
{
    JF_ASSIGN(const Answer tied, session.run(patience, ties, of(swap.target.oid)));
    bool referenced = false;
    for (int row = 0; row < tied.rows(); ++row)
        referenced = referenced || tied.text(row, 0) == "foreign keys";
    if (tied.rows() > 0) {
        JF_TRY(lock_target(session, patience, swap.target, swap.wait_ns));
        return fill_again(session, patience, swap, referenced);
    }
    JF_ASSIGN(const Answer indexes, session.run(patience, index_list, of(swap.target.oid)));
    JF_TRY(index_like(session, patience, swap.stage, indexes));
    JF_TRY(session.execute(patience, "ANALYZE " + swap.stage.quoted()));
    JF_TRY(lock_target(session, patience, swap.target, swap.wait_ns));
    return take_place(session, patience, swap.stage, swap.target, indexes);
}

} // namespace jackfield::postgres

// Tables and types out of the server's catalogue.
#include "table.hpp"

#include <algorithm>
#include <array>

namespace jackfield::postgres {
namespace {

/// Object ids of built-in types: they never change (pg_type.dat).
constexpr std::array<std::pair<Oid, Kind>, 30> built_in{{
    {16, Kind::boolean}, {17, Kind::bytea}, {18, Kind::text}, {19, Kind::text}, {20, Kind::int8}, {21, Kind::int2}, {23, Kind::int4},
    {25, Kind::text}, {26, Kind::oid}, {114, Kind::json}, {142, Kind::text}, {700, Kind::float4}, {701, Kind::float8},
    {790, Kind::money}, {829, Kind::macaddr}, {650, Kind::cidr}, {869, Kind::inet}, {1042, Kind::text}, {1043, Kind::text},
    {1082, Kind::date}, {1083, Kind::time}, {1114, Kind::timestamp}, {1184, Kind::timestamptz}, {1186, Kind::interval},
    {1266, Kind::timetz}, {1560, Kind::bit}, {1562, Kind::bit}, {1700, Kind::numeric}, {2950, Kind::uuid}, {3802, Kind::jsonb},
}};

Kind kind_of_oid(Oid oid, std::string_view typtype)
{
    for (const auto& [known, kind] : built_in)
        if (known == oid)
            return kind;
    return typtype == "e" ? Kind::enumeration : Kind::other;
}

/// Columns of the types below: base oid, modifier, typtype, element oid (0: no array), its typtype, the declared SQL.
PgType type_from(const Answer& answer, int row, int first)
{
    PgType out;
    out.oid = static_cast<Oid>(answer.number(row, first));
    out.modifier = static_cast<int>(answer.number(row, first + 1));
    out.element_oid = static_cast<Oid>(answer.number(row, first + 3));
    out.kind = kind_of_oid(out.oid, answer.text(row, first + 2));
    if (out.element_oid) {
        out.kind = Kind::array;
        out.element = kind_of_oid(out.element_oid, answer.text(row, first + 4));
    }
    out.sql = answer.text(row, first + 5);
    return out;
}

/// A recursive table `base(id, typid, typmod)` that follows domains down, from `seed`: SELECT id, typid, typmod.
std::string base_types(const std::string& seed)
{
    return "WITH RECURSIVE base(id, typid, typmod) AS (" + seed + " UNION ALL SELECT b.id, t.typbasetype, "
        "CASE WHEN b.typmod = -1 THEN t.typtypmod ELSE b.typmod END FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typid WHERE t.typtype = 'd') ";
}
/// What type_from reads, of `b` (base), `t` (its pg_type) and `e` (pg_type of the elements).
constexpr const char* type_list = "b.typid, b.typmod, t.typtype, CASE WHEN e.oid IS NULL THEN 0 ELSE e.oid END, e.typtype, ";
constexpr const char* type_joins = "JOIN pg_catalog.pg_type t ON t.oid = b.typid AND t.typtype <> 'd' "
                                   "LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' AND t.typlen = -1 ";

Result<std::vector<Column>> columns_of_table(Session& session, const Patience& patience, Oid table)
{
    JF_ASSIGN(const Answer answer, session.run(patience,
        base_types("SELECT attnum::bigint, atttypid, atttypmod FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped")
            + "SELECT a.attname, a.attnotnull OR EXISTS (SELECT 1 FROM pg_catalog.pg_type d WHERE d.oid = a.atttypid AND d.typnotnull), "
              "a.attgenerated <> '' OR a.attidentity = 'a', a.atthasdef OR a.attidentity <> '', "
            + type_list + "pg_catalog.format_type(a.atttypid, a.atttypmod) FROM base b " + type_joins
            + "JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attnum = b.id ORDER BY a.attnum",
        {{std::to_string(table), 26}}));
    std::vector<Column> out(static_cast<std::size_t>(answer.rows()));
    for (int row = 0; row < answer.rows(); ++row)
        out[static_cast<std::size_t>(row)] = {answer.text(row, 0), type_from(answer, row, 4), answer.flag(row, 1), answer.flag(row, 2), answer.flag(row, 3)};
    return out;
}

Result<std::vector<UniqueKey>> keys_of_table(Session& session, const Patience& patience, Oid table)
{
    const bool nulls = session.version() >= 150000;
    JF_ASSIGN(const Answer answer, session.run(patience,
        std::string("SELECT c.relname, i.indisprimary, NOT i.indimmediate, ") + (nulls ? "i.indnullsnotdistinct" : "false")
            + ", a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
              "CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) AS place "
              "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place] "
              "WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL "
              "ORDER BY i.indisprimary DESC, c.relname, place",
        {{std::to_string(table), 26}}));
    std::vector<UniqueKey> out;
    for (int row = 0; row < answer.rows(); ++row) {
        if (out.empty() || out.back().name != answer.text(row, 0))
            out.push_back({answer.text(row, 0), {}, answer.flag(row, 1), answer.flag(row, 3), answer.flag(row, 2)});
        out.back().columns.push_back(answer.text(row, 4));
    }
    return out;
}

} // namespace

const Column* Table::find(std::string_view column) const
{
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& one) { return one.name == column; });
    return found == columns.end() ? nullptr : &*found;
}

const UniqueKey* Table::key_over(const std::vector<std::string>& wanted) const
{
    for (const auto& key : keys)
        if (key.columns.size() == wanted.size() && std::is_permutation(wanted.begin(), wanted.end(), key.columns.begin()))
            return &key;
    return nullptr;
}

Result<std::optional<Table>> look_at(Session& session, const Patience& patience, const Name& name)
{
    JF_ASSIGN(const Answer found, session.run(patience,
        "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence = 'u', "
        "EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal), "
        "EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.condeferrable) "
        "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        {{name.quoted()}}));
    if (found.rows() == 0)
        return std::optional<Table>();
    Table out;
    out.oid = static_cast<Oid>(found.number(0, 0));
    out.name = {found.text(0, 1), found.text(0, 2)};
    out.relation = found.text(0, 3)[0];
    out.unlogged = found.flag(0, 4);
    out.triggers = found.flag(0, 5);
    out.deferred = found.flag(0, 6);
    JF_ASSIGN(out.columns, columns_of_table(session, patience, out.oid));
    JF_ASSIGN(out.keys, keys_of_table(session, patience, out.oid));
    return std::optional<Table>(std::move(out));
}

Result<std::vector<Table>> list_tables(Session& session, const Patience& patience, std::string_view pattern)
{
    // Columns are told apart by one number: a table has at most 1600 of them.
    JF_ASSIGN(const Answer answer, session.run(patience,
        base_types("SELECT a.attrelid::bigint * 2048 + a.attnum, a.atttypid, a.atttypmod FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c "
                   "ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped "
                   "AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' "
                   "AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND ($1 = '' OR n.nspname || '.' || c.relname LIKE $1 OR c.relname LIKE $1)")
            + "SELECT n.nspname, c.relname, c.relkind, c.oid, a.attname, a.attnotnull OR EXISTS (SELECT 1 FROM pg_catalog.pg_type d WHERE d.oid = a.atttypid "
              "AND d.typnotnull), " + type_list + "pg_catalog.format_type(a.atttypid, a.atttypmod) FROM base b " + type_joins
            + "JOIN pg_catalog.pg_attribute a ON a.attrelid = (b.id / 2048)::oid AND a.attnum = b.id % 2048 JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
              "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY n.nspname, c.relname, a.attnum",
        {{std::string(pattern), 25}}));
    std::vector<Table> out;
    for (int row = 0; row < answer.rows(); ++row) {
        const Name name{answer.text(row, 0), answer.text(row, 1)};
        if (out.empty() || out.back().name != name) {
            out.emplace_back();
            out.back().name = name;
            out.back().relation = answer.text(row, 2)[0];
            out.back().oid = static_cast<Oid>(answer.number(row, 3));
        }
        out.back().columns.push_back({answer.text(row, 4), type_from(answer, row, 6), answer.flag(row, 5)});
    }
    return out;
}

Result<std::vector<Column>> columns_of(Session& session, const Patience& patience, const Answer& answer)
{
    std::vector<Column> out(static_cast<std::size_t>(answer.columns()));
    std::string types = "{", modifiers = "{";
    for (int column = 0; column < answer.columns(); ++column) {
        out[static_cast<std::size_t>(column)].name = PQfname(answer.raw(), column);
        types += (column ? "," : "") + std::to_string(PQftype(answer.raw(), column));
        modifiers += (column ? "," : "") + std::to_string(PQfmod(answer.raw(), column));
    }
    JF_ASSIGN(const Answer found, session.run(patience,
        base_types("SELECT o.id, o.typid, m.typmod FROM pg_catalog.unnest($1::oid[]) WITH ORDINALITY AS o(typid, id) "
                   "JOIN pg_catalog.unnest($2::int[]) WITH ORDINALITY AS m(typmod, id) ON m.id = o.id")
            + "SELECT " + type_list + "pg_catalog.format_type(b.typid, b.typmod), b.id FROM base b " + type_joins + "ORDER BY b.id",
        {{types + "}"}, {modifiers + "}"}}));
    if (found.rows() != answer.columns())
        return fail(JF_E_FAILED, "the server does not describe the types of the query's columns");
    for (int row = 0; row < found.rows(); ++row)
        out[static_cast<std::size_t>(row)].type = type_from(found, row, 0);
    return out;
}

} // namespace jackfield::postgres

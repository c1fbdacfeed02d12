// What a table of the server looks like: its columns with their types down to what goes over the wire.
#pragma once

#include "quote.hpp"
#include "session.hpp"

#include <optional>

namespace jackfield::postgres {

/// What a type is over the wire, once domains are resolved to their base.
enum class Kind {
    boolean, int2, int4, int8, oid, float4, float8, numeric, text, ///< text: text, varchar, char(n), name, xml, "char"
    bytea, date, time, timetz, timestamp, timestamptz, interval, uuid, json, jsonb, inet, cidr, macaddr, money, bit,
    enumeration, array, other, ///< other: composites, ranges, geometry, types of extensions: as text only
};

/// A type. Value.
struct PgType {
    Kind kind = Kind::other;
    Oid oid = 0;               ///< of the base type, as binary forms name it
    int modifier = -1;         ///< atttypmod, of the column or else of the domain
    std::string sql;           ///< as declared, for casts and DDL: "numeric(12,2)", "order_state", "text[]"
    Kind element = Kind::other; ///< array: of its elements
    Oid element_oid = 0;       ///< array

    /// numeric(p,s): p; 0 where it is not bounded.
    [[nodiscard]] int precision() const { return modifier < 4 ? 0 : ((modifier - 4) >> 16) & 0xffff; }
    /// numeric(p,s): s, may be negative.
    [[nodiscard]] int scale() const { return modifier < 4 ? 0 : (((modifier - 4) & 0x7ff) ^ 1024) - 1024; }
};

/// Value.
struct Column {
    std::string name;
    PgType type;
    bool not_null = false;
    bool generated = false; ///< GENERATED ALWAYS AS (…) or AS IDENTITY: cannot be written
    bool filled = false;    ///< has a default or is an identity
};

/// A unique index or constraint that ON CONFLICT can name. Value.
struct UniqueKey {
    std::string name;
    std::vector<std::string> columns; ///< in the order of the index
    bool primary = false;
    bool nulls_equal = false; ///< NULLS NOT DISTINCT
    bool deferrable = false;  ///< ON CONFLICT refuses it
};

/// A relation that exists. Value.
struct Table {
    Name name;               ///< with its schema
    Oid oid = 0;
    char relation = 'r';     ///< pg_class.relkind: r table, p partitioned, v view, m materialized view, f foreign
    bool unlogged = false;
    bool deferred = false;   ///< has constraints that may be checked at the commit
    bool triggers = false;   ///< of its users, not of foreign keys
    std::vector<Column> columns;
    std::vector<UniqueKey> keys; ///< neither partial nor over expressions

    [[nodiscard]] const Column* find(std::string_view column) const;
    /// The unique key over exactly these columns, in any order; nullptr: none.
    [[nodiscard]] const UniqueKey* key_over(const std::vector<std::string>& columns) const;
};

/// nullopt: there is no such relation.
Result<std::optional<Table>> look_at(Session& session, const Patience& patience, const Name& name);

/// Tables, views, materialized views and foreign tables outside the system's schemas, with their columns and no keys, by name.
/// pattern: SQL LIKE over "schema.name" or the name alone; empty: all.
Result<std::vector<Table>> list_tables(Session& session, const Patience& patience, std::string_view pattern);

/// The types of the columns of an Answer (of Session::describe, or with rows), domains resolved.
Result<std::vector<Column>> columns_of(Session& session, const Patience& patience, const Answer& answer);

} // namespace jackfield::postgres

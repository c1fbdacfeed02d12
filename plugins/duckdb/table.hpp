// What a table of the database looks like, and statements about it.
#pragma once

#include "support/duckdb/session.hpp"

#include <optional>

namespace jackfield::duckdb {

/// A column as the database describes it. Value.
struct Column {
    std::string name, type;
    bool nullable = true, filled = false; ///< filled: it has a default
};

/// A PRIMARY KEY, UNIQUE or CHECK. Value.
struct Constraint {
    std::string kind, text;
    std::vector<std::string> columns;
};

/// A table that exists. Value.
struct Table {
    std::vector<Column> columns;
    std::vector<Constraint> constraints;
    bool indexed = false;

    /// Names compare as DuckDB compares them: without case.
    [[nodiscard]] const Column* find(std::string_view name) const;
    /// Whether its definition says more than names and types, so that another table cannot take its place.
    [[nodiscard]] bool elaborate() const;
};

/// Where a table is: database, schema, name, none of them quoted. Value.
struct Place {
    std::string database, schema, name;
    [[nodiscard]] std::string quoted() const { return quote_name(database) + "." + quote_name(schema) + "." + quote_name(name); }
};

/// Completes what people write with the current database and schema.
Result<Place> place_of(Session& session, std::string_view table);
/// nullopt: there is no such table. JF_E_CONFIG: it is a view.
Result<std::optional<Table>> look_at(Session& session, const Place& place);

} // namespace jackfield::duckdb

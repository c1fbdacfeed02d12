// What SQL text from outside may do, judged by DuckDB's own parse tree.
#pragma once

#include "support/duckdb/session.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::duckdb {

/// Whether a query may look at files beside the tables of the database.
enum class Files { no, yes };

/// Exactly one SELECT that changes nothing: no other statement, no function with effects, no table function but those that
/// only read tables, no file. Run it in `BEGIN TRANSACTION READ ONLY` all the same. JF_E_DENIED: it could do more;
/// JF_E_CONFIG: it cannot be read.
Status check_query(Session& session, std::string_view sql, Files files);

/// What a checked expression reads.
struct ExpressionFacts {
    std::set<std::string> columns; ///< and names of fields in them, as written
    bool repeatable = true; ///< the same row gives the same value tomorrow: no random(), no now()
};

/// Exactly one expression over the columns of one row: no subquery, window, aggregate, star, placeholder or alias, nothing
/// with effects. JF_E_CONFIG says what it has.
Result<ExpressionFacts> check_expression(Session& session, std::string_view expression);

} // namespace jackfield::duckdb

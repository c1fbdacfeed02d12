// SQL text for DuckDB: quoted names and strings, the names of column types, errors as people read them.
#pragma once

#include "support/duckdb/library.hpp"

#include <jackfield/sdk/arrow/types.hpp>

#include <string>
#include <string_view>

namespace jackfield::duckdb {

/// "name", with quotes inside doubled.
[[nodiscard]] std::string quote_name(std::string_view name);
/// 'text', with quotes inside doubled.
[[nodiscard]] std::string quote_text(std::string_view text);
/// A table as people write it ("orders", "shop.orders", "db.shop.orders", parts may be in double quotes) with each part
/// quoted. JF_E_CONFIG if it is not that.
[[nodiscard]] Result<std::string> quote_table(std::string_view table);
/// The parts of such a table, one to three.
[[nodiscard]] Result<std::vector<std::string>> table_parts(std::string_view table);

/// The DuckDB type that holds `type`: "DECIMAL(12,2)", "STRUCT(\"a\" BIGINT)". Dictionaries and run-ends become their
/// values, intervals and durations INTERVAL. JF_E_UNSUPPORTED: nothing in DuckDB holds it without loss.
[[nodiscard]] Result<std::string> sql_type(const DataType& type);

/// What DuckDB said, as one sentence of one line, in the class that decides what the host does: a lock of another process
/// is JF_E_UNAVAILABLE, a full disk JF_E_EXHAUSTED, a broken constraint JF_E_DATA.
[[nodiscard]] Error error_of(duckdb_error_type type, std::string_view message);

} // namespace jackfield::duckdb

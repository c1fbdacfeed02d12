// The plugin 'duckdb': an embedded database as connection, source, sink and task.
#include "connection.hpp"
#include "sink.hpp"
#include "source.hpp"
#include "sql_task.hpp"

using namespace jackfield;

JACKFIELD_PLUGIN("duckdb", "0.1.0", "Jackfield", "Apache-2.0",
    sdk::connection<duckdb::DuckdbConnection>("duckdb", "A DuckDB database: one file, or memory"),
    sdk::source<duckdb::DuckdbSource>("duckdb", "Rows of a query or a table"),
    sdk::sink<duckdb::DuckdbSink>("duckdb", "Rows into a table: append, replace, upsert"),
    sdk::task<duckdb::SqlTask>("duckdb.sql", "Runs SQL statements"))

// The plugin 'postgres'.
#include "connection.hpp"
#include "sink.hpp"
#include "source.hpp"

using namespace jackfield;

JACKFIELD_PLUGIN("postgres", "0.1.0", "Jackfield", "Apache-2.0",
    sdk::connection<postgres::PostgresConnection>("postgres", "A PostgreSQL server: pooled connections with TLS and time limits"),
    sdk::sink<postgres::PostgresSink>("postgres", "Rows into a table by COPY, the position in the same transaction"),
    sdk::source<postgres::PostgresSource>("postgres", "Rows of a query or a table, in parallel or incrementally"))

// The plugin 'postgres'.
#include "connection.hpp"
#include "sink.hpp"

using namespace jackfield;

JACKFIELD_PLUGIN("postgres", "0.1.0", "Jackfield", "Apache-2.0",
    sdk::connection<postgres::PostgresConnection>("postgres", "A PostgreSQL server: pooled connections with TLS and time limits"),
    sdk::sink<postgres::PostgresSink>("postgres", "Rows into a table by COPY, the position in the same transaction"))

// The plugin 'postgres'.
#include "connection.hpp"

using namespace jackfield;

JACKFIELD_PLUGIN("postgres", "0.1.0", "Jackfield", "Apache-2.0",
    sdk::connection<postgres::PostgresConnection>("postgres", "A PostgreSQL server: pooled connections with TLS and time limits"))

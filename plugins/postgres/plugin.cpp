// The plugin 'postgres'.
#include "aggregate_task.hpp"
#include "connection.hpp"
#include "index_task.hpp"
#include "partition_task.hpp"
#include "refresh_task.hpp"
#include "sink.hpp"
#include "source.hpp"
#include "sql_task.hpp"
#include "vacuum_task.hpp"

using namespace jackfield;

JACKFIELD_PLUGIN("postgres", "0.1.0", "Jackfield", "Apache-2.0",
    sdk::connection<postgres::PostgresConnection>("postgres", "A PostgreSQL server: pooled connections with TLS and time limits"),
    sdk::source<postgres::PostgresSource>("postgres", "Rows of a query or a table, in parallel or incrementally"),
    sdk::sink<postgres::PostgresSink>("postgres", "Rows into a table by COPY, the position in the same transaction"),
    sdk::task<postgres::SqlTask>("postgres.sql", "Runs statements"),
    sdk::task<postgres::AggregateTask>("postgres.aggregate", "Keeps a table of aggregates by time up to date"),
    sdk::task<postgres::RefreshTask>("postgres.refresh", "Refreshes materialized views"),
    sdk::task<postgres::IndexTask>("postgres.index", "Makes an index if it is missing"),
    sdk::task<postgres::ReindexTask>("postgres.reindex", "Builds indexes anew"),
    sdk::task<postgres::VacuumTask>("postgres.vacuum", "Vacuums and analyzes tables"),
    sdk::task<postgres::PartitionTask>("postgres.partition", "Makes partitions by time ahead and drops them behind"))

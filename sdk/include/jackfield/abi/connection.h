/* Connections: what the components of one plugin share (a pool, the one instance of an embedded database, a client
 * handle), and the three questions that everyone asks of a store: check, discover, query. Kind "jf.connection/0".
 *
 * A flow names a connection once; the host creates it once, hands it to the create() of each component whose `on`
 * names it, and destroys it after the last of them. No pool is ever a global of a plugin. */
#ifndef JACKFIELD_ABI_CONNECTION_H
#define JACKFIELD_ABI_CONNECTION_H

#include <jackfield/abi/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One read-only statement with bound parameters. */
typedef struct jf_query {
    uint32_t struct_size;
    uint32_t reserved0;
    jf_str sql;                      /* exactly one statement; anything else is JF_E_DENIED or JF_E_CONFIG */
    struct ArrowArrayStream *params; /* one row, one column for each placeholder in order; moved in; NULL: none */
    uint64_t max_rows;               /* stop after these; 0: no limit */
} jf_query;

typedef struct jf_connection {
    uint32_t struct_size;
    uint32_t reserved0;
    /* Can it be reached, who are we, which version is it? A JSON object for people, e.g.
     * {"server": "PostgreSQL 15.8", "user": "etl"}. JF_OK or a failure of the right class. [concurrent] */
    jf_status (*check)(void *self, const jf_call *call, const jf_writer *json);
    /* Optional. What is in there, as JSON: [{"name": "public.orders", "kind": "table", "columns":
     * [{"name": "id", "type": "int64", "nullable": false}]}]. `pattern`: SQL LIKE over the name; empty: all.
     * [concurrent] */
    jf_status (*discover)(void *self, const jf_call *call, jf_str pattern, const jf_writer *json);
    /* Optional. Runs a statement that cannot write. `out` is filled on JF_OK; reading it may block, up to the
     * deadline of this call; interrupt of the instance ends it. The caller releases it before the connection is
     * destroyed. [concurrent] */
    jf_status (*query)(void *self, const jf_call *call, const jf_query *query, struct ArrowArrayStream *out);
} jf_connection;

JF_STATIC_ASSERT(sizeof(jf_query) == 40 && sizeof(jf_connection) == 32, "jf_connection");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_ABI_CONNECTION_H */

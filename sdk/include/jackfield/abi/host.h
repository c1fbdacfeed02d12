/* What the host offers to a component: services found by id. A service that is absent answers NULL; a plugin
 * then does without or fails with JF_E_UNSUPPORTED naming the service. */
#ifndef JACKFIELD_ABI_HOST_H
#define JACKFIELD_ABI_HOST_H

#include <jackfield/abi/arrow.h>
#include <jackfield/abi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The host as one component instance sees it. Lives from create() until destroy() has returned; the one handed to
 * the plugin's entry lives for the life of the process and offers log and clock only. */
typedef struct jf_host jf_host;
struct jf_host {
    uint32_t struct_size;
    uint32_t reserved0;
    void *host_data;
    const char *product; /* "jackfield"; for messages */
    const char *version; /* for messages; nobody branches on it */
    /* The table of a service, or NULL. Answers the same pointer every time. [any] */
    const void *(*service)(const jf_host *self, const char *service_id);
};

/* ---- log ---------------------------------------------------------------------------------------------- */

#define JF_HOST_LOG "jf.host.log/0"
#define JF_LOG_DEBUG 0
#define JF_LOG_INFO 1
#define JF_LOG_WARN 2
#define JF_LOG_ERROR 3
typedef struct jf_host_log {
    uint32_t struct_size;
    uint32_t reserved0;
    /* One line into the log of the run. The host adds flow, task and component, and masks every secret that it
     * handed out. fields_json: a JSON object or empty. [any] */
    void (*log)(const jf_host *host, int32_t level, jf_str message, jf_str fields_json);
} jf_host_log;

/* ---- metrics ------------------------------------------------------------------------------------------ */

#define JF_HOST_METRICS "jf.host.metrics/0"
#define JF_METRIC_COUNTER 0   /* record() adds */
#define JF_METRIC_GAUGE 1     /* record() sets */
#define JF_METRIC_HISTOGRAM 2 /* record() observes */
typedef struct jf_host_metrics {
    uint32_t struct_size;
    uint32_t reserved0;
    /* An id for record(); the same name gives the same id; 0 if the name or kind cannot be had. [any] */
    uint64_t (*define)(const jf_host *host, int32_t kind, jf_str name, jf_str help);
    /* labels_json: an object of strings or empty. Unknown ids are ignored. [any] */
    void (*record)(const jf_host *host, uint64_t id, double value, jf_str labels_json);
} jf_host_metrics;

/* ---- secrets ------------------------------------------------------------------------------------------ */

#define JF_HOST_SECRETS "jf.host.secrets/0"
typedef struct jf_host_secrets {
    uint32_t struct_size;
    uint32_t reserved0;
    /* Looks up the secret that the configuration names at `pointer` (a member marked x-jf-secret) and hands its
     * bytes to `use`; they are wiped when it returns. Each call looks it up afresh, so a rotated secret is seen
     * without a restart. `call` may be NULL (a pool that reconnects on its own). Returns what `use` returned, or
     * JF_E_NOT_FOUND, JF_E_CONFIG (no secret there), JF_E_UNAVAILABLE. [any] */
    jf_status (*with_secret)(const jf_host *host, const jf_call *call, const char *pointer,
                             jf_status (*use)(void *argument, jf_bytes secret), void *argument);
} jf_host_secrets;

/* ---- clock -------------------------------------------------------------------------------------------- */

#define JF_HOST_CLOCK "jf.host.clock/0"
typedef struct jf_host_clock {
    uint32_t struct_size;
    uint32_t reserved0;
    int64_t (*unix_ns)(const jf_host *host);      /* wall clock, UTC [any] */
    int64_t (*monotonic_ns)(const jf_host *host); /* the clock of jf_call.deadline_ns [any] */
} jf_host_clock;

/* ---- state -------------------------------------------------------------------------------------------- */

#define JF_HOST_STATE "jf.host.state/0"
typedef struct jf_host_state { /* small durable values, private to this component of this flow */
    uint32_t struct_size;
    uint32_t reserved0;
    /* JF_OK, or JF_END if nothing is stored under key. [any] */
    jf_status (*get)(const jf_host *host, const jf_call *call, jf_str key, const jf_writer *out);
    /* Durable when it returns JF_OK. At most 1 MiB a value. An empty value removes the key. [any] */
    jf_status (*put)(const jf_host *host, const jf_call *call, jf_str key, jf_bytes value);
} jf_host_state;

/* ---- buffers ------------------------------------------------------------------------------------------ */

#define JF_HOST_BUFFER "jf.host.buffer/0"
typedef struct jf_host_buffer { /* 64-byte aligned; shared memory when the plugin runs in a process of its own */
    uint32_t struct_size;
    uint32_t reserved0;
    void *(*alloc)(const jf_host *host, size_t len); /* NULL if there is no memory [any] */
    /* A buffer outlives the instance that allocated it: `host` may be gone, so it is not asked for. [any] */
    void (*free)(void *buffer);
} jf_host_buffer;

/* ---- query -------------------------------------------------------------------------------------------- */

#define JF_HOST_QUERY "jf.host.query/0"
/* Value of `target`: the open epoch of the sink of this pipeline, rows included that are not committed yet.
 * Answered only inside process(), barrier() and only where the sink offers it (JF_E_UNSUPPORTED elsewhere). */
#define JF_QUERY_OPEN_EPOCH "."
typedef struct jf_host_query { /* read-only questions to another component's store */
    uint32_t struct_size;
    uint32_t reserved0;
    /* One read-only statement to the connection named `target` in the flow. params: one row, one column for each
     * placeholder, moved in; NULL: none. out: filled on JF_OK, the caller releases it before the call ends.
     * [in-call] */
    jf_status (*query)(const jf_host *host, const jf_call *call, jf_str target, jf_str sql,
                       struct ArrowArrayStream *params, struct ArrowArrayStream *out);
} jf_host_query;

JF_STATIC_ASSERT(offsetof(jf_host, service) == 32 && sizeof(jf_host) == 40, "jf_host");
JF_STATIC_ASSERT(sizeof(jf_host_log) == 16 && sizeof(jf_host_metrics) == 24, "log, metrics");
JF_STATIC_ASSERT(sizeof(jf_host_secrets) == 16 && sizeof(jf_host_clock) == 24, "secrets, clock");
JF_STATIC_ASSERT(sizeof(jf_host_state) == 24 && sizeof(jf_host_buffer) == 24, "state, buffer");
JF_STATIC_ASSERT(sizeof(jf_host_query) == 16, "query");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_ABI_HOST_H */

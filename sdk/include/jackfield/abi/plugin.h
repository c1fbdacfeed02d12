/* A plugin: the one exported symbol, and the factories behind it. */
#ifndef JACKFIELD_ABI_PLUGIN_H
#define JACKFIELD_ABI_PLUGIN_H

#include <jackfield/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what a configuration can do ---------------------------------------------------------------------- */

/* Capabilities. Bits that a reader does not know are ignored. */
#define JF_CAN_REPLAY (UINT64_C(1) << 0)      /* source: open(from = p) repeats exactly the rows after p */
#define JF_CAN_REPLAY_UNTIL (UINT64_C(1) << 1) /* source: `until` is honoured exactly */
#define JF_CAN_RECORD (UINT64_C(1) << 2)      /* source: record() is durable and fenced */
#define JF_BOUNDED (UINT64_C(1) << 3)         /* source: reaches JF_END by itself */
#define JF_INCREMENTAL (UINT64_C(1) << 4)     /* source: goes on after its last position in the next run (a cursor) */
#define JF_CAN_STORE_TOKEN (UINT64_C(1) << 8) /* sink: rows and tokens become durable together */
#define JF_IDEMPOTENT (UINT64_C(1) << 9)      /* sink: writing a row again changes nothing; action: running again */
#define JF_CAN_RESOLVE (UINT64_C(1) << 10)    /* sink: resolve() can tell */
#define JF_CAN_SHARE (UINT64_C(1) << 11)      /* sink: several writers, of several processes, at once */
#define JF_CAN_QUERY_EPOCH (UINT64_C(1) << 12) /* sink: query() sees the rows of the open epoch */
#define JF_DEDUPLICATES (UINT64_C(1) << 13)   /* sink: the same token is taken once, within a window */
#define JF_WHOLE_INPUT (UINT64_C(1) << 14)    /* step, sink: needs all of a bounded input in one epoch */
#define JF_DETERMINISTIC (UINT64_C(1) << 16)  /* step, chart: same input, same output */
#define JF_IS_STEP (UINT64_C(1) << 17)        /* task: has the step face in this configuration */
#define JF_IS_ACTION (UINT64_C(1) << 18)      /* task: has the action face in this configuration */

/* jf_description.partitioning */
#define JF_PARTITIONS_NONE 0    /* one partition, named "" */
#define JF_PARTITIONS_STATIC 1  /* partitions() lists them; the host opens a reader on each */
#define JF_PARTITIONS_DYNAMIC 2 /* given and taken through next(); the host opens as many readers as it has lanes */

/* jf_description.state_scope: what the state of a step belongs to */
#define JF_STATE_ROW 0       /* none */
#define JF_STATE_PARTITION 1 /* each partition has its own */
#define JF_STATE_FLOW 2      /* all partitions share it */

/* What one configuration can do, filled by describe() without any input or output. The host fills struct_size and
 * zeroes the rest. */
typedef struct jf_description {
    uint32_t struct_size;
    uint32_t partitioning;
    uint64_t capabilities;
    uint32_t state_scope;
    uint32_t max_lanes;         /* readers or writers that may work at once; 0: no limit */
    const jf_writer *outputs;   /* lent; names of a step's outputs after the main one, each ended by '\n' */
    const jf_writer *sentence;  /* lent; one sentence for `plan`: what is read or written, and why it can or cannot
                                   be repeated. Lower case, no full stop. */
    const jf_writer *digest_of; /* lent; text that selects the data (path, query, table): a change of it means other
                                   data. Empty: the whole configuration. */
} jf_description;

/* ---- factory ------------------------------------------------------------------------------------------ */

/* Values of jf_factory.kind, and the type of its table:
 *   JF_KIND_CONNECTION  jf_connection   connection.h
 *   JF_KIND_SOURCE      jf_source       source.h
 *   JF_KIND_SINK        jf_sink         sink.h
 *   JF_KIND_TASK        jf_task         task.h
 *   JF_KIND_AUTH        jf_auth         auth.h
 *   JF_KIND_CHART       jf_chart        chart.h
 * A host skips kinds that it does not know, and says so in its log. */
#define JF_KIND_CONNECTION "jf.connection/0"
#define JF_KIND_SOURCE "jf.source/0"
#define JF_KIND_SINK "jf.sink/0"
#define JF_KIND_TASK "jf.task/0"
#define JF_KIND_AUTH "jf.auth/0"
#define JF_KIND_CHART "jf.chart/0"

/* Makes instances of one component. A static object: the same pointer for the life of the process. */
typedef struct jf_factory jf_factory;
struct jf_factory {
    uint32_t struct_size;
    uint32_t reserved0;
    const char *kind;
    const char *id;      /* "files", "postgres.aggregate": letters, digits, '.', '_', '-'; what `use` names */
    const char *version; /* of the component */
    const char *title;   /* one line for lists */
    const char *description;   /* paragraphs for the reference page; may be NULL */
    const char *config_schema; /* JSON Schema draft 7, of type object */
    const char *connection;    /* id of the connection factory of this plugin that `on` must name; NULL: none.
                                  A '?' before it: optional. */
    const void *table;
    /* No input, no output. `connection_config`: that of the connection it will be given; NULL: none. JF_OK, or
     * JF_E_CONFIG if this configuration can never work. [any] */
    jf_status (*describe)(const jf_factory *self, const jf_call *call, const jf_config *config,
                          const jf_config *connection_config, jf_description *out);
    /* Makes an instance; starts no work. `connection`: the instance made by the factory that `connection` names,
     * alive until after destroy(); NULL if there is none. *out is set on JF_OK only. [any] */
    jf_status (*create)(const jf_factory *self, const jf_host *host, const jf_call *call, const jf_config *config,
                        void *connection, void **out);
    /* Optional. Looks outside: is the table there, is there a unique index, may we write? Findings as a JSON array of
     * {"severity": "error"|"warning"|"info", "place": "table", "message": "…"}. [serial:instance] */
    jf_status (*check)(void *instance, const jf_call *call, const jf_writer *json);
    /* Optional. Makes calls in progress on the instance come back soon with JF_E_CANCELLED. [any] */
    void (*interrupt)(void *instance);
    /* Every reader, writer, step and query of the instance is closed by then. [serial:instance] */
    void (*destroy)(void *instance);
    /* Optional. The table of an extension, or NULL. [any] */
    const void *(*extension)(const jf_factory *self, const char *extension_id);
};

/* ---- plugin ------------------------------------------------------------------------------------------- */

typedef struct jf_plugin {
    uint32_t struct_size;
    uint32_t reserved0;
    const char *name; /* "files", "acme-ticks" */
    const char *version;
    const char *vendor;
    const char *license; /* SPDX */
    const char *built_with; /* "jackfield sdk 0.1.0, g++ 12.2"; for messages */
    uint64_t factory_count;
    const jf_factory *const *factories; /* pointers, so that a factory may grow */
} jf_plugin;

/* The one exported symbol. Does no input or output, starts no thread, allocates at most what lives for ever; answers
 * the same pointer each time; several runtimes may call it at once. NULL: refused, and call->fail said why. [any] */
typedef const jf_plugin *(*jf_plugin_entry_fn)(const jf_host *host, const jf_call *call);
#define JF_PLUGIN_ENTRY_SYMBOL "jf_plugin_entry_v1"

#ifdef __cplusplus
#define JF_EXTERN_C extern "C"
#else
#define JF_EXTERN_C
#endif
/* Defining JF_STATIC_PLUGIN as the plugin's name gives the entry that suffix, so that several plugins can be linked
 * into one program. */
#ifdef JF_STATIC_PLUGIN
#define JF_PASTE_(a, b) a##b
#define JF_PASTE(a, b) JF_PASTE_(a, b)
#define JF_PLUGIN_ENTRY JF_PASTE(jf_plugin_entry_v1_, JF_STATIC_PLUGIN)
#else
#define JF_PLUGIN_ENTRY jf_plugin_entry_v1
#endif
#define JF_EXPORT JF_EXTERN_C __attribute__((visibility("default")))

JF_STATIC_ASSERT(offsetof(jf_description, outputs) == 24 && sizeof(jf_description) == 48, "jf_description");
JF_STATIC_ASSERT(offsetof(jf_factory, describe) == 72 && sizeof(jf_factory) == 120, "jf_factory");
JF_STATIC_ASSERT(offsetof(jf_plugin, factories) == 56 && sizeof(jf_plugin) == 64, "jf_plugin");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_ABI_PLUGIN_H */

/* Vocabulary of the Jackfield plugin ABI: status, strings, growth, the frame of a call, configuration.
 *
 * The headers of this folder compile as C11 and C++11, include nothing but <stddef.h> and <stdint.h>, and are
 * the only part of Jackfield that may never break. Rules R1 to R11 that they follow are in docs/abi.md.
 *
 * Thread tags, on every function:
 *   [any]          from any thread, at any time while the object lives, together with anything
 *   [in-call]      only while the plugin function that was handed the object is running, on any thread
 *   [serial:X]     never two calls at once on the same X; the operating-system thread may differ each time
 *   [concurrent]   several calls at once on the same object
 *
 * Lent pointers: every pointer that one side hands to a function of the other is valid until that function
 * returns, unless its comment says otherwise. Whoever needs it longer copies.
 */
#ifndef JACKFIELD_ABI_BASE_H
#define JACKFIELD_ABI_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define JF_STATIC_ASSERT(condition, message) static_assert(condition, message)
extern "C" {
#else
#define JF_STATIC_ASSERT(condition, message) _Static_assert(condition, message)
#endif

/* ---- status ------------------------------------------------------------------------------------------- */

/* 0: done. Positive: an outcome that is no failure. Negative: a failure; its class says what to do about it.
 * A function returns only what its comment lists; anything else counts as JF_E_FAILED. */
typedef int32_t jf_status;

#define JF_OK 0
#define JF_END 1        /* a bounded input is finished; or: nothing is stored */
#define JF_IDLE 2       /* nothing right now; ask again */
#define JF_CONTINUE 3   /* auth: one more step is needed */
#define JF_SCHEMA 4     /* the schema changed: ask schema() again, then go on */
#define JF_GIVEN 5      /* source event: this reader was given a partition */
#define JF_ASKED_BACK 6 /* source event: a partition is wanted back; commit or drop, then give_back() */
#define JF_LOST 7       /* source event: a partition is gone already; drop it, never commit */
#define JF_REJECTED 8   /* sink: some rows were refused and reported; all others stand */
#define JF_RESEND 9     /* sink: some rows were refused and reported; abort, and send the epoch without them */
#define JF_UNKNOWN 10   /* sink: whether it landed is not known; resolve() will tell */
#define JF_LANDED 11    /* resolve: all of it landed */
#define JF_ABSENT 12    /* resolve: none of it landed */
#define JF_IN_PART 13   /* resolve: some of it landed; send all of it again under the same token */

#define JF_E_FAILED (-1)          /* no class below fits; not tried again */
#define JF_E_CONFIG (-2)          /* the configuration is wrong; trying again is useless */
#define JF_E_UNSUPPORTED (-3)     /* this component cannot do that */
#define JF_E_UNAUTHENTICATED (-4) /* who we are was not accepted */
#define JF_E_DENIED (-5)          /* we are known, and may not */
#define JF_E_NOT_FOUND (-6)       /* the named thing does not exist */
#define JF_E_DATA (-7)            /* these rows are bad; others may be good */
#define JF_E_UNAVAILABLE (-8)     /* passing trouble: worth trying again */
#define JF_E_TIMEOUT (-9)         /* the deadline of the call passed */
#define JF_E_CANCELLED (-10)      /* the host asked to stop */
#define JF_E_EXHAUSTED (-11)      /* memory, disk or quota is used up; worth trying again later */
#define JF_E_STATE (-12)          /* the call was made out of order: a bug of the caller */
#define JF_E_FENCED (-13)         /* another writer took over: stop, never try again */
#define JF_E_POSITION (-14)       /* this position cannot be read any more (retention, changed file, format) */

/* ---- bytes and strings: frozen, never grow ------------------------------------------------------------ */

typedef struct jf_bytes {
    const void *ptr; /* may be NULL if len is 0 */
    size_t len;
} jf_bytes;

typedef struct jf_str { /* UTF-8, not ended by a NUL */
    const char *ptr;    /* may be NULL if len is 0 */
    size_t len;
} jf_str;

/* ---- growth ------------------------------------------------------------------------------------------- */

/* Every struct below starts with `struct_size`, set to sizeof by whoever fills it in. New members come at the
 * end only, so a shorter struct_size means an older author. A member is read only through these two macros
 * unless it was in the first revision of its struct and is data. Such structs are never copied, embedded or put
 * in arrays by value: an array holds pointers. */
#define JF_HAS(type, object, member)                                                                         \
    ((object) != NULL && (object)->struct_size >= offsetof(type, member) + sizeof((object)->member))
#define JF_HAS_FN(type, object, member) (JF_HAS(type, object, member) && (object)->member != NULL)

/* ---- bytes out ---------------------------------------------------------------------------------------- */

/* Where a plugin puts bytes that it hands to the host: the host copies, so nothing allocated on one side is freed
 * on the other. Several writes append. */
typedef struct jf_writer jf_writer;
struct jf_writer {
    uint32_t struct_size;
    uint32_t reserved0;
    void *host_data;
    /* Returns JF_OK, or JF_E_EXHAUSTED if the host's limit for this value (stated where it is lent) is passed.
     * [in-call] */
    jf_status (*write)(const jf_writer *self, const void *data, size_t len);
};

/* ---- errors ------------------------------------------------------------------------------------------- */

/* Why a call failed. Filled by the plugin on its stack, copied by the host inside fail(). */
typedef struct jf_error {
    uint32_t struct_size;
    jf_status kind;         /* a JF_E_ class */
    jf_str message;         /* one sentence for a person: the thing at fault and the remedy; never a secret */
    jf_str code;            /* the vendor's own code: SQLSTATE, errno name, HTTP status; may be empty */
    jf_str place;           /* "table", "orders.csv:17"; the host puts its own part before it; may be empty */
    int64_t retry_after_ns; /* not before this long from now; -1: not said */
} jf_error;

/* ---- the frame of one call ---------------------------------------------------------------------------- */

/* Lent by the host with every call into the plugin that can take time or fail. */
typedef struct jf_call jf_call;
struct jf_call {
    uint32_t struct_size;
    uint32_t reserved0;
    void *host_data;
    int64_t deadline_ns; /* on the monotonic clock of jf.host.clock; INT64_MAX: none. The plugin is back by then. */
    /* Records why the call fails; the last one counts, and an empty message keeps the earlier one (of a host service
     * that failed, say). Returns error->kind, so a plugin writes `return call->fail(call, &error);`. [in-call] */
    jf_status (*fail)(const jf_call *self, const jf_error *error);
    /* Not 0: the host wants this call to end soon with JF_E_CANCELLED. [in-call] */
    int32_t (*cancelled)(const jf_call *self);
    /* Sleeps up to timeout_ns. JF_OK, or JF_E_CANCELLED as soon as the call is cancelled or its deadline is
     * reached. [in-call] */
    jf_status (*wait)(const jf_call *self, int64_t timeout_ns);
};

/* ---- configuration ------------------------------------------------------------------------------------ */

/* Types that jf_config.type answers. */
#define JF_JSON_ABSENT 0
#define JF_JSON_NULL 1
#define JF_JSON_BOOL 2
#define JF_JSON_INT 3 /* fits int64 */
#define JF_JSON_FLOAT 4
#define JF_JSON_STRING 5
#define JF_JSON_ARRAY 6
#define JF_JSON_OBJECT 7

/* The configuration of one component: parsed, checked against the factory's JSON Schema and filled with its
 * defaults by the host, so a plugin needs no JSON parser. `pointer` is a JSON Pointer (RFC 6901) ended by a NUL;
 * "" is the whole. Members that the schema marks "x-jf-secret" are absent: jf.host.secrets has them.
 * Valid as long as the call it is lent to, in create() as long as the instance. [any] */
typedef struct jf_config jf_config;
struct jf_config {
    uint32_t struct_size;
    uint32_t reserved0;
    void *host_data;
    jf_str json; /* the whole as compact JSON text */
    int32_t (*type)(const jf_config *self, const char *pointer);
    /* These return JF_OK, JF_E_NOT_FOUND if nothing is there, JF_E_CONFIG if it has another type. A string lives
     * as long as the configuration. get_f64 takes whole numbers too. */
    jf_status (*get_str)(const jf_config *self, const char *pointer, jf_str *out);
    jf_status (*get_i64)(const jf_config *self, const char *pointer, int64_t *out);
    jf_status (*get_f64)(const jf_config *self, const char *pointer, double *out);
    jf_status (*get_bool)(const jf_config *self, const char *pointer, int32_t *out);
    /* Number of elements of an array or members of an object. */
    jf_status (*get_len)(const jf_config *self, const char *pointer, uint64_t *out);
    /* Name of member `index` of an object, in the order of the text. */
    jf_status (*get_key)(const jf_config *self, const char *pointer, uint64_t index, jf_str *out);
    /* The value there as compact JSON text. */
    jf_status (*get_json)(const jf_config *self, const char *pointer, jf_str *out);
};

/* ---- shared by sources, sinks and tasks --------------------------------------------------------------- */

/* What a piece of progress belongs to. A position or token is only ever read under the scope that wrote it. */
typedef struct jf_scope {
    uint32_t struct_size;
    uint32_t reserved0;
    jf_str flow;
    jf_str task;
    jf_str slice;      /* the item of a fan-out or the interval of a backfill; empty: neither */
    jf_str generation; /* new for each full load, kept when a run is continued, constant for a cursor */
    jf_bytes digest;   /* of whatever selects the data; the host refuses to continue under another */
} jf_scope;

/* Upper bounds for one batch. max_rows 0: return no rows, but do what keeps a connection or membership alive. Only rows
 * that no position can part (equal values of a cursor) may make a batch larger, by the rest of them. */
typedef struct jf_limits {
    uint32_t struct_size;
    uint32_t reserved0;
    uint64_t max_rows;
    uint64_t max_bytes; /* advice; one row may exceed it */
} jf_limits;

/* One row that could not be taken, with the reason. Either `record` holds what was read, or (write, row) name a
 * row that the host handed in and still has. */
typedef struct jf_rejected_row {
    uint32_t struct_size;
    jf_status kind;  /* mostly JF_E_DATA */
    uint64_t write;  /* sink: the number given to write(); others: 0 */
    int64_t row;     /* row of that batch; -1: see record */
    jf_str place;    /* "orders.csv:17", "orders/3@1042"; may be empty */
    jf_str column;   /* may be empty */
    jf_str code;     /* vendor's code, rule name; may be empty */
    jf_str message;  /* one sentence */
    jf_bytes record; /* the raw record; may be empty */
} jf_rejected_row;

/* Where rejected rows go. The host counts them, writes them to the quarantine of the task, or fails the task. */
typedef struct jf_rejects jf_rejects;
struct jf_rejects {
    uint32_t struct_size;
    uint32_t reserved0;
    void *host_data;
    /* Copies all of it. JF_OK: go on without the row. A failure: the policy of the task is to stop; return it.
     * [in-call] */
    jf_status (*reject)(const jf_rejects *self, const jf_rejected_row *row);
};

/* ---- layout, 64-bit only ------------------------------------------------------------------------------ */

JF_STATIC_ASSERT(sizeof(void *) == 8 && sizeof(size_t) == 8, "64-bit only");
JF_STATIC_ASSERT(sizeof(jf_str) == 16 && sizeof(jf_bytes) == 16, "frozen");
JF_STATIC_ASSERT(offsetof(jf_writer, write) == 16 && sizeof(jf_writer) == 24, "jf_writer");
JF_STATIC_ASSERT(offsetof(jf_error, retry_after_ns) == 56 && sizeof(jf_error) == 64, "jf_error");
JF_STATIC_ASSERT(offsetof(jf_call, fail) == 24 && sizeof(jf_call) == 48, "jf_call");
JF_STATIC_ASSERT(offsetof(jf_config, type) == 32 && sizeof(jf_config) == 96, "jf_config");
JF_STATIC_ASSERT(offsetof(jf_scope, digest) == 72 && sizeof(jf_scope) == 88, "jf_scope");
JF_STATIC_ASSERT(sizeof(jf_limits) == 24, "jf_limits");
JF_STATIC_ASSERT(offsetof(jf_rejected_row, record) == 88 && sizeof(jf_rejected_row) == 104, "jf_rejected_row");
JF_STATIC_ASSERT(sizeof(jf_rejects) == 24, "jf_rejects");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_ABI_BASE_H */

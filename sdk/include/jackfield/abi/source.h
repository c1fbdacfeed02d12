/* Sources: rows in, as batches with positions. Kind "jf.source/0".
 *
 * A reader is opened under a scope, delivers batches, and is closed. Each batch belongs to one partition and comes with
 * the position from which a later reader goes on right after it. Positions are opaque to everyone but the source; they
 * start with a format byte of the source's own, and a newer source reads those of older ones. */
#ifndef JACKFIELD_ABI_SOURCE_H
#define JACKFIELD_ABI_SOURCE_H

#include <jackfield/abi/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jf_read_request {
    uint32_t struct_size;
    uint32_t reserved0;
    const jf_scope *scope;
    /* The partition to read: "" of a source without partitions, one name from partitions() of a static one. A dynamic
     * source ignores partition, from and until: it is given partitions, and the host answers each with seek(). */
    jf_str partition;
    jf_bytes from;  /* go on right after this position; empty: from where the configuration says */
    jf_bytes until; /* stop with JF_END right after this position; empty: no such end */
} jf_read_request;

/* jf_batch.watermark_state */
#define JF_WATERMARK_NONE 0 /* nothing is known of event time */
#define JF_WATERMARK_AT 1   /* no later row of the partition is older than watermark_us, but for late ones */
#define JF_WATERMARK_IDLE 2 /* the reader has delivered all that is there: do not wait for this partition */
#define JF_WATERMARK_END 3  /* the partition is at its end */

/* What one next() brings. The host fills struct_size and the lent pointers, and zeroes the rest. */
typedef struct jf_batch {
    uint32_t struct_size;
    uint32_t watermark_state;
    int64_t watermark_us;        /* event time, microseconds since 1970 UTC */
    struct ArrowArray *array;    /* lent storage: a struct array as schema() says; the caller owns it after JF_OK */
    const jf_writer *partition;  /* lent; name of the partition; nothing written: "" */
    const jf_writer *position;   /* lent; at most 64 KiB */
    const jf_rejects *rejects;   /* lent; where records go that cannot be decoded */
    uint64_t bytes;              /* read from outside for this batch; 0: not known */
    uint64_t total_bytes;        /* of the whole partition if known, for progress; 0: not known */
} jf_batch;

typedef struct jf_source {
    uint32_t struct_size;
    uint32_t reserved0;
    /* Required of a static source: writes a JSON array of names, in the order to read them. May look outside.
     * [serial:instance] */
    jf_status (*partitions)(void *self, const jf_call *call, const jf_writer *json);
    /* Opens a reader. JF_E_POSITION if `from` cannot be gone on from. *reader is set on JF_OK only.
     * [serial:instance]; readers of one instance are then used at once by several threads. */
    jf_status (*open)(void *self, const jf_call *call, const jf_read_request *request, void **reader);
    /* The schema of the batches to come; a struct; moved to the caller. A dynamic source may answer JF_IDLE until it has
     * seen data. [serial:reader] */
    jf_status (*schema)(void *reader, const jf_call *call, struct ArrowSchema *out);
    /* One batch, or one event.
     * JF_OK         a batch; it may have no rows and still move the position
     * JF_IDLE       nothing yet; ask again. With max_rows 0 the only answer but for events and failures
     * JF_END        nothing will ever come again (bounded sources)
     * JF_SCHEMA     ask schema() before the next batch
     * JF_GIVEN, JF_ASKED_BACK, JF_LOST   `partition` says which one
     * or JF_E_DATA, JF_E_UNAVAILABLE, JF_E_TIMEOUT, JF_E_CANCELLED, JF_E_POSITION, …
     * Waits for data until the deadline at most and then answers JF_IDLE. [serial:reader] */
    jf_status (*next)(void *reader, const jf_call *call, const jf_limits *limits, jf_batch *out);
    /* Required of a dynamic source, else optional: goes on with `partition` right after `position` (empty: from where
     * the configuration says), up to `until`. The answer to JF_GIVEN; also to go back after an aborted epoch.
     * [serial:reader] */
    jf_status (*seek)(void *reader, const jf_call *call, jf_str partition, jf_bytes position, jf_bytes until);
    /* Required of a dynamic source: the answer to JF_ASKED_BACK, once everything of it is committed or dropped.
     * [serial:reader] */
    jf_status (*give_back)(void *reader, const jf_call *call, jf_str partition);
    /* Optional (JF_CAN_RECORD): makes (position, intent) durable at the source's side, refused with JF_E_FENCED if the
     * partition is not this reader's any more. At most 4 KiB together. [serial:reader] */
    jf_status (*record)(void *reader, const jf_call *call, jf_str partition, jf_bytes position, jf_bytes intent);
    /* Optional (JF_CAN_RECORD): what record() kept; JF_END: nothing. [serial:reader] */
    jf_status (*recorded)(void *reader, const jf_call *call, jf_str partition, const jf_writer *position,
                          const jf_writer *intent);
    /* Optional: everything of `partition` up to `position` is durable downstream. Never before it is; may be skipped or
     * repeated. [serial:reader] */
    jf_status (*ack)(void *reader, const jf_call *call, jf_str partition, jf_bytes position);
    /* Optional: opaque bytes that the sink's commit needs of this source (Kafka's group metadata). [serial:reader] */
    jf_status (*witness)(void *reader, const jf_call *call, const jf_writer *out);
    /* Optional: makes a call in progress on the reader come back soon with JF_E_CANCELLED. [any] */
    void (*interrupt)(void *reader);
    /* [serial:reader] Batches already handed out stay valid. */
    void (*close)(void *reader);
} jf_source;

JF_STATIC_ASSERT(offsetof(jf_read_request, until) == 48 && sizeof(jf_read_request) == 64, "jf_read_request");
JF_STATIC_ASSERT(offsetof(jf_batch, bytes) == 48 && sizeof(jf_batch) == 64, "jf_batch");
JF_STATIC_ASSERT(offsetof(jf_source, next) == 32 && sizeof(jf_source) == 104, "jf_source");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_ABI_SOURCE_H */

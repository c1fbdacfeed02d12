/* Sinks: batches out, made durable epoch by epoch together with the tokens of what was read. Kind "jf.sink/0".
 *
 * Life of a writer: open, acquire each partition, schema, then for each epoch write… and commit or abort, close.
 * A token belongs to (flow, task, slice, generation) of the scope and, within it, to (source, partition). A generation may
 * end those before it of the same flow, task and slice, and their tokens with them. A sink with JF_WHOLE_INPUT is given one
 * epoch, whose commit is the final one. */
#ifndef JACKFIELD_ABI_SINK_H
#define JACKFIELD_ABI_SINK_H

#include <jackfield/abi/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jf_write_request {
    uint32_t struct_size;
    uint32_t flags;
    const jf_scope *scope;
    jf_str owner;  /* who writes (host, process, run), for messages about fences */
    uint32_t lane; /* of a sink with JF_CAN_SHARE: which of `lanes` writers this is */
    uint32_t lanes;
} jf_write_request;

/* jf_write_request.flags */
#define JF_WRITE_FRESH 1u /* first writer of a new generation: a full load starts from nothing */

/* The progress of one (source, partition) that a commit makes durable. */
typedef struct jf_token {
    uint32_t struct_size;
    uint32_t reserved0;
    jf_str source; /* name of the source within the task; mostly "" */
    jf_str partition;
    jf_bytes token; /* opaque to the sink; at most 68 KiB */
    uint64_t fence; /* as acquire() answered */
} jf_token;

/* jf_commit.flags */
#define JF_COMMIT_FINAL 1u /* the bounded input is finished: swap the replaced table, write the footer, close the bracket */

typedef struct jf_commit {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t epoch; /* counts up within the writer; the same again when a commit is repeated */
    uint64_t token_count;
    const jf_token *const *tokens;
    jf_bytes intent;  /* names the range of this epoch for sinks that drop duplicates; may be empty */
    jf_bytes witness; /* as the source's witness() said; may be empty */
} jf_commit;

typedef struct jf_sink {
    uint32_t struct_size;
    uint32_t reserved0;
    /* Opens a writer; may create what is missing. *writer is set on JF_OK only. [serial:instance] */
    jf_status (*open)(void *self, const jf_call *call, const jf_write_request *request, void **writer);
    /* Required with JF_CAN_STORE_TOKEN: takes the partition over. Raises its fence, so that every older writer of it is
     * refused with JF_E_FENCED, durably, before this returns; answers the new fence and the token last committed.
     * JF_OK, or JF_END if no token is stored (the fence is raised all the same). [serial:writer] */
    jf_status (*acquire)(void *writer, const jf_call *call, jf_str source, jf_str partition, uint64_t *fence,
                         const jf_writer *token);
    /* Optional: the partition is not this writer's any more. [serial:writer] */
    jf_status (*release)(void *writer, const jf_call *call, jf_str source, jf_str partition);
    /* Before the first write and on every change. The schema is lent. JF_E_DATA, JF_E_CONFIG: does not fit the target.
     * [serial:writer] */
    jf_status (*schema)(void *writer, const jf_call *call, const struct ArrowSchema *schema);
    /* One batch of the open epoch. The array is moved in whatever is returned; it may share its buffers with the host.
     * `number` counts the writes of the epoch from 0. JF_OK, JF_REJECTED (others stand), JF_RESEND, JF_E_… 
     * [serial:writer] */
    jf_status (*write)(void *writer, const jf_call *call, uint64_t number, struct ArrowArray *batch,
                       const jf_rejects *rejects);
    /* Makes all writes since the last commit, and the tokens, durable together or not at all. Repeating a commit whose
     * tokens are stored already changes nothing and returns JF_OK.
     * JF_OK, JF_REJECTED (committed without those rows), JF_RESEND (nothing committed; abort and send again without
     * them), JF_UNKNOWN (ask resolve), JF_E_FENCED, JF_E_… (nothing committed). [serial:writer] */
    jf_status (*commit)(void *writer, const jf_call *call, const jf_commit *commit, const jf_rejects *rejects);
    /* Optional (JF_CAN_RESOLVE): after JF_UNKNOWN, or when a restart finds a recorded intent: did that commit land?
     * JF_LANDED, JF_ABSENT, JF_IN_PART or a failure. [serial:writer] */
    jf_status (*resolve)(void *writer, const jf_call *call, const jf_commit *commit);
    /* Drops the writes since the last commit. [serial:writer] */
    jf_status (*abort)(void *writer, const jf_call *call);
    /* Optional (JF_CAN_QUERY_EPOCH): one read-only statement that sees the rows of the open epoch. As
     * jf_connection.query. [serial:writer] */
    jf_status (*query)(void *writer, const jf_call *call, jf_str sql, struct ArrowArrayStream *params,
                       struct ArrowArrayStream *out);
    /* Optional: makes a call in progress on the writer come back soon with JF_E_CANCELLED. [any] */
    void (*interrupt)(void *writer);
    /* Aborts an open epoch. [serial:writer] */
    void (*close)(void *writer);
} jf_sink;

JF_STATIC_ASSERT(offsetof(jf_write_request, lanes) == 36 && sizeof(jf_write_request) == 40, "jf_write_request");
JF_STATIC_ASSERT(offsetof(jf_token, fence) == 56 && sizeof(jf_token) == 64, "jf_token");
JF_STATIC_ASSERT(offsetof(jf_commit, witness) == 48 && sizeof(jf_commit) == 64, "jf_commit");
JF_STATIC_ASSERT(offsetof(jf_sink, commit) == 48 && sizeof(jf_sink) == 96, "jf_sink");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_ABI_SINK_H */

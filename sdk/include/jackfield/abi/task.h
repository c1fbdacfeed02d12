/* Tasks have two faces. A step stands in a pipeline: batches in, batches out. An action runs once and answers a small
 * JSON result. A factory may have both; describe() says which one a configuration has. Kind "jf.task/0". */
#ifndef JACKFIELD_ABI_TASK_H
#define JACKFIELD_ABI_TASK_H

#include <jackfield/abi/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a step puts batches. Output 0 is the main one; the others are in the order that describe() named them. */
typedef struct jf_emitter jf_emitter;
struct jf_emitter {
    uint32_t struct_size;
    uint32_t reserved0;
    void *host_data;
    /* Moves the batch out, whatever is returned. It belongs to `partition`. A failure: return it. [in-call] */
    jf_status (*emit)(const jf_emitter *self, uint32_t output, jf_str partition, struct ArrowArray *batch);
};

/* What one process() is given. */
typedef struct jf_step_input {
    uint32_t struct_size;
    uint32_t watermark_state; /* JF_WATERMARK_… of source.h, of the partition, after this batch */
    int64_t watermark_us;
    jf_str partition;
    struct ArrowArray *batch; /* moved in; NULL: only the watermark moved */
} jf_step_input;

/* barrier() flags */
#define JF_BARRIER_FINAL 1u /* the bounded input is finished: emit what is held back, judge the whole */

typedef struct jf_run_request {
    uint32_t struct_size;
    uint32_t attempt; /* 1 for the first */
    const jf_scope *scope;
} jf_run_request;

typedef struct jf_task {
    uint32_t struct_size;
    uint32_t reserved0;

    /* ---- step ---- */
    jf_status (*open)(void *self, const jf_call *call, const jf_scope *scope, void **step); /* [serial:instance] */
    /* Told the schema of the input (lent); answers the one of `output` (moved to the caller). Asked for every output,
     * before the first batch and when the input's schema changes. [serial:step] */
    jf_status (*schema)(void *step, const jf_call *call, const struct ArrowSchema *input, uint32_t output,
                        struct ArrowSchema *out);
    /* [serial:step] */
    jf_status (*process)(void *step, const jf_call *call, const jf_step_input *input, const jf_emitter *emitter,
                         const jf_rejects *rejects);
    /* Optional: the epoch ends; emit what must not wait for the next one. A failure here keeps the epoch from being
     * committed: this is where a quality gate says no. [serial:step] */
    jf_status (*barrier)(void *step, const jf_call *call, uint32_t flags, const jf_emitter *emitter,
                         const jf_rejects *rejects);
    /* Required unless the state's scope is JF_STATE_ROW. `partition` is "" when the scope is JF_STATE_FLOW.
     * snapshot: the state as bytes, after barrier(); restore: before any batch of it; drop: forget it. [serial:step] */
    jf_status (*snapshot)(void *step, const jf_call *call, jf_str partition, const jf_writer *state);
    jf_status (*restore)(void *step, const jf_call *call, jf_str partition, jf_bytes state);
    jf_status (*drop)(void *step, const jf_call *call, jf_str partition);
    /* Optional: the epoch is durable. At least once for each epoch, so idempotent. epoch_json: {"epoch": 7, "rows": 100,
     * "final": true}. [serial:step] */
    jf_status (*after_commit)(void *step, const jf_call *call, jf_str epoch_json);
    void (*interrupt)(void *step); /* optional [any] */
    void (*close)(void *step);     /* [serial:step] */

    /* ---- action ---- */
    /* Runs to its end. result_json: an object of at most 1 MiB, for later tasks and hooks; nothing written: {}.
     * interrupt of the instance stops it. [serial:instance] */
    jf_status (*run)(void *self, const jf_call *call, const jf_run_request *request, const jf_writer *result_json);
} jf_task;

JF_STATIC_ASSERT(sizeof(jf_emitter) == 24 && sizeof(jf_step_input) == 40, "jf_emitter, jf_step_input");
JF_STATIC_ASSERT(sizeof(jf_run_request) == 16, "jf_run_request");
JF_STATIC_ASSERT(offsetof(jf_task, run) == 88 && sizeof(jf_task) == 96, "jf_task");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_ABI_TASK_H */

/* The smallest source that works, in plain C: every optional member NULL. The bad plugins start from it. */
#ifndef JACKFIELD_TESTS_MINIMAL_H
#define JACKFIELD_TESTS_MINIMAL_H

#include <jackfield/abi/plugin.h>
#include <jackfield/abi/source.h>

#include <stdlib.h>
#include <string.h>

#define MINIMAL_SCHEMA "{\"type\": \"object\"}"

/* ---- three batches of one row, column "n" ---- */

static inline void minimal_release_column(struct ArrowArray *column)
{
    free((void *)column->buffers[1]);
    free(column->buffers);
    column->release = NULL;
}

static inline void minimal_release_batch(struct ArrowArray *batch)
{
    for (int64_t i = 0; i < batch->n_children; ++i) {
        if (batch->children[i]->release)
            batch->children[i]->release(batch->children[i]);
        free(batch->children[i]);
    }
    free(batch->children);
    free(batch->buffers);
    batch->release = NULL;
}

static inline void minimal_batch(struct ArrowArray *out, int64_t value)
{
    struct ArrowArray *column = (struct ArrowArray *)calloc(1, sizeof *column);
    int64_t *values = (int64_t *)malloc(sizeof *values);
    *values = value;
    column->length = 1;
    column->n_buffers = 2;
    column->buffers = (const void **)calloc(2, sizeof(void *));
    column->buffers[1] = values;
    column->release = minimal_release_column;
    memset(out, 0, sizeof *out);
    out->length = 1;
    out->n_buffers = 1;
    out->buffers = (const void **)calloc(1, sizeof(void *));
    out->n_children = 1;
    out->children = (struct ArrowArray **)calloc(1, sizeof(void *));
    out->children[0] = column;
    out->release = minimal_release_batch;
}

static inline void minimal_release_child(struct ArrowSchema *schema) { schema->release = NULL; }

static inline void minimal_release_schema(struct ArrowSchema *schema)
{
    if (schema->children[0]->release)
        schema->children[0]->release(schema->children[0]);
    free(schema->children[0]);
    free(schema->children);
    schema->release = NULL;
}

static inline jf_status minimal_schema(void *reader, const jf_call *call, struct ArrowSchema *out)
{
    struct ArrowSchema *column = (struct ArrowSchema *)calloc(1, sizeof *column);
    (void)reader, (void)call;
    column->format = "l";
    column->name = "n";
    column->release = minimal_release_child;
    memset(out, 0, sizeof *out);
    out->format = "+s";
    out->name = "";
    out->n_children = 1;
    out->children = (struct ArrowSchema **)calloc(1, sizeof(void *));
    out->children[0] = column;
    out->release = minimal_release_schema;
    return JF_OK;
}

static inline jf_status minimal_open(void *self, const jf_call *call, const jf_read_request *request, void **reader)
{
    unsigned char *at = (unsigned char *)calloc(1, 1);
    (void)self, (void)call;
    if (request->from.len == 1)
        *at = *(const unsigned char *)request->from.ptr;
    *reader = at;
    return JF_OK;
}

static inline jf_status minimal_next(void *reader, const jf_call *call, const jf_limits *limits, jf_batch *out)
{
    unsigned char *at = (unsigned char *)reader;
    (void)call;
    if (limits->max_rows == 0)
        return JF_IDLE;
    if (*at == 3)
        return JF_END;
    ++*at;
    minimal_batch(out->array, *at);
    return out->position->write(out->position, at, 1);
}

static inline void minimal_close(void *reader) { free(reader); }

/* ---- the factory ---- */

static inline jf_status minimal_describe(const jf_factory *self, const jf_call *call, const jf_config *config,
                                         const jf_config *connection, jf_description *out)
{
    (void)self, (void)call, (void)config, (void)connection;
    out->capabilities = JF_CAN_REPLAY | JF_BOUNDED;
    return JF_OK;
}

static inline jf_status minimal_create(const jf_factory *self, const jf_host *host, const jf_call *call,
                                       const jf_config *config, void *connection, void **out)
{
    (void)self, (void)host, (void)call, (void)config, (void)connection;
    *out = NULL; /* nothing to keep */
    return JF_OK;
}

static inline void minimal_destroy(void *instance) { (void)instance; }

#endif

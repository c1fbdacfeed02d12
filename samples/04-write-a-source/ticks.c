/* The same source in plain C: rows of one column "n", counting up to the option "count". */
#include <jackfield/abi/source.h>

#include <stdlib.h>
#include <string.h>

typedef struct { int64_t count; } ticks;
typedef struct { int64_t next, end; } tape;

/* A position is a format byte and the next number, least significant byte first. */
static int64_t number_in(jf_bytes position, int64_t otherwise)
{
    const unsigned char *bytes = position.ptr;
    uint64_t number = 0;
    if (position.len != 9 || bytes[0] != 1)
        return otherwise;
    for (int i = 8; i > 0; --i)
        number = number << 8 | bytes[i];
    return (int64_t)number;
}

static void free_children(struct ArrowArray *array) { free(array->private_data); array->release = NULL; }
static void free_batch(struct ArrowArray *array)
{
    if (array->children[0]->release)
        array->children[0]->release(array->children[0]);
    free(array->private_data);
    array->release = NULL;
}

/* Values, both arrays and their pointers, in two blocks: the column may be moved out of its batch and freed apart. */
static int make_batch(int64_t first, int64_t rows, struct ArrowArray *out)
{
    struct batch { struct ArrowArray column, *children[1]; const void *buffers[1]; } *batch = calloc(1, sizeof *batch);
    struct column { const void *buffers[2]; int64_t values[]; } *column = malloc(sizeof *column + (size_t)rows * sizeof(int64_t));
    if (!batch || !column) {
        free(batch);
        free(column);
        return 0;
    }
    for (int64_t i = 0; i < rows; ++i)
        column->values[i] = first + i;
    column->buffers[0] = NULL;
    column->buffers[1] = column->values;
    batch->column = (struct ArrowArray){.length = rows, .n_buffers = 2, .buffers = column->buffers, .release = free_children, .private_data = column};
    batch->children[0] = &batch->column;
    *out = (struct ArrowArray){.length = rows, .n_buffers = 1, .n_children = 1, .buffers = batch->buffers, .children = batch->children, .release = free_batch, .private_data = batch};
    return 1;
}

static void keep_schema(struct ArrowSchema *schema) { schema->release = NULL; }
static void free_schema(struct ArrowSchema *schema) { free(schema->private_data); schema->release = NULL; }

static jf_status schema(void *reader, const jf_call *call, struct ArrowSchema *out)
{
    struct block { struct ArrowSchema column, *children[1]; } *block = calloc(1, sizeof *block);
    (void)reader, (void)call;
    if (!block)
        return JF_E_EXHAUSTED;
    block->column = (struct ArrowSchema){.format = "l", .name = "n", .release = keep_schema};
    block->children[0] = &block->column;
    *out = (struct ArrowSchema){.format = "+s", .name = "", .n_children = 1, .children = block->children, .release = free_schema, .private_data = block};
    return JF_OK;
}

static jf_status next(void *reader, const jf_call *call, const jf_limits *limits, jf_batch *out)
{
    tape *self = reader;
    int64_t rows = self->end - self->next;
    unsigned char position[9] = {1};
    (void)call;
    if (limits->max_rows == 0)
        return JF_IDLE;
    if (rows <= 0)
        return JF_END;
    if ((uint64_t)rows > limits->max_rows)
        rows = (int64_t)limits->max_rows;
    for (int i = 0; i < 8; ++i)
        position[i + 1] = (unsigned char)((uint64_t)(self->next + rows) >> (8 * i));
    if (out->position->write(out->position, position, sizeof position) != JF_OK || !make_batch(self->next, rows, out->array))
        return JF_E_EXHAUSTED;
    self->next += rows;
    return JF_OK;
}

static jf_status open_reader(void *self, const jf_call *call, const jf_read_request *request, void **reader)
{
    tape *made = malloc(sizeof *made);
    (void)call;
    if (!made)
        return JF_E_EXHAUSTED;
    if ((request->from.len && number_in(request->from, -1) < 0) || (request->until.len && number_in(request->until, -1) < 0)) {
        free(made);
        return JF_E_POSITION; /* never from the start: every row would come twice */
    }
    made->next = number_in(request->from, 0);
    made->end = number_in(request->until, ((ticks *)self)->count);
    *reader = made;
    return JF_OK;
}

static jf_status describe(const jf_factory *self, const jf_call *call, const jf_config *config, const jf_config *connection, jf_description *out)
{
    (void)self, (void)call, (void)config, (void)connection;
    out->capabilities = JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL | JF_BOUNDED;
    return JF_OK;
}

static jf_status create(const jf_factory *self, const jf_host *host, const jf_call *call, const jf_config *config, void *connection, void **out)
{
    ticks *made = malloc(sizeof *made);
    (void)self, (void)host, (void)call, (void)connection;
    if (!made)
        return JF_E_EXHAUSTED;
    *out = made;
    return config->get_i64(config, "/count", &made->count); /* the host has checked that it is there */
}

static const jf_source table = {.struct_size = sizeof table, .open = open_reader, .schema = schema, .next = next, .close = free};
static const jf_factory factory = {
    .struct_size = sizeof factory, .kind = JF_KIND_SOURCE, .id = "ticks_c", .version = "0.1.0", .title = "Counts upwards, in C",
    .config_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"count\"],"
                     "\"properties\":{\"count\":{\"type\":\"integer\",\"minimum\":0,\"description\":\"how many rows\"}}}",
    .table = &table, .describe = describe, .create = create, .destroy = free,
};
static const jf_factory *const factories[] = {&factory};
static const jf_plugin plugin = {.struct_size = sizeof plugin, .name = "ticks_c", .version = "0.1.0", .vendor = "Example",
    .license = "Apache-2.0", .built_with = "C11", .factory_count = 1, .factories = factories};

JF_EXPORT const jf_plugin *JF_PLUGIN_ENTRY(const jf_host *host, const jf_call *call)
{
    (void)host, (void)call;
    return &plugin;
}

// A plugin that loads well and whose components break a rule each when they are used.
#include "minimal.h"

#include <jackfield/abi/sink.h>
#include <jackfield/abi/task.h>

#include <time.h>

#include <cstdint>

namespace {

int open_instances = 0; // of bad.order, for the order of destruction
int open_readers = 0;

jf_status throws_create(const jf_factory*, const jf_host*, const jf_call*, const jf_config*, void*, void**) { throw 42; }

jf_status long_position(void*, const jf_call*, const jf_limits*, jf_batch* out)
{
    static const char zeros[65] = {};
    for (int i = 0; i < 1100; ++i)
        out->position->write(out->position, zeros, 64);
    minimal_batch(out->array, 1);
    return JF_OK;
}

jf_status empty_batch(void*, const jf_call*, const jf_limits*, jf_batch*) { return JF_OK; }

jf_status strange_status(void*, const jf_call*, const jf_limits*, jf_batch*) { return 77; }

jf_status quiet_failure(void*, const jf_call*, const jf_limits*, jf_batch*) { return JF_E_UNAVAILABLE; }

jf_status throws_next(void*, const jf_call*, const jf_limits*, jf_batch*) { throw "text"; }

jf_status other_columns(void*, const jf_call*, const jf_limits*, jf_batch* out)
{
    minimal_batch(out->array, 1);
    minimal_release_column(out->array->children[0]);
    free(out->array->children[0]);
    out->array->n_children = 0;
    return JF_OK;
}

jf_status failure_with_batch(void*, const jf_call* call, const jf_limits*, jf_batch* out)
{
    minimal_batch(out->array, 1);
    const char text[] = "two\nlines";
    const jf_error error{sizeof error, JF_E_DATA, {text, sizeof text - 1}, {"X1", 2}, {"file:7", 6}, -1};
    return call->fail(call, &error);
}

void forgetful_release(ArrowArray* array)
{
    auto keep = array->release;
    minimal_release_batch(array);
    array->release = keep; // the rule says NULL
}

jf_status not_nulled(void*, const jf_call*, const jf_limits*, jf_batch* out)
{
    minimal_batch(out->array, 1);
    out->array->release = forgetful_release;
    return JF_OK;
}

/// Comes back only when it is asked to, 20 ms after that.
jf_status late(void*, const jf_call* call, const jf_limits*, jf_batch*)
{
    while (call->wait(call, INT64_C(1'000'000'000)) == JF_OK) {
    }
    const timespec pause{0, 20'000'000};
    nanosleep(&pause, nullptr);
    return JF_E_CANCELLED;
}

jf_status rejects_rows(void*, const jf_call*, const jf_limits*, jf_batch* out)
{
    const jf_rejected_row row{sizeof row, JF_E_DATA, 0, -1, {"a.csv:3", 7}, {"n", 1}, {"", 0}, {"'x' is no number", 16}, {"x,y", 3}};
    if (const jf_status status = out->rejects->reject(out->rejects, &row); status != JF_OK)
        return status;
    return JF_END;
}

jf_status counted_create(const jf_factory*, const jf_host*, const jf_call*, const jf_config*, void*, void** out)
{
    ++open_instances;
    *out = &open_instances;
    return JF_OK;
}
void counted_destroy(void*) { open_instances = open_readers == 0 ? open_instances - 1 : -1000; }
jf_status counted_open(void*, const jf_call*, const jf_read_request*, void** reader)
{
    ++open_readers;
    *reader = &open_readers;
    return JF_OK;
}
void counted_close(void*) { --open_readers; }
/// Tells both numbers as the position.
jf_status counted_next(void*, const jf_call*, const jf_limits*, jf_batch* out)
{
    const int numbers[] = {open_instances, open_readers};
    minimal_batch(out->array, 1);
    return out->position->write(out->position, numbers, sizeof numbers);
}

const jf_source* source(decltype(jf_source::next) next)
{
    auto* table = new jf_source{};
    table->struct_size = sizeof *table;
    table->open = minimal_open;
    table->schema = minimal_schema;
    table->next = next;
    table->close = minimal_close;
    return table;
}

const jf_factory* factory(const char* id, const jf_source* table)
{
    return new jf_factory{sizeof(jf_factory), 0, JF_KIND_SOURCE, id, "1", "Misbehaves", nullptr, MINIMAL_SCHEMA, nullptr, table,
        minimal_describe, minimal_create, nullptr, nullptr, minimal_destroy, nullptr};
}

const jf_plugin* make()
{
    auto* thrower = new jf_factory(*factory("bad.create", source(minimal_next)));
    thrower->create = throws_create;
    auto* counted = new jf_source(*source(counted_next));
    counted->open = counted_open;
    counted->close = counted_close;
    auto* order = new jf_factory(*factory("bad.order", counted));
    order->create = counted_create;
    order->destroy = counted_destroy;
    static const jf_factory* const all[] = {thrower, order, factory("bad.position", source(long_position)), factory("bad.empty", source(empty_batch)),
        factory("bad.status", source(strange_status)), factory("bad.quiet", source(quiet_failure)), factory("bad.throw", source(throws_next)),
        factory("bad.columns", source(other_columns)), factory("bad.data", source(failure_with_batch)), factory("bad.release", source(not_nulled)),
        factory("bad.late", source(late)), factory("bad.rows", source(rejects_rows))};
    return new jf_plugin{sizeof(jf_plugin), 0, "misbehaves", "1.0.0", "tests", "Apache-2.0", "", sizeof all / sizeof *all, all};
}

} // namespace

JF_EXPORT const jf_plugin* JF_PLUGIN_ENTRY(const jf_host*, const jf_call*)
{
    static const jf_plugin* const plugin = make();
    return plugin;
}

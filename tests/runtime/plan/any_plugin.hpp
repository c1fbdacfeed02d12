// A built-in plugin whose components can do whatever their options say: {"use": "any", "can": 5, "outputs": "late\n", …}.
#pragma once

#include <jackfield/abi/chart.h>
#include <jackfield/abi/connection.h>
#include <jackfield/abi/sink.h>
#include <jackfield/abi/source.h>
#include <jackfield/abi/task.h>

#include <cstdint>

namespace any_plugin {

inline void put(const jf_config* config, const char* pointer, const jf_writer* out)
{
    jf_str text{};
    if (config->get_str(config, pointer, &text) == JF_OK)
        out->write(out, text.ptr, text.len);
}

inline std::int64_t number(const jf_config* config, const char* pointer)
{
    std::int64_t out = 0;
    config->get_i64(config, pointer, &out);
    return out;
}

inline jf_status describe(const jf_factory*, const jf_call* call, const jf_config* config, const jf_config* connection, jf_description* out)
{
    jf_str wrong{};
    if (config->get_str(config, "/fails", &wrong) == JF_OK) {
        const jf_error error{sizeof error, JF_E_CONFIG, {"this cannot work; write something else", 38}, {"", 0}, wrong, -1};
        return call->fail(call, &error);
    }
    out->capabilities = static_cast<std::uint64_t>(number(config, "/can"));
    if (connection)
        out->capabilities |= static_cast<std::uint64_t>(number(connection, "/can"));
    out->partitioning = static_cast<std::uint32_t>(number(config, "/partitioning"));
    out->state_scope = static_cast<std::uint32_t>(number(config, "/state"));
    out->max_lanes = static_cast<std::uint32_t>(number(config, "/max_lanes"));
    put(config, "/outputs", out->outputs);
    put(config, "/sentence", out->sentence);
    put(config, "/digest", out->digest_of);
    return JF_OK;
}

inline jf_status create(const jf_factory*, const jf_host*, const jf_call*, const jf_config*, void*, void**) { return JF_E_STATE; }

template <class Table>
const Table* table()
{
    auto* out = new Table{};
    out->struct_size = sizeof(Table);
    return out;
}

inline const jf_factory* factory(const char* kind, const void* table, const char* id = "any", const char* connection = nullptr)
{
    return new jf_factory{sizeof(jf_factory), 0, kind, id, "1", "Any", nullptr, "{\"type\": \"object\"}", connection, table, describe, create,
        nullptr, nullptr, [](void*) {}, nullptr};
}

inline const jf_plugin* make()
{
    auto* source = new jf_source(*table<jf_source>());
    source->open = [](void*, const jf_call*, const jf_read_request*, void**) -> jf_status { return JF_E_STATE; };
    source->schema = [](void*, const jf_call*, ArrowSchema*) -> jf_status { return JF_E_STATE; };
    source->next = [](void*, const jf_call*, const jf_limits*, jf_batch*) -> jf_status { return JF_E_STATE; };
    source->close = [](void*) {};
    auto* sink = new jf_sink(*table<jf_sink>());
    sink->open = [](void*, const jf_call*, const jf_write_request*, void**) -> jf_status { return JF_E_STATE; };
    sink->schema = [](void*, const jf_call*, const ArrowSchema*) -> jf_status { return JF_E_STATE; };
    sink->write = [](void*, const jf_call*, std::uint64_t, ArrowArray*, const jf_rejects*) -> jf_status { return JF_E_STATE; };
    sink->commit = [](void*, const jf_call*, const jf_commit*, const jf_rejects*) -> jf_status { return JF_E_STATE; };
    sink->abort = [](void*, const jf_call*) -> jf_status { return JF_E_STATE; };
    sink->close = [](void*) {};
    auto* task = new jf_task(*table<jf_task>());
    task->run = [](void*, const jf_call*, const jf_run_request*, const jf_writer*) -> jf_status { return JF_E_STATE; };
    task->open = [](void*, const jf_call*, const jf_scope*, void**) -> jf_status { return JF_E_STATE; };
    task->schema = [](void*, const jf_call*, const ArrowSchema*, std::uint32_t, ArrowSchema*) -> jf_status { return JF_E_STATE; };
    task->process = [](void*, const jf_call*, const jf_step_input*, const jf_emitter*, const jf_rejects*) -> jf_status { return JF_E_STATE; };
    task->close = [](void*) {};
    auto* connection = new jf_connection(*table<jf_connection>());
    connection->check = [](void*, const jf_call*, const jf_writer*) -> jf_status { return JF_E_STATE; };
    static const jf_factory* const all[] = {factory(JF_KIND_SOURCE, source), factory(JF_KIND_SINK, sink), factory(JF_KIND_TASK, task),
        factory(JF_KIND_CONNECTION, connection), factory(JF_KIND_SOURCE, source, "any.on", "any"), factory(JF_KIND_SINK, sink, "any.maybe", "?any")};
    return new jf_plugin{sizeof(jf_plugin), 0, "any", "1.0.0", "tests", "Apache-2.0", "", sizeof all / sizeof *all, all};
}

inline const jf_plugin* entry(const jf_host*, const jf_call*)
{
    static const jf_plugin* const plugin = make();
    return plugin;
}

} // namespace any_plugin

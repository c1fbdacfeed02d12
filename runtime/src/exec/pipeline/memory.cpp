// Written against the C tables, since the runtime does not include the side of the SDK that makes plugins.
#include "exec/pipeline/memory.hpp"

#include <jackfield/abi/sink.h>
#include <jackfield/abi/source.h>
#include <jackfield/sdk/arrow/schema.hpp>

#include <cstring>
#include <new>
#include <optional>
#include <vector>

namespace jackfield::exec {

struct MemoryFactory::Table : jf_factory {
    std::shared_ptr<MemoryPorts> ports; // shared with instances
};

namespace {

constexpr const char* schema_text =
    R"({"type":"object","additionalProperties":false,"required":["name"],"properties":{"name":{"type":"string",)"
    R"("description":"of the stream that the program hands to the run"}}})";

jf_status report(const jf_call* call, jf_status kind, const std::string& message) noexcept
{
    jf_error error{};
    error.struct_size = sizeof error;
    error.kind = kind;
    error.message = str_of(message);
    error.retry_after_ns = -1;
    return call->fail(call, &error);
}

/// What an instance is: its port.
struct Port {
    std::shared_ptr<MemoryPorts> ports; // shared with the embedder
    std::string name;
};

/// Hands on batches of the stream; there is no way back in it, so positions only count rows.
struct MemoryReader {
    OwnedStream stream;
    std::int64_t rows = 0;
};

/// Keeps the batches of the open epoch: the embedder sees what is committed and nothing else.
struct MemoryWriter {
    Port* port = nullptr; // outlives the writer
    OwnedSchema schema;
    bool told = false;
    std::vector<OwnedArray> batches;
};

std::string text_of(int code, ArrowArrayStream* stream)
{
    const char* const why = stream->get_last_error ? stream->get_last_error(stream) : nullptr;
    return why ? why : std::strerror(code);
}

// ---- source

jf_status open_reader(void* self, const jf_call* call, const jf_read_request* request, void** reader)
{
    const Port& port = *static_cast<Port*>(self);
    if (request->from.len != 0)
        return report(call, JF_E_POSITION, "a stream in memory cannot be read a second time; hand in a new one and run with '--new'");
    const std::lock_guard lock(port.ports->mutex);
    const auto place = port.ports->inputs.find(port.name);
    if (place == port.ports->inputs.end() || !place->second)
        return report(call, JF_E_NOT_FOUND, "the run was given no input '" + port.name + "', or it was read already");
    *reader = new MemoryReader{std::move(place->second), 0};
    return JF_OK;
}

jf_status reader_schema(void* reader, const jf_call* call, ArrowSchema* out)
{
    ArrowArrayStream* stream = static_cast<MemoryReader*>(reader)->stream.get();
    const int code = stream->get_schema(stream, out);
    return code == 0 ? JF_OK : report(call, JF_E_DATA, "the stream has no schema: " + text_of(code, stream));
}

jf_status reader_next(void* reader, const jf_call* call, const jf_limits* limits, jf_batch* out)
{
    auto& self = *static_cast<MemoryReader*>(reader);
    if (limits->max_rows == 0)
        return JF_IDLE;
    ArrowArrayStream* stream = self.stream.get();
    OwnedArray batch;
    const int code = stream->get_next(stream, batch.get());
    if (code != 0)
        return report(call, JF_E_DATA, "the stream failed: " + text_of(code, stream));
    if (!batch)
        return JF_END;
    self.rows += batch->length;
    const std::string position = "\1" + std::to_string(self.rows);
    *out->array = batch.release();
    return out->position->write(out->position, position.data(), position.size());
}

const jf_source source_table{sizeof(jf_source), 0, nullptr, open_reader, reader_schema, reader_next, nullptr, nullptr, nullptr, nullptr,
                             nullptr, nullptr, nullptr, [](void* reader) { delete static_cast<MemoryReader*>(reader); }};

// ---- sink

const MemoryPorts::Output* output_of(const Port& port)
{
    const auto place = port.ports->outputs.find(port.name);
    return place == port.ports->outputs.end() || !place->second ? nullptr : &place->second;
}

jf_status open_writer(void* self, const jf_call* call, const jf_write_request*, void** writer)
{
    auto* port = static_cast<Port*>(self);
    if (!output_of(*port))
        return report(call, JF_E_NOT_FOUND, "the run was given no output '" + port->name + "'");
    *writer = new MemoryWriter{port, {}, false, {}};
    return JF_OK;
}

/// Copies what it can of a schema that is only lent.
OwnedSchema copy_schema(const ArrowSchema& from)
{
    auto schema = import_schema(from);
    OwnedSchema out;
    if (schema)
        (void)export_schema(*schema, out.out());
    return out;
}

jf_status deliver(MemoryWriter& self, const jf_call* call)
{
    const std::lock_guard lock(self.port->ports->mutex);
    const MemoryPorts::Output& output = *output_of(*self.port);
    const auto say = [call](const Status& done) { return done ? JF_OK : report(call, done.error().kind, done.error().message); };
    if (!self.told && self.schema)
        if (const jf_status status = say(output(*self.schema, nullptr)); status != JF_OK)
            return status;
    self.told = true;
    for (OwnedArray& batch : self.batches) {
        ArrowArray moved = batch.release();
        const jf_status status = say(output(*self.schema, &moved));
        if (moved.release)
            moved.release(&moved);
        if (status != JF_OK)
            return status;
    }
    self.batches.clear();
    return JF_OK;
}

jf_status writer_schema(void* writer, const jf_call* call, const ArrowSchema* schema)
{
    auto& self = *static_cast<MemoryWriter*>(writer);
    if (const jf_status status = self.batches.empty() ? JF_OK : deliver(self, call); status != JF_OK)
        return status; // the batches so far have the schema before
    self.schema = copy_schema(*schema);
    self.told = false;
    return self.schema ? JF_OK : report(call, JF_E_DATA, "the schema cannot be handed on");
}

jf_status writer_write(void* writer, const jf_call*, uint64_t, ArrowArray* batch, const jf_rejects*)
{
    static_cast<MemoryWriter*>(writer)->batches.emplace_back(*batch);
    return JF_OK;
}

jf_status writer_commit(void* writer, const jf_call* call, const jf_commit*, const jf_rejects*)
{
    return deliver(*static_cast<MemoryWriter*>(writer), call);
}

jf_status writer_abort(void* writer, const jf_call*)
{
    static_cast<MemoryWriter*>(writer)->batches.clear();
    return JF_OK;
}

const jf_sink sink_table{sizeof(jf_sink), 0, open_writer, nullptr, nullptr, writer_schema, writer_write, writer_commit, nullptr,
                         writer_abort, nullptr, nullptr, [](void* writer) { delete static_cast<MemoryWriter*>(writer); }};

// ---- factories

jf_status create_alone(const jf_factory*, const jf_host*, const jf_call* call, const jf_config*, void*, void**)
{
    return report(call, JF_E_UNSUPPORTED, "'memory' is for programs that run flows themselves; it can do nothing here");
}

jf_status create_joined(const jf_factory* self, const jf_host*, const jf_call* call, const jf_config* config, void*, void** out)
{
    jf_str name{nullptr, 0};
    const auto& ports = static_cast<const MemoryFactory::Table*>(self)->ports;
    if (!ports || config->get_str(config, "/name", &name) != JF_OK)
        return report(call, JF_E_CONFIG, "'name' is missing, or the run has no streams in memory");
    *out = new Port{ports, std::string(view_of(name))};
    return JF_OK;
}

jf_status describe_memory(const jf_factory* self, const jf_call*, const jf_config*, const jf_config*, jf_description* out)
{
    const bool source = self->kind == std::string_view(JF_KIND_SOURCE);
    out->capabilities = source ? JF_BOUNDED : 0;
    out->max_lanes = 1;
    const std::string_view sentence = source ? "rows that the program hands in, which cannot be read twice"
                                             : "rows handed to the program, epoch by epoch";
    return out->sentence ? out->sentence->write(out->sentence, sentence.data(), sentence.size()) : JF_OK;
}

constexpr jf_factory factory_of(const char* kind, const void* table)
{
    return {sizeof(jf_factory), 0, kind, "memory", "0.1.0", "Arrow data of the program that runs the flow", nullptr, schema_text, nullptr,
            table, describe_memory, create_alone, nullptr, nullptr, [](void* self) { delete static_cast<Port*>(self); }, nullptr};
}

const jf_factory source_factory = factory_of(JF_KIND_SOURCE, &source_table);
const jf_factory sink_factory = factory_of(JF_KIND_SINK, &sink_table);
const jf_factory* const factories[] = {&source_factory, &sink_factory};
const jf_plugin plugin{sizeof(jf_plugin), 0, "memory", "0.1.0", "Jackfield", "Apache-2.0", "jackfield", 2, factories};

} // namespace

const jf_plugin* memory_plugin() { return &plugin; }

MemoryFactory::MemoryFactory(std::string_view kind, std::shared_ptr<MemoryPorts> ports)
    : table_(std::make_shared<Table>(Table{kind == JF_KIND_SOURCE ? source_factory : sink_factory, std::move(ports)}))
{
    table_->create = create_joined;
}

Factory MemoryFactory::factory() const noexcept { return Factory(table_.get(), "memory"); }

} // namespace jackfield::exec

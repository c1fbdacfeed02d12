// What a call through the ABI costs: an empty next() and write() on one thread, through the checked wrappers.
// bench_abi prints one line: NAME ours=… goal=… ok|short; exit 1 if it is short.
#include "load/catalog.hpp"
#include "load/component.hpp"

#include <jackfield/abi/sink.h>
#include <jackfield/abi/source.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <time.h>

using namespace jackfield;

namespace {

constexpr std::int64_t pairs = 1'000'000;
constexpr double goal_ns = 1000;

jf_status describe(const jf_factory*, const jf_call*, const jf_config*, const jf_config*, jf_description*) { return JF_OK; }
jf_status create(const jf_factory*, const jf_host*, const jf_call*, const jf_config*, void*, void**) { return JF_OK; }
void destroy(void*) {}

jf_status read_open(void*, const jf_call*, const jf_read_request*, void**) { return JF_OK; }
jf_status read_schema(void*, const jf_call*, ArrowSchema*) { return JF_IDLE; }

/// A batch without rows and columns, and a position, as every real source gives one.
jf_status next(void*, const jf_call*, const jf_limits*, jf_batch* out)
{
    static const void* buffers[1] = {nullptr};
    static const std::uint64_t position = 7;
    *out->array = ArrowArray{};
    out->array->n_buffers = 1;
    out->array->buffers = buffers;
    out->array->release = [](ArrowArray* array) { array->release = nullptr; };
    return out->position->write(out->position, &position, sizeof position);
}

jf_status write_open(void*, const jf_call*, const jf_write_request*, void**) { return JF_OK; }
jf_status write_schema(void*, const jf_call*, const ArrowSchema*) { return JF_OK; }
jf_status write(void*, const jf_call*, std::uint64_t, ArrowArray* batch, const jf_rejects*)
{
    batch->release(batch);
    return JF_OK;
}
jf_status commit(void*, const jf_call*, const jf_commit*, const jf_rejects*) { return JF_OK; }
jf_status abort_epoch(void*, const jf_call*) { return JF_OK; }
void close_it(void*) {}

const jf_source source_table{sizeof(jf_source), 0, nullptr, read_open, read_schema, next, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, close_it};
const jf_sink sink_table{sizeof(jf_sink), 0, write_open, nullptr, nullptr, write_schema, write, commit, nullptr, abort_epoch, nullptr, nullptr, close_it};
const jf_factory source_factory{sizeof(jf_factory), 0, JF_KIND_SOURCE, "empty", "1", "Empty", nullptr, "{\"type\": \"object\"}", nullptr, &source_table,
    describe, create, nullptr, nullptr, destroy, nullptr};
const jf_factory sink_factory{sizeof(jf_factory), 0, JF_KIND_SINK, "empty", "1", "Empty", nullptr, "{\"type\": \"object\"}", nullptr, &sink_table,
    describe, create, nullptr, nullptr, destroy, nullptr};
const jf_factory* const factories[] = {&source_factory, &sink_factory};
const jf_plugin plugin{sizeof(jf_plugin), 0, "empty", "1", "tests", "Apache-2.0", "", 2, factories};

/// Of this thread: what others do on the machine is not the cost of a call.
std::int64_t cpu_ns()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// Nanoseconds of one pair.
Result<double> measure(SourceReader& reader, SinkWriter& writer, CallFrame& frame)
{
    SourceBatch batch;
    const std::int64_t start = monotonic_ns(), cpu = cpu_ns();
    for (std::int64_t i = 0; i < pairs; ++i) {
        frame.set_deadline(start + 60'000'000'000); // as the engine does: every call has one
        JF_ASSIGN(const ReadOutcome read, reader.next(frame, {10'000, 1 << 20}, batch));
        if (read != ReadOutcome::batch)
            return fail(JF_E_STATE, "no batch");
        JF_ASSIGN(const WriteOutcome written, writer.write(frame, static_cast<std::uint64_t>(i), std::move(batch.array)));
        if (written != WriteOutcome::taken)
            return fail(JF_E_STATE, "not taken");
    }
    return static_cast<double>(cpu_ns() - cpu) / static_cast<double>(pairs);
}

Result<double> median()
{
    CatalogOptions nowhere;
    nowhere.search = nowhere.use_cache = false;
    Catalog catalog(nowhere);
    JF_TRY(catalog.add_builtin([](const jf_host*, const jf_call*) { return &plugin; }));
    JF_ASSIGN(const Factory from, catalog.factory(ComponentKind::source, "empty"));
    JF_ASSIGN(const Factory to, catalog.factory(ComponentKind::sink, "empty"));
    const Cancellation cancellation;
    CallFrame frame(&cancellation);
    Component component;
    InstanceOptions options;
    options.component = &component;
    JF_ASSIGN(const SourceInstance source, SourceInstance::make(from, frame, options));
    JF_ASSIGN(const SinkInstance sink, SinkInstance::make(to, frame, options));
    JF_ASSIGN(SourceReader reader, source.open(frame, {}));
    JF_ASSIGN(SinkWriter writer, sink.open(frame, {}));
    std::array<double, 5> rounds{};
    for (double& round : rounds) {
        JF_ASSIGN(round, measure(reader, writer, frame));
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[2];
}

} // namespace

int main()
{
    const Result<double> found = median();
    if (!found) {
        std::fprintf(stderr, "%s\n", found.error().message.c_str());
        return 2;
    }
    const bool ok = *found < goal_ns;
    std::printf("abi_next_write ours=%.0fns goal=%.0fns %s\n", *found, goal_ns, ok ? "ok" : "short");
    return ok ? 0 : 1;
}

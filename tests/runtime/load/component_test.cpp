// Instances over plugins that behave, and over ones that do not.
#include "folder.hpp"

#include "load/catalog.hpp"
#include "load/component.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <thread>

using namespace jackfield;

namespace {

Catalog& kit()
{
    static Catalog catalog([] {
        CatalogOptions options;
        const std::filesystem::path folder(JACKFIELD_BAD_PLUGINS);
        options.plugins = {folder / "minimal/minimal.so", folder / "misbehaves/misbehaves.so"};
        options.search = options.use_cache = options.isolate = false;
        return options;
    }());
    return catalog;
}

Result<SourceInstance> make(const std::string& id, CallFrame& frame)
{
    Component component;
    component.use = id;
    component.place = "tasks.land.source";
    InstanceOptions options;
    options.component = &component;
    JF_ASSIGN(const Factory factory, kit().factory(ComponentKind::source, id));
    return SourceInstance::make(factory, frame, options);
}

/// What next() of a misbehaving source gives, after schema().
Result<ReadOutcome> next_of(const std::string& id, CallFrame& frame, SourceBatch& batch)
{
    auto source = make(id, frame);
    REQUIRE(source);
    auto reader = source->open(frame, {});
    REQUIRE(reader);
    REQUIRE(reader->schema(frame));
    return reader->next(frame, {100, 1 << 20}, batch);
}

Error error_of(const std::string& id)
{
    CallFrame frame;
    SourceBatch batch;
    auto outcome = next_of(id, frame, batch);
    REQUIRE_FALSE(outcome);
    CHECK_FALSE(batch.array);
    CHECK(outcome.error().where.rfind("tasks.land.source", 0) == 0);
    return outcome.error();
}

} // namespace

TEST_CASE("the minimal source is read to its end and continued at a position", "[load]")
{
    CallFrame frame;
    auto source = make("minimal", frame);
    REQUIRE(source);
    CHECK(*source->check(frame) == "[]");
    CHECK(source->partitions(frame).error().kind == JF_E_UNSUPPORTED);
    ReadOptions options;
    options.from = std::string_view("\1", 1);
    auto reader = source->open(frame, options);
    REQUIRE(reader);
    auto schema = reader->schema(frame);
    REQUIRE(schema);
    CHECK((**schema)->n_children == 1);
    SourceBatch batch;
    CHECK(*reader->next(frame, {0, 0}, batch) == ReadOutcome::idle);
    for (int value = 2; value <= 3; ++value) {
        REQUIRE(*reader->next(frame, {10, 0}, batch) == ReadOutcome::batch);
        CHECK(static_cast<const std::int64_t*>(batch.array->children[0]->buffers[1])[0] == value);
        CHECK(batch.position == std::string(1, static_cast<char>(value)));
        CHECK(batch.partition.empty());
    }
    CHECK(*reader->next(frame, {10, 0}, batch) == ReadOutcome::end);
    CHECK(reader->ack(frame, "", "x"));
    CHECK(reader->witness(frame)->empty());
    CHECK_FALSE(*reader->recorded(frame, ""));
    CHECK(reader->seek(frame, "", "", "").error().kind == JF_E_UNSUPPORTED);
    reader->interrupt();
}

TEST_CASE("what a description says reaches the runtime", "[load]")
{
    CallFrame frame;
    const ConfigView config(boost::json::object{});
    auto factory = kit().factory(ComponentKind::source, "minimal");
    REQUIRE(factory);
    auto description = factory->describe(frame, config, nullptr);
    REQUIRE(description);
    CHECK(description->can(JF_CAN_REPLAY | JF_BOUNDED));
    CHECK_FALSE(description->can(JF_CAN_RECORD));
}

TEST_CASE("an exception that leaves a plugin is an error that names it", "[load][R6]")
{
    CallFrame frame;
    const auto source = make("bad.create", frame);
    REQUIRE_FALSE(source);
    CHECK(source.error().kind == JF_E_FAILED);
    CHECK(has(source.error().message, "an exception left the plugin"));
    CHECK(source.error().where == "tasks.land.source");
    CHECK(has(error_of("bad.throw").message, "an exception left the plugin"));
}

TEST_CASE("what a plugin hands over is checked", "[load][R6]")
{
    CHECK(has(error_of("bad.position").message, "the position is larger than 65536 bytes"));
    CHECK(has(error_of("bad.empty").message, "next() brought an empty batch; report it to the vendor of plugin 'misbehaves'"));
    CHECK(has(error_of("bad.status").message, "next() returned 77, which it must not"));
    CHECK(error_of("bad.status").kind == JF_E_FAILED);
    CHECK(has(error_of("bad.quiet").message, "failed as 'unavailable' and did not say why"));
    CHECK(error_of("bad.quiet").kind == JF_E_UNAVAILABLE);
    CHECK(has(error_of("bad.columns").message, "brought 0 columns where schema() said 1"));
}

TEST_CASE("an error keeps its facts, loses control characters and gains its place", "[load]")
{
    const Error error = error_of("bad.data");
    CHECK(error.kind == JF_E_DATA);
    CHECK(error.message == "two lines");
    CHECK(error.code == "X1");
    CHECK(error.where == "tasks.land.source.file:7");
}

TEST_CASE("a release that is not set to NULL does no harm", "[load]")
{
    CallFrame frame;
    SourceBatch batch;
    REQUIRE(next_of("bad.release", frame, batch));
    batch.array.reset();
    CHECK_FALSE(batch.array);
}

TEST_CASE("rejected rows reach the handler; without one, or when it refuses, the call fails", "[load]")
{
    CHECK(error_of("bad.rows").message == "'x' is no number");
    CallFrame frame;
    SourceBatch batch;
    std::string seen;
    frame.set_rejects([&](const RejectedRecord& row) -> Status {
        seen = std::string(row.place) + " " + std::string(row.column) + " " + std::string(row.record);
        return {};
    });
    CHECK(*next_of("bad.rows", frame, batch) == ReadOutcome::end);
    CHECK(seen == "a.csv:3 n x,y");
    frame.set_rejects([](const RejectedRecord&) -> Status { return fail(JF_E_EXHAUSTED, "quarantine is full"); });
    const auto refused = next_of("bad.rows", frame, batch);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == JF_E_EXHAUSTED);
    CHECK(refused.error().message == "quarantine is full");
}

TEST_CASE("a call that is late can be seen from another thread and ends when cancelled", "[load]")
{
    Cancellation cancellation;
    CallFrame frame(&cancellation);
    std::thread worker([&] {
        SourceBatch batch;
        auto source = make("bad.late", frame);
        auto reader = source->open(frame, {});
        frame.set_deadline_in(1);
        auto outcome = reader->next(frame, {1, 0}, batch);
        CHECK(outcome.error().kind == JF_E_CANCELLED);
        frame.set_deadline(no_deadline);
    });
    for (;;) { // until it is seen in next(), past its deadline
        const CallInProgress call = frame.in_progress();
        if (call.function && std::strcmp(call.function, "next") == 0 && call.deadline_ns < monotonic_ns())
            break;
        std::this_thread::yield();
    }
    cancellation.cancel();
    worker.join();
    CHECK(frame.in_progress().function == nullptr);
}

TEST_CASE("readers keep their instance alive and close before it", "[load]")
{
    CallFrame frame;
    std::optional<SourceReader> kept;
    {
        auto source = make("bad.order", frame);
        REQUIRE(source);
        auto reader = source->open(frame, {});
        REQUIRE(reader);
        kept = *std::move(reader);
    }
    SourceBatch batch;
    int numbers[2] = {};
    REQUIRE(kept->next(frame, {1, 0}, batch));
    REQUIRE(batch.position.size() == sizeof numbers);
    std::memcpy(numbers, batch.position.data(), sizeof numbers);
    CHECK(numbers[0] == 1);
    CHECK(numbers[1] == 1);
    kept.reset();
    auto second = make("bad.order", frame);
    auto reader = second->open(frame, {});
    REQUIRE(reader->next(frame, {1, 0}, batch));
    std::memcpy(numbers, batch.position.data(), sizeof numbers);
    CHECK(numbers[0] == 1); // the first one is gone, and its reader went before
    CHECK(numbers[1] == 1);
}

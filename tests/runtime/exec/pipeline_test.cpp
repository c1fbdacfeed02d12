// Pipelines end to end, in one process: real plugins over a world in memory.
#include "pipeline_plugins.hpp"

#include "exec/pipeline/token.hpp"

#include <jackfield/sdk/arrow/builder.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

using namespace jackfield;
using namespace std::chrono_literals;
using worlds::Disk;
using worlds::World;

namespace {

using Numbers = std::vector<std::int64_t>;

Numbers numbers(std::int64_t first, std::int64_t end)
{
    Numbers out(static_cast<std::size_t>(end - first));
    std::iota(out.begin(), out.end(), first);
    return out;
}

const char* name_of_place(TokenPlace place) { return place == TokenPlace::source ? "source" : "state store"; }

/// Arrow data as an embedder has it: batches of ten rows.
OwnedStream stream_of(std::int64_t rows)
{
    struct Parts {
        std::int64_t at = 0, end;
    };
    ArrowArrayStream out{};
    out.private_data = new Parts{0, rows};
    out.get_schema = [](ArrowArrayStream*, ArrowSchema* to) { return export_schema(jackfield::Schema{{"n", Type::int64}}, to) ? 0 : 22; };
    out.get_next = [](ArrowArrayStream* self, ArrowArray* array) {
        auto& parts = *static_cast<Parts*>(self->private_data);
        *array = ArrowArray{};
        BatchBuilder batch(jackfield::Schema{{"n", Type::int64}});
        for (int i = 0; i < 10 && parts.at < parts.end; ++i, batch.end_row())
            batch.column(0).append_i64(parts.at++);
        if (batch.rows() > 0)
            *array = batch.finish()->release();
        return 0;
    };
    out.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    out.release = [](ArrowArrayStream* self) {
        delete static_cast<Parts*>(self->private_data);
        self->release = nullptr;
    };
    return OwnedStream(out);
}

/// A flow's task, its world and its state, over several attempts.
struct Bench {
    std::shared_ptr<World> world = std::make_shared<World>();
    std::shared_ptr<store::Store> store = store::open_sqlite("").value();
    PipelinePlan plan;
    exec::PipelineContext context;
    exec::PipelineAftermath aftermath;
    std::string run;
    bool first = true;

    explicit Bench(boost::json::object source, boost::json::object sink = {})
    {
        worlds::current() = world;
        plan.source = component(JF_KIND_SOURCE, "numbers", with_defaults(std::move(source), {{"rows", 0}, {"batch", 10}, {"partitions", 0}, {"bad", 0}, {"change", 0}, {"dynamic", false}}), "source");
        plan.sink.sink = component(JF_KIND_SINK, "table", with_defaults(std::move(sink), {{"disk", "main"}, {"tokens", true}, {"deduplicates", false}, {"share", false}}), "sink");
        plan.sink.token = plan.sink.sink.description.can(JF_CAN_STORE_TOKEN) ? TokenPlace::sink : TokenPlace::nowhere;
        plan.digest = "what is read";
        plan.can_continue = true;
        plan.limits.epoch_rows = 20;
        store::Run made;
        made.flow = "f";
        made.state = store::State::running;
        const store::Run begun = store->create_run(made, store::Commit::committed).value();
        context.flow = "f";
        context.task = "t";
        context.generation = {"g1", true};
        context.run = begun.id;
        context.run_fence = begun.fence;
        context.store = store;
        context.factory = [](std::string_view kind, std::string_view id) { return worlds::factory(kind, id); };
    }

    static boost::json::object with_defaults(boost::json::object given, const boost::json::object& defaults)
    {
        for (const auto& [key, value] : defaults)
            if (!given.contains(key))
                given[key] = value;
        return given;
    }

    ComponentPlan component(const char* kind, const std::string& use, boost::json::object options, const std::string& place)
    {
        ComponentPlan out;
        out.kind = kind;
        out.component.use = use;
        out.component.configuration = std::move(options);
        out.component.place = "tasks.t." + place;
        CallFrame frame;
        const ConfigView config(out.component);
        out.description = worlds::factory(kind, use)->describe(frame, config, nullptr).value();
        out.described = true;
        return out;
    }
    void step(const std::string& use, boost::json::object options = {})
    {
        plan.steps.push_back(component(JF_KIND_TASK, use, std::move(options), "steps[0]"));
    }
    void quarantine()
    {
        SinkPlan side;
        side.name = "quarantine";
        side.token = TokenPlace::sink;
        side.sink = component(JF_KIND_SINK, "table", {{"disk", "quarantine"}, {"tokens", true}, {"deduplicates", false}, {"share", false}}, "quarantine");
        plan.side_sinks.push_back(std::move(side));
    }

    Result<exec::PipelineReport> attempt()
    {
        context.control = std::make_shared<exec::PipelineControl>();
        context.generation.fresh = std::exchange(first, false);
        aftermath = {};
        return exec::run_pipeline(plan, context, &aftermath);
    }
    Disk& disk(const std::string& name = "main") { return world->disks[name]; }
    Numbers sorted()
    {
        Numbers out = disk().rows;
        std::sort(out.begin(), out.end());
        return out;
    }
    /// The n-th call of this name fails, once.
    void fail_at(const std::string& call, int n)
    {
        auto left = std::make_shared<std::atomic<int>>(n);
        world->on_call = [left, call](std::string_view now) -> Status {
            if (now == call && --*left == 0)
                return fail(JF_E_UNAVAILABLE, "the world ended in " + call);
            return {};
        };
    }
};

} // namespace

TEST_CASE("all rows arrive once, epoch by epoch, and the source hears of it", "[pipeline]")
{
    Bench bench({{"rows", 105}});
    const auto report = bench.attempt();

    REQUIRE(report);
    CHECK(report->finished);
    CHECK_FALSE(report->continued);
    CHECK(bench.disk().rows == numbers(0, 105));
    CHECK(bench.disk().commits == 6);
    CHECK(bench.disk().finals == 1);
    CHECK(bench.disk().fresh == 1);
    CHECK(bench.world->acked[""] == 105);
    CHECK(report->progress.rows_committed == 105);
    CHECK(report->progress.epochs == 6);
    CHECK(bench.aftermath.abandoned == 0);
}

TEST_CASE("an empty input still makes its final commit", "[pipeline]")
{
    Bench bench({{"rows", 0}});
    REQUIRE(bench.attempt());
    CHECK(bench.disk().finals == 1);
    CHECK(bench.disk().rows.empty());
}

TEST_CASE("an attempt that was killed after its final commit has nothing left to do", "[pipeline]")
{
    Bench bench({{"rows", 30}});
    REQUIRE(bench.attempt());
    const auto again = bench.attempt();
    REQUIRE(again);
    CHECK(again->finished);
    CHECK(bench.disk().rows == numbers(0, 30));
    CHECK(bench.disk().finals == 1);
}

TEST_CASE("after a failure in any call the next attempt completes the same rows", "[pipeline][failure]")
{
    const char* const calls[] = {"source.open", "source.schema", "source.next", "sink.open", "sink.acquire", "sink.schema", "sink.write",
                                 "sink.commit", "sink.committed", "step.open", "step.schema", "step.process", "step.barrier",
                                 "step.snapshot", "step.restore", "step.after_commit"};
    for (const std::string call : calls)
        for (const int n : {1, 2, 3, 5}) {
            Bench bench({{"rows", 95}});
            bench.step("pass", {{"asks", false}});
            bench.step("sum");
            INFO(call << " " << n);
            bench.fail_at(call, n);
            const auto first = bench.attempt();
            if (!first) {
                CHECK(first.error().kind == JF_E_UNAVAILABLE);
                CHECK(first.error().where.find("tasks.t.") == 0);
                CHECK(first.error().message.find(call) != std::string::npos);
            }
            bench.world->on_call = nullptr;
            const auto second = bench.attempt();
            REQUIRE(second);
            CHECK(second->finished);
            Numbers sums = numbers(0, 95);
            std::partial_sum(sums.begin(), sums.end(), sums.begin());
            CHECK(bench.disk().rows == sums);
            CHECK(bench.aftermath.abandoned == 0);
        }
}

TEST_CASE("an acknowledgement that fails is a warning", "[pipeline][failure]")
{
    Bench bench({{"rows", 95}});
    bench.world->on_call = [](std::string_view call) -> Status { return call == "source.ack" ? Status(fail(JF_E_UNAVAILABLE, "nobody there")) : Status(); };
    const auto report = bench.attempt();
    REQUIRE(report);
    CHECK(report->warnings.size() == 1);
    CHECK(bench.disk().rows == numbers(0, 95));
}

TEST_CASE("a changed selection is refused and the way out is named", "[pipeline]")
{
    Bench bench({{"rows", 95}});
    bench.fail_at("sink.commit", 3);
    REQUIRE_FALSE(bench.attempt());
    bench.world->on_call = nullptr;
    bench.plan.digest = "something else";
    const auto report = bench.attempt();
    REQUIRE_FALSE(report);
    CHECK(report.error().kind == JF_E_CONFIG);
    CHECK(report.error().message.find("jackfield reset f t") != std::string::npos);
    CHECK(report.error().message.find("--full-refresh") != std::string::npos);
}

TEST_CASE("partitions are read in parallel lanes, one writer for all or one for each", "[pipeline]")
{
    for (const std::uint32_t writers : {1u, 2u, 3u})
        for (const int failing : {0, 2, 7}) {
            INFO(writers << " writers, failing commit " << failing);
            Bench bench({{"rows", 55}, {"partitions", 7}}, {{"share", writers > 1}});
            bench.plan.lanes = 3;
            bench.plan.sink.writers = writers;
            if (failing > 0) {
                bench.fail_at("sink.commit", failing);
                (void)bench.attempt();
                bench.world->on_call = nullptr;
            }
            REQUIRE(bench.attempt());
            Numbers expected;
            for (std::int64_t p = 0; p < 7; ++p)
                for (std::int64_t i = 0; i < 55; ++i)
                    expected.push_back(p * 1'000'000 + i);
            CHECK(bench.sorted() == expected);
            CHECK(bench.disk().finals >= 1);
        }
}

TEST_CASE("records that cannot be read fail the task with their places where there is no quarantine", "[pipeline][rejects]")
{
    Bench bench({{"rows", 50}, {"bad", 10}});
    const auto report = bench.attempt();
    REQUIRE_FALSE(report);
    CHECK(report.error().kind == JF_E_DATA);
    CHECK(report.error().message.find("numbers.txt:10: is no number") == 0);
    CHECK(report.error().where == "tasks.t.source");
}

TEST_CASE("refused rows of source and sink are in quarantine, each once, whatever fails between", "[pipeline][rejects]")
{
    for (const std::string call : {"", "side.commit", "side.committed", "sink.commit", "sink.committed", "sink.write", "side.write"})
        for (const int n : {1, 2, 3}) {
            INFO(call << " " << n);
            Bench bench({{"rows", 100}, {"bad", 10}});
            bench.quarantine();
            bench.world->judge = [](std::int64_t row) { return row % 25 == 1 ? 'w' : row % 25 == 2 ? 'r' : row % 25 == 3 ? 'c' : 'k'; };
            if (!call.empty()) {
                bench.fail_at(call, n);
                (void)bench.attempt();
                bench.world->on_call = nullptr;
            }
            const auto report = bench.attempt();
            REQUIRE(report);
            Numbers expected;
            for (std::int64_t i = 0; i < 100; ++i)
                if (i % 10 != 9 && i % 25 != 1 && i % 25 != 2 && i % 25 != 3)
                    expected.push_back(i);
            CHECK(bench.disk().rows == expected);
            auto texts = bench.disk("quarantine").texts;
            CHECK(texts.size() == 22);
            std::sort(texts.begin(), texts.end());
            CHECK(std::adjacent_find(texts.begin(), texts.end()) == texts.end());
            CHECK(std::count(texts.begin(), texts.end(), "source numbers.txt:10 is no number x\xef\xbf\xbd") == 1);
            CHECK(std::count(texts.begin(), texts.end(), "sink - not wanted {\"n\":1}") == 1);
            CHECK(std::count(texts.begin(), texts.end(), "sink - not wanted after all {\"n\":78}") == 1);
        }
}

TEST_CASE("a row that the sink refuses fails the task before anything is committed where there is no quarantine", "[pipeline][rejects]")
{
    Bench bench({{"rows", 10}});
    bench.world->judge = [](std::int64_t row) { return row == 3 ? 'r' : 'k'; };
    const auto report = bench.attempt();
    REQUIRE_FALSE(report);
    CHECK(report.error().where == "tasks.t.sink");
    CHECK(bench.disk().rows.empty());
}

TEST_CASE("a commit whose answer got lost is settled by its token", "[pipeline]")
{
    for (const char how : {'l', 'a'}) {
        Bench bench({{"rows", 95}});
        bench.world->doubt = [how](std::uint64_t commit) { return commit == 2 ? how : '\0'; };
        REQUIRE(bench.attempt());
        CHECK(bench.disk().rows == numbers(0, 95));
    }
}

TEST_CASE("a sink that keeps no token but drops repeats gets each range once, by recorded intent", "[pipeline]")
{
    const auto place = GENERATE(TokenPlace::state_store, TokenPlace::source);
    for (const std::string call : {"sink.commit", "sink.committed", "sink.write", "source.next", "source.record", "sink.acquire"})
        for (const int n : {1, 2, 4}) {
            INFO(name_of_place(place) << ", " << call << " " << n);
            Bench bench({{"rows", 95}, {"partitions", 2}}, {{"tokens", false}, {"deduplicates", true}});
            bench.plan.sink.token = place;
            bench.plan.sink.record_intent = true;
            bench.plan.lanes = 2;
            bench.fail_at(call, n);
            (void)bench.attempt();
            bench.world->on_call = nullptr;
            bench.plan.limits.epoch_rows = 33; // other epochs than before: what was recorded must count
            REQUIRE(bench.attempt());
            Numbers expected = numbers(0, 95);
            for (std::int64_t i = 0; i < 95; ++i)
                expected.push_back(1'000'000 + i);
            CHECK(bench.sorted() == expected);
        }
}

TEST_CASE("a gate sees all rows of the open epoch and none of it is committed if it says no", "[pipeline]")
{
    Bench bench({{"rows", 95}});
    bench.plan.one_epoch = true;
    bench.step("pass", {{"asks", true}});
    bench.fail_at("sink.commit", 1);
    REQUIRE_FALSE(bench.attempt());
    CHECK(bench.world->queried == 95);
    CHECK(bench.disk().rows.empty());
    bench.world->on_call = nullptr;
    REQUIRE(bench.attempt());
    CHECK(bench.disk().commits == 1);
    CHECK(bench.disk().fresh == 2); // nothing was committed, so it started from nothing again
    CHECK(bench.world->epochs_told == 1);
}

TEST_CASE("a schema that changes in mid-stream reaches the sink in its place", "[pipeline]")
{
    Bench bench({{"rows", 95}, {"change", 50}});
    REQUIRE(bench.attempt());
    CHECK(bench.disk().rows == numbers(0, 95));
}

TEST_CASE("a call that hangs is reported at the deadline, and its thread is left behind", "[pipeline][deadline]")
{
    for (const std::string call : {"source.open", "source.next", "sink.open", "sink.write", "sink.commit", "step.process", "step.open"}) {
        INFO(call);
        Bench bench({{"rows", 95}});
        bench.step("pass", {{"asks", false}});
        auto gate = std::make_shared<std::atomic<bool>>(true);
        auto gone = std::make_shared<std::atomic<bool>>(false);
        bench.world->on_call = [=](std::string_view now) -> Status {
            if (now == call && *gate) {
                while (*gate)
                    std::this_thread::sleep_for(1ms);
                *gone = true;
            }
            return {};
        };
        bench.context.deadline_ns = monotonic_ns() + 150'000'000;
        bench.context.grace_ns = 20'000'000;
        const auto report = bench.attempt();
        REQUIRE_FALSE(report);
        CHECK(report.error().kind == JF_E_TIMEOUT);
        CHECK(bench.aftermath.abandoned == 1);
        *gate = false; // it wakes up later and finds that nobody wants it any more
        while (!*gone)
            std::this_thread::sleep_for(1ms);
        bench.context.deadline_ns = no_deadline;
        REQUIRE(bench.attempt());
        CHECK(bench.sorted() == numbers(0, 95));
    }
}

TEST_CASE("one call that takes longer than a call may is named", "[pipeline][deadline]")
{
    Bench bench({{"rows", 95}});
    auto gate = std::make_shared<std::atomic<bool>>(true);
    bench.world->on_call = [=](std::string_view now) -> Status {
        while (now == "sink.commit" && *gate)
            std::this_thread::sleep_for(1ms);
        return {};
    };
    bench.context.call_timeout_ns = 100'000'000;
    bench.context.grace_ns = 20'000'000;
    const auto report = bench.attempt();
    *gate = false;
    REQUIRE_FALSE(report);
    CHECK(report.error().kind == JF_E_TIMEOUT);
    CHECK(report.error().message.find("commit() of the sink 'table'") == 0);
    CHECK(bench.aftermath.abandoned == 1);
}

TEST_CASE("a stop commits what is in flight, a cancel drops it, and both can be gone on from", "[pipeline][cancel]")
{
    for (const bool gentle : {true, false}) {
        Bench bench({{"rows", 1000}});
        bench.plan.limits.epoch_rows = 35;
        const auto stop = [&] { gentle ? bench.context.control->stop() : bench.context.control->cancel(); };
        auto left = std::make_shared<std::atomic<int>>(8);
        bench.world->on_call = [=](std::string_view call) -> Status {
            if (call == "source.next" && --*left == 0)
                stop();
            return {};
        };
        const auto report = bench.attempt();
        if (gentle) {
            REQUIRE(report);
            CHECK_FALSE(report->finished);
            CHECK(bench.disk().rows == numbers(0, static_cast<std::int64_t>(report->progress.rows_read)));
            CHECK(bench.disk().finals == 0);
        } else {
            REQUIRE_FALSE(report);
            CHECK(report.error().kind == JF_E_CANCELLED);
        }
        bench.world->on_call = nullptr;
        REQUIRE(bench.attempt());
        CHECK(bench.disk().rows == numbers(0, 1000));
    }
}

TEST_CASE("huge batches through a queue of one, and a slow sink, lose nothing", "[pipeline]")
{
    Bench bench({{"rows", 1'000'000}, {"batch", 65'536}});
    bench.plan.limits.queue = 1;
    bench.plan.limits.epoch_rows = 300'000;
    bench.step("pass", {{"asks", false}});
    bench.world->on_call = [](std::string_view call) -> Status {
        if (call == "sink.write")
            std::this_thread::sleep_for(5ms);
        return {};
    };
    REQUIRE(bench.attempt());
    CHECK(bench.disk().rows == numbers(0, 1'000'000));
}

TEST_CASE("an epoch that is too large to be kept is committed, but not sent again", "[pipeline]")
{
    Bench bench({{"rows", 95}});
    bench.plan.one_epoch = true;
    bench.context.keep_bytes = 100;
    REQUIRE(bench.attempt());
    CHECK(bench.disk().rows == numbers(0, 95));

    Bench refusing({{"rows", 95}});
    refusing.plan.one_epoch = true;
    refusing.quarantine();
    refusing.context.keep_bytes = 100;
    refusing.world->judge = [](std::int64_t row) { return row == 80 ? 'w' : 'k'; };
    const auto report = refusing.attempt();
    REQUIRE_FALSE(report);
    CHECK(report.error().message.find("limits.epoch") != std::string::npos);
}

TEST_CASE("dynamic partitions are taken over, handed back after their commit, and dropped when lost", "[pipeline][dynamic]")
{
    Bench bench({{"rows", 60}, {"dynamic", true}});
    bench.plan.limits.epoch_rows = 1000;
    // Given p0, read three batches; asked back; given p1, read two batches, which is lost; given p1 again, read all of it.
    bench.world->event = [](std::uint64_t call) -> std::pair<jf_status, std::string> {
        switch (call) {
        case 1: return {JF_GIVEN, "p0"};
        case 5: return {JF_ASKED_BACK, "p0"};
        case 6: return {JF_GIVEN, "p1"};
        case 9: return {JF_LOST, "p1"};
        case 10: return {JF_GIVEN, "p1"};
        default: return {JF_OK, ""};
        }
    };
    REQUIRE(bench.attempt());
    Numbers expected = numbers(0, 30);
    for (std::int64_t i = 0; i < 60; ++i)
        expected.push_back(1'000'000 + i);
    CHECK(bench.sorted() == expected);
    CHECK(bench.world->acked["p0"] == 30);
    CHECK(bench.disk().fences["p1"] == 2);
}

TEST_CASE("a slow sink does not cost a dynamic source its membership", "[pipeline][dynamic]")
{
    Bench bench({{"rows", 60}, {"dynamic", true}});
    bench.plan.limits.queue = 1;
    bench.world->event = [](std::uint64_t call) -> std::pair<jf_status, std::string> { return {call == 1 ? JF_GIVEN : JF_OK, "p0"}; };
    auto slow = std::make_shared<std::atomic<bool>>(true);
    bench.world->on_call = [slow, world = bench.world](std::string_view call) -> Status {
        while (call == "sink.commit" && *slow) {
            std::this_thread::sleep_for(5ms);
            const std::lock_guard lock(world->mutex);
            *slow = world->kept_alive == 0;
        }
        return {};
    };
    REQUIRE(bench.attempt());
    CHECK(bench.world->kept_alive > 0);
    CHECK(bench.sorted() == numbers(0, 60));
}

TEST_CASE("another writer of the same partition shuts this one out", "[pipeline]")
{
    Bench bench({{"rows", 95}});
    auto left = std::make_shared<std::atomic<int>>(3);
    bench.world->on_call = [=, world = bench.world](std::string_view call) -> Status {
        if (call == "sink.commit" && --*left == 0) {
            const std::lock_guard lock(world->mutex);
            ++world->disks["main"].fences[""];
        }
        return {};
    };
    const auto report = bench.attempt();
    REQUIRE_FALSE(report);
    CHECK(report.error().kind == JF_E_FENCED);
    CHECK(bench.disk().rows == numbers(0, 40));
}

TEST_CASE("a program hands Arrow data in and takes what is committed out", "[pipeline][memory]")
{
    Bench bench({{"rows", 0}});
    bench.plan.source.component.use = bench.plan.sink.sink.component.use = "memory";
    bench.plan.source.component.configuration = {{"name", "in"}};
    bench.plan.sink.sink.component.configuration = {{"name", "out"}};
    bench.plan.source.description = {};
    bench.plan.sink.token = TokenPlace::nowhere;
    bench.step("pass", {{"asks", false}});
    bench.context.memory = std::make_shared<exec::MemoryPorts>();
    bench.context.memory->inputs["in"] = stream_of(95);
    Numbers got;
    int schemas = 0;
    bench.context.memory->outputs["out"] = [&](const ArrowSchema& schema, ArrowArray* array) -> Status {
        schemas += array ? 0 : 1;
        const auto* values = array ? static_cast<const std::int64_t*>(array->children[0]->buffers[1]) + array->children[0]->offset : nullptr;
        for (std::int64_t i = 0; array && i < array->length; ++i)
            got.push_back(values[i]);
        return schema.n_children == 1 ? Status() : fail(JF_E_FAILED, "wrong schema");
    };
    REQUIRE(bench.attempt());
    CHECK(got == numbers(0, 95));
    CHECK(schemas == 1);

    const auto again = bench.attempt();
    REQUIRE_FALSE(again);
    CHECK(again.error().message.find("was read already") != std::string::npos);
}

TEST_CASE("what a run of a full load goes on with, and what it starts anew", "[pipeline]")
{
    const auto store = store::open_sqlite("").value();
    const auto choose = [&](bool incremental, bool anew) { return exec::choose_generation(*store, {"f", "t", "", ""}, "", incremental, anew).value(); };
    const auto first = choose(false, false);
    CHECK(first.fresh);
    CHECK(choose(false, false).id == first.id); // it was not finished
    CHECK_FALSE(choose(false, false).fresh);
    REQUIRE(store->complete_generation("f", "t", "", first.id));
    CHECK(choose(true, false).id == first.id); // a cursor goes on for ever
    const auto second = choose(false, false);
    CHECK(second.fresh);
    CHECK(second.id != first.id);
    CHECK(choose(true, true).id != second.id);
}

TEST_CASE("tokens survive their encoding, and damaged ones are refused", "[pipeline][token]")
{
    const exec::Token token{300, 2, true, 299, "digest", std::string("\0\1pos", 5)};
    const std::string bytes = exec::encode(token);
    CHECK(exec::decode_token(bytes).value() == token);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        CHECK_FALSE(exec::decode_token(bytes.substr(0, length)));
    CHECK_FALSE(exec::decode_token(bytes + "x"));
    CHECK_FALSE(exec::decode_token("\2" + bytes.substr(1)));
    // As written by the first version; later ones must read it.
    CHECK(exec::decode_token(std::string("\x01\x00\x05\x00\x00\x02" "ab" "\x01p", 10)).value() == exec::Token{5, 0, false, 0, "ab", "p"});
}

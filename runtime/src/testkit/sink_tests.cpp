// Tests of sinks: epochs, tokens, fences, layouts, and what is left of a writer that goes.
#include "testkit/crash.hpp"
#include "testkit/rows.hpp"

#include <jackfield/sdk/arrow/schema.hpp>

#include <thread>

namespace jackfield::testkit {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// A sink with an open writer that holds the one partition "". One thread at a time.
class Writing {
public:
    [[nodiscard]] static Result<Writing> open(Kit& kit, const SinkInstance& sink, const Feed& feed, bool tokens, ProgressScope scope = kit_scope, bool fresh = false)
    {
        kit.doing("open() ran");
        CallFrame frame;
        frame.set_deadline_in(10 * second_ns);
        WriteOptions options;
        options.scope = scope;
        options.owner = "kit";
        options.fresh = fresh;
        JF_ASSIGN(SinkWriter writer, sink.open(frame, options));
        Writing out(std::move(writer), feed);
        if (tokens) {
            kit.doing("acquire() ran");
            JF_ASSIGN(out.acquired_, out.writer_.acquire(frame, "", ""));
        }
        JF_ASSIGN(const OwnedSchema schema, feed.exported());
        kit.doing("schema() ran");
        JF_TRY(out.writer_.schema(frame, *schema));
        kit.doing("rows were written");
        out.tokens_ = tokens;
        return out;
    }
    Status write(std::int64_t first, std::int64_t rows)
    {
        JF_ASSIGN(OwnedArray batch, feed_->batch(first, rows));
        return write(std::move(batch));
    }
    Status write(OwnedArray batch)
    {
        CallFrame frame;
        frame.set_deadline_in(10 * second_ns);
        JF_ASSIGN(const WriteOutcome outcome, writer_.write(frame, number_++, std::move(batch)));
        return must(outcome == WriteOutcome::taken, "write() refused rows of the kit");
    }
    /// `again`: the same epoch once more.
    Status commit(const std::string& text, bool final = false, bool again = false)
    {
        CallFrame frame;
        frame.set_deadline_in(10 * second_ns);
        number_ = 0;
        const CommitToken token{"", "", text, acquired_.fence};
        CommitRequest request;
        request.epoch = again ? epoch_ : ++epoch_;
        request.final = final;
        if (tokens_)
            request.tokens = std::span(&token, 1);
        JF_ASSIGN(CommitOutcome outcome, writer_.commit(frame, request));
        if (outcome == CommitOutcome::unknown) {
            JF_ASSIGN(const Resolution resolution, writer_.resolve(frame, request));
            outcome = resolution == Resolution::landed ? CommitOutcome::committed : outcome;
        }
        return must(outcome == CommitOutcome::committed, "commit() did not commit");
    }
    Status abort()
    {
        CallFrame frame;
        frame.set_deadline_in(10 * second_ns);
        number_ = 0;
        return writer_.abort(frame);
    }
    [[nodiscard]] const Acquired& acquired() const { return acquired_; }
    [[nodiscard]] SinkWriter& writer() { return writer_; }

private:
    Writing(SinkWriter writer, const Feed& feed) : writer_(std::move(writer)), feed_(&feed) {}

    SinkWriter writer_;
    const Feed* feed_;
    Acquired acquired_;
    bool tokens_ = false;
    std::uint64_t number_ = 0, epoch_ = 0;
};

/// The sink with the kit's rows. Value.
struct Target {
    SinkInstance sink;
    Feed feed;
    bool tokens;
    bool whole; ///< it takes one epoch, which is the final one (JF_WHOLE_INPUT)

    /// What went before is an epoch of its own, unless there can be only one.
    Status end_epoch(Writing& writing, const std::string& token) const { return whole ? Status() : writing.commit(token); }
    /// As the only epoch, or as the first of several.
    Status first_epoch(Writing& writing, const std::string& token) const { return writing.commit(token, whole); }
};

Result<Target> target(Kit& kit)
{
    if (!kit.options().fixture.empty()) {
        JF_ASSIGN(const std::string said, run_fixture(kit, "clear"));
    }
    JF_ASSIGN(const Description description, kit.description());
    JF_ASSIGN(SinkInstance sink, kit.make<SinkInstance>());
    JF_ASSIGN(Feed feed, Feed::make(kit));
    return Target{std::move(sink), std::move(feed), description.can(JF_CAN_STORE_TOKEN), description.can(JF_WHOLE_INPUT)};
}

Result<Target> target_with_tokens(Kit& kit)
{
    JF_ASSIGN(Target out, target(kit));
    if (!out.tokens)
        return skip("describe() does not say that it stores tokens");
    return out;
}

/// Holds what is there against the rows 0 … rows - 1, if the kit can see it. Lets the sink go first.
Verdict judged(Kit& kit, Target&& it, std::int64_t rows, std::string fact)
{
    const Feed feed = it.feed;
    {
        const Target gone = std::move(it);
    }
    if (!can_read_back(kit))
        return fact + " (nothing reads it back: see --fixture)";
    JF_ASSIGN(const auto found, read_back(kit, feed));
    JF_TRY(all_once(found, rows));
    return fact;
}

Verdict write(Kit& kit)
{
    JF_ASSIGN(Target it, target(kit));
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, it.tokens, kit_scope, true));
        for (int epoch = 0; epoch < 5; ++epoch) {
            for (int batch = 0; batch < 3; ++batch)
                JF_TRY(writing.write(epoch * 30 + batch * 10, 10));
            JF_TRY(it.end_epoch(writing, "t" + std::to_string(epoch)));
        }
        JF_TRY(writing.commit("final", true));
    }
    const std::string fact = it.whole ? "150 rows in one epoch" : "150 rows in 5 epochs, and the final commit";
    return judged(kit, std::move(it), 150, fact);
}

Verdict repeat_commit(Kit& kit)
{
    JF_ASSIGN(Target it, target_with_tokens(kit));
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, true));
        JF_TRY(writing.write(0, 10));
        JF_TRY(it.first_epoch(writing, "one"));
        kit.doing("the same commit ran again");
        if (const Status again = writing.commit("one", it.whole, true); !again)
            return broken("a commit with a token that is stored already failed: " + again.error().message);
        if (!it.whole) {
            JF_TRY(writing.write(10, 10));
            JF_TRY(writing.commit("two"));
            JF_TRY(writing.commit("end", true));
        }
    }
    const std::int64_t rows = it.whole ? 10 : 20;
    return judged(kit, std::move(it), rows, "the same commit again changes nothing");
}

Verdict abort_drops(Kit& kit)
{
    JF_ASSIGN(Target it, target(kit));
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, it.tokens));
        const std::int64_t before = it.whole ? 0 : 10;
        JF_TRY(writing.write(0, before));
        JF_TRY(it.end_epoch(writing, "one"));
        JF_TRY(writing.write(1000, 10));
        kit.doing("abort() ran");
        JF_TRY(writing.abort());
        JF_TRY(writing.abort()); // with nothing open
        JF_TRY(writing.write(before, 20 - before));
        JF_TRY(it.end_epoch(writing, "two"));
        JF_TRY(writing.commit("end", true));
    }
    return judged(kit, std::move(it), 20, "abort() drops the open epoch and nothing else");
}

Verdict close_aborts(Kit& kit)
{
    JF_ASSIGN(Target it, target(kit));
    const std::int64_t before = it.whole ? 0 : 10;
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, it.tokens));
        JF_TRY(writing.write(0, before));
        JF_TRY(it.end_epoch(writing, "one"));
        JF_TRY(writing.write(1000, 10));
    }
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, it.tokens));
        JF_TRY(writing.write(before, 20 - before));
        JF_TRY(it.end_epoch(writing, "two"));
        JF_TRY(writing.commit("end", true));
    }
    return judged(kit, std::move(it), 20, "close() drops an open epoch");
}

Verdict tokens(Kit& kit)
{
    JF_ASSIGN(Target it, target_with_tokens(kit));
    std::uint64_t fence = 0;
    const std::string odd("t\0\x01\xff'\"\n", 7);
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, true));
        JF_TRY(must(!writing.acquired().token, "a token is there before anything was committed"));
        fence = writing.acquired().fence;
        JF_TRY(writing.write(0, 10));
        JF_TRY(it.first_epoch(writing, odd));
    }
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, true));
        JF_TRY(must(writing.acquired().token == odd, "acquire() does not answer the token that was committed last (bytes, not text)"));
        JF_TRY(must(writing.acquired().fence > fence, "acquire() did not raise the fence"));
        if (it.whole)
            return std::string("acquire() answers the last token, of any bytes, and a higher fence each time");
        fence = writing.acquired().fence;
        const std::string large(std::size_t{68} << 10, 'x');
        JF_TRY(writing.write(10, 10));
        JF_TRY(writing.commit(large));
    }
    JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, true));
    JF_TRY(must(writing.acquired().token && writing.acquired().token->size() == std::size_t{68} << 10, "a token of 68 KiB did not come back"));
    JF_TRY(must(writing.acquired().fence > fence, "acquire() did not raise the fence"));
    return std::string("acquire() answers the last token, of any bytes up to 68 KiB, and a higher fence each time");
}

Verdict fence(Kit& kit)
{
    JF_ASSIGN(Target it, target_with_tokens(kit));
    JF_ASSIGN(const SinkInstance other, kit.make<SinkInstance>());
    JF_ASSIGN(Writing old, Writing::open(kit, it.sink, it.feed, true));
    const std::int64_t before = it.whole ? 0 : 10;
    JF_TRY(old.write(0, before));
    JF_TRY(it.end_epoch(old, "one"));
    JF_TRY(old.write(1000, 10));
    kit.doing("another writer acquired the partition");
    auto fresh = Writing::open(kit, other, it.feed, true);
    if (!fresh) { // a store with one writer at a time: the old one has to let go
        if (fresh.error().kind != JF_E_UNAVAILABLE)
            return fresh.error();
        return skip("only one writer can be open at a time: " + fresh.error().message);
    }
    kit.doing("the old writer committed");
    const Status zombie = it.first_epoch(old, "zombie");
    JF_TRY(must(!zombie, "an old writer committed after another one had acquired its partition"));
    JF_TRY(must(zombie.error().kind == JF_E_FENCED, "an old writer is refused as '" + std::string(error_class_name(zombie.error().kind)) + "', not as 'fenced': " + zombie.error().message));
    JF_TRY(fresh->write(before, 20 - before));
    JF_TRY(it.end_epoch(*fresh, "two"));
    JF_TRY(fresh->commit("end", true));
    {
        const Writing gone_old = std::move(old), gone = *std::move(fresh);
    }
    return judged(kit, std::move(it), 20, "an old writer gets 'fenced', and nothing of its open epoch is there");
}

Verdict scopes(Kit& kit)
{
    JF_ASSIGN(Target it, target_with_tokens(kit));
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, true));
        JF_TRY(writing.write(0, 10));
        JF_TRY(it.first_epoch(writing, "mine"));
    }
    const auto nothing_under = [&](const char* what, const ProgressScope& scope) -> Status {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, true, scope));
        return must(!writing.acquired().token, std::string("a token was given to another ") + what);
    };
    JF_TRY(nothing_under("flow", {"other", "check", "", "g1", "kit"}));
    JF_TRY(nothing_under("task", {"kit", "other", "", "g1", "kit"}));
    JF_TRY(nothing_under("slice", {"kit", "check", "2026-01-01", "g1", "kit"}));
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, true));
        JF_TRY(must(writing.acquired().token == "mine", "the token is gone after other scopes were opened"));
    }
    JF_TRY(nothing_under("generation", {"kit", "check", "", "g2", "kit"})); // last: it may end the one before it
    return std::string("a token belongs to its flow, task, slice and generation");
}

Verdict empty_epoch(Kit& kit)
{
    JF_ASSIGN(Target it, target(kit));
    if (it.whole)
        return skip("it takes one epoch only (JF_WHOLE_INPUT)");
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, it.tokens));
        JF_TRY(writing.commit("nothing"));
        JF_TRY(writing.write(0, 10));
        JF_TRY(writing.write(10, 0));
        JF_TRY(writing.commit("some"));
        JF_TRY(writing.commit("nothing again"));
    }
    if (it.tokens) {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, true));
        JF_TRY(must(writing.acquired().token == "nothing again", "the token of an epoch without rows was not kept"));
        JF_TRY(writing.commit("end", true));
    }
    return judged(kit, std::move(it), 10, "epochs and batches without rows move the token");
}

Verdict bad_schema(Kit& kit)
{
    JF_ASSIGN(Target it, target(kit));
    JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, it.tokens));
    JF_TRY(writing.write(0, it.whole ? 0 : 10));
    JF_TRY(it.end_epoch(writing, "one"));
    const Schema strange[] = {Schema{}, Schema{{it.feed.key(), DataType::list(Type::binary)}}, Schema{{"no such column", Type::interval_month_day_nano}},
        Schema{{it.feed.key(), Type::int64}, {it.feed.key(), Type::utf8}}};
    std::size_t refused = 0;
    for (const Schema& schema : strange) {
        OwnedSchema raw;
        JF_TRY(export_schema(schema, raw.out()));
        CallFrame frame;
        frame.set_deadline_in(5 * second_ns);
        kit.doing("schema() was given " + (schema.size() ? schema[0].type.text() : std::string("no columns")));
        const Status taken = writing.writer().schema(frame, *raw);
        if (taken)
            continue;
        ++refused;
        const jf_status kind = taken.error().kind;
        JF_TRY(must(kind == JF_E_DATA || kind == JF_E_CONFIG || kind == JF_E_UNSUPPORTED || kind == JF_E_STATE,
                    "a schema that does not fit is refused as '" + std::string(error_class_name(kind)) + "'; 'data' or 'config' says what is meant"));
        JF_TRY(must(!taken.error().message.empty(), "a schema is refused without a sentence"));
    }
    return std::to_string(refused) + " of 4 strange schemas refused with a reason, the others taken";
}

Verdict layouts(Kit& kit)
{
    JF_ASSIGN(Target it, target(kit));
    JF_ASSIGN(auto all, it.feed.layouts(20));
    std::string taken, refused;
    bool first_taken = false;
    {
        const Target gone = std::move(it);
    }
    int number = 0;
    for (Feed::Layout& layout : all) {
        JF_TRY(kit.move_to(kit.dir().parent_path() / ("layout-" + std::to_string(number++))));
        JF_ASSIGN(Target again, target(kit));
        kit.doing("text came as " + layout.name);
        Status done;
        {
            JF_ASSIGN(Writing writing, Writing::open(kit, again.sink, again.feed, again.tokens));
            OwnedSchema raw;
            JF_TRY(export_schema(layout.schema, raw.out()));
            CallFrame frame;
            frame.set_deadline_in(5 * second_ns);
            done = writing.writer().schema(frame, *raw);
            if (done)
                done = writing.write(std::move(layout.batch));
            if (done) {
                JF_TRY(again.end_epoch(writing, "one"));
                JF_TRY(writing.commit("end", true));
            }
        }
        if (!done) {
            const jf_status kind = done.error().kind;
            JF_TRY(must(kind == JF_E_UNSUPPORTED || kind == JF_E_CONFIG || kind == JF_E_DATA, layout.name + " is refused as '" + std::string(error_class_name(kind)) + "': " + done.error().message));
            refused += (refused.empty() ? "" : ", ") + layout.name;
            continue;
        }
        first_taken = true;
        auto judgement = judged(kit, std::move(again), 20, "");
        if (!judgement)
            return broken(layout.name + ": " + judgement.error().message);
        taken += (taken.empty() ? "" : ", ") + layout.name;
    }
    JF_TRY(must(first_taken, "takes rows in no layout but the plainest"));
    return "takes " + taken + (refused.empty() ? "" : "; refuses " + refused);
}

Verdict threads(Kit& kit)
{
    JF_ASSIGN(Target it, target(kit));
    {
        JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, it.tokens));
        Status done;
        for (int epoch = 0; epoch < 5 && done; ++epoch) {
            std::thread([&] { done = writing.write(epoch * 10, 10); }).join();
            if (done)
                std::thread([&] { done = it.end_epoch(writing, "t" + std::to_string(epoch)); }).join();
        }
        if (!done)
            return done.error();
        JF_TRY(writing.commit("end", true));
    }
    return judged(kit, std::move(it), 50, "each call on a thread of its own");
}

Verdict cancel(Kit& kit)
{
    JF_ASSIGN(Target it, target(kit));
    JF_ASSIGN(Writing writing, Writing::open(kit, it.sink, it.feed, it.tokens));
    Cancellation cancellation;
    cancellation.cancel();
    CallFrame frame(&cancellation);
    frame.set_deadline_in(5 * second_ns);
    writing.writer().interrupt();
    JF_ASSIGN(OwnedArray batch, it.feed.batch(0, 10));
    kit.doing("write() ran although it was cancelled");
    const std::int64_t start = monotonic_ns();
    const auto outcome = writing.writer().write(frame, 0, std::move(batch));
    JF_TRY(must(monotonic_ns() - start < second_ns, "a cancelled write() took more than 1 s"));
    if (!outcome)
        JF_TRY(must(outcome.error().kind == JF_E_CANCELLED, "a cancelled write() failed as '" + std::string(error_class_name(outcome.error().kind)) + "': " + outcome.error().message));
    JF_TRY(writing.abort());
    JF_TRY(writing.write(0, 10));
    JF_TRY(it.first_epoch(writing, "one"));
    return std::string("a cancelled write() is back at once; after abort() the writer goes on");
}

Verdict crash(Kit& kit) { return crash_sink(kit); }

constexpr Test tests[] = {
    {"sink", "write", "epochs are written", write},
    {"sink", "repeat-commit", "the same commit again changes nothing", repeat_commit},
    {"sink", "abort", "abort() drops the open epoch", abort_drops},
    {"sink", "close", "close() drops an open epoch", close_aborts},
    {"sink", "tokens", "acquire() answers the last token", tokens},
    {"sink", "fence", "an old writer is fenced off", fence},
    {"sink", "scopes", "tokens belong to their scope", scopes},
    {"sink", "empty-epoch", "epochs without rows are kept", empty_epoch},
    {"sink", "bad-schema", "a schema that does not fit is refused", bad_schema},
    {"sink", "layouts", "rows in other layouts are taken or refused", layouts},
    {"sink", "threads", "calls may come from any thread", threads},
    {"sink", "cancel", "a cancelled call is back at once", cancel},
    {"sink", "crash", "killed anywhere: nothing lost, nothing doubled", crash, 6},
};

} // namespace

std::span<const Test> sink_tests() { return tests; }

} // namespace jackfield::testkit

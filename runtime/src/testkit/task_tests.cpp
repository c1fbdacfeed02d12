// Tests of tasks: steps between batches, actions that run once.
#include "testkit/rows.hpp"

#include <jackfield/sdk/arrow/json.hpp>
#include <jackfield/sdk/arrow/validate.hpp>

#include <boost/json/parse.hpp>

#include <atomic>
#include <ctime>
#include <thread>

namespace jackfield::testkit {

namespace json = boost::json;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// A step with everything it emits. One thread at a time.
class Stepping {
public:
    [[nodiscard]] static Result<Stepping> open(Kit& kit, const TaskInstance& task, const Schema& input, std::size_t outputs)
    {
        CallFrame frame;
        frame.set_deadline_in(5 * second_ns);
        kit.doing("open() ran");
        JF_ASSIGN(StepInstance step, task.open(frame, kit_scope));
        Stepping out(std::move(step));
        OwnedSchema raw;
        JF_TRY(export_schema(input, raw.out()));
        for (std::uint32_t output = 0; output <= outputs; ++output) {
            kit.doing("schema() of output " + std::to_string(output) + " ran");
            JF_ASSIGN(const OwnedSchema answer, out.step_.schema(frame, *raw, output));
            JF_ASSIGN(Schema schema, import_schema(*answer));
            out.schemas_.push_back(std::move(schema));
        }
        out.rows_.resize(out.schemas_.size());
        kit.doing("the step worked");
        return out;
    }
    Status process(OwnedArray batch)
    {
        CallFrame frame;
        frame.set_deadline_in(5 * second_ns);
        frame.set_rejects([this](const RejectedRecord&) -> Status {
            ++rejected_;
            return {};
        });
        return step_.process(frame, {"", std::move(batch), JF_WATERMARK_NONE, 0}, handler());
    }
    Status barrier(bool final)
    {
        CallFrame frame;
        frame.set_deadline_in(5 * second_ns);
        frame.set_rejects([this](const RejectedRecord&) -> Status {
            ++rejected_;
            return {};
        });
        return step_.barrier(frame, final, handler());
    }
    /// Rows of all outputs, as JSON with the number of the output before.
    [[nodiscard]] std::vector<std::string> take()
    {
        std::vector<std::string> out;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            for (std::string& row : rows_[i])
                out.push_back(std::to_string(i) + row);
            rows_[i].clear();
        }
        return out;
    }
    [[nodiscard]] StepInstance& step() { return step_; }
    [[nodiscard]] std::size_t rejected() const { return rejected_; }

private:
    explicit Stepping(StepInstance step) : step_(std::move(step)) {}
    EmitHandler handler()
    {
        return [this](std::uint32_t output, std::string_view, OwnedArray batch) -> Status {
            JF_TRY(must(output < schemas_.size(), "emits to output " + std::to_string(output) + ", which describe() does not name"));
            JF_TRY(validate(schemas_[output], *batch, Check::full));
            JsonRows text(schemas_[output]);
            text.bind(*batch);
            for (std::int64_t row = 0; row < batch->length; ++row)
                rows_[output].push_back(text.text(row));
            return {};
        };
    }

    StepInstance step_;
    std::vector<Schema> schemas_;
    std::vector<std::vector<std::string>> rows_;
    std::size_t rejected_ = 0;
};

/// The task as a step with the kit's rows. Value.
struct Step {
    TaskInstance task;
    Feed feed;
    Description description;

    [[nodiscard]] Result<Stepping> open(Kit& kit) const { return Stepping::open(kit, task, feed.schema(), description.outputs.size()); }
};

Result<Step> step_of(Kit& kit)
{
    JF_ASSIGN(Description description, kit.description());
    if (!description.can(JF_IS_STEP))
        return skip("it is no step in this configuration");
    JF_ASSIGN(TaskInstance task, kit.make<TaskInstance>());
    JF_ASSIGN(Feed feed, Feed::make(kit));
    return Step{std::move(task), std::move(feed), std::move(description)};
}

/// All rows of a run over `batches` batches of 10.
Result<std::vector<std::string>> run(Kit& kit, const Step& it, int batches)
{
    JF_ASSIGN(Stepping step, it.open(kit));
    for (int i = 0; i < batches; ++i) {
        JF_ASSIGN(OwnedArray batch, it.feed.batch(i * 10, 10));
        JF_TRY(step.process(std::move(batch)));
    }
    JF_TRY(step.barrier(true));
    return step.take();
}

Verdict step_schema(Kit& kit)
{
    JF_ASSIGN(const Step it, step_of(kit));
    JF_ASSIGN(Stepping first, it.open(kit));
    JF_ASSIGN(Stepping second, it.open(kit));
    return count(it.description.outputs.size() + 1, "output") + " with a schema each";
}

Verdict process(Kit& kit)
{
    JF_ASSIGN(const Step it, step_of(kit));
    JF_ASSIGN(Stepping step, it.open(kit));
    std::size_t rows = 0;
    for (int i = 0; i < 20; ++i) {
        JF_ASSIGN(OwnedArray batch, it.feed.batch(i * 10, i == 3 ? 0 : 10));
        JF_TRY(step.process(std::move(batch)));
        rows += step.take().size();
        if (i % 5 == 4)
            JF_TRY(step.barrier(false));
        rows += step.take().size();
    }
    JF_TRY(step.process(OwnedArray())); // only the watermark moved
    JF_TRY(step.barrier(true));
    rows += step.take().size();
    return "190 rows in, " + std::to_string(rows) + " out, " + std::to_string(step.rejected()) + " refused; each batch fits its schema";
}

Verdict order(Kit& kit)
{
    JF_ASSIGN(const Step it, step_of(kit));
    JF_ASSIGN(const auto first, run(kit, it, 10));
    if (!it.description.can(JF_DETERMINISTIC))
        return skip("describe() does not say that the same rows give the same rows");
    JF_ASSIGN(const auto second, run(kit, it, 10));
    JF_TRY(must(first == second, "the same rows gave other rows, or another order, the second time"));
    return "the same " + count(first.size(), "row") + " in the same order, twice";
}

Verdict snapshot(Kit& kit)
{
    JF_ASSIGN(const Step it, step_of(kit));
    if (it.description.state_scope == JF_STATE_ROW)
        return skip("describe() says that it keeps no state");
    JF_ASSIGN(Stepping whole, it.open(kit));
    JF_ASSIGN(Stepping before, it.open(kit));
    std::vector<std::string> expected;
    for (int i = 0; i < 5; ++i)
        for (Stepping* step : {&whole, &before}) {
            JF_ASSIGN(OwnedArray batch, it.feed.batch(i * 10, 10));
            JF_TRY(step->process(std::move(batch)));
        }
    JF_TRY(whole.barrier(false));
    JF_TRY(before.barrier(false));
    (void)whole.take();
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    kit.doing("snapshot() ran");
    JF_ASSIGN(const std::string state, before.step().snapshot(frame, ""));
    JF_ASSIGN(Stepping after, it.open(kit));
    kit.doing("restore() ran");
    JF_TRY(after.step().restore(frame, "", state));
    for (int i = 5; i < 8; ++i)
        for (Stepping* step : {&whole, &after}) {
            JF_ASSIGN(OwnedArray batch, it.feed.batch(i * 10, 10));
            JF_TRY(step->process(std::move(batch)));
        }
    JF_TRY(whole.barrier(true));
    JF_TRY(after.barrier(true));
    JF_TRY(must(whole.take() == after.take(), "after snapshot() and restore() into a new step other rows come than without"));
    kit.doing("restore() was given a damaged state");
    JF_ASSIGN(Stepping damaged, it.open(kit));
    for (int i = 0; i < 20; ++i)
        (void)damaged.step().restore(frame, "", kit.random().bytes(kit.random().below(200)));
    kit.doing("drop() ran");
    JF_TRY(after.step().drop(frame, ""));
    return "a snapshot of " + count(state.size(), "byte") + " in a new step goes on with the same rows";
}

Verdict layouts(Kit& kit)
{
    JF_ASSIGN(const Step it, step_of(kit));
    JF_ASSIGN(auto all, it.feed.layouts(20));
    std::string taken, refused;
    for (Feed::Layout& layout : all) {
        kit.doing("text came as " + layout.name);
        auto step = Stepping::open(kit, it.task, layout.schema, it.description.outputs.size());
        Status done = step ? step->process(std::move(layout.batch)) : Status(step.error());
        if (done)
            done = step->barrier(true);
        if (!done) {
            const jf_status kind = done.error().kind;
            JF_TRY(must(kind == JF_E_UNSUPPORTED || kind == JF_E_CONFIG, layout.name + " is refused as '" + std::string(error_class_name(kind)) + "': " + done.error().message));
            refused += (refused.empty() ? "" : ", ") + layout.name;
            continue;
        }
        taken += (taken.empty() ? "" : ", ") + layout.name;
    }
    return (taken.empty() ? std::string("takes only the plainest") : "takes " + taken) + (refused.empty() ? "" : "; refuses " + refused);
}

Verdict threads(Kit& kit)
{
    JF_ASSIGN(const Step it, step_of(kit));
    JF_ASSIGN(Stepping step, it.open(kit));
    Status done;
    kit.doing("each process() ran on a thread of its own");
    for (int i = 0; i < 10 && done; ++i) {
        JF_ASSIGN(OwnedArray batch, it.feed.batch(i * 10, 10));
        std::thread([&] { done = step.process(std::move(batch)); }).join();
    }
    if (!done)
        return done.error();
    JF_TRY(step.barrier(true));
    return std::string("each process() on a thread of its own");
}

Verdict refused_emit(Kit& kit)
{
    JF_ASSIGN(const Step it, step_of(kit));
    JF_ASSIGN(Stepping step, it.open(kit));
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    JF_ASSIGN(OwnedArray batch, it.feed.batch(0, 10));
    bool asked = false;
    const EmitHandler no = [&asked](std::uint32_t, std::string_view, OwnedArray) -> Status {
        asked = true;
        return fail(JF_E_CANCELLED, "the kit takes no more");
    };
    kit.doing("emit() was refused");
    const Status done = step.step().process(frame, {"", std::move(batch), JF_WATERMARK_NONE, 0}, no);
    if (!asked)
        return std::string("emits nothing for the first batch");
    JF_TRY(must(!done, "process() says that it is done although emit() failed; return what emit() returned"));
    JF_TRY(must(done.error().kind == JF_E_CANCELLED, "process() failed as '" + std::string(error_class_name(done.error().kind)) + "' where emit() failed as 'cancelled'"));
    return std::string("a failure of emit() is passed on");
}

Result<TaskInstance> action_of(Kit& kit)
{
    JF_ASSIGN(const Description description, kit.description());
    if (!description.can(JF_IS_ACTION))
        return skip("it is no action in this configuration");
    return kit.make<TaskInstance>();
}

Verdict action(Kit& kit)
{
    JF_ASSIGN(const TaskInstance task, action_of(kit));
    CallFrame frame;
    frame.set_deadline_in(9 * second_ns);
    kit.doing("run() ran");
    JF_ASSIGN(const std::string text, task.run(frame, kit_scope, 1));
    boost::system::error_code code;
    const json::value value = json::parse(text, code);
    JF_TRY(must(!code && value.is_object(), "the result is no JSON object: " + text.substr(0, 80)));
    return "its result: " + text.substr(0, 80);
}

Verdict action_cancel(Kit& kit)
{
    JF_ASSIGN(const TaskInstance task, action_of(kit));
    Cancellation cancellation;
    CallFrame frame(&cancellation);
    frame.set_deadline_in(20 * second_ns);
    std::atomic<std::int64_t> asked{0};
    std::thread stopper([&] {
        const timespec pause{0, 100'000'000};
        nanosleep(&pause, nullptr);
        asked = monotonic_ns();
        cancellation.cancel();
        task.interrupt();
    });
    kit.doing("run() ran after cancel and interrupt()");
    const auto outcome = task.run(frame, kit_scope, 1);
    const std::int64_t back = monotonic_ns();
    stopper.join();
    const std::int64_t took = back - asked;
    JF_TRY(must(took < second_ns, "run() came back " + std::to_string(took / 1'000'000) + " ms after it was asked to stop (limit 1 s)"));
    if (outcome)
        return std::string("was done before it was asked to stop");
    JF_TRY(must(outcome.error().kind == JF_E_CANCELLED, "a cancelled run() failed as '" + std::string(error_class_name(outcome.error().kind)) + "': " + outcome.error().message));
    return "back " + std::to_string(std::max<std::int64_t>(0, took) / 1'000'000) + " ms after it was asked to stop (limit 1 s)";
}

constexpr Test tests[] = {
    {"task", "step-schema", "each output has a schema", step_schema},
    {"task", "process", "batches come out as their schema says", process},
    {"task", "order", "the same rows give the same rows", order},
    {"task", "snapshot", "the state goes over into a new step", snapshot},
    {"task", "step-layouts", "rows in other layouts are taken or refused", layouts},
    {"task", "step-threads", "calls may come from any thread", threads},
    {"task", "refused-emit", "a failure of emit() is passed on", refused_emit},
    {"task", "action", "the result is a JSON object", action},
    {"task", "action-cancel", "a cancelled run() is back within 1 s", action_cancel},
};

} // namespace

std::span<const Test> task_tests() { return tests; }

} // namespace jackfield::testkit

// Attempts: stopping them, and the kinds that are short.
#include "exec/run/attempt.hpp"

#include <boost/json/parse.hpp>

namespace jackfield::exec {

void TaskAttempt::stop(int level)
{
    std::vector<std::function<void(int)>> interrupts;
    {
        const std::scoped_lock lock(mutex_);
        if (level <= level_)
            return;
        level_ = level;
        interrupts = interrupts_;
    }
    if (level == 1)
        control->stop();
    else
        control->cancel();
    if (level >= 2 || task.kind != TaskKind::pipeline)
        cancellation.cancel();
    for (const auto& interrupt : interrupts)
        interrupt(level);
}

void TaskAttempt::on_stop(std::function<void(int)> interrupt)
{
    int level = 0;
    {
        const std::scoped_lock lock(mutex_);
        interrupts_.push_back(interrupt);
        level = level_;
    }
    if (level > 0)
        interrupt(level);
}

Result<std::shared_ptr<const ConnectionInstance>> TaskAttempt::connection(std::string_view name, CallFrame& frame) const
{
    return shared->connections->get(name, frame, backend("connections." + std::string(name)));
}

Result<std::shared_ptr<const ConnectionInstance>> TaskAttempt::connection_of(const Component& component, CallFrame& frame) const
{
    if (component.on.empty())
        return std::shared_ptr<const ConnectionInstance>();
    return connection(component.on, frame);
}

Result<boost::json::value> run_action(TaskAttempt& attempt, const Component& component)
{
    CallFrame frame(&attempt.cancellation);
    frame.set_deadline(attempt.deadline_ns);
    JF_ASSIGN(const auto connection, attempt.connection_of(component, frame));
    JF_ASSIGN(const Factory factory, attempt.shared->catalog->factory(ComponentKind::action, component.use));
    JF_ASSIGN(auto made, TaskInstance::make(factory, frame, {&component, connection.get(), attempt.backend(component.place)}));
    auto instance = std::make_shared<TaskInstance>(std::move(made)); // shared with the interrupt
    attempt.on_stop([weak = std::weak_ptr(instance)](int) {
        if (const auto alive = weak.lock())
            alive->interrupt();
    });
    // An action has a generation only where the run starts anew (--full-refresh, --new): what it keeps up to date is to be made again.
    const std::string generation = attempt.shared->anew ? attempt.shared->recorder->run_id() : "";
    const std::string slice = attempt.shared->slice_of(attempt.slice);
    const ProgressScope scope{attempt.shared->flow.name, attempt.task.name, slice, generation, {}};
    JF_ASSIGN(const std::string text, instance->run(frame, scope, attempt.number));
    boost::system::error_code wrong;
    boost::json::value result = boost::json::parse(text.empty() ? "{}" : text, wrong);
    if (wrong || !result.is_object())
        return fail(JF_E_FAILED, "the result of '" + component.use + "' is no JSON object; report it to the vendor of the plugin", component.place);
    return result;
}

AttemptOutcome attempt_action(TaskAttempt& attempt)
{
    AttemptOutcome out;
    auto result = run_action(attempt, attempt.task.action);
    if (result)
        out.result = std::move(*result);
    else
        out.status = std::move(result).error();
    return out;
}

AttemptOutcome run_attempt(TaskAttempt& attempt, const SubFlowRunner& run_sub_flow)
{
    try {
        switch (attempt.task.kind) {
        case TaskKind::pipeline: return attempt_pipeline(attempt);
        case TaskKind::action: return attempt_action(attempt);
        case TaskKind::chart:
        case TaskKind::page: return attempt_charts(attempt);
        case TaskKind::flow: return run_sub_flow(attempt);
        }
    } catch (const std::bad_alloc&) {
        AttemptOutcome out;
        out.status = fail(JF_E_EXHAUSTED, "out of memory");
        return out;
    } catch (const std::exception& error) { // a bug of ours: the run goes on and says so
        AttemptOutcome out;
        out.status = fail(JF_E_FAILED, std::string("internal error: ") + error.what());
        return out;
    }
    return {};
}

} // namespace jackfield::exec

// Attempts of pipelines: from a resolved task to run_pipeline.
#include "exec/run/attempt.hpp"

namespace jackfield::exec {

namespace {

Result<PipelineContext> context_of(TaskAttempt& attempt, const PipelinePlan& plan)
{
    auto shared = attempt.shared;
    PipelineContext context;
    context.flow = shared->flow.name;
    context.task = attempt.task.name;
    context.slice = shared->slice_of(attempt.slice);
    JF_ASSIGN(context.generation, shared->generation(attempt.task.name, plan.source.description.can(JF_INCREMENTAL)));
    context.run = shared->recorder->run_id();
    context.run_fence = shared->recorder->fence();
    context.owner = shared->owner;
    context.store = shared->recorder->store();
    context.memory = shared->memory;
    context.control = attempt.control;
    // These outlive the attempt if a plugin does not come back: they hold what they need.
    const auto make = [shared, task = attempt.task.name, slice = attempt.slice, number = attempt.number](std::string_view place) {
        return make_backend(shared, task, slice, number, place);
    };
    context.backend = make;
    context.factory = [shared](std::string_view kind, std::string_view id) { return shared->catalog->factory_of(kind, id); };
    context.connection = [shared, make](std::string_view name, CallFrame& frame) {
        return shared->connections->get(name, frame, make("connections." + std::string(name)));
    };
    context.log = [shared, task = attempt.task.name, slice = attempt.slice, number = attempt.number](std::int32_t level, std::string_view message) {
        shared->recorder->log(task, slice, number, level, message);
    };
    context.deadline_ns = attempt.deadline_ns;
    return context;
}

} // namespace

AttemptOutcome attempt_pipeline(TaskAttempt& attempt)
{
    AttemptOutcome out;
    auto plan = plan_task(attempt.shared->flow, attempt.task, *attempt.shared->catalog, attempt.shared->plan_options);
    if (!plan) {
        out.status = std::move(plan).error();
        return out;
    }
    auto context = context_of(attempt, *plan->pipeline);
    if (!context) {
        out.status = std::move(context).error();
        return out;
    }
    PipelineAftermath aftermath;
    auto report = run_pipeline(*plan->pipeline, *context, &aftermath);
    out.abandoned = aftermath.abandoned > 0;
    out.progress = attempt.control->progress();
    if (report) {
        out.progress = report->progress;
        out.stopped_early = !report->finished && attempt.control->level() > 0;
        out.warnings = std::move(report->warnings);
    } else {
        out.status = std::move(report).error();
    }
    return out;
}

} // namespace jackfield::exec

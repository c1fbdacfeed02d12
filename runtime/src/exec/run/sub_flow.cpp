// Sub-flows: a run inside an attempt.
#include "exec/run/run_loop.hpp"

namespace jackfield::exec {

AttemptOutcome run_sub_flow(const RunSetup& setup, TaskAttempt& attempt)
{
    AttemptOutcome out;
    const SubFlow& sub = attempt.task.sub_flow;
    auto read = sub.flow ? Result<Flow>(*sub.flow)
                         : Flow::from_file(setup.flow.folder() / sub.file, {.components = setup.catalog.get(), .environment = setup.environment});
    if (!read) {
        out.status = std::move(read).error();
        return out;
    }
    const auto& interval = setup.options.interval;
    FlowReading bound = read->bind(sub.parameters, setup.catalog.get(), interval ? &*interval : nullptr);
    if (!bound.flow) {
        out.status = bound.error();
        return out;
    }
    RunSetup child = setup;
    child.flow = std::move(*bound.flow);
    child.options = RunOptions{.full_refresh = setup.options.full_refresh, .fresh = setup.options.fresh, .interval = interval};
    child.slice = attempt.shared->slice_of(attempt.slice);
    child.held.insert(child.held.end(), attempt.task.slots.begin(), attempt.task.slots.end());
    child.parent_continued = attempt.shared->continued_from;
    child.parent_run = attempt.shared->recorder->run_id();
    child.parent_task = attempt.task.name;
    child.headline.clear();
    attempt.on_stop([cancel = child.options.cancel](int level) {
        while (cancel.level() < level)
            cancel.request();
    });
    auto report = run_flow(std::move(child));
    if (!report)
        out.status = std::move(report).error();
    else if (!report->ok())
        out.status = fail(report->state == "cancelled" ? JF_E_CANCELLED : JF_E_FAILED, "flow '" + report->flow + "' (run " + report->run + ") " + report->state + ": " + report->message);
    else
        out.result = boost::json::object{{"run", report->run}, {"outputs", report->outputs}};
    return out;
}

} // namespace jackfield::exec

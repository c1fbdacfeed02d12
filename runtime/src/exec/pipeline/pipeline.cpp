// One attempt from the outside: start, watch, report.
#include "exec/pipeline/pipeline.hpp"

#include "exec/pipeline/starter.hpp"

namespace jackfield::exec {
namespace {

/// Attempts in a row that were shut out of a partition of a dynamic source and committed nothing.
constexpr int most_evictions = 5;

struct Ended {
    Result<PipelineReport> report;
    std::uint32_t abandoned = 0;
};

Ended run_once(const PipelinePlan& plan, const PipelineContext& context)
{
    const auto attempt = std::make_shared<Attempt>(plan, context); // shared with its threads, some of which may never end
    auto factories = find_factories(*attempt);
    if (!factories)
        return {std::move(factories).error(), 0};
    auto caller = std::make_shared<Caller>(attempt->cancellation, attempt->context, "pipeline");
    auto starter = std::make_shared<Starter>(attempt, caller, *std::move(factories));
    attempt->start(std::move(caller), [attempt = attempt.get(), starter = std::move(starter)] {
        if (auto done = starter->run(); !done)
            attempt->fail(std::move(done).error());
    });
    const std::uint32_t abandoned = attempt->watch();
    if (auto failure = attempt->failure())
        return {*std::move(failure), abandoned};
    return {PipelineReport{context.control->progress(), attempt->finished, attempt->continued, attempt->warnings()}, abandoned};
}

} // namespace

PipelineProgress PipelineControl::progress() const noexcept
{
    const auto get = [](const std::atomic<std::uint64_t>& one) { return one.load(std::memory_order_relaxed); };
    return {get(rows_read), get(rows_written), get(rows_committed), get(rows_rejected), get(bytes_read), get(bytes_total), get(epochs)};
}

void PipelineControl::listen(std::function<void()> wake)
{
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

void PipelineControl::raise(int level) noexcept
{
    int now = level_.load();
    while (now < level && !level_.compare_exchange_weak(now, level)) {
    }
    const std::lock_guard lock(mutex_);
    if (wake_)
        wake_();
}

Result<Generation> choose_generation(store::Store& store, const store::Scope& scope, std::string_view run, bool incremental, bool anew)
{
    JF_ASSIGN(const auto last, store.generation(scope.flow, scope.task, scope.slice));
    if (last && !anew && (incremental || !last->complete))
        return Generation{last->id, false};
    if (!last && !anew && incremental)
        return Generation{"cursor", false}; // always the same: tokens in the sink are found again without a state file
    JF_ASSIGN(const store::Generation next, store.start_generation(scope.flow, scope.task, scope.slice, run));
    return Generation{next.id, true};
}

Result<PipelineReport> run_pipeline(const PipelinePlan& plan, const PipelineContext& context, PipelineAftermath* aftermath)
{
    const bool dynamic = plan.source.description.partitioning == JF_PARTITIONS_DYNAMIC;
    int evictions = 0;
    for (;;) {
        const std::uint64_t before = context.control->progress().epochs;
        Ended ended = run_once(plan, context);
        if (aftermath)
            aftermath->abandoned += ended.abandoned;
        // Another process has a partition that we thought was ours. It is not for us to fight for it: the source says who
        // reads what, so ask it again for all of them.
        const bool evicted = dynamic && !ended.report && ended.report.error().kind == JF_E_FENCED && ended.abandoned == 0;
        evictions = context.control->progress().epochs == before ? evictions + 1 : 0;
        if (!evicted || evictions >= most_evictions || context.control->level() > 0)
            return std::move(ended.report);
        if (context.log)
            context.log(JF_LOG_WARN, "another process has taken a partition over; asking the source again which ones are ours");
    }
}

} // namespace jackfield::exec

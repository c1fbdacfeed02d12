// Runtime: puts catalog, plan, state and run together.
#include "exec/run/run.hpp"
#include "load/catalog.hpp"
#include "plan/plan.hpp"
#include "store/store.hpp"

#include <jackfield/runtime.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

extern "C" const jf_plugin* jf_plugin_entry_v1_jackfield_builtin(const jf_host* host, const jf_call* call);

namespace jackfield {

namespace {

const jf_plugin* memory_entry(const jf_host*, const jf_call*) { return exec::memory_plugin(); }

unsigned default_parallel() { return std::max(4U, 2 * std::thread::hardware_concurrency()); }

} // namespace

/// Any thread.
struct Runtime::Parts {
    explicit Parts(RuntimeOptions given) : options(std::move(given))
    {
        CatalogOptions where;
        where.plugins = options.plugins;
        where.search = options.search;
        catalog = std::make_shared<Catalog>(std::move(where));
        (void)catalog->add_builtin(jf_plugin_entry_v1_jackfield_builtin); // cannot fail before the first question
        (void)catalog->add_builtin(memory_entry);
    }

    Result<std::shared_ptr<store::Store>> open_store()
    {
        const std::scoped_lock lock(mutex);
        if (!store) {
            JF_ASSIGN(std::unique_ptr<store::Store> opened, store::open_sqlite(options.state.string()));
            store = std::move(opened);
        }
        return store;
    }

    RuntimeOptions options;
    std::shared_ptr<Catalog> catalog; // shared with attempts that are left behind
    std::shared_ptr<Masker> masker = std::make_shared<Masker>(); // the same
    std::shared_ptr<std::mutex> listening = std::make_shared<std::mutex>(); // held while on_event is called: never two at once, of all runs
    std::mutex mutex; // guards all below
    std::shared_ptr<store::Store> store; // the same
    unsigned runs = 0;
    std::condition_variable idle;
};

Runtime::Runtime(RuntimeOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}

Runtime::~Runtime()
{
    std::unique_lock lock(parts_->mutex);
    parts_->idle.wait(lock, [&] { return parts_->runs == 0; });
}

const ComponentCatalog& Runtime::components() const { return *parts_->catalog; }
Catalog& Runtime::catalog() { return *parts_->catalog; }
const RuntimeOptions& Runtime::options() const { return parts_->options; }

FlowOptions Runtime::flow_options() const
{
    return {parts_->catalog.get(), parts_->options.connections, parts_->options.environment};
}

Result<store::Store*> Runtime::store()
{
    JF_ASSIGN(const auto opened, parts_->open_store());
    return opened.get();
}

std::vector<Fault> Runtime::check(const Flow& flow, const boost::json::object& parameters, const DataInterval* interval)
{
    FlowReading bound = flow.bind(parameters, parts_->catalog.get(), interval);
    if (!bound.flow)
        return std::move(bound.faults);
    return plan_flow(*bound.flow, *parts_->catalog).faults;
}

Result<FlowPlan> Runtime::plan(const Flow& flow, const boost::json::object& parameters, const DataInterval* interval)
{
    FlowReading bound = flow.bind(parameters, parts_->catalog.get(), interval);
    if (!bound.flow)
        return bound.error();
    Planning planned = plan_flow(*bound.flow, *parts_->catalog);
    if (!planned.plan)
        return planned.error();
    return std::move(*planned.plan);
}

namespace {

Status check_choice(const Flow& flow, const RunOptions& options)
{
    std::vector<std::string> asked = options.only;
    if (!options.from.empty())
        asked.push_back(options.from);
    for (const auto& name : asked)
        if (!flow.task(name)) {
            std::string known;
            for (const auto& task : flow.tasks)
                known += (known.empty() ? "" : ", ") + task.name;
            return fail(JF_E_CONFIG, "no task '" + name + "'; tasks: " + known);
        }
    return {};
}

/// "4 tasks · exactly once"
std::string headline_of(const FlowPlan& plan)
{
    std::string out = std::to_string(plan.tasks.size()) + (plan.tasks.size() == 1 ? " task" : " tasks");
    const PipelinePlan* weakest = nullptr;
    for (const auto& task : plan.tasks)
        if (task.pipeline && task.pipeline->source.described && (!weakest || task.pipeline->guarantee() < weakest->guarantee()))
            weakest = &*task.pipeline;
    if (weakest) {
        out += " · " + std::string(name_of(weakest->guarantee()));
        if (!weakest->sink.reason.empty())
            out += " (" + weakest->sink.reason + ")";
    }
    return out;
}

} // namespace

Result<Report> Runtime::run(const Flow& flow, const boost::json::object& parameters, RunOptions options)
{
    JF_TRY(check_choice(flow, options));
    const DataInterval* interval = options.interval ? &*options.interval : nullptr;
    if (flow.reads_interval && !interval)
        return fail(JF_E_CONFIG, "the flow reads ${interval.…}, so it runs for an interval: jackfield backfill FLOW --from DATE --to DATE --every 1d");
    JF_ASSIGN(FlowPlan planned, plan(flow, parameters, interval));
    JF_ASSIGN(auto opened, parts_->open_store());
    exec::RunSetup setup;
    setup.headline = headline_of(planned);
    setup.flow = std::move(planned.flow);
    setup.catalog = parts_->catalog;
    setup.store = std::move(opened);
    setup.masker = parts_->masker;
    if (parts_->options.on_event) // shared with attempts that are left behind
        setup.listener = [listen = parts_->options.on_event, mutex = parts_->listening](const Event& event) {
            const std::scoped_lock lock(*mutex);
            listen(event);
        };
    setup.slice = interval ? interval->name : std::string();
    setup.options = std::move(options);
    setup.environment = parts_->options.environment;
    setup.max_parallel = setup.flow.max_parallel.value_or(parts_->options.threads ? parts_->options.threads : default_parallel());
    setup.progress_every_ns = parts_->options.on_event ? parts_->options.progress_every.count() : 0;
    {
        const std::scoped_lock lock(parts_->mutex);
        ++parts_->runs;
    }
    auto report = exec::run_flow(std::move(setup));
    {
        const std::scoped_lock lock(parts_->mutex);
        --parts_->runs;
        parts_->idle.notify_all();
    }
    if (!report)
        return parts_->masker->mask(std::move(report).error());
    for (TaskReport& task : report->tasks)
        if (task.error)
            task.error = parts_->masker->mask(std::move(*task.error));
    report->message = parts_->masker->mask(report->message);
    return report;
}

} // namespace jackfield

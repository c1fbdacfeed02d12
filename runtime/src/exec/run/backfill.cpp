// Backfills: which intervals are to be run, and running them.
#include "exec/run/backfill.hpp"

#include "plan/digest.hpp"
#include "plan/plan.hpp"
#include "store/process.hpp"
#include "store/store.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace jackfield::exec {

namespace {

constexpr std::int64_t backfill_lease_ns = 15'000'000'000;
constexpr auto backfill_renew_every = std::chrono::seconds(5);

/// Holds the lease of a backfill and renews it on a thread of its own; a lost one cancels all. One thread at a time.
class BackfillLease {
public:
    BackfillLease(store::Store& store, store::Lease lease, Cancel cancel)
        : store_(store), lease_(std::move(lease)), cancel_(std::move(cancel)), thread_([this] { renew(); })
    {
    }
    ~BackfillLease()
    {
        {
            const std::scoped_lock lock(mutex_);
            over_ = true;
        }
        wake_.notify_all();
        thread_.join();
        (void)store_.release_lease(lease_.key, lease_.fence);
    }
    BackfillLease(const BackfillLease&) = delete;
    BackfillLease& operator=(const BackfillLease&) = delete;

private:
    void renew()
    {
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, backfill_renew_every, [this] { return over_; }))
            if (const auto renewed = store_.renew_lease(lease_.key, lease_.fence, backfill_lease_ns); !renewed && renewed.error().kind == JF_E_FENCED)
                cancel_.request();
    }

    store::Store& store_;
    const store::Lease lease_;
    const Cancel cancel_;
    std::mutex mutex_; // guards over_
    std::condition_variable wake_;
    bool over_ = false;
    std::thread thread_; // last: it uses all of the above
};

/// The mark of parameters that are not the default: the end of the name.
std::string mark_of(const std::string& name)
{
    const std::size_t at = name.find('#');
    return at == std::string::npos ? std::string() : name.substr(at);
}

/// Intervals that are done and cut in another way would be loaded a second time.
Status check_overlaps(const std::vector<store::DoneInterval>& done, const std::vector<DataInterval>& missing)
{
    struct Span {
        std::int64_t from, to;
        std::string name;
    };
    std::vector<Span> spans;
    const std::string mark = missing.empty() ? std::string() : mark_of(missing.front().name);
    for (const auto& one : done)
        if (mark_of(one.slice) == mark)
            if (const auto interval = DataInterval::from_json(one.interval_json))
                spans.push_back({interval->from_unix, interval->to_unix, interval->from + " … " + interval->to});
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
    std::vector<const Span*> longest; // of the spans up to here, the one that reaches furthest
    for (const Span& span : spans)
        longest.push_back(longest.empty() || longest.back()->to < span.to ? &span : longest.back());
    for (const DataInterval& interval : missing) {
        const auto after = std::lower_bound(spans.begin(), spans.end(), interval.to_unix, [](const Span& span, std::int64_t to) { return span.from < to; });
        if (after == spans.begin())
            continue;
        const Span* other = longest[static_cast<std::size_t>(after - spans.begin()) - 1];
        if (other->to > interval.from_unix)
            return fail(JF_E_CONFIG, "interval " + interval.shown() + " overlaps with " + other->name + ", which is done: its rows would be loaded twice; "
                                     "take the same --every and --timezone as then, or forget what was done: jackfield reset");
    }
    return {};
}

/// The runs of one backfill. Any thread.
class Backfill {
public:
    Backfill(Runtime& runtime, const Flow& flow, const boost::json::object& parameters, const BackfillOptions& options, std::vector<DataInterval> to_run)
        : runtime_(runtime), flow_(flow), parameters_(parameters), options_(options), to_run_(std::move(to_run))
    {
    }

    void work(BackfillReport& report)
    {
        std::vector<std::thread> threads;
        const std::size_t count = std::min<std::size_t>(std::max(options_.parallel, 1U), to_run_.size());
        for (std::size_t i = 1; i < count; ++i)
            threads.emplace_back([this, &report] { run_some(report); });
        run_some(report);
        for (std::thread& thread : threads)
            thread.join();
        report.left = to_run_.size() - next_;
        report.cancelled = options_.cancel.level() > 0;
    }

private:
    void run_some(BackfillReport& report)
    {
        for (;;) {
            const DataInterval* interval = nullptr;
            {
                const std::scoped_lock lock(mutex_);
                if (next_ == to_run_.size() || options_.cancel.level() > 0 || (report.failed > 0 && !options_.keep_going))
                    return;
                interval = &to_run_[next_++];
            }
            const BackfillStep step = run_one(*interval);
            const std::scoped_lock lock(mutex_);
            if (step.state == "completed")
                ++report.completed;
            else if (step.state == "cancelled")
                --next_; // it counts as left; nothing more is started
            else
                ++report.failed;
            if (options_.on_step)
                options_.on_step(step);
        }
    }

    BackfillStep run_one(const DataInterval& interval)
    {
        RunOptions run;
        run.cancel = options_.cancel;
        run.interval = interval;
        BackfillStep step;
        step.interval = interval;
        auto report = runtime_.run(flow_, parameters_, std::move(run));
        if (!report) {
            step.state = "refused";
            step.message = report.error().message;
            return step;
        }
        step.state = report->state;
        step.run = report->run;
        step.message = report->message;
        step.duration_ns = report->duration_ns;
        return step;
    }

    Runtime& runtime_;
    const Flow& flow_;
    const boost::json::object& parameters_;
    const BackfillOptions& options_;
    const std::vector<DataInterval> to_run_;
    std::mutex mutex_; // guards next_, the report and on_step
    std::size_t next_ = 0;
};

} // namespace

Result<std::vector<DataInterval>> name_intervals(Runtime& runtime, const Flow& flow, const boost::json::object& parameters, std::vector<DataInterval> intervals)
{
    const FlowReading bound = flow.bind(parameters, &runtime.components(), intervals.empty() ? nullptr : &intervals.front());
    if (!bound.flow)
        return bound.error();
    boost::json::object special;
    for (const Parameter& parameter : flow.parameters)
        if (const auto* value = bound.flow->values.if_contains(parameter.name); value && (!parameter.default_value || *value != *parameter.default_value))
            special[parameter.name] = *value;
    if (special.empty())
        return intervals;
    constexpr std::size_t mark_size = 8;
    const std::string mark = "#" + sha256(canonical_json(special)).substr(0, mark_size);
    for (DataInterval& interval : intervals)
        interval.name += mark;
    return intervals;
}

Result<BackfillReport> run_backfill(Runtime& runtime, const Flow& flow, const boost::json::object& parameters, std::span<const DataInterval> intervals,
                                    const BackfillOptions& options)
{
    if (!flow.reads_interval)
        return fail(JF_E_CONFIG, "the flow reads no ${interval.…}, so it would do the same for each interval; use ${interval.from} and ${interval.to} in it");
    if (!intervals.empty()) { // all faults, before anything is run
        JF_ASSIGN(const FlowPlan planned, runtime.plan(flow, parameters, &intervals.front()));
        (void)planned;
    }
    JF_ASSIGN(store::Store* const store, runtime.store());
    auto lease = store->acquire_lease("backfill/" + flow.name, store::this_process(), "", backfill_lease_ns, false);
    if (!lease) {
        Error error = std::move(lease).error();
        if (error.kind == JF_E_UNAVAILABLE)
            error.message = "a backfill of flow '" + flow.name + "' is going on: " + error.message;
        return error;
    }
    const BackfillLease held(*store, std::move(*lease), options.cancel);
    if (options.again) {
        std::vector<std::string> slices;
        for (const DataInterval& interval : intervals)
            slices.push_back(interval.name);
        JF_TRY(store->forget_intervals(flow.name, slices));
    }
    JF_ASSIGN(const auto done, store->done_intervals(flow.name));
    std::set<std::string> known;
    for (const auto& one : done)
        known.insert(one.slice);
    std::vector<DataInterval> to_run;
    for (const DataInterval& interval : intervals)
        if (!known.contains(interval.name))
            to_run.push_back(interval);
    JF_TRY(check_overlaps(done, to_run));
    if (options.newest_first)
        std::reverse(to_run.begin(), to_run.end());
    BackfillReport report;
    report.all = intervals.size();
    report.done_before = intervals.size() - to_run.size();
    if (options.on_start)
        options.on_start(to_run.size(), intervals.size());
    if (!to_run.empty())
        Backfill(runtime, flow, parameters, options, std::move(to_run)).work(report);
    return report;
}

} // namespace jackfield::exec

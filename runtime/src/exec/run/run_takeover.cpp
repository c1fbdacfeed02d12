// What a run takes over from the one that it goes on with, and when it refuses to go on.
#include "exec/run/run_loop.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <set>

namespace jackfield::exec {

using store::State;

namespace {

constexpr std::size_t longest_chain = 1000; ///< of runs that went on with each other

boost::json::value parsed_or_null(const std::string& text)
{
    boost::system::error_code wrong;
    boost::json::value value = boost::json::parse(text.empty() ? "null" : text, wrong);
    return wrong ? boost::json::value() : value;
}

const boost::json::value* member(const boost::json::value& value, std::string_view name)
{
    const auto* object = value.if_object();
    return object ? object->if_contains(name) : nullptr;
}

/// A task without what changes no result: how often it is tried, how long it may take, what it waits for.
boost::json::value what_it_does(const boost::json::value& task)
{
    boost::json::value out = task;
    if (auto* object = out.if_object())
        for (const char* name : {"retry", "timeout", "attempt_timeout", "slots"})
            object->erase(name);
    return out;
}

void collect_connections_of(const boost::json::value& value, std::set<std::string>& names)
{
    if (const auto* list = value.if_array()) {
        for (const auto& one : *list)
            collect_connections_of(one, names);
    } else if (const auto* object = value.if_object()) {
        for (const auto& [name, one] : *object) {
            if (name == "on" && one.is_string())
                names.emplace(one.get_string());
            collect_connections_of(one, names);
        }
    }
}

/// What is another thing now than when `task` was completed: "task 'land'", "connection 'shop'"; empty: nothing.
std::string changed_thing(const boost::json::value& then, const boost::json::value& now, const std::string& task)
{
    const auto* tasks_then = member(then, "tasks");
    const auto* tasks_now = member(now, "tasks");
    const auto* was = tasks_then ? member(*tasks_then, task) : nullptr;
    const auto* is = tasks_now ? member(*tasks_now, task) : nullptr;
    if (!was || !is)
        return {}; // it is not part of the flow any more
    if (what_it_does(*was) != what_it_does(*is))
        return "task '" + task + "'";
    std::set<std::string> used;
    collect_connections_of(*was, used);
    for (const std::string& name : used) {
        const auto* all_then = member(then, "connections");
        const auto* all_now = member(now, "connections");
        const auto* one_then = all_then ? member(*all_then, name) : nullptr;
        const auto* one_now = all_now ? member(*all_now, name) : nullptr;
        if (one_then && one_now && *one_then != *one_now)
            return "connection '" + name + "', which task '" + task + "' used";
    }
    return {};
}

std::string changed_parameter(const boost::json::value& then, const boost::json::object& now)
{
    if (const auto* values = member(then, "values"); values && values->is_object())
        for (const auto& [name, value] : values->get_object())
            if (const auto* is = now.if_contains(name); is && *is != value)
                return "parameter '" + std::string(name) + "'";
    return {};
}

bool is_unfinished(const store::Run& run)
{
    return run.state == State::failed || run.state == State::crashed || run.state == State::cancelled;
}

} // namespace

/// The run that this one may go on with: asked for by id, or the last one of the flow, about the same interval.
Result<std::optional<store::Run>> Run::last_run()
{
    JF_ASSIGN(auto runs, setup_.store->runs({.flow = setup_.flow.name, .slice = setup_.slice, .limit = 1}));
    if (setup_.options.continue_run.empty())
        return runs.empty() ? std::optional<store::Run>() : std::optional(std::move(runs.front()));
    JF_ASSIGN(store::Run named, setup_.store->run(setup_.options.continue_run));
    JF_TRY(check_resumable(named, runs.empty() ? nullptr : &runs.front()));
    return std::optional(std::move(named));
}

/// Can this run be gone on with? newest: of this flow and slice.
Status Run::check_resumable(const store::Run& run, const store::Run* newest) const
{
    const std::string head = "run " + run.id;
    if (run.flow != setup_.flow.name)
        return fail(JF_E_CONFIG, head + " is one of flow '" + run.flow + "', not of '" + setup_.flow.name + "'; name its flow file");
    if (!run.parent_run.empty())
        return fail(JF_E_CONFIG, head + " is part of run " + run.parent_run + "; resume that one");
    if (run.slice != setup_.slice)
        return fail(JF_E_CONFIG, head + " is about another interval; give the interval that it was about");
    if (run.state == State::completed)
        return fail(JF_E_CONFIG, head + " completed; there is nothing to go on with; to run the flow anew: jackfield run");
    if (!store::is_terminal(run.state))
        return fail(JF_E_UNAVAILABLE, head + " is still going on in process " + std::to_string(run.process.pid) + " on " + run.process.host +
                                          "; wait for it, or stop it");
    if (newest && newest->id != run.id)
        return fail(JF_E_CONFIG, head + " was followed by run " + newest->id + ", which " +
                                     (newest->state == State::completed ? "completed; there is nothing to go on with; to run the flow anew: jackfield run"
                                                                        : "is " + std::string(store::to_text(newest->state)) + " now; resume that one"));
    return {};
}

/// Takes over what `last` and the runs that it went on with completed, if it stopped before its end and was about the very
/// same thing; takes results of tasks that are not chosen in any case, so that chosen ones can refer to them.
Status Run::take_over(const store::Run& last)
{
    const bool named = !setup_.options.continue_run.empty();
    const bool part = !setup_.options.only.empty() || !setup_.options.from.empty();
    const bool stopped = is_unfinished(last) || !setup_.parent_run.empty(); // a sub-flow may be done, and its parent not know
    const bool goes_on = stopped && !part && !shared_->anew && (named || last.flow_digest == digest_);
    if (!goes_on && !part)
        return {};
    JF_ASSIGN(const auto done, setup_.store->tasks(last.id));
    if (!goes_on) {
        for (const auto& old : done)
            if (old.state == State::completed && old.slice.empty())
                results_[old.task] = parsed_or_null(old.result_json);
        return {};
    }
    JF_TRY(take_completed(last));
    store::Run before = last;
    for (std::size_t i = 0; i < longest_chain && !before.continued_from.empty(); ++i) { // what `last` had not come to yet
        auto older = setup_.store->run(before.continued_from);
        if (!older || older->flow_digest != last.flow_digest)
            break; // pruned, or about something else
        before = std::move(*older);
        JF_TRY(take_completed(before));
    }
    continued_from_ = last.id;
    return {};
}

/// Takes over what one run has completed. JF_E_CONFIG if that is not what the flow says now.
Status Run::take_completed(const store::Run& run)
{
    JF_ASSIGN(const auto done, setup_.store->tasks(run.id));
    boost::json::value then, now;
    if (run.flow_digest != digest_) {
        JF_ASSIGN(const store::Run whole, setup_.store->run(run.id));
        then = parsed_or_null(whole.flow_text);
        now = boost::json::parse(boost::json::serialize(setup_.flow.to_json()));
        if (const std::string thing = changed_parameter(then, setup_.flow.values); !thing.empty())
            return refuse_changed(run, thing);
    }
    for (const auto& old : done) {
        if (old.state != State::completed)
            continue;
        if (run.flow_digest != digest_)
            if (const std::string thing = changed_thing(then, now, old.task); !thing.empty())
                return refuse_changed(run, thing);
        earlier_.try_emplace({old.task, old.slice}, Earlier{parsed_or_null(old.result_json), run.id});
    }
    return {};
}

Error Run::refuse_changed(const store::Run& run, const std::string& thing) const
{
    return fail(JF_E_CONFIG, thing + " was changed since run " + run.id + " completed it, so its result cannot be taken over; undo the change, "
                                     "or run the flow as it is now: jackfield run " +
                                     (setup_.flow.file().empty() ? "FLOW" : setup_.flow.file()) + " (loads that were not finished still go on)");
}

/// Of a sub-flow: the run of it that belonged to the run that the parent goes on with, or to one before that.
Result<std::optional<store::Run>> Run::last_run_of_child()
{
    std::string parent = setup_.parent_continued;
    for (std::size_t i = 0; i < longest_chain && !parent.empty(); ++i) {
        JF_ASSIGN(auto runs, setup_.store->runs({.flow = setup_.flow.name, .parent_run = parent, .limit = 10'000}));
        const auto found = std::find_if(runs.begin(), runs.end(), [this](const store::Run& run) {
            return run.parent_task == setup_.parent_task && run.slice == setup_.slice;
        });
        if (found != runs.end())
            return std::optional(std::move(*found));
        auto before = setup_.store->run(parent);
        parent = before ? before->continued_from : std::string();
    }
    return std::optional<store::Run>();
}

/// "land, checks and 3 more": the tasks that were taken over.
std::string Run::taken_over_names() const
{
    constexpr std::size_t most = 5;
    std::vector<std::string> names;
    for (const Task& task : tasks_)
        if (std::any_of(earlier_.begin(), earlier_.end(), [&](const auto& one) { return one.first.first == task.name; }))
            names.push_back(task.name);
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
        out += (i == 0 ? "" : ", ") + names[i];
    return names.size() > most ? out + " and " + std::to_string(names.size() - most) + " more" : out;
}

} // namespace jackfield::exec

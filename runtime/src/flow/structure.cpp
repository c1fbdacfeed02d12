// Tasks against each other: order, circles, timeouts; references against what there is.
#include "flow/json_view.hpp"
#include "reader.hpp"
#include "words.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace jackfield {

namespace json = boost::json;

namespace {

std::vector<std::string> task_names(const Flow& flow)
{
    std::vector<std::string> out;
    for (const auto& task : flow.tasks)
        out.push_back(task.name);
    return out;
}

/// Names the tasks of each circle once: "a → b → a". Depth-first with a stack of its own.
void check_circles(ReadContext& context, const JsonText& text, const Flow& flow)
{
    std::map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < flow.tasks.size(); ++i)
        index.emplace(flow.tasks[i].name, i);
    enum class State { unseen, open, done };
    std::vector<State> states(flow.tasks.size(), State::unseen);
    struct Frame {
        std::size_t task;
        std::size_t next = 0;
    };
    for (std::size_t start = 0; start < flow.tasks.size(); ++start) {
        if (states[start] != State::unseen)
            continue;
        std::vector<Frame> stack{{start}};
        states[start] = State::open;
        while (!stack.empty()) {
            const auto current = stack.back().task;
            const auto& after = flow.tasks[current].after;
            if (stack.back().next == after.size()) {
                states[current] = State::done;
                stack.pop_back();
                continue;
            }
            const auto position = stack.back().next++;
            const auto found = index.find(after[position]);
            if (found == index.end() || found->second == current)
                continue;
            const auto next = found->second;
            if (states[next] == State::unseen) {
                states[next] = State::open;
                stack.push_back({next});
            } else if (states[next] == State::open) {
                std::string circle;
                const auto first = std::find_if(stack.begin(), stack.end(), [&](const Frame& frame) { return frame.task == next; });
                for (auto frame = first; frame != stack.end(); ++frame)
                    circle += printable(flow.tasks[frame->task].name) + " → ";
                Spot{&text, Path{"tasks", flow.tasks[current].name, "after"} / position}.fault(
                    context, "these tasks wait for each other: " + circle + printable(flow.tasks[next].name) + "; remove one 'after'");
            }
        }
    }
}

void check_after(ReadContext& context, const JsonText& text, const Flow& flow)
{
    const auto names = task_names(flow);
    const std::set<std::string_view> known(names.begin(), names.end());
    for (const auto& task : flow.tasks) {
        const Spot spot{&text, {"tasks", task.name}};
        std::set<std::string_view> seen;
        for (std::size_t i = 0; i < task.after.size(); ++i) {
            const auto& before = task.after[i];
            if (before == task.name)
                (spot / "after" / i).fault(context, "a task cannot come after itself");
            else if (!known.contains(before))
                (spot / "after" / i).fault(context, "no task " + in_quotes(before) + "; " + remedy(before, names, "tasks"));
            else if (!seen.insert(before).second)
                (spot / "after" / i).fault(context, in_quotes(before) + " is given twice");
        }
        if (task.after.empty() && (task.trigger == Trigger::one_success || task.trigger == Trigger::one_failed))
            (spot / "trigger").fault(context, "looks at the tasks before this one, but there is no \"after\"");
        const auto longest = task.timeout ? task.timeout : task.attempt_timeout;
        if (flow.timeout && longest && *longest >= *flow.timeout)
            (spot / (task.timeout ? "timeout" : "attempt_timeout"))
                .fault(context, format_duration(*longest) + " must be less than the flow's timeout, " + format_duration(*flow.timeout));
    }
}

/// For each task all that come before it, itself not.
std::map<std::string, std::set<std::string>> ancestors(const Flow& flow)
{
    std::map<std::string, std::set<std::string>> out;
    bool grown = true;
    for (std::size_t round = 0; grown && round <= flow.tasks.size(); ++round) {
        grown = false;
        for (const auto& task : flow.tasks) {
            auto& mine = out[task.name];
            const auto before = mine.size();
            for (const auto& name : task.after) {
                mine.insert(name);
                if (name == task.name)
                    continue;
                if (const auto theirs = out.find(name); theirs != out.end())
                    mine.insert(theirs->second.begin(), theirs->second.end());
            }
            grown = grown || mine.size() != before;
        }
    }
    return out;
}

void check_slots(ReadContext& context, const JsonText& text, const Flow& flow)
{
    std::vector<std::string> names;
    for (const auto& [name, count] : flow.slots)
        names.push_back(name);
    for (const auto& task : flow.tasks)
        for (const auto& slot : task.slots)
            if (!flow.slots.contains(slot))
                Spot{&text, {"tasks", task.name, "slots"}}.fault(context, "no slots " + in_quotes(slot) + "; " + (names.empty() ? "write \"slots\": {\"" + slot + "\": 2} beside \"tasks\"" : remedy(slot, names, "slots")));
}

class ReferenceCheck {
public:
    ReferenceCheck(ReadContext& context, const Flow& flow) : context_(context), names_(task_names(flow))
    {
        for (const auto& parameter : flow.parameters)
            parameters_.push_back(parameter.name);
    }

    /// What references may name here.
    struct Allowed {
        const std::set<std::string>* before = nullptr; // tasks; nullptr: every task
        bool results = false;
        bool item = false;
    };

    bool names_interval = false; ///< one was met

    void value(const JsonText& text, const json::value& value, const Path& path, const Allowed& allowed)
    {
        for_each_reference(
            value, path,
            [&](const Path& at, const Reference& reference) { check(Spot{&text, at}, reference, allowed); },
            [&](const Path& at, std::string message) { Spot{&text, at}.fault(context_, std::move(message)); });
    }

    void check(const Spot& spot, const Reference& reference, const Allowed& allowed)
    {
        const auto known = [](const std::vector<std::string>& names, const std::string& name) {
            return std::find(names.begin(), names.end(), name) != names.end();
        };
        switch (reference.kind) {
        case Reference::Kind::interval: names_interval = true; return;
        case Reference::Kind::parameter:
            if (!known(parameters_, reference.name))
                spot.fault(context_, "no parameter " + in_quotes(reference.name) + "; " + remedy(reference.name, parameters_, "parameters"));
            return;
        case Reference::Kind::item:
        case Reference::Kind::item_index:
            if (!allowed.item)
                spot.fault(context_, "${" + printable(reference.text) + "} has a meaning only in a task with for_each");
            return;
        case Reference::Kind::result: break;
        }
        if (!allowed.results)
            spot.fault(context_, "results of tasks are not known here");
        else if (!known(names_, reference.name))
            spot.fault(context_, "no task " + in_quotes(reference.name) + "; " + remedy(reference.name, names_, "tasks"));
        else if (allowed.before != nullptr && !allowed.before->contains(reference.name))
            spot.fault(context_, "uses the result of " + in_quotes(reference.name) + " but does not come after it; add it to \"after\"");
    }

private:
    ReadContext& context_;
    std::vector<std::string> names_;
    std::vector<std::string> parameters_;
};

void check_task_references(ReferenceCheck& check, const JsonText& text, const Task& task, const json::value& value,
                           const std::set<std::string>& before)
{
    const Path path{"tasks", task.name};
    if (!value.is_object())
        return;
    const ReferenceCheck::Allowed inside{&before, true, task.for_each.has_value()};
    for (const auto& [name, member] : value.get_object()) {
        if (name == "when")
            continue;
        const ReferenceCheck::Allowed allowed = name == "for_each" ? ReferenceCheck::Allowed{&before, true, false} : inside;
        check.value(text, member, path / view(name), allowed);
    }
    if (!task.when)
        return;
    for (const auto& reference : task.when->references())
        check.check(Spot{&text, path / "when"}, parse_reference(reference).value(), inside);
}

} // namespace

void check_structure(ReadContext& context, const JsonText& text, const Flow& flow)
{
    check_after(context, text, flow);
    check_slots(context, text, flow);
    check_circles(context, text, flow);
}

bool check_references(ReadContext& context, const FlowOrigin& origin, const Flow& flow)
{
    ReferenceCheck check(context, flow);
    const auto& text = origin.text;
    const auto before = ancestors(flow);
    const auto& whole = text.value().get_object();
    for (const auto& [name, value] : whole) {
        if (name == "parameters" || name == "connections")
            continue;
        if (name != "tasks" || !value.is_object()) {
            check.value(text, value, Path{view(name)}, {nullptr, name == "hooks" || name == "outputs", false});
            continue;
        }
        for (const auto& task : flow.tasks)
            check_task_references(check, text, task, *value.get_object().if_contains(task.name), before.at(task.name));
    }
    ReadContext unused; // faults of the connections' form were reported when they were collected for reading
    for (const auto& connection : collect_connections(unused, origin))
        check.value(*connection.spot.text, *connection.value, connection.spot.path, {});
    return check.names_interval;
}

} // namespace jackfield

// Dag: triggers over the states of the tasks before.
#include "exec/run/dag.hpp"

#include <algorithm>
#include <map>

namespace jackfield::exec {

using store::State;

Dag::Dag(std::span<const Task> tasks) : nodes_(tasks.size()), left_(tasks.size())
{
    std::map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < tasks.size(); ++i)
        index[tasks[i].name] = i;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        nodes_[i].trigger = tasks[i].trigger;
        for (const auto& name : tasks[i].after) {
            const std::size_t before = index.at(name);
            nodes_[i].before.push_back(before);
            nodes_[before].after.push_back(i);
        }
    }
}

Verdict Dag::verdict(std::size_t task) const
{
    const Node& node = nodes_[task];
    std::size_t good = 0, passed_over = 0, bad = 0;
    for (const std::size_t before : node.before) {
        const State state = nodes_[before].state;
        good += state == State::completed;
        passed_over += state == State::skipped;
        bad += store::is_terminal(state) && state != State::completed && state != State::skipped;
    }
    const bool all_ended = good + passed_over + bad == node.before.size();
    switch (node.trigger) {
    case Trigger::always: return Verdict::start;
    case Trigger::one_success: return good > 0 ? Verdict::start : all_ended ? Verdict::pass_over : Verdict::wait;
    case Trigger::one_failed: return bad > 0 ? Verdict::start : all_ended ? Verdict::pass_over : Verdict::wait;
    case Trigger::all_done: return all_ended ? Verdict::start : Verdict::wait;
    case Trigger::none_failed: return bad > 0 ? Verdict::pass_over : all_ended ? Verdict::start : Verdict::wait;
    case Trigger::all_success: break;
    }
    if (bad + passed_over > 0)
        return Verdict::pass_over;
    return all_ended ? Verdict::start : Verdict::wait;
}

std::vector<std::size_t> Dag::due() const
{
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (nodes_[i].state == State::scheduled && verdict(i) != Verdict::wait)
            out.push_back(i);
    return out;
}

void Dag::end(std::size_t task, State state)
{
    nodes_[task].state = state;
    --left_;
}

std::vector<bool> Dag::with_all_before(std::size_t task) const { return closure(task, &Node::before); }
std::vector<bool> Dag::with_all_after(std::size_t task) const { return closure(task, &Node::after); }

std::vector<bool> Dag::closure(std::size_t task, std::vector<std::size_t> Node::*edges) const
{
    std::vector<bool> seen(nodes_.size());
    std::vector<std::size_t> open{task};
    seen[task] = true;
    while (!open.empty()) {
        const std::size_t at = open.back();
        open.pop_back();
        for (const std::size_t next : nodes_[at].*edges)
            if (!seen[next]) {
                seen[next] = true;
                open.push_back(next);
            }
    }
    return seen;
}

} // namespace jackfield::exec

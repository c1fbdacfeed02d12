// Dag: which tasks of a flow may start, which are passed over, as others end. Pure logic, no threads, no clock.
#pragma once

#include "store/state.hpp"

#include <jackfield/runtime/flow.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace jackfield::exec {

/// What a task's `trigger` says about it once all tasks before it have ended.
enum class Verdict { wait, start, pass_over };

/// The order of the tasks of one run. Indices are those of Flow::tasks. One thread at a time.
class Dag {
public:
    /// Requires: every name in `after` is a task and there is no cycle (the flow reader has seen to that).
    explicit Dag(std::span<const Task> tasks);

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] bool ended(std::size_t task) const { return store::is_terminal(nodes_[task].state); }
    [[nodiscard]] store::State state(std::size_t task) const { return nodes_[task].state; }
    [[nodiscard]] bool all_ended() const { return left_ == 0; }

    /// What is to be done with a task that has not begun.
    [[nodiscard]] Verdict verdict(std::size_t task) const;
    /// Tasks that have not begun and whose verdict is not `wait`, in the order of the flow.
    [[nodiscard]] std::vector<std::size_t> due() const;

    void begin(std::size_t task) { nodes_[task].state = store::State::running; }
    /// Requires: `state` is terminal and the task has not ended.
    void end(std::size_t task, store::State state);

    /// The task and all that it needs, directly or not.
    [[nodiscard]] std::vector<bool> with_all_before(std::size_t task) const;
    /// The task and all that need it, directly or not.
    [[nodiscard]] std::vector<bool> with_all_after(std::size_t task) const;

private:
    struct Node {
        Trigger trigger = Trigger::all_success;
        store::State state = store::State::scheduled;
        std::vector<std::size_t> before, after;
    };

    [[nodiscard]] std::vector<bool> closure(std::size_t task, std::vector<std::size_t> Node::*edges) const;

    std::vector<Node> nodes_;
    std::size_t left_ = 0;
};

} // namespace jackfield::exec

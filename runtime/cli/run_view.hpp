// RunView: what a run looks like in text: its events as lines for people. Draws nothing itself.
#pragma once

#include "terminal.hpp"

#include <jackfield/runtime/event.hpp>
#include <jackfield/runtime/flow.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace jackfield::cli {

/// What is drawn while something is going on. One thread at a time.
class View {
public:
    virtual ~View() = default;
    /// Takes an event; the lines that it leaves for good, each ended by '\n'; mostly none.
    [[nodiscard]] virtual std::string take(const Event& event) = 0;
    /// Lines that move, newest state, none longer than `width` columns.
    [[nodiscard]] virtual std::vector<std::string> live_lines(std::int64_t now_ns, std::size_t width) const = 0;
};

/// One run. One thread at a time.
class RunView final : public View {
public:
    struct Options {
        bool verbose = false; ///< log lines of level info too
        /// Whether a pipeline goes on where it stopped; asked when a task failed.
        std::function<bool(const std::string& task)> can_continue;
    };

    /// flow: bound, for names and places.
    RunView(const Flow& flow, const Terminal& terminal, Options options);

    [[nodiscard]] std::string take(const Event& event) override;
    /// A line for each running task.
    [[nodiscard]] std::vector<std::string> live_lines(std::int64_t now_ns, std::size_t width) const override;

private:
    struct Running {
        std::string name;  ///< "land", "land[2]"
        std::int64_t since_ns = 0; ///< monotonic
        Event last;
    };

    [[nodiscard]] std::string header(const Event& event) const;
    [[nodiscard]] std::string footer(const Event& event) const;
    [[nodiscard]] std::string ended(const Event& event) const;
    [[nodiscard]] std::string completed(const Event& event) const;
    [[nodiscard]] std::string failed(const Event& event) const;
    [[nodiscard]] std::string waiting(const Event& event) const;
    [[nodiscard]] std::string log_line(const Event& event) const;
    [[nodiscard]] std::string rejected(const Event& event) const;
    [[nodiscard]] std::string named(const std::string& name) const;

    Flow flow_;
    Terminal terminal_;
    Options options_;
    std::size_t name_width_ = 0;
    std::vector<Running> running_; // in the order in which they began
    bool anything_failed_ = false; // it was said why
};

/// Monotonic nanoseconds, the clock of live_lines().
[[nodiscard]] std::int64_t view_clock_ns();

} // namespace jackfield::cli

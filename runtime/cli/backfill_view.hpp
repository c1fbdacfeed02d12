// BackfillView: what a backfill looks like in text: a line for each interval.
#pragma once

#include "run_view.hpp"

#include <jackfield/runtime/interval.hpp>

#include <map>
#include <span>
#include <string>
#include <vector>

namespace jackfield::cli {

/// One thread at a time.
class BackfillView final : public View {
public:
    /// to_run: how many of them are to be run; the rest is done.
    BackfillView(std::string flow, std::span<const DataInterval> intervals, std::size_t to_run, const Terminal& terminal);

    /// A line for each interval that came to its end.
    [[nodiscard]] std::string take(const Event& event) override;
    /// How far the whole is, then a line for each interval that is being run.
    [[nodiscard]] std::vector<std::string> live_lines(std::int64_t now_ns, std::size_t width) const override;

private:
    struct Running {
        std::string run, shown;
        std::int64_t since_ns = 0; ///< monotonic
        std::map<std::string, std::uint64_t> rows; ///< by task and item
        std::string waits;         ///< for what, if for anything
    };

    [[nodiscard]] std::string shown(const std::string& interval) const;
    [[nodiscard]] std::string ended(const Running& running, const Event& event);
    void note(Running& running, const Event& event) const;

    std::string flow_;
    std::map<std::string, std::string> shown_; // by name of the interval
    std::size_t width_ = 0; // of the widest
    std::size_t all_, done_, failed_ = 0;
    std::int64_t since_ns_ = 0;
    std::size_t ran_ = 0;
    Terminal terminal_;
    std::vector<Running> running_; // in the order in which they began
};

} // namespace jackfield::cli

// The lines of a backfill.
#include "backfill_view.hpp"

#include "exec/human.hpp"
#include "observe/text.hpp"

#include <jackfield/abi/host.h>

#include <algorithm>

namespace jackfield::cli {

namespace {

std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& rows)
{
    std::uint64_t out = 0;
    for (const auto& [task, count] : rows)
        out += count;
    return out;
}

std::string with_gap(const std::string& part) { return part.empty() ? std::string() : "   " + part; }

} // namespace

BackfillView::BackfillView(std::string flow, std::span<const DataInterval> intervals, std::size_t to_run, const Terminal& terminal)
    : flow_(std::move(flow)), all_(intervals.size()), done_(intervals.size() - to_run), since_ns_(view_clock_ns()), terminal_(terminal)
{
    for (const DataInterval& interval : intervals) {
        shown_[interval.name] = interval.shown();
        width_ = std::max(width_, display_width(interval.shown()));
    }
}

std::string BackfillView::shown(const std::string& interval) const
{
    const auto known = shown_.find(interval);
    return padded_to(known == shown_.end() ? interval : known->second, width_);
}

std::string BackfillView::take(const Event& event)
{
    const auto known = std::find_if(running_.begin(), running_.end(), [&](const Running& running) { return running.run == event.run; });
    if (event.kind == Event::Kind::run_started && event.flow == flow_ && !event.interval.empty()) {
        running_.push_back({event.run, shown(event.interval), view_clock_ns(), {}, {}});
        return {};
    }
    if (event.kind == Event::Kind::log) {
        if (event.level < JF_LOG_WARN)
            return {};
        const std::string mark = event.level >= JF_LOG_ERROR ? terminal_.red("!") : terminal_.yellow("!");
        const std::string who = event.task.empty() ? std::string() : event.task + ": ";
        return "  " + mark + " " + shown(event.interval) + "   " + observe::one_line(who + event.message) + "\n";
    }
    if (known == running_.end())
        return {};
    if (event.kind != Event::Kind::run_ended) {
        note(*known, event);
        return {};
    }
    const Running running = std::move(*known);
    running_.erase(known);
    return ended(running, event);
}

void BackfillView::note(Running& running, const Event& event) const
{
    running.rows[event.task + "\n" + event.slice] = event.rows;
    const bool waits = event.kind == Event::Kind::task_state && (event.name == "AwaitingSlot" || event.name == "AwaitingRetry");
    if (event.kind == Event::Kind::task_state)
        running.waits = waits ? event.task + ": " + (event.name == "AwaitingSlot" ? "" : "tries again: ") + event.message : std::string();
}

std::string BackfillView::ended(const Running& running, const Event& event)
{
    ++ran_;
    const std::uint64_t rows = sum_of(running.rows);
    const std::string head = running.shown + with_gap(rows > 0 ? human_number_of(rows, "row", "rows") : "") + with_gap(human_duration(event.duration_ns)) +
                             "   run " + event.run;
    if (event.state == "completed") {
        ++done_;
        return "  " + terminal_.green("✓") + " " + head + "\n";
    }
    if (event.state == "cancelled")
        return "  " + terminal_.dim("-") + " " + head + "   stopped; what was committed stays\n";
    ++failed_;
    return "  " + terminal_.red("✗") + " " + head + "\n    " + observe::one_line(event.message) + "\n";
}

std::vector<std::string> BackfillView::live_lines(std::int64_t now_ns, std::size_t width) const
{
    std::vector<std::string> out;
    std::string line = "  " + std::to_string(done_) + " of " + std::to_string(all_) + " done";
    if (failed_ > 0)
        line += with_gap(terminal_.red(std::to_string(failed_) + " failed"));
    const std::int64_t took = std::max<std::int64_t>(0, now_ns - since_ns_);
    line += with_gap(human_duration(took));
    if (ran_ > 0 && all_ > done_ + failed_)
        line += with_gap("about " + human_duration(took / static_cast<std::int64_t>(ran_) * static_cast<std::int64_t>(all_ - done_ - failed_)) + " left");
    out.push_back(clipped(line, width));
    for (const Running& running : running_) {
        const std::uint64_t rows = sum_of(running.rows);
        std::string one = "  " + terminal_.dim("·") + " " + running.shown + with_gap(rows > 0 ? human_number_of(rows, "row", "rows") : "") +
                          with_gap(human_duration(std::max<std::int64_t>(0, now_ns - running.since_ns)));
        one += with_gap(observe::one_line(running.waits));
        out.push_back(clipped(one, width));
    }
    return out;
}

} // namespace jackfield::cli

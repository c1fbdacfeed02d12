// The lines of a run.
#include "run_view.hpp"

#include "exec/human.hpp"
#include "observe/text.hpp"

#include <jackfield/abi/host.h>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace jackfield::cli {

namespace {

constexpr std::string_view gap = "   ";

std::string name_of_task(const Event& event)
{
    return observe::one_line(event.slice.empty() ? event.task : event.task + "[" + event.slice + "]");
}

void add(std::string& line, const std::string& part)
{
    if (!part.empty())
        line += (line.empty() ? "" : std::string(gap)) + part;
}

std::string rows_per_second(std::uint64_t rows, std::int64_t duration_ns)
{
    if (rows == 0 || duration_ns < 10'000'000)
        return {};
    return human_rate(static_cast<double>(rows) * 1e9 / static_cast<double>(duration_ns)) + " rows/s";
}

/// "5 rules   0 failed" of {"rules": 5, "failed": 0}: whatever whole numbers an action returned, at most four of them; and
/// "→ out/page.html" of its files.
std::pair<std::string, std::string> from_result(const std::string& text)
{
    std::pair<std::string, std::string> out;
    boost::system::error_code wrong;
    const boost::json::value value = boost::json::parse(text.empty() ? "{}" : text, wrong);
    if (wrong || !value.is_object())
        return out;
    int numbers = 0;
    for (const auto& [key, member] : value.get_object()) {
        const std::string name = observe::one_line(std::string_view(key.data(), key.size()));
        if ((member.is_int64() || member.is_uint64()) && name.size() <= 20 && numbers++ < 4) {
            const auto number = member.to_number<std::int64_t>(wrong);
            if (name == "bytes")
                add(out.first, human_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0))));
            else if (number == 1 && name.size() > 1 && name.back() == 's')
                add(out.first, "1 " + name.substr(0, name.size() - 1));
            else
                add(out.first, (number < 0 ? std::to_string(number) : human_count(static_cast<std::uint64_t>(number))) + " " + name);
        } else if (name == "files" && member.is_array()) {
            for (const auto& file : member.get_array())
                if (file.is_string())
                    out.second += (out.second.empty() ? "→ " : ", ") + observe::one_line(file.get_string());
        }
    }
    return out;
}

/// Lines below another one, each indented by four.
std::string below(const std::string& text)
{
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        out += "    " + observe::one_line(std::string_view(text).substr(at, end - at)) + "\n";
        at = end + 1;
    }
    return out;
}

} // namespace

std::int64_t view_clock_ns()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

RunView::RunView(const Flow& flow, const Terminal& terminal, Options options) : flow_(flow), terminal_(terminal), options_(std::move(options))
{
    for (const Task& task : flow_.tasks)
        name_width_ = std::max(name_width_, std::min<std::size_t>(24, display_width(task.name)));
}

std::string RunView::named(const std::string& name) const { return padded_to(name, name_width_) + "  "; }

std::string RunView::take(const Event& event)
{
    switch (event.kind) {
    case Event::Kind::run_started: return event.flow == flow_.name ? header(event) : std::string();
    case Event::Kind::run_ended: return event.flow == flow_.name ? footer(event) : std::string();
    case Event::Kind::log: return log_line(event);
    default: break;
    }
    const std::string name = name_of_task(event);
    const auto known = std::find_if(running_.begin(), running_.end(), [&](const Running& running) { return running.name == name; });
    if (event.state == "running") {
        if (known == running_.end())
            running_.push_back({name, view_clock_ns() - event.duration_ns, event});
        else
            known->last = event;
        return {};
    }
    if (known != running_.end())
        running_.erase(known);
    if (event.kind == Event::Kind::task_progress)
        return {};
    anything_failed_ = anything_failed_ || event.state == "failed";
    return event.state == "scheduled" ? waiting(event) : ended(event);
}

std::string RunView::header(const Event& event) const
{
    return observe::one_line(event.flow) + " · run " + event.run + (event.message.empty() ? "" : " · " + observe::one_line(event.message)) + "\n";
}

std::string RunView::footer(const Event& event) const
{
    const std::string took = human_duration(event.duration_ns);
    if (event.state == "completed")
        return "done in " + took + " · jackfield runs show " + event.run + "\n";
    if (event.state == "cancelled")
        return "cancelled after " + took + "; what was committed stays · to go on: run the flow again, or  jackfield runs resume " + event.run + "\n";
    std::string out = event.state + " after " + took;
    if (!anything_failed_ && !event.message.empty())
        out += ": " + observe::one_line(event.message);
    return out + " · jackfield runs logs " + event.run + "\n";
}

std::string RunView::ended(const Event& event) const
{
    if (event.state == "completed")
        return completed(event);
    if (event.state == "skipped" || event.state == "cancelled") {
        std::string text = event.state == "skipped" ? "not run" : "stopped";
        if (event.rows > 0)
            text += " after " + human_number_of(event.rows, "row", "rows") + " (all of them committed)";
        if (!event.message.empty() && event.message != "cancelled")
            text += ": " + observe::one_line(event.message);
        return "  " + terminal_.dim("-") + " " + named(name_of_task(event)) + text + "\n";
    }
    return failed(event);
}

std::string RunView::completed(const Event& event) const
{
    std::string line;
    if (event.name == "Cached")
        return "  " + terminal_.green("✓") + " " + named(name_of_task(event)) + observe::one_line(event.message) + "\n";
    const Task* task = flow_.task(event.task);
    const auto [numbers, files] = from_result(event.result);
    if (event.rows > 0 || (task && task->kind == TaskKind::pipeline))
        add(line, human_number_of(event.rows, "row", "rows"));
    if (event.bytes > 0)
        add(line, human_bytes(event.bytes));
    add(line, numbers);
    add(line, human_duration(event.duration_ns));
    add(line, rows_per_second(event.rows, event.duration_ns));
    add(line, rejected(event));
    if (event.attempt > 1)
        add(line, "at try " + std::to_string(event.attempt));
    add(line, files);
    return "  " + terminal_.green("✓") + " " + named(name_of_task(event)) + line + "\n";
}

std::string RunView::rejected(const Event& event) const
{
    if (event.rejected == 0)
        return {};
    const Task* task = flow_.task(event.task);
    std::string place;
    if (task && task->pipeline.quarantine)
        for (const char* name : {"path", "table", "name"})
            if (const auto* member = task->pipeline.quarantine->configuration.if_contains(name); member && member->is_string() && place.empty())
                place = observe::one_line(member->get_string());
    const std::string rows = human_number_of(event.rejected, "row", "rows");
    return terminal_.yellow(place.empty() ? rows + " rejected" : rows + " to " + place);
}

std::string RunView::failed(const Event& event) const
{
    const Task* task = flow_.task(event.task);
    const bool pipeline = task && task->kind == TaskKind::pipeline;
    const std::string took = human_duration(event.duration_ns);
    std::string out = "  " + terminal_.red("✗") + " " + named(name_of_task(event));
    if (event.rows > 0)
        out += "stopped after " + human_number_of(event.rows, "row", "rows") + " (all of them committed)\n";
    else
        out += "failed after " + took + (pipeline ? "; no row was committed\n" : "\n");
    out += below(event.message);
    if (event.attempt > 1)
        out += "    tried " + std::to_string(event.attempt) + " times in " + took + "\n";
    if (event.rejected > 0)
        out += "    " + rejected(event) + "\n";
    if (!pipeline || event.rows == 0)
        return out;
    if (options_.can_continue && options_.can_continue(event.task))
        return out + "    to go on from row " + human_count(event.rows + 1) + ": run the flow again, or  jackfield runs resume " + event.run + "\n";
    return out + "    it cannot go on there: a new run reads from the start\n";
}

std::string RunView::waiting(const Event& event) const
{
    if (event.name == "AwaitingSlot")
        return "  " + terminal_.dim("…") + " " + named(name_of_task(event)) + observe::one_line(event.message) + "\n";
    if (event.name != "AwaitingRetry")
        return {};
    const std::int64_t wait = std::max<std::int64_t>(0, event.retry_at_ns - event.at_ns);
    return "  " + terminal_.yellow("↻") + " " + named(name_of_task(event)) + "try " + std::to_string(event.attempt) + " failed, again in " +
           human_duration(wait) + "\n" + below(event.message);
}

std::string RunView::log_line(const Event& event) const
{
    if (event.level < (options_.verbose ? JF_LOG_INFO : JF_LOG_WARN))
        return {};
    const std::string mark = event.level >= JF_LOG_ERROR ? terminal_.red("!") : event.level >= JF_LOG_WARN ? terminal_.yellow("!") : terminal_.dim("·");
    const std::string who = event.task.empty() ? std::string() : name_of_task(event);
    return "  " + mark + " " + (who.empty() ? "" : named(who)) + observe::one_line(event.message) + "\n";
}

std::vector<std::string> RunView::live_lines(std::int64_t now_ns, std::size_t width) const
{
    static constexpr std::array<const char*, 10> frames = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    std::vector<std::string> out;
    for (const Running& running : running_) {
        const Event& last = running.last;
        const std::int64_t took = std::max<std::int64_t>(0, now_ns - running.since_ns);
        std::string line;
        if (last.rows > 0)
            add(line, human_number_of(last.rows, "row", "rows"));
        add(line, rows_per_second(last.rows, last.duration_ns));
        if (last.total_bytes > 0 && last.bytes <= last.total_bytes) {
            const double share = static_cast<double>(last.bytes) / static_cast<double>(last.total_bytes);
            add(line, human_bytes(last.bytes) + " of " + human_bytes(last.total_bytes));
            add(line, std::to_string(static_cast<int>(share * 100)) + " %");
            add(line, human_duration(took));
            if (share > 0.01 && took > 500'000'000)
                add(line, "about " + human_duration(static_cast<std::int64_t>(static_cast<double>(took) * (1 - share) / share)) + " left");
        } else {
            if (last.bytes > 0)
                add(line, human_bytes(last.bytes));
            add(line, human_duration(took));
        }
        add(line, rejected(last));
        const char* frame = frames[static_cast<std::size_t>(now_ns / 100'000'000) % frames.size()];
        out.push_back(clipped("  " + terminal_.dim(frame) + " " + named(running.name) + line, width));
    }
    return out;
}

} // namespace jackfield::cli

// Reports and events for people and for machines.
#include "exec/human.hpp"

#include <jackfield/runtime/event.hpp>
#include <jackfield/runtime/report.hpp>

namespace jackfield {

std::string Report::summary() const
{
    std::string out = flow + " · run " + run + " · " + state + " in " + human_duration(duration_ns);
    if (!ok() && !message.empty())
        out += "\n  " + message;
    for (const TaskReport& task : tasks) {
        out += std::string("\n  ") + (task.state == "completed" ? "✓ " : task.state == "skipped" ? "- " : "✗ ") + task.task;
        if (!task.slice.empty())
            out += "[" + task.slice + "]";
        if (task.rows > 0)
            out += "  " + human_number_of(task.rows, "row", "rows");
        if (task.rejected > 0)
            out += "  " + human_number_of(task.rejected, "row", "rows") + " rejected";
        out += "  " + (task.state == "completed" ? human_duration(task.duration_ns) : task.state);
    }
    return out;
}

boost::json::object Report::to_json() const
{
    boost::json::array list;
    for (const TaskReport& task : tasks) {
        boost::json::object item{{"task", task.task}, {"state", task.state}, {"attempts", task.attempts},
            {"duration_ms", static_cast<double>(task.duration_ns) / 1e6}, {"rows", task.rows}, {"rejected", task.rejected},
            {"bytes", task.bytes}, {"epochs", task.epochs}};
        if (!task.slice.empty())
            item["slice"] = task.slice;
        if (!task.taken_over.empty())
            item["taken_over"] = task.taken_over;
        if (!task.reason.empty())
            item["reason"] = task.reason;
        if (task.error)
            item["error"] = {{"message", task.error->message}, {"where", task.error->where}, {"code", task.error->code}};
        if (!task.result.is_null())
            item["result"] = task.result;
        list.push_back(std::move(item));
    }
    boost::json::object out{{"run", run}, {"flow", flow}, {"state", state}, {"duration_ms", static_cast<double>(duration_ns) / 1e6},
        {"tasks", std::move(list)}, {"outputs", outputs}};
    if (!reason.empty())
        out["reason"] = reason;
    if (!message.empty())
        out["message"] = message;
    if (!continued_from.empty())
        out["continued_from"] = continued_from;
    return out;
}

} // namespace jackfield

// Events as JSON.
#include "observe/event_json.hpp"

#include "observe/log.hpp"
#include "observe/text.hpp"

namespace jackfield {

std::string_view name_of(Event::Kind kind)
{
    switch (kind) {
    case Event::Kind::run_started:
        return "run_started";
    case Event::Kind::run_ended:
        return "run_ended";
    case Event::Kind::task_state:
        return "task_state";
    case Event::Kind::task_progress:
        return "task_progress";
    case Event::Kind::log:
        return "log";
    }
    return "log";
}

std::string to_json(const Event& event)
{
    std::string out = "{\"event\":\"" + std::string(name_of(event.kind)) + "\",\"at\":\"" + observe::utc_text(event.at_ns) + '"';
    const auto text = [&out](std::string_view name, std::string_view value) {
        if (value.empty())
            return;
        out += ",\"" + std::string(name) + "\":";
        observe::append_json(out, value);
    };
    const auto number = [&out](std::string_view name, auto value) {
        if (value != 0)
            out += ",\"" + std::string(name) + "\":" + std::to_string(value);
    };
    text("run", event.run);
    text("flow", event.flow);
    text("task", event.task);
    text("slice", event.slice);
    text("interval", event.interval);
    number("attempt", event.attempt);
    text("state", event.state);
    text("name", event.name);
    text("reason", event.reason);
    if (event.kind == Event::Kind::log)
        text("level", observe::level_name(event.level));
    text("message", event.message);
    number("rows", event.rows);
    number("rejected", event.rejected);
    number("bytes", event.bytes);
    number("total_bytes", event.total_bytes);
    number("epochs", event.epochs);
    number("duration_ns", event.duration_ns);
    if (event.retry_at_ns != 0)
        text("retry_at", observe::utc_text(event.retry_at_ns));
    if (!event.fields.empty()) {
        out += ",\"fields\":";
        observe::append_object(out, event.fields);
    }
    if (!event.result.empty()) {
        out += ",\"result\":";
        observe::append_object(out, event.result);
    }
    return out + '}';
}

} // namespace jackfield

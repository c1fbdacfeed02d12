// Log lines and where they go.
#include "observe/log.hpp"

#include "observe/text.hpp"

#include <jackfield/abi/host.h>

#include <cerrno>
#include <chrono>
#include <unistd.h>

namespace jackfield::observe {
namespace {

void member(std::string& out, std::string_view name, std::string_view value)
{
    if (value.empty())
        return;
    out += ",\"";
    out += name;
    out += "\":";
    append_json(out, value);
}

} // namespace

std::string_view level_name(std::int32_t level)
{
    switch (level) {
    case JF_LOG_DEBUG:
        return "debug";
    case JF_LOG_INFO:
        return "info";
    case JF_LOG_WARN:
        return "warning";
    default:
        return level < JF_LOG_DEBUG ? "debug" : "error";
    }
}

Log::Log(std::shared_ptr<const Masker> masker, std::int32_t level)
    : masker_(std::move(masker)), level_(level), sinks_(std::make_shared<Sinks>())
{
}

void Log::add_sink(LogSink sink)
{
    std::lock_guard lock(mutex_);
    auto grown = std::make_shared<Sinks>(*sinks_);
    grown->push_back(std::move(sink));
    sinks_ = std::move(grown);
}

void Log::write(LogRecord record) const
{
    if (!is_on(record.level))
        return;
    if (record.at_ns == 0)
        record.at_ns = std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    if (masker_)
        for (std::string* text : {&record.task, &record.slice, &record.component, &record.message, &record.fields_json})
            *text = masker_->mask(*text);
    std::shared_ptr<const Sinks> sinks;
    {
        std::lock_guard lock(mutex_);
        sinks = sinks_;
    }
    for (const LogSink& sink : *sinks) {
        try {
            sink(record);
        } catch (...) { // an embedder's code: whatever it throws, the run goes on
            ++failures_;
        }
    }
}

void Log::write(std::int32_t level, std::string message, std::string fields_json) const
{
    LogRecord record;
    record.level = level;
    record.message = std::move(message);
    record.fields_json = std::move(fields_json);
    write(std::move(record));
}

std::string plain_line(const LogRecord& record)
{
    std::string line = utc_text(record.at_ns) + ' ' + std::string(level_name(record.level));
    if (!record.run.empty())
        line += " run " + one_line(record.run);
    if (!record.task.empty())
        line += ' ' + one_line(record.task) + (record.slice.empty() ? "" : "[" + one_line(record.slice) + "]");
    if (!record.component.empty())
        line += ' ' + one_line(record.component);
    line += ": " + one_line(record.message);
    if (!record.fields_json.empty())
        line += ' ' + one_line(record.fields_json);
    return line + '\n';
}

std::string json_line(const LogRecord& record)
{
    std::string line = "{\"at\":\"" + utc_text(record.at_ns) + "\",\"level\":\"" + std::string(level_name(record.level)) + '"';
    member(line, "run", record.run);
    member(line, "flow", record.flow);
    member(line, "task", record.task);
    member(line, "slice", record.slice);
    if (record.attempt != 0)
        line += ",\"attempt\":" + std::to_string(record.attempt);
    member(line, "component", record.component);
    line += ",\"message\":";
    append_json(line, record.message);
    if (!record.fields_json.empty()) {
        line += ",\"fields\":";
        append_object(line, record.fields_json);
    }
    return line + "}\n";
}

LogSink plain_sink(LineWriter writer)
{
    return [writer = std::move(writer)](const LogRecord& record) { writer(plain_line(record)); };
}

LogSink json_sink(LineWriter writer)
{
    return [writer = std::move(writer)](const LogRecord& record) { writer(json_line(record)); };
}

LineWriter to_descriptor(int descriptor)
{
    return [descriptor](std::string_view line) {
        while (!line.empty()) {
            const ssize_t written = ::write(descriptor, line.data(), line.size());
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0)
                return;
            line.remove_prefix(static_cast<std::size_t>(written));
        }
    };
}

} // namespace jackfield::observe

// Log: lines with a level and fields, masked, to any number of sinks.
#pragma once

#include "observe/masker.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace jackfield::observe {

/// One line. Value.
struct LogRecord {
    std::int64_t at_ns = 0;  ///< since 1970 UTC; 0: now
    std::int32_t level = 1;  ///< JF_LOG_DEBUG … JF_LOG_ERROR
    std::string run;         ///< empty: of the runtime itself
    std::string flow;
    std::string task;
    std::string slice;
    std::int64_t attempt = 0;
    std::string component;   ///< "postgres.warehouse"; may be empty
    std::string message;
    std::string fields_json; ///< an object or empty
};

/// "debug", "info", "warning", "error".
[[nodiscard]] std::string_view level_name(std::int32_t level);

/// Takes a record that is masked. Called on the thread that logs, perhaps by several at once.
using LogSink = std::function<void(const LogRecord&)>;

/// Takes one line, newline included, at once.
using LineWriter = std::function<void(std::string_view line)>;

/// *Any thread.*
class Log {
public:
    /// masker: shared with all that tells something; lines under `level` are dropped.
    explicit Log(std::shared_ptr<const Masker> masker, std::int32_t level = 1);

    /// What a sink throws is counted and goes no further.
    void add_sink(LogSink sink);
    void set_level(std::int32_t level) { level_ = level; }
    [[nodiscard]] bool is_on(std::int32_t level) const { return level >= level_; }

    void write(LogRecord record) const;
    /// A line of the runtime itself.
    void write(std::int32_t level, std::string message, std::string fields_json = {}) const;

    /// How often a sink threw.
    [[nodiscard]] std::uint64_t failures() const { return failures_; }

private:
    using Sinks = std::vector<LogSink>;

    std::shared_ptr<const Masker> masker_;
    std::atomic<std::int32_t> level_;
    mutable std::atomic<std::uint64_t> failures_{0};
    mutable std::mutex mutex_;           // guards the pointer; what it points to never changes
    std::shared_ptr<const Sinks> sinks_; // shared with the calls that are using it while a sink is added
};

/// "2026-11-23T23:17:25.004Z warning run 7f3a land: message {fields}" and one JSON object a line.
[[nodiscard]] std::string plain_line(const LogRecord& record);
[[nodiscard]] std::string json_line(const LogRecord& record);
[[nodiscard]] LogSink plain_sink(LineWriter writer);
[[nodiscard]] LogSink json_sink(LineWriter writer);

/// Writes each line with one write(2), so that lines of several threads or processes do not mix. The descriptor (2 is
/// stderr) stays the caller's. What cannot be written is dropped: there is nowhere left to tell it.
[[nodiscard]] LineWriter to_descriptor(int descriptor);

} // namespace jackfield::observe

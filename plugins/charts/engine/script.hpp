// The JavaScript side of the engine: ECharts and our own files, loaded once, called with JSON.
#pragma once

#include "text_measure.hpp"

#include <memory>
#include <string>

namespace jackfield::charts {

/// One JavaScript world. Of the process's JavaScriptCore only this class knows. One thread at a time, the thread
/// that made it.
class Script {
public:
    /// Takes a measurer that lives longer. Nothing is loaded yet.
    explicit Script(TextMeasure& measure);
    ~Script();
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;

    /// Runs the text of one file. Returns "" or what JavaScript reported, with the line.
    std::string load(std::string_view name, std::string_view source);

    /// Calls the global function `name` with one value parsed from JSON. True: `out` is the string it returned;
    /// false: `out` is what went wrong.
    bool call(const char* name, const std::string& json, std::string& out);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace jackfield::charts

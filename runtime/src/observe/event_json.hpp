// An event as one line of JSON: `jackfield run --json`.
#pragma once

#include <jackfield/runtime/event.hpp>

namespace jackfield {

/// {"event":"task_state","at":"2026-11-23T23:17:25.004Z","run":"7f3a",…}, no newline; empty and zero members left out.
/// Valid JSON whatever the texts are. Any thread.
[[nodiscard]] std::string to_json(const Event& event);

} // namespace jackfield

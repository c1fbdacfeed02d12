// Who runs: this process, and whether another still lives.
#pragma once

#include "store/model.hpp"

namespace jackfield::store {

/// This process. Any thread.
[[nodiscard]] Process this_process();

enum class Alive : std::uint8_t { yes, no, unknown /**< it is on another host */ };

/// Asks the operating system. A later process with the same pid does not count. Any thread.
[[nodiscard]] Alive alive(const Process& process);

} // namespace jackfield::store

// The sink that keeps log lines in the state store.
#pragma once

#include "observe/log.hpp"
#include "store/store.hpp"

namespace jackfield::observe {

/// Keeps the lines that belong to a run, queued; lines of the runtime itself have no place there. Needs the store for as
/// long as the sink lives, hence shared.
[[nodiscard]] LogSink store_sink(std::shared_ptr<store::Store> store);

} // namespace jackfield::observe

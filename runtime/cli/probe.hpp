// Probe: components of a flow look outside: can it be reached, is the table there?
#pragma once

#include "terminal.hpp"

#include "load/catalog.hpp"

#include <jackfield/runtime/flow.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace jackfield::cli {

/// Value.
struct Probing {
    std::string text;    ///< a line for each thing that was looked at, findings below it
    std::size_t bad = 0; ///< that have an error
};

/// Makes the connections and components of a bound flow and asks each for its check. One after the other, at most 30 s
/// for each. Components with references to results of tasks are left out.
[[nodiscard]] Probing probe(const Flow& flow, Catalog& catalog, const Terminal& terminal);

/// The connections alone; `only`: this one, empty: all.
[[nodiscard]] Probing probe_connections(const std::vector<Connection>& connections, const std::string& only, Catalog& catalog, const Terminal& terminal);

} // namespace jackfield::cli

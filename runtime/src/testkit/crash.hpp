// The crash matrix: kill -9 at every call boundary, go on, and count the rows.
#pragma once

#include "testkit/kit.hpp"

namespace jackfield::testkit {

/// The source under test against the kit's own sink, with epochs of 1, 3 and 10 batches.
[[nodiscard]] Verdict crash_source(Kit& kit);
/// The sink under test against the kit's own source.
[[nodiscard]] Verdict crash_sink(Kit& kit);

} // namespace jackfield::testkit

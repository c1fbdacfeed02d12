// Arrow batches to the columns of a chart.
#pragma once

#include "table.hpp"

#include <jackfield/sdk/arrow/array.hpp>

namespace jackfield::charts {

/// More rows than this are refused: a picture of them is an aggregate, which a query makes better.
inline constexpr std::size_t max_rows = 5'000'000;

/// Reads a stream to its end. Numbers, decimals and durations (seconds) become numbers, dates and timestamps times,
/// everything else text. JF_E_DATA if a batch does not fit its schema, JF_E_UNAVAILABLE with the stream's own
/// sentence if it fails, JF_E_CONFIG for more than max_rows.
Result<Table> read_table(ArrowArrayStream& stream);

} // namespace jackfield::charts

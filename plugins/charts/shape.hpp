// From (specification, columns) to the small JSON that our JavaScript draws from.
#pragma once

#include "spec.hpp"
#include "table.hpp"

#include <string>

namespace jackfield::charts {

/// Returns {"spec": …, "data": …} as JSON text that is safe inside <script>. All counting, grouping, sorting and
/// thinning happens here, so that the picture's side only draws. A line of more than `points` points keeps, for
/// each narrow slice of x, the first, lowest, highest and last, which look the same (two for each unit of width do); a
/// cloud keeps 10,000 at least; other cuts are told in the
/// note. Same input, same bytes. JF_E_CONFIG for columns that do not exist or have the wrong type.
Result<std::string> shape(const Spec& spec, const Table& table, std::size_t points);

} // namespace jackfield::charts

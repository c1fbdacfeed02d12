// Values out of Arrow, bound to the placeholders of a statement.
#pragma once

#include "session.hpp"

#include <jackfield/sdk/arrow/array.hpp>

namespace jackfield::postgres {

/// The values of the only row of `params`, one for each column, as text whose type the server infers from the statement.
/// JF_E_CONFIG: not one row, a type that cannot be bound, U+0000.
[[nodiscard]] Result<Params> params_of(OwnedStream params);

} // namespace jackfield::postgres

// Keeps some rows of a batch.
#pragma once

#include "support/rows.hpp"

#include <vector>

namespace jackfield::steps {

/// `schema` with plain types: what copied rows have.
inline Schema plain(const Schema& schema)
{
    Schema out = schema;
    for (Field& field : out.fields)
        field.type = decoded(field.type);
    return out;
}

/// The rows that are not marked, in the plain types of `schema`.
inline Result<OwnedArray> without(const Schema& schema, OwnedArray batch, const std::vector<bool>& bad)
{
    std::vector<RowRun> runs;
    for (std::int64_t row = 0; row < batch->length; ++row) {
        if (bad[static_cast<std::size_t>(row)])
            continue;
        if (!runs.empty() && runs.back().first + runs.back().count == row)
            ++runs.back().count;
        else
            runs.push_back({row, 1});
    }
    BatchBuilder builder(plain(schema));
    return copy_rows(builder, BatchView(schema, *batch), runs);
}

} // namespace jackfield::steps

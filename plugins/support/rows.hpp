// Copies rows of Arrow columns into builders: to join small batches, and to keep some rows of one.
#pragma once

#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <vector>

namespace jackfield {

/// Rows [first, first + count).
struct RowRun {
    std::int64_t first = 0;
    std::int64_t count = 0;
};

/// `type` with dictionaries and run-ends replaced by what they stand for, at every depth.
[[nodiscard]] DataType decoded(const DataType& type);

/// Appends rows [first, first + count) of `from`. `to` has the type of `from`, decoded, or one that its values fit in
/// (a wider integer, another unit is not converted). Mistakes are kept in the builder and fail its finish().
void append_rows(ColumnBuilder& to, const ColumnView& from, std::int64_t first, std::int64_t count);

/// Those rows of all columns as a new batch of builder's schema, the decoded one of `from`.
Result<OwnedArray> copy_rows(BatchBuilder& builder, const BatchView& from, const std::vector<RowRun>& runs);

/// A batch of these columns, each of `rows` rows.
[[nodiscard]] OwnedArray assemble(std::int64_t rows, std::vector<OwnedArray> columns);

/// The columns of a batch one by one, without a copy; an offset of the batch is carried into them.
[[nodiscard]] std::vector<OwnedArray> columns_of(const SharedArray& batch);

} // namespace jackfield

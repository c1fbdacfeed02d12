// What the pipeline needs to know of batches and schemas: how large, the same or not, the quarantine's own.
#pragma once

#include <jackfield/abi/arrow.h>
#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/types.hpp>
#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace jackfield::exec {

/// A schema that several threads hold; never changed. Shared by items in flight, lanes and the writer.
using SharedSchema = std::shared_ptr<const OwnedSchema>;

/// Bytes of data in the rows of `array`, an estimate that costs the same for any number of rows.
[[nodiscard]] std::uint64_t bytes_of(const ArrowSchema& schema, const ArrowArray& array) noexcept;

/// Whether batches of the one may follow batches of the other without a word.
[[nodiscard]] bool same_schema(const ArrowSchema& left, const ArrowSchema& right) noexcept;

/// The columns of a quarantine: at, flow, task, stage, place, column, code, message, record.
[[nodiscard]] const Schema& quarantine_schema();
[[nodiscard]] Result<SharedSchema> shared_quarantine_schema();

} // namespace jackfield::exec

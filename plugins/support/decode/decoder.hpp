// Decoder: text of one file into Arrow batches; what the CSV and JSON decoders have in common.
#pragma once

#include "record.hpp"
#include "window.hpp"

#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/types.hpp>

#include <optional>
#include <string>
#include <vector>

namespace jackfield::files {

/// A column whose type was declared. Value.
struct DeclaredColumn {
    std::string name;
    DataType type;
};

/// Reads one file. Make it, start() or resume() it, then read() until the end. One thread at a time.
class Decoder {
public:
    virtual ~Decoder() = default;
    /// At the start of a file: takes what comes before the records and settles the schema. `known`: the schema, if another
    /// file or an earlier part settled it. idle: a pipe has not brought enough yet; call again.
    [[nodiscard]] virtual Result<InputState> start(const std::optional<Schema>& known) = 0;
    /// In the middle of a file, right after a record; `line` is the number of the next one.
    [[nodiscard]] virtual Status resume(const Schema& known, std::uint64_t line) = 0;
    /// Requires: started or resumed.
    [[nodiscard]] virtual const Schema& schema() const = 0;
    /// The next rows, as many as there are within `limits`; at least one record is taken where there is one.
    [[nodiscard]] virtual Result<ReadState> read(const ReadLimits& limits, const OnBadRecord& on_bad, OwnedArray& out) = 0;
    /// Line of the next record, from 1.
    [[nodiscard]] virtual std::uint64_t line() const = 0;
    [[nodiscard]] virtual Window& window() = 0;
};

} // namespace jackfield::files

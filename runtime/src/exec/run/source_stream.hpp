// A source read to its end as one Arrow stream: for charts, previews and tests.
#pragma once

#include "load/source_instance.hpp"

#include <jackfield/sdk/arrow/schema.hpp>

#include <memory>
#include <string>
#include <vector>

namespace jackfield::exec {

/// Reads all partitions of a bounded source, one after the other. One thread at a time.
class SourceStream {
public:
    /// Opens the first partition. frame: outlives this. Bad records go to its RejectHandler.
    [[nodiscard]] static Result<SourceStream> open(CallFrame& frame, SourceInstance source, const Description& description);

    /// The schema; of the first partition, to which the others must be equal.
    [[nodiscard]] const Schema& schema() const { return schema_; }
    /// The next batch of at most max_rows; empty: the end. Waits as long as the frame's deadline lets it.
    [[nodiscard]] Result<OwnedArray> next(std::uint64_t max_rows = 65'536);

private:
    SourceStream(CallFrame& frame, SourceInstance source, std::vector<std::string> partitions);
    [[nodiscard]] Status open_next();

    CallFrame* frame_;
    SourceInstance source_;
    std::vector<std::string> partitions_;
    std::size_t at_ = 0; // the partition to open next
    std::optional<SourceReader> reader_;
    Schema schema_;
    SourceBatch batch_;
};

/// The same as an ArrowArrayStream that owns the frame too. `cancellation` outlives the stream.
[[nodiscard]] Result<OwnedStream> source_as_stream(const Cancellation* cancellation, std::int64_t deadline_ns, SourceInstance source,
                                                   const Description& description);

/// An ArrowArrayStream over batches in memory. Value semantics end with the call: all is moved in.
[[nodiscard]] OwnedStream stream_of(Schema schema, std::vector<OwnedArray> batches);

} // namespace jackfield::exec

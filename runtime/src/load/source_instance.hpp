// SourceInstance and SourceReader: rows in.
#pragma once

#include "load/instance.hpp"

#include <jackfield/abi/source.h>

#include <optional>
#include <vector>

namespace jackfield {

/// What to read; see jf_read_request. The views must live as long as open().
struct ReadOptions {
    ProgressScope scope;
    std::string_view partition, from, until;
};

struct ReadLimits {
    std::uint64_t max_rows = 0; ///< 0: bring no rows, only stay alive
    std::uint64_t max_bytes = 0;
};

enum class ReadOutcome { batch, idle, end, schema, given, asked_back, lost };

/// What one next() brings. Made once and reused: strings keep their memory.
struct SourceBatch {
    OwnedArray array;      ///< for ReadOutcome::batch
    std::string partition; ///< of the batch or event
    std::string position;  ///< to go on right after the batch; at most 64 KiB
    std::uint32_t watermark_state = JF_WATERMARK_NONE;
    std::int64_t watermark_us = 0;
    std::uint64_t bytes = 0;       ///< read from outside for it; 0: not known
    std::uint64_t total_bytes = 0; ///< of the whole partition; 0: not known
};

struct RecordedPosition {
    std::string position, intent;
};

/// A reader. One thread at a time, but for interrupt(). Closed when it goes.
class SourceReader {
public:
    SourceReader(SourceReader&& other) noexcept;
    SourceReader& operator=(SourceReader&& other) noexcept;
    ~SourceReader();

    /// The schema of the batches to come; empty optional: not known yet (dynamic sources).
    [[nodiscard]] Result<std::optional<OwnedSchema>> schema(CallFrame& frame);
    /// One batch or event. Batches are checked against the last schema(): shape, lengths, children.
    [[nodiscard]] Result<ReadOutcome> next(CallFrame& frame, const ReadLimits& limits, SourceBatch& out);
    [[nodiscard]] Status seek(CallFrame& frame, std::string_view partition, std::string_view position, std::string_view until);
    [[nodiscard]] Status give_back(CallFrame& frame, std::string_view partition);
    [[nodiscard]] Status record(CallFrame& frame, std::string_view partition, std::string_view position, std::string_view intent);
    /// Empty optional: nothing is recorded, or the source records nothing.
    [[nodiscard]] Result<std::optional<RecordedPosition>> recorded(CallFrame& frame, std::string_view partition);
    /// Nothing is done if the source does not want to know.
    [[nodiscard]] Status ack(CallFrame& frame, std::string_view partition, std::string_view position);
    [[nodiscard]] Result<std::string> witness(CallFrame& frame); ///< empty if the source has none
    [[nodiscard]] bool can_seek() const noexcept;
    void interrupt() const noexcept; ///< any thread

private:
    friend class SourceInstance;
    SourceReader(std::shared_ptr<InstanceCore> core, const jf_source* table, void* reader);
    void close() noexcept;
    [[nodiscard]] Status check_batch(const ArrowArray& array) const;

    std::shared_ptr<InstanceCore> core_; // destroyed after the reader is closed
    const jf_source* table_;
    void* reader_;
    std::int64_t columns_ = -1; // of the last schema(); -1: not asked yet
};

/// A source. One thread at a time; its readers are then used at once by several.
class SourceInstance : public Instance {
public:
    [[nodiscard]] static Result<SourceInstance> make(const Factory& factory, CallFrame& frame, const InstanceOptions& options);
    /// Names in reading order. Only of a source with JF_PARTITIONS_STATIC.
    [[nodiscard]] Result<std::vector<std::string>> partitions(CallFrame& frame) const;
    [[nodiscard]] Result<SourceReader> open(CallFrame& frame, const ReadOptions& options) const;

private:
    using Instance::Instance;
    const jf_source* table_ = nullptr;
};

} // namespace jackfield

// SinkInstance and SinkWriter: batches out, made durable epoch by epoch with the tokens of what was read.
#pragma once

#include "load/instance.hpp"

#include <jackfield/abi/sink.h>

#include <optional>
#include <span>

namespace jackfield {

/// See jf_write_request. The views must live as long as open().
struct WriteOptions {
    ProgressScope scope;
    std::string_view owner;  ///< who writes (host, process, run)
    bool fresh = false;      ///< first writer of a new generation
    std::uint32_t lane = 0, lanes = 1;
};

/// What acquire() found.
struct Acquired {
    std::uint64_t fence = 0;
    std::optional<std::string> token; ///< last committed; nothing: none
};

/// The progress of one (source, partition) that a commit makes durable. See jf_token. The views live as long as the call.
struct CommitToken {
    std::string_view source, partition, token;
    std::uint64_t fence = 0;
};

/// See jf_commit. The views live as long as the call.
struct CommitRequest {
    std::uint64_t epoch = 0;
    bool final = false;
    std::span<const CommitToken> tokens;
    std::string_view intent, witness;
};

enum class WriteOutcome {
    taken,    ///< all rows, as far as the sink can tell now
    rejected, ///< some were refused and reported; the others stand
    resend,   ///< some were refused and reported; abort and send the epoch again without them
};
enum class CommitOutcome { committed, rejected, resend, unknown };
enum class Resolution { landed, absent, in_part };

/// A writer. One thread at a time, but for interrupt(). Closed when it goes, which aborts an open epoch.
class SinkWriter {
public:
    SinkWriter(SinkWriter&& other) noexcept;
    SinkWriter& operator=(SinkWriter&& other) noexcept;
    ~SinkWriter();

    /// JF_E_UNSUPPORTED if the sink keeps no tokens.
    [[nodiscard]] Result<Acquired> acquire(CallFrame& frame, std::string_view source, std::string_view partition);
    [[nodiscard]] Status release(CallFrame& frame, std::string_view source, std::string_view partition);
    [[nodiscard]] Status schema(CallFrame& frame, const ArrowSchema& schema);
    /// Refused rows go to the frame's RejectHandler. The batch is gone, whatever is returned.
    [[nodiscard]] Result<WriteOutcome> write(CallFrame& frame, std::uint64_t number, OwnedArray batch);
    [[nodiscard]] Result<CommitOutcome> commit(CallFrame& frame, const CommitRequest& request);
    /// JF_E_UNSUPPORTED if the sink cannot tell.
    [[nodiscard]] Result<Resolution> resolve(CallFrame& frame, const CommitRequest& request);
    [[nodiscard]] Status abort(CallFrame& frame);
    /// A read-only statement that sees the open epoch. The stream is dropped before the next call on this writer.
    [[nodiscard]] Result<QueryStream> query(CallFrame& frame, std::string_view sql, OwnedStream params);
    [[nodiscard]] bool can_acquire() const noexcept;
    void interrupt() const noexcept; ///< any thread

private:
    friend class SinkInstance;
    SinkWriter(std::shared_ptr<InstanceCore> core, const jf_sink* table, void* writer);
    void close() noexcept;

    std::shared_ptr<InstanceCore> core_; // destroyed after the writer is closed
    const jf_sink* table_;
    void* writer_;
};

/// A sink. One thread at a time; its writers are then used at once by several.
class SinkInstance : public Instance {
public:
    [[nodiscard]] static Result<SinkInstance> make(const Factory& factory, CallFrame& frame, const InstanceOptions& options);
    [[nodiscard]] Result<SinkWriter> open(CallFrame& frame, const WriteOptions& options) const;

private:
    using Instance::Instance;
    const jf_sink* table_ = nullptr;
};

} // namespace jackfield

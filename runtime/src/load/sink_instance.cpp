// SinkInstance and SinkWriter.
#include "load/sink_instance.hpp"

#include "load/abi_scope.hpp"

#include <array>
#include <vector>

namespace jackfield {

namespace {

constexpr std::size_t token_limit = std::size_t{68} << 10;

/// jf_commit over a CommitRequest. Most commits have few tokens: those need no allocation.
class AbiCommit {
public:
    explicit AbiCommit(const CommitRequest& request)
    {
        const std::size_t count = request.tokens.size();
        const bool many = count > few_.size();
        if (many) {
            many_.resize(count);
            many_pointers_.resize(count);
        }
        jf_token* tokens = many ? many_.data() : few_.data();
        const jf_token** pointers = many ? many_pointers_.data() : few_pointers_.data();
        for (std::size_t i = 0; i < count; ++i) {
            const CommitToken& token = request.tokens[i];
            tokens[i] = {sizeof(jf_token), 0, str_of(token.source), str_of(token.partition), bytes_of(token.token), token.fence};
            pointers[i] = &tokens[i];
        }
        commit_ = {sizeof commit_, request.final ? JF_COMMIT_FINAL : 0u, request.epoch, count, pointers,
                   bytes_of(request.intent), bytes_of(request.witness)};
    }
    AbiCommit(const AbiCommit&) = delete;
    AbiCommit& operator=(const AbiCommit&) = delete;
    [[nodiscard]] const jf_commit* raw() const noexcept { return &commit_; }

private:
    std::array<jf_token, 8> few_;
    std::array<const jf_token*, 8> few_pointers_;
    std::vector<jf_token> many_;
    std::vector<const jf_token*> many_pointers_;
    jf_commit commit_;
};

} // namespace

Result<SinkInstance> SinkInstance::make(const Factory& factory, CallFrame& frame, const InstanceOptions& options)
{
    JF_ASSIGN(auto core, InstanceCore::make(factory, frame, options));
    SinkInstance out(std::move(core));
    out.table_ = static_cast<const jf_sink*>(factory.table()->table);
    return out;
}

Result<SinkWriter> SinkInstance::open(CallFrame& frame, const WriteOptions& options) const
{
    const jf_scope scope = abi_scope(options.scope);
    const jf_write_request request{sizeof request, options.fresh ? JF_WRITE_FRESH : 0u, &scope, str_of(options.owner), options.lane, options.lanes};
    void* writer = nullptr;
    const jf_status status = frame.run("open", table_->open, core_->self(), frame.raw(), &request, &writer);
    if (status != JF_OK)
        return core_->error(frame, status, "open");
    return SinkWriter(core_, table_, writer);
}

SinkWriter::SinkWriter(std::shared_ptr<InstanceCore> core, const jf_sink* table, void* writer)
    : core_(std::move(core)), table_(table), writer_(writer)
{
}

SinkWriter::SinkWriter(SinkWriter&& other) noexcept : core_(std::move(other.core_)), table_(other.table_), writer_(other.writer_) {}

SinkWriter& SinkWriter::operator=(SinkWriter&& other) noexcept
{
    if (this != &other) {
        close();
        core_ = std::move(other.core_);
        table_ = other.table_;
        writer_ = other.writer_;
    }
    return *this;
}

SinkWriter::~SinkWriter() { close(); }

void SinkWriter::close() noexcept
{
    if (!core_)
        return;
    try {
        table_->close(writer_);
    } catch (...) { // R6
    }
    core_.reset();
}

bool SinkWriter::can_acquire() const noexcept { return JF_HAS_FN(jf_sink, table_, acquire); }

Result<Acquired> SinkWriter::acquire(CallFrame& frame, std::string_view source, std::string_view partition)
{
    if (!can_acquire())
        return core_->missing("acquire");
    Acquired out;
    std::string token;
    ByteWriter writer(token, token_limit);
    const jf_status status = frame.run("acquire", table_->acquire, writer_, frame.raw(), str_of(source), str_of(partition), &out.fence, writer.raw());
    if (status != JF_OK && status != JF_END)
        return core_->error(frame, status, "acquire");
    JF_TRY(core_->check(writer, "the token"));
    if (status == JF_OK)
        out.token = std::move(token);
    return out;
}

Status SinkWriter::release(CallFrame& frame, std::string_view source, std::string_view partition)
{
    if (!JF_HAS_FN(jf_sink, table_, release))
        return {};
    const jf_status status = frame.run("release", table_->release, writer_, frame.raw(), str_of(source), str_of(partition));
    return status == JF_OK ? Status() : core_->error(frame, status, "release");
}

Status SinkWriter::schema(CallFrame& frame, const ArrowSchema& schema)
{
    const jf_status status = frame.run("schema", table_->schema, writer_, frame.raw(), &schema);
    return status == JF_OK ? Status() : core_->error(frame, status, "schema");
}

Result<WriteOutcome> SinkWriter::write(CallFrame& frame, std::uint64_t number, OwnedArray batch)
{
    ArrowArray moved = batch.release(); // the plugin's now, whatever it returns
    const jf_status status = frame.run("write", table_->write, writer_, frame.raw(), number, &moved, frame.rejects());
    switch (status) {
    case JF_OK: return WriteOutcome::taken;
    case JF_REJECTED: return WriteOutcome::rejected;
    case JF_RESEND: return WriteOutcome::resend;
    default: return core_->error(frame, status, "write");
    }
}

Result<CommitOutcome> SinkWriter::commit(CallFrame& frame, const CommitRequest& request)
{
    const AbiCommit commit(request);
    const jf_status status = frame.run("commit", table_->commit, writer_, frame.raw(), commit.raw(), frame.rejects());
    switch (status) {
    case JF_OK: return CommitOutcome::committed;
    case JF_REJECTED: return CommitOutcome::rejected;
    case JF_RESEND: return CommitOutcome::resend;
    case JF_UNKNOWN: return CommitOutcome::unknown;
    default: return core_->error(frame, status, "commit");
    }
}

Result<Resolution> SinkWriter::resolve(CallFrame& frame, const CommitRequest& request)
{
    if (!JF_HAS_FN(jf_sink, table_, resolve))
        return core_->missing("resolve");
    const AbiCommit commit(request);
    const jf_status status = frame.run("resolve", table_->resolve, writer_, frame.raw(), commit.raw());
    switch (status) {
    case JF_LANDED: return Resolution::landed;
    case JF_ABSENT: return Resolution::absent;
    case JF_IN_PART: return Resolution::in_part;
    default: return core_->error(frame, status, "resolve");
    }
}

Status SinkWriter::abort(CallFrame& frame)
{
    const jf_status status = frame.run("abort", table_->abort, writer_, frame.raw());
    return status == JF_OK ? Status() : core_->error(frame, status, "abort");
}

Result<QueryStream> SinkWriter::query(CallFrame& frame, std::string_view sql, OwnedStream params)
{
    if (!JF_HAS_FN(jf_sink, table_, query))
        return core_->missing("query");
    ArrowArrayStream moved = params.release(); // the plugin's now, whatever it returns
    OwnedStream stream;
    const jf_status status = frame.run("query", table_->query, writer_, frame.raw(), str_of(sql), moved.release ? &moved : nullptr, stream.get());
    if (status != JF_OK)
        return core_->error(frame, status, "query");
    if (!stream)
        return core_->broken("query", "answered an empty stream");
    return QueryStream(core_, std::move(stream));
}

void SinkWriter::interrupt() const noexcept
{
    if (!core_)
        return;
    try {
        if (JF_HAS_FN(jf_sink, table_, interrupt))
            table_->interrupt(writer_);
        else
            core_->interrupt();
    } catch (...) { // R6
    }
}

} // namespace jackfield

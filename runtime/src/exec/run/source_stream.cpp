// SourceStream, and Arrow streams over what we have.
#include "exec/run/source_stream.hpp"

#include <jackfield/sdk/arrow/stream.hpp>

namespace jackfield::exec {

SourceStream::SourceStream(CallFrame& frame, SourceInstance source, std::vector<std::string> partitions)
    : frame_(&frame), source_(std::move(source)), partitions_(std::move(partitions))
{
}

Result<SourceStream> SourceStream::open(CallFrame& frame, SourceInstance source, const Description& description)
{
    std::vector<std::string> partitions{""};
    if (description.partitioning == JF_PARTITIONS_DYNAMIC || !description.can(JF_BOUNDED))
        return fail(JF_E_UNSUPPORTED, "this source has no end, so it cannot be read as a whole table");
    if (description.partitioning == JF_PARTITIONS_STATIC) {
        JF_ASSIGN(partitions, source.partitions(frame));
    }
    if (partitions.empty())
        return fail(JF_E_NOT_FOUND, "the source has nothing to read");
    SourceStream out(frame, std::move(source), std::move(partitions));
    JF_TRY(out.open_next());
    return out;
}

Status SourceStream::open_next()
{
    JF_ASSIGN(reader_, source_.open(*frame_, {{}, partitions_[at_++], {}, {}}));
    JF_ASSIGN(auto schema, reader_->schema(*frame_));
    if (!schema)
        return fail(JF_E_UNSUPPORTED, "the source does not know its schema");
    JF_ASSIGN(Schema imported, import_schema(**schema));
    if (at_ > 1 && !(imported == schema_))
        return fail(JF_E_DATA, "the columns of '" + partitions_[at_ - 1] + "' differ from those before; declare them with 'columns'");
    schema_ = std::move(imported);
    return {};
}

Result<OwnedArray> SourceStream::next(std::uint64_t max_rows)
{
    while (true) {
        JF_ASSIGN(const ReadOutcome outcome, reader_->next(*frame_, {max_rows, 8 << 20}, batch_));
        switch (outcome) {
        case ReadOutcome::batch: return std::move(batch_.array);
        case ReadOutcome::idle: continue;
        case ReadOutcome::end:
            if (at_ == partitions_.size())
                return OwnedArray();
            JF_TRY(open_next());
            continue;
        default: return fail(JF_E_UNSUPPORTED, "the columns of the source change while it is read; declare them with 'columns'");
        }
    }
}

Result<OwnedStream> source_as_stream(const Cancellation* cancellation, std::int64_t deadline_ns, SourceInstance source,
                                     const Description& description)
{
    auto frame = std::make_shared<CallFrame>(cancellation); // shared: std::function wants to be copyable
    frame->set_deadline(deadline_ns);
    JF_ASSIGN(auto opened, SourceStream::open(*frame, std::move(source), description));
    auto rows = std::make_shared<SourceStream>(std::move(opened));
    Schema schema = rows->schema();
    return make_stream(std::move(schema), [frame, rows] { return rows->next(); });
}

OwnedStream stream_of(Schema schema, std::vector<OwnedArray> batches)
{
    auto rest = std::make_shared<std::pair<std::vector<OwnedArray>, std::size_t>>(std::move(batches), 0);
    return make_stream(std::move(schema), [rest]() -> Result<OwnedArray> {
        return rest->second < rest->first.size() ? std::move(rest->first[rest->second++]) : OwnedArray();
    });
}

} // namespace jackfield::exec

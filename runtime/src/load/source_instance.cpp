// SourceInstance and SourceReader.
#include "load/source_instance.hpp"

#include "load/abi_scope.hpp"

#include <boost/json/parse.hpp>

namespace jackfield {

namespace {

constexpr std::size_t position_limit = std::size_t{64} << 10;
constexpr std::size_t name_limit = std::size_t{4} << 10;
constexpr std::size_t list_limit = std::size_t{64} << 20;

} // namespace

Result<SourceInstance> SourceInstance::make(const Factory& factory, CallFrame& frame, const InstanceOptions& options)
{
    JF_ASSIGN(auto core, InstanceCore::make(factory, frame, options));
    SourceInstance out(std::move(core));
    out.table_ = static_cast<const jf_source*>(factory.table()->table);
    return out;
}

Result<std::vector<std::string>> SourceInstance::partitions(CallFrame& frame) const
{
    if (!JF_HAS_FN(jf_source, table_, partitions))
        return core_->missing("partitions");
    std::string json;
    ByteWriter writer(json, list_limit);
    const jf_status status = frame.run("partitions", table_->partitions, core_->self(), frame.raw(), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "partitions");
    JF_TRY(core_->check(writer, "the list of partitions"));
    boost::system::error_code wrong;
    const boost::json::value parsed = boost::json::parse(json, wrong);
    if (wrong || !parsed.is_array())
        return core_->broken("partitions", "wrote no JSON array");
    std::vector<std::string> names;
    for (const auto& name : parsed.get_array()) {
        if (!name.is_string() || name.get_string().size() > name_limit)
            return core_->broken("partitions", "wrote a name that is no text of at most 4 KiB");
        names.emplace_back(name.get_string().data(), name.get_string().size());
    }
    return names;
}

Result<SourceReader> SourceInstance::open(CallFrame& frame, const ReadOptions& options) const
{
    const jf_scope scope = abi_scope(options.scope);
    const jf_read_request request{sizeof request, 0, &scope, str_of(options.partition), bytes_of(options.from), bytes_of(options.until)};
    void* reader = nullptr;
    const jf_status status = frame.run("open", table_->open, core_->self(), frame.raw(), &request, &reader);
    if (status != JF_OK)
        return core_->error(frame, status, "open");
    return SourceReader(core_, table_, reader);
}

SourceReader::SourceReader(std::shared_ptr<InstanceCore> core, const jf_source* table, void* reader)
    : core_(std::move(core)), table_(table), reader_(reader)
{
}

SourceReader::SourceReader(SourceReader&& other) noexcept
    : core_(std::move(other.core_)), table_(other.table_), reader_(other.reader_), columns_(other.columns_)
{
}

SourceReader& SourceReader::operator=(SourceReader&& other) noexcept
{
    if (this != &other) {
        close();
        core_ = std::move(other.core_);
        table_ = other.table_;
        reader_ = other.reader_;
        columns_ = other.columns_;
    }
    return *this;
}

SourceReader::~SourceReader() { close(); }

void SourceReader::close() noexcept
{
    if (!core_)
        return;
    try {
        table_->close(reader_);
    } catch (...) { // R6
    }
    core_.reset();
}

Result<std::optional<OwnedSchema>> SourceReader::schema(CallFrame& frame)
{
    OwnedSchema schema;
    const jf_status status = frame.run("schema", table_->schema, reader_, frame.raw(), schema.get());
    if (status == JF_IDLE)
        return std::optional<OwnedSchema>();
    if (status != JF_OK)
        return core_->error(frame, status, "schema");
    if (const char* wrong = wrong_struct(*schema))
        return core_->broken("schema", wrong);
    columns_ = schema->n_children;
    return std::optional<OwnedSchema>(std::move(schema));
}

Status SourceReader::check_batch(const ArrowArray& array) const
{
    if (const char* wrong = wrong_struct(array))
        return core_->broken("next", wrong);
    if (columns_ >= 0 && array.n_children != columns_)
        return core_->broken("next", "brought " + std::to_string(array.n_children) + " columns where schema() said " + std::to_string(columns_));
    return {};
}

Result<ReadOutcome> SourceReader::next(CallFrame& frame, const ReadLimits& limits, SourceBatch& out)
{
    const jf_limits bounds{sizeof bounds, 0, limits.max_rows, limits.max_bytes};
    ByteWriter partition(out.partition, name_limit);
    ByteWriter position(out.position, position_limit);
    jf_batch batch{};
    batch.struct_size = sizeof batch;
    batch.array = out.array.out();
    batch.partition = partition.raw();
    batch.position = position.raw();
    batch.rejects = frame.rejects();
    const jf_status status = frame.run("next", table_->next, reader_, frame.raw(), &bounds, &batch);
    out.watermark_state = batch.watermark_state <= JF_WATERMARK_END ? batch.watermark_state : JF_WATERMARK_NONE;
    out.watermark_us = batch.watermark_us;
    out.bytes = batch.bytes;
    out.total_bytes = batch.total_bytes;
    Status good = core_->check(position, "the position");
    if (good)
        good = core_->check(partition, "the name of a partition");
    if (good && status == JF_OK)
        good = check_batch(*out.array);
    if (good && status == JF_OK)
        return ReadOutcome::batch;
    out.array.reset();
    JF_TRY(std::move(good));
    switch (status) {
    case JF_IDLE: return ReadOutcome::idle;
    case JF_END: return ReadOutcome::end;
    case JF_SCHEMA: return ReadOutcome::schema;
    case JF_GIVEN: return ReadOutcome::given;
    case JF_ASKED_BACK: return ReadOutcome::asked_back;
    case JF_LOST: return ReadOutcome::lost;
    default: return core_->error(frame, status, "next");
    }
}

bool SourceReader::can_seek() const noexcept { return JF_HAS_FN(jf_source, table_, seek); }

Status SourceReader::seek(CallFrame& frame, std::string_view partition, std::string_view position, std::string_view until)
{
    if (!can_seek())
        return core_->missing("seek");
    const jf_status status = frame.run("seek", table_->seek, reader_, frame.raw(), str_of(partition), bytes_of(position), bytes_of(until));
    return status == JF_OK ? Status() : core_->error(frame, status, "seek");
}

Status SourceReader::give_back(CallFrame& frame, std::string_view partition)
{
    if (!JF_HAS_FN(jf_source, table_, give_back))
        return core_->missing("give_back");
    const jf_status status = frame.run("give_back", table_->give_back, reader_, frame.raw(), str_of(partition));
    return status == JF_OK ? Status() : core_->error(frame, status, "give_back");
}

Status SourceReader::record(CallFrame& frame, std::string_view partition, std::string_view position, std::string_view intent)
{
    if (!JF_HAS_FN(jf_source, table_, record))
        return core_->missing("record");
    const jf_status status = frame.run("record", table_->record, reader_, frame.raw(), str_of(partition), bytes_of(position), bytes_of(intent));
    return status == JF_OK ? Status() : core_->error(frame, status, "record");
}

Result<std::optional<RecordedPosition>> SourceReader::recorded(CallFrame& frame, std::string_view partition)
{
    if (!JF_HAS_FN(jf_source, table_, recorded))
        return std::optional<RecordedPosition>();
    RecordedPosition out;
    ByteWriter position(out.position, position_limit);
    ByteWriter intent(out.intent, position_limit);
    const jf_status status = frame.run("recorded", table_->recorded, reader_, frame.raw(), str_of(partition), position.raw(), intent.raw());
    if (status == JF_END)
        return std::optional<RecordedPosition>();
    if (status != JF_OK)
        return core_->error(frame, status, "recorded");
    JF_TRY(core_->check(position, "the recorded position"));
    JF_TRY(core_->check(intent, "the recorded intent"));
    return std::optional<RecordedPosition>(std::move(out));
}

Status SourceReader::ack(CallFrame& frame, std::string_view partition, std::string_view position)
{
    if (!JF_HAS_FN(jf_source, table_, ack))
        return {};
    const jf_status status = frame.run("ack", table_->ack, reader_, frame.raw(), str_of(partition), bytes_of(position));
    return status == JF_OK ? Status() : core_->error(frame, status, "ack");
}

Result<std::string> SourceReader::witness(CallFrame& frame)
{
    std::string bytes;
    if (!JF_HAS_FN(jf_source, table_, witness))
        return bytes;
    ByteWriter writer(bytes, position_limit);
    const jf_status status = frame.run("witness", table_->witness, reader_, frame.raw(), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "witness");
    JF_TRY(core_->check(writer, "the witness"));
    return bytes;
}

void SourceReader::interrupt() const noexcept
{
    if (!core_)
        return;
    try {
        if (JF_HAS_FN(jf_source, table_, interrupt))
            table_->interrupt(reader_);
        else
            core_->interrupt();
    } catch (...) { // R6
    }
}

} // namespace jackfield

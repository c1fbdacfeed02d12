// Reading: batches, events, the ends of epochs.
#include "exec/pipeline/lane.hpp"

#include <algorithm>

namespace jackfield::exec {
namespace {

constexpr std::uint64_t batch_rows = 65'536;
constexpr std::uint64_t batch_bytes = 4'194'304;
constexpr std::int64_t poll_ns = 100'000'000;
constexpr std::int64_t idle_ns = 5'000'000; // after a source that answers "nothing yet" at once
constexpr std::int64_t enough_rejects = 1000;

} // namespace

Lane::Lane(std::shared_ptr<Attempt> attempt, std::shared_ptr<Caller> caller, SourceInstance source, LaneOutput output,
           std::shared_ptr<Channel> into, std::vector<AssignedPartition> partitions)
    : attempt_(std::move(attempt)), caller_(std::move(caller)), source_(std::move(source)), output_(std::move(output)),
      into_(std::move(into)), partitions_(std::move(partitions)),
      rejects_(*attempt_, "source", attempt_->plan.source.component.place)
{
    // The partition of a record that cannot be read is known only when next() is back.
    caller_->set_rejects([this](const RejectedRecord& row) -> Status {
        RejectedRecord copy = row;
        refused_.push_back({copy, {std::string(row.place), std::string(row.column), std::string(row.code), std::string(row.message), std::string(row.record)}});
        return quarantine_of(attempt_->plan) || refused_.size() < attempt_->context.first_rejects ? Status() : fail(JF_E_DATA, "");
    });
}

Lane::~Lane()
{
    for (PendingAck& ack : acks_)
        close(ack.reader);
    close(reader_);
}

bool Lane::dynamic() const { return attempt_->plan.source.description.partitioning == JF_PARTITIONS_DYNAMIC; }

void Lane::run()
{
    if (auto done = dynamic() ? read_dynamic() : read_static(); !done)
        attempt_->fail(std::move(done).error());
}

Status Lane::push(Item item)
{
    Channel& channel = into_ ? *into_ : *output_.channel;
    const std::size_t lane = into_ ? 0 : output_.lane;
    for (;;) {
        const Channel::Pushed pushed = channel.push(lane, item, keep_alive_every);
        if (pushed == Channel::Pushed::yes)
            return {};
        if (pushed == Channel::Pushed::closed)
            return fail(JF_E_CANCELLED, "the attempt has ended");
        JF_TRY(keep_alive()); // the sink is slow: the membership must not be lost for that
    }
}

/// Asks a dynamic source for events and no rows.
Status Lane::keep_alive()
{
    if (!dynamic() || !reader_)
        return {};
    SourceBatch nothing;
    JF_ASSIGN(const ReadOutcome outcome, reader_->reader.next(caller_->poll(0), {0, 0}, nothing));
    if (outcome == ReadOutcome::lost)
        output_.clock->lose(output_.lane, nothing.partition); // at once: it must not be in the next commit
    if (outcome == ReadOutcome::given || outcome == ReadOutcome::asked_back || outcome == ReadOutcome::lost)
        events_.emplace_back(outcome, nothing.partition);
    return {};
}

void Lane::close(std::shared_ptr<OpenReader>& reader) noexcept
{
    caller_->close_with("close", [&reader] { reader.reset(); });
}

Status Lane::open_reader(const std::string& partition, const std::string& from, const std::string& until)
{
    close(reader_);
    JF_ASSIGN(SourceReader reader, source_.open(caller_->call(), {attempt_->scope(), partition, from, until}));
    open_partition_ = partition;
    reader_ = std::make_shared<OpenReader>(OpenReader{std::move(reader), {}});
    reader_->interrupt = attempt_->on_interrupt([raw = reader_.get()] { raw->reader.interrupt(); });
    return {};
}

Status Lane::on_schema()
{
    const int first = schema_ ? 0 : 1;
    attempt_->first_schemas += first;
    auto asked = reader_->reader.schema(caller_->call());
    attempt_->first_schemas -= first;
    JF_ASSIGN(auto schema, std::move(asked));
    if (!schema)
        return {}; // not known yet
    auto made = std::make_shared<const OwnedSchema>(*std::move(schema));
    if (schema_ && same_schema(**schema_, **made))
        return {};
    schema_ = std::move(made);
    Item item;
    item.kind = Item::Kind::schema;
    item.schema = schema_;
    return push(std::move(item));
}

Status Lane::read_static()
{
    for (const AssignedPartition& partition : partitions_) {
        Item item;
        item.kind = Item::Kind::restore;
        item.partition = partition.name;
        item.states = partition.start.states;
        if (into_)
            JF_TRY(push(std::move(item)));
    }
    for (const AssignedPartition& partition : partitions_) {
        if (stopping())
            break;
        JF_TRY(read_partition(partition));
    }
    JF_TRY(end_epoch(stopping() ? Barrier::Kind::stop : Barrier::Kind::final));
    return wait_for(sent_);
}

Status Lane::read_partition(const AssignedPartition& partition)
{
    StartPoint start = partition.start;
    if (attempt_->plan.sink.token == TokenPlace::source) {
        JF_TRY(open_reader(partition.name, "", ""));
        JF_TRY(start_from_record(partition.name, start));
    }
    JF_TRY(open_reader(partition.name, start.from, start.until));
    progress_[partition.name] = {start.from, start.from, start.until, false};
    JF_TRY(on_schema());
    JF_ASSIGN(Turn turn, pump());
    if (turn == Turn::ended && !start.until.empty()) {
        JF_TRY(end_replay(partition.name));
        JF_TRY(open_reader(partition.name, start.until, ""));
        JF_TRY(on_schema());
        JF_ASSIGN(turn, pump());
    }
    if (turn == Turn::ended && into_) {
        Item end;
        end.partition = partition.name;
        end.watermark_state = JF_WATERMARK_END;
        JF_TRY(push(std::move(end)));
    }
    if (attempt_->plan.sink.token == TokenPlace::source && turn == Turn::ended) {
        JF_TRY(end_epoch(Barrier::Kind::epoch)); // while the reader that keeps this position is open
        JF_TRY(wait_for(sent_));
        JF_TRY(record_ends());
        progress_.erase(partition.name);
    }
    return {};
}

/// The replayed range is an epoch of its own.
Status Lane::end_replay(const std::string& partition)
{
    Progress& progress = progress_[partition];
    progress.at = progress.until;
    progress.moved = true;
    JF_TRY(end_epoch(Barrier::Kind::epoch));
    progress_[partition].until.clear();
    return wait_for(sent_);
}

/// Reads the open reader to its end.
Result<Lane::Turn> Lane::pump()
{
    for (;;) {
        JF_ASSIGN(const Turn now, turn());
        if (now == Turn::ended || now == Turn::stopped)
            return now;
    }
}

Result<Lane::Turn> Lane::turn()
{
    if (stopping())
        return Turn::stopped;
    JF_TRY(acknowledge());
    const EpochClock& clock = *output_.clock;
    if ((clock.requested() > sent_ || clock.time_is_up(sent_ + 1)) && !replaying())
        JF_TRY(end_epoch(Barrier::Kind::epoch));
    const ReadLimits limits{std::min(batch_rows, clock.rows_left()), batch_bytes};
    batch_.partition.clear();
    attempt_->at_point("read", ++reads_);
    auto outcome = reader_->reader.next(caller_->poll(poll_ns), limits, batch_);
    JF_TRY(name_partition());
    JF_TRY(push_rejects(batch_.partition));
    if (!outcome)
        return std::move(outcome).error();
    switch (*outcome) {
    case ReadOutcome::batch: JF_TRY(on_batch()); return Turn::more;
    case ReadOutcome::schema: JF_TRY(on_schema()); return Turn::more;
    case ReadOutcome::end: return Turn::ended;
    case ReadOutcome::idle: (void)attempt_->cancellation.sleep_until(monotonic_ns() + idle_ns); return Turn::idle;
    default: JF_TRY(on_event(*outcome, std::string(batch_.partition))); return Turn::more;
    }
}

/// A reader that was opened on one partition need not repeat its name with each batch, and must not say another.
Status Lane::name_partition()
{
    if (dynamic())
        return {};
    if (batch_.partition.empty())
        batch_.partition = open_partition_;
    if (batch_.partition != open_partition_)
        return fail(JF_E_FAILED, "the source was opened on partition '" + open_partition_ + "' and says '" + batch_.partition +
                                     "'; report it to the vendor of the plugin", attempt_->plan.source.component.place);
    return {};
}

Status Lane::on_batch()
{
    PipelineControl& control = *attempt_->context.control;
    const auto rows = static_cast<std::uint64_t>(batch_.array->length);
    control.rows_read.fetch_add(rows, std::memory_order_relaxed);
    control.bytes_read.fetch_add(batch_.bytes, std::memory_order_relaxed);
    if (batch_.total_bytes != 0 && totals_[batch_.partition] != batch_.total_bytes) {
        control.bytes_total.fetch_add(batch_.total_bytes - totals_[batch_.partition], std::memory_order_relaxed);
        totals_[batch_.partition] = batch_.total_bytes;
    }
    const auto place = progress_.find(batch_.partition);
    if (place == progress_.end())
        return {}; // of a partition that is not ours any more
    if (!schema_)
        JF_TRY(on_schema());
    place->second.at = batch_.position;
    place->second.moved = true;
    const std::string partition = batch_.partition;
    Item item;
    item.partition = partition;
    item.schema = schema_;
    item.bytes = schema_ ? bytes_of(**schema_, *batch_.array) : 0;
    item.watermark_state = batch_.watermark_state;
    item.watermark_us = batch_.watermark_us;
    const std::uint64_t bytes = item.bytes;
    if (rows > 0) {
        attempt_->has_read = true;
        item.array = std::move(batch_.array);
    }
    if (item.array || item.watermark_state != JF_WATERMARK_NONE)
        JF_TRY(push(std::move(item)));
    const bool full = output_.clock->add(sent_ + 1, rows, bytes);
    if (progress_.count(partition) && !progress_[partition].until.empty() && dynamic() && progress_[partition].at == progress_[partition].until) {
        JF_TRY(end_replay(partition));
        return reader_->reader.seek(caller_->call(), partition, progress_[partition].at, "");
    }
    return full && !replaying() ? end_epoch(Barrier::Kind::epoch) : Status();
}

Status Lane::push_rejects(const std::string& partition)
{
    for (auto& [row, texts] : refused_) {
        row.place = texts[0];
        row.column = texts[1];
        row.code = texts[2];
        row.message = texts[3];
        row.record = texts[4];
        if (auto done = rejects_.add(partition, row, texts[4]); !done)
            break;
    }
    refused_.clear();
    JF_TRY(rejects_.settle());
    if (rejects_.waiting() < enough_rejects)
        return {};
    return end_rejects();
}

bool Lane::replaying() const
{
    return std::any_of(progress_.begin(), progress_.end(), [](const auto& one) { return !one.second.until.empty(); });
}

/// In the middle of a range that was recorded: it is written whole or not at all.
bool Lane::in_recorded_range(const Progress& progress) const
{
    return attempt_->plan.sink.record_intent && !progress.until.empty() && progress.at != progress.until;
}

/// The ends of all partitions that moved, in band: every batch before it belongs to the epoch, none after it.
Status Lane::end_epoch(Barrier::Kind kind, std::vector<Handover> then)
{
    JF_TRY(end_rejects());
    auto barrier = std::make_unique<Barrier>();
    barrier->kind = kind;
    barrier->then = std::move(then);
    for (auto& [partition, progress] : progress_)
        if (progress.moved && !in_recorded_range(progress))
            barrier->ends[partition] = {progress.from, progress.at};
    if (reader_ && !barrier->ends.empty()) {
        JF_ASSIGN(barrier->witness, reader_->reader.witness(caller_->call()));
    }
    if (attempt_->plan.sink.token == TokenPlace::source)
        JF_TRY(record_ranges(*barrier));
    ++sent_;
    for (auto& [partition, progress] : progress_) {
        if (!progress.moved || in_recorded_range(progress))
            continue;
        acks_.push_back({sent_, reader_, partition, progress.at});
        progress.from = progress.at;
        progress.moved = false;
    }
    Item item;
    item.kind = Item::Kind::barrier;
    item.barrier = std::move(barrier);
    JF_TRY(push(std::move(item)));
    output_.clock->request(sent_);
    return {};
}

/// Waits for a commit, keeping the membership alive.
Status Lane::wait_for(std::uint64_t barrier)
{
    while (!output_.clock->wait_committed(barrier, keep_alive_every)) {
        if (attempt_->failed())
            return fail(JF_E_CANCELLED, "the attempt has ended");
        JF_TRY(keep_alive());
    }
    return acknowledge();
}

/// Tells the source what is durable downstream. It may be skipped, so a failure is only a warning.
Status Lane::acknowledge()
{
    while (!acks_.empty() && acks_.front().barrier <= output_.clock->committed()) {
        PendingAck ack = std::move(acks_.front());
        acks_.pop_front();
        const bool newer = std::any_of(acks_.begin(), acks_.end(), [&](const PendingAck& next) {
            return next.partition == ack.partition && next.barrier <= output_.clock->committed();
        });
        const bool ours = !dynamic() || progress_.count(ack.partition) != 0;
        if (!newer && ours) {
            if (auto done = ack.reader->reader.ack(caller_->call(), ack.partition, ack.position); !done)
                attempt_->warn("the source was not told what is committed: " + done.error().message);
            attempt_->at_point("acked", ack.barrier);
        }
        close(ack.reader); // closes it if this was the last use
    }
    return {};
}

} // namespace jackfield::exec

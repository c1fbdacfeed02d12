// Partitions that come and go, and positions that the source keeps.
#include "exec/pipeline/lane.hpp"
#include "exec/pipeline/token.hpp"

namespace jackfield::exec {

Status Lane::end_rejects()
{
    if (rejects_.waiting() == 0)
        return {};
    JF_ASSIGN(auto batches, rejects_.take());
    for (auto& [partition, rows] : batches) {
        Item item;
        item.output = *quarantine_of(attempt_->plan);
        item.partition = partition;
        JF_ASSIGN(item.schema, shared_quarantine_schema());
        item.bytes = bytes_of(**item.schema, *rows);
        item.array = std::move(rows);
        JF_TRY(push(std::move(item)));
    }
    return {};
}

Status Lane::read_dynamic()
{
    JF_TRY(open_reader("", "", ""));
    JF_TRY(on_schema());
    for (;;) {
        JF_TRY(work_off_events());
        JF_ASSIGN(const Turn now, turn());
        if (now == Turn::ended || now == Turn::stopped) {
            JF_TRY(end_epoch(now == Turn::stopped ? Barrier::Kind::stop : Barrier::Kind::final));
            JF_TRY(wait_for(sent_));
            return record_ends();
        }
    }
}

Status Lane::work_off_events()
{
    while (!events_.empty()) {
        const auto [event, partition] = std::move(events_.front());
        events_.pop_front();
        JF_TRY(on_event(event, partition));
    }
    return {};
}

Status Lane::on_event(ReadOutcome event, const std::string& partition)
{
    switch (event) {
    case ReadOutcome::given: return on_given(partition);
    case ReadOutcome::asked_back: return on_asked_back(partition);
    case ReadOutcome::lost: return on_lost(partition);
    default: return {};
    }
}

/// Taken over between two epochs: a fence cannot be raised while rows of an open transaction wait.
Status Lane::on_given(const std::string& partition)
{
    Handover handover{true, partition, std::make_shared<Reply<Result<StartPoint>>>()};
    const auto reply = handover.reply;
    JF_TRY(end_epoch(Barrier::Kind::epoch, {std::move(handover)}));
    std::optional<Result<StartPoint>> answer;
    while (!(answer = reply->wait(std::chrono::nanoseconds(keep_alive_every)))) {
        if (attempt_->failed())
            return fail(JF_E_CANCELLED, "the attempt has ended");
        JF_TRY(keep_alive());
    }
    for (const auto& [event, name] : events_)
        if (event == ReadOutcome::lost && name == partition)
            return {}; // gone before it began; the event is worked off in its turn
    JF_ASSIGN(StartPoint start, *std::move(answer));
    JF_TRY(start_from_record(partition, start));
    if (into_) {
        Item item;
        item.kind = Item::Kind::restore;
        item.partition = partition;
        item.states = start.states;
        JF_TRY(push(std::move(item)));
    }
    progress_[partition] = {start.from, start.from, start.until, false};
    return reader_->reader.seek(caller_->call(), partition, start.from, start.until);
}

Status Lane::on_asked_back(const std::string& partition)
{
    if (progress_.count(partition) == 0)
        return reader_->reader.give_back(caller_->call(), partition);
    JF_TRY(end_epoch(Barrier::Kind::epoch, {Handover{false, partition, nullptr}}));
    JF_TRY(wait_for(sent_));
    JF_TRY(record_ends());
    progress_.erase(partition);
    for (const auto& [event, name] : events_)
        if (event == ReadOutcome::lost && name == partition)
            return {}; // it was taken meanwhile
    return reader_->reader.give_back(caller_->call(), partition);
}

/// Nothing of it may be committed from now on, also not what is on its way.
Status Lane::on_lost(const std::string& partition)
{
    output_.clock->lose(output_.lane, partition);
    progress_.erase(partition);
    Item item;
    item.kind = Item::Kind::lost;
    item.partition = partition;
    return push(std::move(item));
}

/// Where the source keeps the progress: what it has, and the range that was recorded before a crash.
Status Lane::start_from_record(const std::string& partition, StartPoint& start)
{
    if (attempt_->plan.sink.token != TokenPlace::source)
        return {};
    JF_ASSIGN(const auto recorded, reader_->reader.recorded(caller_->call(), partition));
    if (!recorded)
        return {};
    start.from = recorded->position;
    attempt_->continued = true;
    if (recorded->intent.empty())
        return {};
    JF_ASSIGN(const Token intent, decode_token(recorded->intent));
    if (intent.digest != attempt_->plan.digest)
        return fail(JF_E_CONFIG, "what this task reads is not what was read when its progress was recorded; forget it with 'jackfield reset "
                                     + attempt_->context.flow + " " + attempt_->context.task + "'",
                    attempt_->plan.source.component.place);
    start.until = intent.position;
    return {};
}

/// Where the source keeps the progress: the range of the epoch, before it is written. What was recorded before must have
/// landed, since this takes its place.
Status Lane::record_ranges(const Barrier& barrier)
{
    if (barrier.ends.empty())
        return {};
    JF_TRY(wait_for(sent_));
    for (const auto& [partition, end] : barrier.ends) {
        std::string intent;
        if (attempt_->plan.sink.record_intent) {
            Token token;
            token.epoch = sent_ + 1;
            token.digest = attempt_->plan.digest;
            token.position = end.until;
            intent = encode(token);
        }
        JF_TRY(reader_->reader.record(caller_->call(), partition, end.from, intent));
    }
    return {};
}

/// Where the source keeps the progress: everything is committed, and no range is on its way.
Status Lane::record_ends()
{
    if (attempt_->plan.sink.token != TokenPlace::source || !reader_)
        return {};
    for (const auto& [partition, progress] : progress_)
        if (!in_recorded_range(progress))
            JF_TRY(reader_->reader.record(caller_->call(), partition, progress.at, ""));
    return {};
}

} // namespace jackfield::exec

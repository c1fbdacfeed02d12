// Batches and barriers as they come in; the commit is in group_commit.cpp, the start in group_start.cpp.
#include "exec/pipeline/group_writer.hpp"

#include <algorithm>

namespace jackfield::exec {
namespace {

constexpr std::size_t default_queue_items = 8;
constexpr std::uint64_t queue_bytes = 33'554'432;
constexpr std::int64_t wait_ns = 200'000'000;

} // namespace

GroupWriter::GroupWriter(std::shared_ptr<Attempt> attempt, std::shared_ptr<Caller> caller, std::uint32_t group,
                         std::uint32_t groups, std::size_t lanes)
    : channel(std::make_shared<Channel>(*attempt, lanes, attempt->plan.limits.queue.value_or(default_queue_items), queue_bytes)),
      clock(std::make_shared<EpochClock>(*attempt, attempt->plan.limits, attempt->plan.one_epoch)), attempt_(std::move(attempt)),
      plan_(attempt_->plan), caller_(std::move(caller)), group_(group), groups_(groups), lanes_(lanes)
{
}

void GroupWriter::run()
{
    const auto running = [this] {
        return std::any_of(lanes_.begin(), lanes_.end(), [](const LaneState& lane) { return !lane.ended; });
    };
    while (running() && !attempt_->failed()) {
        auto popped = channel->pop(wait_ns);
        if (!popped)
            continue;
        if (auto done = handle(popped->lane, std::move(popped->item)); !done)
            attempt_->fail(std::move(done).error());
    }
    if (!attempt_->failed())
        return;
    main_->abort();
    for (const auto& side : sides_)
        side->abort();
}

Status GroupWriter::handle(std::size_t lane, Item item)
{
    switch (item.kind) {
    case Item::Kind::schema:
        if (item.output != Item::main_output)
            return sides_[item.output]->schema(item.schema);
        return main_->schema(item.schema);
    case Item::Kind::batch: return item.output == Item::main_output ? on_batch(lane, std::move(item)) : on_side_batch(lane, item);
    case Item::Kind::barrier: return on_barrier(lane, std::move(*item.barrier));
    case Item::Kind::lost: return on_lost(lane, item.partition);
    case Item::Kind::query: on_query(*item.query); return {};
    case Item::Kind::restore: return {}; // was for the steps
    }
    return {};
}

Status GroupWriter::on_batch(std::size_t lane, Item item)
{
    if (!item.array)
        return {};
    if (records()) {
        if (item.array->length > 0)
            waiting_[{lane, item.partition}].push_back({std::move(item.array), item.schema, item.bytes});
        return {};
    }
    JF_TRY(main_->add(lane, item.partition, std::move(item.array), item.schema, item.bytes));
    return move_refused();
}

Status GroupWriter::on_side_batch(std::size_t lane, Item& item)
{
    if (!item.array || side_has(item.output, {lane, item.partition}))
        return {};
    return sides_[item.output]->add(lane, item.partition, std::move(item.array), item.schema, item.bytes);
}

/// Rows that the sinks refused go into the quarantine of the same epoch. Those of the quarantine itself fail the task.
Status GroupWriter::move_refused()
{
    const auto quarantine = quarantine_of(plan_);
    if (!quarantine)
        return {};
    const auto move = [&](Rejects& rejects) -> Status {
        if (rejects.waiting() == 0)
            return {};
        JF_ASSIGN(auto batches, rejects.take());
        for (auto& [partition, rows] : batches) {
            const auto owner = std::find_if(partitions_.begin(), partitions_.end(),
                                            [&, &name = partition](const auto& known) { return known.first.second == name; });
            const std::size_t lane = owner == partitions_.end() ? 0 : owner->first.first;
            if (!side_has(*quarantine, {lane, partition}))
                JF_TRY(sides_[*quarantine]->add(lane, partition, std::move(rows), quarantine_schema_, 0));
        }
        return {};
    };
    JF_TRY(move(main_->rejects()));
    for (std::size_t i = 0; i < sides_.size(); ++i)
        if (i != *quarantine)
            JF_TRY(move(sides_[i]->rejects()));
    return {};
}

Status GroupWriter::on_barrier(std::size_t lane, Barrier barrier)
{
    LaneState& state = lanes_[lane];
    state.waits = true;
    state.ended = barrier.kind != Barrier::Kind::epoch;
    state.stopped = barrier.kind == Barrier::Kind::stop;
    channel->hold(lane);
    for (auto& [partition, end] : barrier.ends) {
        const auto [place, added] = ends_.try_emplace({lane, partition}, end);
        if (!added)
            place->second.until = std::move(end.until);
    }
    state.states = std::move(barrier.states);
    for (Handover& handover : barrier.then)
        handovers_.emplace_back(lane, std::move(handover));
    if (!barrier.witness.empty())
        witness_ = std::move(barrier.witness);

    const auto at_end = [](const LaneState& one) { return one.waits || one.ended; };
    if (!std::all_of(lanes_.begin(), lanes_.end(), at_end))
        return {};
    const bool all_ended = std::all_of(lanes_.begin(), lanes_.end(), [](const LaneState& one) { return one.ended; });
    const bool any_stopped = std::any_of(lanes_.begin(), lanes_.end(), [](const LaneState& one) { return one.stopped; });
    return end_epoch(all_ended && !any_stopped);
}

Status GroupWriter::end_epoch(bool final)
{
    attempt_->at_point("barrier", barriers_ + 1);
    if (final) {
        wait_for_other_groups();
        final = !attempt_->stopped;
    }
    JF_TRY(forget_lost());
    states_.clear();
    for (const LaneState& lane : lanes_) // of lanes that have ended too: their tokens are written again
        states_.insert(states_.end(), lane.states.begin(), lane.states.end());
    JF_TRY(records() ? commit_recorded(final) : commit_together(final));
    for (const auto& [lane, handover] : handovers_)
        JF_TRY(hand_over(lane, handover));
    handovers_.clear();
    for (LaneState& lane : lanes_)
        lane.waits = false;
    clock->committed({++barriers_, epoch_rows_, final});
    epoch_rows_ = 0;
    channel->release_all();
    const bool ended = std::all_of(lanes_.begin(), lanes_.end(), [](const LaneState& one) { return one.ended; });
    if (ended && !final)
        attempt_->stopped = true;
    if (ended && --attempt_->groups_open == 0)
        attempt_->finished = !attempt_->stopped;
    return {};
}

/// The first writer makes its final commit last, so that whoever sees it sees everything.
void GroupWriter::wait_for_other_groups()
{
    while (group_ == 0 && attempt_->groups_open > 1 && !attempt_->failed())
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

Status GroupWriter::hand_over(std::size_t lane, const Handover& handover)
{
    if (handover.acquire) {
        auto start = acquire(lane, handover.partition);
        if (!start)
            return std::move(start).error(); // fails the attempt, which wakes the lane
        handover.reply->give(std::move(start));
        return {};
    }
    partitions_.erase({lane, handover.partition});
    JF_TRY(main_->release(handover.partition));
    for (const auto& side : sides_)
        JF_TRY(side->release(handover.partition));
    return {};
}

/// Whether the side sink has what the main one lacks of this partition, for the part of the epoch that is being written.
bool GroupWriter::side_has(std::size_t side, const Key& key) const
{
    const auto place = partitions_.find(key);
    if (place == partitions_.end())
        return false;
    const SideProgress& progress = place->second.sides[side];
    return progress.ahead && part_ + 1 <= progress.token.part;
}

Status GroupWriter::on_lost(std::size_t lane, const std::string& partition)
{
    const Key key{lane, partition};
    ends_.erase(key);
    waiting_.erase(key);
    partitions_.erase(key);
    JF_TRY(main_->drop(lane, partition));
    for (const auto& side : sides_)
        JF_TRY(side->drop(lane, partition));
    clock->forget(lane, partition);
    return {};
}

/// What was lost while its items were in the queue must not be committed with them.
Status GroupWriter::forget_lost()
{
    for (const auto& [lane, partition] : clock->lost()) {
        const Key key{lane, partition};
        ends_.erase(key);
        waiting_.erase(key);
        partitions_.erase(key);
        JF_TRY(main_->drop(lane, partition));
        for (const auto& side : sides_)
            JF_TRY(side->drop(lane, partition));
    }
    return {};
}

namespace {

/// A stream that tells when it is released; until then the writer stays where it is.
struct WatchedStream {
    OwnedStream inner;
    std::shared_ptr<EpochQuery> query; // shared with the two threads that talk through it
};

WatchedStream& watched(ArrowArrayStream* stream) { return *static_cast<WatchedStream*>(stream->private_data); }

OwnedStream watch_release(OwnedStream inner, std::shared_ptr<EpochQuery> query)
{
    ArrowArrayStream out{};
    out.private_data = new WatchedStream{std::move(inner), std::move(query)};
    out.get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) { return watched(self).inner->get_schema(watched(self).inner.get(), schema); };
    out.get_next = [](ArrowArrayStream* self, ArrowArray* array) { return watched(self).inner->get_next(watched(self).inner.get(), array); };
    out.get_last_error = [](ArrowArrayStream* self) { return watched(self).inner->get_last_error(watched(self).inner.get()); };
    out.release = [](ArrowArrayStream* self) {
        std::unique_ptr<WatchedStream> parts(&watched(self));
        parts->inner.reset();
        parts->query->released.give(true);
        self->release = nullptr;
    };
    return OwnedStream(out);
}

} // namespace

void GroupWriter::on_query(EpochQuery& query)
{
    auto stream = main_->query(query.sql, std::move(query.params));
    if (!stream) {
        query.answer.give(Result<OwnedStream>(std::move(stream).error()));
        return;
    }
    query.answer.give(Result<OwnedStream>(watch_release(std::move(*stream).release(), query.shared_from_this())));
    while (!attempt_->failed() && !query.released.wait(std::chrono::milliseconds(20))) {
    }
}

} // namespace jackfield::exec

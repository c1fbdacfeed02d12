// Where to go on: tokens of the main and the side sinks, recorded intents, states of steps.
#include "exec/pipeline/group_writer.hpp"

#include <algorithm>

namespace jackfield::exec {

Status GroupWriter::open(const PipelineSinks& sinks, bool fresh)
{
    JF_ASSIGN(quarantine_schema_, shared_quarantine_schema());
    if (!main_) {
        main_ = std::make_unique<SinkPort>(*attempt_, *caller_, plan_.sink, sinks.main, false);
        for (std::size_t i = 0; i < sinks.sides.size(); ++i)
            sides_.push_back(std::make_unique<SinkPort>(*attempt_, *caller_, plan_.side_sinks[i], sinks.sides[i], true));
    }
    JF_TRY(main_->open(fresh, group_, groups_));
    for (std::size_t i = 0; i < sides_.size(); ++i) {
        JF_TRY(sides_[i]->open(fresh, group_, groups_));
        if (plan_.side_sinks[i].name == "quarantine")
            JF_TRY(sides_[i]->schema(quarantine_schema_));
    }
    return {};
}

store::ProgressKey GroupWriter::store_key(const std::string& partition) const
{
    return {attempt_->store_scope(), "", partition};
}

Status GroupWriter::check_digest(const Token& token) const
{
    if (token.digest == plan_.digest)
        return {};
    const PipelineContext& context = attempt_->context;
    return fail(JF_E_CONFIG,
                "what task '" + context.task + "' reads is not what was read when its progress was stored, so it cannot go on from there; "
                "forget the progress with 'jackfield reset " + context.flow + " " + context.task
                    + "', or load everything again with 'jackfield run --full-refresh'",
                plan_.source.component.place);
}

Status GroupWriter::acquire_main(Partition& partition, const std::string& name)
{
    std::optional<std::string> bytes;
    if (plan_.sink.token == TokenPlace::sink) {
        JF_ASSIGN(Acquired acquired, main_->acquire(name));
        partition.fence = acquired.fence;
        bytes = std::move(acquired.token);
    } else if (plan_.sink.token == TokenPlace::state_store) {
        if (!attempt_->context.store)
            return fail(JF_E_CONFIG, "the progress of this task is kept in the state store, but there is none; run with one");
        JF_ASSIGN(store::Progress progress, attempt_->context.store->acquire_progress(store_key(name), attempt_->context.owner));
        partition.fence = progress.fence;
        bytes = std::move(progress.token);
        if (!progress.intent.empty() && records()) {
            JF_ASSIGN(partition.intent, decode_token(progress.intent));
            JF_TRY(check_digest(*partition.intent));
        }
    }
    if (!bytes)
        return {};
    JF_ASSIGN(partition.token, decode_token(*bytes));
    JF_TRY(check_digest(*partition.token));
    found_token_ = true;
    attempt_->continued = true;
    epoch_ = std::max(epoch_, partition.token->epoch);
    return {};
}

Status GroupWriter::acquire_sides(Partition& partition, const std::string& name)
{
    const std::uint64_t main_epoch = partition.token ? partition.token->epoch : 0;
    for (const auto& side : sides_) {
        SideProgress& progress = partition.sides.emplace_back();
        if (!side->keeps_tokens())
            continue;
        JF_ASSIGN(const Acquired acquired, side->acquire(name));
        progress.fence = acquired.fence;
        if (!acquired.token)
            continue;
        JF_ASSIGN(progress.token, decode_token(*acquired.token));
        JF_TRY(check_digest(progress.token));
        found_token_ = true;
        progress.ahead = progress.token.epoch > main_epoch && plan_.source.description.can(JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL);
        if (progress.token.epoch > main_epoch && !progress.ahead)
            attempt_->warn("some rows of '" + attempt_->context.task + "' may be twice in a side sink: the source cannot repeat a range exactly");
    }
    return {};
}

/// A recorded range whose commit was not heard of: did it land?
Result<bool> GroupWriter::intent_landed(const Partition& partition, const std::string& name)
{
    if (!plan_.sink.sink.description.can(JF_CAN_RESOLVE))
        return false;
    CommitOut commit;
    commit.epoch = partition.intent->epoch;
    commit.intent = range_name(attempt_->scope(), name, partition.token ? partition.token->position : std::string(), partition.intent->position);
    JF_ASSIGN(const Resolution resolution, main_->resolve(commit));
    return resolution == Resolution::landed;
}

Result<std::vector<StepState>> GroupWriter::states_at(const Token& token, const std::string& partition) const
{
    std::vector<StepState> out;
    if (token.state == 0)
        return out;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
        const std::uint32_t scope = plan_.steps[i].description.state_scope;
        if (scope == JF_STATE_ROW)
            continue;
        const std::string name = std::to_string(i);
        const std::string owner = scope == JF_STATE_FLOW ? std::string() : partition;
        if (!attempt_->context.store)
            return fail(JF_E_CONFIG, "a step of this task keeps state, but there is no state store; run with one");
        JF_ASSIGN(auto found, attempt_->context.store->snapshot(attempt_->store_scope(), name, owner, token.state));
        if (!found)
            return fail(JF_E_STATE, "the state of this step after epoch " + std::to_string(token.state)
                                        + " is not in the state store any more; load everything again with 'jackfield run --full-refresh'",
                        plan_.steps[i].component.place);
        out.push_back({name, owner, std::move(found->state)});
    }
    return out;
}

Result<StartPoint> GroupWriter::acquire(std::size_t lane, const std::string& name)
{
    Partition partition;
    JF_TRY(acquire_main(partition, name));
    JF_TRY(acquire_sides(partition, name));
    if (partition.intent) {
        JF_ASSIGN(const bool landed, intent_landed(partition, name));
        if (landed) {
            JF_TRY(attempt_->context.store->commit_progress({{store_key(name), partition.fence, encode(*partition.intent), plan_.digest, {}}},
                                                            store::Commit::synced));
            partition.token = std::exchange(partition.intent, std::nullopt);
        }
    }
    StartPoint start;
    if (partition.token) {
        start.from = partition.token->position;
        JF_ASSIGN(start.states, states_at(*partition.token, name));
        epoch_ = std::max(epoch_, partition.token->epoch);
    }
    if (partition.intent) {
        start.until = partition.intent->position;
    } else {
        std::uint64_t furthest = 0;
        for (const SideProgress& side : partition.sides)
            if (side.ahead && side.token.epoch > furthest) {
                furthest = side.token.epoch;
                start.until = side.token.position;
            }
        if (furthest > 0)
            epoch_ = std::max(epoch_, furthest - 1);
    }
    partitions_.insert_or_assign({lane, name}, std::move(partition));
    return start;
}

bool GroupWriter::all_final() const
{
    return !partitions_.empty()
        && std::all_of(partitions_.begin(), partitions_.end(), [](const auto& one) { return one.second.token && one.second.token->final; });
}

} // namespace jackfield::exec

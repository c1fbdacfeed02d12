// The one commit point: states, intents, side sinks, the main sink, the store.
#include "exec/pipeline/group_writer.hpp"

#include <algorithm>

namespace jackfield::exec {

/// The token of a partition at a position. While it is replayed for a side sink it stays below that sink's number, so
/// that a crash in the middle of the range is seen as such.
Token GroupWriter::token_of(const Partition& partition, const std::string& until, bool final) const
{
    Token out;
    out.epoch = epoch_ + 1;
    out.final = final;
    out.digest = plan_.digest;
    out.position = until;
    out.state = states_.empty() ? 0 : epoch_ + 1;
    for (const SideProgress& side : partition.sides)
        if (side.ahead && until != side.token.position && side.token.epoch > 0)
            out.epoch = std::min(out.epoch, side.token.epoch - 1);
    return out;
}

/// Of the partitions that moved; of all at the end, and where steps keep state, whose snapshots are all of this epoch.
std::vector<std::pair<GroupWriter::Key, Token>> GroupWriter::tokens_of_epoch(bool final) const
{
    std::vector<std::pair<Key, Token>> out;
    for (const auto& [key, partition] : partitions_) {
        const auto end = ends_.find(key);
        if (end == ends_.end() && !final && states_.empty())
            continue;
        const std::string& until = end != ends_.end() ? end->second.until : partition.token ? partition.token->position : std::string();
        out.emplace_back(key, token_of(partition, until, final));
    }
    return out;
}

Status GroupWriter::store_states(std::uint64_t epoch)
{
    if (states_.empty())
        return {};
    if (!attempt_->context.store)
        return fail(JF_E_CONFIG, "a step of this task keeps state, but there is no state store; run with one");
    for (const StepState& state : states_)
        JF_TRY(attempt_->context.store->put_snapshot({attempt_->store_scope(), state.step, state.partition, epoch, state.bytes},
                                                     attempt_->context.run, attempt_->context.run_fence));
    return {};
}

Status GroupWriter::commit_together(bool final)
{
    bool side_rows = false;
    for (const auto& side : sides_)
        side_rows = side_rows || side->dirty();
    if (!final && ends_.empty() && !main_->dirty() && !side_rows)
        return {};
    if (final && gate)
        JF_TRY(gate(*this));
    JF_TRY(store_states(epoch_ + 1));
    attempt_->at_point("log", epoch_ + 1);
    const auto tokens = tokens_of_epoch(final);
    CommitOut commit;
    commit.epoch = epoch_ + 1;
    commit.final = final;
    commit.witness = witness_;
    if (plan_.sink.token == TokenPlace::sink)
        for (const auto& [key, token] : tokens)
            commit.tokens.push_back({key.second, encode(token), partitions_.at(key).fence});
    JF_TRY(commit_main(commit));
    if (plan_.sink.token == TokenPlace::sink)
        for (std::size_t i = 0; i < tokens.size(); ++i)
            partitions_.at(tokens[i].first).fence = commit.tokens[i].fence;
    if (plan_.sink.token == TokenPlace::state_store)
        JF_TRY(keep_in_store(tokens));
    ++epoch_;
    for (const auto& [key, token] : tokens)
        note_committed(key, token);
    ends_.clear();
    part_ = 0;
    if (!states_.empty() && groups_ == 1 && plan_.source.description.partitioning != JF_PARTITIONS_DYNAMIC)
        JF_TRY(attempt_->context.store->drop_snapshots(attempt_->store_scope(), epoch_));
    return {};
}

/// Sides first, then the main sink, until nothing is refused any more.
Status GroupWriter::commit_main(CommitOut& commit)
{
    const std::uint64_t epoch = commit.epoch;
    for (;;) {
        JF_TRY(commit_sides(commit.final));
        attempt_->at_point("commit", epoch);
        const std::uint64_t rows = main_->rows();
        JF_ASSIGN(const SinkPort::Ended ended, main_->try_commit(commit));
        JF_TRY(move_refused());
        if (ended == SinkPort::Ended::again)
            continue;
        epoch_rows_ += rows;
        attempt_->context.control->rows_committed.fetch_add(rows, std::memory_order_relaxed);
        attempt_->context.control->epochs.fetch_add(1, std::memory_order_relaxed);
        attempt_->at_point("committed", epoch);
        // Rows that a sink refuses in the very commit that it makes are known only now.
        return commit_sides(false);
    }
}

Status GroupWriter::commit_sides(bool final)
{
    // The quarantine is the first of them and goes last: it may get rows that the others refuse.
    for (std::size_t i = sides_.size(); i-- > 0;) {
        if (!sides_[i]->dirty() && !(final && part_ == 0))
            continue;
        JF_TRY(commit_side(i, final && part_ == 0));
    }
    ++part_; // also where nothing was written, so that a replay counts the same
    return {};
}

Status GroupWriter::commit_side(std::size_t side, bool final)
{
    CommitOut commit;
    commit.epoch = (epoch_ + 1) * 256 + part_; // grows within the writer, also with the parts of an epoch
    commit.final = final;
    std::vector<std::pair<Key, Token>> tokens;
    bool finished = final && !partitions_.empty();
    for (auto& [key, token] : tokens_of_epoch(final)) {
        const SideProgress& progress = partitions_.at(key).sides[side];
        finished = finished && progress.ahead && progress.token.final;
        if (side_has(side, key))
            continue;
        token.epoch = std::max(epoch_ + 1, progress.token.epoch);
        token.part = part_ + 1;
        tokens.emplace_back(key, token);
        if (sides_[side]->keeps_tokens())
            commit.tokens.push_back({key.second, encode(token), progress.fence});
    }
    if (finished && !sides_[side]->dirty())
        return {}; // an earlier attempt made its final commit
    attempt_->at_point("side_commit", epoch_ + 1);
    for (;;) {
        JF_ASSIGN(const SinkPort::Ended ended, sides_[side]->try_commit(commit));
        JF_TRY(move_refused());
        if (ended == SinkPort::Ended::committed)
            break;
    }
    for (std::size_t i = 0; i < commit.tokens.size(); ++i)
        partitions_.at(tokens[i].first).sides[side].fence = commit.tokens[i].fence;
    attempt_->at_point("side_committed", epoch_ + 1);
    return {};
}

void GroupWriter::note_committed(const Key& key, Token token)
{
    Partition& partition = partitions_.at(key);
    for (SideProgress& side : partition.sides)
        if (side.ahead && side.token.position == token.position)
            side.ahead = false;
    partition.token = std::move(token);
    partition.intent.reset();
}

Status GroupWriter::keep_in_store(const std::vector<std::pair<Key, Token>>& tokens)
{
    std::vector<store::ProgressCommit> commits;
    for (const auto& [key, token] : tokens)
        commits.push_back({store_key(key.second), partitions_.at(key).fence, encode(token), plan_.digest, std::nullopt});
    return commits.empty() ? Status() : attempt_->context.store->commit_progress(std::move(commits), store::Commit::synced);
}

/// One commit for each partition, whose range is recorded before a row of it is written.
Status GroupWriter::commit_recorded(bool final)
{
    JF_TRY(store_states(epoch_ + 1));
    std::vector<Key> ready;
    for (const auto& [key, end] : ends_) {
        const auto& intent = partitions_.at(key).intent;
        if (!intent || intent->position == end.until)
            ready.push_back(key); // else the recorded range is not complete yet
    }
    for (const Key& key : ready)
        JF_TRY(commit_range(key, false));
    if (!final)
        return {};
    CommitOut commit;
    commit.epoch = ++epoch_;
    commit.final = true;
    commit.witness = witness_;
    JF_TRY(commit_main(commit));
    std::vector<std::pair<Key, Token>> tokens;
    for (const auto& [key, partition] : partitions_)
        tokens.emplace_back(key, token_of(partition, partition.token ? partition.token->position : std::string(), true));
    part_ = 0;
    return plan_.sink.token == TokenPlace::state_store ? keep_in_store(tokens) : Status();
}

Status GroupWriter::commit_range(const Key& key, bool final)
{
    Partition& partition = partitions_.at(key);
    const Barrier::End end = ends_.at(key);
    const Token token = partition.intent ? *partition.intent : token_of(partition, end.until, final);
    if (plan_.sink.token == TokenPlace::state_store && !partition.intent) {
        JF_TRY(attempt_->context.store->record_intent(store_key(key.second), partition.fence, encode(token)));
        partition.intent = token;
    }
    attempt_->at_point("log", token.epoch);
    const std::string from = partition.token ? partition.token->position : end.from;
    for (Waiting& batch : waiting_[key]) {
        JF_TRY(main_->add(key.first, key.second, std::move(batch.array), batch.schema, batch.bytes));
        JF_TRY(move_refused());
    }
    waiting_.erase(key);
    CommitOut commit;
    commit.epoch = epoch_ + 1;
    commit.witness = witness_;
    commit.intent = range_name(attempt_->scope(), key.second, from, end.until);
    JF_TRY(commit_main(commit));
    if (plan_.sink.token == TokenPlace::state_store)
        JF_TRY(keep_in_store({{key, token}}));
    epoch_ = std::max(epoch_ + 1, token.epoch);
    note_committed(key, token);
    ends_.erase(key);
    part_ = 0;
    return {};
}

} // namespace jackfield::exec

// Writing, sending again, committing.
#include "exec/pipeline/sink_port.hpp"

#include <jackfield/sdk/arrow/schema.hpp>

#include <algorithm>

namespace jackfield::exec {

SinkPort::SinkPort(Attempt& attempt, Caller& caller, const SinkPlan& plan, SinkInstance instance, bool side)
    : attempt_(attempt), caller_(caller), plan_(plan), side_(side), instance_(std::move(instance)),
      rejects_(attempt, "sink", plan.sink.component.place, plan.name != "quarantine"),
      handler_([this](const RejectedRecord& row) { return on_reject(row); })
{
}

SinkPort::~SinkPort()
{
    interrupt_.reset();
    if (writer_)
        caller_.close_with("close", [this] { writer_.reset(); });
}

Status SinkPort::open(bool fresh, std::uint32_t lane, std::uint32_t lanes)
{
    interrupt_.reset();
    if (writer_)
        caller_.close_with("close", [this] { writer_.reset(); });
    told_ = nullptr;
    const WriteOptions options{attempt_.scope(), attempt_.context.owner, fresh, lane, lanes};
    JF_ASSIGN(SinkWriter writer, instance_.open(caller_.call(), options));
    writer_.emplace(std::move(writer));
    interrupt_ = attempt_.on_interrupt([this] { writer_->interrupt(); });
    return {};
}

Result<Acquired> SinkPort::acquire(std::string_view partition) { return writer_->acquire(caller_.call(), "", partition); }

Status SinkPort::release(std::string_view partition)
{
    return keeps_tokens() ? writer_->release(caller_.call(), "", partition) : Status();
}

Status SinkPort::tell_schema(const SharedSchema& schema)
{
    if (told_ == schema || (told_ && same_schema(**told_, **schema)))
        return {};
    JF_TRY(writer_->schema(caller_.call(), **schema));
    told_ = schema;
    return {};
}

Status SinkPort::schema(const SharedSchema& schema) { return tell_schema(schema); }

Status SinkPort::on_reject(const RejectedRecord& row)
{
    ++refusals_;
    const std::uint64_t index = row.write - first_number_; // wraps where it is no write that is still known
    if (row.row < 0 || index >= numbers_.size() || row.row >= numbers_[index].count)
        return rejects_.add(entries_.empty() ? "" : entries_.back().partition, row, row.record);
    const Number& number = numbers_[index];
    Entry& entry = entries_[number.entry];
    const std::int64_t at = number.first + row.row;
    const auto place = std::lower_bound(entry.refused.begin(), entry.refused.end(), at);
    if (place != entry.refused.end() && *place == at)
        return {}; // said twice
    entry.refused.insert(place, at);
    if (rows_ > 0)
        --rows_;
    return rejects_.add(entry.partition, row, row.record.empty() ? record_of(entry, at) : std::string(row.record));
}

/// The row as JSON, for quarantine.
std::string SinkPort::record_of(const Entry& entry, std::int64_t row)
{
    if (!entry.array || plan_.name == "quarantine")
        return {};
    if (json_schema_ != entry.schema) {
        auto schema = import_schema(**entry.schema);
        if (!schema)
            return {};
        json_ = std::make_unique<JsonRows>(*schema);
        json_schema_ = entry.schema;
    }
    json_->bind(*entry.array);
    return json_->text(row);
}

Status SinkPort::add(std::size_t lane, std::string_view partition, OwnedArray batch, const SharedSchema& schema, std::uint64_t bytes)
{
    if (batch->length == 0)
        return {};
    rows_ += static_cast<std::uint64_t>(batch->length);
    if (!side_)
        attempt_.context.control->rows_written.fetch_add(static_cast<std::uint64_t>(batch->length), std::memory_order_relaxed);
    entries_.push_back({lane, std::string(partition), SharedArray(std::move(batch)), schema, bytes, {}});
    kept_bytes_ += bytes;
    dirty_ = true;
    JF_ASSIGN(const Sent sent, send(entries_.size() - 1));
    if (sent == Sent::again)
        JF_TRY(send_all_again());
    keep_within_limit();
    return {};
}

void SinkPort::keep_within_limit()
{
    if (kept_bytes_ <= attempt_.context.keep_bytes && !too_large_)
        return;
    too_large_ = true;
    kept_bytes_ = 0;
    entries_.clear();
    first_number_ += numbers_.size();
    numbers_.clear();
}

/// Writes the rows of an entry that were not refused.
Result<SinkPort::Sent> SinkPort::send(std::size_t index)
{
    JF_TRY(tell_schema(entries_[index].schema));
    std::int64_t first = 0;
    const std::int64_t length = entries_[index].array->length;
    const std::vector<std::int64_t> refused = entries_[index].refused; // a copy: sending adds to it
    for (const std::int64_t gap : refused) {
        if (gap > first) {
            JF_ASSIGN(const Sent sent, send_rows(index, first, gap - first));
            if (sent == Sent::again)
                return sent;
        }
        first = gap + 1;
    }
    return first < length ? send_rows(index, first, length - first) : Result<Sent>(Sent::yes);
}

Result<SinkPort::Sent> SinkPort::send_rows(std::size_t index, std::int64_t first, std::int64_t count)
{
    const Entry& entry = entries_[index];
    const bool whole = first == 0 && count == entry.array->length;
    const std::uint64_t number = first_number_ + numbers_.size();
    numbers_.push_back({index, first, count});
    CallFrame& frame = caller_.call();
    frame.set_rejects(handler_);
    auto outcome = writer_->write(frame, number, whole ? entry.array.share() : entry.array.slice(first, count));
    JF_TRY(rejects_.settle());
    if (!outcome)
        return std::move(outcome).error();
    if (!side_)
        attempt_.at_point("write", ++written_);
    return *outcome == WriteOutcome::resend ? Sent::again : Sent::yes;
}

/// Drops the open epoch in the sink and writes it anew without what was refused.
Status SinkPort::send_all_again()
{
    for (;;) {
        const std::uint64_t before = refusals_;
        if (too_large_)
            return fail(JF_E_UNAVAILABLE,
                        "the sink wants the epoch again, but it is larger than what is kept for that; set 'limits.epoch' to fewer rows or bytes",
                        plan_.sink.component.place);
        JF_TRY(writer_->abort(caller_.call()));
        numbers_.clear();
        first_number_ = 0;
        bool again = false;
        for (std::size_t i = 0; i < entries_.size() && !again; ++i) {
            JF_ASSIGN(const Sent sent, send(i));
            again = sent == Sent::again;
        }
        if (!again)
            return {};
        if (refusals_ == before)
            return fail(JF_E_FAILED, "the sink wants the epoch again without naming a row that it refuses; report it to its vendor",
                        plan_.sink.component.place);
    }
}

Status SinkPort::drop(std::size_t lane, std::string_view partition)
{
    const std::size_t before = entries_.size();
    std::uint64_t rows = 0;
    const auto gone = [&](const Entry& entry) {
        const bool out = entry.lane == lane && entry.partition == partition;
        rows += out && entry.array ? static_cast<std::uint64_t>(entry.array->length) - entry.refused.size() : 0;
        return out;
    };
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(), gone), entries_.end());
    rows_ -= std::min(rows, rows_);
    return entries_.size() == before && !too_large_ ? Status() : send_all_again();
}

void SinkPort::forget_epoch()
{
    entries_.clear();
    numbers_.clear();
    first_number_ = kept_bytes_ = rows_ = 0;
    too_large_ = dirty_ = false;
}

void SinkPort::abort()
{
    if (!writer_)
        return;
    if (auto done = writer_->abort(caller_.closing()); !done)
        attempt_.log(JF_LOG_WARN, "the open epoch could not be dropped: " + done.error().message);
    forget_epoch();
}

namespace {

/// The request over the tokens of `commit`; valid as long as both arguments.
CommitRequest request_of(const CommitOut& commit, std::vector<CommitToken>& tokens)
{
    for (const TokenOut& token : commit.tokens)
        tokens.push_back({"", token.partition, token.bytes, token.fence});
    return {commit.epoch, commit.final, tokens, commit.intent, commit.witness};
}

} // namespace

Result<SinkPort::Ended> SinkPort::try_commit(CommitOut& commit)
{
    std::vector<CommitToken> tokens;
    const CommitRequest request = request_of(commit, tokens);
    CallFrame& frame = caller_.call();
    frame.set_rejects(handler_);
    auto outcome = writer_->commit(frame, request);
    if (auto refused = rejects_.settle(); !refused) {
        abort();
        return std::move(refused).error();
    }
    if (!outcome) {
        abort();
        return std::move(outcome).error();
    }
    switch (*outcome) {
    case CommitOutcome::unknown: return settle_unknown(commit);
    case CommitOutcome::resend: JF_TRY(send_all_again()); return Ended::again;
    case CommitOutcome::committed:
    case CommitOutcome::rejected: break;
    }
    forget_epoch();
    return Ended::committed;
}

/// Whether a commit landed whose answer was lost.
Result<SinkPort::Ended> SinkPort::settle_unknown(CommitOut& commit)
{
    auto resolution = resolve(commit);
    bool landed = resolution && *resolution == Resolution::landed;
    if (!resolution && resolution.error().kind == JF_E_UNSUPPORTED && keeps_tokens() && !commit.tokens.empty()) {
        JF_ASSIGN(landed, landed_by_token(commit));
    } else if (!resolution) {
        return std::move(resolution).error();
    }
    if (landed) {
        forget_epoch();
        return Ended::committed;
    }
    JF_TRY(send_all_again());
    return Ended::again;
}

/// Taking the partitions over again waits for the commit in doubt and shows whether its tokens are there.
Result<bool> SinkPort::landed_by_token(CommitOut& commit)
{
    bool landed = true;
    for (TokenOut& token : commit.tokens) {
        JF_ASSIGN(const Acquired acquired, acquire(token.partition));
        token.fence = acquired.fence;
        landed = landed && acquired.token == token.bytes;
    }
    return landed;
}

Result<Resolution> SinkPort::resolve(const CommitOut& commit)
{
    std::vector<CommitToken> tokens;
    return writer_->resolve(caller_.call(), request_of(commit, tokens));
}

Result<QueryStream> SinkPort::query(std::string_view sql, OwnedStream params)
{
    return writer_->query(caller_.call(), sql, std::move(params));
}

} // namespace jackfield::exec

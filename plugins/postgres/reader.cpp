// SelectReader: filling batches.
#include "reader.hpp"

#include "quote.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

constexpr std::int64_t most_rows = 65536;
constexpr std::size_t most_bytes = std::size_t(64) << 20; // of a batch, whatever the host allows
constexpr std::int64_t most_alike = 1'000'000;            // rows that one batch may grow by
constexpr std::int64_t rows_between_looks = 256;          // at the size of the batch

} // namespace

Keys SelectReader::last_keys() const
{
    Keys out;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const Cell cell = decoder_->last(places_[i]);
        out.push_back({order_[i].type.oid, std::string(cell.data, static_cast<std::size_t>(std::max(cell.size, 0)))});
    }
    return out;
}

bool SelectReader::like_last() const
{
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const Cell cell = rows_->pending(places_[i]);
        if (cell.size < 0 || !same_key(order_[i], last_[i].bytes, {cell.data, static_cast<std::size_t>(cell.size)}))
            return false;
    }
    return true;
}

Result<SelectReader::Fill> SelectReader::fill(const sdk::Call& call, const sdk::Limits& limits)
{
    const auto most = static_cast<std::int64_t>(std::min<std::uint64_t>(limits.max_rows, most_rows));
    const std::size_t bytes = limits.max_bytes ? std::min<std::size_t>(limits.max_bytes, most_bytes) : most_bytes;
    const Patience patience(call);
    while (!closing_ && decoder_->rows() < most) {
        if (decoder_->rows() % rows_between_looks == 0 && decoder_->rows() > 0 && decoder_->bytes() >= bytes)
            break;
        JF_ASSIGN(const RowStream::Ready ready, rows_->ready(patience));
        if (ready == RowStream::Ready::late)
            return Fill::waits;
        if (ready == RowStream::Ready::end)
            return Fill::ended;
        JF_TRY(rows_->take(*decoder_));
    }
    return close_group(call);
}

/// Rows with equal keys go into one batch: a position between them could not be gone on from.
Result<SelectReader::Fill> SelectReader::close_group(const sdk::Call& call)
{
    if (places_.empty() || unique_)
        return Fill::full;
    if (!closing_)
        last_ = last_keys();
    closing_ = true;
    for (const std::int64_t before = decoder_->rows();;) {
        JF_ASSIGN(const RowStream::Ready ready, rows_->ready(Patience(call)));
        if (ready == RowStream::Ready::late)
            return Fill::waits;
        if (ready == RowStream::Ready::end)
            return Fill::ended;
        if (!like_last())
            return Fill::full;
        if (decoder_->rows() - before >= most_alike)
            return fail(JF_E_DATA, "more than a million rows are alike in " + quote_list(rules_.order) + "; add a unique column to 'key'", "key");
        JF_TRY(rows_->take(*decoder_));
    }
}

Result<sdk::Next> SelectReader::next(const sdk::Call& call, const sdk::Limits& limits, sdk::BatchOut& out)
{
    if (limits.max_rows == 0)
        return sdk::Next::idle;
    for (;;) {
        Fill filled = Fill::ended;
        if (!ended_) {
            JF_ASSIGN(filled, fill(call, limits));
        }
        if (filled == Fill::waits && (decoder_->rows() == 0 || !places_.empty()))
            return sdk::Next::idle; // rows in order wait for the rest of their batch: there may be more like the last one
        ended_ = filled == Fill::ended;
        if (decoder_->rows() > 0)
            break;
        if (!rules_.by_transaction() || from_.high >= (has_until_ ? until_.high : horizon_))
            return sdk::Next::end;
        next_range();
        JF_TRY(begin_rows(call));
    }
    closing_ = false;
    if (rules_.by_transaction() && !ended_) { // only the last batch of a range may say that it is done
        JF_ASSIGN(const RowStream::Ready ready, rows_->ready(Patience(call)));
        if (ready == RowStream::Ready::late) {
            closing_ = true;
            return sdk::Next::idle;
        }
        ended_ = ready == RowStream::Ready::end;
    }
    Place place{from_.low, from_.high, {}};
    const bool range_done = rules_.by_transaction() && ended_ && !cut_short();
    if (!places_.empty() && !range_done)
        place.keys = last_keys();
    out.bytes = decoder_->bytes();
    const std::int64_t rows = decoder_->rows();
    JF_ASSIGN(out.array, decoder_->finish());
    delivered_ += rows;
    out.position = places_.empty() ? sdk::Position::of(delivered_) : sdk::Position{place.encode(rules_.by_transaction())};
    return sdk::Next::batch;
}

} // namespace jackfield::postgres

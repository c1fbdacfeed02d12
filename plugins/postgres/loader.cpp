// Loader.
#include "loader.hpp"

#include <algorithm>
#include <charconv>

namespace jackfield::postgres {
namespace {

constexpr std::size_t chunk_bytes = std::size_t(256) << 10;
constexpr std::size_t segment_limit = std::size_t(48) << 20;

/// "COPY t, line 3, column b: …" somewhere in a CONTEXT, of the table named.
std::string_view after_line_word(std::string_view context, const std::string& relation)
{
    const std::string head = "COPY " + relation + ", line ";
    for (std::size_t at = 0; at < context.size();) {
        if (context.substr(at).starts_with(head))
            return context.substr(at + head.size());
        const std::size_t end = context.find('\n', at);
        at = end == std::string_view::npos ? context.size() : end + 1;
    }
    return {};
}

/// Whether one of its rows may be at fault.
bool about_rows(const Error& error) { return error.kind == JF_E_DATA; }

} // namespace

Loader::Loader(CopyColumns columns, std::unique_ptr<RowEncoder> encoder, CopyTarget target) : encoder_(std::move(encoder)), target_(std::move(target))
{
    std::vector<std::string> names;
    for (const Field& field : columns.schema.fields)
        names.push_back(field.name);
    if (!target_.order.empty())
        names.push_back(target_.order);
    copy_ = "COPY " + target_.table + " (" + quote_list(names) + ") FROM STDIN (" + std::string(encoder_->format()) + ")";
}

Status Loader::start(Session& session, const Patience& patience)
{
    if (copying_)
        return {};
    const std::string save = std::string("SAVEPOINT ") + savepoint + "; ";
    const std::string fresh = saved_ ? "RELEASE " + save + save : save; // RELEASE SAVEPOINT x; SAVEPOINT x;
    JF_TRY(session.copy_in(patience, fresh + copy_));
    saved_ = copying_ = true;
    out_.clear();
    const std::string_view head = encoder_->head();
    out_.append(head.data(), head.size());
    return {};
}

Status Loader::flush(Session& session, const Patience& patience)
{
    sent_bytes_ += out_.size();
    segment_bytes_ += out_.size();
    auto sent = session.copy_data(patience, out_.as<char>(), out_.size());
    out_.clear();
    return sent;
}

/// Encodes and sends rows until a block has faults; of that block nothing is sent. Answers up to where rows were looked at.
/// Requires: start(), bind().
Result<std::int64_t> Loader::send(Session& session, const Patience& patience, const Piece& piece, Faults& faults)
{
    std::int64_t from = piece.first, looked = from;
    for (const std::int64_t end = piece.first + piece.count; from < end;) {
        const std::int64_t count = std::min(rows_at_once_, end - from);
        const std::size_t before = out_.size();
        encoder_->encode(from, count, out_, faults);
        looked = from + count;
        if (!faults.empty())
            break;
        from = looked;
        const std::size_t made = out_.size() - before;
        if (made > chunk_bytes && rows_at_once_ > 1)
            rows_at_once_ /= 2;
        else if (made < chunk_bytes / 4 && rows_at_once_ < 4 * ColumnEncoder::block_rows)
            rows_at_once_ *= 2;
        if (out_.size() >= chunk_bytes)
            JF_TRY(flush(session, patience));
    }
    if (from == piece.first)
        return looked;
    if (!target_.order.empty())
        placed_.push_back({order_, piece.number, piece.first});
    order_ += from - piece.first;
    segment_rows_ += from - piece.first;
    pieces_.push_back({piece.number, piece.batch, piece.first, from - piece.first});
    return looked;
}

/// Sends [from, to), of which the faulty rows are reported. Answers how many these were.
Result<std::uint64_t> Loader::send_around(Session& session, const Patience& patience, const Piece& piece, Faults& faults, const sdk::Rejects& rejects)
{
    std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) { return a.row < b.row; });
    std::uint64_t refused = 0;
    std::int64_t from = piece.first;
    Faults none;
    for (const Fault& fault : faults) {
        if (fault.row < from)
            continue; // a row is reported once
        if (fault.row > from)
            JF_TRY(send(session, patience, {piece.number, piece.batch, from, fault.row - from}, none));
        const std::string& column = encoder_->columns().schema[fault.column].name;
        JF_TRY(rejects.add({.message = "the value of '" + column + "' " + fault.message, .column = column, .code = "value", .write = piece.number, .row = fault.row}));
        ++refused;
        from = fault.row + 1;
    }
    if (const std::int64_t end = piece.first + piece.count; from < end)
        JF_TRY(send(session, patience, {piece.number, piece.batch, from, end - from}, none));
    return refused;
}

Result<std::uint64_t> Loader::add(Session& session, const Patience& patience, std::uint64_t number, const SharedArray& batch, std::int64_t first,
    std::int64_t count, const sdk::Rejects& rejects)
{
    std::uint64_t refused = 0;
    encoder_->bind(*batch);
    encoder_->order_from(target_.order.empty() ? -1 : order_);
    for (std::int64_t from = first; from < first + count;) {
        JF_TRY(start(session, patience));
        Faults faults;
        const std::int64_t before = segment_rows_;
        JF_ASSIGN(const std::int64_t looked, send(session, patience, {number, batch, from, first + count - from}, faults));
        from += segment_rows_ - before;
        if (!faults.empty()) {
            JF_ASSIGN(const auto bad, send_around(session, patience, {number, batch, from, looked - from}, faults, rejects));
            refused += bad;
        }
        from = looked;
    }
    if (segment_bytes_ + out_.size() < segment_limit)
        return refused;
    JF_ASSIGN(const auto more, finish(session, patience, rejects));
    return refused + more;
}

/// Ends the COPY and asks for what the server has put off.
Status Loader::end(Session& session, const Patience& patience)
{
    const std::string_view tail = encoder_->tail();
    out_.append(tail.data(), tail.size());
    copying_ = false;
    JF_TRY(flush(session, patience));
    JF_ASSIGN(const std::uint64_t taken, session.copy_done(patience));
    (void)taken; // a trigger may leave rows out
    return target_.constraints_later ? session.execute(patience, "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED") : Status();
}

/// What a failed COPY says about its rows; the transaction is back at the savepoint. An error: it says nothing about them.
Result<Loader::Refusal> Loader::judge(Session& session, Error error) const
{
    if (!about_rows(error) || !session.failed_transaction())
        return error;
    Refusal out{std::move(error), 0, session.failed_column()};
    std::string_view rest = after_line_word(session.failed_context(), target_.relation);
    const auto [end, bad] = std::from_chars(rest.data(), rest.data() + rest.size(), out.line);
    if (bad != std::errc())
        out.line = 0;
    rest.remove_prefix(rest.empty() ? 0 : static_cast<std::size_t>(end - rest.data()));
    constexpr std::string_view word = ", column ";
    if (out.column.empty() && rest.starts_with(word))
        for (const Field& field : encoder_->columns().schema.fields)
            if (rest.substr(word.size()).starts_with(field.name) && field.name.size() > out.column.size())
                out.column = field.name;
    return out;
}

Result<std::uint64_t> Loader::finish(Session& session, const Patience& patience, const sdk::Rejects& rejects)
{
    if (!copying_)
        return std::uint64_t(0);
    const Status done = end(session, patience);
    if (done) {
        rows_ += segment_rows_;
        forget_segment();
        return std::uint64_t(0);
    }
    JF_ASSIGN(Refusal refusal, judge(session, done.error()));
    JF_TRY(session.execute(patience, std::string("ROLLBACK TO SAVEPOINT ") + savepoint));
    return narrow(session, patience, std::move(refusal), rejects);
}

/// Copies rows [first, first + count) of those that wait, in a savepoint. nullopt: they stand.
Result<std::optional<Loader::Refusal>> Loader::try_range(Session& session, const Patience& patience, Range range)
{
    JF_TRY(start(session, patience));
    std::int64_t at = 0;
    for (const Piece& piece : pieces_) {
        const std::int64_t from = std::max(range.first, at), to = std::min(range.first + range.count, at + piece.count);
        if (from < to) {
            encoder_->bind(*piece.batch);
            const std::int64_t first = piece.first + (from - at);
            if (!target_.order.empty()) {
                encoder_->order_from(order_);
                placed_.push_back({order_, piece.number, first});
                order_ += to - from;
            }
            Faults none; // these were encoded before
            for (std::int64_t row = first; row < first + (to - from); row += rows_at_once_) {
                encoder_->encode(row, std::min(rows_at_once_, first + (to - from) - row), out_, none);
                if (out_.size() >= chunk_bytes)
                    JF_TRY(flush(session, patience));
            }
        }
        at += piece.count;
    }
    const Status done = end(session, patience);
    if (done)
        return std::optional<Refusal>();
    JF_ASSIGN(Refusal refusal, judge(session, done.error()));
    JF_TRY(session.execute(patience, std::string("ROLLBACK TO SAVEPOINT ") + savepoint));
    return std::optional<Refusal>(std::move(refusal));
}

/// Loads what waits but for the rows at fault, which are reported. Where many are bad, less is tried at once.
Result<std::uint64_t> Loader::narrow(Session& session, const Patience& patience, Refusal refusal, const sdk::Rejects& rejects)
{
    if (segment_rows_ == 0)
        return std::move(refusal.error); // whatever it is about, it is no row
    std::uint64_t refused = 0;
    std::int64_t most = segment_rows_;
    std::deque<Range> work{{0, segment_rows_}};
    std::optional<Refusal> failed = std::move(refusal); // of the first range
    while (!work.empty()) {
        Range range = work.front();
        work.pop_front();
        if (!failed && range.count > most) {
            work.push_front({range.first + most, range.count - most});
            range.count = most;
        }
        if (!failed) {
            JF_ASSIGN(failed, try_range(session, patience, range));
        }
        if (!failed) {
            rows_ += range.count;
            most = std::min(segment_rows_, most * 2);
            continue;
        }
        const Refusal found = *std::exchange(failed, std::nullopt);
        const std::int64_t at = found.line > 0 && found.line <= range.count ? found.line - 1 : range.count == 1 ? 0 : -1;
        if (at < 0) { // halves
            const std::int64_t half = range.count / 2;
            work.push_front({range.first + half, range.count - half});
            work.push_front({range.first, half});
            continue;
        }
        JF_TRY(refuse(range.first + at, found, rejects));
        ++refused;
        most = std::min(most, std::max<std::int64_t>(at * 2, 16));
        if (range.count - at > 1)
            work.push_front({range.first + at + 1, range.count - at - 1});
        if (at > 0)
            work.push_front({range.first, at});
    }
    forget_segment();
    return refused;
}

Status Loader::refuse(std::int64_t at, const Refusal& refusal, const sdk::Rejects& rejects)
{
    for (const Piece& piece : pieces_) {
        if (at < piece.count)
            return rejects.add({.message = refusal.error.message, .column = refusal.column, .code = refusal.error.code, .write = piece.number, .row = piece.first + at});
        at -= piece.count;
    }
    return fail(JF_E_FAILED, "the server names a row that was not sent: " + refusal.error.message);
}

void Loader::forget_segment()
{
    pieces_.clear();
    segment_rows_ = 0;
    segment_bytes_ = 0;
}

void Loader::clear()
{
    forget_segment();
    copying_ = saved_ = false;
    out_.clear();
    settled();
}

void Loader::settled()
{
    sent_bytes_ = 0;
    rows_ = 0;
    order_ = 0;
    placed_.clear();
    saved_ = false;
}

std::pair<std::uint64_t, std::int64_t> Loader::locate(std::int64_t at) const
{
    const auto behind = std::upper_bound(placed_.begin(), placed_.end(), at, [](std::int64_t order, const Placed& placed) { return order < placed.order; });
    const Placed& found = *std::prev(behind);
    return {found.number, found.first + (at - found.order)};
}

} // namespace jackfield::postgres

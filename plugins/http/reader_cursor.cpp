// What is new in a batch: rows that no earlier run delivered, told by the cursor's value and, where values are equal, by a
// digest of the row.
#include "reader.hpp"

#include <algorithm>

namespace jackfield::http {
namespace {

/// Digests of rows: of their text as NDJSON.
[[nodiscard]] Result<std::vector<std::uint64_t>> digests_of(const Schema& schema, const BatchView& batch, const std::vector<RowRun>& runs)
{
    std::vector<std::uint64_t> out;
    BatchBuilder builder(schema);
    JF_ASSIGN(const OwnedArray rows, copy_rows(builder, batch, runs));
    JF_ASSIGN(const auto encoder, files::make_encoder(files::Format::ndjson, schema, {}));
    Buffer text;
    encoder->rows(*rows, true, text);
    std::string_view left(text.as<char>(), text.size());
    while (!left.empty()) {
        const std::size_t end = std::min(left.find('\n'), left.size());
        out.push_back(files::digest_of(left.substr(0, end)));
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    return out;
}

void add_row(std::vector<RowRun>& runs, std::int64_t row)
{
    if (!runs.empty() && runs.back().first + runs.back().count == row)
        ++runs.back().count;
    else
        runs.push_back({row, 1});
}

} // namespace

/// Of the rows whose value alone does not decide, now or in a later run; 0 for all others.
Result<std::vector<std::uint64_t>> HttpReader::digests(const BatchView& batch, const std::vector<CursorValue>& values, const std::vector<bool>& there)
{
    const CursorValue* greatest = seen_.top ? &*seen_.top : nullptr;
    for (std::size_t row = 0; row < values.size(); ++row)
        if (there[row] && (!greatest || values[row].compare(*greatest) > 0))
            greatest = &values[row];
    std::vector<RowRun> runs;
    std::vector<std::size_t> rows;
    const auto equals = [](const CursorValue& value, const std::optional<CursorValue>& other) { return other && value.compare(*other) == 0; };
    for (std::size_t row = 0; row < values.size(); ++row)
        if (there[row] && (values[row].compare(*greatest) == 0 || equals(values[row], base_.top) || (until_ && equals(values[row], until_->base.top)))) {
            add_row(runs, static_cast<std::int64_t>(row));
            rows.push_back(row);
        }
    std::vector<std::uint64_t> out(values.size(), 0);
    if (runs.empty())
        return out;
    JF_ASSIGN(const auto some, digests_of(*schema_, batch, runs));
    for (std::size_t i = 0; i < rows.size() && i < some.size(); ++i)
        out[rows[i]] = some[i];
    return out;
}

/// The kept rows were delivered.
Status HttpReader::remember(const std::vector<CursorValue>& values, const std::vector<std::uint64_t>& digests, const std::vector<RowRun>& kept)
{
    const CursorValue *greatest = nullptr, *second = nullptr;
    const auto each = [&](const auto& use) {
        for (const RowRun& run : kept)
            for (std::int64_t row = run.first; row < run.first + run.count; ++row)
                use(static_cast<std::size_t>(row));
    };
    each([&](std::size_t row) {
        const int order = greatest ? values[row].compare(*greatest) : 1;
        if (order > 0)
            second = greatest, greatest = &values[row];
        else if (order < 0 && (!second || values[row].compare(*second) > 0))
            second = &values[row];
    });
    Status out;
    if (second && (!seen_.top || second->compare(*seen_.top) != 0))
        out = seen_.add(*second, 0, settings_.cursor.field); // its digest goes with it when the greatest comes
    each([&](std::size_t row) {
        if (out && values[row].compare(*greatest) == 0)
            out = seen_.add(values[row], digests[row], settings_.cursor.field);
    });
    return out;
}

/// The cursor's value of each row; a row without one is rejected.
Status HttpReader::read_values(const ColumnView& column, const sdk::Rejects& rejects, std::vector<CursorValue>& values, std::vector<bool>& there) const
{
    const std::string& field = settings_.cursor.field;
    for (std::size_t row = 0; row < values.size(); ++row) {
        if (column.is_null(static_cast<std::int64_t>(row))) {
            JF_TRY(rejects.add({.message = "a row without a value in '" + field + "' cannot be told from new ones", .place = pager_->url().shown(), .column = field, .code = "cursor"}));
            continue;
        }
        JF_ASSIGN(values[row], CursorValue::of(column, static_cast<std::int64_t>(row), settings_.cursor.spelling));
        there[row] = true;
        if (base_.top && values[row].kind != base_.top->kind)
            return fail(JF_E_POSITION, "'" + field + "' has another type than in the stored position; start over with --full-refresh", "incremental.field");
    }
    return {};
}

/// Whether a row is new, and not beyond `until`; told_end_ is set once the rows behind it are all beyond.
Result<bool> HttpReader::is_new(const CursorValue& value, std::uint64_t digest)
{
    if (settings_.cursor.ordered && last_ && value.compare(*last_) < 0)
        return fail(JF_E_DATA, "rows do not come in ascending order of '" + settings_.cursor.field + "': " + value.spelled.substr(0, 60) + " after "
                + last_->spelled.substr(0, 60) + "; have the server sort them, or leave out ordered", "incremental.ordered");
    const int beyond = until_ && until_->base.top ? value.compare(*until_->base.top) : -1;
    if (settings_.cursor.ordered) {
        if (beyond > 0) {
            over_ = told_end_ = true;
            return false;
        }
        last_ = value;
    }
    const auto known = base_.knows(value);
    if (known.value_or(false) || (!known && take_digest(base_left_, digest)))
        return false;
    return beyond != 0 || take_digest(until_left_, digest);
}

/// Takes out of `array` what was delivered before, and what lies beyond `until`.
Status HttpReader::keep_new(OwnedArray& array, const sdk::Rejects& rejects)
{
    const BatchView batch(*schema_, *array);
    std::vector<CursorValue> values(static_cast<std::size_t>(batch.rows()));
    std::vector<bool> there(values.size(), false);
    JF_TRY(read_values(batch[field_], rejects, values, there));
    JF_ASSIGN(const auto marks, digests(batch, values, there));
    std::vector<RowRun> kept;
    std::int64_t count = 0;
    for (std::size_t row = 0; row < values.size() && !told_end_; ++row) {
        if (!there[row])
            continue;
        JF_ASSIGN(const bool fresh, is_new(values[row], marks[row]));
        if (!fresh)
            continue;
        add_row(kept, static_cast<std::int64_t>(row));
        ++count;
    }
    JF_TRY(remember(values, marks, kept));
    if (count < array->length) {
        BatchBuilder builder(*schema_);
        JF_ASSIGN(OwnedArray fewer, copy_rows(builder, batch, kept));
        array = std::move(fewer);
    }
    if (told_end_)
        page_.reset();
    return {};
}

} // namespace jackfield::http

// Rows of CSV into columns: runs of good rows at once; the others are reported and left out.
#include "csv.hpp"

#include <algorithm>

namespace jackfield::files {
namespace {

// Few enough rows that their text stays in the first-level cache while column after column is read from it.
constexpr std::size_t run_text = 24 << 10;

[[nodiscard]] std::string_view reason(Parsed why)
{
    switch (why) {
    case Parsed::range: return "is too large for";
    case Parsed::inexact: return "has more digits than fit";
    case Parsed::zone: return "has the wrong zone for";
    case Parsed::encoding: return "is not UTF-8, as needed for";
    default: return "is no value of";
    }
}

[[nodiscard]] std::string_view code_of(Parsed why)
{
    switch (why) {
    case Parsed::range: return "range";
    case Parsed::inexact: return "inexact";
    case Parsed::encoding: return "encoding";
    default: return "type";
    }
}

/// A value for a message: short, and free of bytes that would spoil it.
[[nodiscard]] std::string shown(std::string_view text)
{
    std::string out = "'";
    for (const char c : text.substr(0, 60))
        out += static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126 ? '?' : c;
    return out + (text.size() > 60 ? "…'" : "'");
}

} // namespace

Result<ReadState> CsvDecoder::read(const ReadLimits& limits, const OnBadRecord& on_bad, OwnedArray& out)
{
    bool moved = false;
    ReadState state = ReadState::batch;
    while (static_cast<std::uint64_t>(builder_->rows()) < limits.rows && builder_->bytes() < limits.bytes && offset() < limits.until) {
        if (next_row_ == scan_rows_) {
            if (builder_->rows() > 0 && window_->input().is_pipe())
                break; // hand out what came rather than wait for more
            JF_ASSIGN(const InputState more, scan_more());
            if (more != InputState::more) {
                state = more == InputState::end ? ReadState::end : ReadState::idle;
                break;
            }
            if (scan_rows_ == 0) {
                JF_TRY(report_unclosed(on_bad));
                moved = true;
                continue;
            }
        }
        const std::size_t rows = rows_within(limits);
        if (rows == 0)
            break;
        JF_TRY(decode(rows, on_bad));
        moved = true;
    }
    if (!moved)
        return offset() >= limits.until ? ReadState::end : state;
    JF_ASSIGN(out, builder_->finish());
    for (FieldReader& reader : readers_)
        reader.start_batch();
    return ReadState::batch;
}

/// How many of the scanned rows to decode next.
std::size_t CsvDecoder::rows_within(const ReadLimits& limits) const
{
    const std::size_t left = scan_rows_ - next_row_;
    const std::size_t width = window_->size() / left + 1;
    std::size_t rows = std::min(left, std::max<std::size_t>(run_text / width, 16));
    rows = std::min<std::size_t>(rows, limits.rows - static_cast<std::uint64_t>(builder_->rows()));
    const std::uint64_t scan_offset = offset() - scan_shift_;
    while (rows > 0 && limits.until != UINT64_MAX && scan_offset + scanner_.ends()[first_entry(next_row_ + rows) - 1] + 1 > limits.until
        && !(rows == 1 && next_row_ + 1 == scan_rows_ && window_->at_end())) // its virtual line feed does not count
        --rows;
    return rows;
}

Status CsvDecoder::decode(std::size_t rows, const OnBadRecord& on_bad)
{
    const std::size_t columns = builder_->columns(), end = next_row_ + rows;
    while (next_row_ < end) {
        const std::size_t first = next_row_, base = first_entry(first);
        std::size_t good = first;
        while (good < end && scanner_.row_ends()[good] == base + (good - first + 1) * columns && !(columns == 1 && options_.dialect.comment && skipped(good)))
            ++good;
        if (good > first) {
            JF_TRY(decode_run(first, good - first, on_bad));
            take_rows(good - first);
            continue;
        }
        if (!skipped(first)) {
            const std::size_t found = fields_of(first);
            JF_TRY(refuse(first, {}, "fields", std::to_string(found) + (found == 1 ? " field" : " fields") + " where " + std::to_string(columns)
                    + (columns == 1 ? " is" : " are") + " expected; check the delimiter and quotes of this row", on_bad));
        }
        take_rows(1);
    }
    return {};
}

void CsvDecoder::decode_columns(std::size_t first, std::size_t rows)
{
    const std::size_t columns = readers_.size();
    FieldRun run{scan_text(), scanner_.ends() + first_entry(first), rows, columns, false, plain(), bad_utf8_};
    for (std::size_t column = 0; column < columns; ++column, ++run.ends) {
        run.last = column + 1 == columns;
        readers_[column].read(run, builder_->column(column), faults_);
    }
    builder_->set_rows(builder_->rows() + static_cast<std::int64_t>(rows));
}

Status CsvDecoder::decode_run(std::size_t first, std::size_t rows, const OnBadRecord& on_bad)
{
    const std::int64_t before = builder_->rows();
    nulls_before_.clear();
    for (const FieldReader& reader : readers_)
        nulls_before_.push_back(reader.nulls());
    faults_.clear();
    decode_columns(first, rows);
    if (faults_.empty()) [[likely]]
        return {};
    // Again without the bad rows; a row's faults are reported by its first column.
    for (std::size_t column = 0; column < readers_.size(); ++column) {
        builder_->column(column).truncate(before);
        readers_[column].restore(nulls_before_[column]);
    }
    builder_->set_rows(before);
    return report_faults(first, rows, on_bad);
}

Status CsvDecoder::report_faults(std::size_t first, std::size_t rows, const OnBadRecord& on_bad)
{
    std::vector<Fault> faults = std::move(faults_);
    faults_.clear();
    std::sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) { return a.row != b.row ? a.row < b.row : a.column < b.column; });
    std::size_t next = 0; // row of the run
    std::string scratch;
    for (std::size_t i = 0; i < faults.size(); ++i) {
        const Fault& fault = faults[i];
        if (i > 0 && faults[i - 1].row == fault.row)
            continue;
        if (fault.row > next)
            decode_columns(first + next, fault.row - next);
        next = fault.row + std::size_t{1};
        const std::size_t row = first + fault.row;
        const Field& column = schema()[fault.column];
        const Content content = clean_field(field_text(row, fault.column), rules_, scratch);
        JF_TRY(refuse(row, column.name, code_of(fault.why), shown(content.text) + " " + std::string(reason(fault.why)) + " " + column.type.text(), on_bad));
    }
    if (next < rows)
        decode_columns(first + next, rows - next);
    return {};
}

Status CsvDecoder::refuse(std::size_t row, std::string_view column, std::string_view code, std::string message, const OnBadRecord& on_bad)
{
    const std::string_view raw = row_text(row);
    // text() stands at next_row_; what lies between was not counted yet.
    std::uint64_t line = line_ + (row - next_row_);
    if (!plain())
        line = line_ + static_cast<std::uint64_t>(std::count(static_cast<const char*>(window_->text()), raw.data(), '\n'));
    return on_bad({line, column, code, std::move(message), raw});
}

/// The rest of the file is one record whose quote is never closed.
Status CsvDecoder::report_unclosed(const OnBadRecord& on_bad)
{
    const std::string_view raw(window_->text(), window_->size());
    JF_TRY(on_bad({line_, {}, "quote", "a quote that is opened here is never closed; the rest of the file belongs to this record", raw}));
    line_ += static_cast<std::uint64_t>(std::count(raw.begin(), raw.end(), '\n'));
    window_->take(raw.size());
    return {};
}

} // namespace jackfield::files

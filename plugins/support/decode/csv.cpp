// The start of a CSV file: byte order mark, skipped lines, header and types; and the walk from chunk to chunk.
#include "csv.hpp"

#include "guess.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <cstring>

namespace jackfield::files {
namespace {

constexpr std::size_t sample_bytes = 8 << 20;

} // namespace

CsvDecoder::CsvDecoder(std::unique_ptr<Window> window, CsvOptions options, std::string name)
    : window_(std::move(window)), options_(std::move(options)), name_(std::move(name)), scanner_(options_.dialect), skip_left_(options_.skip_lines)
{
    rules_.dialect = options_.dialect;
    rules_.nulls = options_.nulls;
    rules_.prepare();
}

Result<InputState> CsvDecoder::scan_more()
{
    scan_rows_ = next_row_ = scan_shift_ = 0;
    for (;;) {
        auto more = window_->more();
        if (!more)
            return std::move(more).error().at(name_ + ":" + std::to_string(line_));
        if (*more == InputState::idle || (*more == InputState::end && window_->size() == 0))
            return *more;
        std::size_t size = window_->size();
        if (*more == InputState::end && window_->text()[size - 1] != '\n')
            window_->text()[size++] = '\n'; // the last row lacks it; the padding has room
        scanner_.scan(window_->text(), size);
        if (scanner_.rows() == 0 && *more == InputState::more)
            continue;
        scan_rows_ = scanner_.rows();
        bad_utf8_ = scan_rows_ && !valid_utf8(window_->text(), std::min(window_->size(), scanner_.ends()[first_entry(scan_rows_) - 1] + std::size_t{1}));
        return InputState::more; // no row: the file ends inside of quotes
    }
}

std::string_view CsvDecoder::row_text(std::size_t row) const
{
    const std::uint32_t from = scanner_.ends()[static_cast<std::ptrdiff_t>(first_entry(row)) - 1] + 1;
    std::uint32_t to = scanner_.ends()[scanner_.row_ends()[row] - 1];
    if (to > from && scan_text()[to - 1] == '\r')
        --to;
    return {scan_text() + from, to - from};
}

std::string_view CsvDecoder::field_text(std::size_t row, std::size_t column) const
{
    const std::uint32_t* end = scanner_.ends() + first_entry(row) + column;
    std::uint32_t to = *end;
    const std::uint32_t from = end[-1] + 1;
    if (column + 1 == fields_of(row) && to > from && scan_text()[to - 1] == '\r')
        --to;
    return {scan_text() + from, to - from};
}

/// Blank rows (where there is more than one column) and comments.
bool CsvDecoder::skipped(std::size_t row) const
{
    if (fields_of(row) != 1)
        return false;
    const std::string_view text = row_text(row);
    if (text.empty())
        return !builder_ || builder_->columns() != 1;
    return options_.dialect.comment && text.front() == options_.dialect.comment;
}

void CsvDecoder::take_rows(std::size_t rows)
{
    if (rows == 0)
        return;
    next_row_ += rows;
    const std::size_t end = std::min<std::size_t>(scanner_.ends()[first_entry(next_row_) - 1] + std::size_t{1}, scan_shift_ + window_->size());
    const std::size_t bytes = end - scan_shift_;
    // Every row is a line, unless line feeds are quoted or escaped.
    if (plain())
        line_ += rows;
    else
        line_ += static_cast<std::uint64_t>(std::count(window_->text(), window_->text() + bytes, '\n'));
    window_->take(bytes);
    scan_shift_ += bytes;
}

Result<InputState> CsvDecoder::skip_front()
{
    while (!skipped_bom_) {
        JF_ASSIGN(const InputState more, window_->more());
        if (more == InputState::idle)
            return more;
        if (window_->size() < 3 && more != InputState::end)
            continue;
        skipped_bom_ = true;
        const std::string_view front(window_->text(), window_->size());
        if (front.substr(0, 2) == "\xFF\xFE" || front.substr(0, 2) == "\xFE\xFF")
            return fail(JF_E_DATA, name_ + " is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)");
        if (front.substr(0, 3) == "\xEF\xBB\xBF")
            window_->take(3);
    }
    while (skip_left_ > 0) {
        const void* newline = window_->size() ? std::memchr(window_->text(), '\n', window_->size()) : nullptr;
        if (newline) {
            window_->take(static_cast<std::size_t>(static_cast<const char*>(newline) - window_->text()) + 1);
            --skip_left_;
            ++line_;
            continue;
        }
        JF_ASSIGN(const InputState more, window_->more());
        if (more == InputState::idle)
            return more;
        if (more == InputState::end) {
            window_->take(window_->size());
            skip_left_ = 0;
        }
    }
    return InputState::more;
}

Result<InputState> CsvDecoder::start(const std::optional<Schema>& known)
{
    JF_ASSIGN(const InputState front, skip_front());
    if (front == InputState::idle)
        return front;
    // What is in the window already was not scanned yet.
    scanner_.scan(window_->text(), window_->size());
    scan_rows_ = scanner_.rows();
    next_row_ = scan_shift_ = 0;
    const std::uint64_t wanted = known ? 1 : options_.sample_rows + 1;
    while (scan_rows_ < wanted && window_->size() < sample_bytes && !(window_->input().is_pipe() && scan_rows_ > 1)) {
        JF_ASSIGN(const InputState more, scan_more());
        if (more == InputState::idle)
            return more;
        if (more == InputState::end || window_->at_end())
            break;
    }
    while (next_row_ < scan_rows_ && skipped(next_row_))
        take_rows(1);
    JF_ASSIGN(const std::vector<std::string> names, column_names());
    if (known) {
        if (options_.header && !names.empty())
            JF_TRY(check_header(*known, names));
        JF_TRY(set_schema(*known));
    } else {
        JF_ASSIGN(Schema schema, settle(names));
        JF_TRY(set_schema(std::move(schema)));
    }
    bad_utf8_ = true; // not looked at yet: check field by field
    return InputState::more;
}

Result<std::vector<std::string>> CsvDecoder::column_names()
{
    std::vector<std::string> names;
    std::string scratch;
    if (options_.header) {
        if (next_row_ == scan_rows_)
            return names;
        for (std::size_t column = 0; column < fields_of(next_row_); ++column) {
            names.emplace_back(clean_field(field_text(next_row_, column), rules_, scratch).text);
            if (names.back().empty())
                names.back() = "c" + std::to_string(column + 1);
            if (!valid_utf8(names.back().data(), names.back().size()))
                return fail(JF_E_DATA, "the name of column " + std::to_string(column + 1) + " is not UTF-8; convert the file first", name_ + ":" + std::to_string(line_));
            if (std::find(names.begin(), names.end() - 1, names.back()) != names.end() - 1)
                return fail(JF_E_DATA, "the header names column '" + names.back() + "' twice; give it a header of its own with header false, skip_lines and names",
                    name_ + ":" + std::to_string(line_));
        }
        take_rows(1);
        return names;
    }
    names = options_.names;
    const std::size_t width = next_row_ < scan_rows_ ? fields_of(next_row_) : 0;
    if (names.empty() && (width == 0 || options_.columns.size() == width))
        for (const DeclaredColumn& column : options_.columns)
            names.push_back(column.name);
    for (std::size_t column = names.size(); names.size() < width && options_.names.empty(); ++column)
        names.push_back("c" + std::to_string(column + 1));
    return names;
}

Status CsvDecoder::check_header(const Schema& known, const std::vector<std::string>& names)
{
    for (std::size_t i = 0; i < std::max(known.size(), names.size()); ++i) {
        const std::string wanted = i < known.size() ? "'" + known[i].name + "'" : "nothing";
        const std::string found = i < names.size() ? "'" + names[i] + "'" : "nothing";
        if (wanted != found)
            return fail(JF_E_DATA, "column " + std::to_string(i + 1) + " is " + found + " here and " + wanted
                    + " in the first file; read files of different columns in tasks of their own", name_);
    }
    return {};
}

/// The declared types, and for the other columns what a sample says.
Result<Schema> CsvDecoder::settle(const std::vector<std::string>& names)
{
    if (names.empty())
        return fail(JF_E_DATA, name_ + " is empty: there is no " + (options_.header ? "header" : "row") + " to take columns from; declare names");
    Schema schema;
    std::vector<bool> declared(names.size());
    for (const std::string& name : names)
        schema.fields.push_back({name, Type::utf8});
    for (const DeclaredColumn& column : options_.columns) {
        const auto found = schema.find(column.name);
        if (!found) {
            std::string all;
            for (const std::string& name : names)
                all += (all.empty() ? "" : ", ") + name;
            return fail(JF_E_DATA, "there is no column '" + column.name + "' in " + name_ + "; it has " + all.substr(0, 500), "columns");
        }
        schema.fields[*found].type = column.type;
        declared[*found] = true;
    }
    std::vector<Guess> guesses(names.size());
    std::string scratch;
    const std::size_t end = static_cast<std::size_t>(std::min<std::uint64_t>(scan_rows_, next_row_ + options_.sample_rows));
    for (std::size_t row = next_row_; row < end; ++row) {
        if (fields_of(row) != names.size())
            continue;
        for (std::size_t column = 0; column < names.size(); ++column) {
            const Content content = clean_field(field_text(row, column), rules_, scratch);
            if (!declared[column] && !rules_.is_null(content.text))
                guesses[column].add(content.text);
        }
    }
    for (std::size_t column = 0; column < names.size(); ++column)
        if (!declared[column])
            schema.fields[column].type = guesses[column].type();
    return schema;
}

Status CsvDecoder::set_schema(Schema schema)
{
    readers_.clear();
    for (std::size_t i = 0; i < schema.size(); ++i) {
        auto reader = FieldReader::make(schema[i].type, &rules_, static_cast<std::uint32_t>(i));
        if (!reader)
            return std::move(reader).error().at("columns." + schema[i].name);
        readers_.push_back(*std::move(reader));
    }
    builder_.emplace(std::move(schema));
    return {};
}

Status CsvDecoder::resume(const Schema& known, std::uint64_t line)
{
    line_ = line;
    skipped_bom_ = true;
    return set_schema(known);
}

} // namespace jackfield::files

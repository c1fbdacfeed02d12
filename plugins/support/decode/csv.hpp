// CsvDecoder: CSV text into typed Arrow batches.
#pragma once

#include "decoder.hpp"
#include "fields.hpp"

#include <jackfield/sdk/arrow/builder.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::files {

/// How a CSV file is to be read. Value.
struct CsvOptions {
    Dialect dialect;
    bool header = true;
    std::vector<std::string> names;      ///< without a header: names of the columns; empty: c1, c2, …
    std::vector<DeclaredColumn> columns; ///< types by name; all others are inferred
    std::vector<std::string> nulls = {""};
    std::uint64_t skip_lines = 0;        ///< before the header
    std::uint64_t sample_rows = 1000;    ///< rows from which types are inferred
};

/// Reads CSV. One thread at a time. The names of a header must be those of a known schema.
class CsvDecoder final : public Decoder {
public:
    CsvDecoder(std::unique_ptr<Window> window, CsvOptions options, std::string name);

    [[nodiscard]] Result<InputState> start(const std::optional<Schema>& known) override;
    [[nodiscard]] Status resume(const Schema& known, std::uint64_t line) override;
    [[nodiscard]] const Schema& schema() const override { return builder_->schema(); }
    [[nodiscard]] Result<ReadState> read(const ReadLimits& limits, const OnBadRecord& on_bad, OwnedArray& out) override;
    [[nodiscard]] std::uint64_t line() const override { return line_; }
    [[nodiscard]] Window& window() override { return *window_; }

private:
    [[nodiscard]] Result<InputState> scan_more();
    [[nodiscard]] Result<InputState> skip_front();
    [[nodiscard]] Status report_unclosed(const OnBadRecord& on_bad);
    [[nodiscard]] std::size_t rows_within(const ReadLimits& limits) const;
    [[nodiscard]] Status set_schema(Schema schema);
    [[nodiscard]] Result<std::vector<std::string>> column_names();
    [[nodiscard]] Status check_header(const Schema& known, const std::vector<std::string>& names);
    [[nodiscard]] Result<Schema> settle(const std::vector<std::string>& names);
    [[nodiscard]] Status decode(std::size_t rows, const OnBadRecord& on_bad);
    [[nodiscard]] Status decode_run(std::size_t first, std::size_t rows, const OnBadRecord& on_bad);
    void decode_columns(std::size_t first, std::size_t rows);

    [[nodiscard]] Status report_faults(std::size_t first, std::size_t rows, const OnBadRecord& on_bad);
    [[nodiscard]] bool skipped(std::size_t row) const;
    [[nodiscard]] Status refuse(std::size_t row, std::string_view column, std::string_view code, std::string message, const OnBadRecord& on_bad);
    void take_rows(std::size_t rows);

    [[nodiscard]] std::uint64_t offset() const { return window_->offset(); }
    [[nodiscard]] const char* scan_text() const { return window_->text() - scan_shift_; }
    [[nodiscard]] bool plain() const { return !scanner_.quotes() && options_.dialect.escape == 0 && !options_.dialect.trim; }
    [[nodiscard]] std::size_t first_entry(std::size_t row) const { return row ? scanner_.row_ends()[row - 1] : 0; }
    [[nodiscard]] std::size_t fields_of(std::size_t row) const { return scanner_.row_ends()[row] - first_entry(row); }
    [[nodiscard]] std::string_view row_text(std::size_t row) const;
    [[nodiscard]] std::string_view field_text(std::size_t row, std::size_t column) const;

    std::unique_ptr<Window> window_;
    CsvOptions options_;
    FieldRules rules_;
    std::string name_;
    Scanner scanner_;
    std::size_t scan_rows_ = 0, next_row_ = 0; // rows of the scan; how many of them were taken
    std::size_t scan_shift_ = 0;               // how far text() has moved since the scan
    bool skipped_bom_ = false;
    bool bad_utf8_ = false;                    // somewhere in the scanned rows
    std::uint64_t line_ = 1, skip_left_ = 0;
    std::optional<BatchBuilder> builder_;
    std::vector<FieldReader> readers_;
    std::vector<Fault> faults_;
    std::vector<std::int64_t> nulls_before_;
};

} // namespace jackfield::files

// The options of text that is read: declared once for every source that reads CSV, NDJSON and JSON.
#pragma once

#include "csv.hpp"
#include "json.hpp"

#include <jackfield/sdk/config.hpp>
#include <jackfield/sdk/options.hpp>

#include <vector>

namespace jackfield::files {

/// How text is to be read, whatever its format. Value.
struct TextSettings {
    std::size_t max_record = 64 << 20;
    CsvOptions csv;
    JsonOptions json; ///< `lines` is for the caller to set
    std::vector<DeclaredColumn> columns;
};

/// Adds columns, sample, max_record, header, names, delimiter, quote, escape, comment, null, trim, skip_lines, unknown.
void add_text_options(sdk::Options& options);
/// Reads them. `delimiter`: where none is given. JF_E_CONFIG with the option at fault.
[[nodiscard]] Result<TextSettings> read_text_settings(const sdk::Config& config, char delimiter);
/// One ASCII character, `otherwise` where the option is absent, 0 for "". JF_E_CONFIG if it is more than one.
[[nodiscard]] Result<char> read_character(const sdk::Config& config, const char* name, char otherwise);

} // namespace jackfield::files

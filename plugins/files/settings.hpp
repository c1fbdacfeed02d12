// The options of the files source and sink: declared once, read into values.
#pragma once

#include "output.hpp"

#include "support/decode/options.hpp"

#include <jackfield/sdk/config.hpp>
#include <jackfield/sdk/options.hpp>

#include <string>
#include <vector>

namespace jackfield::files {

/// What a source reads, and how. Value.
struct InputSettings : TextSettings {
    std::string path;
    Format format = Format::ndjson;
    Compression compression = Compression::none;
    bool sequence = false;    ///< the files of a pattern one after another, in place of a partition each
    bool incremental = false; ///< the next run goes on where this one ended

    [[nodiscard]] bool from_stdin() const { return path == "-"; }
    /// Whether the path names several files.
    [[nodiscard]] bool is_pattern() const { return path.find_first_of("*?[") != std::string::npos; }
    [[nodiscard]] bool partitioned() const { return is_pattern() && !sequence; }
};

[[nodiscard]] sdk::Options input_options();
/// JF_E_CONFIG with the option at fault.
[[nodiscard]] Result<InputSettings> read_input(const sdk::Config& config);
[[nodiscard]] sdk::Options output_options();
[[nodiscard]] Result<OutputOptions> read_output(const sdk::Config& config);

/// The files that the path names, sorted; JF_E_NOT_FOUND names those that are there instead.
[[nodiscard]] Result<std::vector<std::string>> matching_files(const InputSettings& settings);

} // namespace jackfield::files

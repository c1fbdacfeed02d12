// Reading options: formats from names, single characters, types.
#include "settings.hpp"

#include <dirent.h>
#include <glob.h>

#include <algorithm>

namespace jackfield::files {
namespace {

const std::vector<std::string> formats = {"csv", "ndjson", "json", "parquet"};
const std::vector<std::string> compressions = {"none", "gzip", "zstd"};

[[nodiscard]] bool take_ending(std::string& name, std::string_view ending)
{
    if (name.size() < ending.size() || name.compare(name.size() - ending.size(), ending.size(), ending) != 0)
        return false;
    name.resize(name.size() - ending.size());
    return true;
}

/// Compression and format as the options say, else as the name ends.
[[nodiscard]] Status from_name(const sdk::Config& config, std::string name, Format& format, Compression& compression)
{
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
    if (take_ending(name, ".gz"))
        compression = Compression::gzip;
    else if (take_ending(name, ".zst"))
        compression = Compression::zstd;
    if (config.has("compression"))
        compression = static_cast<Compression>(std::find(compressions.begin(), compressions.end(), config.text("compression")) - compressions.begin());
    if (config.has("format")) {
        format = static_cast<Format>(std::find(formats.begin(), formats.end(), config.text("format")) - formats.begin());
        return {};
    }
    if (take_ending(name, ".csv") || take_ending(name, ".tsv") || take_ending(name, ".txt"))
        format = Format::csv;
    else if (take_ending(name, ".ndjson") || take_ending(name, ".jsonl"))
        format = Format::ndjson;
    else if (take_ending(name, ".json"))
        format = Format::json;
    else if (take_ending(name, ".parquet"))
        format = Format::parquet;
    else
        return fail(JF_E_CONFIG, "the name '" + std::string(config.text("path")) + "' does not tell the format; set format to csv, ndjson, json or parquet", "format");
    return {};
}

[[nodiscard]] std::string places_nearby(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    DIR* const opened = ::opendir(directory.c_str());
    if (!opened)
        return "; there is no directory '" + directory + "'";
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(opened))
        if (entry->d_name[0] != '.')
            names.emplace_back(entry->d_name);
    ::closedir(opened);
    std::sort(names.begin(), names.end());
    std::string out = "; in " + directory + ":";
    for (std::size_t i = 0; i < names.size() && i < 6; ++i)
        out += (i ? ", " : " ") + names[i];
    return out + (names.empty() ? " nothing" : names.size() > 6 ? ", …" : "");
}

} // namespace

sdk::Options input_options()
{
    sdk::Options out;
    out.text("path", "the file, a pattern such as data/*.csv, or - for stdin", {.required = true, .format = "path"})
        .text("format", "if the name does not tell", {.one_of = formats})
        .text("compression", "if the name does not tell: .gz, .zst", {.one_of = compressions})
        .boolean("sequence", "read the files of a pattern one after another, not in parallel", false)
        .boolean("incremental", "the next run goes on where the last one ended: grown and new files", false);
    add_text_options(out);
    return out;
}

Result<InputSettings> read_input(const sdk::Config& config)
{
    InputSettings out;
    out.path = config.text("path");
    JF_TRY(from_name(config, out.path, out.format, out.compression));
    if (out.format == Format::parquet && out.from_stdin())
        return fail(JF_E_CONFIG, "Parquet cannot be read from stdin, since its directory is at the end; name a file", "path");
    out.sequence = config.boolean("sequence");
    out.incremental = config.boolean("incremental");
    const bool tabs = out.path.find(".tsv") != std::string::npos;
    JF_ASSIGN(static_cast<TextSettings&>(out), read_text_settings(config, tabs ? '\t' : ','));
    out.json.lines = out.format == Format::ndjson;
    return out;
}

sdk::Options output_options()
{
    return sdk::Options()
        .text("path", "the file; a directory, ending in /, that gets one file per epoch; or - for stdout", {.required = true, .format = "path"})
        .text("format", "if the name does not tell", {.one_of = formats})
        .text("compression", "if the name does not tell: .gz, .zst", {.one_of = compressions})
        .text("mode", "append: add to what is there; replace: a new file takes its place at the end; default append, for json and parquet replace",
            {.one_of = {"append", "replace"}})
        .boolean("header", "CSV: the first row names the columns", true)
        .text("delimiter", "CSV: between fields; default a comma, for .tsv a tab")
        .text("quote", "CSV: around fields", {.fallback = "\""})
        .text("null", "CSV: how null is spelled", {.fallback = ""});
}

Result<OutputOptions> read_output(const sdk::Config& config)
{
    OutputOptions out;
    out.path = config.text("path");
    JF_TRY(from_name(config, out.path, out.format, out.compression));
    const bool whole = out.format == Format::json || out.format == Format::parquet; // one file cannot grow
    out.replace = config.has("mode") ? config.text("mode") == "replace" : whole && !out.to_directory() && !out.to_stdout();
    if (out.replace && (out.to_directory() || out.to_stdout()))
        return fail(JF_E_CONFIG, "mode replace needs a file, not '" + out.path + "'; name a file, or use append", "mode");
    if (whole && !out.replace && !out.to_directory() && !out.to_stdout())
        return fail(JF_E_CONFIG, "a " + formats[static_cast<std::size_t>(out.format)] + " file cannot be added to; use mode replace, or a directory ending in /", "mode");
    if (out.format == Format::parquet && out.to_stdout())
        return fail(JF_E_CONFIG, "Parquet cannot be written to stdout; name a file", "path");
    const bool tabs = out.path.find(".tsv") != std::string::npos;
    JF_ASSIGN(out.csv.delimiter, read_character(config, "delimiter", tabs ? '\t' : ','));
    JF_ASSIGN(out.csv.quote, read_character(config, "quote", '"'));
    if (out.csv.delimiter == '\0' || out.csv.quote == '\0' || out.csv.delimiter == out.csv.quote)
        return fail(JF_E_CONFIG, "delimiter and quote must be one character each, and not the same", "delimiter");
    out.csv.header = !config.has("header") || config.boolean("header");
    out.csv.null = config.text("null");
    return out;
}

Result<std::vector<std::string>> matching_files(const InputSettings& settings)
{
    if (!settings.is_pattern())
        return std::vector<std::string>{settings.path};
    glob_t found{};
    const int state = ::glob(settings.path.c_str(), GLOB_MARK, nullptr, &found);
    std::vector<std::string> out;
    for (std::size_t i = 0; state == 0 && i < found.gl_pathc; ++i)
        if (std::string name = found.gl_pathv[i]; name.back() != '/')
            out.push_back(std::move(name));
    ::globfree(&found);
    std::sort(out.begin(), out.end());
    if (out.empty())
        return fail(JF_E_NOT_FOUND, "no file matches '" + settings.path + "'" + places_nearby(settings.path), "path");
    return out;
}

} // namespace jackfield::files

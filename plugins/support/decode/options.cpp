// Declaring and reading the options of text.
#include "options.hpp"

#include <jackfield/sdk/arrow/spelling.hpp>

namespace jackfield::files {

void add_text_options(sdk::Options& options)
{
    options.texts_by_name("columns", "types by name; CSV infers the others, JSON then reads only these", {.format = "type"})
        .integer("sample", "records from which types are inferred", {.fallback = 1000, .minimum = 1, .maximum = 1'000'000})
        .size("max_record", "longest record allowed", "64MiB")
        .boolean("header", "CSV: the first row names the columns", true)
        .texts("names", "CSV without a header: names of the columns")
        .text("delimiter", "CSV: between fields; default a comma, for .tsv a tab")
        .text("quote", "CSV: around fields; empty: no quotes", {.fallback = "\""})
        .text("escape", "CSV: makes the next character plain; empty: none")
        .text("comment", "CSV: rows that start with it are skipped; empty: none")
        .texts("null", "CSV: how null is spelled; default: the empty field")
        .boolean("trim", "CSV: drop blanks around fields", false)
        .integer("skip_lines", "CSV: lines before the header", {.fallback = 0, .minimum = 0})
        .text("unknown", "JSON: fields without a column; default: ignore if columns are declared, else refuse", {.one_of = {"ignore", "refuse"}});
}

Result<char> read_character(const sdk::Config& config, const char* name, char otherwise)
{
    if (!config.has(name))
        return otherwise;
    const std::string_view text = config.text(name);
    if (text.size() > 1 || (!text.empty() && (text[0] == '\n' || text[0] == '\r' || static_cast<unsigned char>(text[0]) > 127)))
        return fail(JF_E_CONFIG, "'" + std::string(text) + "' is not one ASCII character; write for example \";\" or \"\\t\"", name);
    return text.empty() ? '\0' : text[0];
}

Result<TextSettings> read_text_settings(const sdk::Config& config, char delimiter)
{
    TextSettings out;
    out.max_record = static_cast<std::size_t>(config.size("max_record", 64 << 20));
    if (out.max_record < 1 || out.max_record > (std::size_t{1} << 30))
        return fail(JF_E_CONFIG, "max_record must lie between 1B and 1GiB", "max_record");
    for (const std::string& name : config.keys("columns")) {
        auto type = parse_type(config.text(sdk::Config::below("columns", name)));
        if (!type)
            return std::move(type).error().at("columns." + name);
        out.columns.push_back({name, *std::move(type)});
    }
    CsvOptions& csv = out.csv;
    JF_ASSIGN(csv.dialect.delimiter, read_character(config, "delimiter", delimiter));
    JF_ASSIGN(csv.dialect.quote, read_character(config, "quote", '"'));
    JF_ASSIGN(csv.dialect.escape, read_character(config, "escape", '\0'));
    JF_ASSIGN(csv.dialect.comment, read_character(config, "comment", '\0'));
    if (csv.dialect.delimiter == '\0' || csv.dialect.delimiter == csv.dialect.quote)
        return fail(JF_E_CONFIG, "delimiter must be one character, and not the quote", "delimiter");
    csv.dialect.trim = config.boolean("trim");
    csv.header = !config.has("header") || config.boolean("header");
    csv.names = config.texts("names");
    csv.columns = out.columns;
    if (config.has("null"))
        csv.nulls = config.texts("null");
    csv.skip_lines = static_cast<std::uint64_t>(config.integer("skip_lines"));
    csv.sample_rows = out.json.sample_rows = config.has("sample") ? static_cast<std::uint64_t>(config.integer("sample")) : 1000;
    out.json.columns = out.columns;
    if (config.has("unknown"))
        out.json.unknown = config.text("unknown") == "ignore" ? UnknownField::ignore : UnknownField::refuse;
    return out;
}

} // namespace jackfield::files

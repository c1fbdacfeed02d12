// File names and sources.
#include "file_source.hpp"

#include "flow/words.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <filesystem>

namespace jackfield::cli {

namespace {

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

/// ".csv" of "a/B.CSV.gz"; ".ndjson" of ".jsonl".
std::string ending_of(std::filesystem::path file)
{
    for (const char* packed : {".gz", ".zst"})
        if (lower(file.extension().string()) == packed)
            file = file.stem();
    const std::string ending = lower(file.extension().string());
    return ending == ".jsonl" ? ".ndjson" : ending;
}

/// Whether the source reads files of this ending: its id says so ("x.csv"), or its option "format" does.
bool reads(const std::string& id, const std::string& ending, const ComponentCatalog& catalog)
{
    if (ending.size() < 2)
        return false;
    if (id.size() > ending.size() && id.ends_with(ending))
        return true;
    const std::string* schema = catalog.schema(ComponentKind::source, id);
    boost::system::error_code wrong;
    const boost::json::value parsed = schema ? boost::json::parse(*schema, wrong) : boost::json::value();
    const auto* path = parsed.find_pointer("/properties/path", wrong);
    const auto* formats = path ? parsed.find_pointer("/properties/format/enum", wrong) : nullptr;
    const std::string format = ending == ".tsv" ? "csv" : ending.substr(1);
    return formats && formats->is_array() &&
           std::any_of(formats->get_array().begin(), formats->get_array().end(), [&](const auto& one) { return one.is_string() && one.get_string() == format; });
}

} // namespace

Result<boost::json::object> read_options(const std::vector<std::string>& given)
{
    boost::json::object out;
    for (const std::string& text : given) {
        const std::size_t sign = text.find('=');
        if (sign == std::string::npos || sign == 0)
            return fail(JF_E_CONFIG, in_quotes(text.substr(0, sign)) + " is no option; write --set name=value");
        boost::system::error_code wrong;
        const std::string value = text.substr(sign + 1);
        boost::json::value parsed = boost::json::parse(value, wrong);
        out[text.substr(0, sign)] = wrong ? boost::json::value(value) : std::move(parsed);
    }
    return out;
}

Result<boost::json::object> source_of_file(const std::string& file, const std::string& use, const std::vector<std::string>& options,
                                           const ComponentCatalog& catalog)
{
    JF_ASSIGN(boost::json::object extra, read_options(options));
    std::string chosen = use;
    const std::vector<std::string> known = catalog.names(ComponentKind::source);
    const std::string ending = ending_of(file);
    for (const std::string& id : known)
        if (chosen.empty() && reads(id, ending, catalog))
            chosen = id;
    if (chosen.empty())
        return fail(JF_E_CONFIG, "what kind of file " + in_quotes(file) + " is cannot be seen from its name; name the source with --use (" + listed(known) + ")");
    boost::json::object out{{"use", chosen}, {"path", file}};
    for (auto& [name, value] : extra)
        out[name] = std::move(value);
    return out;
}

} // namespace jackfield::cli

// Which source reads a file, by its name: for commands that are given a file instead of a flow.
#pragma once

#include <jackfield/runtime.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace jackfield::cli {

/// {"use": "x.csv", "path": FILE, options…}: a source whose id or option "format" fits the end of the file's name (".csv",
/// before ".gz" and ".zst"), unless `use` names one. `options`: "name=value" texts, values as JSON or plain text. JF_E_CONFIG if none fits.
[[nodiscard]] Result<boost::json::object> source_of_file(const std::string& file, const std::string& use, const std::vector<std::string>& options,
                                                         const ComponentCatalog& catalog);

/// {"name": value} of "name=value" texts.
[[nodiscard]] Result<boost::json::object> read_options(const std::vector<std::string>& given);

} // namespace jackfield::cli

// How faults speak: names quoted safely, lists of names, "did you mean".
#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

/// 'text' with control and format characters escaped, shortened after 60 characters.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// The same without quotes; for names inside paths and lists.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 60);

/// "append, replace, upsert"; after 12 names "… and 30 more".
[[nodiscard]] std::string listed(const std::vector<std::string>& names);

/// The known name nearest to `name` (optimal string alignment), empty if none is near enough to be meant.
[[nodiscard]] std::string nearest(std::string_view name, const std::vector<std::string>& known);

/// "did you mean 'table'?", or "tasks: land, checks", or "there are no tasks".
[[nodiscard]] std::string remedy(std::string_view name, const std::vector<std::string>& known, std::string_view plural);

/// "'three'", "3.5", "true", "null", "a list", "an object": what was found where something else was expected.
[[nodiscard]] std::string shown(const boost::json::value& value);

/// A number as a person writes it: 1.5, not 1.5E0. Other values as JSON.
[[nodiscard]] std::string number_text(const boost::json::value& value);

/// "a", "a or b", "a, b or c".
[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view last = " or ");

} // namespace jackfield

// Boost.JSON's strings as std::string_view.
#pragma once

#include <boost/json/string.hpp>
#include <boost/json/string_view.hpp>

#include <string_view>

namespace jackfield {

[[nodiscard]] inline std::string_view view(boost::json::string_view text) { return {text.data(), text.size()}; }
[[nodiscard]] inline std::string_view view(const boost::json::string& text) { return {text.data(), text.size()}; }

} // namespace jackfield

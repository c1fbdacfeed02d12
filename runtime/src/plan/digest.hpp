// Digest of what selects the data: under another digest a token is not continued.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace jackfield {

/// SHA-256 in lower-case hex. Any thread.
[[nodiscard]] std::string sha256(std::string_view bytes);

/// JSON with sorted keys and no blanks: equal values give equal text.
[[nodiscard]] std::string canonical_json(const boost::json::value& value);

} // namespace jackfield

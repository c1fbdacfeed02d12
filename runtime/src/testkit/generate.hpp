// Configurations drawn from a JSON Schema, and breakages of them.
#pragma once

#include "testkit/random.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace jackfield::testkit {

/// A value that the schema probably accepts (the caller checks it with Schema); nullopt: it cannot be drawn, for example
/// because of a pattern. `dir` is where paths point to.
[[nodiscard]] std::optional<boost::json::value> draw_value(const boost::json::value& schema, Random& random, std::string_view dir);

/// The plainest configuration with some rows in it: defaults, required members, 1,000 where a whole number is wanted.
[[nodiscard]] std::optional<boost::json::value> plain_value(const boost::json::value& schema, std::string_view dir);

struct Breakage {
    boost::json::value value;
    std::string what; ///< "unknown option 'x'", "'count' is a list"
};

/// `value`, which the schema accepts, broken in one way that the schema must refuse; nullopt: the schema forbids nothing.
[[nodiscard]] std::optional<Breakage> break_value(const boost::json::value& schema, const boost::json::value& value, Random& random);

} // namespace jackfield::testkit

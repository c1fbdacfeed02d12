// Parameters of a flow: values given by a caller against what the flow declares.
#pragma once

#include <jackfield/runtime/flow.hpp>

#include <string_view>

namespace jackfield {

/// "string", "int", "float", "bool", "date", "timestamp", "duration", "list".
[[nodiscard]] std::string_view name_of(ParameterType type);

/// The value in the parameter's type. Text is read as a command line gives it: "3", "true", "a,b" or "[1, 2]" for a list.
/// Fails with JF_E_CONFIG and a sentence without a place.
[[nodiscard]] Result<boost::json::value> convert_parameter(const Parameter& parameter, const boost::json::value& given);

} // namespace jackfield

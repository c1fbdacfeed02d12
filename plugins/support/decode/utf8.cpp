// UTF-8 validation.
#include "utf8.hpp"

#include <simdjson.h>

namespace jackfield::files {

bool valid_utf8(const char* text, std::size_t size) { return simdjson::validate_utf8(text, size); }

} // namespace jackfield::files

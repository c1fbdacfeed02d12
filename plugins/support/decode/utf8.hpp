// UTF-8 validation by simdjson, whose types stay in one source file.
#pragma once

#include <cstddef>

namespace jackfield::files {

/// Whether the bytes are valid UTF-8. Any thread.
[[nodiscard]] bool valid_utf8(const char* text, std::size_t size);

} // namespace jackfield::files

// Values of PostgreSQL's binary form as the text that the server itself would write.
#pragma once

#include <string>
#include <string_view>

namespace jackfield::postgres {

// Each appends to `out` and returns false, with nothing appended, if the bytes are no value of the type.

/// All digits, as numeric_out: "-12.50", "NaN", "Infinity".
bool append_numeric_text(std::string& out, std::string_view binary);
/// "13:05:09.25+05:30".
bool append_timetz(std::string& out, std::string_view binary);
/// "192.168.0.0/16", "::1"; the prefix is left out of an inet that is one host.
bool append_inet(std::string& out, std::string_view binary);
/// "08:00:2b:01:02:03".
bool append_macaddr(std::string& out, std::string_view binary);
/// "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", 36 bytes at `out`. Requires: 16 bytes at `binary`.
void write_uuid(char* out, const char* binary);

} // namespace jackfield::postgres

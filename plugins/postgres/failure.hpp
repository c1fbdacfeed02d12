// Failures of the server and of the connection to it, as errors with a class to act on.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <libpq-fe.h>

#include <string>
#include <string_view>

namespace jackfield::postgres {

/// The class of an SQLSTATE (PostgreSQL documentation, appendix A): what is worth trying again (08, 40, 53, 55P03, 57P0x),
/// bad rows (22, 23), wrong names and statements (42), who we are (28), what we may (42501).
[[nodiscard]] jf_status kind_of(std::string_view sqlstate);

/// What the server said of the failed `result`: its first line and detail, the SQLSTATE as code. Never a secret: the server
/// does not repeat passwords, and statement text is left out.
[[nodiscard]] Error failure_of(const PGresult* result, std::string_view server);

/// Why `connection` could not be made or was lost, in one sentence with the remedy. `server`: "host:port".
[[nodiscard]] Error failure_of(const PGconn* connection, std::string_view server);

} // namespace jackfield::postgres

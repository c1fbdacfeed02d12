// The two faces of the task "checks".
#pragma once

#include "rules.hpp"

#include <jackfield/sdk/host.hpp>
#include <jackfield/sdk/task.hpp>

#include <memory>
#include <string>

namespace jackfield::checks {

/// A step that looks at each row that passes by.
[[nodiscard]] std::unique_ptr<sdk::Step> make_step(const Rules& rules, sdk::Host host);

/// Asks a table; the result as JSON: {"rules": 5, "failed": 0, "checks": [{"rule", "ok", "bad"}…]}.
[[nodiscard]] Result<std::string> check_table(const Rules& rules, sdk::Host host, const sdk::Call& call);

} // namespace jackfield::checks

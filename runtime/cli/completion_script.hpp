// Completion scripts from what the commands declare.
#pragma once

#include "command.hpp"

#include <string>
#include <vector>

namespace jackfield::cli {

[[nodiscard]] std::string bash_script(const std::vector<CommandLine::Entry>& entries);
[[nodiscard]] std::string zsh_script(const std::vector<CommandLine::Entry>& entries);

} // namespace jackfield::cli

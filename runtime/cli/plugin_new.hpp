// jackfield plugin new: a folder from which a plugin is built.
#pragma once

#include "command.hpp"

namespace jackfield::cli {

void add_plugin_new(Command plugin);

} // namespace jackfield::cli

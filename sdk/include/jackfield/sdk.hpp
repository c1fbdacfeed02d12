// Everything that a plugin author needs.
#pragma once

#include <jackfield/sdk/plugin.hpp>

// The charts that the tests draw and the contact sheet shows: each kind with each hard case.
#pragma once

#include "spec.hpp"
#include "table.hpp"

#include <string>
#include <vector>

namespace jackfield::charts::cases {

struct Case {
    std::string name; ///< "line/nulls"
    std::string spec; ///< JSON without width, height and theme
    Table table;
    bool on_sheet = false;
};

std::vector<Case> all();

/// The case's specification for a size and a theme.
std::string sized(const Case& one, int width, int height, const std::string& theme);

} // namespace jackfield::charts::cases

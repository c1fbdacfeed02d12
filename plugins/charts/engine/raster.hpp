// SVG to PNG.
#pragma once

#include <string>

namespace jackfield::charts {

/// Draws the SVG document at `scale` pixels for each unit. True: `out` is a PNG; false: `out` says what is wrong.
bool svg_to_png(const std::string& svg, double scale, std::string& out);

} // namespace jackfield::charts

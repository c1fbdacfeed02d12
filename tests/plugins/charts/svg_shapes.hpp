// Reads back what the engine drew: the texts and shapes of an SVG with their places and colours.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::charts::svg {

struct Point {
    double x = 0;
    double y = 0;
};

/// One <text>, <rect> or <path> in document order.
struct Shape {
    bool is_text = false;
    bool clipped = false;       ///< stands inside a clip path: what leaves it is not seen
    std::string text;           ///< unescaped
    std::string font;           ///< as CSS: "bold 12px …"
    double font_size = 0;
    double anchor = 0;          ///< 0 start, 0.5 middle, 1 end
    std::array<double, 6> matrix{1, 0, 0, 1, 0, 0};
    Point at;                   ///< of a text: its anchor on the middle line, before the matrix
    Point low, high;            ///< of a shape: the corners of its box on the page
    std::string fill;           ///< "#rrggbb", "none", "url(…)"
    std::string stroke;
    double fill_opacity = 1;
    double stroke_opacity = 1;

    /// The corners of a text that is `width` wide, on the page; as high as its capitals and tails.
    [[nodiscard]] std::array<Point, 4> corners(double width) const;
};

std::vector<Shape> read(std::string_view document);

/// Whether two boxes, turned or not, have more in common than `slack` in every direction.
bool overlap(const std::array<Point, 4>& a, const std::array<Point, 4>& b, double slack);

/// Contrast of two #rrggbb colours as WCAG 2 defines it; `opacity` mixes `colour` with `ground` first.
double contrast(const std::string& colour, double opacity, const std::string& ground);

} // namespace jackfield::charts::svg

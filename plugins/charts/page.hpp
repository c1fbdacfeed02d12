// Charts as one self-contained HTML page.
#pragma once

#include "spec.hpp"

#include <string>
#include <vector>

namespace jackfield::charts {

/// One card of a page. Value.
struct Figure {
    Spec spec;
    std::string shaped; ///< what shape() returned
};

/// A page that needs no network: ECharts, our script, style and data are all inside, and its content security
/// policy forbids everything else. Titles and labels are data, never markup. Same input, same bytes.
std::string make_page(const Page& page, const std::vector<Figure>& figures);

} // namespace jackfield::charts

// Files that are built into the programs: ECharts, our JavaScript, the JSON Schema of a chart.
#pragma once

#include <string_view>

namespace jackfield::charts::assets {

std::string_view echarts();      ///< echarts.min.js, Apache-2.0, with its licence header
std::string_view chart_script(); ///< js/*.js one after the other: defines `JackfieldChart`
std::string_view engine_script();///< what only the engine needs on top
std::string_view page_script();  ///< what only the browser needs on top
std::string_view page_style();   ///< CSS of a page
std::string_view spec_schema();  ///< JSON Schema of one chart

} // namespace jackfield::charts::assets

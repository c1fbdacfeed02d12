// Draws cases into files for a person to look at: draw_cases FOLDER WIDTH HEIGHT THEME png|svg [PART OF NAME] [sheet].
#include "chart_cases.hpp"
#include "engine_client.hpp"
#include "shape.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>

using namespace jackfield;
using namespace jackfield::charts;

int main(int count, char** arguments)
{
    if (count < 6)
        return 2;
    const std::string folder = arguments[1];
    const int width = std::atoi(arguments[2]);
    const int height = std::atoi(arguments[3]);
    const std::string format = arguments[5];
    const std::string part = count > 6 ? arguments[6] : "";
    const bool sheet = count > 7;
    EngineClient engine(find_engine());
    for (const cases::Case& one : cases::all()) {
        if (one.name.find(part) == std::string::npos || (sheet && !one.on_sheet))
            continue;
        auto spec = Spec::parse(cases::sized(one, width, height, arguments[4]));
        auto shaped = spec ? shape(*spec, one.table, static_cast<std::size_t>(width) * 2) : Result<std::string>(spec.error());
        if (!shaped) {
            std::cerr << one.name << ": " << shaped.error().where << ": " << shaped.error().message << '\n';
            continue;
        }
        const auto from = EngineClient::Clock::now();
        auto drawn = engine.ask(format == "png" ? Ask::png : Ask::svg, 1, *shaped, from + std::chrono::seconds(30), {});
        const auto took = std::chrono::duration<double, std::milli>(EngineClient::Clock::now() - from).count();
        std::cout << one.name << "  " << took << " ms\n";
        if (!drawn) {
            std::cerr << one.name << ": " << drawn.error().message << '\n';
            continue;
        }
        std::string file = one.name;
        std::ranges::replace(file, '/', '-');
        std::ranges::replace(file, ' ', '_');
        std::ofstream(folder + "/" + file + "." + format, std::ios::binary) << *drawn;
    }
    return 0;
}

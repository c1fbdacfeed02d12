// Times of static charts of 500 points: charts_bench [ROUNDS]. One line for each goal; exit 1 if one is short.
#include "chart_cases.hpp"
#include "engine_client.hpp"
#include "shape.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>

using namespace jackfield::charts;
using Clock = EngineClient::Clock;

namespace {

std::string chart_of_500_points()
{
    Table table;
    Column x;
    Column y;
    x.name = "time";
    x.kind = ColumnKind::time;
    y.name = "value";
    for (int i = 0; i < 500; ++i) {
        x.numbers.push_back(1767225600000.0 + i * 3600000.0);
        y.numbers.push_back(std::round((20 + 5 * std::sin(i / 30.0) + 2 * std::sin(i * 1.7)) * 100) / 100);
    }
    table.columns = {x, y};
    table.rows = 500;
    auto spec = Spec::parse(R"({"kind":"line","title":"Temperature","y_title":"°C"})");
    return *shape(*spec, table, 1600);
}

double milliseconds(EngineClient& engine, Ask what, const std::string& request)
{
    const auto from = Clock::now();
    if (!engine.ask(what, 1, request, from + std::chrono::seconds(60), {}))
        return 1e9;
    return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

bool report(const char* name, std::vector<double> times, double goal)
{
    std::ranges::sort(times);
    const double middle = times[times.size() / 2];
    std::cout << name << " ours=" << middle << "ms best=" << times.front() << "ms goal=" << goal << "ms " << (middle <= goal ? "ok" : "short") << '\n';
    return middle <= goal;
}

} // namespace

int main(int count, char** arguments)
{
    const int rounds = count > 1 ? std::max(5, std::atoi(arguments[1])) : 40;
    const std::string request = chart_of_500_points();
    std::vector<double> first, svg, png;
    for (int i = 0; i < 5; ++i) {
        EngineClient engine(find_engine());
        first.push_back(milliseconds(engine, Ask::png, request));
    }
    EngineClient engine(find_engine());
    for (int i = 0; i < rounds; ++i) {
        svg.push_back(milliseconds(engine, Ask::svg, request));
        png.push_back(milliseconds(engine, Ask::png, request));
    }
    const bool good = report("chart_first_png", first, 500) & report("chart_svg_500_points", svg, 20) & report("chart_png_500_points", png, 60);
    return good ? 0 : 1;
}

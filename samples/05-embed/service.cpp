// A service that runs a flow: the whole of what embedding takes.
#include <jackfield/runtime.hpp>

#include <iostream>

int main(int argc, char** argv)
{
    jackfield::Runtime runtime({.plugins = {argc > 2 ? argv[2] : "/usr/lib/jackfield/plugins"}});
    auto flow = jackfield::Flow::from_file(argc > 1 ? argv[1] : "count.flow.json", runtime.flow_options());
    auto report = flow ? runtime.run(*flow, {{"last", 5}}) : flow.error();
    std::cout << (report ? report->state : report.error().message) << '\n';
    return report && report->ok() ? 0 : 1;
}

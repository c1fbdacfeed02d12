// Loads every plugin, runs a flow, prints "idle" and stays until stdin ends: what it keeps in memory is measured from outside.
// Usage: bench_idle STATE FLOW PLUGINS
#include "load/catalog.hpp"

#include <jackfield/runtime.hpp>

#include <cstdio>

using namespace jackfield;

namespace {

Status make_idle(const std::string& state, const std::string& flow_file, const std::string& plugins)
{
    static Runtime runtime({.plugins = {plugins}, .search = false, .state = state}); // lives as long as the process
    for (const PluginInfo* plugin : runtime.catalog().plugins())
        for (const ComponentInfo& component : plugin->components)
            JF_TRY(runtime.catalog().factory_of(component.kind, component.id));
    JF_ASSIGN(const Flow flow, Flow::from_file(flow_file, runtime.flow_options()));
    JF_ASSIGN(const Report report, runtime.run(flow));
    if (!report.ok())
        return fail(JF_E_FAILED, report.message);
    return {};
}

} // namespace

int main(int count, char** words)
{
    if (count != 4)
        return 2;
    if (const Status made = make_idle(words[1], words[2], words[3]); !made) {
        std::fprintf(stderr, "bench_idle: %s\n", made.error().message.c_str());
        return 1;
    }
    std::puts("idle");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return 0;
}

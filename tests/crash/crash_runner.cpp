// Runs one pipeline over the demo plugin, so that a harness can kill it:
//
//   crash_runner PLUGIN_DIRECTORY SOURCE SOURCE_JSON SINK SINK_JSON EPOCH_ROWS
//
// Exit status 0: finished; 1: failed, with a sentence on stderr. The generation never changes, so a second start goes on.
#include "exec/pipeline/pipeline.hpp"
#include "load/catalog.hpp"

#include <boost/json/parse.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <unistd.h>

using namespace jackfield;

namespace {

Result<ComponentPlan> component(Catalog& catalog, const char* kind, const char* use, const char* json, const char* place)
{
    ComponentPlan out;
    out.kind = kind;
    out.component.use = use;
    out.component.place = place;
    out.component.configuration = boost::json::parse(json).as_object();
    JF_ASSIGN(const Factory factory, catalog.factory_of(kind, use));
    CallFrame frame;
    const ConfigView config(out.component);
    JF_ASSIGN(out.description, factory.describe(frame, config, nullptr));
    out.described = true;
    return out;
}

Status run(char** arguments)
{
    CatalogOptions options;
    options.plugins = {arguments[1]};
    options.search = options.use_cache = options.isolate = false;
    const auto catalog = std::make_shared<Catalog>(options);
    PipelinePlan plan;
    JF_ASSIGN(plan.source, component(*catalog, JF_KIND_SOURCE, arguments[2], arguments[3], "source"));
    JF_ASSIGN(plan.sink.sink, component(*catalog, JF_KIND_SINK, arguments[4], arguments[5], "sink"));
    plan.sink.token = TokenPlace::sink;
    plan.can_continue = true;
    plan.limits.epoch_rows = std::strtoull(arguments[6], nullptr, 10);
    plan.limits.epoch_interval = std::chrono::milliseconds(100);
    exec::PipelineContext context;
    context.flow = "crash";
    context.task = "load";
    context.generation = {"g1", false};
    context.owner = "pid " + std::to_string(::getpid());
    context.log = [](std::int32_t, std::string_view message) { std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data()); };
    context.factory = [catalog](std::string_view kind, std::string_view id) { return catalog->factory_of(kind, id); };
    JF_ASSIGN(const exec::PipelineReport report, exec::run_pipeline(plan, context));
    return report.finished ? Status() : fail(JF_E_FAILED, "stopped before the end");
}

} // namespace

int main(int count, char** arguments)
{
    if (count != 7) {
        std::fprintf(stderr, "usage: crash_runner PLUGIN_DIRECTORY SOURCE SOURCE_JSON SINK SINK_JSON EPOCH_ROWS\n");
        return 2;
    }
    if (const auto done = run(arguments); !done) {
        std::fprintf(stderr, "%s: %s\n", done.error().where.c_str(), done.error().message.c_str());
        return 1;
    }
    return 0;
}

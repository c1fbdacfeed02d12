// jackfield render: one chart from a file or a query.
#include "commands.hpp"
#include "file_source.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include "flow/words.hpp"

#include <boost/json/serialize.hpp>

namespace jackfield::cli {

namespace {

struct RenderRequest {
    std::string file, query, on, out, use, kind, x, series, title, source;
    std::vector<std::string> y, options, source_options;
};

/// The renderer: asked for, or the only one.
Result<std::string> renderer_of(const std::string& asked, const ComponentCatalog& catalog)
{
    const auto known = catalog.names(ComponentKind::chart);
    if (!asked.empty() || known.size() == 1)
        return asked.empty() ? known.front() : asked;
    if (known.empty())
        return fail(JF_E_NOT_FOUND, "no plugin that draws charts is installed (where was looked: jackfield plugin why)");
    return fail(JF_E_CONFIG, "which renderer? --use " + joined(known));
}

Result<boost::json::object> chart_of(const RenderRequest& request, const ComponentCatalog& catalog)
{
    JF_ASSIGN(const std::string use, renderer_of(request.use, catalog));
    JF_ASSIGN(boost::json::object chart, read_options(request.options));
    chart["use"] = use;
    for (const auto& [name, value] : {std::pair("kind", &request.kind), {"x", &request.x}, {"series", &request.series}, {"title", &request.title}})
        if (!value->empty())
            chart[name] = *value;
    if (request.y.size() == 1)
        chart["y"] = request.y.front();
    else if (!request.y.empty())
        chart["y"] = boost::json::array(request.y.begin(), request.y.end());
    if (!request.query.empty()) {
        if (request.on.empty())
            return fail(JF_E_CONFIG, "a query needs a connection of the connections file: --on NAME");
        chart["data"] = {{"query", request.query}, {"on", request.on}};
    } else if (!request.file.empty()) {
        JF_ASSIGN(boost::json::object source, source_of_file(request.file, request.source, request.source_options, catalog));
        chart["data"] = {{"source", std::move(source)}};
    } else {
        return fail(JF_E_CONFIG, "what is to be drawn? name a file, or give --query SQL --on CONNECTION");
    }
    chart["out"] = request.out;
    return chart;
}

int render(const Session& session, const RenderRequest& request)
{
    if (request.out.empty())
        return say(fail(JF_E_CONFIG, "where to? give -o FILE; its ending (.svg, .png, .html, .json) says what is drawn"));
    auto options = session.runtime_options();
    if (!options)
        return say(options.error(), exit_no_access);
    options->state.clear(); // a picture leaves no history
    Runtime runtime(std::move(*options));
    auto chart = chart_of(request, runtime.components());
    if (!chart)
        return say(chart.error());
    const boost::json::object document{{"flow", "render"}, {"tasks", {{"chart", {{"chart", *chart}}}}}};
    FlowReading reading = read_flow(boost::json::serialize(document), "", runtime.flow_options());
    auto faults = reading.flow ? runtime.check(*reading.flow) : reading.faults;
    if (!faults.empty()) {
        for (Fault& fault : faults) // nobody wrote that file
            fault.line = fault.column = 0;
        return say(faults);
    }
    const auto report = runtime.run(*reading.flow);
    if (!report)
        return say(report.error());
    if (!report->ok())
        return say(fail(JF_E_FAILED, report->message), exit_failed);
    print_out(request.out + "\n");
    return exit_done;
}

} // namespace

void add_render(Command root, Session& session)
{
    auto request = std::make_shared<RenderRequest>();
    root.command("render", "Draws one chart from a file or a query")
        .argument("FILE", request->file, "A file with data", Words::file, false)
        .option("-o,--out", "FILE", request->out, "The picture: .svg, .png, .html or .json", Words::file)
        .option("--kind", "KIND", request->kind, "line, area, bar, pie, scatter, … (jackfield plugin info RENDERER)")
        .option("--x", "COLUMN", request->x, "Column along the x axis")
        .option("--y", "COLUMN", request->y, "Column of values")
        .option("--series", "COLUMN", request->series, "Column that splits the values into series")
        .option("--title", "TEXT", request->title, "Drawn on top")
        .option("--set", "NAME=VALUE", request->options, "Any other option of the chart")
        .option("--use", "ID", request->use, "The renderer (default: the only one)", Words::component)
        .option("--query", "SQL", request->query, "Rows of a query instead of a file")
        .option("--on", "NAME", request->on, "The connection of the connections file that answers it", Words::connection)
        .option("--source", "ID", request->source, "The source that reads the file (default: by the file's name)", Words::component)
        .option("--source-set", "NAME=VALUE", request->source_options, "Option of that source")
        .example("jackfield render --kind bar --x region --y sales data.csv -o out.svg", "a picture of a file")
        .example("jackfield render --kind line --x day --y rows --query 'select * from daily' --on warehouse -o daily.html", "a page from a query")
        .action([&session, request] { return render(session, *request); });
}

} // namespace jackfield::cli

// jackfield peek: the first rows of a source, and its columns.
#include "commands.hpp"
#include "file_source.hpp"
#include "rows.hpp"
#include "session.hpp"
#include "table.hpp"
#include "terminal.hpp"

#include "exec/human.hpp"
#include "flow/words.hpp"

#include <boost/json/serialize.hpp>

namespace jackfield::cli {

namespace {

struct PeekRequest {
    std::string file, task, use;
    std::vector<std::string> parameters, options;
    std::int64_t rows = 10;
    bool json = false;
};

/// A flow of one pipeline with this source, as flows are the one way to write a component.
FlowReading flow_around(const boost::json::object& source, const Runtime& runtime)
{
    const boost::json::object flow{{"flow", "peek"}, {"tasks", {{"peek", {{"source", source}, {"sink", {{"use", "memory"}, {"name", "peek"}}}}}}}};
    FlowReading reading = read_flow(boost::json::serialize(flow), "", runtime.flow_options());
    for (Fault& fault : reading.faults) { // nobody wrote that file
        fault.line = fault.column = 0;
        if (fault.path.starts_with("tasks.peek.source."))
            fault.path.erase(0, std::string_view("tasks.peek.source.").size());
    }
    return reading;
}

bool is_flow(const std::string& file) { return file.ends_with(".flow.json"); }

int print(const Rows& rows, bool json)
{
    if (json) {
        for (const auto& value : rows.values)
            if (!print_out(boost::json::serialize(value) + "\n"))
                break;
        return exit_done;
    }
    Table types;
    types.column("COLUMN").column("TYPE");
    for (const Field& field : rows.schema.fields)
        types.row({printable(field.name), field.type.text() + (field.nullable ? "" : " not null")});
    Table table;
    for (std::size_t i = 0; i < rows.schema.fields.size(); ++i)
        table.column(printable(rows.schema.fields[i].name), i < rows.right.size() && rows.right[i]);
    for (const auto& cells : rows.cells)
        table.row(cells);
    const Terminal terminal = terminal_of(1);
    std::string out = types.print() + "\n" + table.print(terminal.moves ? terminal.width() : 0);
    out += rows.more ? "…\n" : human_number_of(rows.cells.size(), "row", "rows") + " in all\n";
    for (const std::string& rejected : rows.rejected)
        out += "does not fit: " + rejected + "\n";
    if (rows.rejected_count > rows.rejected.size())
        out += "… and " + human_count(rows.rejected_count - rows.rejected.size()) + " more that do not fit\n";
    print_out(out);
    return exit_done;
}

int peek(const Session& session, const PeekRequest& request)
{
    const auto runtime = session.make_runtime(request.file);
    if (!runtime)
        return exit_no_access;
    FlowReading bound;
    std::string task = "peek";
    if (is_flow(request.file) || !request.task.empty()) {
        auto parameters = read_parameters(request.parameters);
        if (!parameters)
            return say(parameters.error());
        const auto flow = Session::read_flow(request.file, *runtime);
        if (!flow)
            return exit_faults;
        bound = flow->bind(*parameters, &runtime->components());
        task = request.task;
    } else {
        auto source = source_of_file(request.file, request.use, request.options, runtime->components());
        if (!source)
            return say(source.error());
        bound = flow_around(*source, *runtime);
        if (bound.flow)
            bound = bound.flow->bind({}, &runtime->components());
    }
    if (!bound.flow)
        return say(bound.faults);
    std::vector<std::string> pipelines;
    for (const Task& one : bound.flow->tasks)
        if (one.kind == TaskKind::pipeline)
            pipelines.push_back(one.name);
    if (task.empty() && pipelines.size() == 1)
        task = pipelines.front();
    const Task* found = bound.flow->task(task);
    if (!found || found->kind != TaskKind::pipeline)
        return say(fail(JF_E_CONFIG, task.empty() ? "which source? name the task: --task " + joined(pipelines)
                                                  : "there is no task " + in_quotes(task) + " with a source; " + remedy(task, pipelines, "tasks with a source")));
    auto rows = read_source(*bound.flow, found->pipeline.source, runtime->catalog(), static_cast<std::uint64_t>(request.rows));
    return rows ? print(*rows, request.json) : say(rows.error(), exit_failed);
}

} // namespace

void add_peek(Command root, Session& session)
{
    auto request = std::make_shared<PeekRequest>();
    root.command("peek", "Shows the first rows of a file or of a flow's source, and its columns with their types")
        .argument("FILE", request->file, "A file with data, or a flow (NAME.flow.json)", Words::file)
        .option("--task", "TASK", request->task, "The task of the flow whose source is meant", Words::task)
        .option("-p,--param", "NAME=VALUE", request->parameters, "Value of a parameter of the flow")
        .option("--use", "ID", request->use, "The source that reads the file (default: by the file's name)", Words::component)
        .option("--set", "NAME=VALUE", request->options, "Option of that source")
        .option("-n,--rows", "N", request->rows, "How many rows (default: 10)", 1)
        .flag("--json", request->json, "The rows alone, one JSON object a line")
        .example("jackfield peek data.csv", "columns as they would be read, and ten rows")
        .example("jackfield peek flights.flow.json --task land -n 3", "what the task land would read")
        .action([&session, request] { return peek(session, *request); });
}

} // namespace jackfield::cli

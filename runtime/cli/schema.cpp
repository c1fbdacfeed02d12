// jackfield schema: the JSON Schema of flow files, for editors.
#include "commands.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include "exec/run/write_file.hpp"

namespace jackfield::cli {

namespace {

int schema(const Session& session, const std::string& out)
{
    const auto runtime = session.make_runtime();
    if (!runtime)
        return exit_no_access;
    const std::string text = flow_schema(runtime->components());
    if (out.empty()) {
        print_out(text + (text.empty() || text.back() != '\n' ? "\n" : ""));
        return exit_done;
    }
    if (const auto written = exec::write_file(out, text); !written)
        return say(written.error(), exit_no_access);
    return exit_done;
}

} // namespace

void add_schema(Command root, Session& session)
{
    auto out = std::make_shared<std::string>();
    root.command("schema", "Prints the JSON Schema of flow files, with the options of every installed plugin")
        .details("Editors complete and check flow files with it: put \"$schema\": \"flow.schema.json\" at the top of the flow.")
        .option("-o,--out", "FILE", *out, "Write it to this file", Words::file)
        .example("jackfield schema -o flow.schema.json", "beside the flows that name it")
        .action([&session, out] { return schema(session, *out); });
}

} // namespace jackfield::cli

// jackfield init: a project that runs, with no server.
#include "commands.hpp"
#include "init_template.hpp"
#include "session.hpp"
#include "terminal.hpp"

namespace jackfield::cli {

namespace {

int init(const std::string& given)
{
    const std::filesystem::path folder = given.empty() ? "." : given;
    const auto files = first_project();
    if (const auto made = write_project(folder, files); !made)
        return say(made.error(), exit_code_of(made.error()));
    std::string out;
    for (const ProjectFile& file : files)
        out += "  " + (given.empty() ? std::filesystem::path(file.name) : folder / file.name).string() + "\n";
    print_out(out + "next: " + (given.empty() ? "" : "cd " + folder.string() + " && ") + "jackfield run orders.flow.json\n");
    return exit_done;
}

} // namespace

void add_init(Command root, Session&)
{
    auto folder = std::make_shared<std::string>();
    root.command("init", "Writes a project that runs: a flow, small data, connections, a test")
        .details("Nothing is ever overwritten.")
        .argument("DIR", *folder, "Folder to make (default: this one)", Words::folder, false)
        .example("jackfield init shop && cd shop && jackfield run orders.flow.json", "the first run")
        .action([folder] { return init(*folder); });
}

} // namespace jackfield::cli

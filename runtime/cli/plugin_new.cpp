// jackfield plugin new: writes the folder.
#include "plugin_new.hpp"

#include "exit_code.hpp"
#include "plugin_template.hpp"
#include "project_files.hpp"
#include "session.hpp"
#include "terminal.hpp"

namespace jackfield::cli {

namespace {

struct NewRequest {
    std::string name, kind = "source", language = "cpp", folder;
};

int make(const NewRequest& request)
{
    const bool good = !request.name.empty() && request.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos &&
        request.name.front() >= 'a' && request.name.front() <= 'z' && request.name.size() <= 64;
    if (!good)
        return say(fail(JF_E_CONFIG, "a plugin's name is a small letter, then small letters, digits, '-' or '_'; for example acme-ticks"));
    if (request.language == "c" && request.kind != "source")
        return say(fail(JF_E_UNSUPPORTED, "in C there is a start for a source only; use --lang cpp, or see the headers in jackfield/abi/"));
    const std::filesystem::path folder = request.folder.empty() ? request.name : request.folder;
    const auto files = plugin_files({request.name, request.kind, request.language});
    if (const auto made = write_project(folder, files); !made)
        return say(made.error(), exit_code_of(made.error()));
    std::string out;
    for (const ProjectFile& file : files)
        out += "  " + (folder / file.name).string() + "\n";
    print_out(out + "next: cd " + folder.string() + " && cmake --preset release && cmake --build --preset release && jackfield plugin check build/" +
              request.name + ".so\n");
    return exit_done;
}

} // namespace

void add_plugin_new(Command plugin)
{
    auto request = std::make_shared<NewRequest>();
    plugin.command("new", "Writes a folder with a plugin that builds and runs, to start from")
        .argument("NAME", request->name, "Name of the plugin", Words::none)
        .option("--kind", request->kind, "What it offers (default: source)", {"source", "sink", "task", "chart", "connection", "auth"})
        .option("--lang", request->language, "Language (default: cpp)", {"cpp", "c"})
        .option("--dir", "DIR", request->folder, "Folder to make (default: the name)", Words::folder)
        .example("jackfield plugin new acme-ticks --kind source", "then build it with cmake, and check it with jackfield plugin check")
        .action([request] { return make(*request); });
}

} // namespace jackfield::cli

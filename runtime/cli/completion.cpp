// jackfield completion: scripts for bash and zsh, made from the commands themselves.
#include "commands.hpp"
#include "completion_script.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include "observe/text.hpp"
#include "store/store.hpp"

#include <boost/json/parse.hpp>

#include <fstream>
#include <iterator>

namespace jackfield::cli {

namespace {

/// Names of the tasks of a flow file, without checking it.
void print_tasks(const std::string& file)
{
    std::ifstream in(file, std::ios::binary);
    std::string text;
    char block[65536];
    while (text.size() < (16U << 20) && (in.read(block, sizeof block) || in.gcount() > 0))
        text.append(block, static_cast<std::size_t>(in.gcount()));
    boost::system::error_code wrong;
    const boost::json::value flow = boost::json::parse(text, wrong);
    const auto* tasks = wrong || !flow.is_object() ? nullptr : flow.get_object().if_contains("tasks");
    if (!tasks || !tasks->is_object())
        return;
    std::string out;
    for (const auto& [name, task] : tasks->get_object())
        out += observe::one_line(std::string_view(name.data(), name.size())) + "\n";
    print_out(out);
}

/// Ids of the newest runs; silent if the state cannot be read, as a person is typing.
void print_runs(const Session& session)
{
    auto options = session.runtime_options();
    std::error_code wrong;
    if (!options || options->state.empty() || !std::filesystem::exists(options->state, wrong))
        return;
    Runtime runtime(std::move(*options));
    const auto state = runtime.store();
    if (!state)
        return;
    const auto runs = (*state)->runs({.limit = 50});
    if (!runs)
        return;
    std::string out;
    for (const auto& run : *runs)
        out += run.id + "\n";
    print_out(out);
}

void print_components(const Session& session)
{
    auto options = session.runtime_options();
    if (!options)
        return;
    Runtime runtime(std::move(*options));
    std::string out;
    for (const auto kind : {ComponentKind::source, ComponentKind::sink, ComponentKind::action, ComponentKind::chart, ComponentKind::connection})
        for (const auto& id : runtime.components().names(kind))
            out += id + "\n";
    print_out(out);
}

} // namespace

void add_completion(Command root, Session& session, const CommandLine& line)
{
    struct Asked {
        std::string shell, words, file;
    };
    auto asked = std::make_shared<Asked>();
    root.command("completion", "Prints the script that completes commands in bash or zsh")
        .details("It completes commands, options, flow files, task names, run ids and components.")
        .argument("SHELL", asked->shell, "bash or zsh", Words::shell)
        .option("--words", asked->words, "Print words of this kind instead; the script asks for them", {"tasks", "runs", "components"})
        .option("--of", "FLOW", asked->file, "The flow whose tasks are asked for", Words::flow)
        .example("eval \"$(jackfield completion bash)\"", "in ~/.bashrc")
        .example("jackfield completion zsh > ~/.zfunc/_jackfield", "for zsh, with ~/.zfunc in fpath")
        .action([&session, &line, asked]() -> int {
            if (asked->words == "tasks")
                print_tasks(asked->file);
            else if (asked->words == "runs")
                print_runs(session);
            else if (asked->words == "components")
                print_components(session);
            else if (asked->shell == "bash")
                print_out(bash_script(line.entries()));
            else if (asked->shell == "zsh")
                print_out(zsh_script(line.entries()));
            else
                return say(fail(JF_E_CONFIG, "'" + observe::one_line(asked->shell) + "' is no shell that is known here; choose bash or zsh"));
            return exit_done;
        });
}

} // namespace jackfield::cli

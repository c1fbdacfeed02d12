// The program `jackfield`: the command line over the library.
#include "commands.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include <exception>
#include <new>

namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 done; 1 it ran and failed; 2 faults in the command line, the flow or its parameters, nothing was run;\n"
    "3 state, plugins or files cannot be opened; 4 the flow is being run by somebody else; 130, 143 cancelled (SIGINT, SIGTERM).\n"
    "Environment: JACKFIELD_HOME, JACKFIELD_PLUGIN_PATH, JACKFIELD_CONNECTIONS, NO_COLOR.";

} // namespace

int main(int count, char** words)
{
    using namespace jackfield::cli;
    try {
        Session session;
        CommandLine line("jackfield", "Runs data flows that are made of plugins");
        Command root = line.root();
        root.details(exit_codes);
        session.declare(root);
        add_run(root, session);
        add_backfill(root, session);
        add_check(root, session);
        add_plan(root, session);
        add_peek(root, session);
        add_test(root, session);
        add_render(root, session);
        add_reset(root, session);
        add_runs(root, session);
        add_connections(root, session);
        add_plugin(root, session);
        add_schema(root, session);
        add_init(root, session);
        add_completion(root, session, line);
        add_version(root, session);
        root.example("jackfield init my-project", "a project that runs, to start from");
        root.example("jackfield run flights.flow.json", "run a flow");
        return line.run(count, words);
    } catch (const std::bad_alloc&) {
        print_err("jackfield: out of memory\n");
    } catch (const std::exception& error) {
        print_err(std::string("jackfield: a fault of the program itself, please report it: ") + error.what() + "\n");
    }
    return exit_no_access;
}

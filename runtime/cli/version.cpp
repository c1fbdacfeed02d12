// jackfield version.
#include "commands.hpp"
#include "exit_code.hpp"
#include "terminal.hpp"

namespace jackfield::cli {

void add_version(Command root, Session&)
{
    root.command("version", "Prints the version of the program and of the interface that plugins are built for")
        .example("jackfield version", "for a bug report")
        .action([] {
            print_out("jackfield " JACKFIELD_VERSION " · plugin interface jf/0 · " __VERSION__ "\n");
            return static_cast<int>(exit_done);
        });
}

} // namespace jackfield::cli

// The exit codes of the program; docs/cli.md explains them.
#pragma once

#include <jackfield/sdk/result.hpp>

namespace jackfield::cli {

enum ExitCode : int {
    exit_done = 0,
    exit_failed = 1,    ///< it ran and did not succeed: a run, a test, a connection, a plugin
    exit_faults = 2,    ///< faults in the command line, the flow or its parameters; nothing was run
    exit_no_access = 3, ///< state, plugins or files cannot be opened or written; nothing was run
    exit_busy = 4,      ///< the flow is being run by somebody else; nothing was run
    exit_interrupted = 130,
    exit_terminated = 143,
};

/// The exit code for an error that came before anything was run.
[[nodiscard]] inline ExitCode exit_code_of(const Error& error)
{
    switch (error.kind) {
    case JF_E_CONFIG:
    case JF_E_NOT_FOUND:
    case JF_E_UNSUPPORTED: return exit_faults;
    case JF_E_UNAVAILABLE: return exit_busy;
    default: return exit_no_access;
    }
}

} // namespace jackfield::cli

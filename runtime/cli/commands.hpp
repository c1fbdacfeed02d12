// Every command of the program: one function declares it, one file holds it.
#pragma once

#include "command.hpp"

#include <jackfield/runtime/interval.hpp>

#include <optional>

namespace jackfield::cli {

class Session;

void add_run(Command root, Session& session);
void add_check(Command root, Session& session);
void add_plan(Command root, Session& session);
void add_peek(Command root, Session& session);
void add_test(Command root, Session& session);
void add_render(Command root, Session& session);
void add_reset(Command root, Session& session);
void add_runs(Command root, Session& session);
void add_backfill(Command root, Session& session);
void add_connections(Command root, Session& session);
void add_plugin(Command root, Session& session);
void add_schema(Command root, Session& session);
void add_init(Command root, Session& session);
void add_completion(Command root, Session& session, const CommandLine& line);
void add_version(Command root, Session& session);

/// What `run` and `runs resume` share.
struct RunRequest {
    std::string flow;
    std::vector<std::string> parameters;
    std::vector<std::string> only;
    std::string from;
    std::string continue_run;
    std::optional<DataInterval> interval; ///< of a run of a backfill that is resumed
    bool full_refresh = false, fresh = false;
    bool json = false, quiet = false, verbose = false;
};
/// Runs a flow and shows how it goes; an exit code.
int run_and_show(Session& session, const RunRequest& request);

} // namespace jackfield::cli

// Session: what all commands share: the options of the program, where state and connections are, how errors are said.
#pragma once

#include "command.hpp"
#include "exit_code.hpp"

#include <jackfield/runtime.hpp>

#include <boost/json/object.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::store {
class Store;
}

namespace jackfield::cli {

/// One for a program. One thread at a time.
class Session {
public:
    /// Declares --state, --plugins, --connections and --env.
    void declare(Command root);

    /// The Runtime's options; `flow_file` finds the connections file beside it; empty: in this folder. An Error: the folder of
    /// the state cannot be made.
    [[nodiscard]] Result<RuntimeOptions> runtime_options(const std::filesystem::path& flow_file = {}) const;
    /// A Runtime for commands that show no events; nullptr: it was said why not.
    [[nodiscard]] std::unique_ptr<Runtime> make_runtime(const std::filesystem::path& flow_file = {}) const;
    /// The state; nullptr: it was said why not.
    [[nodiscard]] static store::Store* open_state(Runtime& runtime);
    /// The connections file that is used; empty: none.
    [[nodiscard]] std::filesystem::path connections_file(const std::filesystem::path& flow_file = {}) const;
    [[nodiscard]] const std::string& environment() const { return environment_; }
    /// As if it had been given with --env.
    void use_environment(std::string name) { environment_ = std::move(name); }

    /// The flow; empty: its faults were printed.
    [[nodiscard]] static std::optional<Flow> read_flow(const std::string& file, const Runtime& runtime);

private:
    std::string state_, connections_, environment_;
    std::vector<std::string> plugins_;
};

/// {"k": "v"} of "k=v" texts. JF_E_CONFIG for one without '='.
[[nodiscard]] Result<boost::json::object> read_parameters(const std::vector<std::string>& given);

/// "jackfield: place: message" to stderr, on one line; returns the exit code.
int say(const Error& error, ExitCode code);
int say(const Error& error); ///< with exit_code_of(error)
/// Faults to stderr, then "4 faults; nothing was run"; returns exit_faults.
int say(const std::vector<Fault>& faults);

} // namespace jackfield::cli

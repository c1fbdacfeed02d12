// What all commands share.
#include "session.hpp"

#include "exec/human.hpp"
#include "observe/text.hpp"
#include "store/store.hpp"
#include "terminal.hpp"

#include <cstdlib>

namespace jackfield::cli {

namespace fs = std::filesystem;

namespace {

std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// $JACKFIELD_HOME, or the folder of the XDG rules; empty: no home.
fs::path home_folder()
{
    if (const std::string own = variable("JACKFIELD_HOME"); !own.empty())
        return own;
    if (const std::string state = variable("XDG_STATE_HOME"); !state.empty() && state.front() == '/')
        return fs::path(state) / "jackfield";
    if (const std::string home = variable("HOME"); !home.empty())
        return fs::path(home) / ".local/state/jackfield";
    return {};
}

Result<fs::path> default_state()
{
    const fs::path folder = home_folder();
    if (folder.empty())
        return fail(JF_E_DENIED, "there is no place for the state: neither JACKFIELD_HOME nor HOME is set; give --state FILE or --state none");
    std::error_code wrong;
    const bool fresh = fs::create_directories(folder, wrong);
    if (wrong)
        return fail(JF_E_DENIED, "the folder of the state cannot be made: " + wrong.message() + "; set JACKFIELD_HOME or give --state FILE", folder.string());
    if (fresh)
        fs::permissions(folder, fs::perms::owner_all, wrong); // what was run is nobody else's business
    return folder / "state.db";
}

} // namespace

void Session::declare(Command root)
{
    root.option("--state", "FILE|none", state_, "Where history and progress are kept; none: in memory (default: $JACKFIELD_HOME/state.db, else ~/.local/state/jackfield/state.db)", Words::file)
        .option("--plugins", "PATH", plugins_, "A folder with plugins, or a plugin, looked at before the usual places", Words::file)
        .option("--connections", "FILE", connections_, "The connections file (default: $JACKFIELD_CONNECTIONS, else connections.json beside the flow)", Words::file)
        .option("--env", "NAME", environment_, "Environment of the connections file (default: what the file says)");
}

fs::path Session::connections_file(const fs::path& flow_file) const
{
    if (!connections_.empty())
        return connections_;
    if (const std::string given = variable("JACKFIELD_CONNECTIONS"); !given.empty())
        return given;
    std::error_code wrong;
    const fs::path beside = flow_file.parent_path() / "connections.json";
    return fs::is_regular_file(beside, wrong) ? beside : fs::path();
}

Result<RuntimeOptions> Session::runtime_options(const fs::path& flow_file) const
{
    RuntimeOptions out;
    out.plugins.assign(plugins_.begin(), plugins_.end());
    if (state_.empty()) {
        JF_ASSIGN(out.state, default_state());
    } else if (state_ != "none") {
        out.state = state_;
    }
    out.connections = connections_file(flow_file);
    out.environment = environment_;
    return out;
}

std::unique_ptr<Runtime> Session::make_runtime(const fs::path& flow_file) const
{
    auto options = runtime_options(flow_file);
    if (!options) {
        say(options.error(), exit_no_access);
        return nullptr;
    }
    return std::make_unique<Runtime>(std::move(*options));
}

store::Store* Session::open_state(Runtime& runtime)
{
    auto opened = runtime.store();
    if (!opened) {
        say(std::move(opened).error().at("state"), exit_no_access);
        return nullptr;
    }
    return *opened;
}

std::optional<Flow> Session::read_flow(const std::string& file, const Runtime& runtime)
{
    FlowReading reading = read_flow_file(file, runtime.flow_options());
    if (!reading.flow)
        say(reading.faults);
    return std::move(reading.flow);
}

Result<boost::json::object> read_parameters(const std::vector<std::string>& given)
{
    boost::json::object out;
    for (const std::string& text : given) {
        const std::size_t sign = text.find('=');
        if (sign == std::string::npos || sign == 0)
            return fail(JF_E_CONFIG, "'" + observe::one_line(text.substr(0, sign)) + "' is no parameter; write --param name=value");
        out[text.substr(0, sign)] = text.substr(sign + 1);
    }
    return out;
}

int say(const Error& error, ExitCode code)
{
    std::string text = error.message;
    if (text.find('\n') == std::string::npos && !error.where.empty())
        text = error.where + ": " + text;
    if (text.find('\n') == std::string::npos)
        text = observe::one_line(text);
    print_err("jackfield: " + text + "\n");
    return code;
}

int say(const Error& error) { return say(error, exit_code_of(error)); }

int say(const std::vector<Fault>& faults)
{
    print_err(format_faults(faults) + human_number_of(faults.size(), "fault", "faults") + "; nothing was run\n");
    return exit_faults;
}

} // namespace jackfield::cli

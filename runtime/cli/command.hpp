// Command: how a command declares its words (arguments, options, examples) and what it does. The only layer that knows the
// command line library, so that commands compile fast and help, completion and did-you-mean are made in one place.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::cli {

/// What may stand in a place of the command line, for completion.
enum class Words { none, file, flow, folder, task, run, component, plugin, connection, shell };

/// One command of the program, or the program itself. Value: a handle on what CommandLine owns. One thread at a time.
/// Variables that are given to it are filled when the command line is parsed and must live as long as the CommandLine.
class Command {
public:
    /// A command below this one. `summary`: one sentence for the list, without a full stop.
    Command command(const std::string& name, const std::string& summary);

    Command& argument(const std::string& name, std::string& into, const std::string& help, Words words, bool required = true);
    Command& argument(const std::string& name, std::vector<std::string>& into, const std::string& help, Words words, bool required = true);
    /// `names`: "--quiet" or "-q,--quiet"; `placeholder`: "FILE". A list may be given several times, one value each time.
    Command& option(const std::string& names, const std::string& placeholder, std::string& into, const std::string& help, Words words = Words::none);
    Command& option(const std::string& names, const std::string& placeholder, std::vector<std::string>& into, const std::string& help, Words words = Words::none);
    /// A whole number from `least` on.
    Command& option(const std::string& names, const std::string& placeholder, std::int64_t& into, const std::string& help, std::int64_t least);
    /// One of `choices`.
    Command& option(const std::string& names, std::string& into, const std::string& help, const std::vector<std::string>& choices);
    Command& flag(const std::string& names, bool& into, const std::string& help);
    /// More than the summary; shown by --help.
    Command& details(const std::string& text);
    /// A line for --help: what to type, and what it does.
    Command& example(const std::string& line, const std::string& what);
    /// What to do when this command was given; returns an exit code.
    Command& action(std::function<int()> action);

private:
    friend class CommandLine;
    struct Node;
    explicit Command(Node& node) : node_(&node) {}
    Node* node_;
};

/// The command line of the program. One thread at a time.
class CommandLine {
public:
    CommandLine(const std::string& name, const std::string& summary);
    ~CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    [[nodiscard]] Command root();
    /// Parses and does what was asked. Help goes to stdout; faults to stderr, with exit_faults.
    int run(int count, char** words);

    /// One place that a completion script needs: a command with its words. Value.
    struct Entry {
        std::string path;                 ///< "plugin check"; empty: the program itself
        std::string summary;
        std::vector<std::pair<std::string, std::string>> commands; ///< name, summary
        struct Option {
            std::vector<std::string> names; ///< "-q", "--quiet"
            std::string help;
            bool takes_value = false;
            Words words = Words::none;
            std::vector<std::string> choices;
        };
        std::vector<Option> options;      ///< those of the program itself come with each
        std::vector<Words> arguments;     ///< the last one repeats if `endless`
        bool endless = false;
    };
    [[nodiscard]] std::vector<Entry> entries() const;

private:
    friend class Command;
    std::unique_ptr<Command::Node> root_;
};

} // namespace jackfield::cli

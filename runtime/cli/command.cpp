// Commands over CLI11: parsing, help, and what a mistyped word gets.
#include "command.hpp"

#include "exit_code.hpp"
#include "flow/words.hpp"
#include "terminal.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <map>
#include <sstream>

namespace jackfield::cli {

struct Command::Node {
    std::unique_ptr<CLI::App> owned; // the program itself only
    CLI::App* app = nullptr;
    Node* parent = nullptr;
    std::vector<std::unique_ptr<Node>> children;
    std::string details;
    std::vector<std::pair<std::string, std::string>> examples;
    std::function<int()> action;
    std::map<const CLI::Option*, Words> words;
    std::map<const CLI::Option*, std::vector<std::string>> choices;

    [[nodiscard]] std::string path() const
    {
        if (!parent)
            return app->get_name();
        return parent->path() + " " + app->get_name();
    }
};

namespace {

CLI::Option* labelled(CLI::Option* option, const std::string& placeholder)
{
    option->type_name(placeholder);
    return option;
}

std::string padded(std::string text, std::size_t width)
{
    const std::size_t wide = display_width(text);
    return wide < width ? text + std::string(width - wide, ' ') : text;
}

/// Rows of two columns; the second is wrapped below itself.
void append_rows(std::string& out, const std::vector<std::pair<std::string, std::string>>& rows)
{
    constexpr std::size_t line = 100;
    std::size_t width = 0;
    for (const auto& [left, right] : rows)
        width = std::max(width, std::min<std::size_t>(28, display_width(left)));
    for (const auto& [left, right] : rows) {
        out += "  " + padded(left, width);
        std::size_t at = std::max(display_width(left), width) + 2;
        out += "  ";
        at += 2;
        std::istringstream words(right);
        std::string word;
        bool first = true;
        while (words >> word) {
            if (!first && at + 1 + display_width(word) > line) {
                out += "\n" + std::string(width + 4, ' ');
                at = width + 4;
                first = true;
            }
            out += (first ? "" : " ") + word;
            at += display_width(word) + (first ? 0 : 1);
            first = false;
        }
        out += "\n";
    }
}

std::string option_label(const CLI::Option& option)
{
    std::string out;
    for (const auto& name : option.get_snames())
        out += (out.empty() ? "" : ", ") + ("-" + name);
    for (const auto& name : option.get_lnames())
        out += (out.empty() ? "" : ", ") + ("--" + name);
    if (option.get_items_expected_max() > 0 && !option.get_type_name().empty())
        out += " " + option.get_type_name();
    return out;
}

std::string argument_label(const CLI::Option& option)
{
    const std::string name = option.get_name(true) + (option.get_items_expected_max() > 1 ? " …" : "");
    return option.get_required() ? name : "[" + name + "]";
}

bool is_help(const CLI::Option& option) { return option.check_lname("help"); }

} // namespace

Command Command::command(const std::string& name, const std::string& summary)
{
    auto child = std::make_unique<Node>();
    child->app = node_->app->add_subcommand(name, summary);
    child->app->fallthrough(); // the options of the program may stand anywhere
    child->app->set_help_flag("-h,--help", "This text");
    child->parent = node_;
    node_->children.push_back(std::move(child));
    return Command(*node_->children.back());
}

Command& Command::argument(const std::string& name, std::string& into, const std::string& help, Words words, bool required)
{
    auto* option = node_->app->add_option(name, into, help)->required(required);
    node_->words[option] = words;
    return *this;
}

Command& Command::argument(const std::string& name, std::vector<std::string>& into, const std::string& help, Words words, bool required)
{
    auto* option = node_->app->add_option(name, into, help)->required(required);
    node_->words[option] = words;
    return *this;
}

Command& Command::option(const std::string& names, const std::string& placeholder, std::string& into, const std::string& help, Words words)
{
    node_->words[labelled(node_->app->add_option(names, into, help), placeholder)] = words;
    return *this;
}

Command& Command::option(const std::string& names, const std::string& placeholder, std::vector<std::string>& into, const std::string& help, Words words)
{
    auto* option = labelled(node_->app->add_option(names, into, help + " (may be given several times)"), placeholder);
    option->allow_extra_args(false);
    node_->words[option] = words;
    return *this;
}

Command& Command::option(const std::string& names, const std::string& placeholder, std::int64_t& into, const std::string& help, std::int64_t least)
{
    const auto check = [least](const std::string& text) -> std::string {
        std::int64_t value = 0;
        if (!CLI::detail::lexical_cast(text, value) || value < least)
            return in_quotes(text) + " is no whole number from " + std::to_string(least) + " on";
        return {};
    };
    labelled(node_->app->add_option(names, into, help), placeholder)->check(CLI::Validator(check, ""));
    return *this;
}

Command& Command::option(const std::string& names, std::string& into, const std::string& help, const std::vector<std::string>& choices)
{
    std::string label;
    for (const auto& choice : choices)
        label += (label.empty() ? "" : "|") + choice;
    const auto check = [choices](const std::string& text) -> std::string {
        if (std::find(choices.begin(), choices.end(), text) != choices.end())
            return {};
        return in_quotes(text) + " is none of them; " + remedy(text, choices, "choices");
    };
    auto* option = labelled(node_->app->add_option(names, into, help), label)->check(CLI::Validator(check, ""));
    node_->choices[option] = choices;
    return *this;
}

Command& Command::flag(const std::string& names, bool& into, const std::string& help)
{
    node_->app->add_flag(names, into, help);
    return *this;
}

Command& Command::details(const std::string& text)
{
    node_->details = text;
    return *this;
}

Command& Command::example(const std::string& line, const std::string& what)
{
    node_->examples.emplace_back(line, what);
    return *this;
}

Command& Command::action(std::function<int()> action)
{
    node_->action = std::move(action);
    return *this;
}

CommandLine::CommandLine(const std::string& name, const std::string& summary) : root_(std::make_unique<Command::Node>())
{
    root_->owned = std::make_unique<CLI::App>(summary, name);
    root_->app = root_->owned.get();
    root_->app->set_help_flag("-h,--help", "This text");
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() { return Command(*root_); }

namespace {

template <class Node>
std::string help_of(const Node& node)
{
    const CLI::App& app = *node.app;
    std::string usage = node.path();
    std::vector<std::pair<std::string, std::string>> arguments, options, commands;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional()) {
            usage += " " + argument_label(*option);
            arguments.emplace_back(option->get_name(true), option->get_description());
        } else {
            options.emplace_back(option_label(*option), option->get_description());
        }
    }
    for (const auto& child : node.children)
        commands.emplace_back(child->app->get_name(), child->app->get_description());
    std::string out = app.get_description() + ".\n\n  " + usage + (commands.empty() ? " [options]" : " COMMAND") + "\n";
    if (!node.details.empty())
        out += "\n" + node.details + "\n";
    const auto section = [&out](const char* title, const auto& rows) {
        if (rows.empty())
            return;
        out += std::string("\n") + title + "\n";
        append_rows(out, rows);
    };
    section("Commands", commands);
    section("Arguments", arguments);
    section(node.parent ? "Options" : "Options of every command", options);
    if (!node.examples.empty()) {
        out += "\nExamples\n";
        for (const auto& [line, what] : node.examples)
            out += "  " + line + "\n      " + what + "\n";
    }
    if (node.parent)
        out += "\nOptions of every command (--state, --plugins, …) and exit codes: jackfield --help\n";
    return out;
}

/// The deepest command that was given.
template <class Node>
const Node& given(const Node& node)
{
    for (const auto& child : node.children)
        if (child->app->parsed())
            return given(*child);
    return node;
}

std::vector<std::string> option_names(const CLI::App& app)
{
    std::vector<std::string> out;
    for (const CLI::App* at = &app; at; at = at->get_parent())
        for (const CLI::Option* option : at->get_options())
            for (const auto& name : option->get_lnames())
                out.push_back("--" + name);
    return out;
}

/// One sentence about what is wrong with the words.
template <class Node>
std::string fault_of(const Node& node, const std::vector<std::string>& left, const CLI::ParseError& error)
{
    std::vector<std::string> names;
    for (const auto& child : node.children)
        names.push_back(child->app->get_name());
    for (const std::string& word : left) {
        if (word.size() > 1 && word.front() == '-') {
            const std::string bare = word.substr(0, word.find('='));
            const std::string near = nearest(bare, option_names(*node.app));
            return node.path() + " has no option " + in_quotes(bare) + (near.empty() ? "" : "; did you mean " + in_quotes(near) + "?");
        }
        if (!names.empty())
            return "there is no command " + in_quotes(word) + "; " + remedy(word, names, "commands");
    }
    if (!left.empty())
        return "what is " + in_quotes(left.front()) + "? " + node.path() + " takes no such argument";
    if (!names.empty())
        return node.path() + " needs a command: " + listed(names);
    for (const CLI::Option* option : node.app->get_options())
        if (option->get_required() && option->count() == 0)
            return node.path() + " needs " + option->get_name(true);
    return error.what();
}

} // namespace

int CommandLine::run(int count, char** words)
{
    try {
        root_->app->parse(count, words);
    } catch (const CLI::CallForHelp&) {
        print_out(help_of(given(*root_)));
        return exit_done;
    } catch (const CLI::ParseError& error) {
        const auto& node = given(*root_);
        print_err(fault_of(node, root_->app->remaining(true), error) + ". For help: " + node.path() + " --help\n");
        return exit_faults;
    }
    const auto& node = given(*root_);
    if (node.action)
        return node.action();
    if (!node.parent) {
        print_out(help_of(node));
        return exit_done;
    }
    print_err(fault_of(node, {}, CLI::ParseError("", 0)) + ". For help: " + node.path() + " --help\n");
    return exit_faults;
}

namespace {

template <class Node>
void collect(const Node& node, const std::string& path, std::vector<CommandLine::Entry>& out)
{
    CommandLine::Entry entry;
    entry.path = path;
    entry.summary = node.app->get_description();
    for (const auto& child : node.children)
        entry.commands.emplace_back(child->app->get_name(), child->app->get_description());
    for (const Node* at = &node; at; at = at->parent)
        for (const CLI::Option* option : at->app->get_options()) {
            const auto words = at->words.find(option);
            if (option->get_positional()) {
                if (at == &node) {
                    entry.arguments.push_back(words == at->words.end() ? Words::none : words->second);
                    entry.endless = entry.endless || option->get_items_expected_max() > 1;
                }
                continue;
            }
            if (is_help(*option) && at != &node)
                continue;
            CommandLine::Entry::Option described;
            for (const auto& name : option->get_snames())
                described.names.push_back("-" + name);
            for (const auto& name : option->get_lnames())
                described.names.push_back("--" + name);
            described.help = option->get_description();
            described.takes_value = option->get_items_expected_max() > 0;
            if (words != at->words.end())
                described.words = words->second;
            if (const auto choices = at->choices.find(option); choices != at->choices.end())
                described.choices = choices->second;
            entry.options.push_back(std::move(described));
        }
    out.push_back(std::move(entry));
    for (const auto& child : node.children)
        collect(*child, path.empty() ? child->app->get_name() : path + " " + child->app->get_name(), out);
}

} // namespace

std::vector<CommandLine::Entry> CommandLine::entries() const
{
    std::vector<Entry> out;
    collect(*root_, "", out);
    return out;
}

} // namespace jackfield::cli

// check_plugin(): chooses the tests, runs them, prints what they saw.
#include "testkit/runner.hpp"

#include "load/catalog.hpp"
#include "load/inspect.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace jackfield::testkit {

namespace json = boost::json;

namespace {

using Outcome = CheckResult::Outcome;

/// One call of check_plugin. One thread at a time.
class Session {
public:
    Session(const CheckOptions& options, const Print& print, std::vector<CheckResult>& results) : options_(options), print_(print), results_(results) {}

    int run();

private:
    int run_one(CheckOptions options, json::object facts);
    void run_tests(std::span<const Test> tests, const CheckOptions& options, const ComponentInfo& component, const json::object& facts, bool name_component);
    void tell(const Test& test, const TestOutcome& outcome, const std::string& repeat);
    int refuse(std::string_view why)
    {
        print_(why);
        return 2;
    }

    const CheckOptions& options_;
    const Print& print_;
    std::vector<CheckResult>& results_;
    std::size_t listed_ = 0;
};

std::string text_in(const json::object& facts, std::string_view name)
{
    const json::value* found = facts.if_contains(name);
    if (!found)
        return {};
    return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

bool chosen(const CheckOptions& options, const Test& test)
{
    return options.only.empty() || std::any_of(options.only.begin(), options.only.end(), [&test](const std::string& word) {
        return word == test.name || word == test.kind;
    });
}

std::span<const Test> tests_of(std::string_view kind)
{
    if (kind == JF_KIND_CONNECTION)
        return connection_tests();
    if (kind == JF_KIND_SOURCE)
        return source_tests();
    if (kind == JF_KIND_SINK)
        return sink_tests();
    if (kind == JF_KIND_TASK)
        return task_tests();
    if (kind == JF_KIND_CHART)
        return chart_tests();
    if (kind == JF_KIND_AUTH)
        return auth_tests();
    return {};
}

std::string known_names()
{
    std::string out;
    for (const auto& tests : {file_tests(), any_tests(), connection_tests(), source_tests(), sink_tests(), task_tests(), chart_tests(), auth_tests()})
        for (const Test& test : tests)
            out += (out.empty() ? "" : ", ") + std::string(test.name);
    return out;
}

bool is_known(const std::string& word)
{
    for (const auto& tests : {file_tests(), any_tests(), connection_tests(), source_tests(), sink_tests(), task_tests(), chart_tests(), auth_tests()})
        for (const Test& test : tests)
            if (word == test.name || word == test.kind)
                return true;
    return false;
}

/// "source:files" or "files" or "".
bool wanted(const ComponentInfo& component, std::string_view name)
{
    const std::string kind(short_kind(component.kind));
    return name.empty() || name == component.id || name == kind + ":" + component.id;
}

/// Characters, not bytes, as far as columns go.
std::string padded(std::string_view name)
{
    std::string out(name);
    out.resize(std::max<std::size_t>(out.size() + 1, 15), ' ');
    return out;
}

} // namespace

void Session::tell(const Test& test, const TestOutcome& outcome, const std::string& repeat)
{
    const char* mark = outcome.outcome == Outcome::passed ? "✓ " : outcome.outcome == Outcome::failed ? "✗ " : "- ";
    const char* colour = outcome.outcome == Outcome::passed ? "\x1b[32m" : outcome.outcome == Outcome::failed ? "\x1b[31m" : "\x1b[2m";
    std::string line = "  " + (options_.colour ? colour + std::string(mark) + "\x1b[0m" : std::string(mark)) + padded(test.name) + outcome.fact;
    if (outcome.outcome == Outcome::failed)
        line += "   repeat: " + repeat;
    std::replace(line.begin(), line.end(), '\n', ' ');
    print_(line);
}

void Session::run_tests(std::span<const Test> tests, const CheckOptions& options, const ComponentInfo& component, const json::object& facts, bool name_component)
{
    const json::value* left_out = facts.if_contains("skip");
    const std::string who = component.id.empty() ? std::string() : std::string(short_kind(component.kind)) + " " + component.id;
    for (const Test& test : tests) {
        if (!chosen(options, test))
            continue;
        if (options.list) {
            print_("  " + padded(test.name) + std::string(test.sentence));
            ++listed_;
            continue;
        }
        TestOutcome outcome;
        const json::value* reason = left_out && left_out->is_object() ? left_out->get_object().if_contains(test.name) : nullptr;
        if (reason && reason->is_string())
            outcome = {Outcome::skipped, "left out: " + std::string(reason->get_string())};
        else
            outcome = run_test(test, options, component, facts);
        std::string repeat = "--only " + std::string(test.name) + " --seed " + std::to_string(options.seed);
        if (name_component && !who.empty())
            repeat += " --component " + std::string(short_kind(component.kind)) + ":" + component.id;
        tell(test, outcome, repeat);
        results_.push_back({who, std::string(test.name), outcome.outcome, std::move(outcome.fact)});
    }
}

int Session::run_one(CheckOptions options, json::object facts)
{
    if (options.component.empty())
        options.component = text_in(facts, "component");
    if (options.config_json.empty())
        options.config_json = text_in(facts, "config");
    if (options.connection_json.empty())
        options.connection_json = text_in(facts, "connection");
    const std::vector<Inspection> looked = inspect({options.plugin}, options.timeout);
    const Result<PluginInfo>& plugin = looked.front().plugin;
    const std::string seed = " · seed " + std::to_string(options.seed);
    print_(plugin ? plugin->name + " " + plugin->version + " · " + options.plugin.filename().string() + seed : options.plugin.string() + seed);
    run_tests(file_tests(), options, {}, facts, false);
    if (!plugin)
        return 0;
    std::vector<const ComponentInfo*> components;
    for (const ComponentInfo& component : plugin->components)
        if (wanted(component, options.component))
            components.push_back(&component);
    if (components.empty() && !plugin->components.empty())
        return refuse("no component '" + options.component + "' in " + options.plugin.filename().string() + "; it has " +
                      [&] { std::string all; for (const auto& c : plugin->components) all += (all.empty() ? "" : ", ") + std::string(short_kind(c.kind)) + ":" + c.id; return all; }());
    if (components.size() > 1 && !options.config_json.empty())
        return refuse("options belong to one component; name it with --component KIND:ID");
    for (const ComponentInfo* component : components) {
        print_(std::string(short_kind(component->kind)) + " " + component->id + " " + component->version + " · ABI " + component->kind);
        run_tests(any_tests(), options, *component, facts, plugin->components.size() > 1);
        run_tests(tests_of(component->kind), options, *component, facts, plugin->components.size() > 1);
    }
    return 0;
}

int Session::run()
{
    for (const std::string& word : options_.only)
        if (!is_known(word))
            return refuse("no test '" + word + "'; tests: " + known_names());
    boost::system::error_code code;
    json::value facts = json::parse(options_.facts_json.empty() ? "{}" : options_.facts_json, code);
    if (code || (!facts.is_object() && !facts.is_array()))
        return refuse("the facts are no JSON object");
    json::array each;
    if (facts.is_array())
        each = facts.get_array();
    else
        each.push_back(facts);
    for (const json::value& one : each) {
        if (!one.is_object())
            return refuse("the facts are no JSON object");
        if (const int status = run_one(options_, one.get_object()); status != 0)
            return status;
    }
    if (options_.list) {
        print_(count(listed_, "test"));
        return 0;
    }
    const auto number = [this](Outcome outcome) {
        return std::count_if(results_.begin(), results_.end(), [outcome](const CheckResult& result) { return result.outcome == outcome; });
    };
    const auto skipped = number(Outcome::skipped);
    print_(std::to_string(number(Outcome::passed)) + " passed, " + std::to_string(number(Outcome::failed)) + " failed" +
           (skipped ? ", " + std::to_string(skipped) + " not run" : ""));
    return number(Outcome::failed) > 0 ? 1 : 0;
}

int check_plugin(const CheckOptions& options, const Print& print)
{
    std::vector<CheckResult> results;
    return check_plugin(options, print, results);
}

int check_plugin(const CheckOptions& options, const Print& print, std::vector<CheckResult>& results)
{
    try {
        return Session(options, print, results).run();
    } catch (const std::exception& error) {
        print(std::string("the check cannot go on: ") + error.what());
        return 2;
    }
}

} // namespace jackfield::testkit

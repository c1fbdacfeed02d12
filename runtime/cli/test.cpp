// jackfield test: the tests beside a flow.
#include "commands.hpp"
#include "flow_test.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include "observe/text.hpp"

#include <algorithm>

namespace jackfield::cli {

namespace {

struct TestRequest {
    std::string file;
    std::vector<std::string> only;
};

/// NAME.test.json beside NAME.flow.json; a file of tests is itself.
std::filesystem::path tests_of(const std::string& file)
{
    constexpr std::string_view ending = ".flow.json";
    if (!std::string_view(file).ends_with(ending))
        return file;
    return file.substr(0, file.size() - ending.size()) + ".test.json";
}

int test(const Session& session, const TestRequest& request)
{
    const std::filesystem::path file = tests_of(request.file);
    const auto tests = read_tests(file);
    if (!tests)
        return say(tests.error());
    auto options = session.runtime_options(file);
    if (!options)
        return say(options.error(), exit_no_access);
    const Terminal terminal = terminal_of(1);
    int passed = 0, failed = 0;
    for (const FlowTest& one : *tests) {
        if (!request.only.empty() && std::find(request.only.begin(), request.only.end(), one.name) == request.only.end())
            continue;
        const auto outcome = run_test(one, *options);
        if (!outcome && outcome.error().kind == JF_E_CONFIG)
            return say(outcome.error());
        const bool good = outcome && outcome->passed;
        ++(good ? passed : failed);
        std::string text = "  " + (good ? terminal.green("✓") : terminal.red("✗")) + " " + observe::one_line(one.name) + "\n";
        text += outcome ? outcome->text : "    " + observe::one_line(outcome.error().message) + "\n";
        print_out(text);
    }
    print_out(std::to_string(passed) + " passed, " + std::to_string(failed) + " failed\n");
    return failed == 0 ? exit_done : exit_failed;
}

} // namespace

void add_test(Command root, Session& session)
{
    auto request = std::make_shared<TestRequest>();
    root.command("test", "Runs the tests of a flow: rows in, rows expected")
        .details("The tests of NAME.flow.json stand in NAME.test.json beside it; docs/cli.md describes them. Nothing is kept: sources and sinks\n"
                 "that a test names are replaced by rows, and there is no history.")
        .argument("FLOW", request->file, "The flow, or the file of tests", Words::flow)
        .option("--only", "NAME", request->only, "This test only")
        .example("jackfield test orders.flow.json", "all tests of orders.test.json")
        .action([&session, request] { return test(session, *request); });
}

} // namespace jackfield::cli

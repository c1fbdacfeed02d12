// run_kit FILE.so FACTS.json [--only NAME] [--seed N] [--quick] [--list] [--in-process] [--fixture PROGRAM] [--ran NAME…]: the kit
// from a shell, as tests call it. --ran: this test must have run and passed, where it would be skipped if the facts were wrong.
#include <jackfield/testkit/check.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::cerr << "run_kit FILE.so FACTS.json|- [--only NAME] [--seed N] [--quick] [--list] [--in-process] [--fixture PROGRAM] [--component ID] [--ran NAME]\n";
        return 2;
    }
    jackfield::testkit::CheckOptions options;
    options.plugin = argv[1];
    options.timeout = std::chrono::seconds(30); // these machines are busy with other tests
    if (std::string_view(argv[2]) != "-") {
        std::stringstream text;
        text << std::ifstream(argv[2]).rdbuf();
        options.facts_json = text.str();
    }
    std::vector<std::string> ran;
    for (int i = 3; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
        if (word == "--only")
            options.only.emplace_back(value());
        else if (word == "--seed")
            options.seed = std::strtoull(value(), nullptr, 10);
        else if (word == "--ran")
            ran.emplace_back(value());
        else if (word == "--component")
            options.component = value();
        else if (word == "--fixture")
            options.fixture = value();
        else if (word == "--baseline")
            options.baseline = value();
        else if (word == "--quick")
            options.quick = true;
        else if (word == "--list")
            options.list = true;
        else if (word == "--in-process")
            options.in_process = true;
    }
    std::vector<jackfield::testkit::CheckResult> results;
    int status = jackfield::testkit::check_plugin(options, [](std::string_view line) { std::cout << line << std::endl; }, results);
    for (const std::string& name : ran) {
        const bool passed = std::any_of(results.begin(), results.end(), [&name](const jackfield::testkit::CheckResult& result) {
            return result.name == name && result.outcome == jackfield::testkit::CheckResult::Outcome::passed;
        });
        if (!passed && status == 0) {
            std::cout << "the test '" << name << "' did not run\n";
            status = 1;
        }
    }
    return status;
}

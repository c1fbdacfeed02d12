// run_kit FILE.so FACTS.json [--only NAME] [--seed N] [--quick] [--list] [--in-process] [--fixture PROGRAM]: the kit from a shell, as tests call it.
#include <jackfield/testkit/check.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::cerr << "run_kit FILE.so FACTS.json|- [--only NAME] [--seed N] [--quick] [--list] [--in-process] [--fixture PROGRAM] [--component ID]\n";
        return 2;
    }
    jackfield::testkit::CheckOptions options;
    options.plugin = argv[1];
    if (std::string_view(argv[2]) != "-") {
        std::stringstream text;
        text << std::ifstream(argv[2]).rdbuf();
        options.facts_json = text.str();
    }
    for (int i = 3; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
        if (word == "--only")
            options.only.emplace_back(value());
        else if (word == "--seed")
            options.seed = std::strtoull(value(), nullptr, 10);
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
    return jackfield::testkit::check_plugin(options, [](std::string_view line) { std::cout << line << std::endl; });
}

// cases/NAME.flow.json with NAME.error (the faults) or NAME.expected (the flow, canonical).
//   NAME.params      JSON object: the flow is bound to these parameters
//   NAME.connections connections file; its "environment" is in NAME.environment
// Run with JACKFIELD_WRITE_EXPECTED=1 to write what is missing, then read what was written.
#include "sample_catalog.hpp"

#include <catch2/catch.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

namespace {

std::string read_text(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
}

void indent(const boost::json::value& value, std::string& out, std::size_t depth)
{
    const auto* object = value.if_object();
    const bool deep = object != nullptr && boost::json::serialize(value).size() > 100;
    if (!deep) {
        out += boost::json::serialize(value);
        return;
    }
    out += "{";
    bool first = true;
    for (const auto& [name, one] : *object) {
        out += (first ? "\n" : ",\n") + std::string(2 * depth + 2, ' ') + boost::json::serialize(boost::json::string(name)) + ": ";
        indent(one, out, depth + 1);
        first = false;
    }
    out += "\n" + std::string(2 * depth, ' ') + "}";
}

std::string dump(const jackfield::Flow& flow)
{
    std::string out;
    indent(flow.to_json(), out, 0);
    return out + "\n";
}

/// Reads and, with parameters, binds the flow of a case. True: `out` is the flow; false: `out` is the faults.
bool outcome(const std::string& name, const SampleCatalog& catalog, std::string& out)
{
    jackfield::FlowOptions options;
    options.components = &catalog;
    if (fs::exists(name + ".connections"))
        options.connections_file = name + ".connections";
    if (fs::exists(name + ".environment"))
        options.environment = read_text(name + ".environment");
    while (!options.environment.empty() && options.environment.back() == '\n')
        options.environment.pop_back();
    auto reading = jackfield::read_flow_file(name + ".flow.json", options);
    if (reading.flow && fs::exists(name + ".params")) {
        const auto params = boost::json::parse(read_text(name + ".params"));
        const auto unbound = std::move(*reading.flow);
        reading = unbound.bind(params.as_object(), &catalog);
    }
    CHECK(reading.flow.has_value() == reading.faults.empty());
    out = reading.flow ? dump(*reading.flow) : jackfield::format_faults(reading.faults);
    return reading.flow.has_value();
}

} // namespace

TEST_CASE("each flow file gives the flow or the faults that stand beside it", "[flow][cases]")
{
    const auto before = fs::current_path();
    fs::current_path(fs::path(JACKFIELD_TEST_DATA) / "cases"); // faults show the name as it was given
    const bool write = std::getenv("JACKFIELD_WRITE_EXPECTED") != nullptr;
    const SampleCatalog catalog;
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator("."))
        if (const auto file = entry.path().filename().string(); file.ends_with(".flow.json"))
            names.push_back(file.substr(0, file.size() - 10));
    std::sort(names.begin(), names.end());
    CHECK(names.size() >= 60);
    for (const auto& name : names) {
        INFO("case " << name);
        std::string got;
        const bool good = outcome(name, catalog, got);
        const auto file = name + (good ? ".expected" : ".error");
        if (write && !fs::exists(file))
            std::ofstream(file) << got;
        CHECK(fs::exists(file));
        CHECK(got == read_text(file));
    }
    fs::current_path(before);
}

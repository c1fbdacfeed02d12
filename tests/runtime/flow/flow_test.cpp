// Flow as a value: binding, results and items, places, the schema for editors.
#include "flow/schema_check.hpp"
#include "sample_catalog.hpp"

#include <catch2/catch.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace jackfield;
namespace json = boost::json;

namespace {

const SampleCatalog& catalog()
{
    static const SampleCatalog sample;
    return sample;
}

Flow flow_of(std::string_view text)
{
    FlowOptions options;
    options.components = &catalog();
    auto reading = read_flow(text, "f.flow.json", options);
    INFO(format_faults(reading.faults));
    REQUIRE(reading.flow);
    return std::move(*reading.flow);
}

Flow bound(std::string_view text, const json::object& parameters = {})
{
    auto reading = flow_of(text).bind(parameters, &catalog());
    INFO(format_faults(reading.faults));
    REQUIRE(reading.flow);
    return std::move(*reading.flow);
}

} // namespace

TEST_CASE("a task is resolved with items and results, and checked again", "[flow]")
{
    const auto flow = bound(R"({ "flow": "f", "parameters": { "p": { "type": "string", "default": "x" } }, "tasks": {
        "a": { "use": "nothing" },
        "b": { "after": ["a"], "for_each": "${tasks.a.result.files}", "use": "duckdb.sql",
               "sql": "${p} ${item.name} ${item_index}", "rows": "${item.rows}" } } })");
    const auto results = json::parse(R"({"a":{"files":[{"name":"n${p}","rows":3},{"name":"m","rows":"many"}]}})");
    Scope scope;
    scope.results = &results.get_object();
    const auto* task = flow.task("b");
    REQUIRE(task != nullptr);
    CHECK(task->deferred);
    const auto items = flow.resolve(task->for_each->items, scope);
    REQUIRE(items);
    REQUIRE(items->get_array().size() == 2);
    scope.item = &items->get_array()[0];
    scope.item_index = 0;
    const auto first = flow.resolve(*task, scope, &catalog());
    REQUIRE(first);
    CHECK_FALSE(first->deferred);
    CHECK(first->action.configuration.at("sql") == "x n${p} 0");
    CHECK(first->action.configuration.at("rows") == 3);
    scope.item = &items->get_array()[1];
    const auto second = flow.resolve(*task, scope, &catalog());
    REQUIRE_FALSE(second);
    CHECK(second.error().where == "tasks.b.rows");
    CHECK(second.error().message == "expected a whole number, got 'many'");
}

TEST_CASE("a result that is not there is named", "[flow]")
{
    const auto flow = bound(R"({ "flow": "f", "tasks": { "a": { "use": "nothing" },
        "b": { "after": ["a"], "use": "duckdb.sql", "sql": "${tasks.a.result.x}" } } })");
    const auto results = json::parse(R"({"a":{"y":1}})");
    const auto resolved = flow.resolve(*flow.task("b"), {nullptr, 0, &results.get_object()});
    REQUIRE_FALSE(resolved);
    CHECK(resolved.error().where == "tasks.b.sql");
    CHECK(resolved.error().message == "${tasks.a.result.x}: there is no 'x' in it");
}

TEST_CASE("what a parameter or result holds is never read as a reference", "[flow]")
{
    const auto* text = R"({ "flow": "f", "parameters": { "p": { "type": "string" } }, "tasks": { "a": { "use": "nothing" },
        "b": { "after": ["a"], "use": "duckdb.sql", "sql": "${p}${tasks.a.result.x}" } } })";
    for (const std::string value : {"${tasks.a.result.secret}", "$", "$$", "$${", "${", "$$$", "{", "x$"}) {
        const auto flow = bound(text, {{"p", value}});
        const json::value results{{"a", {{"x", value}, {"secret", "hunter2"}}}};
        const auto resolved = flow.resolve(*flow.task("b"), {nullptr, 0, &results.get_object()});
        REQUIRE(resolved);
        CHECK(resolved->action.configuration.at("sql") == json::value(value + value));
    }
}

TEST_CASE("binding again starts from the text, not from what was bound", "[flow]")
{
    const auto* text = R"({ "flow": "f", "parameters": { "n": { "type": "int", "default": 1 } },
        "tasks": { "a": { "source": { "use": "counter", "last": "${n}" }, "sink": { "use": "duckdb", "table": "t" } } } })";
    const auto first = bound(text, {{"n", 2}});
    const auto second = first.bind({{"n", "5"}}, &catalog());
    REQUIRE(second.flow);
    CHECK(first.tasks[0].pipeline.source.configuration.at("last") == 2);
    CHECK(second.flow->tasks[0].pipeline.source.configuration.at("last") == 5);
    CHECK(second.flow->bound);
    CHECK(second.flow->values.at("n") == 5);
}

TEST_CASE("a condition is evaluated with the flow's values, whatever text they hold", "[flow]")
{
    const auto flow = bound(R"({ "flow": "f", "parameters": { "region": { "type": "string" } },
        "tasks": { "a": { "use": "nothing", "when": "${region} == 'eu'" } } })", {{"region", "x' or 'eu' == 'eu"}});
    const auto holds = flow.tasks[0].when->evaluate(flow.values, {});
    REQUIRE(holds);
    CHECK_FALSE(*holds);
}

TEST_CASE("a later fault finds its place by path", "[flow]")
{
    const auto flow = flow_of("{\n  \"flow\": \"f\",\n  \"connections\": {\n    \"c\": { \"use\": \"duckdb\", \"path\": \"x\" }\n  },\n"
                              "  \"tasks\": {\n    \"a\": { \"use\": \"nothing\" }\n  }\n}\n");
    CHECK(flow.fault_at("connections.c.path", "x").line == 4);
    CHECK(flow.fault_at("connections.c.path", "x").column == 37);
    CHECK(flow.fault_at("tasks.a.use", "x").line == 7);
    CHECK(flow.fault_at("tasks.a.nothing.here[3]", "x").line == 7);
    CHECK(flow.fault_at("tasks.a.use", "x").path == "tasks.a.use");
}

TEST_CASE("a file that cannot be read is one error of its class", "[flow]")
{
    const auto missing = Flow::from_file("no/such.flow.json");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == JF_E_NOT_FOUND);
    CHECK(missing.error().message == "there is no file no/such.flow.json");
    const auto folder = Flow::from_file(JACKFIELD_TEST_DATA);
    REQUIRE_FALSE(folder);
    CHECK(folder.error().message.find("is a directory") != std::string::npos);
    const auto faulty = Flow::from_text("{ \"flow\": 3 }");
    REQUIRE_FALSE(faulty);
    CHECK(faulty.error().kind == JF_E_CONFIG);
}

TEST_CASE("faults are printed in columns, in order, once", "[flow][fault]")
{
    std::vector<Fault> faults{{"f.json", 12, 21, "a.b", "two"}, {"f.json", 9, 38, "a.long", "one"}, {"f.json", 9, 38, "a.long", "one"}};
    sort_faults(faults);
    CHECK(format_faults(faults) == "f.json:9:38   a.long  one\nf.json:12:21  a.b     two\n");
}

TEST_CASE("the schema for editors accepts every good flow of the cases and marks misspelt options", "[flow][schema]")
{
    const auto text = flow_schema(catalog());
    const auto schema = OptionsSchema::compile(text, "flow");
    INFO((schema ? "" : schema.error().message));
    REQUIRE(schema);
    const auto check = [&](const std::string& flow) {
        auto value = json::parse(flow);
        const auto outcome = (*schema)->check(value);
        return outcome.faults.empty() ? std::string() : outcome.faults.front().path.dotted() + ": " + outcome.faults.front().message;
    };
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(JACKFIELD_TEST_DATA) / "cases")) {
        const auto file = entry.path().string();
        if (!file.ends_with(".expected"))
            continue;
        std::ifstream in(file.substr(0, file.size() - 9) + ".flow.json");
        std::stringstream flow;
        flow << in.rdbuf();
        auto words = flow.str();
        if (words.starts_with("\xEF\xBB\xBF"))
            words.erase(0, 3);
        INFO(file);
        CHECK(check(words).empty());
    }
    CHECK(check(R"({"flow":"f","tasks":{"a":{"source":{"use":"counter","lsat":3},"sink":{"use":"duckdb","table":"t"}}}})") ==
          "tasks.a.source.lsat: unknown option; did you mean 'last'?");
    CHECK(check(R"({"flow":"f","tasks":{"a":{"use":"duckdb.sql","sql":"x","afer":[]}}})") ==
          "tasks.a.afer: unknown option; did you mean 'after'?");
}

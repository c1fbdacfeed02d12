// The kit over plugins that break one rule each: the test that is to see it fails, with the reason.
#include <jackfield/testkit/check.hpp>

#include <catch2/catch.hpp>

using namespace jackfield::testkit;

namespace {

struct Checked {
    int status;
    std::vector<CheckResult> results;
    std::string lines;
};

Checked check(CheckOptions options)
{
    Checked out{};
    options.quick = true;
    out.status = check_plugin(options, [&out](std::string_view line) { out.lines.append(line) += '\n'; }, out.results);
    return out;
}

CheckOptions bad(const std::string& name)
{
    CheckOptions options;
    options.plugin = std::filesystem::path(JACKFIELD_BAD_PLUGINS) / name / (name + ".so");
    return options;
}

/// What the test said when it failed; empty if it did not.
std::string failure(const Checked& checked, const std::string& test)
{
    for (const CheckResult& result : checked.results)
        if (result.name == test && result.outcome == CheckResult::Outcome::failed)
            return result.fact;
    return {};
}

/// The file of that name fails at `test`, and says so with these words.
void fails(const std::string& name, const std::string& test, const std::string& words)
{
    INFO(name);
    CheckOptions options = bad(name);
    options.only = {"file"}; // what is wrong is seen before a component is made
    options.timeout = std::chrono::seconds(name == "hang" ? 1 : 10);
    const Checked checked = check(options);
    INFO(checked.lines);
    CHECK(checked.status == 1);
    CHECK(failure(checked, test).find(words) != std::string::npos);
}

/// A component of `misbehaves` fails at `test`, and says so with these words.
void misbehaves(const std::string& component, const std::string& test, const std::string& words)
{
    INFO(component);
    CheckOptions options = bad("misbehaves");
    options.component = component;
    options.only = {test};
    const Checked checked = check(options);
    INFO(checked.lines);
    CHECK(checked.status == 1);
    CHECK(failure(checked, test).find(words) != std::string::npos);
}

} // namespace

TEST_CASE("a plugin with every optional member NULL passes", "[kit][R11]")
{
    for (const char* name : {"minimal", "twin"}) {
        const Checked checked = check(bad(name));
        INFO(checked.lines);
        CHECK(checked.status == 0);
    }
}

TEST_CASE("a file that is no sound plugin fails with its reason", "[kit][R6][R8]")
{
    fails("no_entry", "load", "without the symbol jf_plugin_entry_v1");
    fails("unresolved", "links", "jackfield_tests_nobody_defines_this");
    fails("many_symbols", "symbols", "shows 1 symbol too many (jackfield_tests_something_else)");
    fails("throws", "load", "an exception left its entry");
    fails("throws", "entry", "an exception left the plugin, 'thrown out of the entry'");
    fails("crash", "load", "crashes when it is loaded");
    fails("crash", "entry", "the entry crashed (SIGSEGV)");
    fails("hang", "entry", "did not come back within 1s while calling the entry");
    fails("exit", "load", "ended the process");
    fails("exit", "entry", "left the process while calling the entry");
    fails("refuses", "load", "needs a warmer machine");
    fails("small_struct", "load", "says that it has 8 bytes");
    fails("huge_struct", "load", "says that it has 2147483647 bytes");
    fails("null_name", "load", "name is NULL");
    fails("count", "load", "1152921504606846976 components");
    fails("pointer", "load", "crashes when it is loaded");
    fails("small_table", "load", "its table says that it has 3 bytes");
    fails("missing_function", "load", "jf_source.next() is missing");
    fails("id", "load", "may have letters, digits");
    fails("utf8", "load", "is not UTF-8");
    fails("schema", "load", "config_schema is no JSON");
    fails("schema_type", "load", "config_schema is no JSON Schema of type object");
    fails("null_table", "load", "its table is NULL");
    fails("no_create", "load", "create() is missing");
    fails("unknown_kind", "load", "does not know the kind 'jf.teleport/0'");
    fails("null_factory", "load", "component 1 is skipped: the pointer is NULL");
}

TEST_CASE("a source that breaks one rule fails at the test of that rule", "[kit][R5][R6]")
{
    misbehaves("bad.create", "create", "an exception left the plugin");
    misbehaves("bad.throw", "batches", "an exception left the plugin");
    misbehaves("bad.position", "batches", "the position is larger than 65536 bytes");
    misbehaves("bad.empty", "batches", "next() brought an empty batch");
    misbehaves("bad.status", "batches", "next() returned 77, which it must not");
    misbehaves("bad.quiet", "batches", "next() failed as 'unavailable' and did not say why");
    misbehaves("bad.columns", "batches", "next() brought 0 columns where schema() said 1");
    misbehaves("bad.data", "batches", "file:7: two lines");
    misbehaves("bad.rows", "batches", "a.csv:3: 'x' is no number");
    misbehaves("bad.late", "batches", "next() failed as 'cancelled' and did not say why");
    misbehaves("bad.order", "zero-rows", "next() with max_rows 0 brought a batch");
    misbehaves("bad.order", "garbage", "is taken for the start");
    misbehaves("bad.release", "release", "leaves its own pointer standing");
}

TEST_CASE("a sink that keeps its token beside the rows is found out by the crash matrix", "[kit][crash]")
{
    CheckOptions options;
    options.plugin = JACKFIELD_DEMO;
    options.component = "sink:demo.split";
    options.config_json = R"({"file": "${dir}/ledger.db"})";
    options.facts_json = R"({"columns": {"part": "int64", "n": "int64"}})";
    options.fixture = std::filesystem::path(JACKFIELD_TEST_DATA) / "ledger.py";
    options.only = {"crash"};
    options.timeout = std::chrono::minutes(1); // the matrix has six times as long
    const Checked checked = check(options);
    INFO(checked.lines);
    CHECK(checked.status == 1);
    CHECK(failure(checked, "crash").find("doubled") != std::string::npos);
}

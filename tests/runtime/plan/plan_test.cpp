// What a plan says: guarantees, lanes, epochs, faults.
#include "any_plugin.hpp"

#include "plan/delivery.hpp"
#include "plan/digest.hpp"
#include "plan/plan.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

using namespace jackfield;

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Catalog& installed()
{
    static Catalog catalog([] {
        CatalogOptions options;
        options.search = options.use_cache = false;
        return options;
    }());
    static const bool added = catalog.add_builtin(any_plugin::entry).has_value();
    REQUIRE(added);
    return catalog;
}

Flow flow_of(const std::string& text)
{
    auto reading = read_flow(text, "t.flow.json", {&installed(), {}, {}});
    INFO(format_faults(reading.faults));
    REQUIRE(reading.flow);
    auto bound = reading.flow->bind({}, &installed());
    INFO(format_faults(bound.faults));
    REQUIRE(bound.flow);
    return *bound.flow;
}

/// A flow with one pipeline; each part is the inside of an object.
std::string pipeline(const std::string& source, const std::string& sink, const std::string& more = "")
{
    return R"({"flow": "t", "connections": {"db": {"use": "any", "can": 0}}, "tasks": {"land": {"source": {"use": "any", )" + source +
           R"(}, "sink": {"use": "any", )" + sink + "}" + more + "}}}";
}

std::string can(std::uint64_t bits) { return "\"can\": " + std::to_string(bits); }

PipelinePlan plan_of(const std::string& text)
{
    auto planning = plan_flow(flow_of(text), installed());
    INFO(format_faults(planning.faults));
    REQUIRE(planning.plan);
    return *planning.plan->task("land")->pipeline;
}

std::vector<Fault> faults_of(const std::string& text)
{
    auto planning = plan_flow(flow_of(text), installed());
    REQUIRE_FALSE(planning.plan);
    return planning.faults;
}

constexpr std::uint64_t replay = JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL | JF_BOUNDED;

} // namespace

TEST_CASE("the guarantee follows from what source, steps and sink can do", "[plan]")
{
    struct Row {
        std::uint64_t source, sink;
        std::uint64_t step; ///< 0: none
        Guarantee guarantee;
        TokenPlace token;
        bool intent;
    };
    const std::uint64_t sure = JF_IS_STEP | JF_DETERMINISTIC, unsure = JF_IS_STEP;
    const Row rows[] = {
        {replay, JF_CAN_STORE_TOKEN, 0, Guarantee::exactly_once, TokenPlace::sink, false},
        {replay, JF_CAN_STORE_TOKEN, unsure, Guarantee::exactly_once, TokenPlace::sink, false},
        {replay, JF_IDEMPOTENT, sure, Guarantee::effectively_once, TokenPlace::state_store, false},
        {replay, JF_IDEMPOTENT, unsure, Guarantee::at_least_once, TokenPlace::state_store, false},
        {replay, JF_DEDUPLICATES, sure, Guarantee::effectively_once, TokenPlace::state_store, true},
        {replay | JF_CAN_RECORD, JF_DEDUPLICATES, 0, Guarantee::effectively_once, TokenPlace::source, true},
        {JF_CAN_REPLAY, JF_DEDUPLICATES, 0, Guarantee::at_least_once, TokenPlace::state_store, false},
        {replay, 0, 0, Guarantee::at_least_once, TokenPlace::state_store, false},
        {replay | JF_CAN_RECORD, 0, 0, Guarantee::at_least_once, TokenPlace::source, false},
        {JF_INCREMENTAL | JF_BOUNDED, JF_CAN_STORE_TOKEN, 0, Guarantee::at_least_once, TokenPlace::sink, false},
        {JF_INCREMENTAL | JF_BOUNDED, JF_IDEMPOTENT, 0, Guarantee::effectively_once, TokenPlace::state_store, false},
        {JF_BOUNDED, JF_CAN_STORE_TOKEN, 0, Guarantee::at_least_once, TokenPlace::nowhere, false},
        {JF_BOUNDED, JF_IDEMPOTENT, 0, Guarantee::effectively_once, TokenPlace::nowhere, false},
        {0, JF_CAN_STORE_TOKEN, 0, Guarantee::at_most_once, TokenPlace::nowhere, false},
    };
    for (const Row& row : rows) {
        INFO("source " << row.source << " sink " << row.sink << " step " << row.step);
        const std::string steps = row.step ? R"(, "steps": [{"use": "any", )" + can(row.step) + "}]" : "";
        const PipelinePlan plan = plan_of(pipeline(can(row.source), can(row.sink), steps));
        CHECK(plan.sink.guarantee == row.guarantee);
        CHECK(plan.sink.token == row.token);
        CHECK(plan.sink.record_intent == row.intent);
        CHECK_FALSE(plan.sink.reason.empty());
    }
}

TEST_CASE("a side sink is exactly once only if its epochs can be repeated exactly; the weakest sink decides", "[plan]")
{
    const std::string quarantine = R"(, "quarantine": {"use": "any", )" + can(JF_CAN_STORE_TOKEN) + "}";
    CHECK(plan_of(pipeline(can(replay), can(JF_CAN_STORE_TOKEN), quarantine)).guarantee() == Guarantee::exactly_once);
    const PipelinePlan weak = plan_of(pipeline(can(JF_CAN_REPLAY | JF_BOUNDED), can(JF_CAN_STORE_TOKEN), quarantine));
    CHECK(weak.sink.guarantee == Guarantee::exactly_once);
    REQUIRE(weak.side_sinks.size() == 1);
    CHECK(weak.side_sinks[0].name == "quarantine");
    CHECK(weak.guarantee() == Guarantee::at_least_once);
}

TEST_CASE("a flow that asks for more than can be had is refused with the reason", "[plan][errors]")
{
    const auto faults = faults_of(pipeline(can(replay), can(0), R"(, "delivery": "exactly_once")"));
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].path == "tasks.land.delivery");
    CHECK(faults[0].line == 1);
    CHECK(has(faults[0].message, "'exactly once' cannot be had, only 'at least once': any cannot keep a position with its rows"));
    CHECK(faults_of(pipeline(can(0), can(0), R"(, "delivery": "at_least_once")")).size() == 1);
    CHECK(plan_of(pipeline(can(replay), can(JF_IDEMPOTENT), R"(, "delivery": "exactly_once")")).guarantee() == Guarantee::effectively_once);
}

TEST_CASE("a step over the whole input makes one epoch, and cannot stand on an endless source", "[plan]")
{
    const std::string whole = R"(, "steps": [{"use": "any", )" + can(JF_IS_STEP | JF_WHOLE_INPUT) + "}]";
    const PipelinePlan plan = plan_of(pipeline(can(replay), can(JF_CAN_STORE_TOKEN), whole));
    CHECK(plan.one_epoch);
    CHECK(plan.one_epoch_reason == "any looks at the whole input");
    CHECK_FALSE(plan_of(pipeline(can(replay), can(JF_CAN_STORE_TOKEN))).one_epoch);
    const auto faults = faults_of(pipeline(can(JF_CAN_REPLAY), can(JF_CAN_STORE_TOKEN), whole));
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].path == "tasks.land.source");
    CHECK(has(faults[0].message, "never ends; bound it"));
}

TEST_CASE("lanes follow partitions and limits; one state for all rows allows one lane only", "[plan]")
{
    const std::string parted = can(replay) + R"(, "partitioning": 1, "max_lanes": 3)";
    CHECK(plan_of(pipeline(can(replay), can(0), R"(, "limits": {"lanes": 8})")).lanes == 1);
    const PipelinePlan plan = plan_of(pipeline(parted, can(JF_CAN_SHARE), R"(, "limits": {"lanes": 8})"));
    CHECK(plan.lanes == 3);
    CHECK(plan.sink.writers == 3);
    CHECK(plan_of(pipeline(parted, can(0), R"(, "limits": {"lanes": 2})")).sink.writers == 1);
    const std::string shared = R"(, "steps": [{"use": "any", "state": 2, )" + can(JF_IS_STEP) + "}]";
    CHECK(plan_of(pipeline(parted, can(0), shared)).lanes == 1);
    const auto faults = faults_of(pipeline(parted, can(0), shared + R"(, "limits": {"lanes": 2})"));
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].path == "tasks.land.limits.lanes");
}

TEST_CASE("named outputs need a step that has them, and one without a sink is told", "[plan]")
{
    const std::string step = R"(, "steps": [{"use": "any", "outputs": "late\n", )" + can(JF_IS_STEP) + "}]";
    const auto faults = faults_of(pipeline(can(replay), can(0), step + R"(, "outputs": {"lat": {"use": "any"}})"));
    REQUIRE(faults.size() == 1);
    CHECK(has(faults[0].message, "no step has an output 'lat'; outputs: late"));
    const auto planning = plan_flow(flow_of(pipeline(can(replay), can(0), step)), installed());
    REQUIRE(planning.plan);
    REQUIRE(planning.plan->tasks[0].warnings.size() == 1);
    CHECK(has(planning.plan->tasks[0].warnings[0], "output 'late' has no sink"));
}

TEST_CASE("connections must be of the kind that a component wants", "[plan][errors]")
{
    const auto source = [](const std::string& text) { return R"({"flow": "t", "connections": {"db": {"use": "any", "can": 1}}, "tasks": {"land": {"source": )" + text + R"(, "sink": {"use": "any.maybe"}}}})"; };
    const auto missing = faults_of(source(R"({"use": "any.on"})"));
    REQUIRE(missing.size() == 1);
    CHECK(has(missing[0].message, "'any.on' needs a connection"));
    const auto useless = faults_of(source(R"({"use": "any", "on": "db"})"));
    REQUIRE(useless.size() == 1);
    CHECK(useless[0].path == "tasks.land.source.on");
    const PipelinePlan plan = plan_of(source(R"({"use": "any.on", "on": "db"})"));
    CHECK(plan.source.description.can(JF_CAN_REPLAY)); // told by the connection's options
}

TEST_CASE("what a component says against its options becomes a fault at that option", "[plan][errors]")
{
    const auto faults = faults_of(pipeline(R"("fails": "path")", can(0)));
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].path == "tasks.land.source.path");
    CHECK(faults[0].message == "this cannot work; write something else");
}

TEST_CASE("what a connection says against its options is a fault of the flow, once however many components use it", "[plan][errors]")
{
    const auto flow = [](const std::string& db) {
        return R"({"flow": "t", "connections": {"db": {"use": "any", )" + db + R"(}}, "tasks": {"land": {"source": {"use": "any.on", "on": "db"}, "sink": {"use": "any.maybe", "on": "db"}}}})";
    };
    const auto faults = faults_of(flow(R"("fails": "url")"));
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].path == "connections.db.url");
    CHECK(faults[0].message == "this cannot work; write something else");
    CHECK(plan_flow(flow_of(flow(can(1))), installed()).plan);
}

TEST_CASE("an action is no step, and a step is no action", "[plan][errors]")
{
    CHECK(has(faults_of(pipeline(can(replay), can(0), R"(, "steps": [{"use": "any", )" + can(JF_IS_ACTION) + "}]"))[0].message, "is a task of its own, not a step"));
    CHECK(has(faults_of(R"({"flow": "t", "tasks": {"do": {"use": "any", )" + can(JF_IS_STEP) + "}}}")[0].message, "is a step; write it into \"steps\""));
}

TEST_CASE("the digest changes with what selects the data and with nothing else", "[plan]")
{
    const auto digest = [](const std::string& source) { return plan_of(pipeline(source, can(0))).digest; };
    CHECK(digest(R"("a": 1, "b": 2)") == digest(R"("b": 2, "a": 1)"));
    CHECK(digest(R"("a": 1)") != digest(R"("a": 2)"));
    CHECK(digest(R"("a": 1, "digest": "x")") == digest(R"("a": 2, "digest": "x")"));
    CHECK(digest("\"a\": 1").size() == 64);
    CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(canonical_json(boost::json::parse(R"({"b": [1, {"d": 1, "c": null}], "a": "ü"})")) == R"({"a":"ü","b":[1,{"c":null,"d":1}]})");
}

TEST_CASE("delays before retries grow by the factor up to the largest", "[plan]")
{
    Retry retry;
    retry.retries = 5;
    retry.delay = std::chrono::seconds(2);
    retry.max_delay = std::chrono::seconds(10);
    std::string text;
    for (const Duration delay : retry_delays(retry))
        text += format_duration(delay) + " ";
    CHECK(text == "2s 4s 8s 10s 10s ");
    retry.retries = 2;
    retry.factor = 1e300;
    retry.max_delay = std::chrono::hours(24);
    CHECK(retry_delays(retry).back() == std::chrono::hours(24));
}

namespace {

std::string graph_of(const std::vector<std::pair<std::string, std::string>>& tasks)
{
    std::string text = R"({"flow": "t", "tasks": {)";
    for (const auto& [name, after] : tasks)
        text += "\"" + name + R"(": {"use": "any", "after": [)" + after + "], " + can(JF_IS_ACTION) + "},";
    text.back() = '}';
    return "\n" + print_graph(flow_of(text + "}"));
}

} // namespace

TEST_CASE("a chain is one line, branches have lines of their own", "[plan][graph]")
{
    CHECK(graph_of({{"land", ""}, {"checks", R"("land")"}, {"page", R"("checks")"}}) == "\nland ──▶ checks ──▶ page\n");
    CHECK(graph_of({{"a", ""}, {"b", ""}}) == "\na\nb\n");
    CHECK(graph_of({{"land", ""}, {"left", R"("land")"}, {"right", R"("land")"}, {"join", R"("left", "right", "land")"}}) == R"(
land ─┬──▶ left ──┬──▶ join
      └──▶ right ─┘
)");
}

TEST_CASE("the plan reads as text and as JSON", "[plan]")
{
    const std::string text = R"({"flow": "orders", "tasks": {
        "land": {"source": {"use": "any", "sentence": "reads orders", "can": 15}, "steps": [{"use": "any", "can": 131072}],
                 "sink": {"use": "any", "sentence": "appends to table orders", "can": 256},
                 "quarantine": {"use": "any", "can": 0}, "retry": {"retries": 2, "delay": "2s"}, "timeout": "10m"},
        "refresh": {"after": ["land"], "use": "any", "sentence": "refreshes a view", "can": 262144}}})";
    const auto planning = plan_flow(flow_of(text), installed());
    REQUIRE(planning.plan);
    CHECK("\n" + print(*planning.plan) == R"(
land ──▶ refresh

land     any → any → any
         from any: reads orders
         to any: appends to table orders
         exactly once: any keeps the position with the rows, and any can be read again from any position
         rejected rows to any
           at least once: any may answer otherwise when an epoch is repeated
         if it fails: 2 retries after 2s 4s (± jitter), only for 'unavailable', 'exhausted', 'timeout'; gives up after 10m

refresh  any: refreshes a view
)");
    const auto json = to_json(*planning.plan);
    CHECK(json.at("tasks").at(0).at("pipeline").at("sink").at("guarantee").as_string() == "exactly once");
    CHECK(json.at("tasks").at(0).at("retry_delays").as_array().size() == 2);
}

// Runtime: whole flows in one process, with real programs as tasks.
#include <jackfield/runtime.hpp>

#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/stream.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <boost/json/serialize.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>
#include <unistd.h>

using namespace jackfield;

namespace {

/// A folder that goes with the test.
struct Scratch {
    Scratch() : path(std::filesystem::temp_directory_path() / ("jackfield-runtime-" + std::to_string(::getpid()) + "-" + std::to_string(++count)))
    {
        std::filesystem::create_directories(path);
    }
    ~Scratch() { std::filesystem::remove_all(path); }
    static inline int count = 0;
    std::filesystem::path path;
};

struct World {
    explicit World(std::filesystem::path state = {})
        : runtime({.plugins = {PLUGINS}, .search = false, .state = std::move(state), .on_event = [this](const Event& event) {
              const std::scoped_lock lock(mutex);
              if (event.kind == Event::Kind::task_state)
                  states.push_back(event.task + (event.slice.empty() ? "" : "[" + event.slice + "]") + " " + event.name);
          }})
    {
    }
    Report run(const std::string& text, const boost::json::object& parameters = {}, RunOptions options = {})
    {
        auto flow = Flow::from_text(text, runtime.flow_options());
        if (!flow)
            FAIL(flow.error().message);
        auto report = runtime.run(*flow, parameters, std::move(options));
        if (!report)
            FAIL(report.error().message);
        return *report;
    }
    /// Until a task has come to this state.
    void wait_for(const std::string& state)
    {
        for (bool seen = false; !seen; std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
            const std::scoped_lock lock(mutex);
            seen = std::find(states.begin(), states.end(), state) != states.end();
        }
    }
    std::mutex mutex;
    std::vector<std::string> states;
    Runtime runtime;
};

const TaskReport& task(const Report& report, const std::string& name)
{
    for (const auto& each : report.tasks)
        if (each.task == name)
            return each;
    FAIL("no task " + name);
    return report.tasks.front();
}

} // namespace

TEST_CASE("tasks run in the order of their dependencies and results reach later ones", "[runtime]")
{
    World world;
    const Report report = world.run(R"({"flow":"f","tasks":{
        "first":{"use":"program","command":["printf","{\"n\":42}"],"result":"json"},
        "second":{"after":["first"],"use":"program","command":["test","${tasks.first.result.n}","=","42"]},
        "join":{"after":["second"],"use":"nothing"}},"outputs":{"answer":"${tasks.first.result.n}"}})");

    CHECK(report.ok());
    CHECK(report.outputs.at("answer") == 42);
    CHECK(world.states == std::vector<std::string>{"first Running", "first Completed", "second Running", "second Completed", "join Running", "join Completed"});
}

TEST_CASE("what needs a failed task is passed over, the rest goes on", "[runtime]")
{
    World world;
    const Report report = world.run(R"({"flow":"f","tasks":{
        "bad":{"use":"program","command":["false"]},
        "after_bad":{"after":["bad"],"use":"nothing"},
        "clean_up":{"after":["bad"],"trigger":"all_done","use":"nothing"},
        "apart":{"use":"nothing"}}})");

    CHECK(report.state == "failed");
    CHECK(report.message.find("'false' ended with exit status 1") != std::string::npos);
    CHECK(task(report, "after_bad").state == "skipped");
    CHECK(task(report, "clean_up").state == "completed");
    CHECK(task(report, "apart").state == "completed");
}

TEST_CASE("an error worth it is tried again as often as the flow says", "[runtime]")
{
    Scratch scratch;
    const std::string mark = (scratch.path / "tries").string();
    World world;
    const std::string command = "echo x >> " + mark + "; test $(wc -l < " + mark + ") -ge 3 || exit 75";
    const Report report = world.run(R"({"flow":"f","tasks":{"t":{"use":"program","command":["sh","-c",")" + command +
                                    R"("],"unavailable":[75],"retry":{"retries":5,"delay":"1ms","jitter":"none"}}}})");

    CHECK(report.ok());
    CHECK(task(report, "t").attempts == 3);
}

TEST_CASE("an error that trying again cannot help is not tried again", "[runtime]")
{
    World world;
    const Report report = world.run(R"({"flow":"f","tasks":{"t":{"use":"program","command":["false"],"retry":{"retries":5,"delay":"1ms"}}}})");

    CHECK(task(report, "t").attempts == 1);
}

TEST_CASE("a task is stopped at its time limit and says so", "[runtime]")
{
    World world;
    const Report report = world.run(R"({"flow":"f","tasks":{"slow":{"use":"program","command":["sleep","60"],"timeout":"300ms","kill_after":"50ms"}}})");

    CHECK(report.state == "failed");
    CHECK(task(report, "slow").reason == "timeout.task");
    CHECK(task(report, "slow").duration_ns < 30'000'000'000);
    CHECK(world.states.back() == "slow TimedOut");
}

TEST_CASE("a flow is stopped at its time limit with everything in it", "[runtime]")
{
    World world;
    const Report report = world.run(R"({"flow":"f","timeout":"300ms","tasks":{"slow":{"use":"program","command":["sleep","60"],"kill_after":"50ms"},"next":{"after":["slow"],"use":"nothing"}}})");

    CHECK(report.state == "failed");
    CHECK(report.reason == "timeout.flow");
    CHECK(report.message == "the flow ran longer than its timeout of 300ms");
}

TEST_CASE("a run that is cancelled ends soon and is cancelled", "[runtime]")
{
    World world;
    RunOptions options;
    std::thread stop([&world, cancel = options.cancel] {
        world.wait_for("slow Running");
        cancel.request();
    });
    const Report report = world.run(R"({"flow":"f","tasks":{"slow":{"use":"program","command":["sleep","60"],"kill_after":"50ms"},"next":{"after":["slow"],"use":"nothing"}}})", {}, std::move(options));
    stop.join();

    CHECK(report.state == "cancelled");
    CHECK(task(report, "slow").state == "cancelled");
    CHECK(task(report, "next").state == "skipped");
}

TEST_CASE("a fan-out runs once for each item and collects the results", "[runtime]")
{
    World world;
    const Report report = world.run(R"({"flow":"f","tasks":{
        "each":{"for_each":{"in":["eu","us","eu"],"max_parallel":1},"use":"program","command":["printf","{\"region\":\"${item}\"}"],"result":"json"},
        "count":{"after":["each"],"use":"nothing"}},"outputs":{"all":"${tasks.each.result}"}})");

    REQUIRE(report.ok());
    CHECK(report.tasks.size() == 4);
    CHECK(report.tasks[2].slice == "eu#2");
    CHECK(boost::json::serialize(report.outputs.at("all")) == R"([{"region":"eu"},{"region":"us"},{"region":"eu"}])");
}

TEST_CASE("one failed item of a fast fan-out stops the others, of a collecting one it does not", "[runtime]")
{
    const auto flow = [](const std::string& fail) {
        return R"({"flow":"f","tasks":{"each":{"for_each":{"in":["1","0","0"],"max_parallel":1,"fail":")" + fail +
               R"("},"use":"program","command":["test","${item}","=","0"]}}})";
    };
    World world;
    const Report fast = world.run(flow("fast"));
    CHECK(fast.tasks[1].state == "skipped");
    const Report collect = world.run(flow("collect"));
    CHECK(collect.state == "failed");
    CHECK(collect.tasks[2].state == "completed");
}

TEST_CASE("a false condition passes a task over", "[runtime]")
{
    World world;
    const std::string flow = R"({"flow":"f","parameters":{"full":{"type":"bool","default":false}},"tasks":{
        "maybe":{"when":"${full} == true","use":"nothing"},"then":{"after":["maybe"],"trigger":"none_failed","use":"nothing"}}})";
    const Report report = world.run(flow);
    CHECK(report.ok());
    CHECK(task(report, "maybe").state == "skipped");
    CHECK(task(report, "maybe").reason == "condition");
    CHECK(task(report, "then").state == "completed");
    CHECK(task(world.run(flow, {{"full", "true"}}), "maybe").state == "completed");
}

TEST_CASE("a failed run is continued from its failed task", "[runtime]")
{
    Scratch scratch;
    const std::string first = (scratch.path / "first").string(), gate = (scratch.path / "gate").string();
    const std::string flow = R"({"flow":"f","tasks":{"a":{"use":"program","command":["sh","-c","echo x >> )" + first +
                             R"("]},"b":{"after":["a"],"use":"program","command":["test","-e",")" + gate + R"("]}}})";
    std::string failed;
    {
        World world(scratch.path / "state.db");
        const Report report = world.run(flow);
        CHECK(report.state == "failed");
        failed = report.run;
    }
    std::ofstream(gate) << "open";
    World world(scratch.path / "state.db");
    const Report report = world.run(flow);

    CHECK(report.ok());
    CHECK(report.continued_from == failed);
    std::ifstream lines(first);
    CHECK(std::string(std::istreambuf_iterator<char>(lines), {}) == "x\n");
    CHECK(world.run(flow).continued_from.empty());
}

TEST_CASE("--only and --from choose tasks", "[runtime]")
{
    World world;
    const std::string flow = R"({"flow":"f","tasks":{"a":{"use":"nothing"},"b":{"after":["a"],"use":"nothing"},"c":{"after":["b"],"use":"nothing"}}})";
    RunOptions only;
    only.only = {"b"};
    CHECK(world.run(flow, {}, std::move(only)).tasks.size() == 1);
    RunOptions from;
    from.from = "b";
    CHECK(world.run(flow, {}, std::move(from)).tasks.size() == 2);

    RunOptions wrong;
    wrong.only = {"d"};
    auto parsed = Flow::from_text(flow, world.runtime.flow_options());
    REQUIRE(parsed);
    const auto refused = world.runtime.run(*parsed, {}, std::move(wrong));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "no task 'd'; tasks: a, b, c");
}

TEST_CASE("the same flow does not run twice at once", "[runtime]")
{
    Scratch scratch;
    World first(scratch.path / "state.db"), second(scratch.path / "state.db");
    const std::string flow = R"({"flow":"f","tasks":{"slow":{"use":"program","command":["sleep","60"],"kill_after":"50ms"}}})";
    RunOptions options;
    const Cancel cancel = options.cancel;
    std::thread running([&] { (void)first.run(flow, {}, std::move(options)); });
    for (bool begun = false; !begun;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        const std::scoped_lock lock(first.mutex);
        begun = !first.states.empty();
    }
    auto parsed = Flow::from_text(flow, second.runtime.flow_options());
    REQUIRE(parsed);
    const auto refused = second.runtime.run(*parsed);
    cancel.request();
    running.join();

    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == JF_E_UNAVAILABLE);
    CHECK(refused.error().message.find("fence it off with --new") != std::string::npos);
}

TEST_CASE("Arrow data goes in and out of a flow in memory", "[runtime]")
{
    const Schema schema{{"id", Type::int64}};
    int batches = 0;
    OwnedStream input = make_stream(schema, [&]() -> Result<OwnedArray> {
        if (++batches > 3)
            return OwnedArray();
        Rows rows(schema);
        for (std::int64_t i = 0; i < 1000; ++i)
            rows.add(i % 10 == 0 ? std::optional<std::int64_t>() : std::optional(batches * 1000 + i));
        return rows.finish();
    });
    std::int64_t sum = 0, count = 0;
    RunOptions options;
    options.inputs["numbers"] = input.get();
    options.outputs["kept"] = [&](const ArrowSchema&, ArrowArray* array) -> Status {
        if (!array)
            return {};
        const OwnedArray owned(*array);
        const BatchView view(schema, *owned);
        for (std::int64_t row = 0; row < view.rows(); ++row)
            sum += view[0].i64(row), ++count;
        return {};
    };
    options.outputs["bad"] = [](const ArrowSchema&, ArrowArray* array) -> Status {
        if (array)
            array->release(array);
        return {};
    };
    World world;
    const Report report = world.run(R"({"flow":"f","tasks":{"t":{
        "source":{"use":"memory","name":"numbers"},"steps":[{"use":"checks","not_null":["id"],"on_failure":"quarantine"}],
        "sink":{"use":"memory","name":"kept"},"quarantine":{"use":"memory","name":"bad"}}}})", {}, std::move(options));

    CHECK(report.ok());
    CHECK(count == 2700);
    std::int64_t wanted = 0;
    for (std::int64_t batch = 1; batch <= 3; ++batch)
        for (std::int64_t i = 0; i < 1000; ++i)
            wanted += i % 10 == 0 ? 0 : batch * 1000 + i;
    CHECK(sum == wanted);
    CHECK(task(report, "t").rejected == 300);
}

TEST_CASE("several files of a pattern are read with all their rows, and a second run adds them again", "[runtime]")
{
    Scratch scratch;
    const std::string folder = scratch.path.string();
    std::ofstream(folder + "/orders-1.csv") << "id,v\n1,a\n2,b\n";
    std::ofstream(folder + "/orders-2.csv") << "id,v\n3,c\n";
    World world(scratch.path / "state.db");
    const std::string flow = R"({"flow":"f","tasks":{"land":{"source":{"use":"files","path":")" + folder +
                             R"(/orders*.csv"},"sink":{"use":"files","path":")" + folder + R"(/out.csv"}}}})";

    CHECK(task(world.run(flow), "land").rows == 3);
    CHECK(task(world.run(flow), "land").rows == 3);
    std::ifstream out(folder + "/out.csv");
    std::vector<std::string> lines;
    for (std::string line; std::getline(out, line);)
        lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    CHECK(lines == std::vector<std::string>{"1,a", "1,a", "2,b", "2,b", "3,c", "3,c", "id,v"});
}

TEST_CASE("several runtimes live in one process and leave no thread behind", "[runtime]")
{
    const auto threads = [] {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
            count += entry.exists();
        return count;
    };
    const std::size_t before = threads();
    {
        World one, two;
        std::thread other([&] { (void)two.run(R"({"flow":"f","tasks":{"t":{"use":"nothing"}}})"); });
        CHECK(one.run(R"({"flow":"f","tasks":{"t":{"use":"nothing"}}})").ok());
        other.join();
    }
    CHECK(threads() == before);
}

TEST_CASE("a secret never shows in events, reports or the log", "[runtime]")
{
    ::setenv("JACKFIELD_TEST_SECRET", "hunter2-very-secret", 1);
    Scratch scratch;
    std::string seen;
    std::mutex mutex;
    Runtime runtime({.plugins = {PLUGINS}, .search = false, .state = scratch.path / "state.db", .on_event = [&](const Event& event) {
        const std::scoped_lock lock(mutex);
        seen += event.message + event.fields;
    }});
    auto flow = Flow::from_text(R"({"flow":"f","tasks":{"t":{"use":"program","inherit":false,"command":["/bin/sh","-c","echo it is $KEY; echo $KEY >&2; exit 1"],
        "secrets":[{"name":"KEY","value":{"secret":"env:JACKFIELD_TEST_SECRET"}}]}}})", runtime.flow_options());
    REQUIRE(flow);
    auto report = runtime.run(*flow);
    REQUIRE(report);

    CHECK(seen.find("it is ***") != std::string::npos);
    CHECK(seen.find("hunter2") == std::string::npos);
    CHECK(report->summary().find("hunter2") == std::string::npos);
    CHECK(boost::json::serialize(report->to_json()).find("hunter2") == std::string::npos);
    std::ifstream state(scratch.path / "state.db", std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(state), {}).find("hunter2") == std::string::npos);
}

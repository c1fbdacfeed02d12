// The task "program" with real programs.
#include "task_under_test.hpp"

#include <jackfield/sdk/text.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace jackfield;
using test::TaskUnderTest;

namespace {

TaskUnderTest program(std::string_view options) { return TaskUnderTest(PROGRAM_PLUGIN, "program", options); }

} // namespace

TEST_CASE("a program's output goes to the log and its status is the result", "[program]")
{
    auto task = program(R"({"command":["sh","-c","echo one; echo two >&2; printf three"],"success":[0],"kill_after":"5s","inherit":true,"result":"none"})");
    REQUIRE_FALSE(task.error);

    const auto result = task.run();
    REQUIRE(result);
    CHECK(*result == R"({"exit_status":0})");
    CHECK(task.log->text().find("  one\n") != std::string::npos);
    CHECK(task.log->text().find("! two\n") != std::string::npos);
    CHECK(task.log->text().find("  three\n") != std::string::npos);
}

TEST_CASE("a failing program is named with its status and last words", "[program][errors]")
{
    auto task = program(R"({"command":["sh","-c","echo no such model >&2; exit 3"],"success":[0],"kill_after":"5s"})");
    const auto result = task.run();

    REQUIRE_FALSE(result);
    CHECK(result.error().kind == JF_E_FAILED);
    CHECK(result.error().message == "'sh' ended with exit status 3; it said last: no such model");
    CHECK(result.error().code == "3");
}

TEST_CASE("an exit status can mean passing trouble", "[program]")
{
    auto task = program(R"({"command":["sh","-c","exit 75"],"success":[0],"unavailable":[75],"kill_after":"5s"})");
    const auto result = task.run();

    REQUIRE_FALSE(result);
    CHECK(result.error().kind == JF_E_UNAVAILABLE);
}

TEST_CASE("a program that is not there is named", "[program][errors]")
{
    auto missing = program(R"({"command":["no-such-program-here"],"success":[0],"kill_after":"5s","inherit":true})");
    const auto result = missing.run();
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == JF_E_NOT_FOUND);
    CHECK(result.error().message == "no program 'no-such-program-here' in PATH; install it or write its full path");

    auto nowhere = program(R"({"command":["true"],"directory":"/no/such/place","success":[0],"kill_after":"5s","inherit":true})");
    const auto lost = nowhere.run();
    REQUIRE_FALSE(lost);
    CHECK(lost.error().kind == JF_E_CONFIG);
    CHECK(lost.error().message == "cannot work in '/no/such/place': No such file or directory");
}

TEST_CASE("environment, directory and a JSON result reach and leave the program", "[program]")
{
    auto task = program(R"({"command":["/bin/sh","-c","printf '{\"greeting\":\"%s\",\"where\":\"%s\"}' \"$GREETING\" \"$PWD\""],
        "environment":{"GREETING":"hello","HOME":""},"directory":"/usr","result":"json","success":[0],"kill_after":"5s","inherit":true})");
    const auto result = task.run();

    REQUIRE(result);
    CHECK(*result == R"({"greeting":"hello","where":"/usr"})");
}

TEST_CASE("at its time limit a program is stopped with all that it started", "[program]")
{
    const std::string file = "/tmp/jackfield-program-test-" + std::to_string(::getpid());
    auto task = program(R"({"command":["sh","-c","sleep 60 & echo $! > )" + file + R"(; wait"],"success":[0],"kill_after":"100ms","inherit":true})");
    task.frame.set_deadline_in(1'000'000'000);
    const auto result = task.run();

    REQUIRE_FALSE(result);
    CHECK(result.error().kind == JF_E_TIMEOUT);
    pid_t grandchild = 0;
    std::ifstream(file) >> grandchild;
    ::unlink(file.c_str());
    REQUIRE(grandchild > 0);
    for (int i = 0; i < 100 && ::kill(grandchild, 0) == 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
    std::string pid, name, state;
    stat >> pid >> name >> state;
    CHECK((state.empty() || state == "Z"));
}

TEST_CASE("a duration with a fraction is the same for flow files and plugins", "[program][regression]")
{
    CHECK(sdk::parse_duration("1.5s").value() == 1'500'000'000);
    CHECK(sdk::parse_duration("1w").value() == 604'800'000'000'000);
    CHECK(sdk::parse_size("1.5KiB").value() == 1536);
    CHECK_FALSE(sdk::parse_duration("1h30m"));
    CHECK_FALSE(sdk::parse_duration("99999999999w"));
}

TEST_CASE("a program that ignores SIGTERM is killed after its grace", "[program]")
{
    auto task = program(R"({"command":["sh","-c","trap '' TERM; while :; do sleep 0.05; done"],"success":[0],"kill_after":"100ms","inherit":true})");
    std::thread stop([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        task.cancellation.cancel();
    });
    const auto result = task.run();
    stop.join();

    REQUIRE_FALSE(result);
    CHECK(result.error().kind == JF_E_CANCELLED);
}

TEST_CASE("output of any bytes becomes lines of UTF-8", "[program]")
{
    auto task = program(R"({"command":["printf","a\\377b\\r\\nc\\303\\244\\n"],"success":[0],"kill_after":"5s","inherit":true})");
    REQUIRE(task.run());

    CHECK(task.log->text() == "  a\xEF\xBF\xBD" "b\n  c\xC3\xA4\n");
}

// The chart engine as a process: missing, slow, killed, and gone when its host is gone.
#include "engine_client.hpp"
#include "shape.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <sys/wait.h>
#include <thread>

using namespace jackfield;
using namespace jackfield::charts;

namespace {

const std::string small_chart = R"({"spec":{"kind":"number","width":400,"height":250,"theme":"light"},"data":{"rows":1,"names":{"x":"","y":["v"],"series":""},"values":[5],"remarks":[]}})";

Result<std::string> draw(EngineClient& engine, const std::string& request, std::chrono::milliseconds time = std::chrono::seconds(30))
{
    return engine.ask(Ask::svg, 1, request, EngineClient::Clock::now() + time, {});
}

// A scatter plot that takes the engine many seconds.
std::string endless_chart()
{
    std::string out = R"({"spec":{"kind":"bar","labels":true,"width":4000,"height":4000,"theme":"light"},"data":{"rows":1,"names":{"x":"x","y":["v"],"series":""},"x_kind":"category","remarks":[],"categories":[)";
    std::string values;
    for (int i = 0; i < 200000; ++i) {
        out += (i > 0 ? ",\"a" : "\"a") + std::to_string(i) + "\"";
        values += (i > 0 ? "," : "") + std::to_string(i % 977);
    }
    return out + R"(],"series":[{"name":"v","values":[)" + values + "]}]}}";
}

bool ended(pid_t process)
{
    for (int i = 0; i < 500; ++i) {
        if (::kill(process, 0) != 0)
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

} // namespace

TEST_CASE("a missing engine is named with what to do", "[charts][engine]")
{
    EngineClient engine("/nonexistent/jackfield-chart-engine");
    const auto drawn = draw(engine, small_chart);

    REQUIRE_FALSE(drawn);
    CHECK(drawn.error().kind == JF_E_UNAVAILABLE);
    CHECK(drawn.error().message.find("/nonexistent/jackfield-chart-engine") != std::string::npos);
    CHECK(drawn.error().message.find("JACKFIELD_LIBEXEC") != std::string::npos);
}

TEST_CASE("a program that is no chart engine is reported as lost", "[charts][engine]")
{
    EngineClient engine("/bin/true");
    const auto drawn = draw(engine, small_chart);

    REQUIRE_FALSE(drawn);
    CHECK(drawn.error().kind == JF_E_UNAVAILABLE);
}

TEST_CASE("no process runs before the first picture, one for all pictures, none after the client", "[charts][engine]")
{
    pid_t process = 0;
    {
        EngineClient engine(find_engine());
        CHECK(engine.process() == 0);
        REQUIRE(draw(engine, small_chart));
        process = engine.process();
        REQUIRE(draw(engine, small_chart));
        CHECK(engine.process() == process);
    }
    REQUIRE(process > 0);
    CHECK(::kill(process, 0) != 0);
}

TEST_CASE("a crash of the engine is one clear error, and the next picture is drawn", "[charts][engine]")
{
    EngineClient engine(find_engine());
    REQUIRE(draw(engine, small_chart));
    ::kill(engine.process(), SIGABRT);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto lost = draw(engine, small_chart);

    REQUIRE_FALSE(lost);
    CHECK(lost.error().kind == JF_E_UNAVAILABLE);
    CHECK(lost.error().message.find("lost") != std::string::npos);
    CHECK(draw(engine, small_chart));
}

TEST_CASE("a picture that takes too long is given up at its deadline and its process is killed", "[charts][engine]")
{
    EngineClient engine(find_engine());
    REQUIRE(draw(engine, small_chart));
    const pid_t process = engine.process();
    const auto slow = draw(engine, endless_chart(), std::chrono::milliseconds(200));

    REQUIRE_FALSE(slow);
    CHECK(slow.error().kind == JF_E_TIMEOUT);
    CHECK(ended(process));
    CHECK(draw(engine, small_chart));
}

TEST_CASE("a cancelled picture comes back as cancelled", "[charts][engine]")
{
    EngineClient engine(find_engine());
    REQUIRE(draw(engine, small_chart));
    const auto from = EngineClient::Clock::now();
    const auto cancelled = engine.ask(Ask::svg, 1, endless_chart(), from + std::chrono::seconds(60),
                                      [&] { return EngineClient::Clock::now() - from > std::chrono::milliseconds(100); });

    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().kind == JF_E_CANCELLED);
}

TEST_CASE("what JavaScript cannot draw is an error of the chart, and the engine lives on", "[charts][engine]")
{
    EngineClient engine(find_engine());
    const auto wrong = draw(engine, R"({"spec":{"kind":"nonsense"},"data":{}})");

    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().kind == JF_E_CONFIG);
    const pid_t process = engine.process();
    CHECK(draw(engine, small_chart));
    CHECK(engine.process() == process);
}

TEST_CASE("several threads draw through one engine", "[charts][engine]")
{
    EngineClient engine(find_engine());
    const auto expected = draw(engine, small_chart);
    REQUIRE(expected);
    std::vector<std::string> drawn(4);
    std::vector<std::thread> threads;
    for (std::string& out : drawn)
        threads.emplace_back([&] {
            if (auto made = draw(engine, small_chart))
                out = *made;
        });
    for (std::thread& thread : threads)
        thread.join();
    for (const std::string& out : drawn)
        CHECK((out == *expected));
}

TEST_CASE("the engine ends when its host is killed", "[charts][engine]")
{
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t host = ::fork();
    REQUIRE(host >= 0);
    if (host == 0) { // the host: starts an engine, tells its id, and waits to be killed
        EngineClient engine(find_engine());
        const bool drawn = draw(engine, small_chart).has_value();
        const pid_t process = drawn ? engine.process() : 0;
        if (::write(pipe_ends[1], &process, sizeof process) > 0)
            ::pause();
        ::_exit(1);
    }
    pid_t process = 0;
    REQUIRE(::read(pipe_ends[0], &process, sizeof process) == sizeof process);
    ::kill(host, SIGKILL);
    ::waitpid(host, nullptr, 0);

    REQUIRE(process > 0);
    CHECK(ended(process));
}

// SQLite, in a file and in memory: conformance, several openers, cost.
#include "conformance.hpp"
#include "scratch.hpp"

#include <atomic>
#include <chrono>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

using namespace jackfield;
using namespace jackfield::store;

TEST_CASE("SQLite in a file keeps the history of runs", "[store][sqlite]")
{
    Scratch scratch;
    conform_runs(*need(open_sqlite(scratch.file())));
}

TEST_CASE("SQLite in memory keeps the history of runs", "[store][sqlite]") { conform_runs(*need(open_sqlite(""))); }

TEST_CASE("SQLite in a file keeps progress and locks", "[store][sqlite]")
{
    Scratch scratch;
    conform_progress(*need(open_sqlite(scratch.file())));
}

TEST_CASE("SQLite in memory keeps progress and locks", "[store][sqlite]")
{
    conform_progress(*need(open_sqlite(":memory:")));
}

TEST_CASE("SQLite in a file serves eight threads at once", "[store][sqlite]")
{
    Scratch scratch;
    conform_threads(*need(open_sqlite(scratch.file())));
}

TEST_CASE("SQLite in memory serves eight threads at once", "[store][sqlite]") { conform_threads(*need(open_sqlite(""))); }

TEST_CASE("what is queued when a store is closed is there when it is opened again", "[store][sqlite]")
{
    Scratch scratch;
    Run run;
    {
        auto store = need(open_sqlite(scratch.file()));
        run = running(*store, "closed");
        for (int line = 0; line < 1000; ++line)
            need(store->change({LogLine{0, run.id, "", "", 0, 1, 1, "line", ""}}, Commit::queued));
    }
    auto store = need(open_sqlite(scratch.file()));
    CHECK(need(store->logs(run.id, {})).size() == 1000);
    struct stat info {};
    REQUIRE(stat(scratch.file().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("eight stores may open the same new file at once, and all write", "[store][sqlite]")
{
    Scratch scratch;
    std::atomic<int> errors{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 8; ++number)
        threads.emplace_back([&] {
            auto store = open_sqlite(scratch.file());
            if (!store) {
                ++errors;
                return;
            }
            for (int count = 0; count < 20; ++count) {
                Run run;
                run.flow = "shared";
                errors += !(*store)->create_run(run, Commit::committed);
            }
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(errors == 0);
    RunFilter filter;
    filter.limit = 1000;
    CHECK(need(need(open_sqlite(scratch.file()))->runs(filter)).size() == 160);
}

TEST_CASE("a follower sees the commits of another store on the same file", "[store][sqlite]")
{
    Scratch scratch;
    auto writer = need(open_sqlite(scratch.file()));
    auto follower = need(open_sqlite(scratch.file()));
    std::uint64_t mark = 0;
    need(follower->wait_for_change(mark, 0));
    CHECK_FALSE(need(follower->wait_for_change(mark, 0)));
    need(writer->set_component_state("a", "k", "v"));
    CHECK(need(follower->wait_for_change(mark, 10'000'000'000)));
}

TEST_CASE("the file shrinks again when runs are pruned", "[store][sqlite]")
{
    Scratch scratch;
    auto store = need(open_sqlite(scratch.file()));
    for (int count = 0; count < 20; ++count) {
        const Run run = running(*store, "large");
        for (int line = 0; line < 10; ++line)
            need(store->change({LogLine{0, run.id, "", "", 0, 1, 1, std::string(60'000, 'x'), ""}}, Commit::queued));
        need(store->change({RunChange{run.id, run.fence, State::completed, "", "", "", 0}}, Commit::committed));
    }
    const auto before = std::filesystem::file_size(scratch.file());
    Retention retention;
    retention.keep_runs = 1;
    const Pruned pruned = need(store->prune(retention));
    CHECK(pruned.runs == 19);
    CHECK(pruned.log_lines == 190);
    CHECK(std::filesystem::file_size(scratch.file()) + pruned.bytes >= before);
    CHECK(std::filesystem::file_size(scratch.file()) < 2'000'000);
    CHECK(std::filesystem::file_size(scratch.file() + "-wal") == 0);
}

TEST_CASE("the history of 40 tasks costs few commits", "[store][sqlite]")
{
    Scratch scratch;
    auto store = need(open_sqlite(scratch.file()));
    const Run run = running(*store, "forty");
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    const auto begin = std::chrono::steady_clock::now();
    for (int task = 0; task < 40; ++task) {
        const std::string name = "task" + std::to_string(task);
        for (State state : {State::pending, State::running, State::completed})
            need(store->change({step(run, name, state)}, Commit::queued));
    }
    need(store->flush(Commit::committed));
    const auto wall = std::chrono::steady_clock::now() - begin;
    getrusage(RUSAGE_SELF, &after);
    const auto micros = [](const timeval& time) { return time.tv_sec * 1'000'000L + time.tv_usec; };
    const auto cpu = micros(after.ru_utime) + micros(after.ru_stime) - micros(before.ru_utime) - micros(before.ru_stime);
    WARN("40 tasks, 120 transitions: " << wall / std::chrono::microseconds(1) << " us wall, " << cpu << " us of CPU");
    CHECK(need(store->transitions(run.id, 0, 1000)).size() == 122);
}

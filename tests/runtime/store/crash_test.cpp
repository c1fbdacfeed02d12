// kill -9 at any moment: what was told to be committed is there, and all of it fits together.
#include "conformance.hpp"
#include "scratch.hpp"

#include "store/process.hpp"

#include <csignal>
#include <cstring>
#include <map>
#include <sqlite3.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace jackfield;
using namespace jackfield::store;

namespace {

/// Writes until killed; says after each commit how far it is.
[[noreturn]] void write_for_ever(const std::string& file, int out)
{
    auto opened = open_sqlite(file);
    if (!opened)
        _exit(10);
    Store& store = **opened;
    const ProgressKey key{{"crash", "land", "", ""}, "", "p"};
    auto progress = store.acquire_progress(key, "child");
    if (!progress)
        _exit(11);
    std::uint64_t count = progress->token ? std::stoull(*progress->token) : 0;
    for (;;) {
        Run run;
        run.flow = "crash";
        run.process = this_process();
        auto made = store.create_run(run, Commit::queued);
        if (!made || !store.change({RunChange{made->id, made->fence, State::running, "", "", "", 0}}, Commit::queued))
            _exit(12);
        for (int task = 0; task < 5; ++task) {
            const std::string name = "t" + std::to_string(task);
            TaskChange begin, end;
            begin.run = end.run = made->id;
            begin.fence = end.fence = made->fence;
            begin.task = end.task = name;
            end.state = State::completed;
            (void)store.change({begin}, Commit::queued);
            (void)store.change({LogLine{0, made->id, name, "", 1, 1, 1, "line", ""}, end}, Commit::queued);
            ++count;
            const Bytes before = count == 1 ? Bytes() : std::to_string(count - 1);
            if (!store.commit_progress({{key, progress->fence, std::to_string(count), "", before}},
                                       count % 2 ? Commit::committed : Commit::synced))
                _exit(13);
            if (write(out, &count, sizeof count) != sizeof count)
                _exit(14);
        }
        if (!store.change({RunChange{made->id, made->fence, State::completed, "", "", "", 0}}, Commit::committed))
            _exit(15);
    }
}

/// Reads what the child told until its end; the last number.
std::uint64_t last_told(int in)
{
    std::uint64_t last = 0;
    for (std::uint64_t number = 0; read(in, &number, sizeof number) == sizeof number;)
        last = number;
    return last;
}

void check_file(const std::string& file)
{
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
    std::string answer;
    sqlite3_exec(handle, "PRAGMA integrity_check",
                 [](void* out, int, char** columns, char**) {
                     *static_cast<std::string*>(out) += columns[0];
                     return 0;
                 },
                 &answer, nullptr);
    sqlite3_close(handle);
    CHECK(answer == "ok");
}

/// Each state is where the last transition led, and each transition begins where the one before it ended.
void check_history(Store& store)
{
    RunFilter filter;
    filter.limit = 100;
    for (const Run& run : need(store.runs(filter))) {
        std::map<std::string, State> states;
        for (const Transition& one : need(store.transitions(run.id, 0, 1000))) {
            const auto found = states.find(one.task);
            if (one.from != (found == states.end() ? std::nullopt : std::optional(found->second)))
                FAIL("a gap in the transitions of run " << run.id << " task " << one.task);
            states[one.task] = one.to;
        }
        if (states[""] != run.state)
            FAIL("run " << run.id << " is not where its last transition led");
        for (const TaskRun& task : need(store.tasks(run.id)))
            if (states[task.task] != task.state)
                FAIL("task " << task.task << " of run " << run.id << " is not where its last transition led");
        if (run.state == State::completed && need(store.logs(run.id, {})).size() != 5)
            FAIL("run " << run.id << " completed without all its log lines");
    }
}

} // namespace

TEST_CASE("a writer that is killed fifty times loses nothing that it was told is committed", "[store][crash]")
{
    Scratch scratch;
    const ProgressKey key{{"crash", "land", "", ""}, "", "p"};
    std::uint64_t total = 0;
    for (int kill_number = 0; kill_number < 50; ++kill_number) {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        const pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            write_for_ever(scratch.file(), ends[1]);
        }
        close(ends[1]);
        std::uint64_t first = 0; // the child is at work; then a moment that differs each time
        REQUIRE(read(ends[0], &first, sizeof first) == sizeof first);
        std::this_thread::sleep_for(std::chrono::microseconds(137 * kill_number));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        REQUIRE(WIFSIGNALED(status));
        const std::uint64_t told = std::max(first, last_told(ends[0]));
        close(ends[0]);

        auto store = need(open_sqlite(scratch.file()));
        const auto all = need(store->progress(key.scope));
        const std::uint64_t stored = std::stoull(all.at(0).token.value());
        CHECK(stored >= told);
        CHECK(stored <= told + 1);
        CHECK(told > total);
        total = told;
        check_history(*store);
        for (const Run& run : need(store->reap()))
            CHECK(run.state == State::crashed);
        RunFilter open;
        open.states = {State::running, State::pending};
        CHECK(need(store->runs(open)).empty());
    }
    check_file(scratch.file());
}

// The table of legal steps, and the life of processes.
#include "store/process.hpp"
#include "store/state.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace jackfield;
using namespace jackfield::store;

TEST_CASE("what completed, was cancelled or skipped stays so", "[store][state]")
{
    for (State from : {State::completed, State::cancelled, State::skipped})
        for (State to : all_states)
            CHECK_FALSE(check_step(from, "X", to, "Y", "task a"));
}

TEST_CASE("what failed or crashed may be tried again, and nothing else", "[store][state]")
{
    for (State from : {State::failed, State::crashed})
        for (State to : all_states) {
            const bool again = to == State::scheduled || to == State::pending || to == State::running;
            CHECK(check_step(from, "X", to, "Y", "task a").has_value() == again);
        }
}

TEST_CASE("what is cancelling ends as cancelled only", "[store][state]")
{
    for (State to : all_states)
        CHECK(check_step(State::cancelling, "X", to, "Y", "task a").has_value() == (to == State::cancelled));
}

TEST_CASE("a running one never goes back to pending, and two workers cannot both begin one", "[store][state]")
{
    CHECK_FALSE(check_step(State::running, "Running", State::pending, "Pending", "task a"));
    CHECK_FALSE(check_step(State::pending, "Pending", State::pending, "Pending", "task a"));
    CHECK(check_step(State::pending, "Pending", State::pending, "Submitting", "task a"));
    CHECK(check_step(State::running, "Running", State::running, "Retrying", "task a"));
    CHECK(check_step(State::running, "Running", State::scheduled, "AwaitingRetry", "task a"));
    const auto refused = check_step(State::completed, "Cached", State::running, "Running", "task land");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "task land is completed and cannot become running");
}

TEST_CASE("every state has a spelling that is read back", "[store][state]")
{
    for (State state : all_states)
        CHECK(state_from_text(to_text(state)) == state);
    CHECK_FALSE(state_from_text("Running"));
}

TEST_CASE("a process is alive until it ends, and a later one with its pid is another", "[store][process]")
{
    CHECK(alive(this_process()) == Alive::yes);
    Process other = this_process();
    other.birth.back() = other.birth.back() == '1' ? '2' : '1';
    CHECK(alive(other) == Alive::no);
    other.host = "elsewhere";
    CHECK(alive(other) == Alive::unknown);

    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        const std::string birth = this_process().birth;
        (void)!write(pipe_ends[1], birth.data(), birth.size());
        for (;;)
            pause();
    }
    std::string birth(512, '\0');
    birth.resize(static_cast<std::size_t>(read(pipe_ends[0], birth.data(), birth.size())));
    const Process process{this_process().host, child, birth};
    CHECK(alive(process) == Alive::yes);
    kill(child, SIGKILL);
    siginfo_t info;
    REQUIRE(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
    CHECK(alive(process) == Alive::no); // not waited for yet, but dead
    waitpid(child, nullptr, 0);
    CHECK(alive(process) == Alive::no);
}

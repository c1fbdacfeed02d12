// Which task may start when: triggers, and the reach of --only and --from.
#include "exec/run/dag.hpp"
#include "exec/run/retry.hpp"

#include <catch2/catch.hpp>

using namespace jackfield;
using exec::Dag;
using exec::Verdict;
using store::State;

namespace {

Task task(std::string name, std::vector<std::string> after = {}, Trigger trigger = Trigger::all_success)
{
    Task out;
    out.name = std::move(name);
    out.after = std::move(after);
    out.trigger = trigger;
    return out;
}

} // namespace

TEST_CASE("a task waits for all tasks before it and then starts", "[dag]")
{
    const std::vector tasks{task("a"), task("b"), task("c", {"a", "b"})};
    Dag dag(tasks);

    CHECK(dag.due() == std::vector<std::size_t>{0, 1});
    dag.begin(0);
    dag.end(0, State::completed);
    CHECK(dag.verdict(2) == Verdict::wait);
    dag.end(1, State::completed);
    CHECK(dag.verdict(2) == Verdict::start);
}

TEST_CASE("what needs a failed task is passed over, and so is what needs that", "[dag]")
{
    const std::vector tasks{task("a"), task("b", {"a"}), task("c", {"b"})};
    Dag dag(tasks);

    dag.end(0, State::failed);
    REQUIRE(dag.verdict(1) == Verdict::pass_over);
    dag.end(1, State::skipped);
    CHECK(dag.verdict(2) == Verdict::pass_over);
}

TEST_CASE("triggers decide over good, failed and skipped tasks", "[dag]")
{
    const auto verdict = [](Trigger trigger, std::vector<State> before) {
        std::vector<Task> tasks;
        std::vector<std::string> names;
        for (std::size_t i = 0; i < before.size(); ++i) {
            names.push_back("t" + std::to_string(i));
            tasks.push_back(task(names.back()));
        }
        tasks.push_back(task("last", names, trigger));
        Dag dag(tasks);
        for (std::size_t i = 0; i < before.size(); ++i)
            if (store::is_terminal(before[i]))
                dag.end(i, before[i]);
        return dag.verdict(before.size());
    };
    constexpr auto good = State::completed, bad = State::failed, out = State::skipped, open = State::running;

    CHECK(verdict(Trigger::all_done, {good, bad, out}) == Verdict::start);
    CHECK(verdict(Trigger::all_done, {good, open}) == Verdict::wait);
    CHECK(verdict(Trigger::none_failed, {good, out}) == Verdict::start);
    CHECK(verdict(Trigger::none_failed, {bad, open}) == Verdict::pass_over);
    CHECK(verdict(Trigger::one_success, {good, open}) == Verdict::start);
    CHECK(verdict(Trigger::one_success, {bad, out}) == Verdict::pass_over);
    CHECK(verdict(Trigger::one_failed, {bad, open}) == Verdict::start);
    CHECK(verdict(Trigger::one_failed, {good, good}) == Verdict::pass_over);
    CHECK(verdict(Trigger::always, {open}) == Verdict::start);
    CHECK(verdict(Trigger::all_success, {good, out}) == Verdict::pass_over);
}

TEST_CASE("a task can be taken with all before it or all after it", "[dag]")
{
    const std::vector tasks{task("a"), task("b", {"a"}), task("c", {"b"}), task("d", {"a"})};
    const Dag dag(tasks);

    CHECK(dag.with_all_before(2) == std::vector<bool>{true, true, true, false});
    CHECK(dag.with_all_after(1) == std::vector<bool>{false, true, true, false});
}

TEST_CASE("five retries mean five after the first try, doubling up to the longest delay", "[retry]")
{
    Retry retry{.retries = 5, .delay = std::chrono::seconds(2), .factor = 2, .max_delay = std::chrono::seconds(20),
        .jitter = Jitter::none, .on = {JF_E_UNAVAILABLE}};
    const Error gone = fail(JF_E_UNAVAILABLE, "the server is away");

    std::vector<std::int64_t> seconds;
    for (std::uint32_t attempt = 1; auto delay = exec::delay_before_retry(retry, gone, attempt, 7); ++attempt)
        seconds.push_back(*delay / 1'000'000'000);
    CHECK(seconds == std::vector<std::int64_t>{2, 4, 8, 16, 20});
}

TEST_CASE("an error that trying again cannot help is not tried again", "[retry]")
{
    const Retry retry{.retries = 5, .on = {JF_E_UNAVAILABLE}};

    CHECK_FALSE(exec::delay_before_retry(retry, fail(JF_E_CONFIG, "no such table"), 1, 7));
}

TEST_CASE("jitter stays in its bounds, repeats for the same run, and respects retry-after", "[retry]")
{
    Retry retry{.retries = 9, .delay = std::chrono::seconds(8), .factor = 1, .jitter = Jitter::equal, .on = {JF_E_UNAVAILABLE}};
    Error gone = fail(JF_E_UNAVAILABLE, "the server is away");

    const auto first = exec::delay_before_retry(retry, gone, 1, 42);
    REQUIRE(first);
    CHECK(*first >= 4'000'000'000);
    CHECK(*first <= 8'000'000'000);
    CHECK(exec::delay_before_retry(retry, gone, 1, 42) == first);
    CHECK(exec::delay_before_retry(retry, gone, 1, 43) != first);
    gone.retry_after_ns = 30'000'000'000;
    CHECK(exec::delay_before_retry(retry, gone, 1, 42) == 30'000'000'000);
}

// Conformance: history of runs.
#include "conformance.hpp"

#include "store/process.hpp"

#include <jackfield/abi/host.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

namespace jackfield::store {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t day = 86'400 * second;

/// Every transition begins where the one before it ended.
void check_chains(Store& store, const Run& run)
{
    std::map<std::pair<std::string, std::string>, State> last;
    for (const Transition& one : need(store.transitions(run.id, 0, 100'000))) {
        const auto found = last.find({one.task, one.slice});
        CHECK(one.from == (found == last.end() ? std::nullopt : std::optional(found->second)));
        last[{one.task, one.slice}] = one.to;
    }
    CHECK(last.at({"", ""}) == need(store.run(run.id)).state);
    for (const TaskRun& task : need(store.tasks(run.id)))
        CHECK(last.at({task.task, task.slice}) == task.state);
}

void reads_back_what_was_written(Store& store)
{
    INFO("a run is read back as it was written");
    Run wanted;
    wanted.flow = "orders";
    wanted.flow_digest = "sha256:1";
    wanted.flow_text = "{\"flow\": \"orders\"}";
    wanted.parameters_json = "{\"since\":\"2026-01-01\"}";
    wanted.environment = "prod";
    wanted.process = this_process();
    wanted.generation = "g1";
    wanted.parent_run = "aaaa";
    wanted.parent_task = "all";
    wanted.continued_from = "bbbb";
    const Run made = need(store.create_run(wanted, Commit::committed));
    CHECK(made.id.size() == 4);
    CHECK(made.fence > 0);
    const Run read = need(store.run(made.id));
    CHECK(read.flow_text == wanted.flow_text);
    CHECK(read.parameters_json == wanted.parameters_json);
    CHECK(read.environment == "prod");
    CHECK(read.process.pid == wanted.process.pid);
    CHECK(read.process.birth == wanted.process.birth);
    CHECK(read.generation == "g1");
    CHECK(read.parent_run == "aaaa");
    CHECK(read.parent_task == "all");
    CHECK(read.continued_from == "bbbb");
    CHECK(read.fence == made.fence);
    CHECK(read.created_at == made.created_at);
    CHECK(read.state_name == "Scheduled");
    need(store.change({RunChange{made.id, made.fence, State::skipped, "Missed", "", "the window was over", 0}},
                      Commit::committed));
    CHECK(need(store.run(made.id)).state_name == "Missed");
}

void keeps_every_step(Store& store)
{
    INFO("each change of a task is one transition with from, to, name, reason and time");
    const Run run = running(store, "steps");
    TaskChange failed = step(run, "land", State::scheduled);
    failed.name = "AwaitingRetry";
    failed.reason = reason::unavailable;
    failed.message = "the server closed the connection";
    failed.next_attempt_at = 77 * second;
    failed.counts = Counts{10, 9, 1, 100, 90};
    need(store.change({step(run, "land", State::pending), step(run, "land", State::running), failed}, Commit::queued));
    need(store.flush(Commit::committed));
    TaskRun task = need(store.tasks(run.id)).at(0);
    CHECK(task.state == State::scheduled);
    CHECK(task.next_attempt_at == 77 * second);
    CHECK(task.counts.rows_rejected == 1);

    TaskChange done = step(run, "land", State::completed, 2);
    done.result_json = "{\"rows\":9}";
    need(store.change({step(run, "land", State::running, 2), TaskProgress{run.id, run.fence, "land", "", {5, 5, 0, 50, 50}},
                       done},
                      Commit::synced));
    task = need(store.tasks(run.id)).at(0);
    CHECK(task.attempt == 2);
    CHECK(task.counts.rows_in == 5);
    CHECK(task.result_json == "{\"rows\":9}");
    CHECK(task.started_at > 0);
    CHECK(task.ended_at >= task.started_at);
    CHECK(task.next_attempt_at == 0);

    const auto steps = need(store.transitions(run.id, 0, 100));
    REQUIRE(steps.size() == 7); // two of the run
    CHECK(steps[4].name == "AwaitingRetry");
    CHECK(steps[4].reason == "unavailable");
    CHECK(steps[4].message == "the server closed the connection");
    CHECK(steps[4].from == State::running);
    CHECK(steps[5].attempt == 2);
    CHECK(need(store.transitions(run.id, steps[4].seq, 1)).at(0).seq == steps[5].seq);
    check_chains(store, run);
}

void refuses_illegal_steps(Store& store)
{
    INFO("an illegal step is refused, with all that came in the same call");
    const Run run = running(store, "illegal");
    need(store.change({step(run, "a", State::running), step(run, "a", State::completed)}, Commit::committed));
    const auto refused = store.change({step(run, "b", State::pending), step(run, "a", State::running)}, Commit::committed);
    CHECK(kind(refused) == JF_E_STATE);
    CHECK(need(store.tasks(run.id)).size() == 1);

    need(store.change({step(run, "a", State::running)}, Commit::queued));
    need(store.change({step(run, "c", State::pending)}, Commit::queued));
    CHECK(kind(store.flush(Commit::committed)) == JF_E_STATE);
    need(store.flush(Commit::committed)); // told once
    CHECK(need(store.tasks(run.id)).size() == 2); // the other one stands

    CHECK(kind(store.change({RunChange{"zzzz", 1, State::running, "", "", "", 0}}, Commit::committed)) == JF_E_NOT_FOUND);
    Run waits;
    waits.flow = "illegal";
    waits = need(store.create_run(waits, Commit::committed));
    CHECK(kind(store.change({step(waits, "a", State::running)}, Commit::committed)) == JF_E_STATE);
    Run wrong;
    wrong.state = State::failed;
    CHECK(kind(store.create_run(wrong, Commit::committed)) == JF_E_STATE);
    TaskChange large = step(run, "d", State::pending);
    large.result_json = std::string(300u << 10, ' ');
    CHECK(kind(store.change({large}, Commit::committed)) == JF_E_DATA);
    check_chains(store, run);
}

void fences_off_the_old_owner(Store& store)
{
    INFO("after fence_run the old owner is refused, and an old attempt too");
    Run run = running(store, "fenced");
    need(store.change({step(run, "a", State::running, 2)}, Commit::committed));
    CHECK(kind(store.change({step(run, "a", State::completed, 1)}, Commit::committed)) == JF_E_FENCED);
    const std::uint64_t fence = need(store.fence_run(run.id, this_process()));
    CHECK(fence > run.fence);
    CHECK(kind(store.change({step(run, "a", State::completed, 2)}, Commit::committed)) == JF_E_FENCED);
    run.fence = fence;
    need(store.change({step(run, "a", State::completed, 2)}, Commit::committed));
    CHECK(kind(store.fence_run("zzzz", this_process())) == JF_E_NOT_FOUND);
}

void keeps_logs(Store& store)
{
    INFO("log lines keep their order, are paged and filtered, and say how much was cut");
    const Run run = running(store, "logs");
    for (int line = 0; line < 10; ++line)
        need(store.change({LogLine{0, run.id, line % 2 ? "a" : "b", "", 1, line + 1, line % 4, std::to_string(line), ""}},
                          Commit::queued));
    const std::string umlauts = [] {
        std::string text;
        while (text.size() < 100'001)
            text += "ü";
        return text;
    }();
    need(store.change({LogLine{0, run.id, "", "", 0, 20, JF_LOG_ERROR, umlauts, "{\"long\":\"" + umlauts + "\"}"}},
                      Commit::queued));
    need(store.flush(Commit::committed));
    const auto all = need(store.logs(run.id, {}));
    REQUIRE(all.size() == 11);
    for (int line = 0; line < 10; ++line)
        CHECK(all[static_cast<std::size_t>(line)].message == std::to_string(line));
    CHECK(all[10].message.size() <= 64u << 10);
    const auto marker = all[10].message.find("… [");
    REQUIRE(marker != std::string::npos);
    CHECK(marker % 2 == 0); // between two characters
    CHECK(all[10].message.substr(marker) == "… [" + std::to_string(umlauts.size() - marker) + " bytes cut]");
    CHECK(all[10].fields_json == "{\"cut_bytes\":" + std::to_string(umlauts.size() + 11) + "}");
    LogFilter filter;
    filter.task = "a";
    CHECK(need(store.logs(run.id, filter)).size() == 5);
    filter.level = JF_LOG_ERROR;
    CHECK(need(store.logs(run.id, filter)).size() == 2);
    filter = {};
    filter.after = all[8].seq;
    filter.limit = 1;
    CHECK(need(store.logs(run.id, filter)).at(0).message == "9");
    CHECK(kind(store.logs("zzzz", {})) == JF_E_NOT_FOUND);
    CHECK(kind(store.change({LogLine{0, "zzzz", "", "", 0, 1, 1, "lost", ""}}, Commit::committed)) == JF_E_NOT_FOUND);
}

void lists_runs(Store& store)
{
    INFO("runs are listed newest first, by flow, state, time and page");
    std::vector<Run> made;
    for (int index = 0; index < 5; ++index) {
        Run run;
        run.flow = "listed";
        run.created_at = (index + 1) * second;
        made.push_back(need(store.create_run(run, Commit::committed)));
    }
    need(store.change({RunChange{made[1].id, made[1].fence, State::cancelled, "", "", "", 9 * second}}, Commit::committed));
    RunFilter filter;
    filter.flow = "listed";
    const auto all = need(store.runs(filter));
    REQUIRE(all.size() == 5);
    CHECK(all[0].id == made[4].id);
    CHECK(all[0].flow_text.empty());
    filter.since = 3 * second;
    CHECK(need(store.runs(filter)).size() == 3);
    filter.since = 0;
    filter.states = {State::cancelled, State::failed};
    REQUIRE(need(store.runs(filter)).size() == 1);
    CHECK(need(store.runs(filter))[0].ended_at == 9 * second);
    filter.states.clear();
    filter.limit = 2;
    filter.after = made[3].id;
    const auto page = need(store.runs(filter));
    REQUIRE(page.size() == 2);
    CHECK(page[0].id == made[2].id);

    CHECK(need(store.run(made[0].id)).id == made[0].id);
    CHECK(kind(store.run("")) == JF_E_NOT_FOUND);
    CHECK(kind(store.run("%")) == JF_E_NOT_FOUND);
    std::set<char> first;
    std::optional<char> twice;
    for (const Run& run : need(store.runs({})))
        if (!first.insert(run.id[0]).second)
            twice = run.id[0];
    if (twice)
        CHECK(kind(store.run(std::string(1, *twice))) == JF_E_CONFIG);
}

/// Who is in the way of a place under the key: "a" or "a b"; empty: it is held.
std::string ask(Store& store, const std::string& key, std::uint32_t slots, const std::string& run, const std::string& task)
{
    const std::vector<SlotWish> wishes{{key, slots}};
    std::string out;
    for (const SlotUse& use : need(store.acquire_slots(wishes, run, task, "")))
        out += (out.empty() ? "" : " ") + use.task;
    return out;
}

void limits_concurrency(Store& store)
{
    INFO("no more than the limit hold a slot, first come first served, and an end gives it free in the same commit");
    const Run run = running(store, "slots");
    need(store.change({step(run, "a", State::running), step(run, "b", State::running)}, Commit::committed));
    CHECK(ask(store, "db", 2, run.id, "a").empty());
    CHECK(ask(store, "db", 2, run.id, "a").empty()); // holds it already
    CHECK(ask(store, "db", 2, run.id, "b").empty());
    CHECK(ask(store, "db", 2, run.id, "c") == "a b");
    CHECK(ask(store, "db", 2, run.id, "d") == "a b");
    need(store.change({step(run, "a", State::completed)}, Commit::committed));
    CHECK(ask(store, "db", 2, run.id, "d") == "c"); // there is a place, and it is c's
    CHECK(ask(store, "db", 2, run.id, "c").empty());
    CHECK(ask(store, "db", 1, run.id, "e") == "b c"); // whoever asks says how many
    need(store.release_slots(run.id, "d", ""));
    need(store.change({RunChange{run.id, run.fence, State::completed, "", "", "", 0}}, Commit::committed));
    CHECK(need(store.slots()).empty());
}

void keeps_the_queue_while_it_waits(Store& store)
{
    INFO("a task that goes back to scheduled gives its slot free, but not its place in the queue while it waits for one");
    const Run run = running(store, "queue");
    need(store.change({step(run, "a", State::running), step(run, "b", State::running)}, Commit::committed));
    CHECK(ask(store, "queue", 1, run.id, "a").empty());
    CHECK(ask(store, "queue", 1, run.id, "b") == "a");
    TaskChange waits = step(run, "b", State::scheduled);
    waits.name = awaiting_slot;
    need(store.change({waits}, Commit::committed));
    CHECK(ask(store, "queue", 1, run.id, "c") == "a");
    need(store.change({step(run, "a", State::scheduled)}, Commit::committed)); // it failed, and is tried again later
    CHECK(ask(store, "queue", 1, run.id, "c") == "b");
    CHECK(ask(store, "queue", 1, run.id, "b").empty());
    need(store.change({RunChange{run.id, run.fence, State::completed, "", "", "", 0}}, Commit::committed));
}

void takes_all_keys_or_none(Store& store)
{
    INFO("a task that needs several keys holds none of them while it waits, so two such tasks never wait for each other");
    const Run run = running(store, "keys");
    const std::vector<SlotWish> both{{"left", 1}, {"right", 1}};
    CHECK(ask(store, "right", 1, run.id, "a").empty());
    const auto in_the_way = need(store.acquire_slots(both, run.id, "b", ""));
    REQUIRE(in_the_way.size() == 1);
    CHECK(in_the_way[0].key == "right");
    for (const SlotUse& use : need(store.slots()))
        CHECK(use.held == (use.task == "a"));
    need(store.release_slots(run.id, "a", ""));
    CHECK(need(store.acquire_slots(both, run.id, "b", "")).empty());
    need(store.change({RunChange{run.id, run.fence, State::completed, "", "", "", 0}}, Commit::committed));
}

void remembers_intervals(Store& store)
{
    INFO("an interval is done with the commit in which its run completes, and not before, and not by a failure");
    const auto begin = [&](const std::string& slice) {
        Run run;
        run.flow = "hours";
        run.state = State::running;
        run.process = this_process();
        run.slice = slice;
        run.interval_json = "{\"name\":\"" + slice + "\"}";
        return need(store.create_run(run, Commit::committed));
    };
    const Run first = begin("01/02"), other = begin("02/03");
    CHECK(need(store.done_intervals("hours")).empty());
    need(store.change({RunChange{first.id, first.fence, State::completed, "", "", "", 0}}, Commit::committed));
    need(store.change({RunChange{other.id, other.fence, State::failed, "", "", "", 0}}, Commit::committed));
    const auto done = need(store.done_intervals("hours"));
    REQUIRE(done.size() == 1);
    CHECK(done[0].slice == "01/02");
    CHECK(done[0].run == first.id);
    CHECK(done[0].interval_json == first.interval_json);
    RunFilter filter;
    filter.flow = "hours";
    filter.slice = "02/03";
    CHECK(need(store.runs(filter)).at(0).id == other.id);
    filter.slice = "";
    CHECK(need(store.runs(filter)).empty());
    const std::vector<std::string> forgotten{"01/02", "never"};
    need(store.forget_intervals("hours", forgotten));
    CHECK(need(store.done_intervals("hours")).empty());
}

/// A run whose process is gone.
Run dead_run(Store& store, const std::string& flow)
{
    Run dead;
    dead.flow = flow;
    dead.state = State::running;
    dead.process = this_process();
    dead.process.birth.back() = dead.process.birth.back() == '1' ? '2' : '1';
    return need(store.create_run(dead, Commit::committed));
}

void frees_slots_of_the_dead(Store& store)
{
    INFO("nobody waits for a dead process, whether it held the slot or stood in the queue");
    const Run holder = dead_run(store, "freed"), waiting = dead_run(store, "freed"), living = running(store, "freed");
    const std::vector<SlotWish> wishes{{"freed", 1}};
    REQUIRE(need(store.acquire_slots(wishes, holder.id, "a", "")).empty());
    CHECK(ask(store, "freed", 1, living.id, "a").empty()); // the question finds the dead
    CHECK(need(store.run(holder.id)).state == State::crashed);
    need(store.release_slots(living.id, "a", ""));
    (void)need(store.acquire_slots(wishes, waiting.id, "b", "")); // dead before it was asked: it may hold or be gone
    CHECK(ask(store, "freed", 1, living.id, "b").empty());
    need(store.change({RunChange{living.id, living.fence, State::completed, "", "", "", 0}}, Commit::committed));
}

void keeps_a_living_run_whose_lease_was_taken_first(Store& store)
{
    INFO("a lease that was taken before its run existed is the run's, and whoever reaps leaves it alone");
    const Lease lease = need(store.acquire_lease("flow/first", this_process(), "", 60 * second, false));
    Run run;
    run.flow = "first";
    run.state = State::running;
    run.process = this_process();
    run.lease = lease.key;
    run = need(store.create_run(run, Commit::committed));
    for (const Run& reaped : need(store.reap()))
        CHECK(reaped.id != run.id);
    CHECK(need(store.run(run.id)).state == State::running);
    need(store.change({RunChange{run.id, run.fence, State::completed, "", "", "", 0}}, Commit::committed));
}

void reaps_the_dead(Store& store)
{
    INFO("a run whose process is gone or whose lease ran out ends as crashed, with its tasks, and is fenced");
    const Run dead = dead_run(store, "reaped");
    need(store.change({step(dead, "a", State::running), step(dead, "b", State::pending)}, Commit::committed));
    CHECK(ask(store, "reaped", 1, dead.id, "a").empty());

    Run late;
    late.flow = "reaped";
    late.state = State::running;
    late.process = {"elsewhere", 1, "x"};
    late.lease = "run/late";
    late = need(store.create_run(late, Commit::committed));
    const Lease lease = need(store.acquire_lease(late.lease, late.process, late.id, 60 * second, false));
    const Run living = running(store, "reaped");

    auto reaped = need(store.reap());
    const auto is = [](const Run& run) { return [&run](const Run& other) { return other.id == run.id; }; };
    CHECK(std::any_of(reaped.begin(), reaped.end(), is(dead)));
    CHECK_FALSE(std::any_of(reaped.begin(), reaped.end(), is(late)));
    CHECK_FALSE(std::any_of(reaped.begin(), reaped.end(), is(living)));
    const Run after = need(store.run(dead.id));
    CHECK(after.state == State::crashed);
    CHECK(after.reason == "lease_lost");
    CHECK(after.fence > dead.fence);
    for (const TaskRun& task : need(store.tasks(dead.id)))
        CHECK(task.state == State::crashed);
    CHECK(ask(store, "reaped", 1, living.id, "a").empty());
    CHECK(kind(store.change({step(dead, "a", State::completed)}, Commit::committed)) == JF_E_FENCED);
    check_chains(store, dead);

    need(store.renew_lease(late.lease, lease.fence, -1));
    reaped = need(store.reap());
    CHECK(std::any_of(reaped.begin(), reaped.end(), is(late)));
}

void keeps_what_retention_says(Store& store)
{
    INFO("prune keeps the newest runs, the young ones, those that go on, and the last of each flow");
    std::vector<Run> made;
    for (int index = 0; index < 6; ++index) {
        Run run;
        run.flow = "pruned";
        run.flow_text = "text " + std::to_string(index);
        run.created_at = 100 * day + index * day;
        run.state = State::running;
        run = need(store.create_run(run, Commit::committed));
        need(store.change({step(run, "a", State::running), LogLine{0, run.id, "a", "", 1, run.created_at, 1, "hello", ""}},
                          Commit::committed));
        if (index != 0) // the oldest one runs for ever
            need(store.change({RunChange{run.id, run.fence, State::completed, "", "", "", run.created_at + 1}},
                              Commit::committed));
        made.push_back(run);
    }
    Retention retention;
    retention.now = 105 * day + second;
    retention.keep_runs = 3;
    CHECK(need(store.prune(retention)).runs >= 2); // other flows lose some too
    for (std::size_t index : {1u, 2u})
        CHECK(kind(store.run(made[index].id)) == JF_E_NOT_FOUND);
    for (std::size_t index : {3u, 4u, 5u})
        CHECK(need(store.run(made[index].id)).state == State::completed);
    CHECK(need(store.run(made[0].id)).state == State::running);
    CHECK(need(store.logs(made[0].id, {})).size() == 1);
    retention.keep_runs.reset();
    retention.keep_days = 1;
    const Pruned pruned = need(store.prune(retention));
    CHECK(pruned.runs >= 1);
    CHECK(kind(store.run(made[3].id)) == JF_E_NOT_FOUND);
    CHECK(need(store.run(made[5].id)).flow_text == "text 5");
    CHECK(need(store.logs(made[0].id, {})).empty()); // old lines of a run that never ends
    retention.keep_days = 0;
    retention.now = 200 * day;
    need(store.prune(retention));
    CHECK(need(store.run(made[5].id)).state == State::completed); // the last one of its flow
}

} // namespace

Run running(Store& store, const std::string& flow)
{
    Run run;
    run.flow = flow;
    run.process = this_process();
    run = need(store.create_run(run, Commit::committed));
    need(store.change({RunChange{run.id, run.fence, State::running, "", "", "", 0}}, Commit::committed));
    return run;
}

TaskChange step(const Run& run, const std::string& task, State state, std::int64_t attempt)
{
    TaskChange change;
    change.run = run.id;
    change.fence = run.fence;
    change.task = task;
    change.state = state;
    change.attempt = attempt;
    return change;
}

void conform_runs(Store& store)
{
    reads_back_what_was_written(store);
    keeps_every_step(store);
    refuses_illegal_steps(store);
    fences_off_the_old_owner(store);
    keeps_logs(store);
    lists_runs(store);
    limits_concurrency(store);
    keeps_the_queue_while_it_waits(store);
    takes_all_keys_or_none(store);
    reaps_the_dead(store);
    frees_slots_of_the_dead(store);
    keeps_a_living_run_whose_lease_was_taken_first(store);
    remembers_intervals(store);
    keeps_what_retention_says(store);
}

void conform_threads(Store& store)
{
    const Run run = running(store, "threads");
    std::atomic<int> holding{0}, most{0}, errors{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 8; ++number)
        threads.emplace_back([&, number] {
            const std::string task = "t" + std::to_string(number);
            const auto count = [&](const auto& result) { errors += !result; };
            for (int attempt = 1; attempt <= 25; ++attempt) {
                count(store.change({step(run, task, State::running, attempt)}, Commit::committed));
                const std::vector<SlotWish> wishes{{"threads", 3}};
                auto slot = store.acquire_slots(wishes, run.id, task, "");
                count(slot);
                if (slot && slot->empty()) {
                    const int now = ++holding;
                    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                    }
                    --holding;
                }
                count(store.change({LogLine{0, run.id, task, "", attempt, 1, 1, "line", ""}}, Commit::queued));
                count(store.change({step(run, task, State::scheduled, attempt)}, number % 2 ? Commit::queued : Commit::synced));
                count(store.tasks(run.id));
                count(store.runs({}));
            }
        });
    for (auto& thread : threads)
        thread.join();
    need(store.flush(Commit::synced));
    CHECK(errors == 0);
    CHECK(most <= 3);
    LogFilter filter;
    CHECK(need(store.logs(run.id, filter)).size() == 200);
    CHECK(need(store.transitions(run.id, 0, 10'000)).size() == 402);
    check_chains(store, run);
}

} // namespace jackfield::store

// Conformance: tokens and what goes with them.
#include "conformance.hpp"

#include "store/process.hpp"

#include <thread>

namespace jackfield::store {
namespace {

constexpr std::int64_t second = 1'000'000'000;
const std::string odd_bytes("\0\xff\x80'\"\n", 6);

ProgressCommit commit_of(const Progress& progress, Bytes token)
{
    return {progress.key, progress.fence, std::move(token), "digest", {}};
}

void keeps_tokens(Store& store)
{
    INFO("a token is read back by the next owner, byte for byte, under its own scope only");
    const ProgressKey key{{"orders", "land", "2026-01", "g1"}, "main", "orders/3"};
    Progress first = need(store.acquire_progress(key, "one"));
    CHECK_FALSE(first.token);
    need(store.record_intent(key, first.fence, "about to write 1-9"));
    need(store.commit_progress({{key, first.fence, odd_bytes, odd_bytes, Bytes()}}, Commit::synced));
    const Progress second_owner = need(store.acquire_progress(key, "two"));
    CHECK(second_owner.token == odd_bytes);
    CHECK(second_owner.digest == odd_bytes);
    CHECK(second_owner.intent.empty()); // the commit cleared it
    CHECK(second_owner.fence > first.fence);
    need(store.record_intent(key, second_owner.fence, odd_bytes));
    CHECK(need(store.acquire_progress(key, "three")).intent == odd_bytes);
    for (const Scope& other : {Scope{"orders", "land", "2026-02", "g1"}, Scope{"orders", "land", "2026-01", "g2"},
                               Scope{"orders", "ship", "2026-01", "g1"}, Scope{"other", "land", "2026-01", "g1"}})
        CHECK_FALSE(need(store.acquire_progress({other, "main", "orders/3"}, "x")).token);
    CHECK(need(store.progress(key.scope)).size() == 1);
}

void keeps_zombies_out(Store& store)
{
    INFO("an older owner is refused in one partition without harm to the others, and a commit is all or nothing");
    const Scope scope{"zombie", "land", "", ""};
    const Progress old_a = need(store.acquire_progress({scope, "", "a"}, "old"));
    const Progress old_b = need(store.acquire_progress({scope, "", "b"}, "old"));
    const Progress new_a = need(store.acquire_progress({scope, "", "a"}, "new"));
    CHECK(kind(store.commit_progress({commit_of(old_b, "b1"), commit_of(old_a, "a1")}, Commit::committed)) == JF_E_FENCED);
    CHECK_FALSE(need(store.progress(scope)).at(1).token);
    CHECK(kind(store.record_intent(old_a.key, old_a.fence, "x")) == JF_E_FENCED);
    need(store.commit_progress({commit_of(old_b, "b1")}, Commit::committed));
    need(store.commit_progress({commit_of(new_a, "a1")}, Commit::committed));

    ProgressCommit guarded = commit_of(new_a, "a2");
    guarded.expected = "a0";
    CHECK(kind(store.commit_progress({guarded}, Commit::committed)) == JF_E_STATE);
    guarded.expected = "a1";
    need(store.commit_progress({guarded}, Commit::committed));
    CHECK(need(store.progress(scope)).at(0).token == "a2");

    need(store.reset("zombie", "land"));
    CHECK(kind(store.commit_progress({commit_of(new_a, "a3")}, Commit::committed)) == JF_E_FENCED);
    const Progress again = need(store.acquire_progress({scope, "", "a"}, "again"));
    CHECK_FALSE(again.token);
    CHECK(again.fence > new_a.fence);
    CHECK(kind(store.commit_progress({commit_of(new_a, "a3")}, Commit::committed)) == JF_E_FENCED);
}

void keeps_generations(Store& store)
{
    INFO("a load has one current generation; another name comes with the next load, also after a reset");
    CHECK_FALSE(need(store.generation("gen", "land", "")));
    const Generation first = need(store.start_generation("gen", "land", "", "7f3a"));
    CHECK(need(store.generation("gen", "land", ""))->id == first.id);
    CHECK_FALSE(need(store.generation("gen", "land", ""))->complete);
    need(store.complete_generation("gen", "land", "", first.id));
    CHECK(need(store.generation("gen", "land", ""))->complete);
    const Generation next = need(store.start_generation("gen", "land", "", "7f3b"));
    CHECK(next.id != first.id);
    CHECK(kind(store.complete_generation("gen", "land", "", first.id)) == JF_E_STATE);
    const Generation of_slice = need(store.start_generation("gen", "land", "monday", "7f3b")); // each slice has its own
    CHECK(need(store.generation("gen", "land", ""))->id == next.id);
    CHECK(need(store.generation("gen", "land", "monday"))->id == of_slice.id);
    need(store.reset("gen", ""));
    CHECK_FALSE(need(store.generation("gen", "land", "monday")));
    CHECK_FALSE(need(store.generation("gen", "land", "")));
    const Generation later = need(store.start_generation("gen", "land", "", "7f3c"));
    CHECK(later.id != first.id);
    CHECK(later.id != next.id);
}

void prunes_replaced_loads(Store& store)
{
    INFO("prune forgets the progress of loads that were replaced, not of the current one or of cursors");
    const Generation old_load = need(store.start_generation("replaced", "land", "", "1"));
    need(store.acquire_progress({{"replaced", "land", "", old_load.id}, "", "a"}, "x"));
    const Generation load = need(store.start_generation("replaced", "land", "", "2"));
    need(store.acquire_progress({{"replaced", "land", "", load.id}, "", "a"}, "x"));
    need(store.acquire_progress({{"replaced", "cursor", "", ""}, "", "a"}, "x"));
    Retention retention;
    retention.keep_days = 1;
    retention.now = need(store.progress({"replaced", "land", "", load.id})).at(0).updated_at + 2 * 86'400 * second;
    CHECK(need(store.prune(retention)).progress >= 1);
    CHECK(need(store.progress({"replaced", "land", "", old_load.id})).empty());
    CHECK(need(store.progress({"replaced", "land", "", load.id})).size() == 1);
    CHECK(need(store.progress({"replaced", "cursor", "", ""})).size() == 1);
}

void keeps_epochs_and_snapshots(Store& store)
{
    INFO("epochs and snapshots are kept under the fence of a run");
    const Run run = running(store, "epochs");
    const Scope scope{"epochs", "land", "", "g1"};
    need(store.log_epoch(scope, {7, {{"", "a", odd_bytes}, {"", "b", "2"}}}, run.id, run.fence));
    need(store.log_epoch(scope, {8, {{"", "a", "3"}}}, run.id, run.fence));
    need(store.log_epoch(scope, {8, {{"", "a", "4"}}}, run.id, run.fence)); // once more: replaces
    auto epochs = need(store.logged_epochs(scope));
    REQUIRE(epochs.size() == 2);
    CHECK(epochs[0].number == 7);
    CHECK(epochs[0].ends.at(0).position == odd_bytes);
    CHECK(epochs[0].ends.at(1).partition == "b");
    CHECK(epochs[1].ends.at(0).position == "4");
    need(store.clear_epochs(scope, 7));
    CHECK(need(store.logged_epochs(scope)).size() == 1);

    for (std::uint64_t epoch = 1; epoch <= 3; ++epoch)
        need(store.put_snapshot({scope, "window", "a", epoch, odd_bytes + std::to_string(epoch)}, run.id, run.fence));
    CHECK(need(store.latest_snapshot(scope, "window", "a"))->epoch == 3);
    CHECK(need(store.snapshot(scope, "window", "a", 2))->state == odd_bytes + "2");
    need(store.drop_snapshots(scope, 3));
    CHECK_FALSE(need(store.snapshot(scope, "window", "a", 2)));
    CHECK(need(store.snapshot(scope, "window", "a", 3)));
    CHECK_FALSE(need(store.latest_snapshot(scope, "window", "b")));

    need(store.fence_run(run.id, this_process()));
    CHECK(kind(store.log_epoch(scope, {9, {{"", "a", "5"}}}, run.id, run.fence)) == JF_E_FENCED);
    CHECK(kind(store.put_snapshot({scope, "window", "a", 4, "x"}, run.id, run.fence)) == JF_E_FENCED);
}

void keeps_component_state(Store& store)
{
    INFO("a component's values are private to it; an empty value removes the key");
    need(store.set_component_state("shop/land/source", "cursor", odd_bytes));
    need(store.set_component_state("shop/landing/source", "cursor", "other"));
    CHECK(need(store.component_state("shop/land/source", "cursor")) == odd_bytes);
    CHECK_FALSE(need(store.component_state("shop/land/sink", "cursor")));
    CHECK(kind(store.set_component_state("shop/land/source", "k", Bytes((1u << 20) + 1, 'x'))) == JF_E_DATA);
    need(store.set_component_state("shop/land/source", "k", Bytes(1u << 20, 'x')));
    need(store.set_component_state("shop/land/source", "k", Bytes()));
    CHECK_FALSE(need(store.component_state("shop/land/source", "k")));
    need(store.reset("shop", "land"));
    CHECK_FALSE(need(store.component_state("shop/land/source", "cursor")));
    CHECK(need(store.component_state("shop/landing/source", "cursor")) == "other");
}

void keeps_leases(Store& store)
{
    INFO("a lease has one holder, and the loser is told who");
    const Process me = this_process();
    const Process other{"elsewhere", 17, "x"};
    const Lease lease = need(store.acquire_lease("flow/orders", other, "7f3a", 60 * second, false));
    const auto refused = store.acquire_lease("flow/orders", me, "7f3b", 60 * second, false);
    REQUIRE(kind(refused) == JF_E_UNAVAILABLE);
    CHECK(refused.error().message ==
          "'flow/orders' is held by process 17 on elsewhere, run 7f3a; wait for it or stop it");
    need(store.renew_lease("flow/orders", lease.fence, 60 * second));
    const Lease stolen = need(store.acquire_lease("flow/orders", me, "7f3b", 60 * second, true));
    CHECK(stolen.fence > lease.fence);
    CHECK(kind(store.renew_lease("flow/orders", lease.fence, second)) == JF_E_FENCED);
    need(store.release_lease("flow/orders", lease.fence)); // lost already: nothing happens
    CHECK(need(store.lease("flow/orders"))->run == "7f3b");
    need(store.release_lease("flow/orders", stolen.fence));
    CHECK(kind(store.renew_lease("flow/orders", stolen.fence, second)) == JF_E_FENCED);
    const Lease again = need(store.acquire_lease("flow/orders", other, "", -1, false));
    CHECK(again.fence > stolen.fence);
    need(store.acquire_lease("flow/orders", me, "", second, false)); // its time was over

    Process dead = me;
    dead.birth.back() = dead.birth.back() == '1' ? '2' : '1';
    need(store.acquire_lease("flow/dead", dead, "", 3600 * second, false));
    need(store.acquire_lease("flow/dead", me, "", second, false));
    CHECK_FALSE(need(store.lease("flow/none")));
}

void tells_of_changes(Store& store)
{
    INFO("a follower is woken by a commit");
    std::uint64_t mark = 0;
    CHECK(need(store.wait_for_change(mark, 0)));
    CHECK_FALSE(need(store.wait_for_change(mark, 0)));
    std::thread writer([&] { need(store.set_component_state("follow", "k", "v")); });
    CHECK(need(store.wait_for_change(mark, 10 * second)));
    writer.join();
}

} // namespace

void conform_progress(Store& store)
{
    keeps_tokens(store);
    keeps_zombies_out(store);
    keeps_generations(store);
    prunes_replaced_loads(store);
    keeps_epochs_and_snapshots(store);
    keeps_component_state(store);
    keeps_leases(store);
    tells_of_changes(store);
}

} // namespace jackfield::store

// Slots: who holds a place under a key, and who waits for one, as rows in the order of their tickets. There is no counter that
// could drift: a place is held while its row is there, and the row goes with its task run, its run, or its process.
#include "store/sqlite_store.hpp"

#include "store/process.hpp"

namespace jackfield::store {
namespace {

struct Asking {
    std::string_view run, task, slice;
};

/// The ticket that the task run has under this key: 0, none yet.
struct Place {
    std::int64_t ticket = 0;
    bool held = false;
};

Result<Place> place_of(Database& database, const std::string& key, const Asking& who)
{
    Query query(database, "SELECT ticket, held FROM slot WHERE key = ? AND run = ? AND task = ? AND slice = ?", key, who.run,
                who.task, who.slice);
    const bool found = query.next();
    JF_TRY(query.end());
    return found ? Place{query.integer(0), query.integer(1) != 0} : Place();
}

/// Those who are in the way: all holders, if they are as many as there may be; else whoever waits for longer.
Result<std::vector<SlotUse>> in_the_way(Database& database, const SlotWish& wish, std::int64_t ticket)
{
    std::vector<SlotUse> holders, before;
    Query query(database, "SELECT run, task, slice, held FROM slot WHERE key = ?1 AND (held OR ticket < ?2) AND ticket <> ?2 "
                          "ORDER BY ticket",
                wish.key, ticket);
    while (query.next()) {
        const bool held = query.integer(3) != 0;
        (held ? holders : before).push_back({wish.key, query.bytes(0), query.bytes(1), query.bytes(2), held});
    }
    JF_TRY(query.end());
    return holders.size() >= wish.slots ? holders : before;
}

/// Who is in the way of any of the wishes, as far as this connection sees. Requires: tickets are drawn.
Result<std::vector<SlotUse>> blockers(Database& database, std::span<const SlotWish> wishes, const Asking& who)
{
    for (const SlotWish& wish : wishes) {
        JF_ASSIGN(const Place place, place_of(database, wish.key, who));
        if (place.held)
            continue;
        JF_ASSIGN(std::vector<SlotUse> found, in_the_way(database, wish, place.ticket));
        if (!found.empty())
            return found;
    }
    return std::vector<SlotUse>();
}

/// One ticket for all keys, so that whoever is first of all is first under each of its keys.
Status draw_tickets(Database& database, std::span<const SlotWish> wishes, const Asking& who)
{
    std::int64_t ticket = 0;
    for (const SlotWish& wish : wishes) {
        JF_ASSIGN(const Place place, place_of(database, wish.key, who));
        if (place.ticket != 0)
            continue;
        if (ticket == 0) {
            Query next(database, "UPDATE counter SET value = value + 1 WHERE name = 'ticket' RETURNING value");
            next.next();
            JF_TRY(next.end());
            ticket = next.integer(0);
        }
        JF_TRY(Query(database, "INSERT INTO slot VALUES (?, ?, ?, ?, ?, 0)", wish.key, ticket, who.run, who.task, who.slice).run());
    }
    return {};
}

/// Does one of these belong to a run that is over, or whose process is?
Result<bool> any_dead(Database& database, const std::vector<SlotUse>& uses)
{
    for (const SlotUse& use : uses) {
        Query query(database, "SELECT " JF_RUN_COLUMNS " FROM run WHERE id = ? AND ended_at = 0", use.run);
        const bool found = query.next();
        JF_TRY(query.end());
        if (!found)
            return true;
        const Run run = read_run(query);
        JF_ASSIGN(const bool lost, lease_lost(database, run));
        if (lost || alive(run.process) == Alive::no)
            return true;
    }
    return false;
}

/// Does whoever asks stand in all queues?
Result<bool> has_tickets(Database& database, std::span<const SlotWish> wishes, const Asking& who)
{
    for (const SlotWish& wish : wishes) {
        JF_ASSIGN(const Place place, place_of(database, wish.key, who));
        if (place.ticket == 0)
            return false;
    }
    return true;
}

} // namespace

Result<std::vector<SlotUse>> SqliteStore::acquire_slots(std::span<const SlotWish> wishes, std::string_view run,
                                                        std::string_view task, std::string_view slice)
{
    const Asking who{run, task, slice};
    // Looking writes nothing, so that waiting costs nobody a commit.
    {
        std::lock_guard lock(read_mutex_);
        JF_ASSIGN(const bool queued, has_tickets(*reader_, wishes, who));
        if (queued) {
            JF_ASSIGN(std::vector<SlotUse> found, blockers(*reader_, wishes, who));
            JF_ASSIGN(const bool dead, any_dead(*reader_, found));
            if (!found.empty() && !dead)
                return found;
        }
    }
    const auto take = [&](Database& database) -> Result<std::vector<SlotUse>> {
        JF_TRY(Query(database, "DELETE FROM slot WHERE run NOT IN (SELECT id FROM run WHERE ended_at = 0)").run());
        JF_TRY(draw_tickets(database, wishes, who));
        JF_ASSIGN(std::vector<SlotUse> found, blockers(database, wishes, who));
        if (found.empty())
            JF_TRY(Query(database, "UPDATE slot SET held = 1 WHERE run = ? AND task = ? AND slice = ?", run, task, slice).run());
        return found;
    };
    JF_ASSIGN(std::vector<SlotUse> found, write<std::vector<SlotUse>>(Commit::committed, take));
    bool dead = false;
    if (!found.empty()) {
        std::lock_guard lock(read_mutex_);
        JF_ASSIGN(dead, any_dead(*reader_, found));
    }
    if (!dead)
        return found;
    JF_ASSIGN(const auto reaped, reap());
    (void)reaped; // what they held is free now
    return write<std::vector<SlotUse>>(Commit::committed, take);
}

Status SqliteStore::release_slots(std::string_view run, std::string_view task, std::string_view slice)
{
    return writer_.run(Commit::committed, [&](Database& database) -> Status { return free_slots(database, run, task, slice); });
}

Result<std::vector<SlotUse>> SqliteStore::slots()
{
    std::lock_guard lock(read_mutex_);
    std::vector<SlotUse> out;
    Query query(*reader_, "SELECT key, run, task, slice, held FROM slot ORDER BY key, held DESC, ticket");
    while (query.next())
        out.push_back({query.bytes(0), query.bytes(1), query.bytes(2), query.bytes(3), query.integer(4) != 0});
    JF_TRY(query.end());
    return out;
}

Status free_slots(Database& database, std::string_view run)
{
    return Query(database, "DELETE FROM slot WHERE run = ?", run).run();
}

Status free_slots(Database& database, std::string_view run, std::string_view task, std::string_view slice)
{
    return Query(database, "DELETE FROM slot WHERE run = ? AND task = ? AND slice = ?", run, task, slice).run();
}

} // namespace jackfield::store

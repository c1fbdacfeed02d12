// The agreement: one short transaction for each beat.
#include "leases.hpp"

#include <random>
#include <unistd.h>

namespace demo {

using jackfield::Result;
using jackfield::Status;

Leases::Leases(Database database, std::int64_t ttl_ns, std::int64_t trade_ns)
    : database_(std::move(database)), me_(std::to_string(::getpid()) + "-" + std::to_string(std::random_device()())), ttl_ns_(ttl_ns),
      trade_ns_(trade_ns)
{
}

Result<Leases> Leases::join(const std::string& file, std::int64_t partitions, std::int64_t ttl_ns, std::int64_t trade_ns)
{
    JF_ASSIGN(Database database, Database::open(file));
    Leases out(std::move(database), ttl_ns, trade_ns);
    JF_ASSIGN(Transaction transaction, Transaction::begin(out.database_));
    JF_TRY(out.database_.run("CREATE TABLE IF NOT EXISTS lease (partition BLOB PRIMARY KEY, owner BLOB, until INTEGER, finished INTEGER)"));
    JF_TRY(out.database_.run("CREATE TABLE IF NOT EXISTS member (id BLOB PRIMARY KEY, seen INTEGER)"));
    for (std::int64_t i = 0; i < partitions; ++i)
        JF_TRY(Query(out.database_, "INSERT OR IGNORE INTO lease VALUES (?, x'', 0, 0)", "p" + std::to_string(i)).run());
    JF_TRY(transaction.commit());
    return out;
}

Status Leases::beat(std::int64_t now_ns)
{
    if (now_ns - last_beat_ns_ < ttl_ns_ / 10)
        return {};
    JF_ASSIGN(Transaction transaction, Transaction::begin(database_));
    JF_TRY(Query(database_, "INSERT OR REPLACE INTO member VALUES (?, ?)", me_, now_ns).run());
    JF_TRY(Query(database_, "DELETE FROM member WHERE seen < ?", now_ns - ttl_ns_).run());
    JF_TRY(find_lost(now_ns));
    JF_TRY(take_free(now_ns));
    Query left(database_, "SELECT count(*) FROM lease WHERE finished = 0");
    JF_TRY(left.next());
    all_finished_ = left.number(0) == 0;
    JF_TRY(transaction.commit());
    last_beat_ns_ = now_ns;
    return {};
}

Status Leases::find_lost(std::int64_t now_ns)
{
    for (auto place = held_.begin(); place != held_.end();) {
        JF_TRY(Query(database_, "UPDATE lease SET until = ? WHERE partition = ? AND owner = ?", now_ns + ttl_ns_, *place, me_).run());
        if (sqlite3_changes(database_.raw()) != 0) {
            ++place;
            continue;
        }
        events_.push_back({Event::Kind::lost, *place});
        if (asked_ == *place)
            asked_.clear();
        place = held_.erase(place);
    }
    return {};
}

Status Leases::take_free(std::int64_t now_ns)
{
    Query count(database_, "SELECT (SELECT count(*) FROM lease WHERE finished = 0), (SELECT count(*) FROM member)");
    JF_TRY(count.next());
    const std::int64_t members = count.number(1), share = (count.number(0) + members - 1) / members;
    const auto mine = static_cast<std::int64_t>(held_.size());
    if (mine < share && now_ns >= not_before_ns_) {
        Query free(database_, "SELECT partition FROM lease WHERE finished = 0 AND (owner = x'' OR until < ?) AND owner <> ? ORDER BY random() LIMIT 1", now_ns, me_);
        JF_ASSIGN(const bool found, free.next());
        if (!found)
            return {};
        const std::string name = free.bytes(0);
        JF_TRY(Query(database_, "UPDATE lease SET owner = ?, until = ? WHERE partition = ?", me_, now_ns + ttl_ns_, name).run());
        held_.insert(name);
        events_.push_back({Event::Kind::given, name});
        return {};
    }
    const bool too_many = mine > share, long_enough = members > 1 && now_ns - last_trade_ns_ > trade_ns_;
    if (asked_.empty() && mine > 0 && (too_many || long_enough)) {
        last_trade_ns_ = now_ns;
        asked_ = *held_.begin();
        events_.push_back({Event::Kind::asked_back, asked_});
    }
    return {};
}

std::optional<Leases::Event> Leases::next_event()
{
    if (events_.empty())
        return std::nullopt;
    Event out = std::move(events_.front());
    events_.pop_front();
    return out;
}

Status Leases::give_back(const std::string& partition, std::int64_t now_ns)
{
    held_.erase(partition);
    asked_.clear();
    not_before_ns_ = now_ns + ttl_ns_ / 4; // let another have it
    return Query(database_, "UPDATE lease SET owner = x'', until = 0 WHERE partition = ? AND owner = ?", partition, me_).run();
}

Status Leases::finished(const std::string& partition)
{
    held_.erase(partition);
    if (asked_ == partition)
        asked_.clear();
    return Query(database_, "UPDATE lease SET finished = 1, owner = x'' WHERE partition = ?", partition).run();
}

} // namespace demo

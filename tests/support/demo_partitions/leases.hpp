// Leases: which process reads which partition, agreed on in a SQLite file.
#pragma once

#include "sqlite_file.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace demo {

/// One member of the group. One thread at a time.
///
/// Every partition has at most one owner whose lease has not run out. Who finds fewer partitions than its share takes free
/// ones; who has more, or has had one for long enough, is asked to give one back. A member that was frozen beyond its lease
/// finds another owner in the file: it has lost the partition.
class Leases {
public:
    struct Event {
        enum class Kind { given, asked_back, lost } kind;
        std::string partition;
    };

    static jackfield::Result<Leases> join(const std::string& file, std::int64_t partitions, std::int64_t ttl_ns, std::int64_t trade_ns);

    /// Renews, and finds out what changed. At most once in a while; call it often.
    jackfield::Status beat(std::int64_t now_ns);
    [[nodiscard]] std::optional<Event> next_event();
    jackfield::Status give_back(const std::string& partition, std::int64_t now_ns);
    /// All rows of it are durable downstream.
    jackfield::Status finished(const std::string& partition);
    [[nodiscard]] bool all_finished() const { return all_finished_; }

private:
    Leases(Database database, std::int64_t ttl_ns, std::int64_t trade_ns);
    jackfield::Status find_lost(std::int64_t now_ns);
    jackfield::Status take_free(std::int64_t now_ns);

    Database database_;
    std::string me_;
    std::int64_t ttl_ns_, trade_ns_;
    std::int64_t last_beat_ns_ = 0, last_trade_ns_ = 0, not_before_ns_ = 0;
    std::set<std::string> held_;
    std::string asked_; ///< back; empty: none
    std::deque<Event> events_;
    bool all_finished_ = false;
};

} // namespace demo

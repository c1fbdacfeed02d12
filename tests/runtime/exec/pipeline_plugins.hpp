// A source, sinks and steps whose outside world is a few vectors, and which fail, hang and refuse where a test says so.
#pragma once

#include "exec/pipeline/pipeline.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace worlds {

/// What a sink has made durable.
struct Disk {
    std::vector<std::int64_t> rows;
    std::vector<std::string> texts; ///< of a quarantine: "stage place message record"
    std::map<std::string, std::string> tokens;
    std::map<std::string, std::uint64_t> fences;
    std::set<std::string> intents;
    std::uint64_t commits = 0, finals = 0, fresh = 0;
};

/// Everything outside the pipeline. Guarded by mutex, but for the functions, which are set before the run.
struct World {
    std::mutex mutex;
    std::map<std::string, Disk> disks;
    std::map<std::string, std::int64_t> acked; ///< by partition: rows
    std::map<std::string, std::pair<std::string, std::string>> recorded; ///< by partition: position, intent
    std::uint64_t epochs_told = 0;
    std::uint64_t kept_alive = 0;
    std::uint64_t queried = 0;
    /// Asked at the start of every call into a plugin, "source.next", "sink.commit" …; an error fails the call.
    std::function<jackfield::Status(std::string_view call)> on_call;
    /// What the table does with a row: 'k' keep, 'w' resend from write, 'c' resend from commit, 'r' reject and go on.
    std::function<char(std::int64_t row)> judge;
    /// How the answer of the n-th commit (from 1) of the disk "main" gets lost: 'l' landed, 'a' absent, 0 not.
    std::function<char(std::uint64_t commit)> doubt;
    /// Partition events of the dynamic source: what next() answers at the n-th call (from 1), if anything.
    std::function<std::pair<jf_status, std::string>(std::uint64_t call)> event;
};

/// The world of the test that runs. Shared with plugin instances, which a hanging call may keep alive.
std::shared_ptr<World>& current();

/// The component of the test plugin.
jackfield::Result<jackfield::Factory> factory(std::string_view kind, std::string_view id);

} // namespace worlds

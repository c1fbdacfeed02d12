// Lane: one reader of the source, or one after the other, on a thread of their own.
#pragma once

#include "exec/pipeline/step_runner.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::exec {

/// A static partition with the point to start from.
struct AssignedPartition {
    std::string name;
    StartPoint start;
};

/// One thread at a time.
class Lane {
public:
    /// into: the steps' input, or nullptr: straight to `output`.
    Lane(std::shared_ptr<Attempt> attempt, std::shared_ptr<Caller> caller, SourceInstance source, LaneOutput output,
         std::shared_ptr<Channel> into, std::vector<AssignedPartition> partitions);
    ~Lane();

    /// Reads until the end, or the attempt stops or has failed; then waits for the last commit and acknowledges it.
    void run();

private:
    struct OpenReader {
        SourceReader reader;
        Attempt::Registration interrupt; ///< goes before the reader
    };
    struct PendingAck {
        std::uint64_t barrier = 0;
        std::shared_ptr<OpenReader> reader; // shared with the lane while it reads, kept for the acknowledgement after
        std::string partition, position;
    };
    struct Progress {
        std::string from; ///< position at the last barrier
        std::string at;   ///< position now
        std::string until; ///< of a replay; empty: none
        bool moved = false;
    };
    static constexpr std::int64_t keep_alive_every = 500'000'000; ///< nanoseconds, while the lane waits
    enum class Turn { more, idle, ended, stopped };

    Status read_static();
    Status read_partition(const AssignedPartition& partition);
    Status read_dynamic();
    Status open_reader(const std::string& partition, const std::string& from, const std::string& until);
    void close(std::shared_ptr<OpenReader>& reader) noexcept;
    [[nodiscard]] Result<Turn> pump();
    [[nodiscard]] Result<Turn> turn();
    Status name_partition();
    Status on_batch();
    Status on_schema();
    Status on_given(const std::string& partition);
    Status on_asked_back(const std::string& partition);
    Status on_lost(const std::string& partition);
    Status on_event(ReadOutcome event, const std::string& partition);
    Status keep_alive();
    Status work_off_events();
    Status start_from_record(const std::string& partition, StartPoint& start);
    Status end_replay(const std::string& partition);

    Status end_epoch(Barrier::Kind kind, std::vector<Handover> then = {});
    Status record_ranges(const Barrier& barrier);
    Status record_ends();
    Status wait_for(std::uint64_t barrier);
    Status acknowledge();
    Status push(Item item);
    Status push_rejects(const std::string& partition);
    Status end_rejects();
    [[nodiscard]] bool dynamic() const;
    [[nodiscard]] bool replaying() const;
    [[nodiscard]] bool in_recorded_range(const Progress& progress) const;
    [[nodiscard]] bool stopping() const { return attempt_->level() > 0; }

    const std::shared_ptr<Attempt> attempt_; // alive as long as its threads
    const std::shared_ptr<Caller> caller_;   // shared with the watch
    SourceInstance source_;
    const LaneOutput output_;
    const std::shared_ptr<Channel> into_;    // shared with the steps
    std::vector<AssignedPartition> partitions_;

    std::shared_ptr<OpenReader> reader_;     // shared with pending acknowledgements
    SourceBatch batch_;
    SharedSchema schema_;
    Rejects rejects_;
    std::vector<std::pair<RejectedRecord, std::vector<std::string>>> refused_; // of the call in progress, with their texts
    std::string open_partition_; // what reader_ was opened on; dynamic: empty
    std::map<std::string, Progress> progress_;
    std::map<std::string, std::uint64_t> totals_;
    std::deque<PendingAck> acks_;
    std::deque<std::pair<ReadOutcome, std::string>> events_; // that came while the lane waited
    std::uint64_t sent_ = 0;  ///< barriers
    std::uint64_t reads_ = 0;
};

} // namespace jackfield::exec

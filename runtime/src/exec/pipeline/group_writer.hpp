// GroupWriter: the writer side of some lanes: aligns their barriers and makes each epoch durable, side sinks first.
//
// Where a restart has to go on is decided here as well: acquire() looks at the main token, at those of the side sinks and
// at a recorded intent. A side sink whose token is ahead of the main one has committed an epoch that the main one has
// not: the range up to its token is replayed as an epoch of its own, without what the side sink has.
#pragma once

#include "exec/pipeline/channel.hpp"
#include "exec/pipeline/sink_port.hpp"
#include "exec/pipeline/token.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jackfield::exec {

/// The sinks of a pipeline, made once, shared by the writers.
struct PipelineSinks {
    SinkInstance main;
    std::vector<SinkInstance> sides; ///< as plan.side_sinks
};

/// One thread at a time: first the one that sets up, then its own.
class GroupWriter {
public:
    /// group: of `groups`; lanes: how many feed it.
    GroupWriter(std::shared_ptr<Attempt> attempt, std::shared_ptr<Caller> caller, std::uint32_t group, std::uint32_t groups,
                std::size_t lanes);

    /// Opens writers on all sinks.
    Status open(const PipelineSinks& sinks, bool fresh);
    /// Takes a partition over for a lane.
    [[nodiscard]] Result<StartPoint> acquire(std::size_t lane, const std::string& partition);
    [[nodiscard]] bool found_token() const { return found_token_; } ///< of any partition
    [[nodiscard]] bool all_final() const;                           ///< every partition was finished by an earlier attempt
    void forget_partitions() { partitions_.clear(); }

    /// Works until all lanes have ended, or the attempt has failed.
    void run();
    /// Asks the open epoch of the main sink; on the writer's thread only (gates).
    [[nodiscard]] Result<QueryStream> query(std::string_view sql, OwnedStream params) { return main_->query(sql, std::move(params)); }
    /// Called before the final commit: an error keeps it from being made.
    std::function<Status(GroupWriter&)> gate;

    const std::shared_ptr<Channel> channel;  ///< shared with the lanes
    const std::shared_ptr<EpochClock> clock; ///< shared with the lanes

private:
    using Key = std::pair<std::size_t, std::string>; // lane, partition
    struct SideProgress {
        std::uint64_t fence = 0;
        Token token;
        bool ahead = false; ///< its token covers rows that the main sink does not have
    };
    struct Partition {
        std::uint64_t fence = 0;
        std::optional<Token> token;        ///< last committed
        std::optional<Token> intent;       ///< recorded and not committed
        std::vector<SideProgress> sides;   ///< as plan.side_sinks
    };
    struct LaneState {
        bool waits = false; ///< at its barrier
        bool ended = false, stopped = false;
        std::vector<StepState> states; ///< at its last barrier
    };
    struct Waiting { ///< a batch that may not be written before its range is recorded
        OwnedArray array;
        SharedSchema schema;
        std::uint64_t bytes = 0;
    };

    Status handle(std::size_t lane, Item item);
    Status on_batch(std::size_t lane, Item item);
    Status on_side_batch(std::size_t lane, Item& item);
    Status on_barrier(std::size_t lane, Barrier barrier);
    Status on_lost(std::size_t lane, const std::string& partition);
    void on_query(EpochQuery& query);
    Status end_epoch(bool final);
    Status hand_over(std::size_t lane, const Handover& handover);
    void wait_for_other_groups();

    Status forget_lost();
    Status store_states(std::uint64_t epoch);
    Status commit_together(bool final);
    Status commit_recorded(bool final);
    Status commit_range(const Key& key, bool final);
    Status commit_main(CommitOut& commit);
    Status commit_sides(bool final);
    Status commit_side(std::size_t side, bool final);
    Status move_refused();
    Status keep_in_store(const std::vector<std::pair<Key, Token>>& tokens);
    void note_committed(const Key& key, Token token);
    [[nodiscard]] Token token_of(const Partition& partition, const std::string& until, bool final) const;
    [[nodiscard]] std::vector<std::pair<Key, Token>> tokens_of_epoch(bool final) const;
    [[nodiscard]] bool side_has(std::size_t side, const Key& key) const;

    Status acquire_main(Partition& partition, const std::string& name);
    Status acquire_sides(Partition& partition, const std::string& name);
    Status check_digest(const Token& token) const;
    [[nodiscard]] Result<bool> intent_landed(const Partition& partition, const std::string& name);
    [[nodiscard]] Result<std::vector<StepState>> states_at(const Token& token, const std::string& partition) const;
    [[nodiscard]] store::ProgressKey store_key(const std::string& partition) const;
    [[nodiscard]] bool records() const { return plan_.sink.record_intent; }

    const std::shared_ptr<Attempt> attempt_; // alive as long as its threads
    const PipelinePlan& plan_;               // of the attempt
    const std::shared_ptr<Caller> caller_;   // shared with the watch
    const std::uint32_t group_, groups_;
    std::unique_ptr<SinkPort> main_;
    std::vector<std::unique_ptr<SinkPort>> sides_;
    SharedSchema quarantine_schema_;
    std::map<Key, Partition> partitions_;
    bool found_token_ = false;

    // the open epoch
    std::vector<LaneState> lanes_;
    std::map<Key, Barrier::End> ends_;
    std::map<Key, std::vector<Waiting>> waiting_;
    std::vector<StepState> states_;
    std::string witness_;
    std::vector<std::pair<std::size_t, Handover>> handovers_;
    std::uint64_t epoch_ = 0;    ///< number of the last token
    std::uint64_t barriers_ = 0; ///< epochs ended, committed or empty
    std::uint32_t part_ = 0;     ///< commits of the side sinks in the open epoch
    std::uint64_t epoch_rows_ = 0;
};

} // namespace jackfield::exec

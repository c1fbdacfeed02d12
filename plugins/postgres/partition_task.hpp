// The task 'postgres.partition': partitions by time, made ahead and dropped behind.
#pragma once

#include "buckets.hpp"
#include "task_support.hpp"

namespace jackfield::postgres {

/// What the options say. Value.
struct PartitionPlan {
    Name table;
    std::string column;      ///< that a parent which is to be made is partitioned by; empty: the parent must be there
    std::string definition;  ///< its columns and constraints as SQL
    Width width;
    std::string zone = "UTC";
    int ahead = 3;           ///< partitions after the present one
    std::string from;        ///< a time from which on partitions are made too; empty: the present one
    std::optional<Width> keep; ///< how long a partition is kept after its end; none: for ever
    bool detach_only = false;
    bool move_default = false;
};

/// JF_E_CONFIG with the place.
[[nodiscard]] Result<PartitionPlan> read_partition(const sdk::Config& config);

/// One range of time: the partition's name and its bounds as the server writes them. Value.
struct PartitionRange {
    Name name;
    std::string from, to;
};

/// The name of the partition that begins at `stamp` (digits of its year, month, day, hour, minute: "202601020000"): as many of
/// them as the width needs, after the table's name, of which as much is kept as fits.
[[nodiscard]] std::string partition_name(const std::string& table, const Width& width, const std::string& stamp);

/// Whether a table of that name may be one that this task made.
[[nodiscard]] bool is_partition_name(const std::string& table, std::string_view name);

/// One row for each boundary, from the present (or `from`) on: as text, and its digits for partition_name. Boundaries that
/// fall together (an hour that the clock jumps over) come once.
[[nodiscard]] std::string boundaries_sql(const PartitionPlan& plan, TimeKind kind);

/// Makes the partitions ahead in one transaction, then drops the ones behind, each for itself. Only partitions that it
/// recognises by name and bounds are dropped, ever.
class PartitionTask final : public PostgresTask {
public:
    PartitionTask(const sdk::Config& config, sdk::Host host, PostgresConnection* on, PartitionPlan plan) : PostgresTask(config, host, on), plan_(std::move(plan)) {}
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    static Result<std::unique_ptr<PartitionTask>> make(const sdk::Config& config, sdk::Host host, PostgresConnection* on);

    Result<std::string> run(const sdk::Call& call, const sdk::Scope& scope, std::uint32_t attempt) override;

private:
    struct Outcome {
        std::vector<std::string> made, dropped, detached, left;
    };
    /// A partition that is there. Value.
    struct Existing {
        Name name;
        bool is_default = false, pending = false, finite = false, behind = false;
        std::string from, to;
    };
    Status alone(const sdk::Call& call, Session& session) const;
    Result<bool> make_parent(const sdk::Call& call, Session& session);
    Status look_at_parent(const sdk::Call& call, Session& session);
    Result<std::vector<Existing>> existing(const sdk::Call& call, Session& session) const;
    Result<std::vector<PartitionRange>> wanted(const sdk::Call& call, Session& session) const;
    Result<bool> covered(const sdk::Call& call, Session& session, const PartitionRange& range, const std::vector<Existing>& there) const;
    Status make_one(const sdk::Call& call, Session& session, const PartitionRange& range, const Name* fallback) const;
    Status make_ahead(const sdk::Call& call, Session& session, Outcome& outcome);
    Status drop_behind(const sdk::Call& call, Session& session, Outcome& outcome) const;
    Status drop_one(const sdk::Call& call, Session& session, const Existing& one, bool has_default, Outcome& outcome) const;
    Status finish_earlier(const sdk::Call& call, Session& session, Outcome& outcome) const;
    [[nodiscard]] std::string mark() const;

    PartitionPlan plan_;
    std::string key_;                     // the column it is partitioned by
    TimeKind kind_ = TimeKind::instant;   // its type
};

} // namespace jackfield::postgres

// Starter: makes everything that an attempt needs and starts its threads. On a thread of its own, since all of it asks
// plugins.
#pragma once

#include "exec/pipeline/group_writer.hpp"
#include "exec/pipeline/lane.hpp"
#include "exec/pipeline/step_runner.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::exec {

/// The components of a plan, found and loaded; see PipelineContext::factory. Value.
struct PipelineFactories {
    std::optional<Factory> source, sink;
    std::vector<Factory> steps, sides, gate;
};

/// Finds them. Those of "memory" live in the attempt.
[[nodiscard]] Result<PipelineFactories> find_factories(Attempt& attempt);

/// One thread at a time.
class Starter {
public:
    Starter(std::shared_ptr<Attempt> attempt, std::shared_ptr<Caller> caller, PipelineFactories factories);
    /// Opens, acquires and starts; an error fails the attempt.
    Status run();

private:
    struct Made {
        std::shared_ptr<GroupWriter> writer; // shared with its thread
        std::shared_ptr<Caller> caller;      // of that thread
    };
    template <class InstanceType>
    Result<InstanceType> make(const Factory& factory, const ComponentPlan& plan, std::shared_ptr<QueryRoute> route = nullptr);
    Status make_instances();
    Status list_partitions();
    Status open_groups();
    Status open_all(bool fresh);
    Status acquire_all();
    void set_gate(GroupWriter& writer, const std::shared_ptr<Caller>& caller);
    Status start_lane(std::size_t lane);
    Result<std::shared_ptr<StepRunner>> make_steps(const LaneOutput& output);
    [[nodiscard]] LaneOutput output_of(std::size_t lane) const;
    [[nodiscard]] bool dynamic() const;

    const std::shared_ptr<Attempt> attempt_; // alive as long as its threads
    const std::shared_ptr<Caller> caller_;   // shared with the watch
    const PipelineFactories factories_;
    std::optional<SourceInstance> source_;
    std::optional<PipelineSinks> sinks_;
    std::vector<TaskInstance> gates_;
    std::vector<std::shared_ptr<QueryRoute>> gate_routes_; // shared with the hosts of the gates
    std::map<std::string, std::shared_ptr<const ConnectionInstance>, std::less<>> connections_; // shared by the run
    std::vector<std::string> names_;                 ///< of static partitions
    std::vector<std::vector<AssignedPartition>> assigned_; ///< by lane
    std::vector<Made> groups_;
    std::size_t lanes_ = 1;
};

} // namespace jackfield::exec

// Planner: asks the components of a flow what they can do, and collects every fault.
#pragma once

#include "plan/plan.hpp"

#include <set>

namespace jackfield {

/// One thread at a time; lives as long as one planning.
class Planner {
public:
    Planner(const Flow& flow, Catalog& catalog, const PlanOptions& options) : flow_(flow), catalog_(catalog), options_(options) {}

    [[nodiscard]] TaskPlan task(const Task& task);
    /// Only the faults are of interest.
    void hooks(const Hooks& hooks);
    [[nodiscard]] std::vector<Fault>& faults() { return faults_; }

private:
    ComponentPlan component(const Component& component, std::string_view kind);
    /// The connection that `on` names, or nullptr, with faults about it.
    const Connection* connection(const Component& component, const ComponentInfo& info);
    /// Asks a connection what is wrong with its own options, once for each.
    void describe(const Connection& connection, const Factory& factory);
    /// The options of the connection, described along with the component; empty: none.
    void describe(ComponentPlan& plan, const Factory& factory, const Connection* connection);
    void check_face(const ComponentPlan& plan, std::uint64_t face);
    PipelinePlan pipeline(const Task& task, TaskPlan& out);
    SinkPlan sink(const PipelinePlan& plan, ComponentPlan component, std::string name) const;
    void plan_sides(const Task& task, PipelinePlan& plan, TaskPlan& out);
    void plan_epochs(const Task& task, PipelinePlan& plan, TaskPlan& out);
    void plan_lanes(const Task& task, PipelinePlan& plan);
    void check_delivery(const Task& task, const PipelinePlan& plan);
    [[nodiscard]] std::string digest(const PipelinePlan& plan) const;
    void fault(const std::string& path, std::string message) { faults_.push_back(flow_.fault_at(path, std::move(message))); }

    const Flow& flow_;
    Catalog& catalog_;
    const PlanOptions& options_;
    CallFrame frame_;
    std::vector<Fault> faults_;
    std::set<std::string> described_; // names of connections
};

} // namespace jackfield

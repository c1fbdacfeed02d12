// Plan: what a run of a bound flow would do: which components, where progress is kept, what is guaranteed and why.
//
//   Flow + Catalog → FlowPlan. Nothing outside is touched: components answer describe() only.
#pragma once

#include "load/catalog.hpp"
#include "load/factory.hpp"

#include <jackfield/runtime/flow.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

/// Who keeps the position up to which everything is durable.
enum class TokenPlace {
    sink,        ///< in one transaction with the rows
    state_store, ///< after the rows (or, with an intent, around them)
    source,      ///< at the source's side (a consumer group's offsets)
    nowhere,     ///< there is no position to go on from
};

/// From weak to strong, so that they compare.
enum class Guarantee { at_most_once, at_least_once, effectively_once, exactly_once };

[[nodiscard]] std::string_view name_of(TokenPlace place) noexcept; ///< "sink", "state store", …
[[nodiscard]] std::string_view name_of(Guarantee guarantee) noexcept; ///< "exactly once", …

/// One component with its configuration and what it says of it.
struct ComponentPlan {
    Component component;
    std::string kind;  ///< "jf.source/0"
    Description description;
    bool described = false; ///< false: references are left in the options; described when the task starts
};

/// One sink of a pipeline.
struct SinkPlan {
    ComponentPlan sink;
    std::string name;  ///< "": the main one; "quarantine"; else the output of a step that it takes
    TokenPlace token = TokenPlace::nowhere;
    Guarantee guarantee = Guarantee::at_least_once;
    std::string reason; ///< why that, one sentence without a capital or full stop
    /// The range of each epoch is made durable (at `token`) before it is written, and a restart writes exactly that range
    /// again.
    bool record_intent = false;
    std::uint32_t writers = 1; ///< open at once; more than 1 only if the sink can be shared
};

struct PipelinePlan {
    ComponentPlan source;
    std::vector<ComponentPlan> steps;
    SinkPlan sink;
    std::vector<SinkPlan> side_sinks; ///< quarantine first, then outputs by name
    std::vector<ComponentPlan> gate;
    std::uint32_t lanes = 1;  ///< partitions worked on at once
    bool one_epoch = false;   ///< the whole bounded input is committed at once
    std::string one_epoch_reason;
    bool can_continue = false; ///< a stopped run goes on at the last token, else from the start
    std::string digest;        ///< sha256 in hex of what selects the data; jf_scope.digest
    Limits limits;

    [[nodiscard]] Guarantee guarantee() const; ///< the weakest of all sinks
};

/// One task. Exactly the member of its kind is set.
struct TaskPlan {
    std::string name;
    TaskKind kind = TaskKind::action;
    std::optional<PipelinePlan> pipeline;
    std::optional<ComponentPlan> action;
    std::vector<ComponentPlan> charts; ///< of a chart or page; sources of their data are not in it
    bool repeatable = false;           ///< an action that declares that running it again changes nothing
    std::vector<std::string> warnings;
};

/// Value.
struct FlowPlan {
    Flow flow; ///< bound
    std::vector<TaskPlan> tasks; ///< as in the flow
    std::vector<std::string> warnings; ///< of the whole flow

    [[nodiscard]] const TaskPlan* task(std::string_view name) const;
};

struct PlanOptions {
    std::uint32_t lanes = 0; ///< partitions at once where the flow says nothing; 0: the cores, at most 4
};

/// A plan, or what is wrong: exactly one of the two is there.
struct Planning {
    std::optional<FlowPlan> plan;
    std::vector<Fault> faults;
    [[nodiscard]] Error error() const; ///< the faults as one Error. Requires: !plan
};

/// Plans a bound flow. Loads the plugins that it uses. Any thread.
[[nodiscard]] Planning plan_flow(const Flow& flow, Catalog& catalog, const PlanOptions& options = {});

/// Plans one task whose references were put in (Flow::resolve), just before it starts. JF_E_CONFIG on faults.
[[nodiscard]] Result<TaskPlan> plan_task(const Flow& flow, const Task& task, Catalog& catalog, const PlanOptions& options = {});

/// Delay before each retry, without jitter.
[[nodiscard]] std::vector<Duration> retry_delays(const Retry& retry);

/// The plan for people: the graph, then each task. Lines end with '\n'.
[[nodiscard]] std::string print(const FlowPlan& plan);
/// The graph alone.
[[nodiscard]] std::string print_graph(const Flow& flow);
[[nodiscard]] boost::json::object to_json(const FlowPlan& plan);

} // namespace jackfield

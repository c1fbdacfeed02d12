// The readers of the parts of a flow. Each reads templates and reports its faults to the context.
#pragma once

#include "members.hpp"
#include "template.hpp"

#include <jackfield/runtime/flow.hpp>

#include <boost/json/object.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield {

/// Immutable once the flow is read, but for the schema store, which has its own lock.
struct FlowOrigin {
    JsonText text;
    std::string file;
    std::filesystem::path folder;
    std::optional<JsonText> connections_text;
    std::string environment;
    std::shared_ptr<SchemaStore> schemas = std::make_shared<SchemaStore>(); // shared by copies of the origin: bind() reuses what read_flow() compiled
    std::map<std::string, std::shared_ptr<const Flow>> sub_flows;          // by task
};

/// "use" and "on", then all that is left is options. `extra` are names of the caller's that may be meant by a misspelt
/// option.
[[nodiscard]] Component read_component(Members& members, ComponentKind kind, const std::vector<std::string>& extra = {});

/// A component that is an object of its own.
[[nodiscard]] Component read_component(ReadContext& context, const Spot& spot, const boost::json::value& value, ComponentKind kind);

[[nodiscard]] Task read_task(ReadContext& context, const Spot& spot, const std::string& name, const boost::json::value& value);

/// The parameters a flow declares. Requires: `value` as written; references in it are faults.
[[nodiscard]] std::vector<Parameter> read_parameters(ReadContext& context, const Spot& spot, const boost::json::value& value);

/// A connection and where it is written.
struct ConnectionText {
    std::string name;
    Spot spot;
    const boost::json::value* value;
};

/// All connections that this flow can name: the environment's win over the flow's own, these over the shared ones.
[[nodiscard]] std::vector<ConnectionText> collect_connections(ReadContext& context, const FlowOrigin& origin);

/// Checks the members of "schedule"; what a cron expression means is the scheduler's business.
void check_schedule(ReadContext& context, const Spot& spot, const boost::json::value& value);

/// Tasks against each other: `after`, circles, triggers, timeouts.
void check_structure(ReadContext& context, const JsonText& text, const Flow& flow);

/// All references of the text as written: parameters and tasks that exist, results of tasks that come before, items only
/// within for_each. Returns whether an interval is named.
[[nodiscard]] bool check_references(ReadContext& context, const FlowOrigin& origin, const Flow& flow);

/// Reads the whole with these parameter values put in; others stay references.
[[nodiscard]] Flow read_all(ReadContext& context, const std::shared_ptr<FlowOrigin>& origin, const boost::json::object& values);

} // namespace jackfield

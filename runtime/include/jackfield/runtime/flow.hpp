// Flow: what one flow file says, checked as far as that is possible without opening anything.
//
//   text → read_flow() → Flow → bind(parameters) → Flow → plan
//
// A Flow has two stages. As read, strings may hold references: ${parameter}, ${interval.from}, ${tasks.NAME.result…},
// ${item}. bind() puts parameters and interval in; what is left then (results, items) is put in by resolve(), task by task, just
// before the task starts. docs/flow-format.md is the manual of the file.
//
// Configurations are boost::json values: plan, schema check and plugins all walk them as JSON trees, and a
// second tree type of our own would only be copied to and fro.
#pragma once

#include <jackfield/runtime/fault.hpp>
#include <jackfield/runtime/interval.hpp>
#include <jackfield/sdk/result.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield {

using Duration = std::chrono::nanoseconds;

enum class ComponentKind { source, sink, step, action, chart, connection };

/// "source", "sink", …
[[nodiscard]] std::string_view name_of(ComponentKind kind);

/// What the reader needs to know of the installed plugins. The caller owns it; it outlives the call it is given
/// to. Must answer from any thread.
class ComponentCatalog {
public:
    virtual ~ComponentCatalog() = default;
    /// The JSON Schema (draft-07) of a component's options, nullptr if no such component is installed.
    [[nodiscard]] virtual const std::string* schema(ComponentKind kind, std::string_view id) const = 0;
    /// The ids of all components of this kind.
    [[nodiscard]] virtual std::vector<std::string> names(ComponentKind kind) const = 0;
};

/// A member that is given as {"secret": "env:NAME"} or {"secret": "file:PATH"}.
struct SecretUse {
    std::string pointer;   ///< JSON Pointer within the component's configuration: "/password"
    std::string reference; ///< "env:SHOP_PASSWORD"; never the secret itself
};

/// One use of a component, with its options.
struct Component {
    std::string use;                   ///< id: "postgres", "files.csv"
    std::string on;                    ///< name of the connection, empty if none
    boost::json::object configuration; ///< options alone, filled with the defaults of the schema (with a catalog)
    std::vector<SecretUse> secrets;    ///< found with the help of the schema; empty without a catalog
    std::vector<std::string> deferred; ///< JSON Pointers of strings that still hold references
    std::string place;                 ///< "tasks.land.source": goes before the `where` of its errors
};

struct Connection {
    std::string name;
    Component component;
};

enum class ParameterType { string, integer, number, boolean, date, timestamp, duration, list };

struct Parameter {
    std::string name;
    ParameterType type = ParameterType::string;
    std::string description;
    std::optional<boost::json::value> default_value;
    std::vector<boost::json::value> choices; ///< empty: any
    [[nodiscard]] bool required() const { return !default_value; }
};

enum class Jitter { none, full, equal, plus_minus };

/// delay before retry n (from 1) = min(max_delay, delay · factor^(n-1)), then jitter.
struct Retry {
    std::uint32_t retries = 0; ///< after the first try
    Duration delay = std::chrono::seconds(1);
    double factor = 2;
    Duration max_delay = std::chrono::minutes(5);
    Jitter jitter = Jitter::full;
    double spread = 0.1;       ///< plus_minus only: share of the delay, 0 to 1
    std::vector<jf_status> on; ///< error classes worth another try: by default unavailable, exhausted, timeout
};

enum class Trigger { all_success, all_done, none_failed, one_success, one_failed, always };

/// What references may name at run time.
struct Scope {
    const boost::json::value* item = nullptr;     ///< of for_each; nullptr outside
    std::size_t item_index = 0;                   ///< from 0
    const boost::json::object* results = nullptr; ///< task name → its result; a skipped task is null
};

/// A parsed "when". Value; copies share the immutable tree.
class Condition {
public:
    struct Node;
    /// Fails with JF_E_CONFIG; `where` is the column in the text ("column 7").
    [[nodiscard]] static Result<Condition> parse(std::string_view text);
    /// `parameters`: name → value. Fails with JF_E_CONFIG if a reference has no value, or types do not compare.
    [[nodiscard]] Result<bool> evaluate(const boost::json::object& parameters, const Scope& scope) const;
    [[nodiscard]] const std::string& text() const { return text_; }
    /// The references in it, without "${" and "}".
    [[nodiscard]] const std::vector<std::string>& references() const { return references_; }

private:
    std::string text_;
    std::vector<std::string> references_;
    std::shared_ptr<const Node> root_;
};

struct ForEach {
    boost::json::value items; ///< an array; or the reference string of an earlier task's result until resolve()
    std::uint32_t max_parallel = 0; ///< 0: the flow's limit
    bool fail_fast = true;          ///< "fast": the first failure stops the rest; "collect": all are tried
};

enum class Delivery { as_planned, at_least_once, exactly_once };

struct Limits {
    std::optional<std::uint64_t> epoch_rows;
    std::optional<std::uint64_t> epoch_bytes;
    std::optional<Duration> epoch_interval;
    std::optional<std::uint32_t> queue; ///< batches between two threads
    std::optional<std::uint32_t> lanes; ///< partitions worked on at once
};

/// source → steps → sink. Named outputs of steps ("late", …) go to the sinks of `outputs`, rejected rows to
/// `quarantine`. `gate` holds actions that look at the rows before the final commit; with `gate_in_steps` ("gate":
/// "transactional") they are those of `steps` that are actions.
struct Pipeline {
    Component source;
    std::vector<Component> steps;
    Component sink;
    std::optional<Component> quarantine;
    std::map<std::string, Component> outputs;
    std::vector<Component> gate;
    bool gate_in_steps = false;
    Delivery delivery = Delivery::as_planned; ///< what the flow insists on
    Limits limits;
};

/// Where a chart's rows come from: exactly one of query, table (both with `on`), file, source.
struct ChartData {
    std::string on;
    std::string query;
    boost::json::object parameters; ///< bound to the query by name
    std::string table;
    std::string file;
    std::optional<Component> source;
};

struct Chart {
    Component component;
    ChartData data;
    std::string out; ///< file; empty for a chart of a page
};

struct Page {
    std::string title;
    std::string out;
    std::vector<Chart> charts;
};

struct Flow;

struct SubFlow {
    std::string file;                 ///< as written, relative to the flow's own file
    boost::json::object parameters;   ///< given to it
    std::shared_ptr<const Flow> flow; ///< as read (not bound); shared by copies; nullptr when not read from a file
};

enum class TaskKind { pipeline, action, chart, page, flow };

/// One task. `kind` says which of the five members holds it.
struct Task {
    std::string name;
    std::string description;
    TaskKind kind = TaskKind::action;
    Pipeline pipeline;
    Component action;
    Chart chart;
    Page page;
    SubFlow sub_flow;

    std::vector<std::string> after;
    Trigger trigger = Trigger::all_success;
    std::optional<Condition> when;
    std::optional<ForEach> for_each;
    std::vector<std::string> slots;          ///< keys of Flow::slots that it holds while it runs; sorted
    Retry retry;
    std::optional<Duration> timeout;         ///< the whole task, all attempts
    std::optional<Duration> attempt_timeout; ///< one attempt
    bool deferred = false;                   ///< references are left: resolve() before it starts
    boost::json::object document;            ///< the task as JSON, parameters put in; input of resolve()
};

struct Hooks {
    std::vector<Component> success, failure, late;
};

struct FlowOptions {
    const ComponentCatalog* components = nullptr; ///< nullptr: options of components are not checked
    std::filesystem::path connections_file;       ///< empty: none
    std::string environment;                      ///< empty: the file's "default", if it names one
};

struct FlowReading;
struct FlowOrigin; // the texts and where everything stands in them

/// Value.
struct Flow {
    std::string name;
    std::string description;
    std::vector<Parameter> parameters; ///< in the order of the file, as are the connections and tasks
    std::vector<Connection> connections;
    std::vector<Task> tasks;
    std::optional<boost::json::object> schedule;
    std::optional<Duration> timeout;
    std::optional<std::uint32_t> max_parallel; ///< tasks at once
    std::map<std::string, std::uint32_t> slots; ///< key → how many tasks, of all runs on the same state, may hold it at once
    Hooks hooks;
    boost::json::object outputs; ///< name → value or reference
    bool bound = false;
    bool reads_interval = false;              ///< it names ${interval…}, so a run of it is about one
    boost::json::object values;               ///< of the parameters, after bind(); of the interval as "interval.from" …
    std::shared_ptr<const FlowOrigin> origin; ///< shared by copies, immutable

    /// As read_flow_file() / read_flow(), with all faults in one Error (JF_E_CONFIG, or JF_E_NOT_FOUND, JF_E_DENIED
    /// for a file that cannot be read).
    [[nodiscard]] static Result<Flow> from_file(const std::filesystem::path& file, const FlowOptions& options = {});
    [[nodiscard]] static Result<Flow> from_text(std::string_view text, const FlowOptions& options = {});

    /// The flow with its parameters put in. Texts are converted to the parameter's type ("3" for an int), so values
    /// of a command line can be given as strings. `components` as in FlowOptions.
    /// `interval`: of a backfill; without one its references stay.
    [[nodiscard]] FlowReading bind(const boost::json::object& given, const ComponentCatalog* components = nullptr,
                                   const DataInterval* interval = nullptr) const;

    /// A task of this bound flow with items and results put in and its options checked again. JF_E_CONFIG on faults.
    [[nodiscard]] Result<Task> resolve(const Task& task, const Scope& scope,
                                       const ComponentCatalog* components = nullptr) const;

    /// One value (of `outputs`, of for_each.items) with items and results put in.
    [[nodiscard]] Result<boost::json::value> resolve(const boost::json::value& value, const Scope& scope) const;

    /// A fault at the place of this path ("tasks.land.source.path", "connections.shop.host"); the nearest enclosing
    /// thing if that very member is not in the file.
    [[nodiscard]] Fault fault_at(std::string_view path, std::string message) const;

    /// The task of this name or nullptr; the connection likewise.
    [[nodiscard]] const Task* task(std::string_view task_name) const;
    [[nodiscard]] const Connection* connection(std::string_view connection_name) const;
    /// `values` without those of the interval: what to give to bind() to get the same again.
    [[nodiscard]] boost::json::object parameter_values() const;

    /// The file as the caller named it, and the folder that relative paths of sub-flows start from.
    [[nodiscard]] const std::string& file() const;
    [[nodiscard]] const std::filesystem::path& folder() const;

    /// Everything above as JSON with sorted keys; the same flow gives the same text. No secrets, only references.
    [[nodiscard]] boost::json::value to_json() const;
};

/// A flow, or what is wrong with it: exactly one of the two is there.
struct FlowReading {
    std::optional<Flow> flow;
    std::vector<Fault> faults; ///< all of them, sorted by place
    [[nodiscard]] Error error() const; ///< the faults as one Error. Requires: !flow
};

/// Reads a flow. `file` is only a name for faults. Sub-flows are not opened. Any thread.
[[nodiscard]] FlowReading read_flow(std::string_view text, std::string file, const FlowOptions& options = {});

/// Reads a flow and the sub-flows that it names. Any thread.
[[nodiscard]] FlowReading read_flow_file(const std::filesystem::path& file, const FlowOptions& options = {});

/// The JSON Schema (draft-07, pretty-printed) of flow files with the options of every component in the catalog.
[[nodiscard]] std::string flow_schema(const ComponentCatalog& components);

/// "10m", "1.5s", "250ms", "1d" (units ns us ms s m h d w); nothing else. bytes: "64MB", "1GiB", "4096".
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// The shortest exact spelling: 90 s gives "90s", 120 s "2m".
[[nodiscard]] std::string format_duration(Duration duration);

} // namespace jackfield

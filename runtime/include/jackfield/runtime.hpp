// Runtime: runs flows inside a program. The embedding API of Jackfield.
//
//     jackfield::Runtime runtime({.plugins = {"/usr/lib/jackfield/plugins"}, .state = "state.db"});
//     auto report = runtime.run(jackfield::Flow::from_file("orders.flow.json").value(), {{"since", "2026-01-01"}});
//
// As a library it installs no signal handler, writes nothing to stdout or stderr, starts threads only inside run() and
// start(), and keeps no state file unless `state` names one. Several runtimes may live in one process.
#pragma once

#include <jackfield/abi/arrow.h>
#include <jackfield/runtime/event.hpp>
#include <jackfield/runtime/flow.hpp>
#include <jackfield/runtime/interval.hpp>
#include <jackfield/runtime/report.hpp>
#include <jackfield/sdk/result.hpp>

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield {

class Catalog;
struct FlowPlan;
namespace store {
class Store;
}

/// How a Runtime is set up. Value.
struct RuntimeOptions {
    std::vector<std::filesystem::path> plugins; ///< directories or files, before all other places; see docs/plugins.md
    bool search = true;                  ///< also look where plugins are installed ($JACKFIELD_PLUGIN_PATH, user, system)
    std::filesystem::path state;         ///< SQLite file of history and progress; empty: kept in memory, gone with the Runtime
    std::filesystem::path connections;   ///< connections file; empty: none
    std::string environment;             ///< of the connections file; empty: its default
    unsigned threads = 0;                ///< tasks at once where a flow says nothing; 0: twice the cores, at least 4
    std::function<void(const Event&)> on_event; ///< called from threads of the runtime, never two at once; must not throw
    std::chrono::nanoseconds progress_every = std::chrono::milliseconds(200); ///< of progress events; 0: none
};

/// Stops a run. Any thread, at any time, also from a signal handler's helper thread (not from the handler itself).
class Cancel {
public:
    Cancel();
    /// First call: start nothing more, let epochs in flight commit. Second call: abort what is in flight, at once.
    void request() const;
    /// 0: not asked; 1: finish; 2: at once.
    [[nodiscard]] int level() const;

private:
    friend class RunControl;
    struct State;
    std::shared_ptr<State> state_;
};

/// How one run is done. Value.
struct RunOptions {
    std::vector<std::string> only;       ///< these tasks and nothing else, whatever they come after
    std::string from;                    ///< this task and all that come after it
    bool full_refresh = false;           ///< forget cursors and tokens of this flow first: load everything again
    bool fresh = false;                  ///< do not continue a killed or failed run: fence it off and start anew
    std::string continue_run;            ///< id of the run to continue from its failed tasks; empty: decided by the last run
    std::optional<DataInterval> interval;    ///< of a backfill: what the run is about, and the slice of its tokens
    Cancel cancel;
    /// Bounded Arrow data for sources {"use": "memory", "name": NAME}; moved in.
    std::map<std::string, ArrowArrayStream*> inputs;
    /// Takes the batches of sinks {"use": "memory", "name": NAME}: the schema first (array NULL), then each batch, moved.
    /// Called from threads of the runtime. An Error fails the task.
    std::map<std::string, std::function<Status(const ArrowSchema&, ArrowArray*)>> outputs;
};

/// Loads plugins, plans and runs flows. Any thread; several runs may go on at once.
class Runtime {
public:
    /// Never fails: what is wrong with `state` or the plugins is said by the functions below.
    explicit Runtime(RuntimeOptions options = {});
    ~Runtime(); ///< waits for runs to end; cancel them first
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    /// Runs a flow to its end. `parameters` may be texts, converted to the type of the parameter. An Error: nothing was run
    /// (JF_E_CONFIG with all faults, or the state cannot be opened). A report: it ran; ok() says how it ended.
    [[nodiscard]] Result<Report> run(const Flow& flow, const boost::json::object& parameters = {}, RunOptions options = {});

    /// All faults of a flow with these plugins; empty: it can be run. Opens nothing outside.
    [[nodiscard]] std::vector<Fault> check(const Flow& flow, const boost::json::object& parameters = {}, const DataInterval* interval = nullptr);

    /// What a run would do, about an interval if one is given. Opens nothing outside.
    [[nodiscard]] Result<FlowPlan> plan(const Flow& flow, const boost::json::object& parameters = {}, const DataInterval* interval = nullptr);

    /// The installed plugins, as flow readers need them: Flow::from_file(file, {.components = &runtime.components()}).
    [[nodiscard]] const ComponentCatalog& components() const;
    [[nodiscard]] FlowOptions flow_options() const;
    [[nodiscard]] Catalog& catalog();
    /// The state, opened at first use.
    [[nodiscard]] Result<store::Store*> store();
    [[nodiscard]] const RuntimeOptions& options() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace jackfield

// RunShared: what the attempts of one run have in common. Shared, because an abandoned attempt may outlive its run.
#pragma once

#include "exec/pipeline/pipeline.hpp"
#include "exec/run/recorder.hpp"
#include "load/catalog.hpp"
#include "load/component.hpp"
#include "plan/plan.hpp"

#include <jackfield/runtime.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace jackfield::exec {

/// The connections of one run, each made at its first use. Any thread.
class Connections {
public:
    Connections(const Flow& flow, std::shared_ptr<Catalog> catalog) : flow_(&flow), catalog_(std::move(catalog)) {}

    /// Lets go of all of them; they close as soon as nobody uses them any more.
    void close();
    /// JF_E_NOT_FOUND if the flow names no such connection; an error of create() is told to everyone who asks and tried
    /// again by the next one.
    [[nodiscard]] Result<std::shared_ptr<const ConnectionInstance>> get(std::string_view name, CallFrame& frame, std::shared_ptr<HostBackend> backend);

private:
    struct Entry {
        std::mutex mutex; // held while the connection is made, so that it is made once
        std::shared_ptr<const ConnectionInstance> instance;
    };

    const Flow* flow_; // of the RunShared that this is part of
    std::shared_ptr<Catalog> catalog_;
    std::mutex mutex_; // guards the map, not its entries
    std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_;
};

/// Any thread; immutable but for what has a mutex.
struct RunShared {
    Flow flow; ///< bound
    std::shared_ptr<Catalog> catalog;
    std::shared_ptr<Recorder> recorder;
    std::shared_ptr<MemoryPorts> memory;
    std::unique_ptr<Connections> connections;
    PlanOptions plan_options;
    std::string owner; ///< "host:pid run 7f3a"
    bool anew = false; ///< start new generations
    std::string slice;           ///< of the run; empty: none
    bool about_interval = false; ///< a run of a backfill
    std::string continued_from;  ///< the run that this one goes on with; set before the first attempt

    /// The slice of tokens of an item of this run.
    [[nodiscard]] std::string slice_of(std::string_view item) const;

    /// The load that a pipeline belongs to, decided once for all its attempts and slices.
    [[nodiscard]] Result<Generation> generation(const std::string& task, bool incremental);
    /// All of the task is loaded: the next run of a full load starts a new generation.
    [[nodiscard]] Status complete_generation(const std::string& task);

private:
    std::mutex mutex_; // guards generations_
    std::map<std::string, Generation> generations_;
};

/// Where the services of a component lead. `place`: "tasks.land.source".
[[nodiscard]] std::shared_ptr<HostBackend> make_backend(std::shared_ptr<RunShared> shared, std::string_view task, std::string_view slice,
                                                        std::uint32_t attempt, std::string_view place);

} // namespace jackfield::exec

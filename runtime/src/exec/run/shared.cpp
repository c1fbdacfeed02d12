// RunShared, its connections, and the services that components get.
#include "exec/run/shared.hpp"

namespace jackfield::exec {

namespace {

/// Log, state, metrics and queries of one component. Holds the run weakly: a component of a connection lives inside it.
class ComponentBackend final : public HostBackend {
public:
    ComponentBackend(const std::shared_ptr<RunShared>& shared, std::string_view task, std::string_view slice, std::uint32_t attempt,
                     std::string_view place)
        : recorder_(shared->recorder), shared_(shared), task_(task), slice_(slice), attempt_(attempt),
          instance_(shared->flow.name + "/" + std::string(task) + "/" + std::string(place) + (shared->slice.empty() ? "" : "@" + shared->slice))
    {
    }

    void log(std::int32_t level, std::string_view message, std::string_view fields) override
    {
        recorder_->log(task_, slice_, attempt_, level, message, fields);
    }
    void mask(std::string_view secret) override { recorder_->masker().add(secret); }
    bool has_state() const override { return true; }
    Result<std::optional<std::string>> state(std::string_view key) override { return recorder_->store()->component_state(instance_, key); }
    Status put_state(std::string_view key, std::string_view value) override
    {
        return recorder_->store()->set_component_state(instance_, key, std::string(value));
    }
    bool has_query() const override { return true; }
    Status query(const jf_call* call, std::string_view target, std::string_view sql, ArrowArrayStream* params, ArrowArrayStream* out) override
    {
        OwnedStream moved;
        if (params)
            moved = OwnedStream(*params);
        const auto shared = shared_.lock();
        if (!shared)
            return fail(JF_E_STATE, "the run is over");
        if (target == JF_QUERY_OPEN_EPOCH)
            return fail(JF_E_UNSUPPORTED, "there is no open epoch here; name a connection");
        CallFrame frame;
        frame.set_deadline(call ? call->deadline_ns : no_deadline);
        JF_ASSIGN(const auto connection, shared->connections->get(target, frame, make_backend(shared, task_, slice_, attempt_, "connections")));
        JF_ASSIGN(QueryStream stream, connection->query(frame, sql, std::move(moved), 0));
        *out = std::move(stream).release().release();
        return {};
    }

private:
    std::shared_ptr<Recorder> recorder_;
    std::weak_ptr<RunShared> shared_;
    std::string task_, slice_;
    std::uint32_t attempt_;
    std::string instance_;
};

} // namespace

void Connections::close()
{
    std::map<std::string, std::shared_ptr<Entry>, std::less<>> closing; // goes after the lock
    {
        const std::scoped_lock lock(mutex_);
        closing.swap(entries_);
    }
}

Result<std::shared_ptr<const ConnectionInstance>> Connections::get(std::string_view name, CallFrame& frame, std::shared_ptr<HostBackend> backend)
{
    const Connection* declared = flow_->connection(name);
    if (!declared)
        return fail(JF_E_NOT_FOUND, "the flow has no connection '" + std::string(name) + "'");
    std::shared_ptr<Entry> entry;
    {
        const std::scoped_lock lock(mutex_);
        auto& place = entries_[std::string(name)];
        if (!place)
            place = std::make_shared<Entry>();
        entry = place;
    }
    const std::scoped_lock lock(entry->mutex);
    if (!entry->instance) {
        JF_ASSIGN(const Factory factory, catalog_->factory(ComponentKind::connection, declared->component.use));
        JF_ASSIGN(auto made, ConnectionInstance::make(factory, frame, {&declared->component, nullptr, std::move(backend)}));
        entry->instance = std::make_shared<const ConnectionInstance>(std::move(made));
    }
    return entry->instance;
}

std::string RunShared::slice_of(std::string_view item) const
{
    if (slice.empty() || item.empty())
        return slice.empty() ? std::string(item) : slice;
    return slice + "|" + std::string(item);
}

Result<Generation> RunShared::generation(const std::string& task, bool incremental)
{
    const std::scoped_lock lock(mutex_);
    if (const auto known = generations_.find(task); known != generations_.end())
        return known->second;
    // An interval is a load that ends: where it is run again after a success, that is a new one, cursor or not.
    JF_ASSIGN(Generation chosen, choose_generation(*recorder->store(), {flow.name, task, slice, {}}, recorder->run_id(), incremental && !about_interval, anew));
    generations_[task] = {chosen.id, false}; // fresh for the first attempt only
    return chosen;
}

Status RunShared::complete_generation(const std::string& task)
{
    // What was completed must be known before: if this process dies in between, the next run passes the task over and ends
    // its generation; the other way round it would load everything again.
    JF_TRY(recorder->finish());
    // Asked of the store: if every item was completed by an earlier run, this one never chose a generation.
    JF_ASSIGN(const auto last, recorder->store()->generation(flow.name, task, slice));
    if (!last || last->complete)
        return {};
    return recorder->store()->complete_generation(flow.name, task, slice, last->id);
}

std::shared_ptr<HostBackend> make_backend(std::shared_ptr<RunShared> shared, std::string_view task, std::string_view slice,
                                          std::uint32_t attempt, std::string_view place)
{
    return std::make_shared<ComponentBackend>(shared, task, slice, attempt, place);
}

} // namespace jackfield::exec

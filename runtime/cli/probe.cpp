// Looking outside through the components' own checks.
#include "probe.hpp"

#include "exec/human.hpp"
#include "load/component.hpp"
#include "observe/masker.hpp"
#include "observe/text.hpp"

#include <boost/json/parse.hpp>

#include <map>
#include <memory>

namespace jackfield::cli {

namespace {

constexpr std::int64_t patience_ns = 30'000'000'000;

/// Only takes secrets, to mask them.
class Quiet final : public HostBackend {
public:
    explicit Quiet(std::shared_ptr<Masker> masker) : masker_(std::move(masker)) {}
    void mask(std::string_view secret) override { masker_->add(secret); }

private:
    std::shared_ptr<Masker> masker_; // shared by all components of a probe
};

class Probe {
public:
    Probe(Catalog& catalog, const Terminal& terminal) : catalog_(catalog), terminal_(terminal) {}

    void connection(const Connection& connection)
    {
        frame_.set_deadline_in(patience_ns);
        const auto made = make_connection(connection);
        const auto found = made ? made->check(frame_) : Result<std::string>(made.error());
        row("connections." + connection.name, connection.component, found);
        if (made)
            connections_.emplace(connection.name, *made);
    }

    void component(ComponentKind kind, const Component& component)
    {
        if (!component.deferred.empty())
            return;
        frame_.set_deadline_in(patience_ns);
        row(component.place, component, check(kind, component));
    }

    Probing result;

private:
    Result<ConnectionInstance> make_connection(const Connection& connection)
    {
        JF_ASSIGN(const Factory factory, catalog_.factory(ComponentKind::connection, connection.component.use));
        return ConnectionInstance::make(factory, frame_, {&connection.component, nullptr, backend_});
    }

    Result<std::string> check(ComponentKind kind, const Component& component)
    {
        const auto on = connections_.find(component.on);
        if (!component.on.empty() && on == connections_.end())
            return fail(JF_E_UNAVAILABLE, "not tried: its connection cannot be made");
        const InstanceOptions options{&component, on == connections_.end() ? nullptr : &on->second, backend_};
        JF_ASSIGN(const Factory factory, catalog_.factory(kind, component.use));
        if (kind == ComponentKind::source) {
            JF_ASSIGN(const auto made, SourceInstance::make(factory, frame_, options));
            return made.check(frame_);
        }
        if (kind == ComponentKind::sink) {
            JF_ASSIGN(const auto made, SinkInstance::make(factory, frame_, options));
            return made.check(frame_);
        }
        JF_ASSIGN(const auto made, TaskInstance::make(factory, frame_, options));
        return made.check(frame_);
    }

    void row(const std::string& place, const Component& component, const Result<std::string>& found)
    {
        std::string below;
        bool good = found.has_value();
        std::string remark;
        if (!found) {
            Error error = masker_->mask(found.error());
            below = "    " + observe::one_line(error.message) + "\n";
        } else {
            read(*found, below, remark, good);
        }
        result.bad += good ? 0 : 1;
        result.text += "  " + (good ? terminal_.green("✓") : terminal_.red("✗")) + " " + place + "  " + component.use +
                       (component.on.empty() ? "" : " on " + component.on) + (remark.empty() ? "" : "  " + remark) + "\n" + below;
    }

    /// Findings of a component, or the answer of a connection: {"version": "…", …}.
    void read(const std::string& text, std::string& below, std::string& remark, bool& good) const
    {
        boost::system::error_code wrong;
        const boost::json::value value = boost::json::parse(masker_->mask(text), wrong);
        if (wrong)
            return;
        if (const auto* facts = value.if_object())
            for (const auto& [key, fact] : *facts)
                if (fact.is_string() || fact.is_int64())
                    remark += (remark.empty() ? "" : ", ") + observe::one_line(std::string_view(key.data(), key.size())) + " " +
                              observe::one_line(fact.is_string() ? std::string(fact.get_string()) : std::to_string(fact.get_int64()));
        if (const auto* findings = value.if_array())
            for (const auto& finding : *findings) {
                const auto* object = finding.if_object();
                const auto text_of = [&](const char* name) {
                    const auto* member = object ? object->if_contains(name) : nullptr;
                    return member && member->is_string() ? observe::one_line(member->get_string()) : std::string();
                };
                good = good && text_of("severity") != "error";
                const std::string where = text_of("place");
                below += "    " + text_of("severity") + ": " + (where.empty() ? "" : where + ": ") + text_of("message") + "\n";
            }
    }

    Catalog& catalog_;
    Terminal terminal_;
    std::shared_ptr<Masker> masker_ = std::make_shared<Masker>();
    std::shared_ptr<Quiet> backend_ = std::make_shared<Quiet>(masker_);
    CallFrame frame_;
    std::map<std::string, ConnectionInstance, std::less<>> connections_;
};

} // namespace

Probing probe(const Flow& flow, Catalog& catalog, const Terminal& terminal)
{
    Probe probe(catalog, terminal);
    for (const Connection& connection : flow.connections)
        probe.connection(connection);
    for (const Task& task : flow.tasks) {
        if (task.kind == TaskKind::action)
            probe.component(ComponentKind::action, task.action);
        if (task.kind != TaskKind::pipeline)
            continue;
        probe.component(ComponentKind::source, task.pipeline.source);
        for (const Component& step : task.pipeline.steps)
            probe.component(ComponentKind::step, step);
        probe.component(ComponentKind::sink, task.pipeline.sink);
        if (task.pipeline.quarantine)
            probe.component(ComponentKind::sink, *task.pipeline.quarantine);
        for (const auto& [name, sink] : task.pipeline.outputs)
            probe.component(ComponentKind::sink, sink);
    }
    return std::move(probe.result);
}

Probing probe_connections(const std::vector<Connection>& connections, const std::string& only, Catalog& catalog, const Terminal& terminal)
{
    Probe probe(catalog, terminal);
    for (const Connection& connection : connections)
        if (only.empty() || connection.name == only)
            probe.connection(connection);
    return std::move(probe.result);
}

} // namespace jackfield::cli

// Instance: what the instances of all kinds share: made by a factory, destroyed after everything that came out of it.
#pragma once

#include "load/call_frame.hpp"
#include "load/config_view.hpp"
#include "load/factory.hpp"
#include "load/host_services.hpp"

#include <jackfield/sdk/arrow/array.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace jackfield {

class ConnectionInstance;

/// What a piece of progress belongs to; see jf_scope. The views must live as long as the call.
struct ProgressScope {
    std::string_view flow, task, slice, generation, digest;
};

/// What an instance is made of.
struct InstanceOptions {
    const Component* component = nullptr; ///< options, secrets, place. Only for the call.
    const ConnectionInstance* connection = nullptr; ///< the one `on` names; kept alive by the instance. nullptr: none
    std::shared_ptr<HostBackend> backend; ///< nullptr: no service leads anywhere
};

/// The plugin's object together with what it was given at create(). Any thread, as far as the plugin's functions are.
class InstanceCore {
public:
    [[nodiscard]] static Result<std::shared_ptr<InstanceCore>> make(const Factory& factory, CallFrame& frame, const InstanceOptions& options);
    ~InstanceCore(); ///< destroy()
    InstanceCore(const InstanceCore&) = delete;
    InstanceCore& operator=(const InstanceCore&) = delete;

    [[nodiscard]] void* self() const noexcept { return self_; }
    [[nodiscard]] const Factory& factory() const noexcept { return factory_; }
    [[nodiscard]] const std::string& place() const noexcept { return place_; }
    /// "source 'files'", for messages
    [[nodiscard]] const std::string& who() const noexcept { return who_; }
    [[nodiscard]] HostBackend& backend() const noexcept { return host_.backend(); }
    void interrupt() const noexcept;
    /// The error of a call that returned `status`, with this instance's place before its own.
    [[nodiscard]] Error error(CallFrame& frame, jf_status status, std::string_view function) const;
    /// This plugin breaks the rules: JF_E_FAILED "source 'x': next() <what>; report it to the vendor of plugin 'y'".
    [[nodiscard]] Error broken(std::string_view function, std::string_view what) const;
    /// Success, or JF_E_FAILED: `what` ("the position") was larger than it may be.
    [[nodiscard]] Status check(const ByteWriter& writer, std::string_view what) const;
    [[nodiscard]] Error missing(std::string_view function) const; ///< JF_E_UNSUPPORTED

private:
    InstanceCore(const Factory& factory, const InstanceOptions& options);

    Factory factory_;
    std::string place_, who_;
    std::shared_ptr<const InstanceCore> connection_; // shared by all who use it; goes after the last of them
    ConfigView config_;
    HostServices host_;
    void* self_ = nullptr;
    bool created_ = false; // self_ is the plugin's and must be destroyed
};

/// Base of the instances of each kind. Movable handle; destroy() runs when it and all readers, writers, steps and
/// streams that came out of it are gone.
class Instance {
public:
    /// Looks outside; findings as jf_factory.check says, "[]" if the component has no check. [serial:instance]
    [[nodiscard]] Result<std::string> check(CallFrame& frame) const;
    /// Makes calls in progress come back soon. Any thread.
    void interrupt() const noexcept { core_->interrupt(); }
    [[nodiscard]] const std::shared_ptr<InstanceCore>& core() const noexcept { return core_; }

protected:
    explicit Instance(std::shared_ptr<InstanceCore> core) : core_(std::move(core)) {}
    std::shared_ptr<InstanceCore> core_; // shared with readers and writers, which must not outlive the object
};

/// Rows of a query: a schema and then batches. Keeps alive what it reads from. One thread at a time.
class QueryStream {
public:
    QueryStream(std::shared_ptr<const InstanceCore> core, OwnedStream stream) : core_(std::move(core)), stream_(std::move(stream)) {}
    [[nodiscard]] Result<OwnedSchema> schema();
    /// The next batch; empty: the end.
    [[nodiscard]] Result<OwnedArray> next();
    /// The bare stream, for a plugin to read. Requires: the instance outlives it.
    [[nodiscard]] OwnedStream release() && noexcept { return std::move(stream_); }

private:
    [[nodiscard]] Error error(int code, std::string_view function);
    std::shared_ptr<const InstanceCore> core_; // the stream's owner; destroyed after it
    OwnedStream stream_;
};

} // namespace jackfield

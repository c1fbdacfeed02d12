// HostServices: jf_host of one component instance. What the services do is the HostBackend's matter.
#pragma once

#include <jackfield/abi/host.h>
#include <jackfield/runtime/flow.hpp>
#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

/// Where the services of one instance lead: the log of the run, metrics, state store. The engine derives from it; the
/// defaults offer nothing. Any thread; must not throw. Lives as long as the instance.
class HostBackend {
public:
    virtual ~HostBackend() = default;

    virtual void log(std::int32_t /*level*/, std::string_view /*message*/, std::string_view /*fields_json*/) {}
    /// An id, the same for the same name; 0: cannot be had.
    virtual std::uint64_t define_metric(std::int32_t /*kind*/, std::string_view /*name*/, std::string_view /*help*/) { return 0; }
    virtual void record_metric(std::uint64_t /*id*/, double /*value*/, std::string_view /*labels_json*/) {}
    /// A secret was handed out: it must never show from now on. Called before the plugin sees it.
    virtual void mask(std::string_view /*secret*/) {}

    /// Whether jf.host.state is there.
    [[nodiscard]] virtual bool has_state() const { return false; }
    virtual Result<std::optional<std::string>> state(std::string_view key);
    virtual Status put_state(std::string_view key, std::string_view value);

    /// Whether jf.host.query is there.
    [[nodiscard]] virtual bool has_query() const { return false; }
    /// As jf_host_query.query; `params` is moved in whatever is returned (may be NULL), `out` is filled on success.
    virtual Status query(const jf_call* call, std::string_view target, std::string_view sql, ArrowArrayStream* params, ArrowArrayStream* out);
};

/// The tables that a plugin finds by id. Any thread. Immovable: plugins hold its address.
class HostServices {
public:
    /// secrets: of the component that this host is for.
    HostServices(std::shared_ptr<HostBackend> backend, std::vector<SecretUse> secrets);
    HostServices(const HostServices&) = delete;
    HostServices& operator=(const HostServices&) = delete;

    [[nodiscard]] const jf_host* raw() const noexcept { return &host_; }
    [[nodiscard]] HostBackend& backend() const noexcept { return *backend_; }
    /// The reference of the secret at `pointer`; empty: none there.
    [[nodiscard]] std::string_view reference(std::string_view pointer) const noexcept;

private:
    jf_host host_;
    std::shared_ptr<HostBackend> backend_; // shared with the engine, which goes on after the instance
    std::vector<SecretUse> secrets_;
};

/// The host handed to a plugin's entry: log (to nowhere) and clock only; lives for ever.
[[nodiscard]] const jf_host* entry_host() noexcept;

} // namespace jackfield

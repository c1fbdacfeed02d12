// HostServices: the tables of host services over a HostBackend.
#include "load/host_services.hpp"

#include "load/call_frame.hpp"
#include "load/secret.hpp"

#include <cstdlib>
#include <cstring>
#include <time.h>

#ifndef JACKFIELD_VERSION
#define JACKFIELD_VERSION "0"
#endif

namespace jackfield {

namespace {

const HostServices& self(const jf_host* host) { return *static_cast<const HostServices*>(host->host_data); }

/// Tells the call why a service fails; the call may be NULL.
jf_status report(const jf_call* call, const Error& error) noexcept
{
    if (call) {
        const jf_error out{sizeof out, error.kind, str_of(error.message), str_of(error.code), str_of(error.where), error.retry_after_ns};
        call->fail(call, &out);
    }
    return error.kind;
}

void on_log(const jf_host* host, std::int32_t level, jf_str message, jf_str fields) noexcept
{
    const std::int32_t known = level < JF_LOG_DEBUG ? JF_LOG_DEBUG : level > JF_LOG_ERROR ? JF_LOG_ERROR : level;
    self(host).backend().log(known, view_of(message), view_of(fields));
}

std::uint64_t on_define(const jf_host* host, std::int32_t kind, jf_str name, jf_str help) noexcept
{
    if (kind < JF_METRIC_COUNTER || kind > JF_METRIC_HISTOGRAM || name.len == 0)
        return 0;
    return self(host).backend().define_metric(kind, view_of(name), view_of(help));
}

void on_record(const jf_host* host, std::uint64_t id, double value, jf_str labels) noexcept
{
    if (id != 0)
        self(host).backend().record_metric(id, value, view_of(labels));
}

jf_status on_secret(const jf_host* host, const jf_call* call, const char* pointer, jf_status (*use)(void*, jf_bytes), void* argument) noexcept
{
    try {
        const HostServices& services = self(host);
        const std::string_view where = pointer ? pointer : "";
        const std::string_view reference = services.reference(where);
        if (reference.empty())
            return report(call, fail(JF_E_CONFIG, "no secret is given at '" + std::string(where) + "'; write {\"secret\": \"env:NAME\"}", std::string(where)));
        auto secret = read_secret(reference);
        if (!secret)
            return report(call, std::move(secret).error());
        if (!secret->warning.empty())
            services.backend().log(JF_LOG_WARN, secret->warning, {});
        services.backend().mask(secret->view());
        return use(argument, bytes_of(secret->view()));
    } catch (...) {
        return JF_E_FAILED;
    }
}

std::int64_t on_unix(const jf_host*) noexcept
{
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::int64_t on_monotonic(const jf_host*) noexcept { return monotonic_ns(); }

jf_status on_get(const jf_host* host, const jf_call* call, jf_str key, const jf_writer* out) noexcept
{
    try {
        auto value = self(host).backend().state(view_of(key));
        if (!value)
            return report(call, std::move(value).error());
        if (!*value)
            return JF_END;
        return out->write(out, (*value)->data(), (*value)->size());
    } catch (...) {
        return JF_E_FAILED;
    }
}

jf_status on_put(const jf_host* host, const jf_call* call, jf_str key, jf_bytes value) noexcept
{
    constexpr std::size_t most = std::size_t{1} << 20;
    try {
        if (value.len > most)
            return report(call, fail(JF_E_EXHAUSTED, "a state value may have 1 MiB at most, not " + std::to_string(value.len) + " bytes"));
        if (Status done = self(host).backend().put_state(view_of(key), view_of(value)); !done)
            return report(call, done.error());
        return JF_OK;
    } catch (...) {
        return JF_E_FAILED;
    }
}

void* on_alloc(const jf_host*, std::size_t length) noexcept
{
    constexpr std::size_t alignment = 64;
    if (length > SIZE_MAX - alignment)
        return nullptr;
    return std::aligned_alloc(alignment, (length + alignment) / alignment * alignment);
}

jf_status on_query(const jf_host* host, const jf_call* call, jf_str target, jf_str sql, ArrowArrayStream* params, ArrowArrayStream* out) noexcept
{
    try {
        if (Status done = self(host).backend().query(call, view_of(target), view_of(sql), params, out); !done)
            return report(call, done.error());
        return JF_OK;
    } catch (...) {
        return JF_E_FAILED;
    }
}

const jf_host_log log_table{sizeof(jf_host_log), 0, on_log};
const jf_host_metrics metrics_table{sizeof(jf_host_metrics), 0, on_define, on_record};
const jf_host_secrets secrets_table{sizeof(jf_host_secrets), 0, on_secret};
const jf_host_clock clock_table{sizeof(jf_host_clock), 0, on_unix, on_monotonic};
const jf_host_state state_table{sizeof(jf_host_state), 0, on_get, on_put};
const jf_host_buffer buffer_table{sizeof(jf_host_buffer), 0, on_alloc, [](void* buffer) { std::free(buffer); }};
const jf_host_query query_table{sizeof(jf_host_query), 0, on_query};

const void* on_service(const jf_host* host, const char* id) noexcept
{
    const std::string_view wanted = id ? id : "";
    const HostBackend& backend = self(host).backend();
    if (wanted == JF_HOST_LOG)
        return &log_table;
    if (wanted == JF_HOST_METRICS)
        return &metrics_table;
    if (wanted == JF_HOST_SECRETS)
        return &secrets_table;
    if (wanted == JF_HOST_CLOCK)
        return &clock_table;
    if (wanted == JF_HOST_BUFFER)
        return &buffer_table;
    if (wanted == JF_HOST_STATE && backend.has_state())
        return &state_table;
    if (wanted == JF_HOST_QUERY && backend.has_query())
        return &query_table;
    return nullptr;
}

const void* on_entry_service(const jf_host*, const char* id) noexcept
{
    static const jf_host_log silent{sizeof(jf_host_log), 0, [](const jf_host*, std::int32_t, jf_str, jf_str) {}};
    const std::string_view wanted = id ? id : "";
    if (wanted == JF_HOST_LOG)
        return &silent;
    return wanted == JF_HOST_CLOCK ? &clock_table : nullptr;
}

} // namespace

Result<std::optional<std::string>> HostBackend::state(std::string_view)
{
    return fail(JF_E_UNSUPPORTED, "this host keeps no state for components");
}

Status HostBackend::put_state(std::string_view, std::string_view)
{
    return fail(JF_E_UNSUPPORTED, "this host keeps no state for components");
}

Status HostBackend::query(const jf_call*, std::string_view, std::string_view, ArrowArrayStream* params, ArrowArrayStream*)
{
    if (params && params->release)
        params->release(params);
    return fail(JF_E_UNSUPPORTED, "this host answers no queries of components");
}

HostServices::HostServices(std::shared_ptr<HostBackend> backend, std::vector<SecretUse> secrets)
    : host_{sizeof(jf_host), 0, this, "jackfield", JACKFIELD_VERSION, on_service},
      backend_(backend ? std::move(backend) : std::make_shared<HostBackend>()), secrets_(std::move(secrets))
{
}

std::string_view HostServices::reference(std::string_view pointer) const noexcept
{
    for (const SecretUse& secret : secrets_)
        if (secret.pointer == pointer)
            return secret.reference;
    return {};
}

const jf_host* entry_host() noexcept
{
    static const jf_host host{sizeof(jf_host), 0, nullptr, "jackfield", JACKFIELD_VERSION, on_entry_service};
    return &host;
}

} // namespace jackfield

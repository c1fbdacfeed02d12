// Host: what the runtime offers to a component: log, secrets, clock, state, metrics, queries.
#pragma once

#include <jackfield/abi/host.h>
#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/call.hpp>
#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jackfield::sdk {

/// A view of the host, valid as long as the instance that was given it. Any thread, unless said otherwise.
class Host {
public:
    explicit Host(const jf_host* host) : host_(host) {}

    void debug(std::string_view message) const { log(JF_LOG_DEBUG, message); }
    void info(std::string_view message) const { log(JF_LOG_INFO, message); }
    void warn(std::string_view message) const { log(JF_LOG_WARN, message); }
    void error(std::string_view message) const { log(JF_LOG_ERROR, message); }
    /// fields: a JSON object or empty.
    void log(std::int32_t level, std::string_view message, std::string_view fields = {}) const
    {
        if (const auto* table = find<jf_host_log>(JF_HOST_LOG))
            table->log(host_, level, as_str(message), as_str(fields));
    }

    /// Calls use(std::string_view) with the secret that the configuration names at `pointer` ("/password"); its bytes are
    /// wiped afterwards. `use` must not throw and must not keep them.
    template <class Use>
    [[nodiscard]] Status with_secret(const jf_call* call, const char* pointer, Use&& use) const
    {
        const auto* table = find<jf_host_secrets>(JF_HOST_SECRETS);
        if (!table)
            return fail(JF_E_UNSUPPORTED, std::string("this host offers no secrets, but '") + pointer + "' is one");
        const auto hand_over = [](void* argument, jf_bytes secret) -> jf_status {
            (*static_cast<Use*>(argument))(view(secret));
            return JF_OK;
        };
        const jf_status status = table->with_secret(host_, call, pointer, hand_over, &use);
        if (status != JF_OK)
            return fail(status, ""); // the host has said why
        return {};
    }

    /// Nanoseconds since 1970 UTC.
    [[nodiscard]] std::int64_t unix_ns() const
    {
        const auto* table = find<jf_host_clock>(JF_HOST_CLOCK);
        return table ? table->unix_ns(host_) : 0;
    }
    /// Nanoseconds on the clock of Call::deadline_ns.
    [[nodiscard]] std::int64_t monotonic_ns() const
    {
        const auto* table = find<jf_host_clock>(JF_HOST_CLOCK);
        return table ? table->monotonic_ns(host_) : 0;
    }

    /// A small durable value of this component in this flow; nullopt: nothing stored.
    [[nodiscard]] Result<std::optional<std::string>> state(const Call& call, std::string_view key) const
    {
        const auto* table = find<jf_host_state>(JF_HOST_STATE);
        if (!table)
            return fail(JF_E_UNSUPPORTED, "this host keeps no state");
        std::string value;
        const jf_writer writer{sizeof writer, 0, &value, [](const jf_writer* self, const void* data, std::size_t length) {
                                   static_cast<std::string*>(self->host_data)->append(static_cast<const char*>(data), length);
                                   return static_cast<jf_status>(JF_OK);
                               }};
        const jf_status status = table->get(host_, call.raw(), as_str(key), &writer);
        if (status == JF_END)
            return std::optional<std::string>();
        if (status != JF_OK)
            return fail(status, ""); // the host has said why
        return std::optional<std::string>(std::move(value));
    }
    /// Durable on success; an empty value removes the key.
    [[nodiscard]] Status put_state(const Call& call, std::string_view key, std::string_view value) const
    {
        const auto* table = find<jf_host_state>(JF_HOST_STATE);
        if (!table)
            return fail(JF_E_UNSUPPORTED, "this host keeps no state");
        if (const jf_status status = table->put(host_, call.raw(), as_str(key), as_bytes(value)); status != JF_OK)
            return fail(status, ""); // the host has said why
        return {};
    }

    /// Adds to a counter. The first call of a name defines it.
    void count(std::string_view name, std::string_view help, double value = 1) const { record(JF_METRIC_COUNTER, name, help, value); }
    void gauge(std::string_view name, std::string_view help, double value) const { record(JF_METRIC_GAUGE, name, help, value); }
    void observe(std::string_view name, std::string_view help, double value) const { record(JF_METRIC_HISTOGRAM, name, help, value); }

    /// One read-only statement to the connection named `target`, or to the open epoch (JF_QUERY_OPEN_EPOCH). Only while
    /// `call` runs, and the stream is dropped before it ends.
    [[nodiscard]] Result<OwnedStream> query(const Call& call, std::string_view target, std::string_view sql, ArrowArrayStream* params = nullptr) const
    {
        const auto* table = find<jf_host_query>(JF_HOST_QUERY);
        if (!table)
            return fail(JF_E_UNSUPPORTED, "this host answers no queries");
        ArrowArrayStream stream{};
        const jf_status status = table->query(host_, call.raw(), as_str(target), as_str(sql), params, &stream);
        if (status != JF_OK)
            return fail(status, ""); // the host has said why
        return OwnedStream(stream);
    }

    [[nodiscard]] const jf_host* raw() const { return host_; }

private:
    template <class Table>
    [[nodiscard]] const Table* find(const char* id) const
    {
        return host_ ? static_cast<const Table*>(host_->service(host_, id)) : nullptr;
    }
    void record(std::int32_t kind, std::string_view name, std::string_view help, double value) const
    {
        if (const auto* table = find<jf_host_metrics>(JF_HOST_METRICS))
            table->record(host_, table->define(host_, kind, as_str(name), as_str(help)), value, {nullptr, 0});
    }

    const jf_host* host_;
};

} // namespace jackfield::sdk

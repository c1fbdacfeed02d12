// Connection: what the components of a plugin share, and the questions that everyone asks of a store.
#pragma once

#include <jackfield/abi/connection.h>
#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/call.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace jackfield::sdk {

/// Base of a plugin's connection. Any thread: several calls at once.
class Connection {
public:
    virtual ~Connection() = default;

    /// Can it be reached? A JSON object for people: {"server": "DuckDB 1.5.6"}.
    virtual Result<std::string> check(const Call& call) = 0;
    /// JSON array of tables with their columns, as jf_connection.discover says. pattern: SQL LIKE; empty: all.
    virtual Result<std::string> discover(const Call&, std::string_view) { return fail(JF_E_UNSUPPORTED, "this connection cannot list what is in it"); }
    /// One read-only statement; params: one row, one column for each placeholder; nullopt: none. max_rows 0: no limit.
    virtual Result<OwnedStream> query(const Call&, std::string_view, std::optional<OwnedStream>, std::uint64_t)
    {
        return fail(JF_E_UNSUPPORTED, "this connection answers no queries");
    }
    /// Ends calls in progress soon.
    virtual void interrupt() {}
};

namespace detail {

inline const jf_connection connection_table{sizeof(jf_connection), 0,
    [](void* self, const jf_call* call, const jf_writer* json) {
        return guard(call, [&]() -> Result<jf_status> {
            JF_ASSIGN(const std::string text, static_cast<Connection*>(self)->check(Call(call)));
            JF_TRY(put(json, text));
            return JF_OK;
        });
    },
    [](void* self, const jf_call* call, jf_str pattern, const jf_writer* json) {
        return guard(call, [&]() -> Result<jf_status> {
            JF_ASSIGN(const std::string text, static_cast<Connection*>(self)->discover(Call(call), view(pattern)));
            JF_TRY(put(json, text));
            return JF_OK;
        });
    },
    [](void* self, const jf_call* call, const jf_query* query, ArrowArrayStream* out) {
        return guard(call, [&]() -> Result<jf_status> {
            std::optional<OwnedStream> params;
            if (query->params)
                params.emplace(*query->params), query->params->release = nullptr;
            JF_ASSIGN(OwnedStream stream, static_cast<Connection*>(self)->query(Call(call), view(query->sql), std::move(params), query->max_rows));
            *out = stream.release();
            return JF_OK;
        });
    }};

} // namespace detail
} // namespace jackfield::sdk

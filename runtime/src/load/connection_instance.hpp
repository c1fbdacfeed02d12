// ConnectionInstance: what the components of one plugin share, and the questions that everyone asks of a store.
#pragma once

#include "load/instance.hpp"

#include <jackfield/abi/connection.h>

namespace jackfield {

/// Any thread.
class ConnectionInstance : public Instance {
public:
    [[nodiscard]] static Result<ConnectionInstance> make(const Factory& factory, CallFrame& frame, const InstanceOptions& options);
    /// Can it be reached? A JSON object for people.
    [[nodiscard]] Result<std::string> check(CallFrame& frame) const;
    /// JSON array of what is in there. `pattern`: SQL LIKE; empty: all. JF_E_UNSUPPORTED if the plugin has none.
    [[nodiscard]] Result<std::string> discover(CallFrame& frame, std::string_view pattern) const;
    /// One read-only statement. params: one row, moved in; empty: none. max_rows 0: no limit.
    [[nodiscard]] Result<QueryStream> query(CallFrame& frame, std::string_view sql, OwnedStream params, std::uint64_t max_rows) const;
    [[nodiscard]] bool can_query() const noexcept;

private:
    using Instance::Instance;
    const jf_connection* table_ = nullptr;
};

} // namespace jackfield

// AuthInstance: one step of signing in.
#pragma once

#include "load/instance.hpp"

#include <jackfield/abi/auth.h>

namespace jackfield {

struct AuthReply {
    bool more = false;      ///< one more step: `reply_json` says which, `state` comes back with it
    std::string reply_json; ///< who it is, or the next step
    std::string state;      ///< at most 16 KiB
};

/// Any thread.
class AuthInstance : public Instance {
public:
    [[nodiscard]] static Result<AuthInstance> make(const Factory& factory, CallFrame& frame, const InstanceOptions& options);
    /// JF_E_UNAUTHENTICATED: not accepted. The caller wipes the password.
    [[nodiscard]] Result<AuthReply> step(CallFrame& frame, std::string_view state, std::string_view request_json, std::string_view password) const;
    /// JF_E_UNSUPPORTED if the backend has none.
    [[nodiscard]] Result<std::string> refresh(CallFrame& frame, std::string_view subject, std::string_view session) const;

private:
    using Instance::Instance;
    const jf_auth* table_ = nullptr;
};

} // namespace jackfield

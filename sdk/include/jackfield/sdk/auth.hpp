// Auth: a backend that says who somebody is, as a step machine.
#pragma once

#include <jackfield/abi/auth.h>
#include <jackfield/sdk/call.hpp>

#include <string>
#include <string_view>

namespace jackfield::sdk {

/// What one step is given; the views live as long as the call. See jf_auth_request.
struct AuthRequest {
    std::string_view state, request, password;
};

/// Done: who it is (JSON as jf_auth.step says). Not done: what to do next, and the state to come back with.
struct AuthReply {
    bool done = true;
    std::string reply;
    std::string next_state;
};

/// Base of an auth backend. Any thread: several logins at once. Constructor or make() as for Source.
class Auth {
public:
    virtual ~Auth() = default;
    virtual Result<AuthReply> step(const Call& call, const AuthRequest& request) = 0;
    virtual Result<AuthReply> refresh(const Call&, std::string_view /*subject*/, std::string_view /*session*/)
    {
        return fail(JF_E_UNSUPPORTED, "this backend cannot refresh a session");
    }
    virtual void interrupt() {}
};

namespace detail {

inline Result<jf_status> auth_answer(Result<AuthReply> reply, const jf_writer* next_state, const jf_writer* json)
{
    if (!reply)
        return std::move(reply).error();
    JF_TRY(put(json, reply->reply));
    if (reply->done)
        return JF_OK;
    if (next_state)
        JF_TRY(put(next_state, reply->next_state));
    return JF_CONTINUE;
}

inline const jf_auth auth_table{sizeof(jf_auth), 0,
    [](void* self, const jf_call* call, const jf_auth_request* request, const jf_writer* next_state, const jf_writer* json) {
        return guard(call, [&] {
            const AuthRequest given{view(request->state), view(request->request_json), view(request->password)};
            return auth_answer(static_cast<Auth*>(self)->step(Call(call), given), next_state, json);
        });
    },
    [](void* self, const jf_call* call, jf_str subject, jf_bytes session, const jf_writer* json) {
        return guard(call, [&] {
            return auth_answer(static_cast<Auth*>(self)->refresh(Call(call), view(subject), view(session)), nullptr, json);
        });
    }};

} // namespace detail
} // namespace jackfield::sdk

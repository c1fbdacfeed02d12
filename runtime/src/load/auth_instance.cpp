// AuthInstance: one step of signing in.
#include "load/auth_instance.hpp"

namespace jackfield {

namespace {

constexpr std::size_t state_limit = std::size_t{16} << 10;
constexpr std::size_t reply_limit = std::size_t{1} << 20;

} // namespace

Result<AuthInstance> AuthInstance::make(const Factory& factory, CallFrame& frame, const InstanceOptions& options)
{
    JF_ASSIGN(auto core, InstanceCore::make(factory, frame, options));
    AuthInstance out(std::move(core));
    out.table_ = static_cast<const jf_auth*>(factory.table()->table);
    return out;
}

Result<AuthReply> AuthInstance::step(CallFrame& frame, std::string_view state, std::string_view request_json, std::string_view password) const
{
    AuthReply out;
    ByteWriter next_state(out.state, state_limit);
    ByteWriter reply(out.reply_json, reply_limit);
    const jf_auth_request request{sizeof request, 0, bytes_of(state), str_of(request_json), bytes_of(password)};
    const jf_status status = frame.run("step", table_->step, core_->self(), frame.raw(), &request, next_state.raw(), reply.raw());
    if (status != JF_OK && status != JF_CONTINUE)
        return core_->error(frame, status, "step");
    JF_TRY(core_->check(next_state, "the state"));
    JF_TRY(core_->check(reply, "the reply"));
    out.more = status == JF_CONTINUE;
    return out;
}

Result<std::string> AuthInstance::refresh(CallFrame& frame, std::string_view subject, std::string_view session) const
{
    if (!JF_HAS_FN(jf_auth, table_, refresh))
        return core_->missing("refresh");
    std::string json;
    ByteWriter writer(json, reply_limit);
    const jf_status status = frame.run("refresh", table_->refresh, core_->self(), frame.raw(), str_of(subject), bytes_of(session), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "refresh");
    JF_TRY(core_->check(writer, "the reply"));
    return json;
}

} // namespace jackfield

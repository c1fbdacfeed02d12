// ConnectionInstance: check, discover, query.
#include "load/connection_instance.hpp"

namespace jackfield {

namespace {

constexpr std::size_t json_limit = std::size_t{64} << 20;

} // namespace

Result<ConnectionInstance> ConnectionInstance::make(const Factory& factory, CallFrame& frame, const InstanceOptions& options)
{
    JF_ASSIGN(auto core, InstanceCore::make(factory, frame, options));
    ConnectionInstance out(std::move(core));
    out.table_ = static_cast<const jf_connection*>(factory.table()->table);
    return out;
}

Result<std::string> ConnectionInstance::check(CallFrame& frame) const
{
    std::string json;
    ByteWriter writer(json, json_limit);
    const jf_status status = frame.run("check", table_->check, core_->self(), frame.raw(), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "check");
    JF_TRY(core_->check(writer, "the answer of check()"));
    return json.empty() ? std::string("{}") : json;
}

Result<std::string> ConnectionInstance::discover(CallFrame& frame, std::string_view pattern) const
{
    if (!JF_HAS_FN(jf_connection, table_, discover))
        return core_->missing("discover");
    std::string json;
    ByteWriter writer(json, json_limit);
    const jf_status status = frame.run("discover", table_->discover, core_->self(), frame.raw(), str_of(pattern), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "discover");
    JF_TRY(core_->check(writer, "the answer of discover()"));
    return json.empty() ? std::string("[]") : json;
}

bool ConnectionInstance::can_query() const noexcept { return JF_HAS_FN(jf_connection, table_, query); }

Result<QueryStream> ConnectionInstance::query(CallFrame& frame, std::string_view sql, OwnedStream params, std::uint64_t max_rows) const
{
    if (!can_query())
        return core_->missing("query");
    ArrowArrayStream moved = params.release(); // the plugin's now, whatever it returns
    const jf_query query{sizeof query, 0, str_of(sql), moved.release ? &moved : nullptr, max_rows};
    OwnedStream stream;
    const jf_status status = frame.run("query", table_->query, core_->self(), frame.raw(), &query, stream.get());
    if (status != JF_OK)
        return core_->error(frame, status, "query");
    if (!stream)
        return core_->broken("query", "answered an empty stream");
    return QueryStream(core_, std::move(stream));
}

} // namespace jackfield

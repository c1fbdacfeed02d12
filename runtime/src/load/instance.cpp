// Instance: create, check, interrupt, destroy; errors with their place.
#include "load/instance.hpp"

#include "load/catalog.hpp"
#include "load/connection_instance.hpp"

#include <cerrno>

namespace jackfield {

namespace {

constexpr std::size_t findings_limit = std::size_t{16} << 20;

} // namespace

InstanceCore::InstanceCore(const Factory& factory, const InstanceOptions& options)
    : factory_(factory), place_(options.component->place),
      who_(std::string(short_kind(factory.kind())) + " '" + std::string(factory.id()) + "'"),
      connection_(options.connection ? options.connection->core() : nullptr), config_(*options.component),
      host_(options.backend, options.component->secrets)
{
}

Result<std::shared_ptr<InstanceCore>> InstanceCore::make(const Factory& factory, CallFrame& frame, const InstanceOptions& options)
{
    std::shared_ptr<InstanceCore> core(new InstanceCore(factory, options));
    const jf_factory* table = factory.table();
    const bool wanted = table->connection && table->connection[0] != '?';
    if (wanted && !options.connection)
        return fail(JF_E_CONFIG, core->who_ + " needs a connection; name one with \"on\"", core->place_);
    if (options.connection && !factory.takes_connection(options.connection->core()->factory()))
        return fail(JF_E_CONFIG, core->who_ + " cannot use a connection of kind '" + std::string(options.connection->core()->factory().id()) + "'", core->place_);
    void* made = nullptr;
    void* connection = options.connection ? options.connection->core()->self() : nullptr;
    const jf_status status = frame.run("create", table->create, table, core->host_.raw(), frame.raw(), core->config_.raw(), connection, &made);
    if (status != JF_OK)
        return core->error(frame, status, "create");
    core->self_ = made; // may be NULL: a component without data of its own
    if (!JF_HAS_FN(jf_factory, table, destroy))
        return core->broken("destroy", "is missing");
    core->created_ = true;
    return core;
}

InstanceCore::~InstanceCore()
{
    if (!created_)
        return;
    try {
        factory_.table()->destroy(self_);
    } catch (...) { // R6: nothing may leave a plugin; there is nobody here who could be told
    }
}

void InstanceCore::interrupt() const noexcept
{
    if (!JF_HAS_FN(jf_factory, factory_.table(), interrupt))
        return;
    try {
        factory_.table()->interrupt(self_);
    } catch (...) {
    }
}

Error InstanceCore::error(CallFrame& frame, jf_status status, std::string_view function) const
{
    return frame.error(status, who_, function).at(place_);
}

Error InstanceCore::broken(std::string_view function, std::string_view what) const
{
    return fail(JF_E_FAILED, who_ + ": " + std::string(function) + "() " + std::string(what) + "; report it to the vendor of plugin '" +
                                 std::string(factory_.plugin()) + "'", place_);
}

Status InstanceCore::check(const ByteWriter& writer, std::string_view what) const
{
    if (!writer.overflowed()) // the way of every next()
        return {};
    return std::move(writer.check(who_, what)).error().at(place_);
}

Error InstanceCore::missing(std::string_view function) const
{
    return fail(JF_E_UNSUPPORTED, who_ + " has no " + std::string(function) + "()", place_);
}

Result<std::string> Instance::check(CallFrame& frame) const
{
    const jf_factory* table = core_->factory().table();
    std::string json;
    if (!JF_HAS_FN(jf_factory, table, check))
        return std::string("[]");
    ByteWriter writer(json, findings_limit);
    const jf_status status = frame.run("check", table->check, core_->self(), frame.raw(), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "check");
    JF_TRY(core_->check(writer, "the list of findings"));
    return json.empty() ? std::string("[]") : json;
}

Error QueryStream::error(int code, std::string_view function)
{
    const char* said = stream_->get_last_error ? stream_->get_last_error(stream_.get()) : nullptr;
    const jf_status kind = code == ECANCELED || code == EINTR ? JF_E_CANCELLED : code == ETIMEDOUT ? JF_E_TIMEOUT
                         : code == ENOMEM ? JF_E_EXHAUSTED : JF_E_FAILED;
    std::string message = said && *said ? std::string(said) : core_->who() + ": " + std::string(function) + "() failed without saying why";
    return fail(kind, std::move(message), core_->place());
}

Result<OwnedSchema> QueryStream::schema()
{
    OwnedSchema schema;
    if (!stream_ || !stream_->get_schema)
        return core_->broken("query", "gave a stream that was released already");
    if (const int code = stream_->get_schema(stream_.get(), schema.get()); code != 0)
        return error(code, "get_schema");
    if (!schema)
        return core_->broken("get_schema", "answered an empty schema");
    return schema;
}

Result<OwnedArray> QueryStream::next()
{
    OwnedArray array;
    if (!stream_ || !stream_->get_next)
        return core_->broken("query", "gave a stream that was released already");
    if (const int code = stream_->get_next(stream_.get(), array.get()); code != 0)
        return error(code, "get_next");
    return array;
}

} // namespace jackfield

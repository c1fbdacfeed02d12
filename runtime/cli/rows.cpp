// Reading rows for people.
#include "rows.hpp"

#include "exec/run/source_stream.hpp"
#include "observe/masker.hpp"
#include "observe/text.hpp"

#include <jackfield/sdk/arrow/json.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <memory>
#include <optional>

namespace jackfield::cli {

namespace {

constexpr std::int64_t patience_ns = 60'000'000'000;
constexpr std::size_t most_rejected = 5; // that are shown

/// Only takes secrets, to mask them.
class Quiet final : public HostBackend {
public:
    void mask(std::string_view secret) override { masker.add(secret); }
    Masker masker;
};

bool is_number(const DataType& type)
{
    switch (type.type) {
    case Type::int8: case Type::int16: case Type::int32: case Type::int64:
    case Type::uint8: case Type::uint16: case Type::uint32: case Type::uint64:
    case Type::float32: case Type::float64: case Type::decimal128: return true;
    default: return false;
    }
}

Result<std::optional<ConnectionInstance>> connect(const Flow& flow, const std::string& name, Catalog& catalog, CallFrame& frame, const std::shared_ptr<Quiet>& backend)
{
    if (name.empty())
        return std::optional<ConnectionInstance>();
    const Connection* declared = flow.connection(name);
    if (!declared)
        return fail(JF_E_NOT_FOUND, "there is no connection '" + name + "'");
    JF_ASSIGN(const Factory factory, catalog.factory(ComponentKind::connection, declared->component.use));
    JF_ASSIGN(auto made, ConnectionInstance::make(factory, frame, {&declared->component, nullptr, backend}));
    return std::optional(std::move(made));
}

Result<Rows> read_source_with(const Flow& flow, const Component& source, Catalog& catalog, std::uint64_t limit, const std::shared_ptr<Quiet>& backend)
{
    Rows out;
    CallFrame frame;
    frame.set_deadline_in(patience_ns);
    frame.set_rejects([&out](const RejectedRecord& record) -> Status {
        if (out.rejected_count++ < most_rejected)
            out.rejected.push_back(observe::one_line(record.place) + (record.column.empty() ? "" : ", column " + observe::one_line(record.column)) + ": " + observe::one_line(record.message));
        return {};
    });
    JF_ASSIGN(const auto connection, connect(flow, source.on, catalog, frame, backend));
    JF_ASSIGN(const Factory factory, catalog.factory(ComponentKind::source, source.use));
    const ConfigView view(source);
    std::optional<ConfigView> connection_view;
    if (const Connection* declared = flow.connection(source.on))
        connection_view.emplace(declared->component);
    JF_ASSIGN(const Description description, factory.describe(frame, view, connection_view ? &*connection_view : nullptr));
    JF_ASSIGN(auto made, SourceInstance::make(factory, frame, {&source, connection ? &*connection : nullptr, backend}));
    JF_ASSIGN(auto stream, exec::SourceStream::open(frame, std::move(made), description));
    out.schema = stream.schema();
    while (out.cells.size() < limit || limit == 0) {
        JF_ASSIGN(const OwnedArray batch, stream.next(limit == 0 ? 65'536 : limit - out.cells.size() + 1));
        if (!batch)
            return out;
        add_rows(out, batch, limit);
    }
    if (!out.more) {
        JF_ASSIGN(const OwnedArray beyond, stream.next(1));
        out.more = static_cast<bool>(beyond);
    }
    return out;
}

Result<Rows> read_query_with(const Flow& flow, const std::string& name, const std::string& sql, Catalog& catalog, std::uint64_t limit, const std::shared_ptr<Quiet>& backend)
{
    CallFrame frame;
    frame.set_deadline_in(patience_ns);
    JF_ASSIGN(const auto connection, connect(flow, name, catalog, frame, backend));
    if (!connection)
        return fail(JF_E_CONFIG, "a query needs a connection");
    JF_ASSIGN(QueryStream stream, connection->query(frame, sql, {}, limit));
    JF_ASSIGN(const OwnedSchema schema, stream.schema());
    Rows out;
    JF_ASSIGN(out.schema, import_schema(*schema));
    while (true) {
        JF_ASSIGN(const OwnedArray batch, stream.next());
        if (!batch)
            return out;
        add_rows(out, batch, limit);
    }
}

} // namespace

void add_rows(Rows& rows, const OwnedArray& batch, std::uint64_t limit)
{
    if (rows.right.empty())
        for (const Field& field : rows.schema.fields)
            rows.right.push_back(is_number(field.type));
    JsonRows json(rows.schema);
    json.bind(*batch);
    for (std::int64_t row = 0; row < batch->length; ++row) {
        if (limit > 0 && rows.cells.size() >= limit) {
            rows.more = true;
            return;
        }
        boost::system::error_code wrong;
        boost::json::value value = boost::json::parse(json.text(row), wrong);
        std::vector<std::string> cells;
        if (!wrong && value.is_object())
            for (const auto& [name, member] : value.get_object())
                cells.push_back(member.is_null() ? "∅" : observe::one_line(member.is_string() ? std::string(member.get_string()) : boost::json::serialize(member)));
        rows.cells.push_back(std::move(cells));
        rows.values.push_back(std::move(value));
    }
}

Result<Rows> read_source(const Flow& flow, const Component& source, Catalog& catalog, std::uint64_t limit)
{
    const auto backend = std::make_shared<Quiet>();
    auto out = read_source_with(flow, source, catalog, limit, backend);
    if (!out)
        return backend->masker.mask(std::move(out).error());
    return out;
}

Result<Rows> read_query(const Flow& flow, const std::string& connection, const std::string& sql, Catalog& catalog, std::uint64_t limit)
{
    const auto backend = std::make_shared<Quiet>();
    auto out = read_query_with(flow, connection, sql, catalog, limit, backend);
    if (!out)
        return backend->masker.mask(std::move(out).error());
    return out;
}

} // namespace jackfield::cli

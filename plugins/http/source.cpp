// What the source can promise, and its readers.
#include "source.hpp"

namespace jackfield::http {
namespace {

[[nodiscard]] std::string pages_by(Paging by)
{
    switch (by) {
    case Paging::page: return "page by page";
    case Paging::offset: return "by offset";
    case Paging::cursor: return "from cursor to cursor";
    case Paging::link: return "along the Link header";
    case Paging::next: return "along the next address";
    case Paging::none: break;
    }
    return "one answer";
}

/// Why reading can, or cannot, go on in the middle.
[[nodiscard]] std::string repeats(const SourceSettings& settings)
{
    const std::string& field = settings.cursor.field;
    if (settings.cursor.ordered)
        return ", in the order of " + field + ": it goes on after any row";
    if (settings.paging.stable)
        return field.empty() ? ": its pages are stable, so it goes on at any row" : ", each run after the greatest " + field + "; its pages are stable, so a stopped run goes on at any row";
    if (settings.conditional && settings.can_replay())
        return ": it goes on at any row as long as ETag and Last-Modified are the same";
    if (!field.empty())
        return ", each run after the greatest " + field + "; a stopped run may bring rows again, since a page may be another one when it is asked for again";
    return ": a page may be another one when it is asked for again, so a stopped run starts over; incremental.ordered, pagination.stable or conditional would say otherwise";
}

} // namespace

Result<sdk::Description> HttpSource::describe(const sdk::Config& config, const sdk::Config* connection)
{
    JF_ASSIGN(const SourceSettings settings, read_source(config));
    sdk::Description out;
    const std::string address = address_of(settings.path, connection);
    out.capabilities = JF_BOUNDED | (settings.incremental() ? JF_INCREMENTAL : 0) | (settings.can_replay() ? JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL : 0);
    out.max_lanes = 1;
    out.digest_of = address;
    for (const auto& [name, value] : settings.query)
        out.digest_of += "\n" + name + "=" + value;
    out.digest_of += "\n" + settings.records + "\n" + pages_by(settings.paging.by) + "\n" + settings.cursor.field;
    out.sentence = "GET " + address + ", " + pages_by(settings.paging.by) + repeats(settings);
    return out;
}

Result<std::unique_ptr<HttpSource>> HttpSource::make(const sdk::Config& config, sdk::Host, HttpConnection* on)
{
    JF_ASSIGN(SourceSettings settings, read_source(config));
    JF_TRY(on->server().url.below(settings.path));
    return std::make_unique<HttpSource>(std::move(settings), *on);
}

Result<std::unique_ptr<sdk::Reader>> HttpSource::open(const sdk::Call&, const sdk::ReadRequest& request)
{
    HttpPosition from;
    std::optional<HttpPosition> until;
    if (!request.from.empty()) {
        JF_ASSIGN(from, HttpPosition::parse(request.from));
    }
    if (!request.until.empty()) {
        JF_ASSIGN(until, HttpPosition::parse(request.until));
    }
    auto reader = std::make_unique<HttpReader>(settings_, on_, std::move(from), std::move(until));
    JF_TRY(reader->begin());
    return std::unique_ptr<sdk::Reader>(std::move(reader));
}

Result<std::string> HttpSource::check(const sdk::Call& call)
{
    HttpReader reader(settings_, on_, {}, std::nullopt);
    JF_TRY(reader.begin());
    const auto schema = reader.schema(call);
    if (schema)
        return std::string("[]");
    const Error& error = schema.error();
    if (error.kind == JF_E_CANCELLED || error.kind == JF_E_TIMEOUT || error.message.empty()) // the host has said why
        return error;
    return R"([{"severity":"error","place":)" + sdk::json_string(error.where.empty() ? "path" : error.where) + R"(,"message":)" + sdk::json_string(error.message) + "}]";
}

} // namespace jackfield::http

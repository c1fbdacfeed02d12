// The options of source and sink.
#include "settings.hpp"

#include <algorithm>

namespace jackfield::http {
namespace {

const std::vector<std::string> paging_kinds = {"none", "page", "offset", "cursor", "link", "next"};

[[nodiscard]] sdk::Options paging_options()
{
    return sdk::Options()
        .text("by", "page and offset: numbers in a parameter; cursor: a text of the body in a parameter; link: the Link header's next; next: an address in the body",
            {.required = true, .one_of = {"page", "offset", "cursor", "link", "next"}})
        .text("parameter", "page, offset, cursor: name of the query parameter; default: the kind's own name")
        .text("path", "cursor, next: where the body names the next one; null, false, \"\" or nothing there ends it")
        .integer("start", "number of the first page or record; default 1 for page, 0 for offset", {.minimum = 0})
        .integer("size", "records of a page", {.minimum = 1})
        .text("size_parameter", "name of the query parameter that asks for size; default: size is not sent")
        .text("ends", "the last page is the first empty one, or the first with fewer than size records", {.fallback = "empty", .one_of = {"empty", "short"}})
        .text("more", "where the body says true or false: are there more pages?")
        .boolean("stable", "a page holds the same rows whenever it is asked for, so that a stopped run goes on where it was", false)
        .integer("max_pages", "a run that asks for more pages fails", {.fallback = 1'000'000, .minimum = 1});
}

[[nodiscard]] sdk::Options cursor_options()
{
    return sdk::Options()
        .text("field", "column that only grows; each run goes on after the greatest value of the last one", {.required = true})
        .text("parameter", "query parameter that takes that value; without one rows are only left out here")
        .text("start", "value of the parameter in the first run; default: it is not sent")
        .boolean("ordered", "the server gives rows in ascending order of the field, so that a stopped run goes on after any row", false)
        .text("bound", "does the server give rows that equal the parameter?", {.fallback = "inclusive", .one_of = {"inclusive", "exclusive"}})
        .text("as", "how times are written in the parameter", {.fallback = "iso", .one_of = {"iso", "unix", "unix_ms"}});
}

/// An option that is left out for other kinds of pagination is a fault there.
[[nodiscard]] Status only_for(const sdk::Config& config, const char* name, bool fits, std::string_view kinds)
{
    if (fits || !config.has(std::string("/pagination/") + name))
        return {};
    return fail(JF_E_CONFIG, std::string(name) + " is for pagination by " + std::string(kinds) + "; leave it out", std::string("pagination.") + name);
}

[[nodiscard]] Result<PagingSettings> read_paging(const sdk::Config& config, bool json)
{
    PagingSettings out;
    out.most = 1;
    if (!config.has("pagination"))
        return out;
    const std::string_view by = config.text("/pagination/by");
    out.by = static_cast<Paging>(std::find(paging_kinds.begin(), paging_kinds.end(), by) - paging_kinds.begin());
    const bool numbered = out.by == Paging::page || out.by == Paging::offset, in_body = out.by == Paging::cursor || out.by == Paging::next;
    JF_TRY(only_for(config, "parameter", numbered || out.by == Paging::cursor, "page, offset and cursor"));
    JF_TRY(only_for(config, "path", in_body, "cursor and next"));
    JF_TRY(only_for(config, "start", numbered, "page and offset"));
    out.path = config.text("/pagination/path");
    out.more = config.text("/pagination/more");
    if (in_body && out.path.empty())
        return fail(JF_E_CONFIG, "pagination by " + std::string(by) + " needs the path where the body names the next page", "pagination.path");
    if ((in_body || !out.more.empty()) && !json)
        return fail(JF_E_CONFIG, "only a JSON body can name its next page; use link, page or offset", in_body ? "pagination.by" : "pagination.more");
    out.parameter = config.has("/pagination/parameter") ? config.text("/pagination/parameter") : by;
    out.start = config.has("/pagination/start") ? config.integer("/pagination/start") : out.by == Paging::page ? 1 : 0;
    out.size = config.integer("/pagination/size");
    out.size_parameter = config.text("/pagination/size_parameter");
    out.short_ends = config.text("/pagination/ends") == "short";
    if (out.size == 0 && (out.short_ends || !out.size_parameter.empty()))
        return fail(JF_E_CONFIG, "how many records has a page? give size", "pagination.size");
    out.stable = config.boolean("/pagination/stable");
    out.most = config.has("/pagination/max_pages") ? config.integer("/pagination/max_pages") : 1'000'000;
    return out;
}

[[nodiscard]] CursorSettings read_cursor(const sdk::Config& config)
{
    CursorSettings out;
    out.field = config.text("/incremental/field");
    out.parameter = config.text("/incremental/parameter");
    out.start = config.text("/incremental/start");
    out.ordered = config.boolean("/incremental/ordered");
    out.exclusive = config.text("/incremental/bound") == "exclusive";
    const std::string_view as = config.text("/incremental/as");
    out.spelling = as == "unix" ? Spelling::unix_s : as == "unix_ms" ? Spelling::unix_ms : Spelling::iso;
    return out;
}

} // namespace

sdk::Options source_options()
{
    sdk::Options out;
    out.text("path", "behind the connection's url", {.fallback = ""})
        .texts_by_name("query", "query parameters")
        .texts_by_name("headers", "further headers")
        .text("format", "of the body", {.fallback = "json", .one_of = {"json", "ndjson", "csv"}})
        .text("compression", "of the body itself, as of a file that is served packed", {.fallback = "none", .one_of = {"none", "gzip", "zstd"}})
        .text("records", "JSON: where the records are, such as data.items or /data/items; default: the body is their array")
        .text("nested", "JSON: objects inside of records as JSON text, or as columns a_b", {.fallback = "text", .one_of = {"text", "flatten"}})
        .text("separator", "between the names of flattened columns", {.fallback = "_"})
        .group("pagination", "how one page leads to the next", paging_options())
        .group("incremental", "only what is new", cursor_options())
        .boolean("conditional", "remember ETag and Last-Modified: an answer that did not change brings no rows", false);
    files::add_text_options(out);
    return out;
}

Result<SourceSettings> read_source(const sdk::Config& config)
{
    SourceSettings out;
    out.path = config.text("path");
    JF_ASSIGN(out.query, read_pairs(config, "query"));
    JF_ASSIGN(out.headers, read_pairs(config, "headers"));
    const std::string_view format = config.text("format"), compression = config.text("compression");
    out.format = format == "csv" ? files::Format::csv : format == "ndjson" ? files::Format::ndjson : files::Format::json;
    out.compression = compression == "gzip" ? files::Compression::gzip : compression == "zstd" ? files::Compression::zstd : files::Compression::none;
    const bool json = out.format == files::Format::json;
    out.records = config.text("records");
    if (!json && !out.records.empty())
        return fail(JF_E_CONFIG, "records is a path in a JSON body; leave it out for " + std::string(format), "records");
    out.flatten = config.text("nested") == "flatten";
    if (out.flatten && out.format == files::Format::csv)
        return fail(JF_E_CONFIG, "CSV has no nested fields; leave nested out", "nested");
    if (config.has("separator"))
        out.separator = config.text("separator");
    JF_ASSIGN(out.paging, read_paging(config, json));
    out.cursor = read_cursor(config);
    if (out.cursor.ordered && out.paging.stable)
        return fail(JF_E_CONFIG, "rows go on after a value (incremental.ordered) or at a page (pagination.stable); choose one", "pagination.stable");
    out.conditional = config.boolean("conditional");
    if (out.conditional && out.paging.by != Paging::none && out.cursor.field.empty())
        return fail(JF_E_CONFIG, "pages change one by one, so conditional is for a source without pagination, or with incremental", "conditional");
    JF_ASSIGN(static_cast<files::TextSettings&>(out), files::read_text_settings(config, ','));
    out.json.lines = out.format == files::Format::ndjson;
    return out;
}

sdk::Options sink_options()
{
    return sdk::Options()
        .text("path", "behind the connection's url", {.fallback = ""})
        .texts_by_name("query", "query parameters")
        .texts_by_name("headers", "further headers")
        .text("method", "of the requests", {.fallback = "POST", .one_of = {"POST", "PUT", "PATCH"}})
        .text("format", "json: an array of the rows; ndjson: a row a line; object: one row a request", {.fallback = "json", .one_of = {"json", "ndjson", "object"}})
        .text("envelope", "JSON: the array is the member of that name of an object")
        .integer("rows", "at most so many rows in a request", {.fallback = 1000, .minimum = 1, .maximum = 1'000'000})
        .size("max_request", "largest body of a request", "8MiB")
        .size("max_epoch", "what one epoch may hold, since it is sent at its end", "256MiB")
        .text("key_header", "header with the key of a request, the same when it is repeated; empty: none", {.fallback = "Idempotency-Key"})
        .text("receiver", "what the receiver does with a request that it has had: takes it again (plain), knows it by its key (key), "
                          "or stores each row under an id of its own, so that nothing changes (rows)",
            {.fallback = "plain", .one_of = {"plain", "key", "rows"}})
        .text("refused", "rows that the receiver refuses with 400, 409, 413 or 422: fail the task, or go to the rejected rows", {.fallback = "fail", .one_of = {"fail", "reject"}});
}

Result<SinkSettings> read_sink(const sdk::Config& config)
{
    SinkSettings out;
    out.path = config.text("path");
    JF_ASSIGN(out.query, read_pairs(config, "query"));
    JF_ASSIGN(out.headers, read_pairs(config, "headers"));
    if (config.has("method"))
        out.method = config.text("method");
    const std::string_view format = config.text("format");
    out.layout = format == "ndjson" ? Layout::lines : format == "object" ? Layout::object : Layout::array;
    out.envelope = config.text("envelope");
    if (out.layout != Layout::array && !out.envelope.empty())
        return fail(JF_E_CONFIG, "an envelope is around an array; use format json, or leave it out", "envelope");
    out.rows = out.layout == Layout::object ? 1 : config.has("rows") ? static_cast<std::uint64_t>(config.integer("rows")) : 1000;
    out.max_request = static_cast<std::size_t>(config.size("max_request", 8 << 20));
    out.max_epoch = static_cast<std::size_t>(config.size("max_epoch", 256 << 20));
    if (out.max_request < 1024 || out.max_request > (std::size_t{1} << 30))
        return fail(JF_E_CONFIG, "max_request must lie between 1KiB and 1GiB", "max_request");
    out.key_header = config.has("key_header") ? config.text("key_header") : "Idempotency-Key";
    if (!out.key_header.empty())
        JF_TRY(check_header(out.key_header, "", "key_header"));
    const std::string_view receiver = config.text("receiver");
    out.receiver = receiver == "key" ? Receiver::key : receiver == "rows" ? Receiver::rows : Receiver::plain;
    if (out.receiver == Receiver::key && out.key_header.empty())
        return fail(JF_E_CONFIG, "a receiver that knows requests by their key needs key_header", "key_header");
    out.reject = config.text("refused") == "reject";
    return out;
}

} // namespace jackfield::http

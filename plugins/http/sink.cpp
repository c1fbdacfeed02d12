// Sending an epoch: cut into requests the same way each time, so that their keys are the same.
#include "sink.hpp"

#include <xxhash.h>

#include <algorithm>

namespace jackfield::http {
namespace {

/// 400, 413 and 422 are about what was sent, 409 about a row that is there.
[[nodiscard]] bool about_rows(int status) { return status == 400 || status == 409 || status == 413 || status == 422; }

[[nodiscard]] std::string scope_text(const sdk::Scope& scope)
{
    std::string out;
    for (const std::string_view part : {scope.flow, scope.task, scope.slice, scope.generation})
        out += std::string(part) + '\0';
    return out;
}

} // namespace

std::string request_key(std::string_view scope, std::uint64_t epoch, std::uint64_t first, std::uint64_t rows, std::string_view body)
{
    std::string all(scope);
    for (const std::uint64_t number : {epoch, first, rows})
        all += std::to_string(number) + '\0';
    all += body;
    const XXH128_hash_t digest = XXH3_128bits(all.data(), all.size());
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const std::uint64_t half : {digest.high64, digest.low64})
        for (int shift = 60; shift >= 0; shift -= 4)
            out += digits[half >> shift & 15];
    return out;
}

Result<sdk::Description> HttpSink::describe(const sdk::Config& config, const sdk::Config* connection)
{
    JF_ASSIGN(const SinkSettings settings, read_sink(config));
    sdk::Description out;
    const std::string address = address_of(settings.path, connection);
    out.max_lanes = 1;
    out.digest_of = settings.method + " " + address;
    out.sentence = settings.method + " " + address + " with up to " + std::to_string(settings.rows) + " rows a request";
    if (settings.receiver == Receiver::key) {
        out.capabilities = JF_DEDUPLICATES;
        out.sentence += "; the receiver takes a request with the same " + settings.key_header + " once";
    } else if (settings.receiver == Receiver::rows) {
        out.capabilities = JF_IDEMPOTENT;
        out.sentence += "; the receiver stores a row that comes again under the same id";
    } else {
        out.sentence += "; a request that is repeated is taken again";
    }
    return out;
}

Result<std::unique_ptr<HttpSink>> HttpSink::make(const sdk::Config& config, sdk::Host, HttpConnection* on)
{
    JF_ASSIGN(SinkSettings settings, read_sink(config));
    JF_TRY(on->server().url.below(settings.path));
    return std::make_unique<HttpSink>(std::move(settings), *on);
}

Result<std::unique_ptr<sdk::Writer>> HttpSink::open(const sdk::Call&, const sdk::WriteRequest& request)
{
    return std::make_unique<HttpWriter>(settings_, on_, scope_text(request.scope));
}

HttpWriter::HttpWriter(SinkSettings settings, HttpConnection& on, std::string scope) : settings_(std::move(settings)), on_(on), scope_(std::move(scope)) {}

Status HttpWriter::schema(const sdk::Call&, const Schema& schema)
{
    JF_ASSIGN(encoder_, files::make_encoder(files::Format::ndjson, schema, {}));
    return {};
}

Result<sdk::Outcome> HttpWriter::write(const sdk::Call&, std::uint64_t number, OwnedArray batch, const sdk::Rejects&)
{
    Buffer lines;
    encoder_->rows(*batch, rows_.empty(), lines);
    const std::string_view text(lines.as<char>(), lines.size());
    if (text_.size() + text.size() > settings_.max_epoch)
        return fail(JF_E_EXHAUSTED, "an epoch holds more than " + std::to_string(settings_.max_epoch) + " bytes; raise max_epoch, or lower the task's limits.epoch", "max_epoch");
    std::size_t at = text_.size();
    text_ += text;
    for (std::int64_t row = 0; at < text_.size(); ++row) {
        const std::size_t end = std::min(text_.find('\n', at), text_.size());
        rows_.push_back({at, end, number, row});
        at = end + 1;
    }
    return sdk::Outcome::done;
}

/// From `first` on: as many rows as a request may have.
HttpWriter::Span HttpWriter::next_request(std::size_t first) const
{
    std::size_t last = first;
    const std::size_t most = settings_.max_request - 64 - settings_.envelope.size() * 6; // what stands around the rows
    while (last < rows_.size() && last - first < settings_.rows && (last == first || rows_[last].end - rows_[first].start < most))
        ++last;
    return {first, last};
}

std::string HttpWriter::body_of(const Span& span) const
{
    const std::size_t start = rows_[span.first].start, end = rows_[span.last - 1].end;
    if (settings_.layout == Layout::object)
        return text_.substr(start, end - start);
    std::string out = settings_.layout == Layout::lines ? "" : settings_.envelope.empty() ? "[" : "{" + sdk::json_string(settings_.envelope) + ":[";
    out.append(text_, start, end - start);
    if (settings_.layout == Layout::lines)
        return out + "\n";
    for (std::size_t i = span.first; i + 1 < span.last; ++i)
        out[out.size() - (end - rows_[i].end)] = ','; // was a line end
    return out + (settings_.envelope.empty() ? "]" : "]}");
}

Result<Answer> HttpWriter::post(const sdk::Call& call, const Span& span)
{
    body_ = body_of(span);
    Outgoing request;
    request.method = settings_.method;
    JF_ASSIGN(request.url, on_.server().url.below(settings_.path));
    for (const auto& [name, value] : settings_.query)
        request.url = request.url.with(name, value);
    request.headers = settings_.headers;
    request.headers.emplace_back("Content-Type", settings_.layout == Layout::lines ? "application/x-ndjson" : "application/json");
    if (!settings_.key_header.empty())
        request.headers.emplace_back(settings_.key_header, request_key(scope_, epoch_, span.first, span.last - span.first, body_));
    request.body = &body_;
    Exchange exchange(on_, std::move(request), {.repeatable = settings_.receiver != Receiver::plain});
    JF_ASSIGN(const bool done, exchange.run(call, call.deadline_ns(), stops_));
    if (!done)
        return fail(JF_E_TIMEOUT, on_.server().url.shown() + " has not answered yet; nobody knows whether it took the rows");
    Answer answer = exchange.take();
    refusal_ = exchange.refusal(answer);
    return answer;
}

Status HttpWriter::send(const sdk::Call& call, const Span& span, const sdk::Rejects& rejects)
{
    if (call.cancelled())
        return fail(JF_E_CANCELLED, "sending was cancelled");
    JF_ASSIGN(const Answer answer, post(call, span));
    if (answer.status >= 200 && answer.status < 300)
        return {};
    if (answer.status == 409 && settings_.receiver == Receiver::key)
        return {}; // it has had this key
    return refused(call, span, answer, rejects);
}

/// Halves a refused request until the rows at fault are alone, and rejects them; or fails.
Status HttpWriter::refused(const sdk::Call& call, const Span& span, const Answer& answer, const sdk::Rejects& rejects)
{
    const bool halves = settings_.reject && about_rows(answer.status);
    if (!halves && answer.status != 413) {
        Error error = refusal_;
        if (about_rows(answer.status))
            error.kind = JF_E_DATA;
        return error;
    }
    if (span.last - span.first > 1) {
        const std::size_t middle = span.first + (span.last - span.first) / 2;
        JF_TRY(send(call, {span.first, middle}, rejects));
        return send(call, {middle, span.last}, rejects);
    }
    const Row& row = rows_[span.first];
    if (!settings_.reject)
        return fail(JF_E_DATA, "a row of " + std::to_string(row.end - row.start) + " bytes is too large: " + refusal_.message);
    ++rejected_;
    return rejects.add({.message = refusal_.message, .code = refusal_.code, .record = std::string_view(text_).substr(row.start, std::min<std::size_t>(row.end - row.start, 64 << 10)), .write = row.write, .row = row.row});
}

Result<sdk::Outcome> HttpWriter::commit(const sdk::Call& call, const sdk::Commit& commit, const sdk::Rejects& rejects)
{
    epoch_ = commit.epoch;
    rejected_ = 0;
    for (std::size_t first = 0; first < rows_.size();) {
        const Span span = next_request(first);
        JF_TRY(send(call, span, rejects));
        first = span.last;
    }
    forget();
    return rejected_ ? sdk::Outcome::rejected : sdk::Outcome::done;
}

Status HttpWriter::abort(const sdk::Call&)
{
    forget();
    return {};
}

void HttpWriter::forget()
{
    text_.clear();
    rows_.clear();
}

} // namespace jackfield::http

// The way through the pages.
#include "reader.hpp"

#include <algorithm>

namespace jackfield::http {
namespace {

constexpr std::int64_t margin_ns = 20'000'000; // to be back by the deadline

[[nodiscard]] bool same_types(const std::vector<files::DeclaredColumn>& declared, const Schema& schema)
{
    return std::all_of(declared.begin(), declared.end(), [&](const files::DeclaredColumn& column) {
        const auto at = schema.find(column.name);
        return at && schema[*at].type.text() == column.type.text();
    });
}

} // namespace

HttpReader::HttpReader(SourceSettings settings, HttpConnection& on, HttpPosition from, std::optional<HttpPosition> until)
    : settings_(std::move(settings)), on_(on), from_(std::move(from)), until_(std::move(until)), base_(from_.base), seen_(from_.seen.top ? from_.seen : from_.base)
{
    base_left_ = base_.at_top;
    if (until_)
        until_left_ = until_->base.at_top;
    if (from_.schema && same_types(settings_.columns, *from_.schema))
        schema_ = from_.schema;
}

Result<Url> HttpReader::first_url() const
{
    JF_ASSIGN(Url url, on_.server().url.below(settings_.path));
    for (const auto& [name, value] : settings_.query)
        url = url.with(name, value);
    const std::string* reached = base_.parameter(settings_.cursor.exclusive);
    const std::string& value = reached ? *reached : settings_.cursor.start;
    if (!settings_.cursor.parameter.empty() && !value.empty())
        url = url.with(settings_.cursor.parameter, value);
    return url;
}

Status HttpReader::begin()
{
    JF_ASSIGN(const Url first, first_url());
    validator_.url = files::digest_of(first.text());
    pager_.emplace(settings_.paging, first);
    if (from_.in_page)
        JF_TRY(pager_->go_to(from_.page));
    // Without columns there would be nothing to tell of an answer that did not change.
    asks_if_changed_ = settings_.conditional && from_.ended && !from_.validator.empty() && from_.validator.url == validator_.url && (schema_ || !settings_.columns.empty());
    if (asks_if_changed_ && !schema_) {
        schema_.emplace();
        for (const files::DeclaredColumn& column : settings_.columns)
            schema_->fields.push_back({column.name, column.type});
    }
    return {};
}

/// Whether positions name a place in a page, rather than a value or the start of the run.
bool HttpReader::counts_in_pages() const
{
    if (settings_.cursor.ordered)
        return false;
    const bool numbered = settings_.paging.by == Paging::page || settings_.paging.by == Paging::offset || settings_.paging.by == Paging::none;
    return settings_.can_replay() || settings_.cursor.field.empty() || !numbered;
}

Outgoing HttpReader::request() const
{
    Outgoing out;
    out.url = pager_->url();
    out.headers = settings_.headers;
    if (asks_if_changed_ && first_page_) {
        if (!from_.validator.etag.empty())
            out.headers.emplace_back("If-None-Match", from_.validator.etag);
        if (!from_.validator.modified.empty())
            out.headers.emplace_back("If-Modified-Since", from_.validator.modified);
    }
    return out;
}

Result<Schema> HttpReader::schema(const sdk::Call& call)
{
    if (schema_)
        return *schema_;
    if (!page_) {
        JF_ASSIGN(const bool there, load(call, call.deadline_ns()));
        if (!there)
            return fail(JF_E_TIMEOUT, pager_->url().shown() + " has not answered yet");
    }
    return *schema_;
}

/// Gets the page that pager_ names. false: not there yet.
Result<bool> HttpReader::load(const sdk::Call& call, std::int64_t until_ns)
{
    if (!exchange_) {
        JF_TRY(on_.allows(pager_->url()));
        exchange_.emplace(on_, request());
    }
    auto done = exchange_->run(call, until_ns, stops_);
    if (!done && done.error().kind == JF_E_CANCELLED)
        return std::move(done).error(); // what was begun may be gone on with
    if (done && !*done)
        return false;
    if (!done) {
        exchange_.reset();
        return std::move(done).error();
    }
    Answer answer = exchange_->take();
    const bool unchanged = answer.status == 304 && asks_if_changed_ && first_page_;
    const bool good = answer.status >= 200 && answer.status < 300 && answer.status != 206;
    Error refusal = exchange_->refusal(answer);
    exchange_.reset();
    if (!good && !unchanged)
        return refusal;
    if (unchanged) {
        validator_ = from_.validator;
        over_ = told_end_ = true;
        return true;
    }
    JF_TRY(came(std::move(answer)));
    return true;
}

Status HttpReader::check_validator(const Answer& answer)
{
    Validator now;
    now.url = validator_.url;
    if (const std::string* etag = answer.header("etag"))
        now.etag = *etag;
    if (const std::string* modified = answer.header("last-modified"))
        now.modified = *modified;
    validator_ = now;
    const bool replays_by_it = settings_.conditional && settings_.can_replay();
    if (replays_by_it && now.empty())
        return fail(JF_E_CONFIG, answer.url.shown() + " gives neither ETag nor Last-Modified, so nobody can tell whether it changed; leave out conditional", "conditional");
    if (replays_by_it && from_.in_page && !(now == from_.validator))
        return fail(JF_E_POSITION, answer.url.shown() + " has changed since a part of it was read; start over with jackfield reset, or --full-refresh");
    return {};
}

Status HttpReader::came(Answer answer)
{
    ++pages_;
    bytes_ += answer.bytes;
    if (first_page_ && settings_.conditional)
        JF_TRY(check_validator(answer));
    if (settings_.compression != files::Compression::none) {
        auto text = decoded_body(std::move(answer.body), settings_.compression == files::Compression::gzip ? "gzip" : "zstd", on_.server().max_body);
        if (!text)
            return std::move(text).error().at("compression");
        answer.body = *std::move(text);
    }
    const std::string name = answer.url.shown();
    const std::optional<std::string> separator = settings_.flatten ? std::optional(settings_.separator) : std::nullopt;
    const bool nothing = answer.status == 204 || answer.body.find_first_not_of(" \t\r\n") == answer.body.npos;
    if (settings_.format != files::Format::json || (nothing && schema_)) {
        JF_TRY(pager_->came(answer, nullptr));
        std::string text = settings_.format == files::Format::ndjson && separator ? flatten_lines(answer.body, *separator, on_.server().max_depth) : std::move(answer.body);
        return open_page(answer, std::move(text));
    }
    auto body = JsonBody::read(answer.body, on_.server().max_depth);
    auto text = body ? body->records(settings_.records, separator) : Result<std::string>(std::string());
    for (Error* error : {body ? nullptr : &body.error(), text ? nullptr : &text.error()})
        if (error) {
            error->message = name + ": " + error->message;
            return std::move(*error);
        }
    JF_TRY(pager_->came(answer, &*body));
    // Some servers leave it out on the last page, so it is no fault; but it may be a slip of the pen.
    if (pages_ == 1 && !settings_.paging.path.empty() && !body->at(settings_.paging.path))
        on_.host().warn("the first answer of " + name + " has no '" + settings_.paging.path + "', so it is taken for the only page; if there are more, check pagination.path");
    return open_page(answer, *std::move(text));
}

Status HttpReader::open_page(const Answer& answer, std::string text)
{
    JF_ASSIGN(page_, Page::open(settings_, std::move(text), answer.url.shown(), schema_));
    if (!schema_)
        schema_ = page_->schema();
    if (!settings_.cursor.field.empty()) {
        const auto at = schema_->find(settings_.cursor.field);
        if (!at) {
            std::string names;
            for (std::size_t i = 0; i < schema_->size() && i < 12; ++i)
                names += (i ? ", " : "") + (*schema_)[i].name;
            return fail(JF_E_CONFIG, "there is no column '" + settings_.cursor.field + "'; there are: " + names, "incremental.field");
        }
        field_ = *at;
    }
    if (first_page_ && from_.in_page)
        JF_TRY(page_->skip(from_.good, from_.bad));
    first_page_ = false;
    return {};
}

/// Rows that may be read before `until` is reached.
std::uint64_t HttpReader::rows_left(std::uint64_t most) const
{
    if (!until_ || !until_->in_page || until_->page != pager_->page())
        return most;
    return std::min(most, until_->good > page_->good() ? until_->good - page_->good() : 0);
}

Status HttpReader::turn_page()
{
    const std::uint64_t records = page_->good() + page_->bad();
    page_.reset();
    JF_ASSIGN(const bool more, pager_->advance(records));
    over_ = !more;
    return {};
}

/// A batch from the page that is there. false: nothing new in this step.
Result<bool> HttpReader::read(const sdk::Limits& limits, sdk::BatchOut& out)
{
    const std::uint64_t rows = rows_left(limits.max_rows);
    if (rows == 0) {
        over_ = told_end_ = true;
        page_.reset();
        return false;
    }
    JF_ASSIGN(const bool more, page_->read({rows, limits.max_bytes ? limits.max_bytes : files::ReadLimits{}.bytes}, out.rejects, out.array));
    if (!more) {
        JF_TRY(turn_page());
        return false;
    }
    if (!settings_.cursor.field.empty())
        JF_TRY(keep_new(out.array, out.rejects));
    if (out.array->length == 0)
        return false;
    out.position.bytes = position();
    out.bytes = std::exchange(bytes_, 0);
    return true;
}

Result<sdk::Next> HttpReader::next(const sdk::Call& call, const sdk::Limits& limits, sdk::BatchOut& out)
{
    if (limits.max_rows == 0)
        return sdk::Next::idle;
    const std::int64_t until_ns = call.deadline_ns() == INT64_MAX ? INT64_MAX : call.deadline_ns() - margin_ns;
    for (;;) {
        if (call.cancelled())
            return fail(JF_E_CANCELLED, "reading " + pager_->url().shown() + " was cancelled");
        if (page_) {
            JF_ASSIGN(const bool there, read(limits, out));
            if (there)
                return sdk::Next::batch;
        } else if (!over_) {
            JF_ASSIGN(const bool there, load(call, until_ns));
            if (!there)
                return sdk::Next::idle;
        } else if (told_end_ || !(settings_.conditional || (!settings_.cursor.field.empty() && !settings_.cursor.ordered))) {
            return sdk::Next::end;
        } else { // no row, but the place from which the next run goes on
            told_end_ = true;
            BatchBuilder empty(*schema_);
            JF_ASSIGN(out.array, empty.finish());
            out.position.bytes = last_position();
            return sdk::Next::batch;
        }
    }
}

std::string HttpReader::position() const
{
    HttpPosition out;
    out.schema = schema_;
    if (settings_.cursor.ordered) {
        out.base = seen_;
        return out.bytes();
    }
    out.base = base_;
    if (!counts_in_pages())
        return out.bytes(); // a stopped run looks through everything again, from the same value on
    out.in_page = true;
    out.page = pager_->page();
    out.good = page_->good();
    out.bad = page_->bad();
    out.validator = validator_;
    if (!settings_.cursor.field.empty())
        out.seen = seen_;
    return out.bytes();
}

/// Of a run that saw everything.
std::string HttpReader::last_position() const
{
    HttpPosition out;
    out.ended = true;
    out.schema = schema_;
    out.base = seen_;
    // Pages behind the first may change while it does not.
    if (settings_.conditional && pages_ == 1 && !from_.in_page)
        out.validator = validator_;
    if (settings_.conditional && settings_.can_replay())
        out.validator = validator_;
    return out.bytes();
}

} // namespace jackfield::http

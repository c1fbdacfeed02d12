// From page to page, and out of circles.
#include "pager.hpp"

#include "support/decode/input.hpp"

#include <charconv>

namespace jackfield::http {
namespace {

constexpr std::size_t most_name = 8 << 10;

[[nodiscard]] std::optional<std::int64_t> number_of(const std::string& text)
{
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size() || out < 0)
        return std::nullopt;
    return out;
}

} // namespace

Pager::Pager(PagingSettings settings, Url first) : settings_(std::move(settings)), first_(std::move(first))
{
    if (settings_.by == Paging::page || settings_.by == Paging::offset)
        name_ = std::to_string(settings_.start);
    if (!settings_.size_parameter.empty())
        first_ = first_.with(settings_.size_parameter, std::to_string(settings_.size));
    if (auto url = url_of(name_))
        url_ = *std::move(url);
}

Result<Url> Pager::url_of(const std::string& name) const
{
    switch (settings_.by) {
    case Paging::none: return first_;
    case Paging::link: case Paging::next: return name.empty() ? Result<Url>(first_) : first_.resolve(name);
    case Paging::page: case Paging::offset: case Paging::cursor: break;
    }
    return name.empty() ? first_ : first_.with(settings_.parameter, name);
}

Status Pager::go_to(const std::string& name)
{
    const bool numbered = settings_.by == Paging::page || settings_.by == Paging::offset;
    auto url = url_of(name);
    if (!url || (numbered && !number_of(name)) || (settings_.by == Paging::none && !name.empty()))
        return fail(JF_E_POSITION, "the stored position does not belong to this pagination; start over with --full-refresh", "pagination");
    name_ = name;
    url_ = *std::move(url);
    return {};
}

Status Pager::came(const Answer& answer, const JsonBody* body)
{
    ++pages_;
    next_.reset();
    more_.reset();
    body_digest_ = files::digest_of(answer.body);
    if (settings_.by == Paging::link) {
        if (const auto link = next_link(answer)) {
            JF_ASSIGN(const Url url, answer.url.resolve(*link));
            next_ = url.text();
        }
    }
    if (!body)
        return {};
    if (settings_.by == Paging::cursor || settings_.by == Paging::next) {
        JF_ASSIGN(next_, body->scalar(settings_.path));
        if (next_ && settings_.by == Paging::next) {
            JF_ASSIGN(const Url url, answer.url.resolve(*next_));
            next_ = url.text();
        }
    }
    if (settings_.more.empty())
        return {};
    const auto more = body->at(settings_.more);
    if (!more || (*more != "true" && *more != "false" && *more != "null"))
        return fail(JF_E_DATA, "'" + settings_.more + "' of the answer is " + (more ? std::string(more->substr(0, 40)) : "not there") + ", neither true nor false", "pagination.more");
    more_ = *more == "true";
    return {};
}

Result<bool> Pager::move_to(std::string name)
{
    if (!seen_.insert(files::digest_of(name_)).second || seen_.contains(files::digest_of(name)))
        return fail(JF_E_DATA, "the pages go round in a circle: " + url_.shown() + " leads to one that was read already", "pagination");
    if (pages_ >= settings_.most)
        return fail(JF_E_DATA, "there are more than " + std::to_string(settings_.most) + " pages; raise max_pages if that is meant", "pagination.max_pages");
    if (name.size() > most_name)
        return fail(JF_E_DATA, "the name of the next page has " + std::to_string(name.size()) + " bytes, more than a position can hold", "pagination");
    JF_ASSIGN(url_, url_of(name));
    name_ = std::move(name);
    return true;
}

Result<bool> Pager::advance(std::uint64_t records)
{
    if (settings_.by == Paging::none || more_ == false)
        return false;
    if (settings_.by != Paging::page && settings_.by != Paging::offset)
        return next_ ? move_to(*next_) : Result<bool>(false);
    if (records == 0 || (settings_.short_ends && records < static_cast<std::uint64_t>(settings_.size)))
        return false;
    if (pages_ > 1 && body_digest_ == last_digest_)
        return fail(JF_E_DATA, "page " + name_ + " equals the one before it, byte for byte; does the server know the parameter '" + settings_.parameter + "'?", "pagination.parameter");
    last_digest_ = body_digest_;
    const std::int64_t step = settings_.by == Paging::page ? 1 : static_cast<std::int64_t>(records);
    return move_to(std::to_string(number_of(name_).value_or(0) + step));
}

} // namespace jackfield::http

// Members: reads one JSON object of a flow member by member, and knows at the end which of them nobody asked for.
#include "flow/json_view.hpp"
#include "members.hpp"

#include "template.hpp"
#include "units.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace jackfield {

namespace json = boost::json;

Members::Members(ReadContext& context, Spot spot, const json::value& value)
    : context_(context), spot_(std::move(spot)), object_(value.if_object())
{
    if (object_ == nullptr)
        spot_.fault(context_, "expected an object, got " + shown(value));
}

const json::value* Members::take(std::string_view name)
{
    if (std::find(known_.begin(), known_.end(), name) == known_.end())
        known_.emplace_back(name);
    return object_ != nullptr ? object_->if_contains(name) : nullptr;
}

bool Members::has(std::string_view name) const
{
    return object_ != nullptr && object_->contains(name);
}

bool Members::pending(const json::value& value)
{
    if (!value.is_string() || !has_references(view(value.get_string())))
        return false;
    context_.deferred = true;
    return true;
}

void Members::wrong(std::string_view name, std::string_view expected, const json::value& value)
{
    at(name).fault(context_, "expected " + std::string(expected) + ", got " + shown(value));
}

std::optional<std::string> Members::text(std::string_view name, bool required)
{
    const auto* value = take(name);
    if (value == nullptr) {
        if (required && object_ != nullptr)
            at(name).fault(context_, "is missing; expected a string");
        return {};
    }
    if (pending(*value))
        return std::string(view(value->get_string()));
    if (!value->is_string()) {
        wrong(name, "a string", *value);
        return {};
    }
    auto out = plain_text(view(value->get_string()));
    if (out.empty() && required) {
        at(name).fault(context_, "must not be empty");
        return {};
    }
    return out;
}

std::optional<std::string> Members::name_of_thing(std::string_view name)
{
    auto out = text(name, true);
    if (!out || is_name(*out))
        return out;
    at(name).fault(context_, in_quotes(*out) + " is no name; a name is a letter, then letters, digits, '_' or '-', at most 64");
    return {};
}

std::optional<Duration> Members::duration(std::string_view name, bool zero_is_good)
{
    const auto* value = take(name);
    if (value == nullptr || pending(*value))
        return {};
    if (!value->is_string()) {
        const auto guess = value->is_number() ? "; write \"" + number_text(*value) + "s\" for seconds" : std::string();
        at(name).fault(context_, "expected a duration such as \"10m\", got " + shown(*value) + guess);
        return {};
    }
    const auto words = plain_text(view(value->get_string()));
    const auto out = parse_duration(words);
    if (!out)
        at(name).fault(context_, no_duration(words));
    else if (out->count() == 0 && !zero_is_good)
        at(name).fault(context_, "must be more than 0");
    return out;
}

std::optional<std::uint64_t> Members::size(std::string_view name)
{
    const auto* value = take(name);
    if (value == nullptr || pending(*value))
        return {};
    if (value->is_int64() && value->get_int64() > 0)
        return static_cast<std::uint64_t>(value->get_int64());
    if (!value->is_string()) {
        wrong(name, "a size such as \"64MB\"", *value);
        return {};
    }
    const auto words = plain_text(view(value->get_string()));
    const auto out = parse_size(words);
    if (!out)
        at(name).fault(context_, no_size(words));
    else if (*out == 0)
        at(name).fault(context_, "must be more than 0");
    return out;
}

std::optional<std::int64_t> Members::whole(std::string_view name, std::int64_t least, std::int64_t most)
{
    const auto* value = take(name);
    if (value == nullptr || pending(*value))
        return {};
    if (!value->is_int64()) {
        wrong(name, "a whole number", *value);
        return {};
    }
    const auto out = value->get_int64();
    if (out >= least && out <= most)
        return out;
    at(name).fault(context_, (out < least ? "must be at least " + std::to_string(least) : "must be at most " + std::to_string(most)) +
                                 "; got " + std::to_string(out));
    return {};
}

std::optional<double> Members::number(std::string_view name, double least, double most)
{
    const auto* value = take(name);
    if (value == nullptr || pending(*value))
        return {};
    if (!value->is_number()) {
        wrong(name, "a number", *value);
        return {};
    }
    const auto out = value->to_number<double>();
    if (out >= least && out <= most)
        return out;
    at(name).fault(context_, (out < least ? "must be at least " + number_text(json::value(least))
                                          : "must be at most " + number_text(json::value(most))) +
                                 "; got " + shown(*value));
    return {};
}

std::optional<bool> Members::flag(std::string_view name)
{
    const auto* value = take(name);
    if (value == nullptr || pending(*value))
        return {};
    if (value->is_bool())
        return value->get_bool();
    wrong(name, "true or false", *value);
    return {};
}

std::optional<std::size_t> Members::choice(std::string_view name, const std::vector<std::string>& choices)
{
    const auto* value = take(name);
    if (value == nullptr || pending(*value))
        return {};
    if (value->is_string()) {
        const auto found = std::find(choices.begin(), choices.end(), plain_text(view(value->get_string())));
        if (found != choices.end())
            return static_cast<std::size_t>(found - choices.begin());
    }
    at(name).fault(context_, "expected one of: " + listed(choices) + "; got " + shown(*value));
    return {};
}

std::optional<json::object> Members::object(std::string_view name)
{
    const auto* value = take(name);
    if (value == nullptr)
        return {};
    if (!value->is_object()) {
        wrong(name, "an object", *value);
        return {};
    }
    std::set<std::string> deferred;
    auto out = jackfield::finish(*value, {}, deferred).get_object();
    context_.deferred = context_.deferred || !deferred.empty();
    return out;
}

std::vector<std::pair<Spot, const json::value*>> Members::list(std::string_view name)
{
    std::vector<std::pair<Spot, const json::value*>> out;
    const auto* value = take(name);
    if (value == nullptr)
        return out;
    if (!value->is_array()) {
        wrong(name, "a list", *value);
        return out;
    }
    const auto& elements = value->get_array();
    for (std::size_t i = 0; i < elements.size(); ++i)
        out.emplace_back(at(name) / i, &elements[i]);
    return out;
}

json::object Members::rest() const
{
    json::object out;
    if (object_ != nullptr)
        for (const auto& [name, value] : *object_)
            if (std::find(known_.begin(), known_.end(), view(name)) == known_.end())
                out[name] = value;
    return out;
}

void Members::finish(std::string_view plural)
{
    const auto singular = plural.substr(0, plural.size() - 1);
    for (const auto& entry : rest())
        at(view(entry.key())).fault(context_, "unknown " + std::string(singular) + "; " + remedy(view(entry.key()), known_, plural),
                                    JsonText::Part::key);
}

} // namespace jackfield

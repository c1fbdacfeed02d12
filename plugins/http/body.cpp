// Walking over the tokens of JSON text.
#include "body.hpp"

#include <jackfield/sdk/text.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace jackfield::http {
namespace {

constexpr std::size_t padding = 64; // what JsonIndex reads behind the text
constexpr int deepest = 512;        // of skip_json_value

/// What a body that is no JSON starts with, for a message.
[[nodiscard]] std::string start_of(std::string_view text)
{
    std::string out;
    for (const char c : text.substr(0, 60))
        out += c >= 0x20 && c < 0x7F ? c : ' ';
    return out;
}

[[nodiscard]] int nesting(const files::JsonTokens& tokens, std::size_t count)
{
    int depth = 0, most = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const char c = tokens.at(i);
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        most = std::max(most, depth);
    }
    return most;
}

} // namespace

std::vector<std::string> path_steps(std::string_view path)
{
    std::vector<std::string> out;
    const bool pointer = !path.empty() && path.front() == '/';
    if (pointer)
        path.remove_prefix(1);
    if (path.empty() && !pointer)
        return out;
    for (;;) {
        const std::size_t end = path.find(pointer ? '/' : '.');
        std::string step(path.substr(0, end));
        for (std::size_t at = 0; pointer && (at = step.find('~', at)) != step.npos; ++at)
            step.replace(at, 2, step.compare(at, 2, "~1") == 0 ? "/" : "~");
        out.push_back(std::move(step));
        if (end == path.npos)
            return out;
        path.remove_prefix(end + 1);
    }
}

Result<JsonBody> JsonBody::read(std::string text, int max_depth)
{
    JsonBody out;
    out.text_ = std::move(text);
    if (out.text_.compare(0, 3, "\xEF\xBB\xBF") == 0)
        out.text_.erase(0, 3);
    out.size_ = out.text_.size();
    out.text_.append(padding, '\0');
    const auto state = out.index_.build(out.text_.data(), out.size_);
    const auto refuse = [&](const std::string& why) { return fail(JF_E_DATA, "the answer is no JSON: " + why); };
    if (state == files::JsonIndex::State::encoding)
        return refuse("it is not UTF-8");
    if (state == files::JsonIndex::State::failed)
        return fail(JF_E_EXHAUSTED, "out of memory for an answer of " + std::to_string(out.size_) + " bytes");
    if (state != files::JsonIndex::State::ok)
        return refuse(state == files::JsonIndex::State::control ? "a string holds a control character that is not escaped" : "a string is not closed");
    if (out.index_.size() == 0)
        return refuse("it is empty");
    const files::JsonTokens tokens = out.tokens();
    // skip_json_value counts up to its own limit.
    if (files::skip_json_value(tokens, 0, deepest - max_depth) == out.index_.size())
        return out;
    if (nesting(tokens, out.index_.size()) > max_depth)
        return fail(JF_E_DATA, "the answer is nested deeper than " + std::to_string(max_depth) + " levels; raise max_depth if that is meant", "max_depth");
    return refuse("it starts with \"" + start_of({out.text_.data(), out.size_}) + "\"; check path and format");
}

std::optional<JsonBody::Place> JsonBody::member(std::size_t object, std::string_view name) const
{
    const files::JsonTokens all = tokens();
    std::string key;
    for (std::size_t i = object + 1; all.at(i) == '"'; ++i) {
        const std::size_t next = files::skip_json_value(all, i + 2);
        key.clear();
        if (files::unescape_json(all.between(i, i + 1), key) && key == name)
            return Place{i + 2, next};
        if (all.at(next) != ',')
            break;
        i = next;
    }
    return std::nullopt;
}

std::optional<JsonBody::Place> JsonBody::element(std::size_t array, std::string_view number) const
{
    std::size_t wanted = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), wanted);
    if (error != std::errc() || end != number.data() + number.size())
        return std::nullopt;
    const files::JsonTokens all = tokens();
    for (std::size_t i = array + 1; all.at(i) != ']'; ++i) {
        const std::size_t next = files::skip_json_value(all, i);
        if (wanted-- == 0)
            return Place{i, next};
        if (all.at(next) != ',')
            break;
        i = next;
    }
    return std::nullopt;
}

/// `taken`: how many steps led somewhere.
std::optional<JsonBody::Place> JsonBody::find(const std::vector<std::string>& steps, std::size_t& taken) const
{
    Place place{0, index_.size()};
    for (taken = 0; taken < steps.size(); ++taken) {
        const char open = tokens().at(place.first);
        const auto found = open == '{' ? member(place.first, steps[taken]) : open == '[' ? element(place.first, steps[taken]) : std::nullopt;
        if (!found)
            return std::nullopt;
        place = *found;
    }
    return place;
}

std::optional<std::string_view> JsonBody::at(std::string_view path) const
{
    std::size_t taken = 0;
    const auto place = find(path_steps(path), taken);
    if (!place)
        return std::nullopt;
    return tokens().between(place->first, place->next);
}

Result<std::optional<std::string>> JsonBody::scalar(std::string_view path) const
{
    const auto token = at(path);
    if (!token || *token == "null" || *token == "false" || *token == "\"\"")
        return std::optional<std::string>();
    std::string out;
    if (token->front() == '"' ? files::unescape_json(*token, out) : files::valid_json_number(*token))
        return std::optional<std::string>(out.empty() ? std::string(*token) : std::move(out));
    return fail(JF_E_DATA, "'" + std::string(path) + "' of the answer is " + std::string(token->substr(0, 40)) + ", which leads to no next page; a text or number does", "pagination.path");
}

std::string JsonBody::names_in(std::size_t object) const
{
    const files::JsonTokens all = tokens();
    if (all.at(object) != '{')
        return all.at(object) == '[' ? "an array" : std::string(all.between(object, object + 1).substr(0, 40));
    std::string out;
    std::size_t count = 0;
    for (std::size_t i = object + 1; all.at(i) == '"'; ++i) {
        const std::size_t next = files::skip_json_value(all, i + 2);
        if (++count > 8)
            return out + ", …";
        out += (out.empty() ? "" : ", ") + std::string(all.between(i, i + 1).substr(0, 60));
        if (all.at(next) != ',')
            break;
        i = next;
    }
    return out.empty() ? "nothing" : out;
}

void JsonBody::flatten(std::size_t object, const std::string& prefix, std::string_view separator, std::string& out) const
{
    const files::JsonTokens all = tokens();
    for (std::size_t i = object + 1; all.at(i) == '"'; ++i) {
        const std::size_t next = files::skip_json_value(all, i + 2);
        const std::string_view name = all.between(i, i + 1);
        const std::string key = prefix + std::string(name.substr(1, name.size() - 2)); // escapes stay as they are
        if (all.at(i + 2) == '{' && all.at(i + 3) != '}')
            flatten(i + 2, key + std::string(separator), separator, out);
        else
            out.append(out.back() == '{' ? "\"" : ",\"").append(key).append("\":").append(all.between(i + 2, next));
        if (all.at(next) != ',')
            break;
        i = next;
    }
}

Result<std::string> JsonBody::records(std::string_view path, const std::optional<std::string>& separator) const
{
    const auto steps = path_steps(path);
    std::size_t taken = 0;
    const auto place = find(steps, taken);
    const files::JsonTokens all = tokens();
    if (!place) {
        std::size_t ignored = 0;
        const auto before = find({steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(taken)}, ignored);
        const std::string where = taken ? "at '" + steps[taken - 1] + "' " : "";
        return fail(JF_E_DATA, "the answer has no '" + std::string(path) + "'; " + where + "there is " + names_in(before->first), "records");
    }
    const std::string_view text = all.between(place->first, place->next);
    const char open = all.at(place->first);
    if (text == "null")
        return std::string("[]");
    if (open != '[' && open != '{')
        return fail(JF_E_DATA, "records are objects, but '" + std::string(path) + "' of the answer is " + std::string(text.substr(0, 40)), "records");
    if (!separator)
        return open == '[' ? std::string(text) : "[" + std::string(text) + "]";
    return flattened(*place, *separator);
}

/// The objects of an array, or one object, each with its inner objects as fields of its own.
std::string JsonBody::flattened(const Place& place, const std::string& separator) const
{
    const files::JsonTokens all = tokens();
    std::string quoted; // the separator as it stands inside of a JSON string
    sdk::append_json_string(quoted, separator);
    const std::string inner = quoted.substr(1, quoted.size() - 2);
    std::string out = "[";
    const auto add = [&](std::size_t first, std::size_t next) {
        out += out.size() > 1 ? ",\n" : "";
        if (all.at(first) != '{') {
            out += all.between(first, next);
            return;
        }
        out += '{';
        flatten(first, "", inner, out);
        out += '}';
    };
    if (all.at(place.first) == '{')
        add(place.first, place.next);
    for (std::size_t i = place.first + 1; all.at(place.first) == '[' && all.at(i) != ']'; ++i) {
        const std::size_t next = files::skip_json_value(all, i);
        add(i, next);
        if (all.at(next) != ',')
            break;
        i = next;
    }
    return out + "]";
}

std::string flatten_lines(std::string_view text, const std::string& separator, int max_depth)
{
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto body = JsonBody::read(std::string(line), max_depth);
        auto flat = body ? body->records("", separator) : Result<std::string>(std::string());
        if (flat && flat->size() > 2)
            out.append(*flat, 1, flat->size() - 2);
        else
            out += line;
        out += '\n';
    }
    return out;
}

} // namespace jackfield::http

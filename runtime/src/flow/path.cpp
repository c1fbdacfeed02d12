// Path: where a value is within a JSON document, from the outside in.
#include "path.hpp"

#include "words.hpp"

#include <algorithm>
#include <charconv>

namespace jackfield {
namespace {

bool is_plain(std::string_view key)
{
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '$';
    });
}

bool to_index(std::string_view text, std::size_t& out)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && (text.size() == 1 || text[0] != '0');
}

} // namespace

Path::Path(std::initializer_list<std::string_view> keys)
{
    for (const auto key : keys)
        steps_.emplace_back(std::string(key));
}

Path Path::operator/(std::string_view key) const
{
    Path out = *this;
    out.steps_.emplace_back(std::string(key));
    return out;
}

Path Path::operator/(std::size_t index) const
{
    Path out = *this;
    out.steps_.emplace_back(index);
    return out;
}

Path Path::operator/(const Path& inner) const
{
    Path out = *this;
    out.steps_.insert(out.steps_.end(), inner.steps_.begin(), inner.steps_.end());
    return out;
}

std::string Path::dotted() const
{
    std::string out;
    for (const auto& step : steps_) {
        if (const auto* index = std::get_if<std::size_t>(&step)) {
            out += "[" + std::to_string(*index) + "]";
            continue;
        }
        const auto& key = std::get<std::string>(step);
        if (!is_plain(key))
            out += "[\"" + printable(key) + "\"]";
        else
            out += (out.empty() ? "" : ".") + key;
    }
    return out;
}

std::string Path::pointer() const
{
    std::string out;
    for (const auto& step : steps_) {
        out += '/';
        if (const auto* index = std::get_if<std::size_t>(&step)) {
            out += std::to_string(*index);
            continue;
        }
        for (const char c : std::get<std::string>(step))
            out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return out;
}

Path Path::from_dotted(std::string_view text)
{
    Path out;
    while (!text.empty()) {
        if (text.front() == '.')
            text.remove_prefix(1);
        std::size_t index = 0;
        if (text.starts_with("[\"")) {
            const auto end = text.find("\"]");
            out.steps_.emplace_back(std::string(text.substr(2, end == text.npos ? end : end - 2)));
            text.remove_prefix(end == text.npos ? text.size() : end + 2);
        } else if (const auto end = text.find(']');
                   text.starts_with('[') && end != text.npos && to_index(text.substr(1, end - 1), index)) {
            out.steps_.emplace_back(index);
            text.remove_prefix(end + 1);
        } else {
            const auto stop = std::min(text.find_first_of(".[", 1), text.size());
            out.steps_.emplace_back(std::string(text.substr(0, stop)));
            text.remove_prefix(stop);
        }
    }
    return out;
}

Path Path::from_pointer(std::string_view text)
{
    Path out;
    while (text.starts_with('/')) {
        text.remove_prefix(1);
        const auto stop = std::min(text.find('/'), text.size());
        std::string key;
        for (std::size_t i = 0; i < stop; ++i) {
            if (text[i] == '~' && i + 1 < stop)
                key += text[++i] == '0' ? '~' : '/';
            else
                key += text[i];
        }
        std::size_t index = 0;
        if (to_index(key, index))
            out.steps_.emplace_back(index);
        else
            out.steps_.emplace_back(std::move(key));
        text.remove_prefix(stop);
    }
    return out;
}

} // namespace jackfield

// References in strings: "${since}", "part-${item.id}.csv", "${tasks.list.result.files}".
#include "flow/json_view.hpp"
#include "template.hpp"

#include "units.hpp"
#include "words.hpp"

#include <jackfield/runtime/interval.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>

namespace jackfield {

namespace json = boost::json;

namespace {

/// ".a.b[3]" → path; empty optional if it cannot be read.
std::optional<Path> access_path(std::string_view text)
{
    Path out;
    while (!text.empty()) {
        if (text.front() == '.') {
            const auto stop = std::min(text.find_first_of(".[", 1), text.size());
            const auto key = text.substr(1, stop - 1);
            if (key.empty() || key.find_first_of("]{}$\"' ") != key.npos)
                return {};
            out = out / key;
            text.remove_prefix(stop);
        } else {
            const auto close = text.find(']');
            std::size_t index = 0;
            if (text.front() != '[' || close == text.npos || close == 1)
                return {};
            const auto [end, error] = std::from_chars(text.data() + 1, text.data() + close, index);
            if (error != std::errc() || end != text.data() + close)
                return {};
            out = out / index;
            text.remove_prefix(close + 1);
        }
    }
    return out;
}

Error unreadable(std::string_view inner)
{
    return fail(JF_E_CONFIG, "${" + printable(inner) + "} is no reference; write ${parameter}, ${interval.from}, "
                                                       "${tasks.NAME.result.member}, ${item} or ${item_index}; $${ stands for the characters ${");
}

std::string escaped(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '$') {
            out += text[i];
            continue;
        }
        const auto end = std::min(text.find_first_not_of('$', i), text.size());
        out.append((end - i) * (end < text.size() && text[end] == '{' ? 2 : 1), '$');
        i = end - 1;
    }
    return out;
}

json::value escaped(const json::value& value)
{
    if (const auto* text = value.if_string())
        return json::value(escaped(view(*text)));
    if (const auto* list = value.if_array()) {
        json::array out;
        for (const auto& one : *list)
            out.push_back(escaped(one));
        return out;
    }
    if (const auto* object = value.if_object()) {
        json::object out;
        for (const auto& [name, one] : *object)
            out[name] = escaped(one);
        return out;
    }
    return value;
}

/// Text before a reference: dollars at its end are doubled too, since the reference's "${" follows them.
std::string escaped_before_reference(std::string_view text)
{
    const auto last = text.find_last_not_of('$');
    const auto kept = last == text.npos ? 0 : last + 1;
    return escaped(text.substr(0, kept)) + std::string((text.size() - kept) * 2, '$');
}

json::value put_in_text(std::string_view text, const Lookup& lookup, const Path& path, const ReportFault& report)
{
    auto parts = parse_template(text);
    if (!parts) {
        report(path, parts.error().message);
        return json::value(text);
    }
    const bool alone = parts->size() == 1;
    std::vector<TemplatePart> out; // neighbours of text joined, so that escaping sees them whole
    const auto add_text = [&](std::string_view more) {
        if (out.empty() || out.back().reference)
            out.emplace_back();
        out.back().text += more;
    };
    for (auto& part : *parts) {
        if (!part.reference) {
            add_text(part.text);
            continue;
        }
        auto value = lookup(*part.reference);
        if (!value) {
            report(path, value.error().message);
            return json::value(text);
        }
        if (!*value)
            out.push_back(std::move(part));
        else if (alone)
            return escaped(**value);
        else if (const auto* words = (*value)->if_string())
            add_text(view(*words));
        else if ((*value)->is_number() || (*value)->is_bool())
            add_text(number_text(**value));
        else
            report(path, "${" + part.reference->text + "} is " + shown(**value) + ", which cannot stand within a text");
    }
    std::string joined;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i].reference)
            joined += "${" + out[i].reference->text + "}";
        else
            joined += i + 1 < out.size() ? escaped_before_reference(out[i].text) : escaped(out[i].text);
    }
    return json::value(joined);
}

} // namespace

Result<Reference> parse_reference(std::string_view inner)
{
    Reference out;
    out.text = inner;
    if (inner.starts_with("env:") || inner.starts_with("file:") || inner.starts_with("secret:"))
        return fail(JF_E_CONFIG, "${" + printable(inner) + "} is not put into text; a secret is given as {\"secret\": \"env:NAME\"}, "
                                                           "anything else through a parameter");
    if (inner == "item_index") {
        out.kind = Reference::Kind::item_index;
        return out;
    }
    if (inner.starts_with("interval.")) {
        out.kind = Reference::Kind::interval;
        out.name = inner;
        if (is_interval_member(inner.substr(9)))
            return out;
        return fail(JF_E_CONFIG, "${" + printable(inner) + "}: an interval has " + std::string(interval_members()));
    }
    std::string_view rest;
    if (inner == "item" || inner.starts_with("item.") || inner.starts_with("item[")) {
        out.kind = Reference::Kind::item;
        rest = inner.substr(4);
    } else if (inner.starts_with("tasks.")) {
        out.kind = Reference::Kind::result;
        const auto dot = inner.find('.', 6);
        out.name = inner.substr(6, dot == inner.npos ? dot : dot - 6);
        const auto after = dot == inner.npos ? std::string_view() : inner.substr(dot);
        if (!is_name(out.name) || !after.starts_with(".result") || (after.size() > 7 && after[7] != '.' && after[7] != '['))
            return unreadable(inner);
        rest = after.substr(7);
    } else {
        out.name = inner;
        if (!is_parameter_name(inner))
            return unreadable(inner);
    }
    auto path = access_path(rest);
    if (!path)
        return unreadable(inner);
    out.path = std::move(*path);
    return out;
}

Result<std::vector<TemplatePart>> parse_template(std::string_view text)
{
    std::vector<TemplatePart> out;
    const auto add_text = [&](std::string_view more) {
        if (more.empty())
            return;
        if (out.empty() || out.back().reference)
            out.emplace_back();
        out.back().text += more;
    };
    while (!text.empty()) {
        const auto dollar = std::min(text.find('$'), text.size());
        add_text(text.substr(0, dollar));
        text.remove_prefix(dollar);
        const auto end = std::min(text.find_first_not_of('$'), text.size());
        const bool before_brace = end < text.size() && text[end] == '{';
        add_text(text.substr(0, before_brace ? end / 2 : end));
        text.remove_prefix(end);
        if (!before_brace || end % 2 == 0)
            continue;
        const auto close = text.find('}');
        if (close == text.npos)
            return fail(JF_E_CONFIG, "'${' is not closed by '}'; $${ stands for the characters ${");
        JF_ASSIGN(auto reference, parse_reference(text.substr(1, close - 1)));
        out.push_back({{}, std::move(reference)});
        text.remove_prefix(close + 1);
    }
    return out;
}

bool has_references(std::string_view text)
{
    if (text.find("${") == text.npos)
        return false;
    const auto parts = parse_template(text);
    return parts && std::any_of(parts->begin(), parts->end(), [](const TemplatePart& part) { return part.reference.has_value(); });
}

std::string plain_text(std::string_view text)
{
    const auto parts = parse_template(text);
    if (!parts || std::any_of(parts->begin(), parts->end(), [](const TemplatePart& part) { return part.reference.has_value(); }))
        return std::string(text);
    return parts->empty() ? std::string() : parts->front().text;
}

json::value put_in(const json::value& value, const Lookup& lookup, const Path& path, const ReportFault& report)
{
    if (const auto* text = value.if_string())
        return text->find("${") == json::string::npos ? value : put_in_text(view(*text), lookup, path, report);
    if (const auto* list = value.if_array()) {
        json::array out;
        out.reserve(list->size());
        for (std::size_t i = 0; i < list->size(); ++i)
            out.push_back(put_in((*list)[i], lookup, path / i, report));
        return out;
    }
    if (const auto* object = value.if_object()) {
        json::object out;
        for (const auto& [name, one] : *object)
            out[name] = put_in(one, lookup, path / view(name), report);
        return out;
    }
    return value;
}

json::value finish(const json::value& value, const Path& path, std::set<std::string>& deferred)
{
    if (const auto* text = value.if_string()) {
        if (text->find("${") == json::string::npos)
            return value;
        if (has_references(view(*text)))
            deferred.insert(path.pointer());
        return json::value(plain_text(view(*text)));
    }
    if (const auto* list = value.if_array()) {
        json::array out;
        out.reserve(list->size());
        for (std::size_t i = 0; i < list->size(); ++i)
            out.push_back(finish((*list)[i], path / i, deferred));
        return out;
    }
    if (const auto* object = value.if_object()) {
        json::object out;
        for (const auto& [name, one] : *object)
            out[name] = finish(one, path / view(name), deferred);
        return out;
    }
    return value;
}

void for_each_reference(const json::value& value, const Path& path,
                        const std::function<void(const Path&, const Reference&)>& visit, const ReportFault& report)
{
    if (const auto* text = value.if_string()) {
        if (text->find("${") == json::string::npos)
            return;
        const auto parts = parse_template(view(*text));
        if (!parts)
            return report(path, parts.error().message);
        for (const auto& part : *parts)
            if (part.reference)
                visit(path, *part.reference);
    } else if (const auto* list = value.if_array()) {
        for (std::size_t i = 0; i < list->size(); ++i)
            for_each_reference((*list)[i], path / i, visit, report);
    } else if (const auto* object = value.if_object()) {
        for (const auto& [name, one] : *object)
            for_each_reference(one, path / view(name), visit, report);
    }
}

const json::value* find(const json::value& value, const Path& path)
{
    const json::value* at = &value;
    for (const auto& step : path.steps()) {
        const auto* index = std::get_if<std::size_t>(&step);
        if (const auto* list = at->if_array(); list != nullptr && index != nullptr)
            at = *index < list->size() ? &(*list)[*index] : nullptr;
        else if (const auto* object = at->if_object(); object != nullptr && index == nullptr)
            at = object->if_contains(std::get<std::string>(step));
        else
            at = nullptr;
        if (at == nullptr)
            return nullptr;
    }
    return at;
}

Result<std::optional<json::value>> look_up(const Reference& reference, const ScopeView& scope)
{
    using Found = std::optional<json::value>;
    if (reference.kind == Reference::Kind::parameter)
        return Found();
    if (reference.kind == Reference::Kind::interval)
        return fail(JF_E_CONFIG, "${" + reference.text + "} has a value only in a backfill; run the flow with jackfield backfill FLOW "
                                                          "--from DATE --to DATE --every 1d");
    if (reference.kind == Reference::Kind::item_index)
        return Found(json::value(static_cast<std::int64_t>(scope.item_index)));
    const json::value* whole = scope.item;
    if (reference.kind == Reference::Kind::result)
        whole = scope.results != nullptr ? scope.results->if_contains(reference.name) : nullptr;
    if (whole == nullptr)
        return fail(JF_E_CONFIG, reference.kind == Reference::Kind::item ? "${" + reference.text + "} has no value outside for_each"
                                                                         : "the task " + in_quotes(reference.name) + " has no result");
    if (whole->is_null() && reference.path.empty())
        return Found(json::value(nullptr));
    const auto* part = find(*whole, reference.path);
    if (part == nullptr)
        return fail(JF_E_CONFIG, "${" + printable(reference.text) + "}: there is no '" + reference.path.dotted() + "' in it");
    return Found(*part);
}

} // namespace jackfield

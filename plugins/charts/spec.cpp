// Checks specifications by walking the published schema, so that members and limits are declared in one place.
#include "spec.hpp"

#include "assets.hpp"

#include <algorithm>

namespace jackfield::charts {
namespace {

namespace json = boost::json;

std::string quoted(std::string_view text)
{
    return "'" + std::string(text) + "'";
}

template <class Range>
std::string joined(const Range& range)
{
    std::string out;
    for (const auto& item : range)
        out += (out.empty() ? "" : ", ") + std::string(item.as_string());
    return out;
}

bool has_type(const json::value& value, std::string_view type)
{
    if (type == "string")
        return value.is_string();
    if (type == "boolean")
        return value.is_bool();
    if (type == "integer")
        return value.is_int64() || value.is_uint64();
    if (type == "number")
        return value.is_number();
    if (type == "array")
        return value.is_array();
    return value.is_object();
}

bool has_any_type(const json::value& value, const json::value& types)
{
    if (types.is_string())
        return has_type(value, types.as_string());
    return std::ranges::any_of(types.as_array(), [&](const json::value& t) { return has_type(value, t.as_string()); });
}

Status check_range(std::string_view member, const json::value& value, const json::object& rule)
{
    const double number = value.to_number<double>();
    const json::value* low = rule.if_contains("minimum");
    const json::value* high = rule.if_contains("maximum");
    if ((low == nullptr || number >= low->to_number<double>()) && (high == nullptr || number <= high->to_number<double>()))
        return {};
    return fail(JF_E_CONFIG,
                json::serialize(value) + " is out of range; it may be " + (low ? json::serialize(*low) : "any") +
                    " to " + (high ? json::serialize(*high) : "any"),
                std::string(member));
}

Status check_member(std::string_view member, const json::value& value, const json::object& rule)
{
    if (const json::value* allowed = rule.if_contains("enum")) {
        const auto& values = allowed->as_array();
        if (std::ranges::find(values, value) == values.end())
            return fail(JF_E_CONFIG, json::serialize(value) + " is not known; one of: " + joined(values),
                        std::string(member));
        return {};
    }
    const json::value& types = rule.at("type");
    if (!has_any_type(value, types))
        return fail(JF_E_CONFIG, json::serialize(value) + " has the wrong type; it must be " + json::serialize(types),
                    std::string(member));
    if (value.is_number())
        return check_range(member, value, rule);
    const auto strings = [](const auto& range, auto get) {
        return std::ranges::all_of(range, [&](const auto& item) { return get(item).is_string(); });
    };
    if ((value.is_array() && !strings(value.as_array(), [](const auto& v) -> const auto& { return v; })) ||
        (value.is_object() && !strings(value.as_object(), [](const auto& kv) -> const auto& { return kv.value(); })))
        return fail(JF_E_CONFIG, "holds something that is no string", std::string(member));
    return {};
}

Result<json::object> parse_object(std::string_view text, std::string_view what)
{
    json::error_code error;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error);
    if (error)
        return fail(JF_E_CONFIG, "the " + std::string(what) + " is no JSON: " + error.message());
    if (!value.is_object())
        return fail(JF_E_CONFIG, "the " + std::string(what) + " must be a JSON object");
    return std::move(value.as_object());
}

} // namespace

Result<Spec> Spec::parse(std::string_view text)
{
    JF_ASSIGN(json::object given, parse_object(text, "chart"));
    const std::string_view schema_text = assets::spec_schema();
    const json::value schema = json::parse(json::string_view(schema_text.data(), schema_text.size()));
    const json::object& rules = schema.at("properties").as_object();
    for (const auto& [member, value] : given) {
        const json::value* rule = rules.if_contains(member);
        if (rule == nullptr)
            return fail(JF_E_CONFIG, "a chart has no option " + quoted(member) + "; see the schema of charts",
                        std::string(member));
        JF_TRY(check_member(member, value, rule->as_object()));
    }
    if (!given.contains("kind"))
        return fail(JF_E_CONFIG, "a chart needs a kind; one of: " + joined(rules.at("kind").at("enum").as_array()), "kind");
    Spec out;
    out.json_ = std::move(given);
    for (const auto& [member, rule] : rules)
        if (const json::value* preset = rule.as_object().if_contains("default"))
            if (!out.json_.contains(member))
                out.json_[member] = *preset;
    return out;
}

std::string_view Spec::text(std::string_view member) const
{
    const json::value* value = json_.if_contains(member);
    return value != nullptr && value->is_string() ? std::string_view(value->as_string()) : std::string_view{};
}

bool Spec::flag(std::string_view member) const
{
    const json::value* value = json_.if_contains(member);
    return value != nullptr && value->is_bool() && value->as_bool();
}

std::optional<double> Spec::number(std::string_view member) const
{
    const json::value* value = json_.if_contains(member);
    return value != nullptr && value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
}

std::vector<std::string> Spec::list(std::string_view member) const
{
    std::vector<std::string> out;
    const json::value* value = json_.if_contains(member);
    if (value != nullptr && value->is_string())
        out.emplace_back(value->as_string());
    else if (value != nullptr && value->is_array())
        for (const json::value& item : value->as_array())
            out.emplace_back(item.as_string());
    return out;
}

Result<Page> Page::parse(std::string_view text)
{
    Page out;
    if (text.empty())
        return out;
    JF_ASSIGN(const json::object given, parse_object(text, "page"));
    for (const auto& [member, value] : given) {
        const std::string_view name = member;
        std::string* target = name == "title"      ? &out.title
                              : name == "subtitle" ? &out.subtitle
                              : name == "footer"   ? &out.footer
                              : name == "theme"    ? &out.theme
                                                   : nullptr;
        if (target != nullptr && value.is_string())
            *target = value.as_string();
        else if (name == "columns" && value.is_int64() && value.as_int64() >= 1 && value.as_int64() <= 6)
            out.columns = static_cast<int>(value.as_int64());
        else
            return fail(JF_E_CONFIG,
                        "a page has title, subtitle, footer, theme (text) and columns (1 to 6), not " + quoted(name) +
                            ": " + json::serialize(value),
                        std::string(name));
    }
    if (!out.theme.empty() && out.theme != "light" && out.theme != "dark")
        return fail(JF_E_CONFIG, quoted(out.theme) + " is not known; one of: light, dark", "theme");
    return out;
}

} // namespace jackfield::charts

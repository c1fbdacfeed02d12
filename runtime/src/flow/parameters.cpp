// Parameters of a flow: values given by a caller against what the flow declares.
#include "parameters.hpp"

#include "json_text.hpp"
#include "units.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace jackfield {

namespace json = boost::json;

namespace {

template <class T>
std::optional<T> whole_number(std::string_view text)
{
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

Error expected(std::string_view what, const json::value& given)
{
    return fail(JF_E_CONFIG, "expected " + std::string(what) + ", got " + shown(given));
}

Result<json::value> number(const Parameter& parameter, const json::value& given)
{
    const bool whole = parameter.type == ParameterType::integer;
    if (const auto* text = given.if_string()) {
        const std::string_view word(text->data(), text->size());
        if (const auto value = whole_number<std::int64_t>(word))
            return json::value(*value);
        const auto value = whole_number<double>(word);
        if (!whole && value && std::isfinite(*value))
            return json::value(*value);
    } else if (given.is_int64() || (!whole && given.is_number())) {
        return given;
    } else if (given.is_double() && std::floor(given.get_double()) == given.get_double() && std::abs(given.get_double()) < 9e15) {
        return json::value(static_cast<std::int64_t>(given.get_double()));
    }
    return expected(whole ? "a whole number" : "a number", given);
}

Result<json::value> list(const json::value& given)
{
    if (given.is_array())
        return given;
    const auto* text = given.if_string();
    if (text == nullptr)
        return expected("a list", given);
    std::string_view rest(text->data(), text->size());
    if (rest.starts_with('[')) {
        auto reading = JsonText::parse(rest, "");
        if (!reading.faults.empty())
            return fail(JF_E_CONFIG, "expected a list, got " + in_quotes(rest) + ": " + reading.faults.front().message);
        return reading.text->value();
    }
    json::array out;
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        out.push_back(json::value(rest.substr(0, comma)));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return json::value(std::move(out));
}

Result<json::value> text(ParameterType type, const json::value& given)
{
    if (type == ParameterType::string && (given.is_number() || given.is_bool()))
        return expected("a string (in double quotes)", given);
    const auto* words = given.if_string();
    const std::string_view word = words != nullptr ? std::string_view(words->data(), words->size()) : std::string_view();
    if (type == ParameterType::date && !is_date(word))
        return expected("a date such as '2026-01-31'", given);
    if (type == ParameterType::timestamp && !is_timestamp(word) && !is_date(word))
        return expected("a time such as '2026-01-31T10:00:00Z'", given);
    if (type == ParameterType::duration && !parse_duration(word))
        return words != nullptr ? fail(JF_E_CONFIG, no_duration(word)) : expected("a duration such as '10m'", given);
    return words != nullptr ? Result<json::value>(given) : expected("a string", given);
}

Result<json::value> typed(const Parameter& parameter, const json::value& given)
{
    switch (parameter.type) {
    case ParameterType::integer:
    case ParameterType::number: return number(parameter, given);
    case ParameterType::list: return list(given);
    case ParameterType::boolean:
        if (given.is_bool())
            return given;
        if (given == "true" || given == "false")
            return json::value(given == "true");
        return expected("true or false", given);
    default: return text(parameter.type, given);
    }
}

} // namespace

std::string_view name_of(ParameterType type)
{
    constexpr std::string_view names[] = {"string", "int", "float", "bool", "date", "timestamp", "duration", "list"};
    return names[static_cast<std::size_t>(type)];
}

Result<json::value> convert_parameter(const Parameter& parameter, const json::value& given)
{
    if (given.is_null() && parameter.default_value && parameter.default_value->is_null())
        return given;
    JF_ASSIGN(auto value, typed(parameter, given));
    const auto is_choice = [&](const json::value& one) {
        return std::find(parameter.choices.begin(), parameter.choices.end(), one) != parameter.choices.end();
    };
    if (parameter.choices.empty() || is_choice(value))
        return value;
    if (value.is_array() && std::all_of(value.get_array().begin(), value.get_array().end(), is_choice))
        return value;
    std::vector<std::string> names;
    for (const auto& choice : parameter.choices)
        names.push_back(choice.is_string() ? std::string(choice.get_string()) : number_text(choice));
    return fail(JF_E_CONFIG, "expected one of: " + listed(names) + "; got " + shown(value));
}

} // namespace jackfield

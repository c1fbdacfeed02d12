// SchemaWalk: goes through a value and its schema side by side, for defaults, faults in our words, and secrets.
#include "flow/json_view.hpp"
#include "schema_walk.hpp"

#include "units.hpp"
#include "words.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <regex>

namespace jackfield {

namespace json = boost::json;

namespace {

constexpr std::size_t most_steps = 500'000; // a schema of nested alternatives can ask for any number
constexpr std::size_t most_faults = 100;
constexpr std::size_t longest_matched = 1000; // std::regex recurses for each character

double as_double(const json::value& number)
{
    return number.is_int64() ? static_cast<double>(number.get_int64())
           : number.is_uint64() ? static_cast<double>(number.get_uint64())
                                : number.get_double();
}

bool is_type(std::string_view type, const json::value& value)
{
    if (type == "integer")
        return value.is_int64() || value.is_uint64() ||
               (value.is_double() && std::floor(value.get_double()) == value.get_double());
    return (type == "string" && value.is_string()) || (type == "number" && value.is_number()) ||
           (type == "boolean" && value.is_bool()) || (type == "object" && value.is_object()) ||
           (type == "array" && value.is_array()) || (type == "null" && value.is_null());
}

std::string type_word(std::string_view type)
{
    return type == "integer"   ? "a whole number"
           : type == "number"  ? "a number"
           : type == "boolean" ? "true or false"
           : type == "object"  ? "an object"
           : type == "array"   ? "a list"
           : type == "null"    ? "null"
                               : "a string";
}

std::vector<std::string_view> types_of(const json::object& schema)
{
    std::vector<std::string_view> out;
    const auto* type = schema.if_contains("type");
    if (type != nullptr && type->is_string())
        out.push_back(view(type->get_string()));
    if (type != nullptr && type->is_array())
        for (const auto& one : type->get_array())
            out.push_back(view(one.get_string()));
    return out;
}

/// A choice as it is spelt in a list of choices: text without quotes.
std::string choice(const json::value& value)
{
    return value.is_string() ? printable(view(value.get_string())) : number_text(value);
}

std::string choices_of(const json::array& choices)
{
    std::vector<std::string> out;
    for (const auto& one : choices)
        out.push_back(choice(one));
    return listed(out);
}

bool matches(std::string_view pattern, std::string_view text)
{
    return std::regex_search(text.begin(), text.end(), std::regex(pattern.begin(), pattern.end()));
}

std::size_t characters(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

/// json::value compares 1 and 1.0 as different; JSON Schema does not.
bool same(const json::value& a, const json::value& b)
{
    return a.is_number() && b.is_number() ? as_double(a) == as_double(b) : a == b;
}

std::string count_of(std::uint64_t count, std::string_view one, std::string_view many)
{
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

/// A number or boolean becomes its text; anything else stays.
void as_text(json::value& value)
{
    if (value.is_bool() || value.is_int64() || value.is_uint64()) {
        value = json::serialize(value);
    } else if (value.is_double()) {
        char text[32];
        const auto end = std::to_chars(text, text + sizeof text, value.get_double()).ptr; // not 1.5E0
        value = json::string(text, static_cast<std::size_t>(end - text));
    }
}

std::uint64_t limit(const json::value& value)
{
    return static_cast<std::uint64_t>(std::min(as_double(value), 9e15));
}

} // namespace

std::string bad_pattern(std::string_view pattern)
{
    if (pattern.size() > longest_matched)
        return "it is longer than " + std::to_string(longest_matched) + " characters";
    try {
        std::regex compiled(pattern.begin(), pattern.end());
        return {};
    } catch (const std::regex_error& error) {
        return error.what();
    }
}

const json::value* find_reference(const json::value& document, std::string_view reference)
{
    if (!reference.starts_with('#'))
        return nullptr;
    const json::value* at = &document;
    const auto path = Path::from_pointer(reference.substr(1));
    for (const auto& step : path.steps()) {
        const auto* index = std::get_if<std::size_t>(&step);
        const auto key = index != nullptr ? std::to_string(*index) : std::get<std::string>(step);
        if (const auto* object = at->if_object())
            at = object->if_contains(key);
        else if (const auto* array = at->if_array(); array != nullptr && index != nullptr && *index < array->size())
            at = &(*array)[*index];
        else
            at = nullptr;
        if (at == nullptr)
            return nullptr;
    }
    return at;
}

const json::value& follow(const json::value& document, const json::value& schema)
{
    const json::value* at = &schema;
    while (const auto* object = at->if_object()) {
        const auto* reference = object->if_contains("$ref");
        if (reference == nullptr)
            break;
        at = find_reference(document, view(reference->get_string()));
    }
    return *at;
}

bool is_secret(const json::value& schema)
{
    const auto* object = schema.if_object();
    const auto* mark = object != nullptr ? object->if_contains("x-jf-secret") : nullptr;
    return mark != nullptr && mark->is_bool() && mark->get_bool();
}

void SchemaWalk::fault(const Path& path, std::string message, bool at_name)
{
    if (out_.faults.size() < most_faults)
        out_.faults.push_back({path, std::move(message), at_name});
}

void SchemaWalk::check(json::value& value)
{
    check(document_, value, {});
    if (steps_ < most_steps)
        return;
    out_ = {}; // what branches found by then may be wrong
    fault({}, "the component's schema has too many alternatives to check this");
}

void SchemaWalk::check(const json::value& at, json::value& value, const Path& path)
{
    if (++steps_ >= most_steps)
        return;
    const auto& schema = follow(document_, at);
    if (schema.is_bool()) {
        if (!schema.get_bool())
            fault(path, "is not allowed here", true);
        return;
    }
    const auto& rules = schema.get_object();
    if (value.is_string() && deferred_.contains(path.pointer()))
        return;
    if (is_secret(schema))
        return secret(value, path);
    fill(schema, value);
    if (numbers_as_text_ && types_of(rules) == std::vector<std::string_view>{"string"})
        as_text(value);
    if (!type(rules, value, path))
        return;
    choices(rules, value, path);
    if (value.is_string())
        text(rules, view(value.get_string()), path);
    else if (value.is_number())
        number(rules, value, path);
    else if (value.is_array())
        array(rules, value, path);
    else if (value.is_object())
        object(rules, value, path);
    combined(rules, value, path);
}

/// Adds the members that the schema gives a default, so that the conditions after it see them.
void SchemaWalk::fill(const json::value& schema, json::value& value)
{
    const auto* properties = schema.get_object().if_contains("properties");
    if (!value.is_object() || properties == nullptr)
        return;
    for (const auto& [name, property] : properties->get_object()) {
        const auto& member = follow(document_, property);
        if (!member.is_object() || value.get_object().contains(name) || is_secret(member))
            continue;
        if (const auto* fallback = member.get_object().if_contains("default"))
            value.get_object().emplace(name, *fallback);
    }
}

bool SchemaWalk::type(const json::object& schema, const json::value& value, const Path& path)
{
    const auto types = types_of(schema);
    if (types.empty() || std::any_of(types.begin(), types.end(), [&](auto type) { return is_type(type, value); }))
        return true;
    const auto* object = value.if_object();
    if (object != nullptr && object->contains("secret") && object->size() == 1)
        fault(path, "takes no secret; expected " + expected(schema));
    else
        fault(path, "expected " + expected(schema) + ", got " + shown(value));
    return false;
}

std::string SchemaWalk::expected(const json::value& at) const
{
    const auto& schema = follow(document_, at);
    if (!schema.is_object())
        return "a value";
    if (is_secret(schema))
        return "a secret";
    const auto& rules = schema.get_object();
    if (const auto* choices = rules.if_contains("enum"))
        return "one of: " + choices_of(choices->get_array());
    const auto* format = rules.if_contains("x-jf-format");
    const auto form = format != nullptr ? view(format->get_string()) : std::string_view();
    std::vector<std::string> words;
    for (const auto type : types_of(rules))
        words.push_back(type != "string"      ? type_word(type)
                        : form == "duration" ? "a duration such as \"10m\""
                        : form == "size"     ? "a size such as \"64MB\""
                        : form == "type"     ? "a type such as \"int64\""
                        : form == "path"     ? "a path"
                                             : type_word(type));
    if (words.empty())
        for (const auto* key : {"anyOf", "oneOf"})
            if (const auto* branches = rules.if_contains(key))
                for (const auto& branch : branches->get_array())
                    if (const auto word = expected(branch); std::find(words.begin(), words.end(), word) == words.end())
                        words.push_back(word);
    return words.empty() ? "a value" : joined(words);
}

void SchemaWalk::choices(const json::object& schema, const json::value& value, const Path& path)
{
    if (const auto* only = schema.if_contains("const"); only != nullptr && !same(*only, value))
        fault(path, "expected " + choice(*only) + ", got " + shown(value));
    const auto* choices = schema.if_contains("enum");
    if (choices == nullptr)
        return;
    const auto& list = choices->get_array();
    if (std::any_of(list.begin(), list.end(), [&](const json::value& one) { return same(one, value); }))
        return;
    fault(path, "expected one of: " + choices_of(list) + "; got " + shown(value));
}

void SchemaWalk::text(const json::object& schema, std::string_view text, const Path& path)
{
    const auto length = characters(text);
    const auto faults = out_.faults.size();
    if (const auto* least = schema.if_contains("minLength"); least != nullptr && length < limit(*least))
        fault(path, text.empty() ? "must not be empty"
                                 : "must have at least " + count_of(limit(*least), "character", "characters"));
    if (const auto* most = schema.if_contains("maxLength"); most != nullptr && length > limit(*most))
        fault(path, "must have at most " + count_of(limit(*most), "character", "characters"));
    if (const auto* pattern = schema.if_contains("pattern")) {
        if (text.size() > longest_matched)
            fault(path, "must have at most " + std::to_string(longest_matched) + " bytes");
        else if (!matches(view(pattern->get_string()), text))
            fault(path, in_quotes(text) + " does not match the pattern " + printable(view(pattern->get_string()), 200));
    }
    if (const auto* form = schema.if_contains("x-jf-format"); form != nullptr && out_.faults.size() == faults)
        format(view(form->get_string()), text, path);
}

void SchemaWalk::format(std::string_view format, std::string_view text, const Path& path)
{
    if (format == "duration" && !parse_duration(text))
        fault(path, no_duration(text));
    else if (format == "size" && !parse_size(text))
        fault(path, no_size(text));
    else if (format == "type" && !is_arrow_type(text))
        fault(path, in_quotes(text) + " is no type; write for example 'int64', 'string', 'decimal(10,2)' or 'timestamp(us, UTC)'");
    else if (format == "path" && (text.empty() || text.find('\0') != text.npos))
        fault(path, text.empty() ? "must not be empty; expected a path" : "a path takes no NUL character");
}

void SchemaWalk::number(const json::object& schema, const json::value& value, const Path& path)
{
    const auto number = as_double(value);
    const auto got = "; got " + number_text(value);
    if (const auto* least = schema.if_contains("minimum"); least != nullptr && number < as_double(*least))
        fault(path, "must be at least " + number_text(*least) + got);
    if (const auto* most = schema.if_contains("maximum"); most != nullptr && number > as_double(*most))
        fault(path, "must be at most " + number_text(*most) + got);
    if (const auto* least = schema.if_contains("exclusiveMinimum"); least != nullptr && number <= as_double(*least))
        fault(path, "must be more than " + number_text(*least) + got);
    if (const auto* most = schema.if_contains("exclusiveMaximum"); most != nullptr && number >= as_double(*most))
        fault(path, "must be less than " + number_text(*most) + got);
    if (const auto* step = schema.if_contains("multipleOf")) {
        const auto ratio = number / as_double(*step);
        if (!std::isfinite(ratio) || std::abs(ratio - std::round(ratio)) > 1e-9 * std::max(1.0, std::abs(ratio)))
            fault(path, "must be a multiple of " + number_text(*step) + got);
    }
}

void SchemaWalk::array(const json::object& schema, json::value& value, const Path& path)
{
    auto& list = value.get_array();
    if (const auto* least = schema.if_contains("minItems"); least != nullptr && list.size() < limit(*least))
        fault(path, "must have at least " + count_of(limit(*least), "element", "elements"));
    if (const auto* most = schema.if_contains("maxItems"); most != nullptr && list.size() > limit(*most))
        fault(path, "must have at most " + count_of(limit(*most), "element", "elements"));
    if (const auto* unique = schema.if_contains("uniqueItems"); unique != nullptr && unique->get_bool()) {
        std::set<std::string> seen;
        for (std::size_t i = 0; i < list.size(); ++i)
            if (!seen.insert(json::serialize(list[i])).second)
                fault(path / i, shown(list[i]) + " is given twice");
    }
    const auto* items = schema.if_contains("items");
    const auto* more = schema.if_contains("additionalItems");
    for (std::size_t i = 0; i < list.size() && items != nullptr; ++i) {
        if (!items->is_array())
            check(*items, list[i], path / i);
        else if (i < items->get_array().size())
            check(items->get_array()[i], list[i], path / i);
        else if (more != nullptr)
            check(*more, list[i], path / i);
    }
    if (const auto* one = schema.if_contains("contains")) {
        const bool found = std::any_of(list.begin(), list.end(), [&](json::value& element) {
            return attempt(*one, element, path).faults.empty();
        });
        if (!found)
            fault(path, "needs an element that is " + expected(*one));
    }
}

/// Checks one member against properties, patternProperties, additionalProperties. False: the name is unknown.
bool SchemaWalk::member(const json::object& schema, const std::string& name, json::value& value, const Path& path)
{
    bool known = false;
    if (const auto* properties = schema.if_contains("properties"))
        if (const auto* property = properties->get_object().if_contains(name)) {
            known = true;
            check(*property, value, path);
        }
    if (const auto* patterns = schema.if_contains("patternProperties"))
        for (const auto& [pattern, property] : patterns->get_object())
            if (name.size() <= longest_matched && matches(view(pattern), name)) {
                known = true;
                check(property, value, path);
            }
    const auto* others = schema.if_contains("additionalProperties");
    if (known || others == nullptr)
        return true;
    if (others->is_bool())
        return others->get_bool();
    check(*others, value, path);
    return true;
}

void SchemaWalk::object(const json::object& schema, json::value& value, const Path& path)
{
    std::vector<std::string> known;
    if (const auto* properties = schema.if_contains("properties"))
        for (const auto& [name, property] : properties->get_object())
            known.emplace_back(view(name));
    std::vector<std::string> meant; // what misspelt members stand for: these are not missing as well
    for (auto& entry : value.get_object()) {
        const std::string name(view(entry.key()));
        if (const auto* names = schema.if_contains("propertyNames")) {
            json::value as_value(name);
            if (!attempt(*names, as_value, path).faults.empty())
                fault(path / name, "this name is not allowed here", true);
        }
        if (member(schema, name, entry.value(), path / name))
            continue;
        fault(path / name, known.empty() ? "unknown option; there are none" : "unknown option; " + remedy(name, known, "options"),
              true);
        meant.push_back(nearest(name, known));
    }
    missing(schema, value.get_object(), path, meant);
    const auto size = value.get_object().size();
    if (const auto* least = schema.if_contains("minProperties"); least != nullptr && size < limit(*least))
        fault(path, "needs at least " + count_of(limit(*least), "member", "members"));
    if (const auto* most = schema.if_contains("maxProperties"); most != nullptr && size > limit(*most))
        fault(path, "takes at most " + count_of(limit(*most), "member", "members"));
    dependencies(schema, value, path);
}

void SchemaWalk::missing(const json::object& schema, const json::object& value, const Path& path,
                         const std::vector<std::string>& meant)
{
    const auto* required = schema.if_contains("required");
    if (required == nullptr)
        return;
    const auto* properties = schema.if_contains("properties");
    for (const auto& entry : required->get_array()) {
        const std::string name(view(entry.get_string()));
        if (value.contains(name) || std::find(meant.begin(), meant.end(), name) != meant.end())
            continue;
        const auto* property = properties != nullptr ? properties->get_object().if_contains(name) : nullptr;
        std::string message = "is missing; expected " + (property != nullptr ? expected(*property) : "a value");
        const auto* described = property != nullptr ? &follow(document_, *property) : nullptr;
        if (described != nullptr && described->is_object())
            if (const auto* help = described->get_object().if_contains("description"); help != nullptr && help->is_string())
                message += " (" + printable(view(help->get_string()), 120) + ")";
        fault(path / name, std::move(message));
    }
}

void SchemaWalk::dependencies(const json::object& schema, json::value& value, const Path& path)
{
    const auto* dependencies = schema.if_contains("dependencies");
    if (dependencies == nullptr)
        return;
    for (const auto& [name, needed] : dependencies->get_object()) {
        if (!value.get_object().contains(name))
            continue;
        if (!needed.is_array()) {
            check(needed, value, path);
            continue;
        }
        for (const auto& other : needed.get_array())
            if (!value.get_object().contains(other.get_string()))
                fault(path / view(other.get_string()), "is missing; " + in_quotes(view(name)) + " needs it");
    }
}

SchemaOutcome SchemaWalk::attempt(const json::value& schema, json::value& value, const Path& path)
{
    auto outer = std::move(out_);
    out_ = {};
    check(schema, value, path);
    std::swap(outer, out_);
    return outer;
}

void SchemaWalk::combined(const json::object& schema, json::value& value, const Path& path)
{
    if (const auto* all = schema.if_contains("allOf"))
        for (const auto& one : all->get_array())
            check(one, value, path);
    if (const auto* any = schema.if_contains("anyOf"))
        one_of(any->get_array(), false, value, path);
    if (const auto* one = schema.if_contains("oneOf"))
        one_of(one->get_array(), true, value, path);
    if (const auto* unwanted = schema.if_contains("not")) {
        auto copy = value;
        if (attempt(*unwanted, copy, path).faults.empty())
            fault(path, shown(value) + " is not allowed here");
    }
    if (const auto* condition = schema.if_contains("if")) {
        auto copy = value;
        const bool holds = attempt(*condition, copy, path).faults.empty();
        if (const auto* branch = schema.if_contains(holds ? "then" : "else"))
            check(*branch, value, path);
    }
}

/// Takes the branch that fits; otherwise reports the faults of the branch that was most likely meant.
void SchemaWalk::one_of(const json::array& branches, bool only_one, json::value& value, const Path& path)
{
    constexpr std::size_t wrong_kind = 1000; // another type, or another const: this branch was not meant
    std::optional<SchemaOutcome> best;
    std::optional<std::pair<json::value, SchemaOutcome>> fitting;
    std::size_t best_score = wrong_kind;
    for (const auto& branch : branches) {
        auto copy = value;
        auto outcome = attempt(branch, copy, path);
        if (outcome.faults.empty()) {
            if (fitting && only_one)
                return fault(path, "fits more than one of the forms that are allowed here");
            if (!fitting)
                fitting.emplace(std::move(copy), std::move(outcome));
            continue;
        }
        std::size_t score = outcome.faults.size();
        for (const auto& one : outcome.faults)
            score += !one.message.starts_with("expected ") ? 0 : one.path == path ? wrong_kind : 10;
        if (score < best_score) {
            best_score = score;
            best = std::move(outcome);
        }
    }
    if (fitting) {
        value = std::move(fitting->first);
        out_.secrets.insert(out_.secrets.end(), fitting->second.secrets.begin(), fitting->second.secrets.end());
        return;
    }
    if (best)
        for (auto& one : best->faults)
            fault(one.path, std::move(one.message), one.at_name);
    else
        fault(path, "expected " + expected(json::object{{"anyOf", branches}}) + ", got " + shown(value));
}

/// A literal here may be a password: it is never repeated.
void SchemaWalk::secret(const json::value& value, const Path& path)
{
    constexpr auto form = "{\"secret\": \"env:NAME\"} or {\"secret\": \"file:PATH\"}";
    const auto* object = value.if_object();
    const auto* reference = object != nullptr && object->size() == 1 ? object->if_contains("secret") : nullptr;
    if (reference == nullptr)
        return fault(path, std::string("a secret is not written into a flow; name where it is: ") + form);
    if (!reference->is_string() || !is_secret_reference(view(reference->get_string())))
        return fault(path / "secret", std::string("this names no secret; write ") + form);
    out_.secrets.push_back({path.pointer(), std::string(view(reference->get_string()))});
}

} // namespace jackfield

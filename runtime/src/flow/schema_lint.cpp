// lint_schema: is this a draft-07 schema that the host can use without trouble?
#include "flow/json_view.hpp"
#include "schema_walk.hpp"
#include "words.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace jackfield {

namespace json = boost::json;

namespace {

/// What a keyword's value must be.
enum class Form { schema, schemas, map_of_schemas, items, dependencies, type, text, pattern, format, count, number, positive,
                  flag, list, names, reference };

constexpr std::array<std::pair<std::string_view, Form>, 38> keywords{{
    {"$ref", Form::reference},       {"type", Form::type},
    {"enum", Form::list},            {"properties", Form::map_of_schemas},
    {"patternProperties", Form::map_of_schemas}, {"additionalProperties", Form::schema},
    {"propertyNames", Form::schema}, {"required", Form::names},
    {"dependencies", Form::dependencies}, {"minProperties", Form::count},
    {"maxProperties", Form::count},  {"items", Form::items},
    {"additionalItems", Form::schema}, {"contains", Form::schema},
    {"minItems", Form::count},       {"maxItems", Form::count},
    {"uniqueItems", Form::flag},     {"minLength", Form::count},
    {"maxLength", Form::count},      {"pattern", Form::pattern},
    {"minimum", Form::number},       {"maximum", Form::number},
    {"exclusiveMinimum", Form::number}, {"exclusiveMaximum", Form::number},
    {"multipleOf", Form::positive},  {"allOf", Form::schemas},
    {"anyOf", Form::schemas},        {"oneOf", Form::schemas},
    {"not", Form::schema},           {"if", Form::schema},
    {"then", Form::schema},          {"else", Form::schema},
    {"definitions", Form::map_of_schemas}, {"title", Form::text},
    {"description", Form::text},     {"format", Form::text},
    {"x-jf-format", Form::format},   {"x-jf-secret", Form::flag},
}};

constexpr std::array<std::string_view, 7> types{"string", "integer", "number", "boolean", "object", "array", "null"};

bool is_type_name(const json::value& value)
{
    return value.is_string() && std::find(types.begin(), types.end(), view(value.get_string())) != types.end();
}

bool is_names(const json::value& value)
{
    const auto* list = value.if_array();
    return list != nullptr && std::all_of(list->begin(), list->end(), [](const json::value& one) { return one.is_string(); });
}

bool is_positive(const json::value& value)
{
    return value.is_number() && (value.is_double() ? value.get_double() > 0 : value.is_uint64() || value.get_int64() > 0);
}

class Lint {
public:
    explicit Lint(const json::value& document) : document_(document) {}

    std::string run()
    {
        schema(document_, {});
        if (problem_.empty())
            for (const auto* one : schemas_)
                circle(*one);
        if (problem_.empty())
            defaults();
        return problem_;
    }

private:
    void bad(const Path& path, std::string message)
    {
        if (problem_.empty())
            problem_ = (path.empty() ? "" : path.dotted() + ": ") + std::move(message);
    }

    void schema(const json::value& at, const Path& path)
    {
        if (!problem_.empty() || at.is_bool())
            return;
        if (!at.is_object())
            return bad(path, "a schema must be an object or true or false, not " + shown(at));
        schemas_.push_back(&at);
        for (const auto& [name, value] : at.get_object())
            for (const auto& [keyword, form] : keywords)
                if (view(name) == keyword && !keyword_is_good(form, value, path / keyword))
                    bad(path / keyword, "has the wrong type");
    }

    bool keyword_is_good(Form form, const json::value& value, const Path& path)
    {
        switch (form) {
        case Form::schema: schema(value, path); return true;
        case Form::schemas: return value.is_array() && !value.get_array().empty() && list(value, path);
        case Form::map_of_schemas: return value.is_object() && map(value, path);
        case Form::items: return value.is_array() ? list(value, path) : (schema(value, path), true);
        case Form::dependencies: return value.is_object() && depending(value, path);
        case Form::type: return is_type_name(value) || (is_names(value) && !value.get_array().empty() &&
                                                        std::all_of(value.get_array().begin(), value.get_array().end(), is_type_name));
        case Form::text: return value.is_string();
        case Form::pattern: return value.is_string() && pattern(view(value.get_string()), path);
        case Form::format: return value.is_string() && known_format(view(value.get_string()), path);
        case Form::count: return value.is_int64() && value.get_int64() >= 0;
        case Form::number: return value.is_number();
        case Form::positive: return is_positive(value);
        case Form::flag: return value.is_bool();
        case Form::list: return value.is_array() && !value.get_array().empty();
        case Form::names: return is_names(value);
        case Form::reference: return value.is_string() && reference(view(value.get_string()), path);
        }
        return false;
    }

    bool list(const json::value& value, const Path& path)
    {
        for (std::size_t i = 0; i < value.get_array().size(); ++i)
            schema(value.get_array()[i], path / i);
        return true;
    }

    bool map(const json::value& value, const Path& path)
    {
        const bool patterns = std::get<std::string>(path.steps().back()) == "patternProperties";
        for (const auto& [name, inner] : value.get_object()) {
            if (patterns)
                pattern(view(name), path / view(name));
            schema(inner, path / view(name));
        }
        return true;
    }

    bool depending(const json::value& value, const Path& path)
    {
        for (const auto& [name, inner] : value.get_object())
            if (!is_names(inner))
                schema(inner, path / view(name));
        return true;
    }

    bool pattern(std::string_view text, const Path& path)
    {
        if (const auto why = bad_pattern(text); !why.empty())
            bad(path, in_quotes(text) + " is no pattern that can be used: " + why);
        return true;
    }

    bool known_format(std::string_view text, const Path& path)
    {
        if (text != "duration" && text != "size" && text != "type" && text != "path")
            bad(path, in_quotes(text) + " is none of: duration, size, type, path");
        return true;
    }

    bool reference(std::string_view text, const Path& path)
    {
        if (!text.starts_with('#'))
            bad(path, "refers to another document, " + in_quotes(text) + "; only '#/…' is followed");
        else if (const auto* target = find_reference(document_, text); target == nullptr)
            bad(path, in_quotes(text) + " is not in this schema");
        else if (!target->is_object() && !target->is_bool())
            bad(path, in_quotes(text) + " is no schema");
        else if (targets_.insert(target).second)
            schema(*target, path); // it may stand where nothing else looks
        return true;
    }

    /// Schemas that are applied to the same value, so that a circle of them would never end.
    void in_place(const json::value& at, std::vector<const json::value*>& out)
    {
        if (!at.is_object())
            return;
        const auto& object = at.get_object();
        if (const auto* text = object.if_contains("$ref"))
            out.push_back(find_reference(document_, view(text->get_string())));
        for (const auto* keyword : {"allOf", "anyOf", "oneOf"})
            if (const auto* branches = object.if_contains(keyword))
                for (const auto& branch : branches->get_array())
                    out.push_back(&branch);
        for (const auto* keyword : {"not", "if", "then", "else"})
            if (const auto* branch = object.if_contains(keyword))
                out.push_back(branch);
        if (const auto* dependencies = object.if_contains("dependencies"))
            for (const auto& [name, branch] : dependencies->get_object())
                out.push_back(&branch);
    }

    /// Depth-first over in_place() with a stack of its own; a node met again while it is open closes a circle.
    void circle(const json::value& start)
    {
        struct Frame {
            const json::value* node;
            std::vector<const json::value*> next;
        };
        std::vector<Frame> stack;
        const auto open = [&](const json::value* node) {
            auto& state = states_[node];
            if (state == State::open)
                bad({}, "a $ref leads back to itself without going deeper into the value");
            if (state != State::unseen)
                return;
            state = State::open;
            stack.push_back({node, {}});
            in_place(*node, stack.back().next);
        };
        open(&start);
        while (!stack.empty() && problem_.empty()) {
            if (stack.back().next.empty()) {
                states_[stack.back().node] = State::done;
                stack.pop_back();
                continue;
            }
            const auto* next = stack.back().next.back();
            stack.back().next.pop_back();
            open(next);
        }
    }

    void defaults()
    {
        const std::set<std::string> none;
        for (const auto* one : schemas_) {
            const auto* fallback = one->get_object().if_contains("default");
            if (fallback == nullptr || !problem_.empty())
                continue;
            SchemaWalk walk(document_, none);
            json::value copy = *fallback;
            walk.check(*one, copy, Path());
            if (!walk.outcome().faults.empty())
                bad({}, "the default " + shown(*fallback) + " does not fit its own schema: " +
                            walk.outcome().faults.front().message);
        }
    }

    enum class State { unseen, open, done };

    const json::value& document_;
    std::string problem_;
    std::vector<const json::value*> schemas_;
    std::set<const json::value*> targets_;
    std::map<const json::value*, State> states_;
};

} // namespace

std::string lint_schema(const json::value& document)
{
    return Lint(document).run();
}

} // namespace jackfield

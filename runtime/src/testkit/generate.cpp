// Drawing from JSON Schema draft 7, as far as options of components use it.
#include "testkit/generate.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <limits>
#include <regex>
#include <vector>

namespace jackfield::testkit {

namespace json = boost::json;

namespace {

constexpr int deepest = 6;

const json::value* member(const json::value& schema, std::string_view name)
{
    const json::object* object = schema.if_object();
    return object ? object->if_contains(name) : nullptr;
}

std::string_view text_of(const json::value* value)
{
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool is_true(const json::value* value) { return value && value->is_bool() && value->get_bool(); }

std::int64_t whole(const json::value* value, std::int64_t otherwise)
{
    if (!value)
        return otherwise;
    if (value->is_double())
        return static_cast<std::int64_t>(value->get_double());
    return value->is_int64() ? value->get_int64() : otherwise;
}

/// Draws one value after the other. One thread at a time.
class Drawing {
public:
    /// random NULL: the plainest value.
    Drawing(const json::value& root, Random* random, std::string_view dir) : root_(root), random_(random), dir_(dir) {}

    std::optional<json::value> draw(const json::value& schema, int depth)
    {
        if (depth > deepest || schema.is_bool())
            return json::value(1);
        if (const auto ref = text_of(member(schema, "$ref")); !ref.empty())
            return draw_reference(ref, depth);
        if (is_true(member(schema, "x-jf-secret")))
            return json::value{{"secret", "env:JACKFIELD_CHECK_SECRET"}};
        if (const json::value* fixed = member(schema, "const"))
            return *fixed;
        const json::value* fallback = member(schema, "default");
        if (fallback && (!random_ || random_->one_in(4)))
            return *fallback;
        if (const json::value* choices = member(schema, "enum"); choices && choices->is_array() && !choices->get_array().empty())
            return choices->get_array()[random_ ? random_->below(choices->get_array().size()) : 0];
        for (const char* word : {"oneOf", "anyOf"})
            if (const json::value* branches = member(schema, word); branches && branches->is_array() && !branches->get_array().empty())
                return draw(merged(schema, word, branches->get_array()[random_ ? random_->below(branches->get_array().size()) : 0]), depth + 1);
        if (const json::value* all = member(schema, "allOf"); all && all->is_array()) {
            json::value whole_schema = schema;
            for (const json::value& part : all->get_array())
                whole_schema = merged(whole_schema, "allOf", part);
            return draw(whole_schema, depth + 1);
        }
        return draw_type(schema, type_of(schema), depth);
    }

private:
    std::optional<json::value> draw_reference(std::string_view ref, int depth)
    {
        if (ref == "#")
            return draw(root_, depth + 1);
        boost::system::error_code code;
        const json::value* found = ref.substr(0, 1) == "#" ? root_.find_pointer(ref.substr(1), code) : nullptr;
        return found ? draw(*found, depth + 1) : std::nullopt;
    }
    /// The schema without `word`, with the members of `part`; properties and required members of both.
    static json::value merged(const json::value& schema, std::string_view word, const json::value& part)
    {
        json::object out = schema.is_object() ? schema.get_object() : json::object();
        out.erase(word);
        if (!part.is_object())
            return out;
        for (const auto& [name, value] : part.get_object()) {
            json::value& there = out[name];
            if (there.is_object() && value.is_object())
                for (const auto& inner : value.get_object())
                    there.get_object()[inner.key()] = inner.value();
            else if (there.is_array() && value.is_array() && name == "required")
                there.get_array().insert(there.get_array().end(), value.get_array().begin(), value.get_array().end());
            else
                there = value;
        }
        return out;
    }
    std::string_view type_of(const json::value& schema)
    {
        const json::value* type = member(schema, "type");
        if (type && type->is_array() && !type->get_array().empty())
            return text_of(&type->get_array()[random_ ? random_->below(type->get_array().size()) : 0]);
        if (type)
            return text_of(type);
        return member(schema, "properties") ? "object" : member(schema, "items") ? "array" : "string";
    }
    std::optional<json::value> draw_type(const json::value& schema, std::string_view type, int depth)
    {
        if (type == "object")
            return draw_object(schema, depth);
        if (type == "array")
            return draw_array(schema, depth);
        if (type == "integer")
            return draw_integer(schema);
        if (type == "number")
            return json::value(static_cast<double>(draw_integer(schema).get_int64()));
        if (type == "boolean")
            return json::value(random_ && random_->one_in(2));
        if (type == "null")
            return json::value(nullptr);
        return draw_text(schema);
    }
    json::value draw_integer(const json::value& schema)
    {
        std::int64_t low = whole(member(schema, "minimum"), std::numeric_limits<std::int64_t>::min());
        std::int64_t high = whole(member(schema, "maximum"), std::numeric_limits<std::int64_t>::max());
        if (const json::value* above = member(schema, "exclusiveMinimum"))
            low = whole(above, low) + 1;
        if (const json::value* below = member(schema, "exclusiveMaximum"))
            high = whole(below, high) - 1;
        const std::int64_t step = std::max<std::int64_t>(1, whole(member(schema, "multipleOf"), 1));
        std::int64_t value = std::clamp<std::int64_t>(1000, low, std::max(low, high));
        if (random_)
            value = random_->one_in(5) ? (random_->one_in(2) ? low : high) : random_->between(std::max(low, value - 1000), std::min(high, value));
        if (step > 1)
            value -= value % step;
        return value;
    }
    std::optional<json::value> draw_text(const json::value& schema)
    {
        const std::string_view format = text_of(member(schema, "x-jf-format"));
        const auto shortest = static_cast<std::size_t>(whole(member(schema, "minLength"), 0));
        static const char* const durations[] = {"1s", "250ms", "10m", "2h"};
        static const char* const sizes[] = {"1MiB", "4096", "64MB"};
        static const char* const types[] = {"int64", "utf8", "float64", "bool"};
        if (format == "duration")
            return json::value(random_ ? random_->of(durations) : durations[0]);
        if (format == "size")
            return json::value(random_ ? random_->of(sizes) : sizes[0]);
        if (format == "type")
            return json::value(random_ ? random_->of(types) : types[0]);
        std::string text = format == "path" ? std::string(dir_) + "/sample" : "sample";
        if (const auto pattern = text_of(member(schema, "pattern")); !pattern.empty())
            return fitting(std::string(pattern));
        if (random_ && format.empty()) {
            static const char* const words[] = {"sample", "a", "Grüße", "日本語", "with space", "semi;colon", "quote\"", "line\nbreak", "../x", "100", "${x}", "%s%n"};
            text = random_->one_in(8) ? std::string(static_cast<std::size_t>(random_->below(300)), 'x') : random_->of(words);
            if (text.find("${") != std::string::npos && random_->one_in(2))
                text = "x";
        }
        while (text.size() < shortest)
            text += 'x';
        return json::value(text);
    }
    /// A text that the pattern takes, from a few guesses.
    std::optional<json::value> fitting(const std::string& pattern)
    {
        static const char* const guesses[] = {"a", "a1", "A", "A1", "0", "1", "10", "sample", "a.b", "a_b", "a-b", "2024-01-01", "a:b", "a@b.c", "http://a.b/c", "text/html", ""};
        try {
            const std::regex rule(pattern, std::regex::ECMAScript);
            const std::size_t start = random_ ? random_->below(std::size(guesses)) : 0;
            for (std::size_t i = 0; i < std::size(guesses); ++i) {
                const char* guess = guesses[(start + i) % std::size(guesses)];
                if (std::regex_search(guess, rule))
                    return json::value(guess);
            }
        } catch (const std::regex_error&) { // written for another engine
        }
        return std::nullopt;
    }
    std::optional<json::value> draw_array(const json::value& schema, int depth)
    {
        const auto least = static_cast<std::size_t>(whole(member(schema, "minItems"), 0));
        const auto most = static_cast<std::size_t>(whole(member(schema, "maxItems"), static_cast<std::int64_t>(least) + 3));
        const std::size_t length = random_ ? least + random_->below(std::max(most, least) - least + 1) : least;
        const json::value* items = member(schema, "items");
        json::array out;
        for (std::size_t i = 0; i < length; ++i) {
            auto value = items ? draw(*items, depth + 1) : json::value("sample");
            if (!value)
                return std::nullopt;
            if (is_true(member(schema, "uniqueItems")) && std::find(out.begin(), out.end(), *value) != out.end())
                continue;
            out.push_back(*std::move(value));
        }
        return out;
    }
    std::optional<json::value> draw_object(const json::value& schema, int depth)
    {
        json::object out;
        std::vector<std::string_view> required;
        if (const json::value* names = member(schema, "required"); names && names->is_array())
            for (const json::value& name : names->get_array())
                required.push_back(text_of(&name));
        if (const json::value* properties = member(schema, "properties"); properties && properties->is_object())
            for (const auto& [name, inner] : properties->get_object()) {
                const bool needed = std::find(required.begin(), required.end(), std::string_view(name)) != required.end();
                if (!needed && (!random_ || random_->one_in(2)))
                    continue;
                auto value = draw(inner, depth + 1);
                if (!value && needed)
                    return std::nullopt;
                if (value)
                    out[name] = *std::move(value);
            }
        if (const json::value* more = member(schema, "additionalProperties"); more && more->is_object() && random_)
            for (std::size_t i = random_->below(3); i > 0; --i)
                if (auto value = draw(*more, depth + 1))
                    out["name" + std::to_string(i)] = *std::move(value);
        return out;
    }

    const json::value& root_;
    Random* random_;
    std::string_view dir_;
};

/// A value of none of the types that the member may have.
std::optional<json::value> wrong_type(const json::value& schema)
{
    const json::value* type = member(schema, "type");
    if (is_true(member(schema, "x-jf-secret")))
        return json::value(12);
    if (!type)
        return std::nullopt;
    const std::string all = json::serialize(*type);
    if (all.find("array") == std::string::npos)
        return json::value(json::array{1, "two"});
    return all.find("boolean") == std::string::npos ? std::optional<json::value>(true) : std::nullopt;
}

void break_member(const json::object& whole_value, const std::string& name, const json::value& schema, std::vector<Breakage>& out)
{
    const auto with = [&](json::value value, std::string what) {
        json::object broken_value = whole_value;
        broken_value[name] = std::move(value);
        out.push_back({std::move(broken_value), std::move(what)});
    };
    if (auto wrong = wrong_type(schema))
        with(*wrong, "'" + name + "' is " + json::serialize(*wrong));
    if (const json::value* low = member(schema, "minimum"); low && whole(low, INT64_MIN) > INT64_MIN)
        with(whole(low, 0) - 1, "'" + name + "' is below its minimum");
    if (const json::value* high = member(schema, "maximum"); high && whole(high, INT64_MAX) < INT64_MAX)
        with(whole(high, 0) + 1, "'" + name + "' is above its maximum");
    if (member(schema, "enum"))
        with("none of the choices", "'" + name + "' is none of its choices");
    const std::string_view format = text_of(member(schema, "x-jf-format"));
    if (format == "duration" || format == "size")
        with("ten minutes", "'" + name + "' is no " + std::string(format));
}

} // namespace

std::optional<json::value> draw_value(const json::value& schema, Random& random, std::string_view dir)
{
    return Drawing(schema, &random, dir).draw(schema, 0);
}

std::optional<json::value> plain_value(const json::value& schema, std::string_view dir) { return Drawing(schema, nullptr, dir).draw(schema, 0); }

std::optional<Breakage> break_value(const json::value& schema, const json::value& value, Random& random)
{
    if (!value.is_object())
        return std::nullopt;
    const json::object& object = value.get_object();
    std::vector<Breakage> all;
    const json::value* properties = member(schema, "properties");
    const json::value* more = member(schema, "additionalProperties");
    if (more && more->is_bool() && !more->get_bool()) {
        json::object out = object;
        out["no_such_option"] = 1;
        all.push_back({std::move(out), "there is an unknown option"});
    }
    if (const json::value* required = member(schema, "required"); required && required->is_array())
        for (const json::value& name : required->get_array()) {
            const json::value* rule = properties ? member(*properties, text_of(&name)) : nullptr;
            if (rule && member(*rule, "default"))
                continue; // filled in
            json::object out = object;
            out.erase(text_of(&name));
            all.push_back({std::move(out), "'" + std::string(text_of(&name)) + "' is missing"});
        }
    if (properties && properties->is_object())
        for (const auto& [name, inner] : properties->get_object())
            break_member(object, std::string(name), inner, all);
    if (all.empty())
        return std::nullopt;
    return random.of(all);
}

} // namespace jackfield::testkit

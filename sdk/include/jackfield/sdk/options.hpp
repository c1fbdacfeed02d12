// Options: the configuration of a component, declared once. Its JSON Schema comes from here, and with that the checks,
// the defaults, did-you-mean, completion and the reference page.
#pragma once

#include <jackfield/sdk/text.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::sdk {

struct IntegerRule {
    bool required = false;
    std::optional<std::int64_t> fallback = {}; ///< the default
    std::optional<std::int64_t> minimum = {};
    std::optional<std::int64_t> maximum = {};
};

struct NumberRule {
    bool required = false;
    std::optional<double> fallback = {};
    std::optional<double> minimum = {};
    std::optional<double> maximum = {};
};

struct TextRule {
    bool required = false;
    std::optional<std::string> fallback = {};
    std::vector<std::string> one_of = {};
    std::string pattern = {}; ///< ECMA 262 regular expression
    std::string format = {};  ///< "duration", "size", "type" (of a column), "path": checked by the host
};

struct ListRule {
    bool required = false;
    std::size_t minimum = 0;            ///< elements
    std::vector<std::string> one_of = {}; ///< what each element may be
};

/// The options of one component, in the order in which the reference page shows them. Value.
///
///     static Options options()
///     {
///         return Options().integer("count", "how many rows", {.required = true, .minimum = 0});
///     }
class Options {
public:
    Options& integer(std::string_view name, std::string_view help, const IntegerRule& rule = {})
    {
        std::string body = "\"type\":\"integer\"";
        if (rule.minimum)
            body += ",\"minimum\":" + std::to_string(*rule.minimum);
        if (rule.maximum)
            body += ",\"maximum\":" + std::to_string(*rule.maximum);
        if (rule.fallback)
            body += ",\"default\":" + std::to_string(*rule.fallback);
        return add(name, help, body, rule.required);
    }
    Options& number(std::string_view name, std::string_view help, const NumberRule& rule = {})
    {
        std::string body = "\"type\":\"number\"";
        if (rule.minimum)
            body += ",\"minimum\":" + spell(*rule.minimum);
        if (rule.maximum)
            body += ",\"maximum\":" + spell(*rule.maximum);
        if (rule.fallback)
            body += ",\"default\":" + spell(*rule.fallback);
        return add(name, help, body, rule.required);
    }
    Options& boolean(std::string_view name, std::string_view help, std::optional<bool> fallback = {})
    {
        std::string body = "\"type\":\"boolean\"";
        if (fallback)
            body += *fallback ? ",\"default\":true" : ",\"default\":false";
        return add(name, help, body, false);
    }
    Options& text(std::string_view name, std::string_view help, const TextRule& rule = {})
    {
        std::string body = "\"type\":\"string\"";
        if (!rule.one_of.empty())
            body += ",\"enum\":" + spell(rule.one_of);
        if (!rule.pattern.empty())
            body += ",\"pattern\":" + json_string(rule.pattern);
        if (!rule.format.empty())
            body += ",\"x-jf-format\":" + json_string(rule.format);
        if (rule.fallback)
            body += ",\"default\":" + json_string(*rule.fallback);
        return add(name, help, body, rule.required);
    }
    /// A duration such as "10s"; read it with Config::duration.
    Options& duration(std::string_view name, std::string_view help, std::string_view fallback = {})
    {
        return text(name, help, {.fallback = optional(fallback), .format = "duration"});
    }
    /// A size such as "64MiB"; read it with Config::size.
    Options& size(std::string_view name, std::string_view help, std::string_view fallback = {})
    {
        return text(name, help, {.fallback = optional(fallback), .format = "size"});
    }
    /// Given in the flow as {"secret": "env:NAME"}; read it with Host::with_secret("/name").
    Options& secret(std::string_view name, std::string_view help, bool required = false)
    {
        return add(name, help, "\"x-jf-secret\":true", required);
    }
    /// An array of strings.
    Options& texts(std::string_view name, std::string_view help, const ListRule& rule = {})
    {
        std::string body = "\"type\":\"array\",\"items\":{\"type\":\"string\"";
        if (!rule.one_of.empty())
            body += ",\"enum\":" + spell(rule.one_of);
        body += "}";
        if (rule.minimum)
            body += ",\"minItems\":" + std::to_string(rule.minimum);
        return add(name, help, body, rule.required);
    }
    /// An object of strings with names of the user's own: {"id": "int64"}.
    Options& texts_by_name(std::string_view name, std::string_view help, const TextRule& rule = {})
    {
        std::string body = "\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"";
        if (!rule.one_of.empty())
            body += ",\"enum\":" + spell(rule.one_of);
        if (!rule.format.empty())
            body += ",\"x-jf-format\":" + json_string(rule.format);
        return add(name, help, body + "}", rule.required);
    }
    /// An object with options of its own.
    Options& group(std::string_view name, std::string_view help, const Options& inner, bool required = false)
    {
        return add(name, help, inner.body(), required);
    }
    /// An array of objects with options of their own.
    Options& groups(std::string_view name, std::string_view help, const Options& inner, bool required = false)
    {
        return add(name, help, "\"type\":\"array\",\"items\":{" + inner.body() + "}", required);
    }
    /// Anything else: members of a JSON Schema object, without braces.
    Options& schema(std::string_view name, std::string_view help, std::string_view members, bool required = false)
    {
        return add(name, help, std::string(members), required);
    }

    /// JSON Schema (draft 7) of the whole.
    [[nodiscard]] std::string schema() const { return "{" + body() + "}"; }

private:
    Options& add(std::string_view name, std::string_view help, const std::string& body, bool required)
    {
        properties_ += (properties_.empty() ? "" : ",") + json_string(name) + ":{" + body;
        if (!help.empty())
            properties_ += (body.empty() ? "\"description\":" : ",\"description\":") + json_string(help);
        properties_ += "}";
        if (required)
            required_.emplace_back(name);
        return *this;
    }
    [[nodiscard]] std::string body() const
    {
        std::string out = "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" + properties_ + "}";
        if (!required_.empty())
            out += ",\"required\":" + spell(required_);
        return out;
    }
    [[nodiscard]] static std::string spell(const std::vector<std::string>& words)
    {
        std::string out = "[";
        for (const auto& word : words)
            out += (out.size() > 1 ? "," : "") + json_string(word);
        return out + "]";
    }
    [[nodiscard]] static std::string spell(double value)
    {
        std::string out = std::to_string(value);
        out.erase(out.find_last_not_of('0') + 1);
        return out.back() == '.' ? out + "0" : out;
    }
    [[nodiscard]] static std::optional<std::string> optional(std::string_view text)
    {
        return text.empty() ? std::nullopt : std::optional<std::string>(text);
    }

    std::string properties_;
    std::vector<std::string> required_;
};

} // namespace jackfield::sdk

// Config: the configuration of one component as its author reads it.
#pragma once

#include <jackfield/abi/base.h>
#include <jackfield/sdk/text.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::sdk {

/// A view of a configuration that the host has checked against the component's options and filled with their
/// defaults. Names are members ("count") or JSON Pointers ("/columns/id"). Reading what is absent, or has another
/// type than asked for, gives the empty value of the type; the schema has ruled that out for declared options.
/// Valid as long as the call it came with; in a constructor or make(), as long as the instance. Any thread.
class Config {
public:
    explicit Config(const jf_config* config) : config_(config) {}

    [[nodiscard]] bool has(std::string_view name) const { return type(name) > JF_JSON_NULL; }
    /// One of JF_JSON_…
    [[nodiscard]] std::int32_t type(std::string_view name) const
    {
        return config_ ? config_->type(config_, pointer(name).c_str()) : JF_JSON_ABSENT;
    }
    [[nodiscard]] std::string_view text(std::string_view name) const
    {
        jf_str out{nullptr, 0};
        return get(config_ ? config_->get_str : nullptr, name, out) ? view(out) : std::string_view();
    }
    [[nodiscard]] std::int64_t integer(std::string_view name) const
    {
        std::int64_t out = 0;
        return get(config_ ? config_->get_i64 : nullptr, name, out) ? out : 0;
    }
    [[nodiscard]] double number(std::string_view name) const
    {
        double out = 0;
        return get(config_ ? config_->get_f64 : nullptr, name, out) ? out : 0;
    }
    [[nodiscard]] bool boolean(std::string_view name) const
    {
        std::int32_t out = 0;
        return get(config_ ? config_->get_bool : nullptr, name, out) && out != 0;
    }
    /// Nanoseconds of a duration option; `otherwise` if it is absent.
    [[nodiscard]] std::int64_t duration(std::string_view name, std::int64_t otherwise = 0) const
    {
        auto value = parse_duration(text(name));
        return value ? *value : otherwise;
    }
    /// Bytes of a size option; `otherwise` if it is absent.
    [[nodiscard]] std::int64_t size(std::string_view name, std::int64_t otherwise = 0) const
    {
        auto value = parse_size(text(name));
        return value ? *value : otherwise;
    }
    /// Elements of an array, members of an object.
    [[nodiscard]] std::size_t length(std::string_view name) const
    {
        std::uint64_t out = 0;
        return get(config_ ? config_->get_len : nullptr, name, out) ? out : 0;
    }
    /// Names of an object's members, in the order of the text.
    [[nodiscard]] std::vector<std::string> keys(std::string_view name) const
    {
        std::vector<std::string> out(type(name) == JF_JSON_OBJECT ? length(name) : 0);
        for (std::size_t i = 0; i < out.size(); ++i) {
            jf_str key{nullptr, 0};
            if (config_->get_key(config_, pointer(name).c_str(), i, &key) == JF_OK)
                out[i] = view(key);
        }
        return out;
    }
    /// The strings of an array of strings.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const
    {
        std::vector<std::string> out;
        const std::size_t count = type(name) == JF_JSON_ARRAY ? length(name) : 0;
        for (std::size_t i = 0; i < count; ++i)
            out.emplace_back(text(pointer(name) + "/" + std::to_string(i)));
        return out;
    }
    /// The value there as compact JSON.
    [[nodiscard]] std::string_view json(std::string_view name = "") const
    {
        jf_str out{nullptr, 0};
        return get(config_ ? config_->get_json : nullptr, name, out) ? view(out) : std::string_view();
    }
    /// The pointer of `member` below `name`, with the escapes that JSON Pointers want.
    [[nodiscard]] static std::string below(std::string_view name, std::string_view member)
    {
        std::string out = pointer(name) + "/";
        for (const char c : member)
            out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
        return out;
    }
    [[nodiscard]] const jf_config* raw() const { return config_; }

private:
    [[nodiscard]] static std::string pointer(std::string_view name)
    {
        if (name.empty() || name.front() == '/')
            return std::string(name);
        return "/" + std::string(name);
    }
    template <class T>
    bool get(jf_status (*getter)(const jf_config*, const char*, T*), std::string_view name, T& out) const
    {
        return getter && getter(config_, pointer(name).c_str(), &out) == JF_OK;
    }

    const jf_config* config_;
};

} // namespace jackfield::sdk

// ConfigView: a configuration as a plugin sees it: parsed, without its secrets.
#pragma once

#include <jackfield/abi/base.h>
#include <jackfield/runtime/flow.hpp>

#include <boost/json/value.hpp>

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace jackfield {

/// jf_config over a JSON object. Immutable for its users; any thread. The strings that it hands out live as long as it.
class ConfigView {
public:
    /// Copies `configuration` and leaves out what `secrets` point to (in an array: null in its place).
    explicit ConfigView(boost::json::object configuration, const std::vector<SecretUse>& secrets = {});
    /// The options of a component of a flow.
    explicit ConfigView(const Component& component) : ConfigView(component.configuration, component.secrets) {}
    ConfigView(const ConfigView&) = delete;
    ConfigView& operator=(const ConfigView&) = delete;

    [[nodiscard]] const jf_config* raw() const noexcept { return &config_; }
    /// The value at a JSON Pointer or nullptr.
    [[nodiscard]] const boost::json::value* find(std::string_view pointer) const noexcept;
    [[nodiscard]] std::string_view json() const noexcept { return text_; }

private:
    static const ConfigView* self(const jf_config* config) noexcept;
    static std::int32_t on_type(const jf_config* config, const char* pointer) noexcept;
    static jf_status on_str(const jf_config* config, const char* pointer, jf_str* out) noexcept;
    static jf_status on_i64(const jf_config* config, const char* pointer, std::int64_t* out) noexcept;
    static jf_status on_f64(const jf_config* config, const char* pointer, double* out) noexcept;
    static jf_status on_bool(const jf_config* config, const char* pointer, std::int32_t* out) noexcept;
    static jf_status on_len(const jf_config* config, const char* pointer, std::uint64_t* out) noexcept;
    static jf_status on_key(const jf_config* config, const char* pointer, std::uint64_t index, jf_str* out) noexcept;
    static jf_status on_json(const jf_config* config, const char* pointer, jf_str* out) noexcept;

    boost::json::value value_; // an object
    std::string text_;
    jf_config config_;
    mutable std::mutex mutex_; // guards texts_
    mutable std::map<std::string, std::string, std::less<>> texts_; // what get_json made: pointer → text
};

} // namespace jackfield

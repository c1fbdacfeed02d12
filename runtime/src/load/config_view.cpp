// ConfigView: jf_config over a JSON object.
#include "load/config_view.hpp"

#include "load/call_frame.hpp"

#include <boost/json/serialize.hpp>

#include <limits>

namespace jackfield {

namespace json = boost::json;

namespace {

/// Takes the value at `pointer` out of `value`; in an array leaves null, so that the others keep their places.
void take_out(json::value& value, std::string_view pointer)
{
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos)
        return;
    boost::system::error_code none;
    json::value* parent = value.find_pointer(json::string_view(pointer.data(), slash), none);
    json::value* member = value.find_pointer(json::string_view(pointer.data(), pointer.size()), none);
    if (!parent || !member)
        return;
    if (!parent->is_object()) {
        *member = nullptr;
        return;
    }
    for (auto it = parent->as_object().begin(); it != parent->as_object().end(); ++it)
        if (&it->value() == member) {
            parent->as_object().stable_erase(it);
            return;
        }
}

std::string_view pointer_of(const char* pointer) { return pointer ? std::string_view(pointer) : std::string_view(); }

bool fits_int(const json::value& value)
{
    return value.is_int64() || (value.is_uint64() && value.get_uint64() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

} // namespace

ConfigView::ConfigView(json::object configuration, const std::vector<SecretUse>& secrets)
    : value_(std::move(configuration)),
      config_{sizeof(jf_config), 0, this, {nullptr, 0}, on_type, on_str, on_i64, on_f64, on_bool, on_len, on_key, on_json}
{
    for (const SecretUse& secret : secrets)
        take_out(value_, secret.pointer);
    text_ = json::serialize(value_);
    config_.json = str_of(text_);
}

const json::value* ConfigView::find(std::string_view pointer) const noexcept
{
    boost::system::error_code none;
    return value_.find_pointer(json::string_view(pointer.data(), pointer.size()), none);
}

const ConfigView* ConfigView::self(const jf_config* config) noexcept { return static_cast<const ConfigView*>(config->host_data); }

std::int32_t ConfigView::on_type(const jf_config* config, const char* pointer) noexcept
{
    const json::value* value = self(config)->find(pointer_of(pointer));
    if (!value)
        return JF_JSON_ABSENT;
    switch (value->kind()) {
    case json::kind::null: return JF_JSON_NULL;
    case json::kind::bool_: return JF_JSON_BOOL;
    case json::kind::int64: return JF_JSON_INT;
    case json::kind::uint64: return fits_int(*value) ? JF_JSON_INT : JF_JSON_FLOAT;
    case json::kind::double_: return JF_JSON_FLOAT;
    case json::kind::string: return JF_JSON_STRING;
    case json::kind::array: return JF_JSON_ARRAY;
    case json::kind::object: return JF_JSON_OBJECT;
    }
    return JF_JSON_ABSENT;
}

jf_status ConfigView::on_str(const jf_config* config, const char* pointer, jf_str* out) noexcept
{
    const json::value* value = self(config)->find(pointer_of(pointer));
    if (!value)
        return JF_E_NOT_FOUND;
    if (!value->is_string())
        return JF_E_CONFIG;
    const json::string& text = value->get_string();
    *out = {text.data(), text.size()};
    return JF_OK;
}

jf_status ConfigView::on_i64(const jf_config* config, const char* pointer, std::int64_t* out) noexcept
{
    const json::value* value = self(config)->find(pointer_of(pointer));
    if (!value)
        return JF_E_NOT_FOUND;
    if (!fits_int(*value))
        return JF_E_CONFIG;
    *out = value->is_int64() ? value->get_int64() : static_cast<std::int64_t>(value->get_uint64());
    return JF_OK;
}

jf_status ConfigView::on_f64(const jf_config* config, const char* pointer, double* out) noexcept
{
    const json::value* value = self(config)->find(pointer_of(pointer));
    if (!value)
        return JF_E_NOT_FOUND;
    if (!value->is_number())
        return JF_E_CONFIG;
    *out = value->is_double() ? value->get_double()
         : value->is_int64() ? static_cast<double>(value->get_int64()) : static_cast<double>(value->get_uint64());
    return JF_OK;
}

jf_status ConfigView::on_bool(const jf_config* config, const char* pointer, std::int32_t* out) noexcept
{
    const json::value* value = self(config)->find(pointer_of(pointer));
    if (!value)
        return JF_E_NOT_FOUND;
    if (!value->is_bool())
        return JF_E_CONFIG;
    *out = value->get_bool() ? 1 : 0;
    return JF_OK;
}

jf_status ConfigView::on_len(const jf_config* config, const char* pointer, std::uint64_t* out) noexcept
{
    const json::value* value = self(config)->find(pointer_of(pointer));
    if (!value)
        return JF_E_NOT_FOUND;
    if (!value->is_array() && !value->is_object())
        return JF_E_CONFIG;
    *out = value->is_array() ? value->get_array().size() : value->get_object().size();
    return JF_OK;
}

jf_status ConfigView::on_key(const jf_config* config, const char* pointer, std::uint64_t index, jf_str* out) noexcept
{
    const json::value* value = self(config)->find(pointer_of(pointer));
    if (!value)
        return JF_E_NOT_FOUND;
    if (!value->is_object())
        return JF_E_CONFIG;
    if (index >= value->get_object().size())
        return JF_E_NOT_FOUND;
    const json::string_view key = (value->get_object().begin() + static_cast<std::ptrdiff_t>(index))->key();
    *out = {key.data(), key.size()};
    return JF_OK;
}

jf_status ConfigView::on_json(const jf_config* config, const char* pointer, jf_str* out) noexcept
{
    const ConfigView* view = self(config);
    const std::string_view where = pointer_of(pointer);
    const json::value* value = view->find(where);
    if (!value)
        return JF_E_NOT_FOUND;
    try {
        const std::lock_guard lock(view->mutex_);
        auto kept = view->texts_.find(where);
        if (kept == view->texts_.end())
            kept = view->texts_.emplace(where, json::serialize(*value)).first;
        *out = str_of(kept->second);
        return JF_OK;
    } catch (...) {
        return JF_E_EXHAUSTED;
    }
}

} // namespace jackfield

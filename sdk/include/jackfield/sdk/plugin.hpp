// JACKFIELD_PLUGIN: the one line that makes a shared library of classes a plugin.
//
//     JACKFIELD_PLUGIN("acme-ticks", "0.1.0", "Acme", "Apache-2.0",
//         jackfield::sdk::source<Ticks>("acme.ticks", "Counts upwards"))
#pragma once

#include <jackfield/abi/plugin.h>
#include <jackfield/sdk/auth.hpp>
#include <jackfield/sdk/chart.hpp>
#include <jackfield/sdk/config.hpp>
#include <jackfield/sdk/connection.hpp>
#include <jackfield/sdk/host.hpp>
#include <jackfield/sdk/options.hpp>
#include <jackfield/sdk/sink.hpp>
#include <jackfield/sdk/source.hpp>
#include <jackfield/sdk/task.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace jackfield::sdk {

/// What one configuration can do; see jf_description. Value.
struct Description {
    std::uint64_t capabilities = 0;              ///< JF_CAN_… and others of abi/plugin.h
    std::string sentence = {};                   ///< for `plan`: lower case, no full stop
    std::string digest_of = {};                  ///< text that selects the data; empty: the whole configuration
    std::uint32_t partitioning = JF_PARTITIONS_NONE;
    std::uint32_t state_scope = JF_STATE_ROW;
    std::uint32_t max_lanes = 0;                 ///< 0: no limit
    std::vector<std::string> outputs = {};       ///< of a step, after the main one
};

namespace detail {

/// One factory with the text that it points to. Lives for ever.
struct Component : jf_factory {
    std::string id_text, version_text, title_text, description_text, schema_text, connection_text;

    void point()
    {
        struct_size = sizeof(jf_factory);
        reserved0 = 0;
        id = id_text.c_str();
        version = version_text.c_str();
        title = title_text.c_str();
        jf_factory::description = description_text.empty() ? nullptr : description_text.c_str();
        config_schema = schema_text.c_str();
        jf_factory::connection = connection_text.empty() ? nullptr : connection_text.c_str();
    }
};

template <class T, class Base>
Result<std::unique_ptr<T>> make_instance(const Config& config, Host host, [[maybe_unused]] void* connection)
{
    if constexpr (requires { typename T::On; }) {
        auto* on = static_cast<typename T::On*>(static_cast<Connection*>(connection));
        if constexpr (requires { { T::make(config, host, on) } -> std::same_as<Result<std::unique_ptr<T>>>; })
            return T::make(config, host, on);
        else
            return std::make_unique<T>(config, host, on);
    } else if constexpr (requires { { T::make(config, host) } -> std::same_as<Result<std::unique_ptr<T>>>; }) {
        return T::make(config, host);
    } else {
        return std::make_unique<T>(config, host);
    }
}

template <class T, class Base>
jf_status create_instance(const jf_factory*, const jf_host* host, const jf_call* call, const jf_config* config, void* connection, void** out)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(auto made, (make_instance<T, Base>(Config(config), Host(host), connection)));
        *out = static_cast<Base*>(made.release());
        return JF_OK;
    });
}

template <class T>
Result<Description> describe_component(const Config& config, [[maybe_unused]] const Config* connection)
{
    if constexpr (requires { { T::describe(config, connection) } -> std::convertible_to<Result<Description>>; }) {
        return T::describe(config, connection);
    } else if constexpr (requires { { T::describe(config) } -> std::convertible_to<Result<Description>>; }) {
        return T::describe(config);
    } else {
        Description plain;
        if constexpr (requires { T::faces; })
            plain.capabilities = T::faces;
        return plain;
    }
}

template <class T>
jf_status describe(const jf_factory*, const jf_call* call, const jf_config* config, const jf_config* connection, jf_description* out)
{
    return guard(call, [&]() -> Result<jf_status> {
        const Config on(connection);
        JF_ASSIGN(const Description made, describe_component<T>(Config(config), connection ? &on : nullptr));
        out->capabilities = made.capabilities;
        out->partitioning = made.partitioning;
        out->state_scope = made.state_scope;
        out->max_lanes = made.max_lanes;
        std::string outputs;
        for (const auto& name : made.outputs)
            outputs += name + "\n";
        if (out->outputs)
            JF_TRY(put(out->outputs, outputs));
        if (out->sentence)
            JF_TRY(put(out->sentence, made.sentence));
        if (out->digest_of)
            JF_TRY(put(out->digest_of, made.digest_of));
        return JF_OK;
    });
}

template <class T, class Base>
std::unique_ptr<Component> component(const char* kind, const void* table, std::string id, std::string title, std::string description)
{
    auto out = std::make_unique<Component>();
    static_cast<jf_factory&>(*out) = {};
    out->id_text = std::move(id);
    out->title_text = std::move(title);
    out->description_text = std::move(description);
    if constexpr (requires { { T::config_schema() } -> std::convertible_to<std::string>; })
        out->schema_text = T::config_schema(); // a JSON Schema text from elsewhere
    else if constexpr (requires { T::options(); })
        out->schema_text = T::options().schema();
    else
        out->schema_text = Options().schema();
    if constexpr (requires { T::connection; })
        out->connection_text = T::connection;
    out->kind = kind;
    out->table = table;
    out->jf_factory::describe = detail::describe<T>;
    out->create = create_instance<T, Base>;
    if constexpr (requires(T& t, const Call& call) { { t.check(call) } -> std::same_as<Result<std::string>>; } && !std::derived_from<T, Connection>)
        out->check = [](void* self, const jf_call* call, const jf_writer* json) {
            return guard(call, [&]() -> Result<jf_status> {
                JF_ASSIGN(const std::string text, static_cast<T*>(static_cast<Base*>(self))->check(Call(call)));
                JF_TRY(put(json, text));
                return JF_OK;
            });
        };
    if constexpr (requires(T& t) { t.interrupt(); })
        out->interrupt = [](void* self) { static_cast<T*>(static_cast<Base*>(self))->interrupt(); };
    out->destroy = [](void* self) { delete static_cast<Base*>(self); };
    return out;
}

/// The table of a plugin; made once, at the first call of its entry, and never freed.
class PluginTable {
public:
    template <class... Components>
    PluginTable(const char* name, const char* version, const char* vendor, const char* license, Components... components)
    {
        (components_.push_back(std::move(components)), ...);
        for (auto& component : components_) {
            if (component->version_text.empty())
                component->version_text = version;
            component->point();
            factories_.push_back(component.get());
        }
        plugin_ = {sizeof(jf_plugin), 0, name, version, vendor, license, "jackfield sdk 0.1.0, compiler " __VERSION__, factories_.size(), factories_.data()};
    }
    [[nodiscard]] const jf_plugin* get() const { return &plugin_; }

private:
    std::vector<std::unique_ptr<Component>> components_;
    std::vector<const jf_factory*> factories_;
    jf_plugin plugin_{};
};

} // namespace detail

/// These name a class as a component of the plugin. id: what `use` names; title: one line; description: paragraphs.
template <std::derived_from<Source> T>
auto source(std::string id, std::string title, std::string description = {})
{
    return detail::component<T, Source>(JF_KIND_SOURCE, &detail::source_table, std::move(id), std::move(title), std::move(description));
}
template <std::derived_from<Sink> T>
auto sink(std::string id, std::string title, std::string description = {})
{
    return detail::component<T, Sink>(JF_KIND_SINK, &detail::sink_table, std::move(id), std::move(title), std::move(description));
}
template <std::derived_from<Task> T>
auto task(std::string id, std::string title, std::string description = {})
{
    return detail::component<T, Task>(JF_KIND_TASK, &detail::task_table, std::move(id), std::move(title), std::move(description));
}
template <std::derived_from<Chart> T>
auto chart(std::string id, std::string title, std::string description = {})
{
    return detail::component<T, Chart>(JF_KIND_CHART, &detail::chart_table, std::move(id), std::move(title), std::move(description));
}
template <std::derived_from<Auth> T>
auto auth(std::string id, std::string title, std::string description = {})
{
    return detail::component<T, Auth>(JF_KIND_AUTH, &detail::auth_table, std::move(id), std::move(title), std::move(description));
}
template <std::derived_from<Connection> T>
auto connection(std::string id, std::string title, std::string description = {})
{
    return detail::component<T, Connection>(JF_KIND_CONNECTION, &detail::connection_table, std::move(id), std::move(title), std::move(description));
}

} // namespace jackfield::sdk

/// name, version, vendor, SPDX license, then the components.
#define JACKFIELD_PLUGIN(name, version, vendor, license, ...)                                                \
    JF_EXPORT const jf_plugin* JF_PLUGIN_ENTRY(const jf_host*, const jf_call* call)                          \
    {                                                                                                        \
        const jf_plugin* plugin = nullptr;                                                                   \
        jackfield::sdk::detail::guard(call, [&]() -> jackfield::Result<jf_status> {                               \
            static const auto* const table =                                                                 \
                new jackfield::sdk::detail::PluginTable(name, version, vendor, license, __VA_ARGS__);             \
            plugin = table->get();                                                                           \
            return static_cast<jf_status>(JF_OK);                                                            \
        });                                                                                                  \
        return plugin;                                                                                       \
    }

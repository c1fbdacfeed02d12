// A host of a few lines: loads a plugin and calls its tables, so that a test sees what the runtime would see.
#pragma once

#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/json.hpp>
#include <jackfield/sdk/arrow/view.hpp>
#include <jackfield/sdk.hpp>

#include <boost/json.hpp>

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace test {

using namespace jackfield;
namespace json = boost::json;

/// Usable outside of test cases too.
inline void must(bool right, const char* otherwise)
{
    if (!right)
        throw std::runtime_error(otherwise);
}

/// A folder of its own, removed at the end.
struct Folder {
    Folder()
    {
        char name[] = "/tmp/jackfield-test-XXXXXX";
        path = mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file(const std::string& name) const { return path + "/" + name; }
    std::string path;
};

/// The frame of all calls; keeps what went wrong and which rows were refused.
struct Frame {
    struct Refused {
        std::uint64_t write;
        std::int64_t row;
        std::string column, code, message;
    };
    Frame()
    {
        call = {sizeof call, 0, this, INT64_MAX,
            [](const jf_call* self, const jf_error* error) {
                auto& frame = *static_cast<Frame*>(self->host_data);
                if (error->message.len)
                    frame.error = {error->kind, std::string(sdk::view(error->message)), std::string(sdk::view(error->place)), {}, -1};
                return error->kind;
            },
            [](const jf_call* self) { return static_cast<Frame*>(self->host_data)->stop ? 1 : 0; },
            [](const jf_call*, std::int64_t) { return static_cast<jf_status>(JF_OK); }};
        rejects = {sizeof rejects, 0, this, [](const jf_rejects* self, const jf_rejected_row* row) {
                       static_cast<Frame*>(self->host_data)->refused.push_back({row->write, row->row, std::string(sdk::view(row->column)),
                           std::string(sdk::view(row->code)), std::string(sdk::view(row->message))});
                       return static_cast<jf_status>(JF_OK);
                   }};
    }
    jf_call call{};
    jf_rejects rejects{};
    Error error;
    std::vector<Refused> refused;
    bool stop = false;
};

/// A jf_writer that keeps what it is given.
struct Bytes {
    Bytes()
    {
        writer = {sizeof writer, 0, &text, [](const jf_writer* self, const void* data, std::size_t size) {
                      static_cast<std::string*>(self->host_data)->append(static_cast<const char*>(data), size);
                      return static_cast<jf_status>(JF_OK);
                  }};
    }
    std::string text;
    jf_writer writer{};
};

/// jf_config over JSON text.
class Configuration {
public:
    explicit Configuration(const std::string& text) : value_(json::parse(text)), text_(text)
    {
        config_ = {sizeof config_, 0, this, {text_.data(), text_.size()},
            [](const jf_config* c, const char* at) { return type(find(c, at)); },
            [](const jf_config* c, const char* at, jf_str* out) {
                const auto* value = find(c, at);
                if (!value || !value->is_string())
                    return missing(value);
                *out = {value->get_string().data(), value->get_string().size()};
                return static_cast<jf_status>(JF_OK);
            },
            [](const jf_config* c, const char* at, std::int64_t* out) {
                const auto* value = find(c, at);
                if (!value || !value->is_int64())
                    return missing(value);
                *out = value->get_int64();
                return static_cast<jf_status>(JF_OK);
            },
            [](const jf_config* c, const char* at, double* out) {
                const auto* value = find(c, at);
                if (!value || !value->is_number())
                    return missing(value);
                *out = value->to_number<double>();
                return static_cast<jf_status>(JF_OK);
            },
            [](const jf_config* c, const char* at, std::int32_t* out) {
                const auto* value = find(c, at);
                if (!value || !value->is_bool())
                    return missing(value);
                *out = value->get_bool() ? 1 : 0;
                return static_cast<jf_status>(JF_OK);
            },
            [](const jf_config* c, const char* at, std::uint64_t* out) {
                const auto* value = find(c, at);
                if (!value || !(value->is_array() || value->is_object()))
                    return missing(value);
                *out = value->is_array() ? value->get_array().size() : value->get_object().size();
                return static_cast<jf_status>(JF_OK);
            },
            [](const jf_config* c, const char* at, std::uint64_t index, jf_str* out) {
                const auto* value = find(c, at);
                if (!value || !value->is_object())
                    return missing(value);
                const auto key = std::next(value->get_object().begin(), static_cast<std::ptrdiff_t>(index))->key();
                *out = {key.data(), key.size()};
                return static_cast<jf_status>(JF_OK);
            },
            [](const jf_config* c, const char* at, jf_str* out) {
                const auto* value = find(c, at);
                if (!value)
                    return missing(value);
                auto& kept = static_cast<Configuration*>(c->host_data)->texts_[at];
                kept = json::serialize(*value);
                *out = {kept.data(), kept.size()};
                return static_cast<jf_status>(JF_OK);
            }};
    }
    Configuration(const Configuration&) = delete;
    const jf_config* raw() const { return &config_; }

private:
    static jf_status missing(const json::value* value) { return value ? JF_E_CONFIG : JF_E_NOT_FOUND; }
    static const json::value* find(const jf_config* config, const char* at)
    {
        boost::system::error_code none;
        return static_cast<Configuration*>(config->host_data)->value_.find_pointer(at, none);
    }
    static std::int32_t type(const json::value* value)
    {
        if (!value)
            return JF_JSON_ABSENT;
        switch (value->kind()) {
        case json::kind::null: return JF_JSON_NULL;
        case json::kind::bool_: return JF_JSON_BOOL;
        case json::kind::int64: case json::kind::uint64: return JF_JSON_INT;
        case json::kind::double_: return JF_JSON_FLOAT;
        case json::kind::string: return JF_JSON_STRING;
        case json::kind::array: return JF_JSON_ARRAY;
        default: return JF_JSON_OBJECT;
        }
    }
    json::value value_;
    std::string text_;
    std::map<std::string, std::string> texts_;
    jf_config config_{};
};

inline const jf_host* host()
{
    static const jf_host made{sizeof(jf_host), 0, nullptr, "test", "0", [](const jf_host*, const char*) -> const void* { return nullptr; }};
    return &made;
}

/// One component of a plugin, made. Throws what went wrong as text, so that a test can say CHECK_THROWS_WITH.
class Instance {
public:
    Instance(const std::string& file, const char* kind, const std::string& id, const std::string& config, void* connection = nullptr)
        : config_(std::make_unique<Configuration>(config))
    {
        void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
        must(library, library ? "" : dlerror());
        const auto entry = reinterpret_cast<jf_plugin_entry_fn>(dlsym(library, JF_PLUGIN_ENTRY_SYMBOL));
        const jf_plugin* plugin = entry(host(), &frame.call);
        for (std::uint64_t i = 0; i < plugin->factory_count; ++i)
            if (std::string(plugin->factories[i]->kind) == kind && plugin->factories[i]->id == id)
                factory_ = plugin->factories[i];
        must(factory_, "no such component");
        check(factory_->create(factory_, host(), &frame.call, config_->raw(), connection, &instance_));
    }
    Instance(const Instance&) = delete;
    ~Instance()
    {
        if (instance_)
            factory_->destroy(instance_);
    }
    struct Described {
        std::uint64_t capabilities;
        std::string sentence, digest;
    };
    Described describe()
    {
        Bytes outputs, sentence, digest;
        jf_description out{sizeof out, 0, 0, 0, 0, &outputs.writer, &sentence.writer, &digest.writer};
        check(factory_->describe(factory_, &frame.call, config_->raw(), nullptr, &out));
        return {out.capabilities, sentence.text, digest.text};
    }
    /// What check() of the component finds, as JSON.
    std::string findings()
    {
        Bytes out;
        check(factory_->check(instance_, &frame.call, &out.writer));
        return out.text;
    }
    template <class Table>
    const Table& table() const { return *static_cast<const Table*>(factory_->table); }
    void* raw() const { return instance_; }
    void interrupt() { factory_->interrupt(instance_); }
    /// Statuses that are no failure come back.
    jf_status check(jf_status status)
    {
        if (status < 0)
            throw std::runtime_error(std::to_string(status) + ": " + frame.error.message);
        return status;
    }
    Frame frame;

private:
    std::unique_ptr<Configuration> config_;
    const jf_factory* factory_ = nullptr;
    void* instance_ = nullptr;
};

/// All rows of a stream, as JSON objects in one array; the stream is read to its end.
inline std::string drain(ArrowArrayStream& stream)
{
    OwnedStream owned(stream);
    OwnedSchema raw;
    must(owned->get_schema(owned.get(), raw.out()) == 0, "no schema");
    const Schema schema = import_schema(*raw).value();
    JsonRows writer(schema);
    Buffer out;
    for (;;) {
        OwnedArray batch;
        if (owned->get_next(owned.get(), batch.out()) != 0)
            throw std::runtime_error(owned->get_last_error(owned.get()));
        if (!batch)
            return std::string(out.size() ? out.as<char>() : "", out.size());
        writer.bind(*batch);
        for (std::int64_t row = 0; row < batch->length; ++row) {
            if (out.size())
                out.push(' ');
            writer.write(row, out);
        }
    }
}

inline std::string ask(Instance& connection, const std::string& sql, ArrowArrayStream* params = nullptr, std::uint64_t max_rows = 0)
{
    const jf_query query{sizeof query, 0, sdk::as_str(sql), params, max_rows};
    ArrowArrayStream out{};
    connection.check(connection.table<jf_connection>().query(connection.raw(), &connection.frame.call, &query, &out));
    return drain(out);
}

/// A writer of a sink under a scope.
class Writing {
public:
    Writing(Instance& sink, const std::string& generation = "g1", bool fresh = false, const std::string& task = "load", std::uint32_t lane = 0,
        std::uint32_t lanes = 1)
        : sink_(sink), table_(sink.table<jf_sink>())
    {
        const jf_scope scope{sizeof scope, 0, sdk::as_str("flow"), sdk::as_str(task), {}, sdk::as_str(generation), {}};
        const jf_write_request request{sizeof request, fresh ? JF_WRITE_FRESH : 0, &scope, sdk::as_str("test"), lane, lanes};
        sink.check(table_.open(sink.raw(), &sink.frame.call, &request, &writer_));
    }
    ~Writing() { close(); }
    void close()
    {
        if (writer_)
            table_.close(writer_);
        writer_ = nullptr;
    }
    /// The stored token; empty: none.
    std::string acquire(const std::string& partition = "")
    {
        Bytes token;
        sink_.check(table_.acquire(writer_, &sink_.frame.call, {}, sdk::as_str(partition), &fence_, &token.writer));
        return token.text;
    }
    void schema(const Schema& schema)
    {
        OwnedSchema raw;
        must(static_cast<bool>(export_schema(schema, raw.out())), "no schema");
        sink_.check(table_.schema(writer_, &sink_.frame.call, raw.get()));
    }
    jf_status write(OwnedArray batch, std::uint64_t number = 0)
    {
        ArrowArray raw = batch.release();
        return sink_.check(table_.write(writer_, &sink_.frame.call, number, &raw, &sink_.frame.rejects));
    }
    jf_status commit(const std::string& token, std::uint64_t epoch, bool final = false, const std::string& partition = "")
    {
        const jf_token stored{sizeof stored, 0, {}, sdk::as_str(partition), sdk::as_bytes(token), fence_};
        const jf_token* tokens[] = {&stored};
        const jf_commit commit{sizeof commit, final ? JF_COMMIT_FINAL : 0, epoch, 1, tokens, {}, {}};
        return sink_.check(table_.commit(writer_, &sink_.frame.call, &commit, &sink_.frame.rejects));
    }
    /// Whether the commit of that token landed, after it ended as unknown.
    jf_status resolve(const std::string& token, std::uint64_t epoch, const std::string& partition = "")
    {
        const jf_token stored{sizeof stored, 0, {}, sdk::as_str(partition), sdk::as_bytes(token), fence_};
        const jf_token* tokens[] = {&stored};
        const jf_commit commit{sizeof commit, 0, epoch, 1, tokens, {}, {}};
        return sink_.check(table_.resolve(writer_, &sink_.frame.call, &commit));
    }
    void abort() { sink_.check(table_.abort(writer_, &sink_.frame.call)); }
    std::string ask(const std::string& sql)
    {
        ArrowArrayStream out{};
        sink_.check(table_.query(writer_, &sink_.frame.call, sdk::as_str(sql), nullptr, &out));
        return drain(out);
    }
    std::uint64_t fence() const { return fence_; }

private:
    Instance& sink_;
    const jf_sink& table_;
    void* writer_ = nullptr;
    std::uint64_t fence_ = 0;
};

} // namespace test

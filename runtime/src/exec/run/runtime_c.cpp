// The C API over Runtime.
#include "observe/event_json.hpp"

#include <jackfield/runtime.h>
#include <jackfield/runtime.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

struct jackfield_runtime {
    explicit jackfield_runtime(jackfield::RuntimeOptions options) : runtime(std::move(options)) {}

    jackfield::Runtime runtime;
    std::mutex mutex; // guards cancel and inputs
    jackfield::Cancel cancel;
    std::map<std::string, ArrowArrayStream> inputs;
};

namespace {

using jackfield::Result;

char* copy(const std::string& text)
{
    auto* out = static_cast<char*>(std::malloc(text.size() + 1)); // NOLINT: freed by jackfield_free
    if (out)
        std::memcpy(out, text.c_str(), text.size() + 1);
    return out;
}

void tell(char** out, const std::string& text)
{
    if (out)
        *out = copy(text);
}

Result<boost::json::object> parse_object(const char* text, const char* what)
{
    if (!text || !*text)
        return boost::json::object();
    boost::system::error_code wrong;
    boost::json::value value = boost::json::parse(text, wrong);
    if (wrong || !value.is_object())
        return jackfield::fail(JF_E_CONFIG, std::string("the ") + what + " are no JSON object");
    return std::move(value.get_object());
}

Result<jackfield::RuntimeOptions> read_options(const char* text)
{
    JF_ASSIGN(const boost::json::object given, parse_object(text, "options"));
    jackfield::RuntimeOptions out;
    const auto wrong = [](std::string_view name) { return jackfield::fail(JF_E_CONFIG, "option '" + std::string(name) + "' has the wrong type or is unknown"); };
    for (const auto& [name, value] : given) {
        if (name == "plugins" && value.is_array()) {
            for (const auto& path : value.get_array()) {
                if (!path.is_string())
                    return wrong(name);
                out.plugins.emplace_back(std::string(path.get_string()));
            }
        } else if (name == "state" && value.is_string()) {
            out.state = std::string(value.get_string());
        } else if (name == "connections" && value.is_string()) {
            out.connections = std::string(value.get_string());
        } else if (name == "environment" && value.is_string()) {
            out.environment = value.get_string();
        } else if (name == "search" && value.is_bool()) {
            out.search = value.get_bool();
        } else if (name == "threads" && value.is_int64() && value.get_int64() >= 0 && value.get_int64() < 4096) {
            out.threads = static_cast<unsigned>(value.get_int64());
        } else {
            return wrong(name);
        }
    }
    return out;
}

std::string error_json(const jackfield::Error& error)
{
    return boost::json::serialize(boost::json::object{{"error", error.where.empty() ? error.message : error.where + ": " + error.message}});
}

/// Runs `body`; what it throws (out of memory) becomes `otherwise`.
template <class Body, class Value>
Value guarded(Body&& body, Value otherwise) noexcept
{
    try {
        return body();
    } catch (...) {
        return otherwise;
    }
}

jackfield::RunOptions take_options(jackfield_runtime& runtime, std::map<std::string, ArrowArrayStream>& inputs)
{
    const std::scoped_lock lock(runtime.mutex);
    inputs.swap(runtime.inputs);
    runtime.cancel = jackfield::Cancel();
    jackfield::RunOptions options;
    options.cancel = runtime.cancel;
    for (auto& [name, stream] : inputs)
        options.inputs[name] = &stream;
    return options;
}

int run(jackfield_runtime& runtime, const char* flow_file, const char* parameters_json, char** report_json)
{
    const auto nothing_run = [&](const jackfield::Error& error) {
        tell(report_json, error_json(error));
        return error.kind == JF_E_CONFIG || error.kind == JF_E_NOT_FOUND ? JACKFIELD_FAULTS : JACKFIELD_NO_STATE;
    };
    auto parameters = parse_object(parameters_json, "parameters");
    if (!parameters)
        return nothing_run(parameters.error());
    auto flow = jackfield::Flow::from_file(flow_file, runtime.runtime.flow_options());
    if (!flow)
        return nothing_run(flow.error());
    std::map<std::string, ArrowArrayStream> inputs;
    auto report = runtime.runtime.run(*flow, *parameters, take_options(runtime, inputs));
    for (auto& [name, stream] : inputs)
        if (stream.release)
            stream.release(&stream);
    if (!report)
        return nothing_run(report.error());
    tell(report_json, boost::json::serialize(report->to_json()));
    return report->ok() ? JACKFIELD_DONE : report->state == "cancelled" ? JACKFIELD_CANCELLED : JACKFIELD_FAILED;
}

} // namespace

jackfield_runtime* jackfield_open(const char* options_json, jackfield_listener listener, void* argument, char** error)
{
    return guarded(
        [&]() -> jackfield_runtime* {
            auto options = read_options(options_json);
            if (!options) {
                tell(error, options.error().message);
                return nullptr;
            }
            if (listener)
                options->on_event = [listener, argument](const jackfield::Event& event) { listener(argument, jackfield::to_json(event).c_str()); };
            return new jackfield_runtime(std::move(*options));
        },
        static_cast<jackfield_runtime*>(nullptr));
}

void jackfield_give(jackfield_runtime* runtime, const char* name, ArrowArrayStream* stream)
{
    guarded(
        [&] {
            const std::scoped_lock lock(runtime->mutex);
            ArrowArrayStream& place = runtime->inputs[name];
            if (place.release)
                place.release(&place);
            place = *stream;
            stream->release = nullptr;
            return 0;
        },
        0);
}

int jackfield_run(jackfield_runtime* runtime, const char* flow_file, const char* parameters_json, char** report_json)
{
    return guarded([&] { return run(*runtime, flow_file, parameters_json, report_json); }, JACKFIELD_NO_STATE);
}

void jackfield_cancel(jackfield_runtime* runtime)
{
    guarded(
        [&] {
            jackfield::Cancel cancel;
            {
                const std::scoped_lock lock(runtime->mutex);
                cancel = runtime->cancel;
            }
            cancel.request();
            return 0;
        },
        0);
}

char* jackfield_check(jackfield_runtime* runtime, const char* flow_file, const char* parameters_json)
{
    return guarded(
        [&]() -> char* {
            std::vector<jackfield::Fault> faults;
            auto parameters = parse_object(parameters_json, "parameters");
            jackfield::FlowReading reading = jackfield::read_flow_file(flow_file, runtime->runtime.flow_options());
            if (!parameters)
                faults.push_back({.file = flow_file, .message = parameters.error().message});
            else if (!reading.flow)
                faults = std::move(reading.faults);
            else
                faults = runtime->runtime.check(*reading.flow, *parameters);
            boost::json::array out;
            for (const auto& fault : faults)
                out.push_back({{"file", fault.file}, {"line", fault.line}, {"column", fault.column}, {"path", fault.path}, {"message", fault.message}});
            return copy(boost::json::serialize(out));
        },
        static_cast<char*>(nullptr));
}

void jackfield_free(char* text) { std::free(text); } // NOLINT: made by malloc for callers in C

void jackfield_close(jackfield_runtime* runtime)
{
    guarded(
        [&] {
            for (auto& [name, stream] : runtime->inputs)
                if (stream.release)
                    stream.release(&stream);
            delete runtime;
            return 0;
        },
        0);
}

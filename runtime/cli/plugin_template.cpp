// The texts of a new plugin. tests/cli/ compiles each of them.
#include "plugin_template.hpp"

#include "source_c_template.hpp"

namespace jackfield::cli {

namespace {

constexpr const char* source_cpp = R"(// The source @ID@: rows from somewhere, and after each batch the position to go on from.
#include <jackfield/sdk.hpp>

using namespace jackfield;

/// Reads the rows [next, end). Replace the loop by your system; keep the position: it is what makes runs go on.
struct Tape final : sdk::RowReader {
    Tape(std::int64_t first, std::int64_t last) : next(first), end(last) {}

    Schema fields() override { return {{"id", Type::int64}, {"label", Type::utf8}}; }

    Result<std::optional<sdk::Position>> read(const sdk::Call&, const sdk::Limits& limits, Rows& rows) override
    {
        for (; next < end && static_cast<std::uint64_t>(rows.size()) < limits.max_rows; ++next)
            rows.add(next, "row " + std::to_string(next));
        return rows.empty() ? std::nullopt : std::optional(sdk::Position::of(next));
    }

    std::int64_t next, end;
};

struct @CLASS@ final : sdk::Source {
    /// Declared once: checks, defaults and `jackfield plugin info @ID@` come from here.
    static sdk::Options options() { return sdk::Options().integer("count", "how many rows", {.required = true, .minimum = 0}); }
    static sdk::Description describe(const sdk::Config&) { return {.capabilities = JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL | JF_BOUNDED}; }
    @CLASS@(const sdk::Config& config, sdk::Host) : count(config.integer("count")) {}

    Result<std::unique_ptr<sdk::Reader>> open(const sdk::Call&, const sdk::ReadRequest& request) override
    {
        return std::make_unique<Tape>(request.from_number(0), request.until_number(count));
    }

    std::int64_t count;
};

JACKFIELD_PLUGIN("@NAME@", "0.1.0", "@NAME@", "Apache-2.0", sdk::source<@CLASS@>("@ID@", "Says what it reads in a few words"))
)";

constexpr const char* sink_cpp = R"(// The sink @ID@: rows to somewhere, durable epoch by epoch.
#include <jackfield/sdk.hpp>
#include <jackfield/sdk/arrow/json.hpp>

#include <cstdio>

using namespace jackfield;

/// Appends lines of JSON to a file. It keeps no tokens, so rows may come twice after a crash ("at least once"): to be exact,
/// answer acquire() and store the tokens of commit() together with the rows.
struct Appender final : sdk::Writer {
    explicit Appender(std::string file_name) : file(std::move(file_name)) {}

    Status schema(const sdk::Call&, const Schema& given) override
    {
        rows = std::make_unique<JsonRows>(given);
        return {};
    }

    Result<sdk::Outcome> write(const sdk::Call&, std::uint64_t, OwnedArray batch, const sdk::Rejects&) override
    {
        rows->bind(*batch);
        for (std::int64_t row = 0; row < batch->length; ++row)
            pending += rows->text(row) + "\n";
        return sdk::Outcome::done;
    }

    Result<sdk::Outcome> commit(const sdk::Call&, const sdk::Commit&, const sdk::Rejects&) override
    {
        std::FILE* out = std::fopen(file.c_str(), "ab");
        const bool written = out && std::fwrite(pending.data(), 1, pending.size(), out) == pending.size();
        if ((out && std::fclose(out) != 0) || !written)
            return fail(JF_E_UNAVAILABLE, "'" + file + "' cannot be written; is the disk full, the folder there?", "file");
        pending.clear();
        return sdk::Outcome::done;
    }

    Status abort(const sdk::Call&) override
    {
        pending.clear();
        return {};
    }

    std::string file, pending;
    std::unique_ptr<JsonRows> rows;
};

struct @CLASS@ final : sdk::Sink {
    static sdk::Options options() { return sdk::Options().text("file", "where the lines go", {.required = true}); }
    static sdk::Description describe(const sdk::Config&) { return {}; }
    @CLASS@(const sdk::Config& config, sdk::Host) : file(config.text("file")) {}

    Result<std::unique_ptr<sdk::Writer>> open(const sdk::Call&, const sdk::WriteRequest&) override { return std::make_unique<Appender>(file); }

    std::string file;
};

JACKFIELD_PLUGIN("@NAME@", "0.1.0", "@NAME@", "Apache-2.0", sdk::sink<@CLASS@>("@ID@", "Says what it writes in a few words"))
)";

constexpr const char* task_cpp = R"(// The task @ID@: runs once and returns a small JSON object.
#include <jackfield/sdk.hpp>

using namespace jackfield;

struct @CLASS@ final : sdk::Task {
    /// An action that changes nothing when it runs twice may say so: it is tried again after a failure.
    static constexpr std::uint64_t faces = JF_IS_ACTION | JF_IDEMPOTENT;
    static sdk::Options options() { return sdk::Options().text("greet", "whom", {.fallback = "world"}); }
    @CLASS@(const sdk::Config& config, sdk::Host) : whom(config.text("greet")) {}

    Result<std::string> run(const sdk::Call& call, const sdk::Scope&, std::uint32_t) override
    {
        if (call.cancelled()) // ask this now and then in long work
            return fail(JF_E_CANCELLED, "cancelled");
        return "{\"characters\":" + std::to_string(whom.size()) + "}";
    }

    std::string whom;
};

JACKFIELD_PLUGIN("@NAME@", "0.1.0", "@NAME@", "Apache-2.0", sdk::task<@CLASS@>("@ID@", "Says what it does in a few words"))
)";

constexpr const char* chart_cpp = R"(// The chart renderer @ID@: tables to bytes.
#include <jackfield/sdk.hpp>
#include <jackfield/sdk/arrow/stream.hpp>

using namespace jackfield;

struct @CLASS@ final : sdk::Chart {
    @CLASS@(const sdk::Config&, sdk::Host) {}

    std::vector<std::string> media_types() override { return {"image/svg+xml"}; }
    std::string spec_schema() override
    {
        return R"json({"type": "object", "additionalProperties": false, "properties": {"title": {"type": "string"}}})json";
    }

    /// Draws nothing but a frame with the number of rows; read the columns with BatchView.
    Status render(const sdk::Call&, std::string_view, std::vector<sdk::Figure> figures, std::string_view media, const sdk::BytesOut& out) override
    {
        if (media != "image/svg+xml")
            return fail(JF_E_UNSUPPORTED, "this chart makes no " + std::string(media));
        std::int64_t rows = 0;
        for (auto& figure : figures) {
            JF_ASSIGN(auto reader, StreamReader::open(std::move(figure.data)));
            while (true) {
                JF_ASSIGN(const OwnedArray batch, reader.next());
                if (!batch)
                    break;
                rows += batch->length;
            }
        }
        return out.write("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"320\" height=\"80\"><text x=\"20\" y=\"45\">" + std::to_string(rows) + " rows</text></svg>\n");
    }
};

JACKFIELD_PLUGIN("@NAME@", "0.1.0", "@NAME@", "Apache-2.0", sdk::chart<@CLASS@>("@ID@", "Says what it draws in a few words"))
)";

constexpr const char* connection_cpp = R"(// The connection @ID@: what the components of this plugin share: a pool, a handle, a session.
#include <jackfield/sdk.hpp>

using namespace jackfield;

/// Sources, sinks and tasks of this plugin name it: `using On = @CLASS@; static constexpr const char* connection = "@ID@";`.
struct @CLASS@ final : sdk::Connection {
    static sdk::Options options()
    {
        return sdk::Options().text("host", "name of the server", {.required = true}).integer("port", "its port", {.fallback = 1234, .minimum = 1, .maximum = 65535});
    }
    @CLASS@(const sdk::Config& config, sdk::Host) : host(config.text("host")), port(config.integer("port")) {}

    /// Asked by `jackfield connections test`.
    Result<std::string> check(const sdk::Call&) override { return "{\"server\":\"" + host + ":" + std::to_string(port) + "\"}"; }

    std::string host;
    std::int64_t port;
};

JACKFIELD_PLUGIN("@NAME@", "0.1.0", "@NAME@", "Apache-2.0", sdk::connection<@CLASS@>("@ID@", "Says what it connects to in a few words"))
)";

constexpr const char* auth_cpp = R"(// The auth backend @ID@: says who somebody is.
#include <jackfield/sdk.hpp>

using namespace jackfield;

struct @CLASS@ final : sdk::Auth {
    @CLASS@(const sdk::Config&, sdk::Host) {}

    /// Refuses everybody: look the person up, and answer {"subject": …} as jackfield/abi/auth.h says.
    Result<sdk::AuthReply> step(const sdk::Call&, const sdk::AuthRequest&) override
    {
        return fail(JF_E_UNAUTHENTICATED, "nobody is known here yet");
    }
};

JACKFIELD_PLUGIN("@NAME@", "0.1.0", "@NAME@", "Apache-2.0", sdk::auth<@CLASS@>("@ID@", "Says whom it knows in a few words"))
)";

constexpr const char* cmake_lists = R"(cmake_minimum_required(VERSION 3.25)
project(@NAME@ LANGUAGES C CXX)
find_package(jackfield 0.1 REQUIRED)
jackfield_add_plugin(@NAME@ SOURCES @FILE@ OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
)";

constexpr const char* cmake_presets = R"({
  "version": 6,
  "configurePresets": [
    { "name": "release", "binaryDir": "${sourceDir}/build", "cacheVariables": { "CMAKE_BUILD_TYPE": "Release" } },
    { "name": "debug", "binaryDir": "${sourceDir}/build-debug", "cacheVariables": { "CMAKE_BUILD_TYPE": "Debug" } }
  ],
  "buildPresets": [
    { "name": "release", "configurePreset": "release" },
    { "name": "debug", "configurePreset": "debug" }
  ]
}
)";

constexpr const char* readme = R"(# @NAME@

A Jackfield plugin with the @KIND@ `@ID@`.

```
cmake --preset release && cmake --build --preset release
jackfield plugin check build/@NAME@.so
jackfield plugin info --plugins build/@NAME@.so @ID@
```

If Jackfield is installed in a folder of its own, name it: `cmake --preset release -DCMAKE_PREFIX_PATH=/path/to/jackfield`.
To use the plugin, put `build/@NAME@.so` into `~/.local/share/jackfield/plugins`, or give `--plugins build` to `jackfield run`.
)";

std::string replaced(std::string text, const std::string& what, const std::string& by)
{
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

const char* code_of(const PluginWish& wish)
{
    if (wish.language == "c")
        return source_c;
    if (wish.kind == "sink")
        return sink_cpp;
    if (wish.kind == "task")
        return task_cpp;
    if (wish.kind == "chart")
        return chart_cpp;
    if (wish.kind == "connection")
        return connection_cpp;
    return wish.kind == "auth" ? auth_cpp : source_cpp;
}

} // namespace

std::vector<ProjectFile> plugin_files(const PluginWish& wish)
{
    std::string id = wish.name, type, file = wish.name;
    bool upper = true;
    for (char& c : id) {
        const bool sign = c == '-' || c == '_';
        if (!sign)
            type += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        upper = sign;
        c = c == '-' ? '.' : c;
    }
    for (char& c : file)
        c = c == '-' ? '_' : c;
    file += wish.language == "c" ? ".c" : ".cpp";
    const auto filled = [&](const char* text) {
        std::string out = replaced(text, "@NAME@", wish.name);
        out = replaced(out, "@ID@", id);
        out = replaced(out, "@CLASS@", type);
        out = replaced(out, "@KIND@", wish.kind);
        return replaced(out, "@FILE@", file);
    };
    return {{file, filled(code_of(wish))}, {"CMakeLists.txt", filled(cmake_lists)}, {"CMakePresets.json", filled(cmake_presets)},
        {"README.md", filled(readme)}, {".gitignore", "/build*/\n"}};
}

} // namespace jackfield::cli

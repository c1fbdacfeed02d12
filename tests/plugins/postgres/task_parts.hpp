// The tasks of the plugin 'postgres' over a database of their own, called as classes.
#pragma once

#include "../duckdb/plugin_host.hpp"

#include <postgres/connection.hpp>
#include <postgres_server.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

namespace test {

/// The text of a configuration with the defaults of its schema, as the runtime fills them in.
inline std::string with_defaults(const std::string& text, const std::string& schema)
{
    json::object config = json::parse(text).as_object();
    const json::value described = json::parse(schema);
    const std::function<void(json::object&, const json::object&)> fill = [&](json::object& into, const json::object& by) {
        for (const auto& [name, option] : by.at("properties").as_object()) {
            const json::object& one = option.as_object();
            if (const auto* fallback = one.if_contains("default"); fallback && !into.contains(name))
                into[name] = *fallback;
            if (one.contains("properties")) {
                if (!into.contains(name))
                    into[name] = json::object();
                fill(into[name].as_object(), one);
            }
        }
    };
    fill(config, described.as_object());
    return json::serialize(config);
}

/// A host that keeps the log, and knows the password.
struct LogHost {
    LogHost()
    {
        log = {sizeof log, 0, [](const jf_host* self, std::int32_t level, jf_str message, jf_str) {
                   auto& host = *static_cast<LogHost*>(self->host_data);
                   const std::scoped_lock lock(host.mutex);
                   host.text += (level >= JF_LOG_WARN ? "! " : "  ") + std::string(sdk::view(message)) + "\n";
               }};
        secrets = {sizeof secrets, 0, [](const jf_host*, const jf_call*, const char*, auto use, void* argument) {
                       return use(argument, sdk::as_bytes(std::string_view("jf-secret")));
                   }};
        raw = {sizeof raw, 0, this, "test", "1", [](const jf_host* self, const char* id) -> const void* {
                   auto& host = *static_cast<LogHost*>(self->host_data);
                   return std::string_view(id) == JF_HOST_LOG ? static_cast<const void*>(&host.log)
                       : std::string_view(id) == JF_HOST_SECRETS ? &host.secrets : nullptr;
               }};
    }
    jf_host_log log{};
    jf_host_secrets secrets{};
    jf_host raw{};
    std::mutex mutex;
    std::string text;
};

/// One connection to a fresh database. `more`: members of its configuration, each after a comma.
struct TaskDatabase {
    using Database = jackfield::test::FreshDatabase;
    explicit TaskDatabase(const std::string& more = "", int port = 0) : TaskDatabase(more, port, nullptr, std::make_unique<Database>()) {}
    /// Another connection to a database that is there.
    TaskDatabase(const std::string& more, int port, const Database& there) : TaskDatabase(more, port, &there, nullptr) {}
    std::string sql(const std::string& text) { return database.sql(text); }
    /// Waits until the query answers `wanted`; false after a minute.
    bool wait_for(const std::string& query, const std::string& wanted)
    {
        for (const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1); std::chrono::steady_clock::now() < end; std::this_thread::yield())
            if (sql(query) == wanted)
                return true;
        return false;
    }

    std::unique_ptr<Database> own;
    const Database& database;
    LogHost host;
    Configuration config;
    std::unique_ptr<postgres::PostgresConnection> connection;

private:
    TaskDatabase(const std::string& more, int port, const Database* there, std::unique_ptr<Database> made)
        : own(std::move(made)), database(there ? *there : *own), config(with_defaults(options(more, port), postgres::PostgresConnection::options().schema())),
          connection(std::make_unique<postgres::PostgresConnection>(sdk::Config(config.raw()), sdk::Host(&host.raw)))
    {
    }
    std::string options(const std::string& more, int port) const
    {
        const auto& server = database.server();
        return "{\"host\":\"" + (port ? server.host() : server.env("JF_PG_SOCKET_DIR")) + "\",\"port\":" + std::to_string(port ? port : server.port())
            + ",\"user\":\"jackfield\",\"database\":\"" + database.name() + "\"" + more + "}";
    }
};

/// A connection of somebody else, in the middle of what `sql` began.
struct Other {
    Other(TaskDatabase& db, const char* sql)
        : connection(PQconnectdb(("host=" + db.database.server().env("JF_PG_SOCKET_DIR") + " port=" + std::to_string(db.database.server().port())
              + " user=jackfield dbname=" + db.database.name()).c_str()))
    {
        execute(sql);
    }
    Other(const Other&) = delete;
    ~Other() { PQfinish(connection); }
    void execute(const char* sql) const { PQclear(PQexec(connection, sql)); }
    PGconn* connection;
};

/// What one run of a task gave.
struct Ran {
    json::object result;
    std::optional<Error> error;
    std::string log; ///< of this run; a warning begins with '!'
};

/// Runs a task once. `frame`: for cancelling it meanwhile.
template <class Task>
Ran run(TaskDatabase& warehouse, const std::string& options, Frame& frame, const sdk::Scope& scope = {})
{
    Ran out;
    const Configuration config(with_defaults(options, Task::options().schema()));
    warehouse.host.text.clear();
    Result<std::unique_ptr<Task>> task = [&]() -> Result<std::unique_ptr<Task>> {
        if constexpr (requires { Task::make(sdk::Config(nullptr), sdk::Host(nullptr), nullptr); })
            return Task::make(sdk::Config(config.raw()), sdk::Host(&warehouse.host.raw), warehouse.connection.get());
        else
            return std::make_unique<Task>(sdk::Config(config.raw()), sdk::Host(&warehouse.host.raw), warehouse.connection.get());
    }();
    auto done = task ? (*task)->run(sdk::Call(&frame.call), scope, 1) : Result<std::string>(task.error());
    if (done)
        out.result = json::parse(*done).as_object();
    else
        out.error = done.error();
    out.log = warehouse.host.text;
    return out;
}

template <class Task>
Ran run(TaskDatabase& warehouse, const std::string& options)
{
    Frame frame;
    return run<Task>(warehouse, options, frame);
}

/// A member of the result, as JSON text.
inline std::string at(const Ran& ran, const char* name)
{
    if (ran.error)
        throw std::runtime_error(ran.error->where + ": " + ran.error->message);
    return json::serialize(ran.result.at(name));
}

} // namespace test

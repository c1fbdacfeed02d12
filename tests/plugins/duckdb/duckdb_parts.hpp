// The components of the plugin 'duckdb' over one database.
#pragma once

#include "plugin_host.hpp"

#include <jackfield/sdk/arrow/json.hpp>

namespace test {

/// One connection, and components on it.
struct Store {
    explicit Store(const std::string& path, const std::string& more = "")
        : connection(DUCKDB_PLUGIN, JF_KIND_CONNECTION, "duckdb", "{\"path\":\"" + path + "\",\"threads\":2" + more + "}")
    {
    }
    Instance sink(const std::string& config) { return {DUCKDB_PLUGIN, JF_KIND_SINK, "duckdb", config, connection.raw()}; }
    Instance source(const std::string& config) { return {DUCKDB_PLUGIN, JF_KIND_SOURCE, "duckdb", config, connection.raw()}; }
    std::string ask(const std::string& sql) { return test::ask(connection, sql); }
    /// Statements through the task duckdb.sql; its result.
    std::string run(const std::string& sql, const std::string& more = "")
    {
        Instance task(DUCKDB_PLUGIN, JF_KIND_TASK, "duckdb.sql", "{\"sql\":" + sdk::json_string(sql) + more + "}", connection.raw());
        const jf_run_request request{sizeof request, 1, nullptr};
        Bytes result;
        task.check(task.table<jf_task>().run(task.raw(), &task.frame.call, &request, &result.writer));
        return result.text;
    }
    Instance connection;
};

} // namespace test

// The connection 'duckdb'.
#include "connection.hpp"

#include "support/duckdb/tree.hpp"

#include <algorithm>

namespace jackfield::duckdb {

sdk::Options DuckdbConnection::options()
{
    return sdk::Options()
        .text("path", "file of the database, made if it is not there; ':memory:' for one that lives as long as the connection",
            {.required = true, .format = "path"})
        .boolean("read_only", "open the file for reading only", false)
        .integer("threads", "threads of DuckDB; as many as there are cores if not said", {.minimum = 1})
        .text("memory_limit", "what DuckDB may use before it goes to temp_directory or fails, such as '2GB'")
        .text("temp_directory", "where DuckDB puts what does not fit its memory", {.format = "path"})
        .text("library", "path of libduckdb.so; looked for beside the plugin if not said", {.format = "path"})
        .texts_by_name("options", "further settings of DuckDB, as its documentation lists them");
}

DuckdbConnection::DuckdbConnection(const sdk::Config& config, sdk::Host)
    : settings_{std::string(config.text("library")), std::string(config.text("path")), {}}, in_memory_(settings_.path == ":memory:")
{
    if (in_memory_)
        settings_.path.clear();
    if (config.boolean("read_only"))
        settings_.config.emplace_back("access_mode", "READ_ONLY");
    if (config.has("threads"))
        settings_.config.emplace_back("threads", std::to_string(config.integer("threads")));
    for (const char* name : {"memory_limit", "temp_directory"})
        if (config.has(name))
            settings_.config.emplace_back(name, config.text(name));
    for (const auto& name : config.keys("options"))
        settings_.config.emplace_back(name, config.text(sdk::Config::below("options", name)));
}

Result<std::shared_ptr<Session>> DuckdbConnection::session()
{
    const std::lock_guard lock(mutex_);
    if (!database_) {
        JF_ASSIGN(database_, in_memory_ ? Database::open(settings_) : shared_database(settings_));
    }
    JF_ASSIGN(auto made, database_->connect());
    std::erase_if(sessions_, [](const auto& known) { return known.expired(); });
    sessions_.push_back(made);
    return made;
}

Result<std::string> DuckdbConnection::check(const sdk::Call&)
{
    JF_ASSIGN(const auto opened, session());
    JF_ASSIGN(const auto rows, opened->rows("SELECT count(*) FROM duckdb_tables() WHERE NOT internal"));
    return std::string("{\"server\":") + sdk::json_string(std::string("DuckDB ") + opened->api().library_version()) + ",\"file\":"
        + sdk::json_string(in_memory_ ? ":memory:" : settings_.path) + ",\"tables\":" + *rows[0][0] + ",\"library\":"
        + sdk::json_string(opened->api().file) + "}";
}

Result<std::string> DuckdbConnection::discover(const sdk::Call&, std::string_view pattern)
{
    JF_ASSIGN(const auto opened, session());
    const std::string name = "CASE WHEN c.schema_name = 'main' THEN '' ELSE c.schema_name || '.' END || c.table_name";
    Values values;
    values.push_back(Value::text(opened->api(), pattern.empty() ? "%" : pattern));
    JF_ASSIGN(const auto rows, opened->rows("SELECT " + name + ", CASE WHEN v.view_oid IS NULL THEN 'table' ELSE 'view' END, c.column_name, "
            "c.data_type, CASE WHEN c.is_nullable THEN 'true' ELSE 'false' END FROM duckdb_columns() c LEFT JOIN duckdb_views() v "
            "ON v.database_name = c.database_name AND v.schema_name = c.schema_name AND v.view_name = c.table_name "
            "WHERE NOT c.internal AND c.database_name = current_database() AND " + name + " LIKE ? ORDER BY 1, c.column_index", values));
    std::string out = "[", table;
    for (const auto& row : rows) {
        if (table != *row[0]) {
            out += (table.empty() ? "" : "]},") + ("{\"name\":" + sdk::json_string(*row[0])) + ",\"kind\":\"" + *row[1] + "\",\"columns\":[";
            table = *row[0];
        } else {
            out += ',';
        }
        out += "{\"name\":" + sdk::json_string(*row[2]) + ",\"type\":" + sdk::json_string(*row[3]) + ",\"nullable\":" + *row[4] + "}";
    }
    return out + (table.empty() ? "]" : "]}]");
}

Result<OwnedStream> DuckdbConnection::query(const sdk::Call&, std::string_view sql, std::optional<OwnedStream> params, std::uint64_t max_rows)
{
    JF_ASSIGN(const auto opened, session());
    JF_TRY(check_query(*opened, sql, Files::no));
    Values values;
    if (params) {
        JF_ASSIGN(values, values_of(opened->api(), std::move(*params)));
    }
    // The parse tree was looked at; this keeps out whatever that may have missed.
    JF_TRY(opened->execute("BEGIN TRANSACTION READ ONLY"));
    JF_ASSIGN(const std::string text, opened->portable(sql));
    return opened->query(text, values, true, max_rows, "ROLLBACK");
}

void DuckdbConnection::interrupt()
{
    const std::lock_guard lock(mutex_);
    for (const auto& known : sessions_)
        if (const auto session = known.lock())
            session->interrupt();
}

} // namespace jackfield::duckdb

// Database and Session: one open DuckDB database, and a connection to it with results as Arrow.
#pragma once

#include "support/duckdb/library.hpp"
#include "support/duckdb/text.hpp"

#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/schema.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jackfield::duckdb {

class FeedTable;
class ResultSet;
class Session;

/// Owns one duckdb_value. One thread at a time.
class Value {
public:
    Value(const Library& api, duckdb_value raw) : api_(&api), raw_(raw) {}
    Value(Value&& other) noexcept : api_(other.api_), raw_(std::exchange(other.raw_, nullptr)) {}
    Value& operator=(Value&& other) noexcept
    {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~Value()
    {
        if (raw_)
            api_->destroy_value(&raw_);
    }
    /// raw() is nullptr where the text is not UTF-8; such a value cannot be bound.
    static Value text(const Library& api, std::string_view text) { return {api, api.create_varchar_length(text.data(), text.size())}; }
    static Value blob(const Library& api, std::string_view bytes) { return {api, api.create_blob(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())}; }
    static Value number(const Library& api, std::uint64_t number) { return {api, api.create_uint64(number)}; }
    static Value null(const Library& api) { return {api, api.create_null_value()}; }
    [[nodiscard]] duckdb_value raw() const { return raw_; }

private:
    const Library* api_;
    duckdb_value raw_;
};

using Values = std::vector<Value>;

/// The values of the only row of `params`, one for each column. JF_E_CONFIG: not one row; a type that cannot be bound.
[[nodiscard]] Result<Values> values_of(const Library& api, OwnedStream params);

/// One open database. Any thread. Sessions keep it alive; it is closed, and by that checkpointed, with the last of them.
class Database : public std::enable_shared_from_this<Database> {
public:
    struct Settings {
        std::string library;                                     ///< path of libduckdb.so; empty: looked for
        std::string path;                                        ///< empty: in memory
        std::vector<std::pair<std::string, std::string>> config; ///< DuckDB's own settings
    };
    static Result<std::shared_ptr<Database>> open(const Settings& settings);
    /// In memory, one thread, no files, no network, no extensions: for expressions over batches.
    static Result<std::shared_ptr<Database>> sandbox();

    explicit Database(const Library& api);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Result<std::shared_ptr<Session>> connect();
    /// `run` is called once, when the file is closed. Requires: before a second thread knows the database.
    void when_closed(std::function<void()> run) { when_closed_ = std::move(run); }
    [[nodiscard]] const Library& api() const { return api_; }
    [[nodiscard]] FeedTable& feeds() { return *feeds_; }

private:
    const Library& api_;
    duckdb_database raw_ = nullptr;
    std::function<void()> when_closed_;
    std::unique_ptr<FeedTable> feeds_; // after the database closed, since its functions point there
};

/// A connection. One thread at a time, but for interrupt(). Shared, because a stream of results keeps it alive.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(std::shared_ptr<Database> database, duckdb_connection raw);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Runs one or several statements without looking at results.
    Status execute(std::string_view sql);
    /// Runs one statement; the number of rows that it changed.
    Result<std::uint64_t> change(std::string_view sql, const Values& values = {});
    /// Runs one statement. streaming: rows are made while they are read, and the session can do nothing else meanwhile.
    /// max_rows 0: no limit. `then`: run when the stream is released ("ROLLBACK").
    Result<OwnedStream> query(std::string_view sql, const Values& values = {}, bool streaming = false, std::uint64_t max_rows = 0,
        std::string then = {});
    /// The rows of a result that a statement of this session left.
    Result<OwnedStream> stream(std::unique_ptr<ResultSet> result);
    /// All rows of a small result, each column as text; nullopt is NULL.
    using TextRow = std::vector<std::optional<std::string>>;
    Result<std::vector<TextRow>> rows(std::string_view sql, const Values& values = {});
    /// The SELECT `sql`, wrapped where it has columns that Arrow has no type for: hugeint becomes DECIMAL(38,0), and uuid,
    /// enum, bit, time with zone and the like become text.
    Result<std::string> portable(std::string_view sql);

    /// Any thread: the statement in progress ends soon with JF_E_CANCELLED.
    void interrupt() { api_.interrupt(raw_); }
    [[nodiscard]] duckdb_connection raw() const { return raw_; }
    [[nodiscard]] const Library& api() const { return api_; }
    [[nodiscard]] Database& database() { return *database_; }

private:
    std::shared_ptr<Database> database_; // kept open by each session
    const Library& api_;
    duckdb_connection raw_;
};

/// An open result. Owns what it names. One thread at a time.
class ResultSet {
public:
    explicit ResultSet(const Library& api) : api_(api) {}
    ~ResultSet() { api_.destroy_result(&raw_); }
    ResultSet(const ResultSet&) = delete;
    ResultSet& operator=(const ResultSet&) = delete;
    [[nodiscard]] duckdb_result* get() { return &raw_; }
    [[nodiscard]] Error error() { return error_of(api_.result_error_type(&raw_), api_.result_error(&raw_) ? api_.result_error(&raw_) : "unknown error"); }

private:
    const Library& api_;
    duckdb_result raw_{};
};

/// A prepared statement. One thread at a time.
class Prepared {
public:
    /// Exactly one statement; JF_E_CONFIG if there are none or several.
    static Result<std::unique_ptr<Prepared>> make(Session& session, std::string_view sql);
    Prepared(const Library& api, duckdb_prepared_statement raw) : api_(api), raw_(raw) {}
    ~Prepared() { api_.destroy_prepare(&raw_); }
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;
    Status bind(const Values& values);
    Status run(ResultSet& result, bool streaming = false);
    [[nodiscard]] duckdb_prepared_statement raw() const { return raw_; }
    [[nodiscard]] duckdb_statement_type type() const { return api_.prepared_statement_type(raw_); }

private:
    const Library& api_;
    duckdb_prepared_statement raw_;
};

/// Splits a script into statements; JF_E_CONFIG with DuckDB's message if it cannot be read.
class Script {
public:
    static Result<std::unique_ptr<Script>> make(Session& session, std::string_view sql);
    ~Script() { session_.api().destroy_extracted(&raw_); }
    Script(Session& session, duckdb_extracted_statements raw, std::size_t size) : session_(session), raw_(raw), size_(size) {}
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;
    [[nodiscard]] std::size_t size() const { return size_; }
    Result<std::unique_ptr<Prepared>> prepare(std::size_t i);

private:
    Session& session_;
    duckdb_extracted_statements raw_;
    std::size_t size_;
};

/// The next rows of a result as Arrow; nothing at its end. `options` as of the connection.
Result<OwnedArray> fetch_arrow(const Library& api, duckdb_arrow_options options, duckdb_result& result);
/// The Arrow schema of a result.
Result<OwnedSchema> arrow_schema(const Library& api, duckdb_arrow_options options, duckdb_result& result);

} // namespace jackfield::duckdb

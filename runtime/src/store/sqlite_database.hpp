// A SQLite connection and its prepared statements, with errors as Result.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace jackfield::store {

/// Marks an argument of a Query as a blob and not text.
struct Blob {
    std::string_view bytes;
};

/// One connection. *One thread at a time.*
class Database {
public:
    /// `path` is empty for a private database in memory.
    static Result<std::unique_ptr<Database>> open(const std::string& path, std::int64_t busy_timeout_ns);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs statements that return nothing of interest and take no arguments.
    Status exec(const char* sql);

    /// How many rows the last statement changed.
    [[nodiscard]] std::int64_t changes() const;
    [[nodiscard]] bool in_transaction() const;

    /// The last failure as an Error: class by SQLite's extended code, sentence with the file and the remedy.
    [[nodiscard]] Error error(int code) const;

private:
    friend class Query;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };

    Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
    sqlite3_stmt* statement(std::string_view sql, int& code);

    sqlite3* handle_;
    std::string path_;
    std::unordered_map<std::string, sqlite3_stmt*, Hash, std::equal_to<>> statements_;
};

/// One execution of a prepared statement: `Query rows(db, "SELECT … WHERE a = ?", a); while (rows.next()) …;
/// JF_TRY(rows.end());`. Text arguments that are no temporary strings must live as long as it does.
/// *One thread at a time*; at most one Query of the same text at once.
class Query {
public:
    template <class... Arguments>
    Query(Database& database, std::string_view sql, Arguments&&... arguments) : Query(database, sql, nullptr)
    {
        int index = 0;
        (bind(++index, std::forward<Arguments>(arguments)), ...);
    }
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    /// Steps; true if there is a row to read.
    bool next();
    /// The error, if one came up.
    Status end();
    /// Steps to the end and returns the error, if one came up. For statements without rows.
    Status run();

    void bind(int index, std::int64_t value);
    void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
    void bind(int index, std::int32_t value) { bind(index, static_cast<std::int64_t>(value)); }
    void bind(int index, std::uint32_t value) { bind(index, static_cast<std::int64_t>(value)); }
    void bind(int index, bool value) { bind(index, static_cast<std::int64_t>(value)); }
    void bind(int index, std::string_view text);
    void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
    void bind(int index, std::string&& text); ///< copied: it is gone before the first step
    void bind(int index, const char* text) { bind(index, std::string_view(text)); }
    void bind(int index, Blob blob);
    /// For statements that are put together: an empty text means that they do not have this parameter.
    void bind_if(int index, const std::string& text)
    {
        if (!text.empty())
            bind(index, text);
    }

    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::uint64_t natural(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    /// Text or blob, copied.
    [[nodiscard]] std::string bytes(int column) const;
    [[nodiscard]] bool is_null(int column) const;

private:
    Query(Database& database, std::string_view sql, std::nullptr_t);

    Database& database_;
    sqlite3_stmt* statement_ = nullptr;
    int code_ = 0;
};

} // namespace jackfield::store

// The little of SQLite that these plugins need.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace demo {

/// One connection. One thread at a time.
class Database {
public:
    static jackfield::Result<Database> open(const std::string& path)
    {
        sqlite3* raw = nullptr;
        const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
        Database out(raw);
        if (code != SQLITE_OK)
            return jackfield::fail(JF_E_UNAVAILABLE, path + ": " + sqlite3_errstr(code));
        sqlite3_busy_timeout(raw, 20'000);
        JF_TRY(out.run("PRAGMA journal_mode=WAL"));
        JF_TRY(out.run("PRAGMA synchronous=NORMAL")); // survives the death of the process, which is all that is tested
        return out;
    }
    jackfield::Status run(const std::string& sql)
    {
        char* message = nullptr;
        if (sqlite3_exec(raw_.get(), sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK)
            return {};
        const std::string text = message ? message : "unknown";
        sqlite3_free(message);
        return jackfield::fail(JF_E_UNAVAILABLE, "SQLite: " + text + " in " + sql.substr(0, 60));
    }
    [[nodiscard]] sqlite3* raw() const { return raw_.get(); }

private:
    explicit Database(sqlite3* raw) : raw_(raw, sqlite3_close_v2) {}
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> raw_;
};

/// One statement with its parameters, bound from the first on. One thread at a time.
class Query {
public:
    template <class... Values>
    Query(Database& database, const char* sql, const Values&... values)
    {
        sqlite3_prepare_v2(database.raw(), sql, -1, &raw_, nullptr);
        [[maybe_unused]] int at = 0;
        (bind(++at, values), ...);
    }
    ~Query() { sqlite3_finalize(raw_); }
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    /// true: a row is there.
    jackfield::Result<bool> next()
    {
        const int code = raw_ ? sqlite3_step(raw_) : SQLITE_MISUSE;
        if (code == SQLITE_ROW || code == SQLITE_DONE)
            return code == SQLITE_ROW;
        return jackfield::fail(JF_E_UNAVAILABLE, std::string("SQLite: ") + sqlite3_errstr(code));
    }
    /// Runs a statement without rows.
    jackfield::Status run()
    {
        JF_TRY(next());
        return {};
    }
    template <class... Values>
    void again(const Values&... values)
    {
        sqlite3_reset(raw_);
        int at = 0;
        (bind(++at, values), ...);
    }
    [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(raw_, column); }
    [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(raw_, column) == SQLITE_NULL; }
    [[nodiscard]] std::string bytes(int column) const
    {
        const auto* data = static_cast<const char*>(sqlite3_column_blob(raw_, column));
        return data ? std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(raw_, column))) : std::string();
    }

private:
    void bind(int at, std::int64_t value) { sqlite3_bind_int64(raw_, at, value); }
    void bind(int at, std::uint64_t value) { sqlite3_bind_int64(raw_, at, static_cast<std::int64_t>(value)); }
    void bind(int at, std::string_view value)
    {
        sqlite3_bind_blob(raw_, at, value.data() ? value.data() : "", static_cast<int>(value.size()), SQLITE_TRANSIENT);
    }
    sqlite3_stmt* raw_ = nullptr;
};

/// BEGIN IMMEDIATE … COMMIT; what is not committed is rolled back.
class Transaction {
public:
    static jackfield::Result<Transaction> begin(Database& database)
    {
        JF_TRY(database.run("BEGIN IMMEDIATE"));
        return Transaction(&database);
    }
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction()
    {
        if (database_)
            (void)database_->run("ROLLBACK");
    }
    jackfield::Status commit()
    {
        JF_TRY(database_->run("COMMIT"));
        database_ = nullptr;
        return {};
    }

private:
    explicit Transaction(Database* database) : database_(database) {}
    Database* database_;
};

} // namespace demo

// SQLite's C calls, and its error codes in our words.
#include "store/sqlite_database.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jackfield::store {
namespace {

std::string errno_text(int number) { return number == 0 ? std::string("no reason given") : std::strerror(number); }

/// Which class an I/O error belongs to, by errno.
jf_status io_class(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
        return JF_E_EXHAUSTED;
    case EACCES:
    case EPERM:
    case EROFS:
        return JF_E_DENIED;
    case ENOENT:
    case ENOTDIR:
        return JF_E_NOT_FOUND;
    case EISDIR:
        return JF_E_CONFIG;
    default:
        return JF_E_FAILED;
    }
}

/// A sentence for a failed access to the file, by errno.
Error io_error(const std::string& file, int number)
{
    Error error = fail(io_class(number), {});
    error.code = number == 0 ? "" : strerrorname_np(number);
    switch (error.kind) {
    case JF_E_EXHAUSTED:
        error.message = file + " cannot grow (" + errno_text(number) + "); free some space and run again";
        break;
    case JF_E_DENIED:
        error.message = file + " cannot be written (" + errno_text(number) +
                        "); allow writing to it and to its directory, or name another state file";
        break;
    case JF_E_NOT_FOUND:
        error.message = file + " cannot be made (" + errno_text(number) + "); make its directory first";
        break;
    case JF_E_CONFIG:
        error.message = file + " is a directory; name a file";
        break;
    default:
        error.message = file + " cannot be read or written (" + errno_text(number) + "); check the disk below it";
    }
    return error;
}

/// The errno behind an I/O error: sqlite3_system_errno() knows it for opening only, else the file or its log does.
int error_number(sqlite3* handle, int code)
{
    if (code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMMAP)
        return ENOSPC; // the shared index could not be made large enough
    int number = sqlite3_system_errno(handle);
    if (number == 0)
        (void)sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    sqlite3_file* log = nullptr;
    if (number == 0 && sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
        log != nullptr && log->pMethods != nullptr)
        (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

/// SQLite would make the file readable by everybody. Asking first also tells apart what is wrong with the path. A file that is
/// there is never opened here: closing it would drop the locks that this process holds on it through another connection (POSIX),
/// and another process would then take itself for the last one and delete the log under us.
Status make_private_file(const std::string& path)
{
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
        return io_error("state file '" + path + "'", EISDIR);
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno == EEXIST && ::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0)
        return {};
    if (file < 0)
        return io_error("state file '" + path + "'", errno);
    ::close(file);
    return {};
}

} // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, std::int64_t busy_timeout_ns)
{
    if (!path.empty())
        JF_TRY(make_private_file(path));
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (path.empty() ? SQLITE_OPEN_MEMORY : 0);
    const int code = sqlite3_open_v2(path.empty() ? ":memory:" : path.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Database> database(new Database(handle, path));
    if (code != SQLITE_OK)
        return database->error(code);
    const auto milliseconds = busy_timeout_ns / 1'000'000;
    sqlite3_busy_timeout(handle, static_cast<int>(std::min<std::int64_t>(milliseconds, std::numeric_limits<int>::max())));
    return database;
}

Database::~Database()
{
    for (auto& [sql, statement] : statements_)
        sqlite3_finalize(statement);
    sqlite3_close_v2(handle_);
}

Status Database::exec(const char* sql)
{
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        return error(code);
    return {};
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Error Database::error(int code) const
{
    const std::string file = path_.empty() ? "the state in memory" : "state file '" + path_ + "'";
    const int number = handle_ == nullptr ? 0 : error_number(handle_, code);
    const std::string vendor = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
    Error result;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        result = fail(JF_E_UNAVAILABLE, file + " is locked by another process; try again when that is done");
        break;
    case SQLITE_FULL:
        result = io_error(file, ENOSPC);
        break;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        result = io_error(file, number);
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        result = io_error(file, number == 0 ? EACCES : number);
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        result = fail(JF_E_DATA, file + " is damaged or no state file (" + vendor +
                                     "); move it away and run again, or restore a copy");
        break;
    case SQLITE_NOMEM:
        result = fail(JF_E_EXHAUSTED, file + ": out of memory; run fewer tasks at once");
        break;
    case SQLITE_TOOBIG:
        result = fail(JF_E_DATA, file + " cannot hold a value of this size; store less");
        break;
    default:
        result = fail(JF_E_FAILED, file + ": " + vendor);
    }
    if (result.code.empty())
        result.code = "SQLITE_" + std::to_string(code);
    return result;
}

sqlite3_stmt* Database::statement(std::string_view sql, int& code)
{
    if (const auto found = statements_.find(sql); found != statements_.end())
        return found->second;
    sqlite3_stmt* made = nullptr;
    code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code == SQLITE_OK)
        statements_.emplace(sql, made);
    return made;
}

Query::Query(Database& database, std::string_view sql, std::nullptr_t) : database_(database)
{
    statement_ = database.statement(sql, code_);
}

Query::~Query()
{
    if (statement_ != nullptr) {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
}

bool Query::next()
{
    if (code_ != SQLITE_OK && code_ != SQLITE_ROW)
        return false;
    code_ = sqlite3_step(statement_);
    return code_ == SQLITE_ROW;
}

Status Query::end()
{
    if (code_ == SQLITE_OK || code_ == SQLITE_ROW || code_ == SQLITE_DONE)
        return {};
    return database_.error(code_);
}

Status Query::run()
{
    while (next()) {
    }
    return end();
}

void Query::bind(int index, std::int64_t value)
{
    if (code_ == SQLITE_OK)
        code_ = sqlite3_bind_int64(statement_, index, value);
}

void Query::bind(int index, std::string_view text)
{
    if (code_ == SQLITE_OK) // a NULL pointer would bind NULL, so an empty view points somewhere
        code_ = sqlite3_bind_text64(statement_, index, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Query::bind(int index, std::string&& text)
{
    if (code_ == SQLITE_OK)
        code_ = sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Query::bind(int index, Blob blob)
{
    if (code_ == SQLITE_OK)
        code_ = sqlite3_bind_blob64(statement_, index, blob.bytes.empty() ? "" : blob.bytes.data(), blob.bytes.size(),
                                    SQLITE_STATIC);
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::bytes(int column) const
{
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string() : std::string(data, size);
}

bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

} // namespace jackfield::store

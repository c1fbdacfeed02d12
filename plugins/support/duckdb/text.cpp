// SQL text for DuckDB.
#include "support/duckdb/text.hpp"

#include <algorithm>

namespace jackfield::duckdb {
namespace {

std::string quoted(std::string_view text, char quote)
{
    std::string out(1, quote);
    for (const char c : text) {
        if (c == quote)
            out += quote;
        out += c;
    }
    return out + quote;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

jf_status class_of_io(std::string_view message)
{
    if (has(message, "Could not set lock") || has(message, "Conflicting lock"))
        return JF_E_UNAVAILABLE;
    if (has(message, "No space left") || has(message, "Disk quota"))
        return JF_E_EXHAUSTED;
    if (has(message, "Permission denied") || has(message, "Read-only file system") || has(message, "Operation not permitted"))
        return JF_E_DENIED;
    if (has(message, "No such file") || has(message, "not exist") || has(message, "No files found"))
        return JF_E_NOT_FOUND;
    if (has(message, "not a valid DuckDB database") || has(message, "checksum") || has(message, "Corrupt"))
        return JF_E_DATA;
    return JF_E_FAILED;
}

jf_status class_of(duckdb_error_type type, std::string_view message)
{
    switch (type) {
    case DUCKDB_ERROR_INTERRUPT: return JF_E_CANCELLED;
    case DUCKDB_ERROR_OUT_OF_MEMORY: return JF_E_EXHAUSTED;
    case DUCKDB_ERROR_PERMISSION: return JF_E_DENIED;
    case DUCKDB_ERROR_CATALOG:
        return has(message, "does not exist") && has(message, "Table") ? JF_E_NOT_FOUND
            : has(message, "write-write conflict")                     ? JF_E_UNAVAILABLE : JF_E_CONFIG;
    case DUCKDB_ERROR_PARSER: case DUCKDB_ERROR_SYNTAX: case DUCKDB_ERROR_BINDER: case DUCKDB_ERROR_SETTINGS:
    case DUCKDB_ERROR_PARAMETER_NOT_RESOLVED: case DUCKDB_ERROR_PARAMETER_NOT_ALLOWED: case DUCKDB_ERROR_EXPRESSION:
    case DUCKDB_INVALID_CONFIGURATION: case DUCKDB_ERROR_MISSING_EXTENSION: case DUCKDB_ERROR_AUTOLOAD: return JF_E_CONFIG;
    case DUCKDB_ERROR_CONSTRAINT: case DUCKDB_ERROR_CONVERSION: case DUCKDB_ERROR_OUT_OF_RANGE: case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_INVALID_INPUT: case DUCKDB_ERROR_MISMATCH_TYPE: case DUCKDB_ERROR_DIVIDE_BY_ZERO:
    case DUCKDB_ERROR_SERIALIZATION: return JF_E_DATA;
    case DUCKDB_ERROR_TRANSACTION:
        return has(message, "onflict") ? JF_E_UNAVAILABLE : has(message, "read-only") ? JF_E_DENIED : JF_E_STATE;
    case DUCKDB_ERROR_IO: return class_of_io(message);
    default: return class_of_io(message);
    }
}

} // namespace

std::string quote_name(std::string_view name) { return quoted(name, '"'); }
std::string quote_text(std::string_view text) { return quoted(text, '\''); }

Result<std::vector<std::string>> table_parts(std::string_view table)
{
    std::vector<std::string> parts;
    const auto wrong = [&] {
        return fail(JF_E_CONFIG, "'" + std::string(table) + "' is no table; write name, schema.name or database.schema.name, with odd parts in double quotes");
    };
    std::size_t at = 0;
    for (bool more = true; more;) {
        std::string part;
        if (at < table.size() && table[at] == '"') {
            for (++at;; ++at) {
                if (at >= table.size())
                    return wrong();
                if (table[at] == '"' && table.substr(at, 2) != "\"\"")
                    break;
                at += table[at] == '"' ? 1 : 0;
                part += table[at];
            }
            ++at;
        } else {
            for (; at < table.size() && table[at] != '.'; ++at)
                part += table[at];
        }
        more = at < table.size();
        if (part.empty() || (more && table[at++] != '.'))
            return wrong();
        parts.push_back(std::move(part));
    }
    if (parts.size() > 3)
        return wrong();
    return parts;
}

Result<std::string> quote_table(std::string_view table)
{
    JF_ASSIGN(const auto parts, table_parts(table));
    std::string out;
    for (const auto& part : parts)
        out += (out.empty() ? "" : ".") + quote_name(part);
    return out;
}

Result<std::string> sql_type(const DataType& type)
{
    switch (type.type) {
    case Type::null: return std::string("INTEGER");
    case Type::boolean: return std::string("BOOLEAN");
    case Type::int8: return std::string("TINYINT");
    case Type::int16: return std::string("SMALLINT");
    case Type::int32: return std::string("INTEGER");
    case Type::int64: return std::string("BIGINT");
    case Type::uint8: return std::string("UTINYINT");
    case Type::uint16: return std::string("USMALLINT");
    case Type::uint32: return std::string("UINTEGER");
    case Type::uint64: return std::string("UBIGINT");
    case Type::float32: return std::string("FLOAT");
    case Type::float64: return std::string("DOUBLE");
    case Type::utf8: case Type::large_utf8: case Type::utf8_view: return std::string("VARCHAR");
    case Type::binary: case Type::large_binary: case Type::binary_view: case Type::fixed_binary: return std::string("BLOB");
    case Type::date32: case Type::date64: return std::string("DATE");
    case Type::time32: case Type::time64: return std::string("TIME");
    case Type::duration: case Type::interval_month_day_nano: return std::string("INTERVAL");
    case Type::timestamp:
        if (!type.zone.empty())
            return std::string("TIMESTAMP WITH TIME ZONE");
        return std::string(type.unit == Unit::second ? "TIMESTAMP_S" : type.unit == Unit::milli ? "TIMESTAMP_MS"
                : type.unit == Unit::micro ? "TIMESTAMP" : "TIMESTAMP_NS");
    case Type::decimal128:
        if (type.scale < 0 || type.scale > type.precision)
            break;
        return "DECIMAL(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
    case Type::list: case Type::large_list: case Type::fixed_list: {
        JF_ASSIGN(const std::string item, sql_type(type.children[0].type));
        return item + "[]";
    }
    case Type::map: {
        const auto& entry = type.children[0].type.children;
        JF_ASSIGN(const std::string key, sql_type(entry[0].type));
        JF_ASSIGN(const std::string value, sql_type(entry[1].type));
        return "MAP(" + key + ", " + value + ")";
    }
    case Type::structure: {
        std::string out;
        for (const Field& field : type.children) {
            JF_ASSIGN(const std::string inner, sql_type(field.type));
            out += (out.empty() ? "" : ", ") + quote_name(field.name) + " " + inner;
        }
        if (out.empty())
            break;
        return "STRUCT(" + out + ")";
    }
    case Type::dictionary: case Type::run_end_encoded: return sql_type(type.children[1].type);
    }
    return fail(JF_E_UNSUPPORTED, "DuckDB has no type for " + type.text() + "; cast the column with the step 'select'");
}

Error error_of(duckdb_error_type type, std::string_view message)
{
    std::string text(message.substr(0, std::min(message.find("\n\nLINE"), message.size())));
    for (char& c : text)
        if (c == '\n' || c == '\r')
            c = ' ';
    Error made = fail(class_of(type, message), "DuckDB: " + text);
    if (made.kind == JF_E_UNAVAILABLE && type != DUCKDB_ERROR_TRANSACTION && type != DUCKDB_ERROR_CATALOG)
        made.message += "; another process has the file open: it is tried again, or close that program";
    if (made.kind == JF_E_EXHAUSTED && type == DUCKDB_ERROR_OUT_OF_MEMORY)
        made.message += "; raise memory_limit of the connection or set temp_directory";
    return made;
}

} // namespace jackfield::duckdb

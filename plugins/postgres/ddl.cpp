// Types for new columns.
#include "ddl.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

std::string extension_of(const Field& field)
{
    for (const auto& [key, value] : field.metadata)
        if (key == "ARROW:extension:name")
            return value;
    return {};
}

std::string decimal_type(const DataType& type)
{
    if (type.scale < 0 || type.scale > type.precision) // servers before 15 refuse these
        return "numeric";
    return "numeric(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
}

} // namespace

std::string sql_type(const Field& field)
{
    const DataType& type = field.type;
    const std::string extension = extension_of(field);
    if (extension == "arrow.uuid")
        return "uuid";
    if (extension == "arrow.json")
        return "jsonb";
    switch (type.type) {
    case Type::boolean: return "boolean";
    case Type::int8: case Type::int16: case Type::uint8: return "smallint";
    case Type::int32: case Type::uint16: return "integer";
    case Type::int64: case Type::uint32: return "bigint";
    case Type::uint64: return "numeric(20,0)";
    case Type::float32: return "real";
    case Type::float64: return "double precision";
    case Type::decimal128: return decimal_type(type);
    case Type::binary: case Type::large_binary: case Type::binary_view: case Type::fixed_binary: return "bytea";
    case Type::date32: case Type::date64: return "date";
    case Type::time32: case Type::time64: return "time";
    case Type::timestamp: return type.zone.empty() ? "timestamp" : "timestamptz";
    case Type::duration: case Type::interval_month_day_nano: return "interval";
    case Type::structure: case Type::map: return "jsonb";
    case Type::dictionary: case Type::run_end_encoded: return sql_type(type.children.back());
    case Type::list: case Type::large_list: case Type::fixed_list: {
        const std::string item = sql_type(type.children[0]);
        return item == "jsonb" || item.ends_with("[]") ? item : item + "[]"; // an array type has any number of dimensions
    }
    default: return "text";
    }
}

std::string create_table_sql(const Name& name, const Schema& schema, const std::vector<std::string>& key)
{
    std::string columns;
    for (const Field& field : schema.fields)
        columns += (columns.empty() ? "" : ", ") + quote_identifier(field.name) + " " + sql_type(field);
    if (!key.empty())
        columns += ", PRIMARY KEY (" + quote_list(key) + ")";
    return "CREATE TABLE " + name.quoted() + " (" + columns + ")";
}

Status lock_making(Session& session, const Patience& patience)
{
    return session.execute(patience, "SELECT pg_catalog.pg_advisory_xact_lock(5353427764512211)");
}

} // namespace jackfield::postgres

// Walks the parse tree that json_serialize_sql makes.
#include "support/duckdb/tree.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace jackfield::duckdb {
namespace {

namespace json = boost::json;

constexpr std::array reading_functions{"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree",
    "duckdb_columns", "duckdb_constraints", "duckdb_databases", "duckdb_functions", "duckdb_indexes", "duckdb_keywords", "duckdb_schemas",
    "duckdb_sequences", "duckdb_tables", "duckdb_types", "duckdb_views", "pragma_database_size", "pragma_show",
    "pragma_storage_info", "pragma_table_info", "pragma_version", "icu_calendar_names", "pg_timezone_names", "summary"};
constexpr std::array file_functions{"read_csv", "read_csv_auto", "read_parquet", "parquet_scan", "parquet_metadata", "parquet_schema",
    "parquet_file_metadata", "parquet_kv_metadata", "read_json", "read_json_auto", "read_json_objects", "read_json_objects_auto",
    "read_ndjson", "read_ndjson_auto", "read_ndjson_objects", "read_text", "read_blob", "glob", "sniff_csv"};
constexpr std::array harmless_effects{"random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "error", "current_query_id",
    "current_transaction_id", "current_connection_id", "txid_current"};

template <class List>
bool among(const List& list, std::string_view name)
{
    return std::find(list.begin(), list.end(), name) != list.end();
}

/// What stands anywhere in a tree.
struct Found {
    std::set<std::string> functions, table_functions, tables, ctes, classes, columns;
    bool subquery = false;
};

std::string_view member(const json::object& object, std::string_view name)
{
    const json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

void walk(const json::value& value, Found& found, bool table_function = false)
{
    if (const auto* list = value.if_array()) {
        for (const auto& item : *list)
            walk(item, found);
        return;
    }
    const auto* object = value.if_object();
    if (!object)
        return;
    const std::string_view kind = member(*object, "class");
    const std::string_view type = member(*object, "type");
    if (!kind.empty())
        found.classes.emplace(kind);
    if (kind == "FUNCTION" || kind == "WINDOW")
        (table_function ? found.table_functions : found.functions).emplace(member(*object, "function_name"));
    if (kind == "COLUMN_REF")
        for (const auto& name : object->at("column_names").as_array()) // of s.x either may be the column
            found.columns.emplace(name.as_string());
    if (type == "BASE_TABLE" && member(*object, "schema_name").empty())
        found.tables.emplace(member(*object, "table_name"));
    if (const auto* ctes = object->if_contains("cte_map"); ctes && ctes->is_object())
        for (const auto& entry : ctes->at("map").as_array())
            found.ctes.emplace(entry.at("key").as_string());
    for (const auto& [name, inner] : *object)
        walk(inner, found, type == "TABLE_FUNCTION" && name == "function");
}

Result<json::value> tree_of(Session& session, std::string_view sql)
{
    if (sql.find('\0') != std::string_view::npos)
        return fail(JF_E_CONFIG, "the SQL text holds a zero byte");
    JF_ASSIGN(const auto rows, session.rows("SELECT json_serialize_sql(" + quote_text(sql) + ")"));
    boost::system::error_code wrong;
    json::value tree = json::parse(*rows.at(0).at(0), wrong, {}, {.max_depth = 1000});
    if (wrong)
        return fail(JF_E_CONFIG, "the SQL text nests too deeply to be checked");
    if (tree.at("error").as_bool()) {
        const std::string said(tree.at("error_message").as_string());
        const bool other = said.find("Only SELECT") != std::string::npos;
        return other ? fail(JF_E_DENIED, "only one SELECT is allowed here; other statements go into a task 'duckdb.sql'")
                     : error_of(DUCKDB_ERROR_PARSER, said);
    }
    return tree;
}

/// Names of `wanted` that a query over DuckDB's own lists gives.
Result<std::set<std::string>> names(Session& session, const std::string& select, const std::set<std::string>& wanted)
{
    std::set<std::string> out;
    if (wanted.empty())
        return out;
    std::string list;
    for (const auto& name : wanted)
        list += (list.empty() ? "" : ", ") + quote_text(name);
    JF_ASSIGN(const auto rows, session.rows(select + " IN (" + list + ")"));
    for (const auto& row : rows)
        out.insert(*row[0]);
    return out;
}

Result<std::set<std::string>> functions(Session& session, const std::string& which, const std::set<std::string>& wanted)
{
    return names(session, "SELECT DISTINCT function_name FROM duckdb_functions() WHERE " + which + " AND function_name", wanted);
}

Status check_tables(Session& session, const Found& found)
{
    std::set<std::string> unknown;
    for (const auto& table : found.tables)
        if (!found.ctes.contains(table) && table.find_first_of("./*?[:") != std::string::npos)
            unknown.insert(table);
    JF_ASSIGN(const auto known, names(session, "SELECT name FROM (SELECT table_name AS name FROM duckdb_tables() UNION "
                                               "SELECT view_name FROM duckdb_views()) WHERE name", unknown));
    for (const auto& table : unknown)
        if (!known.contains(table))
            return fail(JF_E_DENIED, "the query reads '" + table + "', which is no table; a query of a connection reads tables and no files");
    return {};
}

} // namespace

Status check_query(Session& session, std::string_view sql, Files files)
try {
    JF_ASSIGN(const json::value tree, tree_of(session, sql));
    const auto& statements = tree.at("statements").as_array();
    if (statements.size() != 1)
        return fail(JF_E_CONFIG, "the query holds " + std::to_string(statements.size()) + " statements; exactly one is taken here");
    Found found;
    walk(statements[0], found);
    JF_ASSIGN(const auto effects, functions(session, "has_side_effects", found.functions));
    for (const auto& name : effects)
        if (!among(harmless_effects, name))
            return fail(JF_E_DENIED, "the query calls " + name + "(), which has effects; a query only reads");
    JF_ASSIGN(const auto macros, functions(session, "function_type = 'table_macro'", found.table_functions));
    for (const auto& name : found.table_functions) {
        const bool file = among(file_functions, name);
        if (file ? files == Files::no : !among(reading_functions, name) && !macros.contains(name))
            return fail(JF_E_DENIED, "the query calls " + name + "(), which " + (file ? "reads files" : "may do more than read tables")
                    + "; a query only reads tables");
    }
    return files == Files::yes ? Status() : check_tables(session, found);
} catch (const std::exception& error) { // of Boost.JSON, if the tree is laid out in a new way
    return fail(JF_E_DENIED, std::string("the parse tree of the query is not understood: ") + error.what());
}

Result<ExpressionFacts> check_expression(Session& session, std::string_view expression)
try {
    const auto no = [&](std::string_view what) {
        return fail(JF_E_CONFIG, "'" + std::string(expression) + "' " + std::string(what) + "; write one expression over the columns of a row");
    };
    auto tree = tree_of(session, "SELECT " + std::string(expression) + "\n");
    if (!tree) {
        Error why = std::move(tree).error();
        why.kind = JF_E_CONFIG;
        why.message = "'" + std::string(expression) + "' is no expression: " + why.message;
        return why;
    }
    const auto& statements = tree->at("statements").as_array();
    if (statements.size() != 1)
        return no("holds several statements");
    const auto& node = statements[0].at("node").as_object();
    if (member(node, "type") != "SELECT_NODE" || node.at("select_list").as_array().size() != 1)
        return no("is not exactly one expression");
    const bool more = !node.at("modifiers").as_array().empty() || !node.at("cte_map").at("map").as_array().empty()
        || member(node.at("from_table").as_object(), "type") != "EMPTY" || !node.at("where_clause").is_null()
        || !node.at("group_expressions").as_array().empty() || !node.at("group_sets").as_array().empty()
        || !node.at("having").is_null() || !node.at("qualify").is_null() || !node.at("sample").is_null();
    if (more)
        return no("holds clauses of a query");
    const auto& only = node.at("select_list").at(0);
    if (!member(only.as_object(), "alias").empty())
        return no("names its result; the name goes before the colon");
    Found found;
    walk(only, found);
    for (const char* kind : {"SUBQUERY", "WINDOW", "STAR", "PARAMETER", "DEFAULT"})
        if (found.classes.contains(kind))
            return no(std::string("holds a ") + (kind == std::string_view("PARAMETER") ? "placeholder" : kind));
    JF_ASSIGN(const auto aggregates, functions(session, "function_type = 'aggregate'", found.functions));
    JF_ASSIGN(const auto scalars, functions(session, "function_type IN ('scalar', 'macro')", found.functions));
    for (const auto& name : aggregates)
        if (!scalars.contains(name))
            return no("aggregates with " + name + "()");
    JF_ASSIGN(const auto effects, functions(session, "has_side_effects", found.functions));
    for (const auto& name : effects)
        if (!among(harmless_effects, name))
            return no("calls " + name + "(), which has effects");
    JF_ASSIGN(const auto unstable, functions(session, "stability <> 'CONSISTENT'", found.functions));
    ExpressionFacts facts{std::move(found.columns), unstable.empty()};
    for (const auto& column : facts.columns) // written without parentheses, these are functions too
        for (const char* clock : {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
            facts.repeatable = facts.repeatable && column != clock;
    return facts;
} catch (const std::exception& error) { // of Boost.JSON, if the tree is laid out in a new way
    return fail(JF_E_UNSUPPORTED, std::string("the parse tree of the expression is not understood: ") + error.what());
}

} // namespace jackfield::duckdb

// Library: DuckDB's C API, opened at first use. Shared by every plugin of ours that uses DuckDB.
//
// The library has 70 MB and is never linked: a flow that does not use it does not pay for it. It is looked for at the
// path that is handed in, $JACKFIELD_DUCKDB, beside and above the plugin (lib/jackfield/libduckdb.so, as installed and as
// built), and at last where the system keeps libraries.
#pragma once

#include <duckdb.h>
#include <jackfield/sdk/result.hpp>

#include <string>
#include <string_view>

namespace jackfield::duckdb {

// Every function that our plugins call, without the prefix duckdb_.
// clang-format off
#define JF_DUCKDB_FUNCTIONS(X)                                                                                           \
    X(library_version) X(create_config) X(set_config) X(destroy_config) X(open_ext) X(close) X(connect) X(disconnect)    \
    X(interrupt) X(free) X(query) X(destroy_result) X(result_error) X(result_error_type) X(column_count) X(column_name)  \
    X(column_logical_type) X(rows_changed) X(fetch_chunk) X(result_return_type) X(result_statement_type)                 \
    X(prepare) X(destroy_prepare) X(prepare_error) X(nparams) X(bind_value) X(prepared_statement_type)                   \
    X(prepared_statement_column_count) X(prepared_statement_column_name) X(prepared_statement_column_logical_type)       \
    X(execute_prepared) X(execute_prepared_streaming) X(extract_statements) X(prepare_extracted_statement)               \
    X(extract_statements_error) X(destroy_extracted)                                                                     \
    X(create_data_chunk) X(destroy_data_chunk) X(data_chunk_reset) X(data_chunk_get_size) X(data_chunk_set_size)         \
    X(data_chunk_get_vector) X(data_chunk_get_column_count) X(vector_size) X(vector_get_data) X(vector_get_validity)     \
    X(vector_ensure_validity_writable) X(vector_reference_vector) X(vector_assign_string_element_len)                    \
    X(list_vector_get_child) X(list_vector_reserve) X(list_vector_set_size) X(struct_vector_get_child)                                                                 \
    X(create_logical_type) X(create_decimal_type) X(destroy_logical_type) X(get_type_id) X(decimal_width)                \
    X(decimal_scale) X(decimal_internal_type)                                                                            \
    X(create_bool) X(create_int64) X(create_uint64) X(create_double) X(create_varchar_length) X(create_blob)             \
    X(create_date) X(create_time) X(create_timestamp) X(create_timestamp_tz) X(create_decimal) X(create_null_value)      \
    X(create_interval) X(get_varchar) X(get_int64) X(get_uint64) X(destroy_value)                                        \
    X(connection_get_arrow_options) X(destroy_arrow_options) X(to_arrow_schema) X(data_chunk_to_arrow)                   \
    X(schema_from_arrow) X(data_chunk_from_arrow) X(destroy_arrow_converted_schema)                                      \
    X(destroy_error_data) X(error_data_error_type) X(error_data_message) X(error_data_has_error)                         \
    X(create_table_function) X(destroy_table_function) X(table_function_set_name) X(table_function_add_parameter)        \
    X(table_function_set_bind) X(table_function_set_init) X(table_function_set_function)                                 \
    X(table_function_set_extra_info) X(table_function_supports_projection_pushdown) X(register_table_function)           \
    X(bind_get_extra_info) X(bind_get_parameter) X(bind_add_result_column) X(bind_set_bind_data)                         \
    X(bind_set_cardinality) X(bind_set_error) X(init_get_bind_data) X(init_set_init_data) X(init_get_column_count)       \
    X(init_get_column_index) X(init_set_max_threads) X(init_set_error) X(function_get_bind_data) X(function_get_init_data)                 \
    X(function_set_error)                                                                                                \
    X(appender_create_ext) X(appender_error_data) X(appender_flush) X(appender_close) X(appender_destroy)                \
    X(append_data_chunk)
// clang-format on

/// Pointers to the functions of the library, named as in duckdb.h without the prefix. Immutable; any thread.
struct Library {
#define JF_DUCKDB_MEMBER(name) decltype(&::duckdb_##name) name = nullptr;
    JF_DUCKDB_FUNCTIONS(JF_DUCKDB_MEMBER)
#undef JF_DUCKDB_MEMBER
    std::string file; ///< where it was found
};

/// The library, opened by the first call in the process and kept open for ever. `path` (of an option) is looked at before
/// all other places, and only by the call that opens. JF_E_NOT_FOUND: nowhere; JF_E_UNSUPPORTED: too old or damaged; both
/// say the remedy. Any thread.
Result<const Library*> library(std::string_view path = {});

} // namespace jackfield::duckdb

// Database and Session.
#include "support/duckdb/session.hpp"

#include "support/duckdb/feed.hpp"

#include <jackfield/sdk/arrow/text.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <cerrno>
#include <cstring>

namespace jackfield::duckdb {
namespace {

Error take_error(const Library& api, duckdb_error_data data)
{
    Error made = error_of(api.error_data_error_type(data), api.error_data_message(data));
    api.destroy_error_data(&data);
    return made;
}

bool failed(const Library& api, duckdb_error_data& data)
{
    if (!data)
        return false;
    if (api.error_data_has_error(data))
        return true;
    api.destroy_error_data(&data);
    return false;
}

Result<Value> value_of(const Library& api, const ColumnView& column, std::int64_t row)
{
    const DataType& type = column.type();
    if (column.is_null(row))
        return Value::null(api);
    if (is_text(type.type))
        return Value::text(api, column.text(row));
    if (is_binary(type.type))
        return Value::blob(api, column.text(row));
    switch (type.type) {
    case Type::boolean: return Value(api, api.create_bool(column.boolean(row)));
    case Type::uint64: return Value(api, api.create_uint64(column.u64(row)));
    case Type::float32: case Type::float64: return Value(api, api.create_double(column.f64(row)));
    case Type::date32: return Value(api, api.create_date({static_cast<std::int32_t>(column.i64(row))}));
    case Type::time64:
        return Value(api, api.create_time({type.unit == Unit::nano ? column.i64(row) / 1000 : column.i64(row)}));
    case Type::timestamp: {
        const std::int64_t raw = column.i64(row);
        const std::int64_t micros = type.unit == Unit::second ? raw * 1'000'000 : type.unit == Unit::milli ? raw * 1'000
            : type.unit == Unit::micro ? raw : raw / 1'000;
        return type.zone.empty() ? Value(api, api.create_timestamp({micros})) : Value(api, api.create_timestamp_tz({micros}));
    }
    case Type::decimal128: {
        const Int128 unscaled = column.decimal(row);
        duckdb_decimal out{static_cast<std::uint8_t>(type.precision), static_cast<std::uint8_t>(type.scale),
            {static_cast<std::uint64_t>(unscaled), static_cast<std::int64_t>(unscaled >> 64)}};
        return Value(api, api.create_decimal(out));
    }
    default: break;
    }
    if (is_integer(type.type))
        return Value(api, api.create_int64(column.i64(row)));
    if (column.indirect())
        return value_of(api, column.target(), column.index(row));
    return fail(JF_E_CONFIG, "a parameter of type " + type.text() + " cannot be bound; pass it as text and cast it in the query");
}

/// Rows of a DuckDB result as an Arrow stream; owns result and session.
class ResultStream {
public:
    ResultStream(std::shared_ptr<Session> session, std::unique_ptr<Prepared> statement, std::unique_ptr<ResultSet> result,
        std::uint64_t max_rows, std::string then)
        : session_(std::move(session)), statement_(std::move(statement)), result_(std::move(result)), left_(max_rows),
          limited_(max_rows > 0), then_(std::move(then))
    {
        session_->api().connection_get_arrow_options(session_->raw(), &options_);
    }
    ~ResultStream()
    {
        session_->api().destroy_arrow_options(&options_);
        result_.reset();
        statement_.reset();
        if (!then_.empty())
            (void)session_->execute(then_); // a rollback of a read has nothing to lose
    }
    ResultStream(const ResultStream&) = delete;
    ResultStream& operator=(const ResultStream&) = delete;

    Status start()
    {
        JF_ASSIGN(schema_, arrow_schema(session_->api(), options_, *result_->get()));
        return {};
    }
    OwnedStream stream(std::unique_ptr<ResultStream> self)
    {
        ArrowArrayStream out{};
        out.private_data = self.release();
        out.get_schema = [](ArrowArrayStream* s, ArrowSchema* schema) { return of(s).copy_schema(schema); };
        out.get_next = [](ArrowArrayStream* s, ArrowArray* array) { return of(s).next(array); };
        out.get_last_error = [](ArrowArrayStream* s) -> const char* { return of(s).error_.empty() ? nullptr : of(s).error_.c_str(); };
        out.release = [](ArrowArrayStream* s) {
            delete static_cast<ResultStream*>(s->private_data);
            s->release = nullptr;
        };
        return OwnedStream(out);
    }

private:
    static ResultStream& of(ArrowArrayStream* s) { return *static_cast<ResultStream*>(s->private_data); }
    int copy_schema(ArrowSchema* out)
    {
        auto imported = import_schema(*schema_);
        if (imported && export_schema(*imported, out))
            return 0;
        error_ = imported ? "the schema cannot be exported" : imported.error().message;
        return EINVAL;
    }
    int next(ArrowArray* out)
    try {
        *out = ArrowArray{};
        if (done_ || (limited_ && left_ == 0))
            return 0;
        auto array = fetch_arrow(session_->api(), options_, *result_->get());
        done_ = !array || !*array; // a streamed result must not be asked again
        if (!array) {
            error_ = array.error().message;
            return array.error().kind == JF_E_CANCELLED ? ECANCELED : EIO;
        }
        if (!*array)
            return 0;
        if (limited_ && static_cast<std::uint64_t>((*array)->length) > left_)
            *array = SharedArray(std::move(*array)).slice(0, static_cast<std::int64_t>(left_));
        left_ -= limited_ ? static_cast<std::uint64_t>((*array)->length) : 0;
        *out = array->release();
        return 0;
    } catch (const std::exception& error) { // C calls this
        error_ = error.what();
        return EIO;
    }

    std::shared_ptr<Session> session_; // the rows are made by it while they are read
    std::unique_ptr<Prepared> statement_;
    std::unique_ptr<ResultSet> result_;
    duckdb_arrow_options options_ = nullptr;
    OwnedSchema schema_;
    std::uint64_t left_;
    bool limited_;
    bool done_ = false;
    std::string then_;
    std::string error_;
};

} // namespace

Result<Values> values_of(const Library& api, OwnedStream params)
{
    OwnedSchema raw;
    if (params->get_schema(params.get(), raw.out()) != 0)
        return fail(JF_E_CONFIG, "the parameters have no schema");
    JF_ASSIGN(const Schema schema, import_schema(*raw));
    OwnedArray batch;
    if (params->get_next(params.get(), batch.out()) != 0 || !batch || batch->length != 1)
        return fail(JF_E_CONFIG, "parameters are one row with one column for each placeholder");
    JF_TRY(validate(schema, *batch));
    const BatchView view(schema, *batch);
    Values values;
    for (std::size_t i = 0; i < schema.size(); ++i) {
        auto value = value_of(api, view[i], 0);
        if (!value)
            return std::move(value).error().at(schema[i].name);
        values.push_back(std::move(*value));
    }
    return values;
}

Result<OwnedSchema> arrow_schema(const Library& api, duckdb_arrow_options options, duckdb_result& result)
{
    std::vector<duckdb_logical_type> types;
    std::vector<const char*> names;
    for (idx_t i = 0; i < api.column_count(&result); ++i) {
        types.push_back(api.column_logical_type(&result, i));
        names.push_back(api.column_name(&result, i));
    }
    OwnedSchema schema;
    auto wrong = api.to_arrow_schema(options, types.data(), names.data(), types.size(), schema.out());
    for (auto& type : types)
        api.destroy_logical_type(&type);
    if (failed(api, wrong))
        return take_error(api, wrong);
    return schema;
}

Result<OwnedArray> fetch_arrow(const Library& api, duckdb_arrow_options options, duckdb_result& result)
{
    duckdb_data_chunk chunk = api.fetch_chunk(result);
    if (!chunk) {
        const char* said = api.result_error(&result);
        if (said && *said)
            return error_of(api.result_error_type(&result), said);
        return OwnedArray();
    }
    OwnedArray array;
    if (api.data_chunk_get_size(chunk) == 0) {
        api.destroy_data_chunk(&chunk);
        return array;
    }
    auto wrong = api.data_chunk_to_arrow(options, chunk, array.out());
    api.destroy_data_chunk(&chunk);
    if (failed(api, wrong))
        return take_error(api, wrong);
    return array;
}

Database::Database(const Library& api) : api_(api), feeds_(std::make_unique<FeedTable>(api)) {}

Database::~Database()
{
    if (raw_)
        api_.close(&raw_);
    if (when_closed_)
        when_closed_();
}

Result<std::shared_ptr<Database>> Database::open(const Settings& settings)
{
    JF_ASSIGN(const Library* api, library(settings.library));
    auto made = std::make_shared<Database>(*api);
    duckdb_config config = nullptr;
    if (api->create_config(&config) != DuckDBSuccess)
        return fail(JF_E_EXHAUSTED, "out of memory");
    for (const auto& [name, value] : settings.config)
        if (api->set_config(config, name.c_str(), value.c_str()) != DuckDBSuccess) {
            api->destroy_config(&config);
            return fail(JF_E_CONFIG, "DuckDB does not take '" + value + "' for its setting '" + name + "'; see its list of settings", "options." + name);
        }
    char* said = nullptr;
    const auto state = api->open_ext(settings.path.empty() ? nullptr : settings.path.c_str(), &made->raw_, config, &said);
    api->destroy_config(&config);
    if (state != DuckDBSuccess) {
        const std::string message = said ? said : "unknown error";
        if (said)
            api->free(said);
        const bool memory = message.find("Out of Memory") != std::string::npos;
        const bool setting = message.rfind("Invalid Input", 0) == 0 || message.rfind("Parser", 0) == 0;
        return error_of(memory ? DUCKDB_ERROR_OUT_OF_MEMORY : setting ? DUCKDB_ERROR_SETTINGS : DUCKDB_ERROR_IO, message);
    }
    JF_ASSIGN(auto session, made->connect());
    JF_TRY(made->feeds_->install(*session));
    // Not among the settings of opening: it belongs to the part of DuckDB that knows time zones, which is loaded by then.
    JF_TRY(session->execute("SET GLOBAL TimeZone = 'UTC'"));
    return made;
}

Result<std::shared_ptr<Database>> Database::sandbox()
{
    return open({"", "", {{"threads", "1"}, {"enable_external_access", "false"}, {"autoload_known_extensions", "false"},
                             {"autoinstall_known_extensions", "false"}}});
}

Result<std::shared_ptr<Session>> Database::connect()
{
    duckdb_connection raw = nullptr;
    if (api_.connect(raw_, &raw) != DuckDBSuccess)
        return fail(JF_E_UNAVAILABLE, "DuckDB made no connection; the database may be invalidated by an earlier failure: start the program again");
    return std::make_shared<Session>(shared_from_this(), raw);
}

Session::Session(std::shared_ptr<Database> database, duckdb_connection raw) : database_(std::move(database)), api_(database_->api()), raw_(raw) {}
Session::~Session() { api_.disconnect(&raw_); }

Status Session::execute(std::string_view sql)
{
    ResultSet result(api_);
    if (api_.query(raw_, std::string(sql).c_str(), result.get()) != DuckDBSuccess)
        return result.error();
    return {};
}

Result<std::uint64_t> Session::change(std::string_view sql, const Values& values)
{
    JF_ASSIGN(const auto statement, Prepared::make(*this, sql));
    JF_TRY(statement->bind(values));
    ResultSet result(api_);
    JF_TRY(statement->run(result));
    return static_cast<std::uint64_t>(api_.rows_changed(result.get()));
}

Result<OwnedStream> Session::query(std::string_view sql, const Values& values, bool streaming, std::uint64_t max_rows, std::string then)
{
    JF_ASSIGN(auto statement, Prepared::make(*this, sql));
    JF_TRY(statement->bind(values));
    auto result = std::make_unique<ResultSet>(api_);
    JF_TRY(statement->run(*result, streaming));
    auto stream = std::make_unique<ResultStream>(shared_from_this(), std::move(statement), std::move(result), max_rows, std::move(then));
    JF_TRY(stream->start());
    auto& inside = *stream;
    return inside.stream(std::move(stream));
}

Result<OwnedStream> Session::stream(std::unique_ptr<ResultSet> result)
{
    auto stream = std::make_unique<ResultStream>(shared_from_this(), nullptr, std::move(result), 0, "");
    JF_TRY(stream->start());
    auto& inside = *stream;
    return inside.stream(std::move(stream));
}

Result<std::vector<Session::TextRow>> Session::rows(std::string_view sql, const Values& values)
{
    JF_ASSIGN(OwnedStream stream, query(sql, values));
    OwnedSchema raw;
    if (stream->get_schema(stream.get(), raw.out()) != 0)
        return fail(JF_E_FAILED, "a result of DuckDB has no schema that can be read");
    JF_ASSIGN(const Schema schema, import_schema(*raw));
    std::vector<TextRow> out;
    for (;;) {
        OwnedArray batch;
        if (stream->get_next(stream.get(), batch.out()) != 0)
            return error_of(DUCKDB_ERROR_INVALID, stream->get_last_error(stream.get()));
        if (!batch)
            return out;
        const BatchView view(schema, *batch);
        for (std::int64_t row = 0; row < view.rows(); ++row) {
            TextRow texts;
            for (std::size_t i = 0; i < view.columns(); ++i) {
                const bool wordy = is_text(schema[i].type.type) || is_binary(schema[i].type.type);
                char number[max_value_text];
                if (view[i].is_null(row))
                    texts.emplace_back();
                else if (wordy)
                    texts.emplace_back(std::string(view[i].text(row)));
                else
                    texts.emplace_back(std::string(number, write_i64(number, view[i].i64(row))));
            }
            out.push_back(std::move(texts));
        }
    }
}

Result<std::string> Session::portable(std::string_view sql)
{
    JF_ASSIGN(const auto statement, Prepared::make(*this, sql));
    std::string replaced;
    for (idx_t i = 0; i < api_.prepared_statement_column_count(statement->raw()); ++i) {
        duckdb_logical_type type = api_.prepared_statement_column_logical_type(statement->raw(), i);
        const duckdb_type id = api_.get_type_id(type);
        api_.destroy_logical_type(&type);
        const char* as = nullptr;
        switch (id) {
        case DUCKDB_TYPE_HUGEINT: as = "DECIMAL(38,0)"; break;
        case DUCKDB_TYPE_UHUGEINT: case DUCKDB_TYPE_UUID: case DUCKDB_TYPE_ENUM: case DUCKDB_TYPE_BIT: case DUCKDB_TYPE_TIME_TZ:
        case DUCKDB_TYPE_UNION: case DUCKDB_TYPE_BIGNUM: as = "VARCHAR"; break;
        default: break;
        }
        if (!as)
            continue;
        const char* raw = api_.prepared_statement_column_name(statement->raw(), i);
        const std::string name = quote_name(raw ? raw : "");
        api_.free(const_cast<char*>(raw));
        replaced += (replaced.empty() ? "" : ", ") + ("CAST(" + name) + " AS " + as + ") AS " + name;
    }
    if (replaced.empty())
        return std::string(sql);
    std::string_view inner = sql;
    while (!inner.empty() && (inner.back() == ';' || inner.back() == ' ' || inner.back() == '\n'))
        inner.remove_suffix(1);
    return "SELECT * REPLACE (" + replaced + ") FROM (" + std::string(inner) + "\n) AS jackfield_query";
}

Result<std::unique_ptr<Prepared>> Prepared::make(Session& session, std::string_view sql)
{
    JF_ASSIGN(const auto script, Script::make(session, sql));
    if (script->size() != 1)
        return fail(JF_E_CONFIG, script->size() == 0 ? "the SQL text holds no statement" : "the SQL text holds "
                    + std::to_string(script->size()) + " statements; exactly one is taken here");
    return script->prepare(0);
}

Status Prepared::bind(const Values& values)
{
    if (api_.nparams(raw_) != values.size())
        return fail(JF_E_CONFIG, "the statement has " + std::to_string(api_.nparams(raw_)) + " placeholders and was given "
                + std::to_string(values.size()) + " values");
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!values[i].raw()) // DuckDB makes none of text that is not UTF-8, and crashes when it is to bind it
            return fail(JF_E_DATA, "value " + std::to_string(i + 1) + " is text that is not UTF-8");
        if (api_.bind_value(raw_, i + 1, values[i].raw()) != DuckDBSuccess)
            return fail(JF_E_CONFIG, "value " + std::to_string(i + 1) + " cannot be bound: " + std::string(api_.prepare_error(raw_) ? api_.prepare_error(raw_) : ""));
    }
    return {};
}

Status Prepared::run(ResultSet& result, bool streaming)
{
    const auto state = streaming ? api_.execute_prepared_streaming(raw_, result.get()) : api_.execute_prepared(raw_, result.get());
    if (state != DuckDBSuccess)
        return result.error();
    return {};
}

Result<std::unique_ptr<Script>> Script::make(Session& session, std::string_view sql)
{
    const Library& api = session.api();
    duckdb_extracted_statements raw = nullptr;
    const idx_t count = api.extract_statements(session.raw(), std::string(sql).c_str(), &raw);
    auto made = std::make_unique<Script>(session, raw, count);
    if (const char* said = raw ? api.extract_statements_error(raw) : nullptr; count == 0 && said && *said)
        return error_of(DUCKDB_ERROR_PARSER, said);
    return made;
}

Result<std::unique_ptr<Prepared>> Script::prepare(std::size_t i)
{
    const Library& api = session_.api();
    duckdb_prepared_statement raw = nullptr;
    const auto state = api.prepare_extracted_statement(session_.raw(), raw_, i, &raw);
    auto made = std::make_unique<Prepared>(api, raw);
    if (state == DuckDBSuccess)
        return made;
    const std::string said = api.prepare_error(raw) ? api.prepare_error(raw) : "the statement cannot be prepared";
    const bool missing = said.rfind("Catalog", 0) == 0;
    const bool stopped = said.rfind("INTERRUPT", 0) == 0;
    const bool files = said.rfind("IO Error", 0) == 0;
    return error_of(missing ? DUCKDB_ERROR_CATALOG : stopped ? DUCKDB_ERROR_INTERRUPT : files ? DUCKDB_ERROR_IO : DUCKDB_ERROR_BINDER, said);
}

} // namespace jackfield::duckdb

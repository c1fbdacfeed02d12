// The source 'duckdb'.
#include "source.hpp"

#include "support/duckdb/tree.hpp"
#include "support/rows.hpp"

#include <jackfield/sdk/arrow/text.hpp>

#include <algorithm>

namespace jackfield::duckdb {
namespace {

constexpr char position_format = '\2';
constexpr std::int64_t most_equal = 1'000'000; // rows with the same key that one batch may grow by

/// The values of the keys in one row, as text that DuckDB casts back: format byte, then length and text of each.
using Keys = std::vector<std::string>;

std::string encode(const Keys& keys)
{
    std::string out(1, position_format);
    for (const auto& key : keys) {
        for (int shift = 0; shift < 32; shift += 8)
            out += static_cast<char>(key.size() >> shift);
        out += key;
    }
    return out;
}

Error no_position_of_ours()
{
    return fail(JF_E_POSITION, "the stored position does not belong to this cursor and order_by; start over with --full-refresh", "cursor");
}

Result<Keys> decode(std::string_view bytes, std::size_t count)
{
    Keys keys;
    const bool known = !bytes.empty() && bytes[0] == position_format;
    bytes.remove_prefix(known ? 1 : 0);
    while (known && bytes.size() >= 4) {
        std::size_t size = 0;
        for (int i = 0; i < 4; ++i)
            size |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)])) << (8 * i);
        bytes.remove_prefix(4);
        if (size > bytes.size())
            break;
        keys.emplace_back(bytes.substr(0, size));
        bytes.remove_prefix(size);
    }
    if (!known || !bytes.empty() || keys.size() != count)
        return no_position_of_ours();
    return keys;
}

Result<std::string> key_text(const ColumnView& column, std::int64_t row, const std::string& name)
{
    if (column.is_null(row))
        return fail(JF_E_DATA, "a row has no value in '" + name + "', so reading could not go on after it; leave such rows out with a WHERE", name);
    if (is_text(column.type().type))
        return std::string(column.text(row));
    const DataType& type = column.type();
    char text[max_value_text];
    char* end = nullptr;
    switch (type.type) {
    case Type::uint64: end = write_u64(text, column.u64(row)); break;
    case Type::float32: end = write_f32(text, static_cast<float>(column.f64(row))); break;
    case Type::float64: end = write_f64(text, column.f64(row)); break;
    case Type::decimal128: end = write_decimal(text, column.decimal(row), type.scale); break;
    case Type::date32: end = write_date(text, column.i64(row)); break;
    case Type::time64: end = write_time(text, column.i64(row), type.unit); break;
    case Type::timestamp: end = write_timestamp(text, column.i64(row), type.unit, !type.zone.empty()); break;
    default:
        if (!is_integer(type.type))
            return fail(JF_E_CONFIG, "'" + name + "' of type " + type.text() + " gives rows no order; choose a column of numbers, text or times", name);
        end = write_i64(text, column.i64(row));
    }
    return std::string(text, end);
}

std::string listed(const std::vector<std::string>& names)
{
    std::string out;
    for (const auto& name : names)
        out += (out.empty() ? "" : ", ") + quote_name(name);
    return out;
}

/// Rows after the key in placeholders from `first` on (`last` "<=": up to it), spelled out column by column: DuckDB 1.5.6
/// cannot join two comparisons of whole rows.
std::string compared(const std::vector<std::string>& names, const std::vector<std::string>& types, std::size_t first, const std::string& strict,
    const std::string& last)
{
    std::string out, equal;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string name = quote_name(names[i]);
        const std::string value = "CAST($" + std::to_string(first + i) + " AS " + types[i] + ")";
        out += (i ? " OR (" : "(") + equal + name + " " + (i + 1 == names.size() ? last : strict) + " " + value + ")";
        equal += name + " = " + value + " AND ";
    }
    return "(" + out + ")";
}

/// Reads one result from its start. One thread at a time.
class QueryReader final : public sdk::Reader {
public:
    QueryReader(std::shared_ptr<Session> session, std::vector<std::string> keys) : session_(std::move(session)), keys_(std::move(keys)) {}

    Status start(const std::string& sql, const Values& values)
    {
        JF_ASSIGN(stream_, session_->query(sql, values, true));
        OwnedSchema raw;
        if (stream_->get_schema(stream_.get(), raw.out()) != 0)
            return fail(JF_E_FAILED, "the result has no schema that can be read", "query");
        JF_ASSIGN(from_, import_schema(*raw));
        Schema plain = from_;
        for (Field& field : plain.fields)
            field.type = decoded(field.type);
        for (const auto& key : keys_)
            at_.push_back(from_.find(key).value_or(0));
        builder_.emplace(std::move(plain));
        return {};
    }

    Result<Schema> schema(const sdk::Call&) override { return builder_->schema(); }

    Result<sdk::Next> next(const sdk::Call& call, const sdk::Limits& limits, sdk::BatchOut& out) override
    {
        if (limits.max_rows == 0)
            return sdk::Next::idle;
        const auto most = static_cast<std::int64_t>(std::min<std::uint64_t>(limits.max_rows, 1 << 16));
        std::int64_t rows = 0;
        while (rows < most && (limits.max_bytes == 0 || builder_->bytes() < limits.max_bytes)) {
            if (call.cancelled())
                return fail(JF_E_CANCELLED, "reading was cancelled");
            JF_ASSIGN(const bool more, ready());
            if (!more)
                break;
            const std::int64_t count = std::min(most - rows, view_.rows() - row_);
            JF_TRY(take(count));
            rows += count;
        }
        if (rows == 0)
            return sdk::Next::end;
        if (!keys_.empty())
            JF_TRY(close_group(rows));
        out.bytes = builder_->bytes();
        builder_->set_rows(rows);
        JF_ASSIGN(out.array, builder_->finish());
        delivered_ += rows;
        out.position = keys_.empty() ? sdk::Position::of(delivered_) : sdk::Position{encode(last_)};
        return sdk::Next::batch;
    }

    void interrupt() override { session_->interrupt(); }

private:
    /// Whether a row is there to be taken.
    Result<bool> ready()
    {
        while (row_ >= view_.rows()) {
            if (stream_->get_next(stream_.get(), chunk_.out()) != 0) {
                const char* said = stream_->get_last_error(stream_.get());
                const bool stopped = said && std::string_view(said).find("nterrupt") != std::string_view::npos;
                return fail(stopped ? JF_E_CANCELLED : JF_E_FAILED, said ? said : "the query failed", "query");
            }
            if (!chunk_)
                return false;
            view_ = BatchView(from_, *chunk_);
            row_ = 0;
        }
        return true;
    }
    Status take(std::int64_t count)
    {
        for (std::size_t i = 0; i < view_.columns(); ++i)
            append_rows(builder_->column(i), view_[i], row_, count);
        row_ += count;
        if (!keys_.empty()) {
            JF_ASSIGN(last_, keys_at(row_ - 1));
        }
        return {};
    }
    Result<Keys> keys_at(std::int64_t row) const
    {
        Keys keys;
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            JF_ASSIGN(std::string text, key_text(view_[at_[i]], row, keys_[i]));
            keys.push_back(std::move(text));
        }
        return keys;
    }
    /// Rows with equal keys go into one batch: a position between them could not be gone on from.
    Status close_group(std::int64_t& rows)
    {
        const std::int64_t before = rows;
        for (;;) {
            JF_ASSIGN(const bool more, ready());
            if (!more)
                return {};
            JF_ASSIGN(const Keys next, keys_at(row_));
            if (next != last_)
                return {};
            if (rows - before >= most_equal)
                return fail(JF_E_DATA, "more than a million rows are alike in " + listed(keys_) + "; add a unique column to order_by", "order_by");
            JF_TRY(take(1));
            ++rows;
        }
    }

    std::shared_ptr<Session> session_; // shared with the stream
    std::vector<std::string> keys_;
    std::vector<std::size_t> at_;
    OwnedStream stream_;
    Schema from_;
    OwnedArray chunk_;
    BatchView view_;
    std::int64_t row_ = 0, delivered_ = 0;
    Keys last_;
    std::optional<BatchBuilder> builder_;
};

std::vector<std::string> keys_of(const sdk::Config& config)
{
    std::vector<std::string> keys;
    if (config.has("cursor"))
        keys.emplace_back(config.text("cursor"));
    for (auto& name : config.texts("order_by"))
        if (keys.empty() || keys[0] != name)
            keys.push_back(std::move(name));
    return keys;
}

Result<std::string> query_of(const sdk::Config& config)
{
    if (config.has("query") == config.has("table"))
        return fail(JF_E_CONFIG, "give either 'query' or 'table'", "query");
    if (config.has("query"))
        return std::string(config.text("query"));
    JF_ASSIGN(const std::string table, quote_table(config.text("table")));
    return "SELECT * FROM " + table;
}

} // namespace

sdk::Options DuckdbSource::options()
{
    return sdk::Options()
        .text("query", "one SELECT; it may read files too: SELECT * FROM 'data/*.parquet'")
        .text("table", "a whole table or view instead: name or schema.name")
        .text("cursor", "column that only grows; each run goes on after the greatest value of the last one")
        .texts("order_by", "columns that order the rows, together unique and never null, so that a failed run goes on where it was");
}

Result<sdk::Description> DuckdbSource::describe(const sdk::Config& config)
{
    JF_ASSIGN(const std::string query, query_of(config));
    const auto keys = keys_of(config);
    sdk::Description out;
    out.capabilities = JF_BOUNDED;
    out.max_lanes = 1;
    out.digest_of = query + "\n" + listed(keys);
    const std::string what = config.has("table") ? "table " + std::string(config.text("table")) : "a query";
    if (keys.empty()) {
        out.sentence = what + ", in no fixed order: it cannot be gone on with in the middle; order_by with unique columns would allow that";
        return out;
    }
    out.capabilities |= JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL;
    if (config.has("cursor"))
        out.capabilities |= JF_INCREMENTAL;
    out.sentence = what + " in the order of " + listed(keys) + (config.has("cursor") ? ", each run after the last value of the one before"
                                                                                      : ", can be gone on with after any row");
    return out;
}

Result<std::unique_ptr<DuckdbSource>> DuckdbSource::make(const sdk::Config& config, sdk::Host, DuckdbConnection* on)
{
    JF_ASSIGN(std::string query, query_of(config));
    return std::make_unique<DuckdbSource>(*on, std::move(query), keys_of(config));
}

Result<std::unique_ptr<sdk::Reader>> DuckdbSource::open(const sdk::Call&, const sdk::ReadRequest& request)
{
    JF_ASSIGN(auto session, on_.session());
    if (auto allowed = check_query(*session, query_, Files::yes); !allowed)
        return std::move(allowed).error().at("query");
    JF_ASSIGN(std::string sql, session->portable(query_));
    Values values;
    if (keys_.empty()) {
        if (!request.from.empty())
            return fail(JF_E_POSITION, "a query without order_by has no place to go on from; name unique columns in order_by, or start over with --new", "order_by");
    } else {
        std::vector<std::string> types;
        for (const auto& key : keys_) {
            JF_ASSIGN(const auto found, session->rows("SELECT column_type FROM (DESCRIBE " + sql + "\n) WHERE column_name = " + quote_text(key)));
            if (found.empty())
                return fail(JF_E_CONFIG, "the query has no column '" + key + "'", "order_by");
            types.push_back(*found[0][0]);
        }
        std::string where;
        for (const bool after : {true, false}) {
            const std::string_view bytes = after ? request.from : request.until;
            if (bytes.empty())
                continue;
            JF_ASSIGN(const Keys keys, decode(bytes, keys_.size()));
            where += (where.empty() ? " WHERE " : " AND ") + compared(keys_, types, values.size() + 1, after ? ">" : "<", after ? ">" : "<=");
            for (const auto& key : keys) {
                values.push_back(Value::text(session->api(), key));
                if (!values.back().raw())
                    return no_position_of_ours();
            }
        }
        sql = "SELECT * FROM (" + sql + "\n) AS jackfield_rows" + where + " ORDER BY " + listed(keys_);
    }
    JF_TRY(session->execute("BEGIN TRANSACTION READ ONLY"));
    auto reader = std::make_unique<QueryReader>(std::move(session), keys_);
    if (auto started = reader->start(sql, values); !started)
        return std::move(started).error().at("query");
    return reader;
}

} // namespace jackfield::duckdb

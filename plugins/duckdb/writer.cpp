// TableWriter.
#include "writer.hpp"

#include "support/duckdb/tree.hpp"
#include "support/rows.hpp"

#include <algorithm>

namespace jackfield::duckdb {
namespace {

// One row group of DuckDB is 122,880 rows; an INSERT of a few of them hides its fixed cost.
constexpr std::int64_t insert_rows = 4 * 122'880;
constexpr std::size_t insert_bytes = std::size_t(32) << 20;

/// Bytes of a column's values, about.
std::size_t bytes_of(const DataType& type, const ArrowArray& array)
{
    const auto rows = static_cast<std::size_t>(array.length);
    std::size_t bytes = rows * value_width(type);
    const auto* offsets = array.n_buffers > 1 ? array.buffers[1] : nullptr;
    if (offsets && rows && (type.type == Type::utf8 || type.type == Type::binary)) {
        const auto* at = static_cast<const std::int32_t*>(offsets) + array.offset;
        bytes += static_cast<std::size_t>(at[rows] - at[0]);
    } else if (offsets && rows && (type.type == Type::large_utf8 || type.type == Type::large_binary)) {
        const auto* at = static_cast<const std::int64_t*>(offsets) + array.offset;
        bytes += static_cast<std::size_t>(at[rows] - at[0]);
    } else if (value_width(type) == 0) {
        bytes += rows * 64;
    }
    return bytes;
}

std::string list(const std::vector<std::string>& names, const char* before = "")
{
    std::string out;
    for (const auto& name : names)
        out += (out.empty() ? "" : ", ") + (before + quote_name(name));
    return out;
}

std::string columns_of(const Schema& schema)
{
    std::string out;
    for (const Field& field : schema.fields)
        out += (out.empty() ? "" : ", ") + quote_name(field.name);
    return out;
}

} // namespace

TableWriter::TableWriter(SinkPlan plan, std::shared_ptr<Session> session, Progress progress, Place target, std::string suffix)
    : plan_(std::move(plan)), session_(std::move(session)), progress_(std::move(progress)), target_(std::move(target)),
      stage_{target_.database, target_.schema, target_.name + "__jackfield_" + suffix}, suffix_(std::move(suffix))
{
}

TableWriter::~TableWriter() { roll_back(); }

Status TableWriter::prepare(bool fresh)
{
    JF_TRY(progress_.prepare(fresh));
    if (plan_.mode == Mode::replace && fresh)
        JF_TRY(session_->execute("DROP TABLE IF EXISTS " + stage_.quoted()));
    return {};
}

Result<sdk::Acquired> TableWriter::acquire(const sdk::Call&, std::string_view source, std::string_view partition)
{
    if (open_) { // this transaction would not see the raised fence: the epoch starts again after it
        roll_back();
        lost_ = true;
    }
    return progress_.acquire(source, partition);
}

// ---- the table

Status TableWriter::create(const Place& place, const Schema& schema)
{
    JF_ASSIGN(const auto there, look_at(*session_, target_));
    if (place.name != target_.name && there) // the new rows in the shape of the old table
        return session_->execute("CREATE TABLE " + place.quoted() + " AS FROM " + target_.quoted() + " LIMIT 0");
    if (!plan_.create)
        return fail(JF_E_NOT_FOUND, "there is no table '" + plan_.table + "'; create it, or leave 'create' at true", "table");
    if (schema.size() == 0)
        return fail(JF_E_CONFIG, "rows without columns make no table", "table");
    std::string columns;
    for (const Field& field : schema.fields) {
        auto type = sql_type(field.type);
        if (!type)
            return std::move(type).error().at(field.name);
        columns += (columns.empty() ? "" : ", ") + quote_name(field.name) + " " + *type;
    }
    JF_TRY(session_->execute("CREATE SCHEMA IF NOT EXISTS " + quote_name(place.database) + "." + quote_name(place.schema)));
    return session_->execute("CREATE TABLE IF NOT EXISTS " + place.quoted() + " (" + columns + ")");
}

/// Makes or changes the table so that it has the columns of the schema.
Status TableWriter::fit(Place place, const Schema& schema)
{
    JF_ASSIGN(table_, look_at(*session_, place));
    if (!table_) {
        JF_TRY(create(place, schema));
        JF_ASSIGN(table_, look_at(*session_, place));
    }
    if (!table_)
        return fail(JF_E_FAILED, "the table '" + plan_.table + "' was made and is not there", "table");
    bool changed = false;
    for (const Field& field : schema.fields) {
        if (table_->find(field.name))
            continue;
        if (!plan_.evolve)
            return fail(JF_E_CONFIG, "the table '" + plan_.table + "' has no column '" + field.name
                    + "'; drop it with the step 'select', add it to the table, or set \"schema\": \"evolve\"", field.name);
        auto type = sql_type(field.type);
        if (!type)
            return std::move(type).error().at(field.name);
        JF_TRY(session_->execute("ALTER TABLE " + place.quoted() + " ADD COLUMN " + quote_name(field.name) + " " + *type));
        changed = true;
    }
    if (changed) {
        JF_ASSIGN(table_, look_at(*session_, place));
    }
    return {};
}

Status TableWriter::schema(const sdk::Call&, const Schema& schema)
{
    if (feed_ && schema == schema_)
        return {};
    if (feed_ && feed_->rows() > 0) { // rows of the earlier schema are still waiting
        JF_ASSIGN(const auto outcome, flush(sdk::Rejects(nullptr)));
        lost_ = lost_ || outcome == sdk::Outcome::resend;
    }
    for (const auto& key : plan_.key)
        if (!schema.find(key))
            return fail(JF_E_CONFIG, "the rows have no column '" + key + "', which is part of the key", "key");
    written_.clear();
    schema_ = schema;
    auto fitted = fit(loaded(), schema);
    if (!fitted)
        roll_back();
    JF_TRY(std::move(fitted));
    JF_ASSIGN(feed_, Feed::make(*session_, schema));
    return plan_insert(schema);
}

/// The statements of an epoch, and whether they can fail because of a row.
Status TableWriter::plan_insert(const Schema& schema)
{
    casts_.clear();
    may_refuse_ = false;
    std::string selected, sets, values;
    for (const Field& field : schema.fields) {
        const Column* column = table_->find(field.name);
        JF_ASSIGN(const std::string type, sql_type(field.type));
        const std::string name = quote_name(field.name);
        casts_.push_back(type == column->type ? name : "CAST(" + name + " AS " + column->type + ")");
        may_refuse_ = may_refuse_ || type != column->type || is_text(decoded(field.type).type) || !column->nullable
            || field.type.type == Type::decimal128 || !field.type.zone.empty();
        selected += (selected.empty() ? "" : ", ") + casts_.back() + " AS " + name;
        values += (values.empty() ? "s." : ", s.") + name;
        if (std::find(plan_.key.begin(), plan_.key.end(), field.name) == plan_.key.end())
            sets += (sets.empty() ? "" : ", ") + name + " = s." + name;
    }
    may_refuse_ = may_refuse_ || table_->elaborate();
    if (plan_.mode != Mode::upsert) {
        insert_ = "INSERT INTO " + loaded().quoted() + " (" + columns_of(schema) + ") SELECT " + selected + " FROM " + feed_->table();
        return {};
    }
    std::string keys, present;
    for (const auto& key : plan_.key) {
        keys += (keys.empty() ? "t." : " AND t.") + quote_name(key) + " = s." + quote_name(key);
        present += (present.empty() ? "" : " AND ") + quote_name(key) + " IS NOT NULL";
    }
    const std::string last = temporary();
    insert_ = "INSERT INTO " + last + " SELECT " + selected + ", jackfield_row + ? AS jackfield_order FROM " + feed_->table() + " WHERE " + present;
    merge_ = "MERGE INTO " + target_.quoted() + " AS t USING (SELECT * FROM " + last + " WHERE jackfield_order IN (SELECT max(jackfield_order) FROM "
        + last + " GROUP BY " + list(plan_.key) + ")) AS s ON (" + keys + ")" + (sets.empty() ? "" : " WHEN MATCHED THEN UPDATE SET " + sets)
        + " WHEN NOT MATCHED THEN INSERT (" + columns_of(schema) + ") VALUES (" + values + ")";
    return session_->execute("CREATE OR REPLACE TEMP TABLE jackfield_rows_" + suffix_ + " AS SELECT " + selected
        + ", CAST(0 AS UBIGINT) AS jackfield_order FROM " + feed_->table() + " LIMIT 0");
}

// ---- the epoch

Status TableWriter::begin()
{
    if (open_)
        return {};
    JF_TRY(session_->execute("BEGIN TRANSACTION"));
    open_ = true;
    return {};
}

void TableWriter::roll_back()
{
    if (open_)
        (void)session_->execute("ROLLBACK"); // an aborted transaction can do nothing else
    open_ = false;
    if (feed_)
        feed_->clear();
    waiting_bytes_ = 0;
    staged_ = 0;
}

/// Inserts the rows that wait.
Result<sdk::Outcome> TableWriter::flush(const sdk::Rejects& rejects)
{
    if (!feed_ || feed_->rows() == 0)
        return sdk::Outcome::done;
    JF_TRY(begin());
    Values before; // rows with one key: the last of the epoch counts
    if (plan_.mode == Mode::upsert)
        before.push_back(Value::number(session_->api(), staged_));
    const auto inserted = session_->change(insert_, before);
    if (inserted) {
        staged_ += static_cast<std::uint64_t>(feed_->rows());
        feed_->clear();
        waiting_bytes_ = 0;
        return sdk::Outcome::done;
    }
    roll_back();
    lost_ = true;
    if (inserted.error().kind != JF_E_DATA && inserted.error().kind != JF_E_FAILED)
        return inserted.error();
    JF_ASSIGN(const auto refused, refuse(*session_, schema_, written_, casts_, loaded(), *table_, rejects));
    if (refused == 0)
        return Error(inserted.error()).at("table");
    return sdk::Outcome::resend;
}

Result<std::vector<std::int64_t>> TableWriter::without_key(const ArrowArray& batch) const
{
    std::vector<std::int64_t> out;
    for (const auto& key : plan_.key) {
        const std::size_t at = *schema_.find(key);
        const ColumnView column(schema_[at].type, *batch.children[at], batch.offset, batch.length);
        if (!column.may_have_nulls() && !column.indirect())
            continue;
        for (std::int64_t row = 0; row < column.length(); ++row)
            if (column.is_null(row))
                out.push_back(row);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

Result<sdk::Outcome> TableWriter::write(const sdk::Call& call, std::uint64_t number, OwnedArray batch, const sdk::Rejects& rejects)
{
    if (!feed_)
        return fail(JF_E_STATE, "rows came before their schema");
    if (lost_)
        return sdk::Outcome::resend;
    if (call.cancelled())
        return fail(JF_E_CANCELLED, "writing was cancelled");
    JF_TRY(validate(schema_, *batch));
    if (batch->length == 0)
        return sdk::Outcome::done;
    JF_ASSIGN(const auto keyless, without_key(*batch));
    for (const std::int64_t row : keyless)
        JF_TRY(rejects.add({.message = "the key has no value, so the row could never be found again", .column = plan_.key[0], .code = "key",
            .write = number, .row = row}));
    for (std::size_t i = 0; i < schema_.size(); ++i)
        waiting_bytes_ += bytes_of(schema_[i].type, *batch->children[i]);
    SharedArray shared(std::move(batch));
    if (may_refuse_)
        written_.push_back({number, shared});
    feed_->add(std::move(shared));
    if (feed_->rows() >= insert_rows || waiting_bytes_ >= insert_bytes) {
        JF_ASSIGN(const auto outcome, flush(rejects));
        if (outcome == sdk::Outcome::resend)
            return outcome;
    }
    return keyless.empty() ? sdk::Outcome::done : sdk::Outcome::rejected;
}

Status TableWriter::merge()
{
    if (plan_.mode != Mode::upsert || !open_ || merge_.empty())
        return {};
    JF_TRY(session_->execute(merge_));
    staged_ = 0;
    return session_->execute("DELETE FROM " + temporary());
}

/// Puts the loaded rows in the place of the target.
Status TableWriter::swap()
{
    JF_ASSIGN(const auto loaded, look_at(*session_, stage_));
    JF_ASSIGN(const auto target, look_at(*session_, target_));
    if (!loaded) // nothing was ever written: the new content is empty
        return target ? session_->execute("DELETE FROM " + target_.quoted()) : Status();
    if (!target || !target->elaborate()) {
        JF_TRY(session_->execute("DROP TABLE IF EXISTS " + target_.quoted()));
        return session_->execute("ALTER TABLE " + stage_.quoted() + " RENAME TO " + quote_name(target_.name));
    }
    for (const auto& column : loaded->columns)
        if (!target->find(column.name))
            JF_TRY(session_->execute("ALTER TABLE " + target_.quoted() + " ADD COLUMN " + quote_name(column.name) + " " + column.type));
    JF_TRY(session_->execute("DELETE FROM " + target_.quoted()));
    JF_TRY(session_->execute("INSERT INTO " + target_.quoted() + " BY NAME SELECT * FROM " + stage_.quoted()));
    return session_->execute("DROP TABLE " + stage_.quoted());
}

Result<sdk::Outcome> TableWriter::commit(const sdk::Call&, const sdk::Commit& commit, const sdk::Rejects& rejects)
{
    auto outcome = settle(commit, rejects);
    if (!outcome || *outcome == sdk::Outcome::resend) {
        roll_back();
        lost_ = true;
    }
    return outcome;
}

Result<sdk::Outcome> TableWriter::settle(const sdk::Commit& commit, const sdk::Rejects& rejects)
{
    if (lost_)
        return sdk::Outcome::resend;
    bool swaps = false;
    if (plan_.mode == Mode::replace && commit.final) {
        JF_ASSIGN(const auto loaded, look_at(*session_, stage_));
        swaps = loaded.has_value();
    }
    JF_ASSIGN(const bool repeated, progress_.stored(*session_, commit));
    if (repeated && !swaps) { // this very epoch was committed before: its rows are there
        roll_back();
        written_.clear();
        return sdk::Outcome::done;
    }
    JF_ASSIGN(const auto flushed, flush(rejects));
    if (flushed == sdk::Outcome::resend)
        return flushed;
    JF_TRY(begin());
    JF_TRY(merge());
    if (plan_.mode == Mode::replace && commit.final)
        JF_TRY(swap());
    JF_TRY(progress_.store(*session_, commit));
    const Status done = session_->execute("COMMIT");
    open_ = false; // DuckDB has rolled back what it could not commit
    if (!done)
        return done.error();
    written_.clear();
    if (plan_.mode == Mode::replace && commit.final)
        feed_.reset(); // what comes next would need a new table beside the target
    return sdk::Outcome::done;
}

Status TableWriter::abort(const sdk::Call&)
{
    roll_back();
    lost_ = false;
    written_.clear();
    return {};
}

Result<OwnedStream> TableWriter::query(const sdk::Call&, std::string_view sql, std::optional<OwnedStream> params)
{
    if (lost_)
        return fail(JF_E_STATE, "the open epoch was rolled back; it is sent again first");
    JF_TRY(check_query(*session_, sql, Files::no));
    Values values;
    if (params) {
        JF_ASSIGN(values, values_of(session_->api(), std::move(*params)));
    }
    const auto answer = [&]() -> Result<OwnedStream> {
        JF_ASSIGN(const auto flushed, flush(sdk::Rejects(nullptr)));
        if (flushed != sdk::Outcome::done)
            return fail(JF_E_DATA, "rows of the open epoch do not fit the table");
        JF_TRY(begin());
        JF_TRY(merge());
        if (table_) {
            JF_TRY(session_->execute("CREATE OR REPLACE TEMP VIEW jackfield_epoch AS FROM " + loaded().quoted()));
            if (plan_.mode == Mode::replace) // its own name reads what is about to take its place
                JF_TRY(session_->execute("CREATE OR REPLACE TEMP VIEW " + quote_name(target_.name) + " AS FROM " + loaded().quoted()));
        }
        JF_ASSIGN(const std::string text, session_->portable(sql));
        return session_->query(text, values);
    };
    auto stream = answer();
    if (open_ && !session_->execute("SELECT 1")) { // the question broke the transaction
        roll_back();
        lost_ = true;
    }
    return stream;
}

} // namespace jackfield::duckdb

// TableWriter: makes the table fit the rows, and chooses what is copied.
#include "writer.hpp"

#include "ddl.hpp"
#include "encode_parts.hpp"
#include "swap.hpp"

#include <algorithm>

namespace jackfield::postgres {

Status TableWriter::schema(const sdk::Call& call, const Schema& schema)
{
    if (told_ && schema == schema_)
        return {};
    for (const auto& key : plan_.key)
        if (!schema.find(key))
            return fail(JF_E_CONFIG, "the rows have no column '" + key + "', which is part of the key", "key");
    if (!plan_.deleted.empty() && !schema.find(plan_.deleted))
        return fail(JF_E_CONFIG, "the rows have no column '" + plan_.deleted + "', which says what is deleted", "deleted");
    if (open_ && loader_ && !lost_) { // rows of the earlier schema are on their way
        auto flushed = flush(call, sdk::Rejects(nullptr));
        if (!flushed && flushed.error().kind != JF_E_DATA)
            return failed(call, std::move(flushed).error());
        if (!flushed) { // they are found when the epoch comes again
            roll_back();
            lost_ = true;
        }
        if (staging_)
            JF_TRY(lease_->execute(call, std::string("DROP TABLE pg_temp.") + Merge::stage));
        staging_ = false;
    }
    schema_ = schema;
    told_ = true;
    table_.reset();
    auto fitted = fit(call);
    if (!fitted) {
        told_ = false;
        return failed(call, std::move(fitted).error());
    }
    return {};
}

/// Once for each schema, and again after the transaction that changed the table was rolled back. Outside of an open epoch in
/// a transaction of its own.
Status TableWriter::fit(const sdk::Call& call)
{
    if (table_)
        return {};
    JF_ASSIGN(Session* const on, session(call));
    if (open_) {
        made_here_ = true;
        JF_TRY(fit_table(*on, call));
    } else {
        JF_TRY(on->begin(call));
        Status done = fit_table(*on, call);
        if (done)
            done = on->commit(call);
        if (!done) {
            on->roll_back();
            table_.reset();
            return done;
        }
    }
    return plan_copy();
}

Status TableWriter::fit_table(Session& on, const sdk::Call& call)
{
    JF_ASSIGN(table_, look_at(on, call, loaded()));
    const auto lacks = [&](const Field& field) { return column_for(field) == nullptr; };
    const bool short_of = table_ && plan_.contract == Contract::evolve && std::any_of(schema_.fields.begin(), schema_.fields.end(), lacks);
    if (!table_ || short_of) {
        JF_TRY(lock_making(on, call));
        JF_ASSIGN(table_, look_at(on, call, loaded())); // another lane may have been here
        if (!table_)
            JF_TRY(create(on, call));
        JF_TRY(add_columns(on, call));
        JF_ASSIGN(table_, look_at(on, call, loaded()));
    }
    if (!table_)
        return fail(JF_E_FAILED, "the table '" + plan_.table.text() + "' was made and is not there", "table");
    if (table_->relation == 'm' || (table_->relation == 'v' && plan_.mode == Mode::replace))
        return fail(JF_E_CONFIG, "'" + plan_.table.text() + "' is a " + (table_->relation == 'm' ? "materialized view" : "view") + "; name a table to write to", "table");
    return check_key();
}

Status TableWriter::create(Session& on, const sdk::Call& call)
{
    JF_ASSIGN(const auto target, look_at(on, call, target_));
    if (plan_.mode == Mode::replace && target) { // the new rows in the shape of the old table
        JF_TRY(create_beside(on, call, stage_, *target));
        JF_ASSIGN(table_, look_at(on, call, stage_));
        return {};
    }
    if (!plan_.create || plan_.mode == Mode::erase)
        return fail(JF_E_NOT_FOUND, "there is no table '" + plan_.table.text() + "'; create it, or leave 'create' at true", "table");
    Schema columns = schema_;
    std::erase_if(columns.fields, [&](const Field& field) { return field.name == plan_.deleted; });
    if (columns.size() == 0)
        return fail(JF_E_CONFIG, "rows without columns make no table", "table");
    JF_ASSIGN(const Answer there, on.run(call, "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", {{loaded().schema, 25, false}}));
    if (there.rows() == 0)
        JF_TRY(on.execute(call, "CREATE SCHEMA IF NOT EXISTS " + quote_identifier(loaded().schema)));
    JF_TRY(on.execute(call, create_table_sql(loaded(), columns, plan_.key)));
    JF_ASSIGN(table_, look_at(on, call, loaded()));
    return {};
}

/// The target's column of a field; nullptr: it lacks it.
const Column* TableWriter::column_for(const Field& field) const { return table_->find(field.name); }

Status TableWriter::add_columns(Session& on, const sdk::Call& call)
{
    for (const Field& field : schema_.fields)
        if (plan_.contract == Contract::evolve && field.name != plan_.deleted && !column_for(field))
            JF_TRY(on.execute(call, "ALTER TABLE " + loaded().quoted() + " ADD COLUMN IF NOT EXISTS " + quote_identifier(field.name) + " " + sql_type(field)));
    return {};
}

Status TableWriter::check_key() const
{
    for (const auto& key : plan_.key) {
        const Column* column = table_->find(key);
        if (!column)
            return fail(JF_E_CONFIG, "the table '" + plan_.table.text() + "' has no column '" + key + "', which is part of the key", "key");
        if (column->generated)
            return fail(JF_E_CONFIG, "the column '" + key + "' is generated by the server and can be no key here", "key");
    }
    if (!plan_.staged() || plan_.mode == Mode::erase)
        return {};
    const UniqueKey* unique = table_->key_over(plan_.key);
    if (!unique || unique->deferrable)
        return fail(JF_E_CONFIG, "the table '" + plan_.table.text() + "' has no unique key over (" + quote_list(plan_.key) + ")"
                + (unique ? " that is not deferrable" : "") + ", so rows cannot be found by it; make one: CREATE UNIQUE INDEX ON "
                + target_.quoted() + " (" + quote_list(plan_.key) + ")", "key");
    return {};
}

Result<CopyColumns> TableWriter::columns_to_copy() const
{
    CopyColumns out;
    std::string dropped;
    for (std::size_t i = 0; i < schema_.size(); ++i) {
        const Field& field = schema_[i];
        const bool is_key = std::find(plan_.key.begin(), plan_.key.end(), field.name) != plan_.key.end();
        if (plan_.mode == Mode::erase && !is_key)
            continue;
        const Column* column = column_for(field);
        if (column && column->generated)
            continue; // the server makes its values
        PgType type;
        if (column) {
            type = column->type;
        } else if (field.name == plan_.deleted) {
            const bool boolean = value_type(field.type).type == Type::boolean;
            type.kind = boolean ? Kind::boolean : Kind::text;
            type.sql = boolean ? "boolean" : "text";
        } else if (plan_.contract == Contract::discard) {
            dropped += (dropped.empty() ? "'" : ", '") + field.name + "'";
            continue;
        } else {
            return fail(JF_E_CONFIG, "the table '" + plan_.table.text() + "' has no column '" + field.name + "'; drop it with the step 'select', add it to the "
                    "table, or set \"schema\" to \"evolve\" or \"discard\"", field.name);
        }
        out.schema.fields.push_back(field);
        out.from.push_back(i);
        out.types.push_back(std::move(type));
    }
    if (!dropped.empty() && !warned_)
        host_.warn("the table '" + plan_.table.text() + "' has no column " + dropped + ", whose values are left out");
    if (out.from.empty())
        return fail(JF_E_CONFIG, "no column of the rows is one of the table '" + plan_.table.text() + "'", "table");
    return out;
}

/// The statements and encoders of an epoch.
Status TableWriter::plan_copy()
{
    JF_ASSIGN(CopyColumns columns, columns_to_copy());
    warned_ = true;
    CopyColumns same = columns;
    written_.clear();
    for (const Field& field : columns.schema.fields)
        written_.push_back(field.name);
    merge_.reset();
    CopyTarget to{loaded().quoted(), loaded().name, "", false};
    if (plan_.staged()) {
        const auto mark = columns.schema.find(plan_.deleted);
        const bool boolean = mark && columns.types[*mark].kind == Kind::boolean;
        merge_.emplace(plan_, *table_, columns.schema, boolean);
        to = {std::string("pg_temp.") + Merge::stage, Merge::stage, Merge::order, false};
    }
    to.constraints_later = table_->deferred && !plan_.staged();
    auto encoder = make_row_encoder(std::move(columns));
    if (!encoder) {
        table_.reset();
        return std::move(encoder).error();
    }
    loader_ = std::make_unique<Loader>(std::move(same), std::move(*encoder), std::move(to));
    return {};
}

} // namespace jackfield::postgres

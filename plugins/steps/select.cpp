// The step 'select'.
#include "select.hpp"

#include "evaluate.hpp"
#include "keep.hpp"

#include "support/rows.hpp"

#include <algorithm>

namespace jackfield::steps {
namespace {

std::string known_columns(const Schema& schema)
{
    std::string out;
    for (const Field& field : schema.fields)
        out += (out.empty() ? "" : ", ") + field.name;
    return out;
}

/// One thread at a time.
class SelectStep final : public sdk::Step {
public:
    SelectStep(std::vector<Chosen> columns, std::vector<std::string> drop) : columns_(std::move(columns)), drop_(std::move(drop)) {}

    Result<Schema> schema(const sdk::Call&, const Schema& input, std::uint32_t) override
    {
        input_ = input;
        from_.clear();
        casts_.clear();
        output_ = Schema();
        JF_ASSIGN(const auto chosen, choose());
        Evaluator::Text text{{}, true, {}};
        for (const Chosen& column : chosen) {
            const std::size_t at = *input.find(column.from);
            Field field = input[at];
            field.name = column.name;
            const bool cast = column.type && !(*column.type == field.type);
            if (cast) {
                JF_ASSIGN(const std::string type, duckdb::sql_type(*column.type));
                text.expressions.push_back({"c" + std::to_string(text.expressions.size()), "TRY_CAST(" + duckdb::quote_name(column.from) + " AS " + type + ")"});
                text.reads.insert(column.from);
                field.type = *column.type;
                field.nullable = true;
            }
            casts_.push_back(cast ? static_cast<std::ptrdiff_t>(text.expressions.size()) - 1 : -1);
            from_.push_back(at);
            output_.fields.push_back(std::move(field));
        }
        evaluator_.reset();
        if (!text.expressions.empty()) {
            JF_ASSIGN(evaluator_, Evaluator::make(input, std::move(text)));
        }
        made_ = output_;
        if (evaluator_) // rows may have to go, which makes dictionaries plain
            output_ = plain(output_);
        return output_;
    }

    Status process(const sdk::Call&, sdk::StepInput input, const sdk::Emitter& emitter, const sdk::Rejects& rejects) override
    {
        if (!input.batch)
            return {};
        JF_TRY(validate(input_, *input.batch));
        const SharedArray batch(std::move(input.batch));
        std::vector<OwnedArray> given = columns_of(batch), made;
        std::set<std::size_t> used;
        std::vector<OwnedArray> results;
        std::vector<bool> bad;
        if (evaluator_) {
            JF_TRY(cast(batch, results, bad, rejects));
        }
        for (std::size_t i = 0; i < from_.size(); ++i) {
            if (casts_[i] >= 0)
                made.push_back(std::move(results[static_cast<std::size_t>(casts_[i])]));
            else if (used.insert(from_[i]).second)
                made.push_back(std::move(given[from_[i]]));
            else
                made.push_back(std::move(columns_of(batch)[from_[i]]));
        }
        OwnedArray out = assemble(batch->length, std::move(made));
        if (!bad.empty() || !(made_ == output_)) {
            bad.resize(static_cast<std::size_t>(batch->length));
            JF_ASSIGN(out, without(made_, std::move(out), bad));
        }
        return emitter.emit(std::move(out), input.partition);
    }
    void interrupt() override
    {
        if (evaluator_)
            evaluator_->interrupt();
    }

private:
    Result<std::vector<Chosen>> choose() const
    {
        std::vector<Chosen> out = columns_;
        if (columns_.empty())
            for (const Field& field : input_.fields)
                if (std::find(drop_.begin(), drop_.end(), field.name) == drop_.end())
                    out.push_back({field.name, field.name, std::nullopt});
        for (const auto& name : drop_)
            if (!input_.find(name))
                return fail(JF_E_CONFIG, "there is no column '" + name + "' to drop; there are: " + known_columns(input_), "drop");
        for (const Chosen& column : out)
            if (!input_.find(column.from))
                return fail(JF_E_CONFIG, "there is no column '" + column.from + "'; there are: " + known_columns(input_), "columns." + column.name);
        return out;
    }

    /// The cast columns in their declared types; rows with a value that became null are refused and marked in `bad`.
    Status cast(const SharedArray& batch, std::vector<OwnedArray>& results, std::vector<bool>& bad, const sdk::Rejects& rejects)
    {
        std::vector<Failed> failed;
        JF_ASSIGN(const OwnedArray made, evaluator_->run(batch, failed));
        const BatchView from(input_, *batch), to(evaluator_->results(), *made);
        for (std::size_t i = 0; i < from_.size(); ++i) {
            if (casts_[i] < 0)
                continue;
            const ColumnView& old = from[from_[i]];
            const ColumnView& fresh = to[static_cast<std::size_t>(casts_[i])];
            for (std::int64_t row = 0; row < fresh.length(); ++row) {
                if (!fresh.is_null(row) || old.is_null(row))
                    continue;
                if (bad.empty())
                    bad.resize(static_cast<std::size_t>(fresh.length()));
                if (bad[static_cast<std::size_t>(row)])
                    continue;
                bad[static_cast<std::size_t>(row)] = true;
                const std::string value = is_text(old.type().type) ? "'" + std::string(old.text(row)) + "'" : "a value of type " + old.type().text();
                JF_TRY(rejects.add({.message = value + " cannot be cast to " + output_[i].type.text(), .column = output_[i].name, .code = "cast", .row = row}));
            }
            ColumnBuilder column(output_[i].type);
            append_rows(column, fresh, 0, fresh.length());
            JF_ASSIGN(OwnedArray finished, column.finish());
            results.push_back(std::move(finished));
        }
        return {};
    }

    std::vector<Chosen> columns_;
    std::vector<std::string> drop_;
    Schema input_, made_, output_; // made_: as the columns are before rows go
    std::vector<std::size_t> from_;
    std::vector<std::ptrdiff_t> casts_; // which result; -1: as it is
    std::unique_ptr<Evaluator> evaluator_;
};

Result<Chosen> chosen_of(const sdk::Config& config, const std::string& at, std::string name)
{
    Chosen out;
    if (config.type(at) == JF_JSON_STRING) {
        out.from = config.text(at);
        out.name = name.empty() ? out.from : std::move(name);
        return out;
    }
    out.name = name.empty() ? std::string(config.text(at + "/name")) : std::move(name);
    out.from = config.text(at + "/from");
    if (out.from.empty())
        out.from = out.name;
    if (out.name.empty())
        out.name = out.from;
    if (out.name.empty())
        return fail(JF_E_CONFIG, "a column needs a 'name' or a 'from'", at);
    if (config.has(at + "/type")) {
        auto type = parse_type(config.text(at + "/type"));
        if (!type)
            return std::move(type).error().at(at + "/type");
        out.type = std::move(*type);
    }
    return out;
}

} // namespace

sdk::Options Select::options()
{
    const std::string column = "{\"type\":[\"string\",\"object\"],\"properties\":{\"name\":{\"type\":\"string\"},\"from\":{\"type\":\"string\"},"
                               "\"type\":{\"type\":\"string\",\"x-jf-format\":\"type\"}},\"additionalProperties\":false}";
    return sdk::Options()
        .schema("columns", "the columns to go on with, in their order: {\"new name\": \"old name\"}, {\"name\": {\"from\": \"old\", \"type\": "
                           "\"decimal(12,2)\"}}, or a list of such", "\"type\":[\"object\",\"array\"],\"items\":" + column + ",\"additionalProperties\":" + column)
        .texts("drop", "columns to leave out; all others go on");
}

sdk::Description Select::describe(const sdk::Config& config)
{
    return {.capabilities = faces, .sentence = config.has("drop") ? "drops columns" : "chooses, renames and casts columns"};
}

Result<std::unique_ptr<Select>> Select::make(const sdk::Config& config, sdk::Host)
{
    if (config.has("columns") == config.has("drop"))
        return fail(JF_E_CONFIG, "give either 'columns' or 'drop'", "columns");
    std::vector<Chosen> columns;
    if (config.type("columns") == JF_JSON_ARRAY) {
        for (std::size_t i = 0; i < config.length("columns"); ++i) {
            JF_ASSIGN(Chosen one, chosen_of(config, "/columns/" + std::to_string(i), {}));
            columns.push_back(std::move(one));
        }
    }
    for (const auto& name : config.keys("columns")) {
        JF_ASSIGN(Chosen one, chosen_of(config, sdk::Config::below("columns", name), name));
        columns.push_back(std::move(one));
    }
    if (config.has("columns") && columns.empty())
        return fail(JF_E_CONFIG, "no column is chosen", "columns");
    return std::make_unique<Select>(std::move(columns), config.texts("drop"));
}

Result<std::unique_ptr<sdk::Step>> Select::open(const sdk::Call&, const sdk::Scope&) { return std::make_unique<SelectStep>(columns_, drop_); }

} // namespace jackfield::steps

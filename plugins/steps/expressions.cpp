// The steps 'filter' and 'derive'.
#include "expressions.hpp"

#include "keep.hpp"

namespace jackfield::steps {
namespace {

Status report(const std::vector<Failed>& failed, const std::string& column, const sdk::Rejects& rejects, std::vector<bool>& bad)
{
    for (const auto& [row, message] : failed) {
        JF_TRY(rejects.add({.message = message, .column = column, .code = "expression", .row = row}));
        bad[static_cast<std::size_t>(row)] = true;
    }
    return {};
}

/// One thread at a time.
class FilterStep final : public sdk::Step {
public:
    explicit FilterStep(std::string where) : where_(std::move(where)) {}

    Result<Schema> schema(const sdk::Call&, const Schema& input, std::uint32_t) override
    {
        input_ = input;
        output_ = plain(input);
        auto made = Evaluator::make(input, {{{"where", where_}}});
        if (!made)
            return std::move(made).error();
        evaluator_ = std::move(*made);
        if (evaluator_->results()[0].type.type != Type::boolean)
            return fail(JF_E_CONFIG, "'" + where_ + "' gives " + evaluator_->results()[0].type.text() + "; write a condition, such as amount > 0", "where");
        return output_;
    }
    Status process(const sdk::Call&, sdk::StepInput input, const sdk::Emitter& emitter, const sdk::Rejects& rejects) override
    {
        if (!input.batch)
            return {};
        JF_TRY(validate(input_, *input.batch));
        const SharedArray batch(std::move(input.batch));
        std::vector<Failed> failed;
        JF_ASSIGN(const OwnedArray truth, evaluator_->run(batch, failed));
        const BatchView view(evaluator_->results(), *truth);
        std::vector<bool> drop(static_cast<std::size_t>(batch->length));
        std::size_t dropped = 0;
        for (std::int64_t row = 0; row < view.rows(); ++row) {
            const bool no = view[0].is_null(row) || !view[0].boolean(row);
            drop[static_cast<std::size_t>(row)] = no;
            dropped += no ? 1 : 0;
        }
        JF_TRY(report(failed, "", rejects, drop));
        if (dropped == drop.size())
            return {};
        if (dropped == 0 && output_ == input_)
            return emitter.emit(batch.share(), input.partition);
        JF_ASSIGN(OwnedArray kept, without(input_, batch.share(), drop));
        return emitter.emit(std::move(kept), input.partition);
    }
    void interrupt() override
    {
        if (evaluator_)
            evaluator_->interrupt();
    }

private:
    std::string where_;
    Schema input_, output_;
    std::unique_ptr<Evaluator> evaluator_;
};

/// One thread at a time.
class DeriveStep final : public sdk::Step {
public:
    explicit DeriveStep(std::vector<Expression> columns) : columns_(std::move(columns)) {}

    Result<Schema> schema(const sdk::Call&, const Schema& input, std::uint32_t) override
    {
        auto made = Evaluator::make(input, {columns_});
        if (!made)
            return std::move(made).error().at("columns");
        evaluator_ = std::move(*made);
        input_ = input;
        output_ = input;
        at_.clear();
        for (const Field& field : evaluator_->results().fields) {
            const auto known = output_.find(field.name);
            at_.push_back(known.value_or(output_.size()));
            if (known)
                output_.fields[*known] = field;
            else
                output_.fields.push_back(field);
        }
        made_ = output_;
        output_ = plain(output_); // rows may have to go, which makes dictionaries plain
        return output_;
    }
    Status process(const sdk::Call&, sdk::StepInput input, const sdk::Emitter& emitter, const sdk::Rejects& rejects) override
    {
        if (!input.batch)
            return {};
        JF_TRY(validate(input_, *input.batch));
        const SharedArray batch(std::move(input.batch));
        std::vector<Failed> failed;
        JF_ASSIGN(OwnedArray results, evaluator_->run(batch, failed));
        std::vector<OwnedArray> columns = columns_of(batch);
        columns.resize(output_.size());
        for (std::size_t i = 0; i < at_.size(); ++i)
            columns[at_[i]] = OwnedArray(*results->children[i]); // moved out
        OwnedArray out = assemble(batch->length, std::move(columns));
        if (failed.empty() && made_ == output_)
            return emitter.emit(std::move(out), input.partition);
        std::vector<bool> bad(static_cast<std::size_t>(batch->length));
        JF_TRY(report(failed, columns_.size() == 1 ? columns_[0].name : "", rejects, bad));
        JF_ASSIGN(OwnedArray kept, without(made_, std::move(out), bad));
        return emitter.emit(std::move(kept), input.partition);
    }
    void interrupt() override
    {
        if (evaluator_)
            evaluator_->interrupt();
    }

private:
    std::vector<Expression> columns_;
    std::vector<std::size_t> at_; // of the output, for each result
    Schema input_, made_, output_; // made_: as the columns are before rows go
    std::unique_ptr<Evaluator> evaluator_;
};

} // namespace

sdk::Options Filter::options()
{
    return sdk::Options().text("where", "a condition in SQL over the columns of a row: amount > 0 AND region IN ('eu')", {.required = true});
}

sdk::Description Filter::describe(const sdk::Config& config)
{
    return {.capabilities = JF_IS_STEP | (looks_repeatable(config.text("where")) ? JF_DETERMINISTIC : 0),
        .sentence = "keeps rows where " + std::string(config.text("where"))};
}

Result<std::unique_ptr<sdk::Step>> Filter::open(const sdk::Call&, const sdk::Scope&) { return std::make_unique<FilterStep>(where_); }

sdk::Options Derive::options()
{
    return sdk::Options().texts_by_name("columns", "expressions in SQL over the columns of a row, by the name of the column they make: {\"total\": \"price * qty\"}", {.required = true});
}

sdk::Description Derive::describe(const sdk::Config& config)
{
    bool repeatable = true;
    std::string names;
    for (const auto& name : config.keys("columns")) {
        repeatable = repeatable && looks_repeatable(config.text(sdk::Config::below("columns", name)));
        names += (names.empty() ? "" : ", ") + name;
    }
    return {.capabilities = JF_IS_STEP | (repeatable ? JF_DETERMINISTIC : 0), .sentence = "computes " + names};
}

Derive::Derive(const sdk::Config& config, sdk::Host)
{
    for (const auto& name : config.keys("columns"))
        columns_.push_back({name, std::string(config.text(sdk::Config::below("columns", name)))});
}

Result<std::unique_ptr<sdk::Step>> Derive::open(const sdk::Call&, const sdk::Scope&) { return std::make_unique<DeriveStep>(columns_); }

} // namespace jackfield::steps

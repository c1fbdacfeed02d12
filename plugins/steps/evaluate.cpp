// Evaluator.
#include "evaluate.hpp"

#include "support/duckdb/tree.hpp"
#include "support/rows.hpp"

#include <algorithm>

namespace jackfield::steps {

using namespace duckdb;

namespace {

std::string lower(std::string_view text)
{
    std::string out(text);
    for (char& c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
}

} // namespace

bool looks_repeatable(std::string_view sql)
{
    const std::string text = lower(sql);
    for (const char* word : {"random", "uuid", "now(", "today(", "get_current", "current_", "localtime", "transaction_timestamp", "txid", "age("})
        if (text.find(word) != std::string::npos)
            return false;
    return true;
}

Result<std::unique_ptr<Evaluator>> Evaluator::make(const Schema& input, Text text)
{
    JF_ASSIGN(const auto sandbox, Database::sandbox());
    JF_ASSIGN(auto session, sandbox->connect());
    for (const auto& expression : text.expressions) {
        if (text.checked)
            continue;
        auto facts = check_expression(*session, expression.sql);
        if (!facts)
            return std::move(facts).error().at(expression.name);
        if (!facts->repeatable && looks_repeatable(expression.sql))
            return fail(JF_E_CONFIG, "'" + expression.sql + "' calls a function whose result changes from call to call", expression.name);
        text.reads.merge(facts->columns);
    }
    auto made = std::make_unique<Evaluator>(std::move(session), input);
    JF_TRY(made->plan(text.expressions, text.reads));
    return made;
}

Status Evaluator::plan(const std::vector<Expression>& expressions, const std::set<std::string>& reads)
{
    std::set<std::string> wanted;
    for (const auto& name : reads)
        wanted.insert(lower(name));
    Schema read;
    for (std::size_t i = 0; i < input_.size(); ++i)
        if (wanted.contains(lower(input_[i].name))) {
            columns_.push_back(i);
            read.fields.push_back(input_[i]);
        }
    JF_ASSIGN(feed_, Feed::make(*session_, std::move(read)));
    std::string plain, careful;
    for (const auto& [name, sql] : expressions) {
        plain += (plain.empty() ? "SELECT (" : ", (") + sql + "\n) AS " + quote_name(name);
        careful += (careful.empty() ? "SELECT TRY((" : ", TRY((") + sql + "\n)) AS " + quote_name(name);
    }
    JF_ASSIGN(plain, session_->portable(plain + " FROM " + feed_->table()));
    JF_ASSIGN(statement_, Prepared::make(*session_, plain));
    if (auto tried = session_->portable(careful + " FROM " + feed_->table())) // some expressions cannot stand in TRY
        if (auto made = Prepared::make(*session_, *tried))
            careful_ = std::move(*made);
    auto result = std::make_unique<ResultSet>(session_->api());
    JF_TRY(statement_->run(*result));
    JF_ASSIGN(OwnedStream none, session_->stream(std::move(result)));
    OwnedSchema raw;
    if (none->get_schema(none.get(), raw.out()) != 0)
        return fail(JF_E_UNSUPPORTED, "an expression has a type that Arrow has not; cast it");
    JF_ASSIGN(results_, import_schema(*raw));
    builder_.emplace(results_);
    return {};
}

SharedArray Evaluator::narrow(const SharedArray& batch) const
{
    std::vector<OwnedArray> all = jackfield::columns_of(batch), some;
    for (const std::size_t i : columns_)
        some.push_back(std::move(all[i]));
    return SharedArray(assemble(batch->length, std::move(some)));
}

Result<OwnedArray> Evaluator::collect(Prepared& statement, std::int64_t rows)
{
    auto result = std::make_unique<ResultSet>(session_->api());
    JF_TRY(statement.run(*result));
    JF_ASSIGN(OwnedStream stream, session_->stream(std::move(result)));
    builder_->clear();
    std::int64_t seen = 0;
    for (OwnedArray part;;) {
        if (stream->get_next(stream.get(), part.out()) != 0)
            return fail(JF_E_FAILED, stream->get_last_error(stream.get()));
        if (!part)
            break;
        const BatchView view(results_, *part);
        for (std::size_t i = 0; i < view.columns(); ++i)
            append_rows(builder_->column(i), view[i], 0, view.rows());
        seen += view.rows();
    }
    if (seen != rows)
        return fail(JF_E_CONFIG, "the expressions gave " + std::to_string(seen) + " rows for " + std::to_string(rows) + "; write expressions that give one value for each row");
    builder_->set_rows(seen);
    return builder_->finish();
}

Result<OwnedArray> Evaluator::run(const SharedArray& batch, std::vector<Failed>& failed)
{
    const SharedArray read = narrow(batch);
    feed_->clear();
    feed_->add(read);
    auto done = collect(*statement_, batch->length);
    if (done || done.error().kind == JF_E_CANCELLED || !careful_)
        return done;
    const Error first = done.error();
    auto tried = collect(*careful_, batch->length);
    if (!tried)
        return first;
    // A null may be a result or a failure: such rows are looked at one by one.
    const BatchView view(results_, **tried);
    for (std::int64_t row = 0; row < view.rows(); ++row) {
        bool null = false;
        for (std::size_t i = 0; i < view.columns(); ++i)
            null = null || view[i].is_null(row);
        if (!null)
            continue;
        feed_->clear();
        feed_->add(SharedArray(read.slice(row, 1)));
        if (auto one = collect(*statement_, 1); !one)
            failed.push_back({row, one.error().message});
    }
    if (failed.empty())
        return first;
    return tried;
}

} // namespace jackfield::steps

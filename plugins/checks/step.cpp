// The step: rules over rows that pass by.
#include "checks.hpp"
#include "key_set.hpp"

#include <jackfield/sdk/arrow/json.hpp>
#include <jackfield/sdk/arrow/take.hpp>
#include <jackfield/sdk/arrow/text.hpp>

#include <re2/re2.h>

#include <algorithm>

namespace jackfield::checks {

namespace {

/// A rule at work on one schema.
struct Active {
    Rule rule;
    std::vector<std::size_t> columns;
    std::vector<Bound> accepted; ///< numbers, prepared
    std::uint64_t bad = 0;
    std::string example;         ///< of the first bad row
    KeySet keys;                 ///< unique
    Int128 newest_ns = 0;        ///< freshness
    bool any_instant = false;
};

std::string column_list(const Schema& schema)
{
    std::string out;
    for (const Field& field : schema.fields)
        out += (out.empty() ? "" : ", ") + field.name;
    return out;
}

/// The value as people write it, cut to a line.
std::string spell(const ColumnView& column, std::int64_t row)
{
    if (column.is_null(row))
        return "null";
    const ColumnView& target = column.indirect() ? column.target() : column;
    char text[max_value_text];
    switch (target.type().type) {
    case Type::utf8: case Type::large_utf8: case Type::utf8_view: return "'" + std::string(column.text(row).substr(0, 80)) + "'";
    case Type::float32: case Type::float64: return std::string(text, write_f64(text, column.f64(row)));
    case Type::decimal128: return std::string(text, write_decimal(text, column.decimal(row), target.type().scale));
    case Type::date32: return std::string(text, write_date(text, column.i64(row)));
    case Type::timestamp: return std::string(text, write_timestamp(text, column.i64(row), target.type().unit, !target.type().zone.empty()));
    case Type::boolean: return column.boolean(row) ? "true" : "false";
    default: return std::to_string(column.i64(row));
    }
}

/// One thread at a time.
class ChecksStep final : public sdk::Step {
public:
    ChecksStep(const Rules& rules, sdk::Host host) : rules_(rules), host_(host)
    {
        for (const Rule& rule : rules_.rules)
            active_.push_back(Active{.rule = rule});
    }

    Result<Schema> schema(const sdk::Call&, const Schema& input, std::uint32_t) override
    {
        for (Active& active : active_) {
            active.columns.clear();
            for (const auto& name : active.rule.columns) {
                const auto at = input.find(name);
                if (!at)
                    return fail(JF_E_CONFIG, "there is no column '" + name + "'; columns: " + column_list(input), active.rule.name);
                active.columns.push_back(*at);
            }
            if (auto ready = prepare(active, input); !ready)
                return std::move(ready).error().at(active.rule.name);
        }
        schema_ = input;
        return input;
    }

    Status process(const sdk::Call&, sdk::StepInput input, const sdk::Emitter& emitter, const sdk::Rejects& rejects) override
    {
        if (!input.batch)
            return {};
        if (schema_.size() == 0)
            return fail(JF_E_STATE, "a batch came before its schema was accepted");
        const BatchView view(schema_, *input.batch);
        const auto count = static_cast<std::size_t>(view.rows());
        keep_.assign(count, true);
        for (Active& active : active_)
            JF_TRY(look(active, view, rejects));
        rows_ += count;
        if (rules_.on_failure != OnFailure::quarantine)
            return emitter.emit(std::move(input.batch), input.partition);
        return keep_rows(schema_, std::move(input.batch), keep_, [&](OwnedArray kept) { return emitter.emit(std::move(kept), input.partition); });
    }

    Status barrier(const sdk::Call&, bool final, const sdk::Emitter&, const sdk::Rejects&) override
    {
        if (final)
            for (Active& active : active_)
                judge_whole(active);
        std::string faults;
        std::size_t failed = 0;
        for (const Active& active : active_) {
            if (active.bad == 0)
                continue;
            ++failed;
            faults += (faults.empty() ? "" : "; ") + active.rule.name + ": " + sentence(active);
        }
        if (failed > 0 && rules_.on_failure == OnFailure::stop)
            return fail(JF_E_DATA, std::to_string(failed) + " of " + std::to_string(active_.size()) + " rules failed: " + faults);
        if (final)
            tell(failed, faults);
        return {};
    }

    // The counts so far: rows, and for each rule its bad rows. What rules about the whole hold is never kept: they make the
    // load one epoch.
    Result<std::string> snapshot(const sdk::Call&, std::string_view) override
    {
        std::string out(1, '\1');
        append(out, rows_);
        for (const Active& active : active_)
            append(out, active.bad);
        return out;
    }
    Status restore(const sdk::Call&, std::string_view, std::string_view state) override
    {
        if (state.size() != 1 + 8 * (1 + active_.size()) || state[0] != '\1')
            return fail(JF_E_POSITION, "the counts of an earlier run are of other rules");
        rows_ = read(state, 1);
        for (std::size_t i = 0; i < active_.size(); ++i)
            active_[i].bad = read(state, 9 + 8 * i);
        return {};
    }

private:
    static void append(std::string& out, std::uint64_t value)
    {
        for (int shift = 0; shift < 64; shift += 8)
            out += static_cast<char>(value >> shift);
    }
    static std::uint64_t read(std::string_view bytes, std::size_t at)
    {
        std::uint64_t out = 0;
        for (int i = 7; i >= 0; --i)
            out = out << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
        return out;
    }

    static Status prepare(Active& active, const Schema& schema)
    {
        if (active.columns.empty())
            return {};
        const DataType& type = schema[active.columns[0]].type;
        for (auto* bound : {&active.rule.minimum, &active.rule.maximum})
            if (*bound)
                JF_TRY((*bound)->prepare(type));
        active.accepted.clear();
        if (active.rule.kind == RuleKind::accepted)
            for (const auto& value : active.rule.accepted) {
                active.accepted.emplace_back(value, active.rule.accepted_texts);
                JF_TRY(active.accepted.back().prepare(type));
            }
        const DataType& value = type.type == Type::dictionary || type.type == Type::run_end_encoded ? type.children[1].type : type;
        const bool text = value.type == Type::utf8 || value.type == Type::large_utf8 || value.type == Type::utf8_view;
        if (active.rule.kind == RuleKind::regex && !text)
            return fail(JF_E_CONFIG, "a regular expression wants text, the column is " + type.text());
        if (active.rule.kind == RuleKind::freshness && value.type != Type::timestamp && value.type != Type::date32)
            return fail(JF_E_CONFIG, "freshness wants a date or timestamp, the column is " + type.text());
        return {};
    }

    Status look(Active& active, const BatchView& view, const sdk::Rejects& rejects)
    {
        if (active.columns.empty())
            return {};
        const ColumnView& column = view[active.columns[0]];
        if (active.rule.kind == RuleKind::not_null && !column.may_have_nulls() && !column.indirect())
            return {};
        for (std::int64_t row = 0; row < view.rows(); ++row) {
            if (passes(active, view, column, row)) [[likely]]
                continue;
            ++active.bad;
            if (active.example.empty())
                active.example = "row " + std::to_string(rows_ + static_cast<std::uint64_t>(row) + 1) + " has " + spell(column, row);
            if (rules_.on_failure != OnFailure::quarantine || !keep_[static_cast<std::size_t>(row)])
                continue;
            keep_[static_cast<std::size_t>(row)] = false;
            JF_TRY(rejects.add({.message = active.rule.name + ": " + spell(column, row), .column = active.rule.columns[0],
                .code = active.rule.name, .row = row}));
        }
        return {};
    }

    bool passes(Active& active, const BatchView& view, const ColumnView& column, std::int64_t row)
    {
        const Rule& rule = active.rule;
        if (rule.kind == RuleKind::unique) {
            key_.clear();
            for (const std::size_t at : active.columns)
                append_key(key_, view[at], row);
            return active.keys.insert(key_);
        }
        if (column.is_null(row))
            return rule.kind != RuleKind::not_null;
        switch (rule.kind) {
        case RuleKind::range:
            return !(rule.minimum && rule.minimum->compare(column, row) < 0) && !(rule.maximum && rule.maximum->compare(column, row) > 0);
        case RuleKind::accepted:
            return std::any_of(active.accepted.begin(), active.accepted.end(), [&](const Bound& value) { return value.compare(column, row) == 0; });
        case RuleKind::regex: {
            const std::string_view text = column.text(row);
            return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *rule.pattern);
        }
        case RuleKind::freshness: {
            const DataType& type = (column.indirect() ? column.target() : column).type();
            const Int128 unit = type.type == Type::date32 ? Int128{86'400'000'000'000} : type.unit == Unit::second ? 1'000'000'000
                : type.unit == Unit::milli ? 1'000'000 : type.unit == Unit::micro ? 1'000 : 1;
            const Int128 at = column.i64(row) * unit;
            if (!active.any_instant || at > active.newest_ns)
                active.newest_ns = at;
            active.any_instant = true;
            return true;
        }
        default: return true;
        }
    }

    void judge_whole(Active& active)
    {
        const Rule& rule = active.rule;
        const auto rows = static_cast<std::int64_t>(rows_);
        if (rule.kind == RuleKind::row_count && (rows < rule.minimum_rows || rows > rule.maximum_rows)) {
            active.bad = 1;
            active.example = std::to_string(rows) + " rows" + (rows < rule.minimum_rows ? ", at least " + std::to_string(rule.minimum_rows) : ", at most " + std::to_string(rule.maximum_rows)) + " wanted";
        }
        if (rule.kind == RuleKind::freshness && (!active.any_instant || active.newest_ns < Int128{host_.unix_ns()} - rule.within_ns)) {
            active.bad = 1;
            char text[max_value_text];
            active.example = !active.any_instant ? "no row has an instant"
                : "the newest is of " + std::string(text, write_timestamp(text, static_cast<std::int64_t>(active.newest_ns / 1'000'000'000), Unit::second, true));
        }
    }

    [[nodiscard]] std::string sentence(const Active& active) const
    {
        if (active.rule.kind == RuleKind::row_count || active.rule.kind == RuleKind::freshness)
            return active.example;
        return std::to_string(active.bad) + " of " + std::to_string(rows_) + " rows, first: " + active.example;
    }

    void tell(std::size_t failed, const std::string& faults) const
    {
        const std::string head = std::to_string(active_.size()) + (active_.size() == 1 ? " rule, " : " rules, ") + std::to_string(failed) + " failed";
        if (failed == 0)
            host_.info(head);
        else
            host_.warn(head + ": " + faults);
    }

    Rules rules_;
    sdk::Host host_;
    Schema schema_;
    std::vector<Active> active_;
    std::vector<bool> keep_;
    std::uint64_t rows_ = 0;
    std::string key_; // reused
};

} // namespace

std::unique_ptr<sdk::Step> make_step(const Rules& rules, sdk::Host host) { return std::make_unique<ChecksStep>(rules, host); }

} // namespace jackfield::checks

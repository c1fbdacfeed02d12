// A task with both faces: as a step it multiplies a column, as an action it says by how much.
#include <jackfield/sdk.hpp>
#include <jackfield/sdk/arrow/take.hpp>

using namespace jackfield;

/// Multiplies one column of whole numbers, batch by batch.
struct Scaling final : sdk::Step {
    Scaling(std::string column_name, std::int64_t by) : column(std::move(column_name)), factor(by) {}

    Result<Schema> schema(const sdk::Call&, const Schema& input, std::uint32_t) override
    {
        const auto found = input.find(column);
        if (!found || input[*found].type.type != Type::int64)
            return fail(JF_E_CONFIG, "'" + column + "' is no column of whole numbers (int64)", "column");
        for (const Field& field : input.fields)
            if (field.type.type == Type::dictionary || field.type.type == Type::run_end_encoded)
                return fail(JF_E_UNSUPPORTED, "'" + field.name + "' is encoded as " + field.type.text() + ", which this task cannot copy; cast it before", "column");
        at = *found;
        columns = input;
        return input;
    }

    Status process(const sdk::Call&, sdk::StepInput input, const sdk::Emitter& emitter, const sdk::Rejects&) override
    {
        if (!input.batch)
            return {}; // only the watermark moved
        const BatchView view(columns, *input.batch);
        BatchBuilder out(columns);
        for (std::int64_t row = 0; row < view.rows(); ++row) {
            for (std::size_t i = 0; i < columns.size(); ++i)
                if (i == at && !view[i].is_null(row))
                    out.column(i).append_i64(view[i].i64(row) * factor);
                else
                    append_copy(out.column(i), view[i], row);
            out.end_row();
        }
        JF_ASSIGN(OwnedArray batch, out.finish());
        return emitter.emit(std::move(batch), input.partition);
    }

    std::string column;
    std::int64_t factor;
    std::size_t at = 0;
    Schema columns;
};

struct Scale final : sdk::Task {
    static constexpr std::uint64_t faces = JF_IS_STEP | JF_IS_ACTION | JF_IDEMPOTENT | JF_DETERMINISTIC;
    static sdk::Options options()
    {
        return sdk::Options().text("column", "what to multiply", {.required = true}).integer("by", "the factor", {.fallback = 2});
    }
    Scale(const sdk::Config& config, sdk::Host) : column(config.text("column")), factor(config.integer("by")) {}

    Result<std::unique_ptr<sdk::Step>> open(const sdk::Call&, const sdk::Scope&) override { return std::make_unique<Scaling>(column, factor); }
    Result<std::string> run(const sdk::Call&, const sdk::Scope&, std::uint32_t) override { return "{\"factor\":" + std::to_string(factor) + "}"; }

    std::string column;
    std::int64_t factor;
};

JACKFIELD_PLUGIN("scale", "0.1.0", "Example", "Apache-2.0", sdk::task<Scale>("scale", "Multiplies a column"))

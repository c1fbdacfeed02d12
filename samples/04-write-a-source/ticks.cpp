// A source that counts: each row is a number, its square and a label.
#include <jackfield/sdk.hpp>

using namespace jackfield;

/// Goes on right after any number, so a flow can be continued anywhere.
struct Tape final : sdk::RowReader {
    Tape(std::int64_t first, std::int64_t end) : next(first), end(end) {}

    Schema fields() override { return {{"n", Type::int64}, {"square", Type::float64}, {"label", Type::utf8}}; }

    Result<std::optional<sdk::Position>> read(const sdk::Call&, const sdk::Limits& limits, Rows& rows) override
    {
        for (; next < end && static_cast<std::uint64_t>(rows.size()) < limits.max_rows; ++next)
            rows.add(next, static_cast<double>(next) * static_cast<double>(next), "tick " + std::to_string(next));
        return rows.empty() ? std::nullopt : std::optional(sdk::Position::of(next));
    }

    std::int64_t next, end;
};

struct Ticks final : sdk::Source {
    static sdk::Options options() { return sdk::Options().integer("count", "how many rows", {.required = true, .minimum = 0}); }
    static sdk::Description describe(const sdk::Config&) { return {.capabilities = JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL | JF_BOUNDED}; }
    Ticks(const sdk::Config& config, sdk::Host) : count(config.integer("count")) {}

    Result<std::unique_ptr<sdk::Reader>> open(const sdk::Call&, const sdk::ReadRequest& request) override
    {
        return std::make_unique<Tape>(request.from_number(0), request.until_number(count));
    }

    std::int64_t count;
};

JACKFIELD_PLUGIN("ticks", "0.1.0", "Example", "Apache-2.0", sdk::source<Ticks>("ticks", "Counts upwards"))

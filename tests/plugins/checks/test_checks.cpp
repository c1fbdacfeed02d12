// The task "checks" as a step: each rule, each policy.
#include "task_under_test.hpp"

#include <jackfield/sdk/arrow/take.hpp>

#include <catch2/catch.hpp>

using namespace jackfield;
using test::TaskUnderTest;

namespace {

const Schema orders{{"id", Type::int64}, {"region", Type::utf8}, {"amount", DataType::decimal(12, 2)}};

struct Order {
    std::optional<std::int64_t> id;
    std::optional<std::string> region;
    std::optional<std::int64_t> cents;
};

OwnedArray batch_of(const std::vector<Order>& rows)
{
    Rows out(orders);
    for (const Order& row : rows)
        out.add(row.id, row.region, row.cents ? std::optional(Int128{*row.cents}) : std::nullopt);
    auto made = out.finish();
    REQUIRE(made);
    return std::move(*made);
}

/// One step over batches; what came through, and what was refused.
struct Gate {
    explicit Gate(std::string_view options) : task(CHECKS_PLUGIN, "checks", options)
    {
        REQUIRE_FALSE(task.error);
        auto opened = task.task->open(task.frame, {"flow", "task", "", "", ""});
        REQUIRE(opened);
        step.emplace(std::move(*opened));
        OwnedSchema schema;
        REQUIRE(export_schema(orders, schema.out()));
        schema_status = step->schema(task.frame, *schema, 0);
        task.frame.set_rejects([this](const RejectedRecord& row) -> Status {
            refused.push_back(std::string(row.code) + " row " + std::to_string(row.row) + ": " + std::string(row.message));
            return {};
        });
    }
    Status process(const std::vector<Order>& rows)
    {
        StepBatch input;
        input.array = batch_of(rows);
        return step->process(task.frame, std::move(input), take());
    }
    Status finish() { return step->barrier(task.frame, true, take()); }
    EmitHandler take()
    {
        return [this](std::uint32_t, std::string_view, OwnedArray batch) -> Status {
            const BatchView view(orders, *batch);
            for (std::int64_t row = 0; row < view.rows(); ++row)
                ids.push_back(view[0].is_null(row) ? -1 : view[0].i64(row));
            return {};
        };
    }

    TaskUnderTest task;
    std::optional<StepInstance> step;
    Result<OwnedSchema> schema_status = fail(JF_E_STATE, "not asked");
    std::vector<std::int64_t> ids;
    std::vector<std::string> refused;
};

} // namespace

TEST_CASE("good rows pass a gate untouched", "[checks]")
{
    Gate gate(R"({"not_null":["id"],"range":{"amount":{"min":0,"max":99.99}},"accepted":{"region":["eu","us"]},"on_failure":"stop"})");

    REQUIRE(gate.process({{1, "eu", 10}, {2, "us", 9999}, {3, std::nullopt, 0}}));
    REQUIRE(gate.finish());
    CHECK(gate.ids == std::vector<std::int64_t>{1, 2, 3});
    CHECK(gate.task.log->text() == "  3 rules, 0 failed\n");
}

TEST_CASE("a failed rule stops the epoch with rule, count and first case", "[checks][errors]")
{
    Gate gate(R"({"not_null":["id"],"range":{"amount":{"min":0}},"on_failure":"stop"})");

    REQUIRE(gate.process({{1, "eu", 10}, {2, "eu", -1}, {std::nullopt, "eu", -2}}));
    const auto done = gate.finish();
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == JF_E_DATA);
    CHECK(done.error().message.find("2 of 2 rules failed: not_null(id): 1 of 3 rows, first: row 3 has null; range(amount): 2 of 3 rows, first: row 2 has -0.01") != std::string::npos);
}

TEST_CASE("quarantine takes the bad rows out and lets the good ones pass", "[checks]")
{
    Gate gate(R"({"not_null":["id"],"regex":{"region":"[a-z]{2}"},"on_failure":"quarantine"})");

    REQUIRE(gate.process({{1, "eu", 1}, {std::nullopt, "eu", 1}, {3, "EU!", 1}, {4, "us", 1}}));
    REQUIRE(gate.finish());
    CHECK(gate.ids == std::vector<std::int64_t>{1, 4});
    CHECK(gate.refused == std::vector<std::string>{"not_null(id) row 1: not_null(id): null", "regex(region) row 2: regex(region): 'EU!'"});
}

TEST_CASE("keys repeat across batches, nulls and several columns included", "[checks]")
{
    Gate gate(R"({"unique":[["id","region"]],"on_failure":"quarantine"})");
    CHECK(gate.task.description.can(JF_WHOLE_INPUT));

    REQUIRE(gate.process({{1, "eu", 1}, {1, "us", 1}, {std::nullopt, "eu", 1}}));
    REQUIRE(gate.process({{2, "eu", 1}, {1, "us", 2}, {std::nullopt, "eu", 1}}));
    REQUIRE(gate.finish());
    CHECK(gate.ids == std::vector<std::int64_t>{1, 1, -1, 2});
    CHECK(gate.refused.size() == 2);
}

TEST_CASE("many scattered bad rows leave one good batch", "[checks]")
{
    Gate gate(R"({"not_null":["id"],"on_failure":"quarantine"})");
    std::vector<Order> rows;
    for (std::int64_t i = 0; i < 1000; ++i)
        rows.push_back({i % 2 == 0 ? std::optional(i) : std::nullopt, "eu", i});

    REQUIRE(gate.process(rows));
    CHECK(gate.ids.size() == 500);
    CHECK(gate.ids.back() == 998);
    CHECK(gate.refused.size() == 500);
}

TEST_CASE("the number of rows is judged at the end", "[checks]")
{
    Gate gate(R"({"row_count":{"min":3},"on_failure":"stop"})");
    REQUIRE(gate.process({{1, "eu", 1}}));
    const auto done = gate.finish();

    REQUIRE_FALSE(done);
    CHECK(done.error().message.find("row_count: 1 rows, at least 3 wanted") != std::string::npos);
}

TEST_CASE("a warning names the fault and lets everything pass", "[checks]")
{
    Gate gate(R"({"not_null":["id"],"on_failure":"warn"})");
    REQUIRE(gate.process({{std::nullopt, "eu", 1}}));
    REQUIRE(gate.finish());

    CHECK(gate.ids == std::vector<std::int64_t>{-1});
    CHECK(gate.task.log->text() == "! 1 rule, 1 failed: not_null(id): 1 of 1 rows, first: row 1 has null\n");
}

TEST_CASE("a column that is not there is named with those that are", "[checks][errors]")
{
    Gate gate(R"({"not_null":["ident"],"on_failure":"stop"})");

    REQUIRE_FALSE(gate.schema_status);
    CHECK(gate.schema_status.error().message == "there is no column 'ident'; columns: id, region, amount");
}

TEST_CASE("faults of the configuration are told before anything runs", "[checks][errors]")
{
    TaskUnderTest pattern(CHECKS_PLUGIN, "checks", R"({"regex":{"region":"["},"on_failure":"stop"})");
    REQUIRE(pattern.error);
    CHECK(pattern.error->kind == JF_E_CONFIG);
    CHECK(pattern.error->message.find("'[' is no regular expression") != std::string::npos);

    TaskUnderTest none(CHECKS_PLUGIN, "checks", R"({"on_failure":"stop"})");
    REQUIRE(none.error);
    CHECK(none.error->message.find("there is no rule") != std::string::npos);

    TaskUnderTest sql(CHECKS_PLUGIN, "checks", R"({"sql":[{"name":"q","query":"select 1"}],"on_failure":"stop"})");
    REQUIRE(sql.error);
    CHECK(sql.error->message.find("needs a table") != std::string::npos);
}

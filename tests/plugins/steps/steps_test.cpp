// The steps 'select', 'filter' and 'derive'.
#include "duckdb/plugin_host.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace test;

namespace {

const Schema orders{{"id", Type::int64}, {"region", Type::utf8}, {"price", Type::utf8}, {"kind", DataType::dictionary(Type::int32, Type::utf8)}};

SharedArray rows()
{
    BatchBuilder builder(orders);
    const char* prices[] = {"1.50", "x", "20", nullptr, "3"};
    builder.column(3).child(0).append_text("a");
    builder.column(3).child(0).append_text("b");
    for (std::int64_t i = 0; i < 5; ++i) {
        builder.column(0).append_i64(i);
        builder.column(1).append_text(i % 2 ? "eu" : "us");
        prices[i] ? builder.column(2).append_text(prices[i]) : builder.column(2).append_null();
        builder.column(3).append_i64(i % 2);
        builder.end_row();
    }
    return SharedArray(builder.finish().value());
}

/// A step over one batch: what comes out, as JSON, each row in a line.
struct Run {
    Run(const std::string& use, const std::string& config, const SharedArray& batch = rows(), const Schema& input = orders)
        : task(STEPS_PLUGIN, JF_KIND_TASK, use, config)
    {
        const auto& table = task.table<jf_task>();
        const jf_scope scope{sizeof scope, 0, {}, {}, {}, {}, {}};
        task.check(table.open(task.raw(), &task.frame.call, &scope, &step));
        OwnedSchema given, made;
        REQUIRE(export_schema(input, given.out()));
        task.check(table.schema(step, &task.frame.call, given.get(), 0, made.out()));
        schema = import_schema(*made).value();
        ArrowArray moved = batch.share().release();
        const jf_step_input in{sizeof in, 0, 0, sdk::as_str("p"), &moved};
        const jf_emitter emitter{sizeof emitter, 0, this, [](const jf_emitter* self, std::uint32_t, jf_str partition, ArrowArray* out) {
                                     auto& run = *static_cast<Run*>(self->host_data);
                                     run.out = OwnedArray(*out);
                                     CHECK(sdk::view(partition) == "p");
                                     return static_cast<jf_status>(JF_OK);
                                 }};
        task.check(table.process(step, &task.frame.call, &in, &emitter, &task.frame.rejects));
        if (!out)
            return;
        REQUIRE(validate(schema, *out, Check::full));
        JsonRows writer(schema);
        writer.bind(*out);
        for (std::int64_t row = 0; row < out->length; ++row)
            text += writer.text(row);
    }
    Instance task;
    void* step = nullptr;
    struct Close { // also when the constructor throws
        Run& run;
        ~Close()
        {
            if (run.step)
                run.task.table<jf_task>().close(run.step);
        }
    } close{*this};
    Schema schema;
    OwnedArray out;
    std::string text;
};

bool loaded(const char* library)
{
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        if (line.find(library) != std::string::npos)
            return true;
    return false;
}

} // namespace

TEST_CASE("select without casts copies nothing and does not load DuckDB")
{
    const SharedArray batch = rows();
    const bool before = loaded("libduckdb");
    const Run run("select", R"({"columns":{"key":"id","where":"region","again":"id"}})", batch);
    CHECK(run.text.substr(0, 36) == R"({"key":0,"where":"us","again":0}{"ke)");
    CHECK(run.out->children[0]->buffers[1] == batch->children[0]->buffers[1]);
    CHECK(run.out->children[2]->buffers[1] == batch->children[0]->buffers[1]);
    CHECK(loaded("libduckdb") == before);
    CHECK(Run("select", R"({"drop":["price","kind"]})").text.substr(0, 24) == R"({"id":0,"region":"us"}{")");
    CHECK_THROWS_WITH(Run("select", R"({"columns":{"a":"nope"}})"), Catch::StartsWith("-2: there is no column 'nope'; there are: id, region"));
    CHECK_THROWS_WITH(Run("select", R"({"columns":[{"from":"id","type":"integer"}]})"), Catch::StartsWith("-2: "));
}

TEST_CASE("select casts, and refuses rows whose value cannot be cast, with the value")
{
    Run run("select", R"x({"columns":["id",{"from":"price","type":"decimal(12,2)"},"kind"]})x");
    CHECK(run.schema[1].type == DataType::decimal(12, 2));
    CHECK(run.text == R"({"id":0,"price":1.50,"kind":"a"}{"id":2,"price":20.00,"kind":"a"}{"id":3,"price":null,"kind":"b"}{"id":4,"price":3.00,"kind":"a"})");
    REQUIRE(run.task.frame.refused.size() == 1);
    CHECK(run.task.frame.refused[0].row == 1);
    CHECK(run.task.frame.refused[0].column == "price");
    CHECK(run.task.frame.refused[0].message == "'x' cannot be cast to decimal(12,2)");
}

TEST_CASE("filter keeps the rows for which its condition is true, in their order, also of a slice")
{
    Run run("filter", R"x({"where":"region IN ('eu') AND id > 0"})x");
    CHECK(run.text == R"({"id":1,"region":"eu","price":"x","kind":"b"}{"id":3,"region":"eu","price":null,"kind":"b"})");
    CHECK(Run("filter", R"({"where":"id >= 3"})", SharedArray(rows().slice(2, 3))).text
        == R"({"id":3,"region":"eu","price":null,"kind":"b"}{"id":4,"region":"us","price":"3","kind":"a"})");
    CHECK_FALSE(Run("filter", R"({"where":"id > 100"})").out);
    Run failing("filter", R"x({"where":"CAST(price AS DOUBLE) > 2"})x");
    CHECK(failing.text == R"({"id":2,"region":"us","price":"20","kind":"a"}{"id":4,"region":"us","price":"3","kind":"a"})");
    REQUIRE(failing.task.frame.refused.size() == 1);
    CHECK(failing.task.frame.refused[0].row == 1);
    CHECK_THAT(failing.task.frame.refused[0].message, Catch::Contains("'x'"));
}

TEST_CASE("derive adds columns and replaces columns, many rows in their order")
{
    CHECK(Run("derive", R"x({"columns":{"twice":"id * 2","region":"upper(region)","one":"1"}})x", SharedArray(rows().slice(0, 1))).text
        == R"({"id":0,"region":"US","price":"1.50","kind":"a","twice":0,"one":1})");
    const Schema numbers{{"n", Type::int64}};
    BatchBuilder builder(numbers);
    for (std::int64_t i = 0; i < 100'000; ++i)
        builder.column(0).append_i64(i), builder.end_row();
    Run run("derive", R"({"columns":{"m":"n + 1"}})", SharedArray(builder.finish().value()), numbers);
    REQUIRE(run.out->length == 100'000);
    const BatchView view(run.schema, *run.out);
    bool right = true;
    for (std::int64_t i = 0; i < 100'000; ++i)
        right = right && view[1].i64(i) == i + 1;
    CHECK(right);
}

TEST_CASE("an expression is one expression over a row and reaches nothing else")
{
    for (const char* where : {"id > 0; DROP TABLE x", "id > 0) OR (SELECT true", "(SELECT true)", "EXISTS (FROM read_csv('/etc/passwd'))", "sum(id) > 0",
             "row_number() OVER () > 1", "id > ?", "true FROM x", "true AS y", "id > 0 LIMIT 1", "*", "nope > 1", "id +", "id", "true, false", "true --\n FROM x",
             "write_log('x') IS NULL", ""}) {
        INFO(where);
        CHECK_THROWS_WITH(Run("filter", "{\"where\":" + sdk::json_string(where) + "}"), Catch::StartsWith("-2: "));
    }
    Instance steady(STEPS_PLUGIN, JF_KIND_TASK, "filter", R"({"where":"id > 0"})");
    CHECK((steady.describe().capabilities & JF_DETERMINISTIC) != 0);
    Instance random(STEPS_PLUGIN, JF_KIND_TASK, "filter", R"x({"where":"random() > 0.5"})x");
    CHECK((random.describe().capabilities & JF_DETERMINISTIC) == 0);
}

// The source 'duckdb': order, positions, cursors.
#include "duckdb_parts.hpp"

#include <catch2/catch.hpp>

using namespace test;

namespace {

/// A reader of a source.
class Reading {
public:
    explicit Reading(Instance& source, const std::string& from = "", const std::string& until = "") : source_(source), table_(source.table<jf_source>())
    {
        const jf_scope scope{sizeof scope, 0, sdk::as_str("flow"), sdk::as_str("task"), {}, {}, {}};
        const jf_read_request request{sizeof request, 0, &scope, {}, sdk::as_bytes(from), sdk::as_bytes(until)};
        source.check(table_.open(source.raw(), &source.frame.call, &request, &reader_));
        OwnedSchema raw;
        source.check(table_.schema(reader_, &source.frame.call, raw.out()));
        schema = import_schema(*raw).value();
    }
    ~Reading()
    {
        if (reader_)
            table_.close(reader_);
    }
    /// Rows of the next batch as JSON; nullopt at the end.
    std::optional<std::string> next(std::uint64_t most)
    {
        Bytes partition, at;
        OwnedArray array;
        jf_batch batch{sizeof batch, 0, 0, array.out(), &partition.writer, &at.writer, &source_.frame.rejects, 0, 0};
        const jf_limits limits{sizeof limits, 0, most, 0};
        if (source_.check(table_.next(reader_, &source_.frame.call, &limits, &batch)) == JF_END)
            return std::nullopt;
        position = at.text;
        rows = array->length;
        JsonRows writer(schema);
        writer.bind(*array);
        std::string out;
        for (std::int64_t row = 0; row < array->length; ++row)
            out += writer.text(row);
        return out;
    }
    std::string all()
    {
        std::string out;
        while (auto part = next(7))
            out += *part;
        return out;
    }
    Schema schema;
    std::string position;
    std::int64_t rows = 0;

private:
    Instance& source_;
    const jf_source& table_;
    void* reader_ = nullptr;
};

} // namespace

TEST_CASE("a query without an order is read once and says that it cannot be gone on with")
{
    Store store(":memory:");
    Instance source = store.source(R"x({"query":"SELECT range AS i FROM range(10000)"})x");
    CHECK(source.describe().capabilities == JF_BOUNDED);
    CHECK_THAT(source.describe().sentence, Catch::Contains("order_by"));
    Reading reading(source);
    std::int64_t rows = 0;
    while (reading.next(4000))
        rows += reading.rows;
    CHECK(rows == 10000);
    CHECK_THROWS_WITH(Reading(source, reading.position), Catch::StartsWith("-14: "));
}

TEST_CASE("with order_by every position gives exactly the rows after it")
{
    Store store(":memory:");
    store.run("CREATE TABLE t AS SELECT (range // 3)::INT AS a, 'k' || lpad((range % 3)::VARCHAR, 2, '0') AS b, TIMESTAMP '2024-01-01' + "
              "INTERVAL (range) SECOND AS c FROM range(60)");
    Instance source = store.source(R"({"table":"t","order_by":["a","b"]})");
    CHECK((source.describe().capabilities & JF_CAN_REPLAY_UNTIL) != 0);
    const std::string whole = Reading(source).all();
    Reading reading(source);
    std::string before, last;
    while (auto part = reading.next(7)) {
        before += *part;
        CHECK(before + Reading(source, reading.position).all() == whole);
        CHECK(Reading(source, "", reading.position).all() == before);
        CHECK(Reading(source, last, reading.position).all() == *part);
        last = reading.position;
    }
    CHECK(before == whole);
    last[last.size() - 1] = '\xff'; // damaged: its text is not UTF-8 any more
    CHECK_THROWS_WITH(Reading(source, last), Catch::StartsWith("-14: the stored position"));
}

TEST_CASE("a cursor goes on after the greatest value of the last run")
{
    Store store(":memory:");
    store.run("CREATE TABLE t AS SELECT range AS i, TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (range) MINUTE AS changed FROM range(10)");
    Instance source = store.source(R"({"table":"t","cursor":"changed"})");
    CHECK((source.describe().capabilities & JF_INCREMENTAL) != 0);
    Reading first(source);
    first.all();
    CHECK(Reading(source, first.position).all().empty());
    store.run("INSERT INTO t VALUES (99, '2024-01-02 00:00:00+00')");
    CHECK(Reading(source, first.position).all() == R"({"i":99,"changed":"2024-01-02T00:00:00Z"})");
}

TEST_CASE("rows that are alike in the order stay in one batch, so no position is between them")
{
    Store store(":memory:");
    store.run("CREATE TABLE t AS SELECT range AS i, range // 5000 AS k FROM range(20000)");
    Instance source = store.source(R"({"table":"t","order_by":["k"]})");
    Reading reading(source);
    while (reading.next(100))
        CHECK(reading.rows == 5000);
}

TEST_CASE("a source refuses statements that write, and says which option is wrong")
{
    Folder folder;
    Store store(":memory:");
    const auto message = [&](const std::string& config) -> std::string {
        try {
            Instance source = store.source(config);
            Reading reading(source);
            return reading.all();
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    };
    CHECK_THAT(message(R"x({"query":"CREATE TABLE x (i INT)"})x"), Catch::StartsWith("-5: only one SELECT"));
    CHECK_THAT(message(R"({"query":"SELECT 1 AS i","table":"t"})"), Catch::StartsWith("-2: give either"));
    CHECK_THAT(message(R"({"query":"SELECT 1 AS i","order_by":["j"]})"), Catch::StartsWith("-2: the query has no column 'j'"));
    CHECK_THAT(message(R"({"query":"SELECT NULL::INT AS i","order_by":["i"]})"), Catch::StartsWith("-7: a row has no value in 'i'"));
    CHECK_THAT(message(R"({"query":"SELECT x FROM nope"})"), Catch::StartsWith("-6: "));
    CHECK(message(R"x({"query":"SELECT DATE '2024-02-29' AS d, [1, 2] AS l, {'a': 1} AS s, 'x'::ENUM('x', 'y') AS e"})x")
        == R"({"d":"2024-02-29","l":[1,2],"s":{"a":1},"e":"x"})");
}

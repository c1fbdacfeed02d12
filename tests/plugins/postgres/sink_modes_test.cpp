// The sink 'postgres': modes, tokens, fences.
#include "sink_parts.hpp"

#include <catch2/catch.hpp>

using namespace test;

namespace {

const Schema orders{{"id", Type::int64}, {"region", Type::utf8}, {"amount", DataType::decimal(12, 2)}};

OwnedArray some(std::int64_t from, std::int64_t count, const char* region = "eu", std::int64_t amount = 150)
{
    Rows rows(orders);
    for (std::int64_t i = from; i < from + count; ++i)
        rows.add(i, region, static_cast<Int128>(amount));
    return rows.finish().value();
}

} // namespace

TEST_CASE("rows and their token are there together after a commit, and neither after an abort")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"orders"})");
    CHECK(sink.describe().sentence == "table orders, append: postgres commits the position with the rows");
    {
        Writing writing(sink);
        CHECK(writing.acquire().empty());
        writing.schema(orders);
        writing.write(some(0, 1000));
        CHECK(warehouse.sql("SELECT count(*) FROM orders") == "0");
        CHECK(writing.commit("p1000", 1) == JF_OK);
        writing.write(some(1000, 5));
        writing.abort();
        CHECK(writing.commit("p1000", 1) == JF_OK); // the same again changes nothing
    }
    CHECK(warehouse.sql("SELECT count(*), sum(amount), max(region) FROM orders") == "1000|1500.00|eu");
    CHECK(warehouse.sql("SELECT flow, task, convert_from(token, 'UTF8'), fence, epoch, owner FROM jackfield.progress") == "flow|load|p1000|1|1|test");
    Writing again(sink);
    CHECK(again.acquire() == "p1000");
    CHECK(again.fence() == 2);
}

TEST_CASE("a repeated commit of the same epoch does not double its rows")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"orders"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(orders);
    for (int i = 0; i < 2; ++i) {
        writing.write(some(0, 10));
        CHECK(writing.commit("p10", 1) == JF_OK);
    }
    CHECK(warehouse.sql("SELECT count(*) FROM orders") == "10");
}

TEST_CASE("names with quotes, spaces, capitals and semicolons are taken as they are")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"\"Odd; schema\".\"a\"\"b'; DROP TABLE t; --\"","mode":"upsert","key":["K; 1"],"progress_schema":"Pro\"gress"})");
    const Schema odd{{"K; 1", Type::int64}, {"va\"l'ue", Type::utf8}, {"select", Type::int32}};
    Rows rows(odd);
    rows.add(1, "it's; \\ \"so\"", 2);
    load(sink, odd, rows.finish().value());
    CHECK(warehouse.sql(R"(SELECT "K; 1", "va""l'ue", "select" FROM "Odd; schema"."a""b'; DROP TABLE t; --")") == R"(1|it's; \ "so"|2)");
    CHECK(warehouse.sql(R"(SELECT count(*) FROM "Pro""gress".progress)") == "1");
}

TEST_CASE("a writer whose partition was taken over is fenced off and stores nothing")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"orders"})");
    Writing old(sink);
    old.acquire();
    old.schema(orders);
    SECTION("before its transaction began")
    {
        Writing fresh(sink);
        fresh.acquire();
        CHECK_THROWS_WITH([&] { old.write(some(0, 10)); old.commit("p10", 1); }(), Catch::StartsWith("-13: another writer took over"));
    }
    SECTION("while its transaction was open")
    {
        old.write(some(0, 10));
        Writing fresh(sink);
        fresh.acquire();
        CHECK_THROWS_WITH(old.commit("p10", 1), Catch::StartsWith("-13: another writer took over"));
        fresh.schema(orders);
        fresh.write(some(0, 3));
        CHECK(fresh.commit("p3", 1) == JF_OK);
    }
    CHECK(warehouse.sql("SELECT count(*) FROM orders WHERE id >= 3") == "0");
}

TEST_CASE("a frozen writer in the middle of its COPY does not hold up its successor, whose keys are the same")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE orders (id bigint PRIMARY KEY, region text, amount numeric(12,2))");
    Instance sink = warehouse.sink(R"({"table":"orders"})");
    Writing frozen(sink);
    frozen.acquire();
    frozen.schema(orders);
    frozen.write(some(0, 40'000)); // so many that rows are in the table
    CHECK(warehouse.wait_for("SELECT count(*) > 0 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'orders' AND l.mode = 'RowExclusiveLock'", "t"));
    Writing successor(sink);
    successor.acquire();
    successor.schema(orders);
    successor.write(some(0, 100));
    CHECK(successor.commit("p100", 1) == JF_OK);
    CHECK_THROWS_WITH([&] { frozen.write(some(50'000, 10)); frozen.commit("late", 1); }(), Catch::StartsWith("-13: another writer took over"));
    CHECK(warehouse.sql("SELECT count(*) FROM orders") == "100");
}

TEST_CASE("a new generation fences off the writers of older ones")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"orders"})");
    Writing old(sink, "g1");
    old.acquire();
    old.schema(orders);
    Writing fresh(sink, "g2", true);
    CHECK(fresh.acquire().empty());
    CHECK_THROWS_WITH([&] { old.write(some(0, 10)); old.commit("p10", 1); }(), Catch::StartsWith("-13: another writer took over"));
}

TEST_CASE("replace shows the old rows until the final commit and keeps keys, indexes, grants and defaults")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE orders (id bigint PRIMARY KEY, region text NOT NULL DEFAULT 'x', amount numeric(12,2) CHECK (amount > 0), "
                  "made timestamptz DEFAULT now()); CREATE INDEX \"By Region\" ON orders (lower(region)) WHERE amount > 1; "
                  "GRANT SELECT ON orders TO reader; INSERT INTO orders VALUES (7, 'old', 1)");
    Instance sink = warehouse.sink(R"({"table":"orders","mode":"replace"})");
    const std::string before = warehouse.sql("SELECT indexdef FROM pg_indexes WHERE tablename = 'orders' ORDER BY 1");
    for (const char* generation : {"g1", "g2"}) {
        Writing writing(sink, generation, true);
        writing.acquire();
        writing.schema(orders);
        writing.write(some(0, 10, generation));
        CHECK(writing.commit("p10", 1) == JF_OK);
        CHECK(warehouse.sql("SELECT count(*) FROM orders WHERE region = '" + std::string(generation) + "'") == "0");
        writing.write(some(10, 10, generation));
        CHECK(writing.commit("p20", 2, true) == JF_OK);
        CHECK(warehouse.sql("SELECT count(*), count(made), min(region) FROM orders") == "20|20|" + std::string(generation));
    }
    CHECK(warehouse.sql("SELECT indexdef FROM pg_indexes WHERE tablename = 'orders' ORDER BY 1") == before);
    CHECK(warehouse.sql("SELECT has_table_privilege('reader', 'orders', 'SELECT')") == "t");
    CHECK(warehouse.sql("SELECT count(*) FROM pg_class WHERE relname LIKE '%__jf_%'") == "0");
    CHECK_THROWS_WITH(warehouse.sql("INSERT INTO orders VALUES (100, 'x', -1)"), Catch::Contains("violates check"));
}

TEST_CASE("replace fills a table again where views, triggers or sequences hang on it")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE orders (n serial, id bigint, region text, amount numeric(12,2)); CREATE VIEW seen AS SELECT id, region FROM orders; "
                  "INSERT INTO orders (id) VALUES (7)");
    const std::string identity = warehouse.sql("SELECT 'orders'::regclass::oid");
    Instance sink = warehouse.sink(R"({"table":"orders","mode":"replace"})");
    load(sink, orders, some(0, 10));
    CHECK(warehouse.sql("SELECT count(*), min(region) FROM seen") == "10|eu");
    CHECK(warehouse.sql("SELECT 'orders'::regclass::oid, (SELECT count(DISTINCT n) FROM orders)") == identity + "|10");
}

TEST_CASE("replace of a table that is not there makes it, and one without rows empties it")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"orders","mode":"replace"})");
    load(sink, orders, some(0, 10));
    CHECK(warehouse.sql("SELECT count(*) FROM orders") == "10");
    Writing writing(sink, "g2", true);
    writing.acquire();
    CHECK(writing.commit("end", 1, true) == JF_OK);
    CHECK(warehouse.sql("SELECT count(*) FROM orders") == "0");
}

TEST_CASE("replace waits for the lock of the table and says what holds it up")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE orders (id bigint, region text, amount numeric(12,2)); INSERT INTO orders VALUES (7)");
    Instance sink = warehouse.sink(R"({"table":"orders","mode":"replace","swap_wait":"10ms"})");
    Instance append = warehouse.sink(R"({"table":"orders"})");
    Writing busy(append, "g1", false, "busy");
    busy.acquire();
    busy.schema(orders);
    busy.write(some(0, 1));
    Writing writing(sink);
    writing.acquire();
    writing.schema(orders);
    writing.write(some(0, 10));
    CHECK_THROWS_WITH(writing.commit("p10", 1, true), Catch::Contains("lock was not to be had in time"));
}

TEST_CASE("upsert writes by key, only what changes, and the last row of a key counts")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"orders","mode":"upsert","key":["id"]})");
    load(sink, orders, some(0, 100));
    const std::string before = warehouse.sql("SELECT xmin FROM orders WHERE id = 5");
    Rows rows(orders);
    for (const std::int64_t amount : {1, 2, 3})
        rows.add(std::int64_t(7), "us", static_cast<Int128>(amount));
    rows.add(std::int64_t(5), "eu", static_cast<Int128>(150));
    rows.add(std::int64_t(200), "new", static_cast<Int128>(4));
    load(sink, orders, rows.finish().value(), "p2");
    CHECK(warehouse.sql("SELECT count(*) FROM orders") == "101");
    CHECK(warehouse.sql("SELECT region, amount FROM orders WHERE id = 7") == "us|0.03");
    CHECK(warehouse.sql("SELECT xmin FROM orders WHERE id = 5") == before);
    CHECK(warehouse.sql("SELECT count(*) FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'p'") == "1");
}

TEST_CASE("upsert into a table without a unique key over its columns says which one to make")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE orders (id bigint, region text, amount numeric(12,2))");
    Instance sink = warehouse.sink(R"({"table":"orders","mode":"upsert","key":["id"]})");
    Writing writing(sink);
    writing.acquire();
    CHECK_THROWS_WITH(writing.schema(orders), Catch::Contains("no unique key over (\"id\")") && Catch::Contains("CREATE UNIQUE INDEX ON \"public\".\"orders\" (\"id\")"));
}

TEST_CASE("a key without a value is refused, and the other rows stand")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"orders","mode":"upsert","key":["id"]})");
    Rows rows(orders);
    rows.add(std::int64_t(1), "a", static_cast<Int128>(1));
    rows.add(nullptr, "b", static_cast<Int128>(1));
    rows.add(std::int64_t(3), "c", static_cast<Int128>(1));
    Writing writing(sink);
    writing.acquire();
    writing.schema(orders);
    CHECK(writing.write(rows.finish().value()) == JF_REJECTED);
    CHECK(writing.commit("p", 1) == JF_OK);
    REQUIRE(sink.frame.refused.size() == 1);
    CHECK(sink.frame.refused[0].row == 1);
    CHECK(warehouse.sql("SELECT string_agg(region, ',' ORDER BY id) FROM orders") == "a,c");
}

TEST_CASE("merge deletes what its column says and delete deletes by key")
{
    Warehouse warehouse;
    Instance fill = warehouse.sink(R"({"table":"orders","mode":"upsert","key":["id"]})");
    load(fill, orders, some(0, 10));
    const Schema marked{{"id", Type::int64}, {"region", Type::utf8}, {"gone", Type::boolean}};
    Instance merge = warehouse.sink(R"({"table":"orders","mode":"merge","key":["id"],"deleted":"gone"})");
    Rows rows(marked);
    rows.add(std::int64_t(1), nullptr, true);
    rows.add(std::int64_t(2), "kept", false);
    rows.add(std::int64_t(3), nullptr, true);
    rows.add(std::int64_t(3), "back", false);
    rows.add(std::int64_t(4), "short", nullptr);
    rows.add(std::int64_t(4), nullptr, true);
    load(merge, marked, rows.finish().value(), "p2");
    CHECK(warehouse.sql("SELECT string_agg(id || ':' || region, ',' ORDER BY id) FROM orders WHERE id < 6") == "0:eu,2:kept,3:back,5:eu");
    const Schema keys{{"id", Type::int32}, {"other", Type::utf8}};
    Instance erase = warehouse.sink(R"({"table":"orders","mode":"delete","key":["id"]})");
    Rows gone(keys);
    gone.add(2, "x");
    gone.add(99, "x");
    load(erase, keys, gone.finish().value(), "p3");
    CHECK(warehouse.sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM orders WHERE id < 6") == "0,3,5");
}

TEST_CASE("columns that the table lacks are refused, added or left out, as the contract says")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE orders (id bigint, twice bigint GENERATED ALWAYS AS (id * 2) STORED)");
    const Schema wide{{"id", Type::int64}, {"twice", Type::int64}, {"extra", Type::utf8}};
    Rows rows(wide);
    rows.add(std::int64_t(1), std::int64_t(0), "x");
    const SharedArray batch(rows.finish().value());
    Instance freeze = warehouse.sink(R"({"table":"orders"})");
    Writing writing(freeze);
    writing.acquire();
    CHECK_THROWS_WITH(writing.schema(wide), Catch::Contains("no column 'extra'"));
    Instance discard = warehouse.sink(R"({"table":"orders","schema":"discard"})");
    load(discard, wide, batch.share());
    CHECK(warehouse.sql("SELECT * FROM orders") == "1|2");
    Instance evolve = warehouse.sink(R"({"table":"orders","schema":"evolve"})");
    load(evolve, wide, batch.share(), "p2");
    CHECK(warehouse.sql("SELECT * FROM orders ORDER BY extra") == "1|2|x\n1|2|NULL");
}

TEST_CASE("several lanes load one table at once, each with its own partition")
{
    Warehouse warehouse;
    Instance sink = warehouse.sink(R"({"table":"orders"})");
    constexpr int lanes = 3;
    std::vector<std::thread> threads;
    std::vector<std::string> wrong(lanes);
    for (int lane = 0; lane < lanes; ++lane)
        threads.emplace_back([&, lane] {
            try {
                Instance mine = warehouse.sink(R"({"table":"orders"})"); // a frame for each thread
                Writing writing(mine, "g1", false, "load", static_cast<std::uint32_t>(lane), lanes);
                writing.acquire("part" + std::to_string(lane));
                writing.schema(orders);
                for (int epoch = 1; epoch <= 5; ++epoch) {
                    writing.write(some(lane * 100'000 + epoch * 1000, 1000));
                    must(writing.commit("p" + std::to_string(epoch), static_cast<std::uint64_t>(epoch), epoch == 5, "part" + std::to_string(lane)) == JF_OK, "no commit");
                }
            } catch (const std::exception& error) {
                wrong[static_cast<std::size_t>(lane)] = error.what();
            }
        });
    for (auto& thread : threads)
        thread.join();
    for (const auto& said : wrong)
        CHECK(said == "");
    CHECK(warehouse.sql("SELECT count(*), count(DISTINCT id) FROM orders") == "15000|15000");
    CHECK(warehouse.sql("SELECT count(*) FROM jackfield.progress") == "3");
}

TEST_CASE("a question inside the open epoch sees its rows, changes nothing, and the epoch goes on")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE orders (id bigint PRIMARY KEY, region text, amount numeric(12,2)); INSERT INTO orders VALUES (-1, 'old', 1)");
    const std::string mode = GENERATE("append", "replace", "upsert");
    Instance sink = warehouse.sink("{\"table\":\"orders\",\"mode\":\"" + mode + "\"" + (mode == "upsert" ? ",\"key\":[\"id\"]" : "") + "}");
    Writing writing(sink);
    writing.acquire();
    writing.schema(orders);
    writing.write(some(0, 10));
    const std::string seen = mode == "replace" ? "10" : "11";
    CHECK(writing.ask("SELECT count(*) AS n FROM orders") == "{\"n\":" + seen + "}");
    CHECK(writing.ask("SELECT count(*) AS n FROM jackfield_epoch") == "{\"n\":" + seen + "}");
    CHECK_THROWS(writing.ask("DELETE FROM orders"));
    CHECK_THROWS(writing.ask("WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone"));
    CHECK_THROWS(writing.ask("SELECT nix FROM orders"));
    CHECK(warehouse.sql("SELECT count(*) FROM orders") == "1");
    writing.write(some(10, 10), 1);
    CHECK(writing.commit("p20", 1, true) == JF_OK);
    CHECK(warehouse.sql("SELECT count(*) FROM orders WHERE region = 'eu'") == "20");
}

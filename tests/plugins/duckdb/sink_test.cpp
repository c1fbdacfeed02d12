// The sink 'duckdb': modes, tokens, fences, rows that are refused.
#include "duckdb_parts.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <csignal>

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
    Folder folder;
    Store store(folder.file("a.db"));
    Instance sink = store.sink(R"({"table":"orders"})");
    CHECK(sink.describe().sentence == "table orders, append: duckdb commits the position with the rows");
    {
        Writing writing(sink);
        CHECK(writing.acquire().empty());
        writing.schema(orders);
        writing.write(some(0, 1000));
        CHECK(store.ask("SELECT count(*) AS n FROM orders") == R"({"n":0})");
        CHECK(writing.commit("p1000", 1) == JF_OK);
        writing.write(some(1000, 5));
        writing.abort();
        CHECK(writing.commit("p1000", 1) == JF_OK); // the same again changes nothing
    }
    CHECK(store.ask("SELECT count(*) AS n, sum(amount) AS s FROM orders") == R"({"n":1000,"s":1500.00})");
    Writing again(sink);
    CHECK(again.acquire() == "p1000");
    CHECK(again.fence() == 2);
}

TEST_CASE("a repeated commit of the same epoch does not double its rows")
{
    Folder folder;
    Store store(folder.file("a.db"));
    Instance sink = store.sink(R"({"table":"orders"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(orders);
    for (int i = 0; i < 2; ++i) {
        writing.write(some(0, 10));
        CHECK(writing.commit("p10", 1) == JF_OK);
    }
    CHECK(store.ask("SELECT count(*) AS n FROM orders") == R"({"n":10})");
}

TEST_CASE("a writer whose partition was taken over is fenced off and stores nothing")
{
    Folder folder;
    Store store(folder.file("a.db"));
    Instance sink = store.sink(R"({"table":"orders"})");
    Writing old(sink);
    old.acquire();
    old.schema(orders);
    old.write(some(0, 10));
    SECTION("before its transaction began")
    {
        Writing fresh(sink);
        fresh.acquire();
        CHECK_THROWS_WITH(old.commit("p10", 1), Catch::StartsWith("-13: another writer took over"));
    }
    SECTION("while its transaction was open")
    {
        CHECK(old.ask("SELECT count(*) AS n FROM orders") == R"({"n":10})");
        Writing fresh(sink);
        fresh.acquire();
        CHECK_THROWS_WITH(old.commit("p10", 1), Catch::StartsWith("-13: another writer took over"));
    }
    SECTION("by a run that starts afresh while its transaction was open")
    {
        CHECK(old.ask("SELECT count(*) AS n FROM orders") == R"({"n":10})");
        Writing fresh(sink, "g2", true);
        CHECK_THROWS_WITH(old.commit("p10", 1), Catch::StartsWith("-13: another writer took over"));
    }
    SECTION("by a run that starts afresh")
    {
        Writing fresh(sink, "g2", true);
        CHECK_THROWS_WITH(old.commit("p10", 1), Catch::StartsWith("-13: another writer took over"));
    }
    CHECK(store.ask("SELECT count(*) AS n FROM orders") == R"({"n":0})");
}

TEST_CASE("a partition that is acquired in the middle of an epoch makes the epoch be sent again")
{
    Folder folder;
    Store store(folder.file("a.db"));
    Instance sink = store.sink(R"({"table":"orders"})");
    Writing writing(sink);
    writing.acquire("a");
    writing.schema(orders);
    writing.write(some(0, 10));
    CHECK(writing.ask("SELECT count(*) AS n FROM orders") == R"({"n":10})"); // opens the transaction
    writing.acquire("b");
    CHECK(writing.write(some(10, 10), 1) == JF_RESEND);
    writing.abort();
    writing.write(some(0, 20));
    CHECK(writing.commit("p20", 1, false, "b") == JF_OK);
    CHECK(store.ask("SELECT count(*) AS n FROM orders") == R"({"n":20})");
}

TEST_CASE("replace loads beside the table and swaps at the final commit")
{
    Folder folder;
    Store store(folder.file("a.db"));
    const bool elaborate = GENERATE(false, true);
    store.run(elaborate ? "CREATE TABLE orders (id BIGINT PRIMARY KEY, region VARCHAR DEFAULT 'x', amount DECIMAL(12,2)); INSERT INTO orders VALUES (7, 'old', 1)"
                        : "CREATE TABLE orders AS SELECT 7::BIGINT AS id, 'old' AS region, 1::DECIMAL(12,2) AS amount");
    Instance sink = store.sink(R"({"table":"orders","mode":"replace"})");
    {
        Writing writing(sink, "g1", true);
        writing.acquire();
        writing.schema(orders);
        writing.write(some(0, 10));
        CHECK(writing.commit("p10", 1) == JF_OK);
        CHECK(store.ask("SELECT count(*) AS n FROM orders") == R"({"n":1})");
    }
    Writing writing(sink, "g1"); // goes on after a crash
    CHECK(writing.acquire() == "p10");
    writing.schema(orders);
    writing.write(some(10, 5));
    CHECK(writing.ask("SELECT count(*) AS n FROM orders") == R"({"n":15})"); // a gate sees what will be there
    CHECK(store.ask("SELECT count(*) AS n FROM orders") == R"({"n":1})");
    CHECK(writing.commit("p15", 2) == JF_OK);
    CHECK(writing.commit("p15", 3, true) == JF_OK); // no rows in the last epoch
    CHECK(writing.commit("p15", 3, true) == JF_OK);
    CHECK(store.ask("SELECT count(*) AS n, max(region) AS r FROM orders") == R"({"n":15,"r":"eu"})");
    CHECK(store.ask("SELECT count(*) AS n FROM duckdb_tables() WHERE table_name LIKE 'orders__%'") == R"({"n":0})");
    CHECK(store.ask("SELECT count(*) AS n FROM duckdb_constraints() WHERE table_name = 'orders' AND constraint_type = 'PRIMARY KEY'")
        == (elaborate ? R"({"n":1})" : R"({"n":0})"));
}

TEST_CASE("upsert writes by key, and of several rows with one key the last one counts")
{
    Folder folder;
    Store store(folder.file("a.db"));
    Instance sink = store.sink(R"({"table":"orders","mode":"upsert","key":["id"]})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(orders);
    writing.write(some(0, 10, "eu", 100));
    writing.write(some(5, 10, "us", 200), 1);
    writing.write(some(5, 1, "last", 300), 2);
    CHECK(writing.ask("SELECT count(*) AS n FROM orders") == R"({"n":15})");
    CHECK(writing.commit("p1", 1) == JF_OK);
    writing.write(some(0, 1, "new", 400));
    CHECK(writing.commit("p2", 2) == JF_OK);
    CHECK(store.ask("SELECT count(*) AS n, sum(amount) AS s FROM orders") == R"({"n":15,"s":29.00})");
    CHECK(store.ask("SELECT region FROM orders WHERE id IN (0, 5, 6) ORDER BY id") == R"({"region":"new"} {"region":"last"} {"region":"us"})");

    Rows rows(orders);
    rows.add(1, "eu", static_cast<Int128>(1));
    rows.add(nullptr, "eu", static_cast<Int128>(1));
    CHECK(writing.write(rows.finish().value()) == JF_REJECTED);
    REQUIRE(sink.frame.refused.size() == 1);
    CHECK(sink.frame.refused[0].row == 1);
    CHECK(sink.frame.refused[0].column == "id");
    CHECK(writing.commit("p3", 3) == JF_OK);
    CHECK(store.ask("SELECT count(*) AS n FROM orders WHERE id IS NULL") == R"({"n":0})");
}

TEST_CASE("exactly the rows that a table does not take are refused, and the others are loaded")
{
    Folder folder;
    Store store(folder.file("a.db"));
    store.run("CREATE TABLE orders (id INTEGER PRIMARY KEY, region VARCHAR NOT NULL, amount DECIMAL(4,2) CHECK (amount >= 0)); INSERT INTO orders VALUES (3, 'there', 1)");
    Instance sink = store.sink(R"({"table":"orders"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(orders);
    const auto send = [&](bool all) {
        Rows first(orders), second(orders);
        for (std::int64_t i = 0; i < 10; ++i)
            if (all || i != 3) // id 3 is in the table
                first.add(i, "eu", static_cast<Int128>(100));
        if (all) {
            second.add(std::int64_t(5'000'000'000), "eu", static_cast<Int128>(100)); // no INTEGER
            second.add(20, nullptr, static_cast<Int128>(100));
            second.add(21, "eu", static_cast<Int128>(-100));
            second.add(22, "eu", static_cast<Int128>(1'000'000)); // no DECIMAL(4,2)
            second.add(4, "eu", static_cast<Int128>(100)); // in the first batch
        }
        second.add(30, "eu", static_cast<Int128>(100));
        CHECK(writing.write(first.finish().value(), 0) == JF_OK);
        CHECK(writing.write(second.finish().value(), 1) == JF_OK);
        return writing.commit("p", 1);
    };
    CHECK(send(true) == JF_RESEND);
    writing.abort();
    std::string found;
    for (const auto& row : sink.frame.refused)
        found += std::to_string(row.write) + ":" + std::to_string(row.row) + " " + row.column + " " + row.code + "\n";
    CHECK_THAT(found, Catch::Contains("0:3 id unique") && Catch::Contains("1:0 id type") && Catch::Contains("1:1 region not_null")
        && Catch::Contains("1:2  check") && Catch::Contains("1:3 amount type") && Catch::Contains("1:4 id unique"));
    REQUIRE(sink.frame.refused.size() == 6);
    CHECK(sink.frame.refused[0].message == "'5000000000' cannot be stored as INTEGER");
    CHECK(send(false) == JF_OK);
    CHECK(store.ask("SELECT count(*) AS n FROM orders") == R"({"n":11})");
}

TEST_CASE("text that is not UTF-8 is refused row by row")
{
    Folder folder;
    Store store(folder.file("a.db"));
    Instance sink = store.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema({{"s", Type::utf8}});
    Rows rows({{"s", Type::utf8}});
    for (const char* text : {"gr\xc3\xbc\xc3\x9f" "e", "\xff\xfe", "\xe6\x97\xa5\xe6\x9c\xac", "\xc3", "\xa9"})
        rows.add(text);
    writing.write(rows.finish().value());
    CHECK(writing.commit("p", 1) == JF_RESEND);
    REQUIRE(sink.frame.refused.size() == 3);
    CHECK(sink.frame.refused[0].row == 1);
    CHECK(sink.frame.refused[1].row == 3);
    CHECK(sink.frame.refused[2].row == 4);
}

TEST_CASE("columns that the table lacks are refused or added, as 'schema' says")
{
    Folder folder;
    Store store(folder.file("a.db"));
    store.run("CREATE TABLE orders (ID BIGINT, extra INTEGER)");
    {
        Instance sink = store.sink(R"({"table":"orders"})");
        Writing writing(sink);
        CHECK_THROWS_WITH(writing.schema(orders), Catch::Contains("has no column 'region'") && Catch::Contains("evolve"));
    }
    Instance sink = store.sink(R"({"table":"orders","schema":"evolve"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(orders);
    writing.write(some(0, 3));
    CHECK(writing.commit("p", 1) == JF_OK);
    CHECK(store.ask("SELECT count(id) AS i, count(extra) AS e, count(region) AS r FROM orders") == R"({"i":3,"e":0,"r":3})");
}

TEST_CASE("every type goes in and comes out again")
{
    Folder folder;
    Store store(folder.file("a.db"));
    const DataType utc(Type::timestamp, Unit::micro, "UTC");
    const Schema schema{{"b", Type::boolean}, {"i1", Type::int8}, {"u8", Type::uint64}, {"f", Type::float32}, {"d", Type::float64},
        {"dec4", DataType::decimal(4, 1)}, {"dec9", DataType::decimal(9, 2)}, {"dec38", DataType::decimal(38, 10)}, {"t", Type::large_utf8},
        {"v", Type::utf8_view}, {"bin", Type::binary}, {"day", Type::date32}, {"tod", DataType(Type::time64, Unit::micro)},
        {"ts", DataType(Type::timestamp, Unit::milli)}, {"tz", DataType(Type::timestamp, Unit::milli, "Europe/Berlin")},
        {"l", DataType::list(Type::int32)}, {"s", DataType::structure({{"x", Type::int64}, {"y", Type::utf8}})},
        {"dict", DataType::dictionary(Type::int32, Type::utf8)}, {"m", DataType::map(Type::utf8, Type::int64)}, {"none", Type::null}};
    BatchBuilder builder(schema);
    for (int row = 0; row < 3000; ++row) {
        if (row % 3 == 2) {
            for (std::size_t i = 0; i < schema.size(); ++i)
                builder.column(i).append_null();
            builder.end_row();
            continue;
        }
        std::size_t at = 0;
        const auto column = [&]() -> ColumnBuilder& { return builder.column(at++); };
        column().append_bool(row % 2 == 0);
        column().append_i64(-7);
        column().append_u64(UINT64_MAX);
        column().append_f64(1.5);
        column().append_f64(0.1);
        column().append_decimal(static_cast<Int128>(-1234));
        column().append_decimal(static_cast<Int128>(1234567));
        column().append_decimal(static_cast<Int128>(INT64_MAX) * 1000);
        column().append_text("large");
        column().append_text("a view that is longer than twelve bytes");
        column().append_text(std::string_view("\0\x01", 2));
        column().append_i64(19000);
        column().append_i64(3'600'000'001);
        column().append_i64(1'700'000'000'123);
        column().append_i64(1'700'000'000'123);
        auto& list = column();
        for (int i = 0; i < row % 4; ++i)
            list.child(0).append_i64(i);
        list.end_list();
        auto& pair = column();
        pair.child(0).append_i64(row);
        pair.child(1).append_text("inner");
        pair.end_struct();
        auto& dictionary = column();
        if (row == 0)
            dictionary.child(0).append_text("zero"), dictionary.child(0).append_text("a second value, longer");
        dictionary.append_i64(row % 2);
        auto& map = column();
        map.child(0).child(0).append_text("k");
        map.child(0).child(1).append_i64(row);
        map.child(0).end_struct();
        map.end_list();
        column().append_null();
        builder.end_row();
    }
    Instance sink = store.sink(R"({"table":"all_types"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(schema);
    auto batch = builder.finish();
    REQUIRE((batch || (UNSCOPED_INFO(batch.error().message), false)));
    SharedArray shared(std::move(*batch));
    writing.write(shared.slice(0, 1)); // pieces with offsets
    writing.write(shared.slice(1, 2500), 1);
    writing.write(shared.slice(2501, 499), 2);
    CHECK(writing.commit("p", 1) == JF_OK);
    CHECK(store.ask("SELECT count(*) AS n, count(b) AS b, count(l) AS l, count(s) AS s, count(dict) AS d, count(none) AS z FROM all_types")
        == R"({"n":3000,"b":2000,"l":2000,"s":2000,"d":2000,"z":0})");
    CHECK(store.ask("SELECT * FROM all_types WHERE s.x = 2803")
        == R"({"b":false,"i1":-7,"u8":18446744073709551615,"f":1.5,"d":0.1,"dec4":-123.4,"dec9":12345.67,"dec38":922337203685.4775807000,)"
           R"("t":"large","v":"a view that is longer than twelve bytes","bin":"AAE=","day":"2022-01-08","tod":"01:00:00.000001",)"
           R"("ts":"2023-11-14T22:13:20.123","tz":"2023-11-14T22:13:20.123000Z","l":[0,1,2],"s":{"x":2803,"y":"inner"},)"
           R"("dict":"a second value, longer","m":{"k":2803},"none":null})");
    CHECK(store.ask("SELECT sum(len(l)) AS n, sum(s.x) AS x FROM all_types") == R"({"n":3000,"x":2998000})");
}

TEST_CASE("a process killed between write and commit loses nothing and doubles nothing", "[crash]")
{
    Folder folder;
    const std::string file = folder.file("a.db");
    constexpr std::int64_t epoch_rows = 500, last = 40;
    int killed = 0;
    for (int life = 0; life < 200; ++life) {
        int pipes[2];
        REQUIRE(pipe(pipes) == 0);
        const pid_t child = fork();
        if (child == 0) { // the writer: starts where its token says, as a run that goes on does
            Store store(file);
            Instance sink = store.sink(R"({"table":"orders"})");
            Writing writing(sink);
            const std::string token = writing.acquire();
            writing.schema(orders);
            for (std::int64_t epoch = token.empty() ? 0 : std::stoll(token); epoch < last; ++epoch) {
                writing.write(some(epoch * epoch_rows, epoch_rows));
                (void)writing.ask("SELECT count(*) AS n FROM orders"); // in the table, not committed
                const char said = 'w';
                (void)!::write(pipes[1], &said, 1);
                writing.commit(std::to_string(epoch + 1), static_cast<std::uint64_t>(epoch + 1));
            }
            _exit(0);
        }
        close(pipes[1]);
        char said = 0;
        const int wanted = 1 + life % 3; // after so many writes
        for (int i = 0; i < wanted && read(pipes[0], &said, 1) == 1; ++i) {
        }
        if (life % 2)
            usleep(static_cast<useconds_t>(life % 7) * 300); // somewhere in the commit or after it
        kill(child, SIGKILL);
        int state = 0;
        REQUIRE(waitpid(child, &state, 0) == child);
        close(pipes[0]);
        killed += WIFSIGNALED(state) ? 1 : 0;
        Store store(file);
        const std::string counted = store.ask("SELECT count(*) AS n, count(DISTINCT id) AS d, coalesce(max(id), -1) AS m FROM orders");
        const std::string token = store.ask("SELECT decode(token) AS t FROM jackfield_progress WHERE token IS NOT NULL");
        const auto rows = token.empty() ? 0 : epoch_rows * std::stoll(json::parse(token).at("t").as_string().c_str());
        REQUIRE(counted == "{\"n\":" + std::to_string(rows) + ",\"d\":" + std::to_string(rows) + ",\"m\":" + std::to_string(rows - 1) + "}");
        if (rows == last * epoch_rows && killed >= 30)
            break;
        if (rows == last * epoch_rows) // start over, until there were enough kills
            store.run("DROP TABLE orders; DELETE FROM jackfield_progress; CREATE TABLE orders (id BIGINT, region VARCHAR, amount DECIMAL(12,2))");
    }
    CHECK(killed >= 30);
}

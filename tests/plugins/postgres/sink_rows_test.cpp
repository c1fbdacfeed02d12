// The sink 'postgres': rows that the server refuses, found exactly and taken out.
#include "sink_parts.hpp"

#include <catch2/catch.hpp>

using namespace test;

namespace {

const Schema pairs{{"id", Type::int64}, {"name", Type::utf8}};

/// Rows 0 to count - 1; row i is (i, name(i)).
OwnedArray named(std::int64_t count, const std::function<std::string(std::int64_t)>& name)
{
    Rows rows(pairs);
    for (std::int64_t i = 0; i < count; ++i)
        rows.add(i, name(i));
    return rows.finish().value();
}

std::vector<std::int64_t> refused_rows(const Instance& sink)
{
    std::vector<std::int64_t> out;
    for (const auto& row : sink.frame.refused)
        out.push_back(row.row);
    return out;
}

} // namespace

TEST_CASE("the exact bad row is found and the rest is loaded, wherever it is and in each mode")
{
    const std::string mode = GENERATE("append", "replace", "upsert");
    for (const std::vector<std::int64_t>& bad : std::vector<std::vector<std::int64_t>>{{0}, {4999}, {2500}, {0, 1, 2, 4999}, {17, 1700, 1701, 3000, 4000, 4001, 4500, 4600, 4700, 4800, 4801, 4900}}) {
        Warehouse warehouse;
        warehouse.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(5))");
        Instance sink = warehouse.sink("{\"table\":\"t\",\"mode\":\"" + mode + "\"" + (mode == "upsert" ? ",\"key\":[\"id\"]" : "") + "}");
        load(sink, pairs, named(5000, [&](std::int64_t i) { return std::find(bad.begin(), bad.end(), i) == bad.end() ? "ok" : "too long"; }));
        CHECK(refused_rows(sink) == bad);
        CHECK(sink.frame.refused[0].code == "22001");
        CHECK(sink.frame.refused[0].column == "name");
        CHECK(sink.frame.refused[0].message == "value too long for type character varying(5)");
        CHECK(warehouse.sql("SELECT count(*), min(name), max(name) FROM t") == std::to_string(5000 - bad.size()) + "|ok|ok");
    }
}

TEST_CASE("rows that break NOT NULL, CHECK, UNIQUE and foreign keys are named with SQLSTATE, column and constraint")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE parents (id bigint PRIMARY KEY); INSERT INTO parents SELECT generate_series(0, 1000); "
                  "CREATE TABLE t (id bigint CONSTRAINT known REFERENCES parents, name text NOT NULL CHECK (name <> 'evil'), CONSTRAINT once UNIQUE (name))");
    const Schema schema{{"id", Type::int64}, {"name", Type::utf8}};
    Rows rows(schema);
    for (std::int64_t i = 0; i < 100; ++i) {
        if (i == 10)
            rows.add(i, nullptr);
        else if (i == 20)
            rows.add(i, "evil");
        else if (i == 30)
            rows.add(i, "row 29");
        else if (i == 40)
            rows.add(std::int64_t(5000), "row 40");
        else
            rows.add(i, "row " + std::to_string(i));
    }
    Instance sink = warehouse.sink(R"({"table":"t"})");
    load(sink, schema, rows.finish().value());
    std::map<std::int64_t, std::string> said;
    for (const auto& row : sink.frame.refused)
        said[row.row] = row.code + " " + row.column + ": " + row.message;
    REQUIRE(said.size() == 4);
    CHECK(said[10].rfind("23502 name: null value in column \"name\"", 0) == 0);
    CHECK(said[20].rfind("23514 ", 0) == 0);
    CHECK(said[30].find("violates unique constraint \"once\"") != std::string::npos);
    CHECK(said[40].find("violates foreign key constraint \"known\"") != std::string::npos);
    CHECK(warehouse.sql("SELECT count(*) FROM t") == "96");
}

TEST_CASE("rows that a deferred constraint or a trigger refuses are found too")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE t (id bigint, name text, CONSTRAINT later UNIQUE (name) DEFERRABLE INITIALLY DEFERRED); "
                  "CREATE FUNCTION no_seven() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.id = 7 THEN RAISE EXCEPTION 'no seven, please'; END IF; RETURN NULL; END$$; "
                  "CREATE TRIGGER no_seven AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION no_seven()");
    Instance sink = warehouse.sink(R"({"table":"t"})");
    load(sink, pairs, named(100, [](std::int64_t i) { return i == 60 ? std::string("row 50") : "row " + std::to_string(i); }));
    CHECK(sink.frame.refused.size() == 2);
    CHECK(warehouse.sql("SELECT count(*), count(DISTINCT name), count(*) FILTER (WHERE id = 7) FROM t") == "98|98|0");
}

TEST_CASE("an upsert finds the rows that another unique key, a CHECK or a trigger refuses at the merge")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE t (id bigint PRIMARY KEY, name text UNIQUE CHECK (name <> 'evil')); INSERT INTO t VALUES (-1, 'taken')");
    Instance sink = warehouse.sink(R"({"table":"t","mode":"upsert","key":["id"]})");
    load(sink, pairs, named(200, [](std::int64_t i) { return i == 3 ? "evil" : i == 77 ? "taken" : i == 150 ? "row 149" : "row " + std::to_string(i); }));
    CHECK(refused_rows(sink) == std::vector<std::int64_t>{3, 77, 150});
    CHECK(warehouse.sql("SELECT count(*) FROM t") == "198");
}

TEST_CASE("an epoch in which every row is bad loads nothing and reports each")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE t (id bigint, name varchar(2))");
    Instance sink = warehouse.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(pairs);
    writing.write(named(300, [](std::int64_t) { return "long"; }));
    CHECK(writing.commit("p", 1) == JF_RESEND);
    CHECK(sink.frame.refused.size() == 300);
    writing.abort();
    CHECK(writing.commit("p", 1) == JF_OK);
    CHECK(warehouse.sql("SELECT count(*) FROM t") == "0");
}

TEST_CASE("a bad row of an early write is reported by its write number while later ones go on")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE t (id bigint, name text CHECK (length(name) < 100000))");
    Instance sink = warehouse.sink(R"({"table":"t"})");
    Writing writing(sink);
    writing.acquire();
    writing.schema(pairs);
    const std::string filler(60'000, 'x');
    bool reported = false;
    for (std::uint64_t number = 0; number < 40; ++number) // more than one COPY takes
        reported = writing.write(named(30, [&](std::int64_t i) { return number == 1 && i == 5 ? std::string(100'000, 'y') : filler; }), number) == JF_REJECTED || reported;
    CHECK(reported);
    REQUIRE(sink.frame.refused.size() == 1);
    CHECK(sink.frame.refused[0].write == 1);
    CHECK(sink.frame.refused[0].row == 5);
    CHECK(writing.commit("p", 1) == JF_OK);
    CHECK(warehouse.sql("SELECT count(*) FROM t") == "1199");
}

TEST_CASE("a bad value in a column that goes by text is found by its line and column")
{
    Warehouse warehouse;
    warehouse.sql("CREATE TABLE \"T; odd\" (id bigint, name inet)");
    Instance sink = warehouse.sink(R"({"table":"T; odd"})");
    load(sink, pairs, named(50, [](std::int64_t i) { return i == 20 ? "no address, line 3" : "10.0.0.1"; }));
    REQUIRE(refused_rows(sink) == std::vector<std::int64_t>{20});
    CHECK(sink.frame.refused[0].column == "name");
    CHECK(sink.frame.refused[0].code == "22P02");
    CHECK(warehouse.sql("SELECT count(*) FROM \"T; odd\"") == "49");
}

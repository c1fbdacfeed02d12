// The source 'postgres' under writers whose transactions commit out of the order of their cursors.
#include "source_parts.hpp"

#include <catch2/catch.hpp>
#include <libpq-fe.h>

#include <atomic>
#include <map>
#include <random>

using namespace test;

namespace {

/// Transactions that insert a few rows each and end in any order; some roll back, some insert in savepoints.
class Writers {
public:
    Writers(const Origin& origin, int count)
    {
        const auto& server = origin.database.server();
        const std::string to = "host=" + server.env("JF_PG_SOCKET_DIR") + " port=" + std::to_string(server.port()) + " user=jackfield dbname=" + origin.database.name();
        for (int i = 0; i < count; ++i)
            threads_.emplace_back([this, to, i] { write(to, i); });
    }
    ~Writers() { stop(); }
    void stop()
    {
        stop_ = true;
        for (auto& thread : threads_)
            thread.join();
        threads_.clear();
    }
    std::atomic<int> committed{0};

private:
    void write(const std::string& to, int seed)
    {
        PGconn* connections[3] = {PQconnectdb(to.c_str()), PQconnectdb(to.c_str()), PQconnectdb(to.c_str())};
        std::mt19937 random(static_cast<unsigned>(seed));
        const auto run = [&](int which, const char* sql) { PQclear(PQexec(connections[which], sql)); };
        bool open[3] = {false, false, false};
        while (!stop_) {
            const int which = static_cast<int>(random() % 3);
            if (!open[which]) {
                run(which, "BEGIN");
                open[which] = true;
            }
            run(which, random() % 4 ? "INSERT INTO t DEFAULT VALUES" : "SAVEPOINT s; INSERT INTO t DEFAULT VALUES; RELEASE s");
            if (random() % 3 == 0) {
                const bool keep = random() % 5 != 0;
                run(which, keep ? "COMMIT" : "ROLLBACK");
                committed += keep;
                open[which] = false;
            }
        }
        for (int which = 0; which < 3; ++which) {
            if (open[which])
                run(which, "COMMIT");
            PQfinish(connections[which]);
        }
    }
    std::atomic<bool> stop_{false};
    std::vector<std::thread> threads_;
};

/// How often each id was read, over runs that each go on from the last position, a few rows at a time.
std::map<std::int64_t, int> read_while_written(Origin& origin, const std::string& config)
{
    Instance source = origin.source(config);
    std::map<std::int64_t, int> seen;
    std::string position;
    std::mt19937 random(7);
    const auto read = [&](bool break_off) {
        Reading reading(source, position);
        while (const OwnedArray batch = reading.batch(1 + random() % 20)) {
            const BatchView view(reading.schema, *batch);
            for (std::int64_t row = 0; row < view.rows(); ++row)
                ++seen[view[0].i64(row)];
            position = reading.position;
            if (break_off && random() % 4 == 0)
                return; // as a run that was stopped
        }
    };
    Writers writers(origin, 4);
    for (int run = 0; run < 60 || (writers.committed < 300 && run < 5000); ++run)
        read(run % 3 == 0);
    writers.stop();
    read(false);
    return seen;
}

std::map<std::int64_t, int> all_once(Origin& origin)
{
    std::map<std::int64_t, int> out;
    const std::string ids = origin.sql("SELECT id FROM t");
    for (std::size_t at = 0; at < ids.size(); at = ids.find('\n', at) == std::string::npos ? ids.size() : ids.find('\n', at) + 1)
        out[std::stoll(ids.substr(at))] = 1;
    return out;
}

} // namespace

TEST_CASE("by rows' own transactions nothing is missed and nothing doubled, whatever order they commit in", "[horizon]")
{
    Origin origin;
    origin.sql("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())");
    const auto seen = read_while_written(origin, R"({"table":"t","key":["id"],"horizon":"snapshot"})");
    CHECK(seen.size() > 300);
    CHECK((seen == all_once(origin)));
}

TEST_CASE("by a column of transaction ids nothing is missed and nothing doubled, whatever order they commit in", "[horizon]")
{
    Origin origin;
    origin.sql("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tx xid8 DEFAULT pg_current_xact_id()); CREATE INDEX ON t (tx, id)");
    const auto seen = read_while_written(origin, R"({"table":"t","cursor":"tx","key":["id"],"horizon":"snapshot"})");
    CHECK(seen.size() > 300);
    CHECK((seen == all_once(origin)));
}

TEST_CASE("a plain cursor does miss rows that commit late, which is what the horizon is for", "[horizon]")
{
    Origin origin;
    origin.sql("CREATE TABLE t (id bigint PRIMARY KEY)");
    Instance source = origin.source(R"({"table":"t","cursor":"id"})");
    Instance safe = origin.source(R"({"table":"t","key":["id"],"horizon":"snapshot"})");
    const auto& server = origin.database.server();
    PGconn* late = PQconnectdb(("host=" + server.env("JF_PG_SOCKET_DIR") + " port=" + std::to_string(server.port()) + " user=jackfield dbname=" + origin.database.name()).c_str());
    PQclear(PQexec(late, "BEGIN"));
    PQclear(PQexec(late, "INSERT INTO t VALUES (1)"));
    origin.sql("INSERT INTO t VALUES (2)");
    Reading first(source);
    CHECK(first.all() == R"({"id":2})");
    Reading held(safe);
    CHECK(held.all().empty());
    PQclear(PQexec(late, "COMMIT"));
    PQfinish(late);
    CHECK(Reading(source, first.position).all().empty());
    CHECK(Reading(safe, held.position).all() == R"({"id":1}{"id":2})");
}

TEST_CASE("an updated row comes again with the transactions after its position", "[horizon]")
{
    Origin origin;
    origin.sql("CREATE TABLE t (id bigint PRIMARY KEY, v int); INSERT INTO t SELECT i, 0 FROM generate_series(1, 5) AS i");
    Instance source = origin.source(R"({"table":"t","key":["id"],"horizon":"snapshot"})");
    CHECK((source.describe().capabilities & (JF_INCREMENTAL | JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL)) == (JF_INCREMENTAL | JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL));
    Reading first(source);
    first.all(2);
    origin.sql("UPDATE t SET v = 1 WHERE id = 3");
    Reading second(source, first.position);
    CHECK(second.all() == R"({"id":3,"v":1})");
    CHECK(Reading(source, second.position).all().empty());
    CHECK(Reading(source, first.position, second.position).all() == R"({"id":3,"v":1})");
}

TEST_CASE("positions of ranges give exactly the rows after them, and up to them", "[horizon]")
{
    Origin origin;
    origin.sql("CREATE TABLE t (id bigint PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 20)");
    Instance source = origin.source(R"({"table":"t","key":["id"],"horizon":"snapshot"})");
    Reading reading(source);
    REQUIRE(reading.next(5));
    const std::string middle = reading.position;
    REQUIRE(reading.next(5));
    const std::string later = reading.position;
    origin.sql("INSERT INTO t VALUES (0), (100)");
    const std::string rest = Reading(source, middle).all(); // the old range to its end, then the new one
    CHECK(rest.find(R"({"id":6})") == 0);
    CHECK(rest.find(R"({"id":20}{"id":0}{"id":100})") != std::string::npos);
    CHECK(Reading(source, middle, later).all() == R"({"id":6}{"id":7}{"id":8}{"id":9}{"id":10})");
    std::string early = middle;
    early[15] = '\x7f'; // transactions that this server has never seen
    CHECK_THROWS_WITH(Reading(source, early), Catch::StartsWith("-14: "));
    CHECK_THAT(origin.rows(R"({"table":"t","cursor":"id","horizon":"snapshot"})"), Catch::Contains("xid8"));
}

// Session and Pool over a real server: waits that end, connections that die, refusals and their classes.
#include "postgres/pool.hpp"

#include <postgres_server.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <thread>

using namespace jackfield;
using namespace jackfield::postgres;
using jackfield::test::FreshDatabase;
using namespace std::chrono_literals;

namespace {

const Patience no_end(INT64_MAX);

std::int64_t in_time(std::chrono::nanoseconds from_now)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch() + from_now).count();
}

Session::Keywords over_socket(const FreshDatabase& database)
{
    const auto& server = database.server();
    return {{"host", server.env("JF_PG_SOCKET_DIR")}, {"port", std::to_string(server.port())}, {"user", "jackfield"}, {"dbname", database.name()}};
}

std::unique_ptr<Session> session_on(const FreshDatabase& database) { return Session::connect(over_socket(database), "the server", no_end).value(); }

std::shared_ptr<Pool> pool_on(const FreshDatabase& database, const PoolRules& rules)
{
    return std::make_shared<Pool>([keywords = over_socket(database)](const Patience& patience) { return Session::connect(keywords, "the server", patience); }, rules);
}

bool wait_for(const FreshDatabase& database, const std::string& query, const std::string& wanted)
{
    for (const auto end = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < end;)
        if (database.sql(query) == wanted)
            return true;
    return false;
}

std::string pid_of(Session& session) { return session.run(no_end, "SELECT pg_backend_pid()").value().text(0, 0); }

/// The error of connecting by TCP with these keywords.
Error refused(const Session::Keywords& more)
{
    const auto& server = jackfield::test::postgres();
    Session::Keywords keywords{{"host", "127.0.0.1"}, {"port", std::to_string(server.port())}, {"user", "jackfield"}, {"password", server.password()},
        {"dbname", "postgres"}, {"connect_timeout", "10"}};
    for (const auto& [name, value] : more) {
        std::erase_if(keywords, [&](const auto& known) { return known.first == name; });
        keywords.emplace_back(name, value);
    }
    auto made = Session::connect(keywords, "127.0.0.1", no_end);
    return made ? fail(JF_OK, "connected") : made.error();
}

} // namespace

TEST_CASE("a deadline ends the statement at the server, and the session can be used again")
{
    FreshDatabase database;
    const auto session = session_on(database);
    const auto answer = session->run(Patience(in_time(200ms)), "SELECT pg_sleep(600)");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == JF_E_TIMEOUT);
    CHECK(wait_for(database, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'", "0"));
    CHECK_FALSE(session->broken());
    CHECK(session->run(no_end, "SELECT 1").value().text(0, 0) == "1");
}

TEST_CASE("an interrupt ends the statement at the server from another thread")
{
    FreshDatabase database;
    const auto session = session_on(database);
    std::thread other([&] {
        wait_for(database, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()", "1");
        session->interrupt();
    });
    const auto answer = session->run(no_end, "SELECT pg_sleep(600)");
    other.join();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == JF_E_CANCELLED);
    CHECK(wait_for(database, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()", "0"));
}

TEST_CASE("statements before a COMMIT that fail leave nothing committed and no doubt")
{
    FreshDatabase database;
    const auto session = session_on(database);
    REQUIRE(session->execute(no_end, "CREATE TABLE t (a int)"));
    REQUIRE(session->begin(no_end));
    REQUIRE(session->execute(no_end, "INSERT INTO t VALUES (1)"));
    const auto done = session->commit(no_end, "SELECT 1 / 0");
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "22012");
    CHECK_FALSE(session->in_doubt());
    session->roll_back();
    CHECK(database.sql("SELECT count(*) FROM t") == "0");
}

TEST_CASE("a kept connection that was killed is noticed before it is lent")
{
    FreshDatabase database;
    const auto pool = pool_on(database, {});
    std::string first;
    {
        const Lease lease = pool->lend(no_end).value();
        first = pid_of(*lease);
    }
    CHECK(pid_of(*pool->lend(no_end).value()) == first); // kept
    database.sql("SELECT pg_terminate_backend(" + first + ")");
    CHECK(wait_for(database, "SELECT count(*) FROM pg_stat_activity WHERE pid = " + first, "0"));
    const Lease lease = pool->lend(no_end).value();
    CHECK(pid_of(*lease) != first);
}

TEST_CASE("a connection comes back without the transaction that was open on it")
{
    FreshDatabase database;
    database.sql("CREATE TABLE t (a int)");
    PoolRules rules;
    rules.size = 1;
    rules.overflow = 0;
    const auto pool = pool_on(database, rules);
    {
        const Lease lease = pool->lend(no_end).value();
        REQUIRE(lease->begin(no_end));
        REQUIRE(lease->execute(no_end, "INSERT INTO t VALUES (1)"));
    }
    const Lease lease = pool->lend(no_end).value();
    CHECK_FALSE(lease->in_transaction());
    CHECK(database.sql("SELECT count(*) FROM t") == "0");
}

TEST_CASE("a connection older than 'recycle' is closed instead of lent")
{
    FreshDatabase database;
    PoolRules rules;
    rules.recycle = 1ns;
    const auto pool = pool_on(database, rules);
    const std::string first = pid_of(*pool->lend(no_end).value());
    CHECK(pid_of(*pool->lend(no_end).value()) != first);
    CHECK(wait_for(database, "SELECT count(*) FROM pg_stat_activity WHERE pid = " + first, "0"));
}

TEST_CASE("when all connections are lent, who waits too long is told what to change")
{
    FreshDatabase database;
    PoolRules rules;
    rules.size = 1;
    rules.overflow = 1;
    rules.wait = 50ms;
    const auto pool = pool_on(database, rules);
    const Lease one = pool->lend(no_end).value(), two = pool->lend(no_end).value();
    const auto third = pool->lend(no_end);
    REQUIRE_FALSE(third);
    CHECK(third.error().kind == JF_E_UNAVAILABLE);
    CHECK(third.error().message.find("all 2 connections of the pool are in use; raise 'pool.size'") == 0);
    CHECK(pool->counts().waiting == 0);
}

TEST_CASE("who waits for a connection gets it in the order of coming")
{
    FreshDatabase database;
    PoolRules rules;
    rules.size = 1;
    rules.overflow = 0;
    const auto pool = pool_on(database, rules);
    auto held = std::make_optional(pool->lend(no_end).value());
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::vector<int> order;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            const Lease mine = pool->lend(no_end).value();
            const std::lock_guard lock(mutex);
            order.push_back(i);
        });
        while (pool->counts().waiting <= static_cast<std::size_t>(i))
            std::this_thread::yield();
    }
    held.reset();
    for (auto& thread : threads)
        thread.join();
    CHECK(order == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("each refusal to connect has its class and names its remedy")
{
    CHECK(refused({{"password", "wrong"}}).kind == JF_E_UNAUTHENTICATED);
    CHECK(refused({{"password", "wrong"}}).message.find("check 'user', 'password'") != std::string::npos);
    CHECK(refused({{"dbname", "nix"}}).kind == JF_E_NOT_FOUND);
    CHECK(refused({{"user", "tls_only"}, {"password", "jf-tls"}, {"sslmode", "disable"}}).kind == JF_E_DENIED);
    const auto& server = jackfield::test::postgres();
    CHECK(refused({{"sslmode", "verify-ca"}, {"sslrootcert", server.env("JF_PG_WRONG_CA")}}).kind == JF_E_CONFIG);
    CHECK(refused({{"sslmode", "verify-full"}, {"sslrootcert", server.env("JF_PG_CA")}}).message == "connected");
    CHECK(refused({{"port", "1"}}).kind == JF_E_UNAVAILABLE);
}

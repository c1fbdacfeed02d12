// Log lines and events: masked, on one line, valid JSON.
#include "observe/event_json.hpp"
#include "observe/log.hpp"
#include "observe/store_sink.hpp"

#include <jackfield/abi/host.h>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <stdexcept>
#include <thread>
#include <unistd.h>

using namespace jackfield;
using namespace jackfield::observe;

namespace {

constexpr std::int64_t some_time = 1'795'475'845'004'000'000; // 2026-11-23T23:17:25.004Z

LogRecord some_record()
{
    LogRecord record;
    record.at_ns = some_time;
    record.level = JF_LOG_WARN;
    record.run = "7f3a";
    record.task = "land";
    record.slice = "2026-01";
    record.component = "postgres.warehouse";
    record.message = "two\nlines \x1b[31m \xff";
    record.fields_json = "{\"rows\": 3}";
    return record;
}

std::shared_ptr<const Masker> masker_of(const std::string& secret)
{
    auto masker = std::make_shared<Masker>();
    masker->add(secret);
    return masker;
}

} // namespace

TEST_CASE("a plain line is one line, whatever the message holds", "[log]")
{
    CHECK(plain_line(some_record()) == "2026-11-23T23:17:25.004Z warning run 7f3a land[2026-01] postgres.warehouse: "
                                       "two\\nlines \\x1b[31m \xef\xbf\xbd {\"rows\": 3}\n");
}

TEST_CASE("a JSON line is JSON, whatever message and fields hold", "[log]")
{
    LogRecord record = some_record();
    auto line = boost::json::parse(json_line(record)).as_object();
    CHECK(line["level"] == "warning");
    CHECK(line["fields"].as_object()["rows"] == 3);
    CHECK(line["message"] == "two\nlines \x1b[31m \xef\xbf\xbd");
    for (const char* fields : {"{\"a\":", "{\"a\":***}", "[1]", "no json \xff", "{}x"}) {
        record.fields_json = fields;
        line = boost::json::parse(json_line(record)).as_object();
        CHECK(line["fields"].is_string());
    }
    record.fields_json = "{\"a\":\n1}";
    const std::string text = json_line(record);
    CHECK(text.find('\n') == text.size() - 1);
}

TEST_CASE("an event is one JSON object", "[log][event]")
{
    Event event;
    event.kind = Event::Kind::task_state;
    event.at_ns = some_time;
    event.run = "7f3a";
    event.task = "land \xff";
    event.state = "failed";
    event.rows = 18'446'744'073'709'551'615u;
    event.retry_at_ns = some_time;
    const auto object = boost::json::parse(to_json(event)).as_object();
    CHECK(object.at("event") == "task_state");
    CHECK(object.at("at") == "2026-11-23T23:17:25.004Z");
    CHECK(object.at("retry_at") == "2026-11-23T23:17:25.004Z");
    CHECK(object.at("rows").to_number<std::uint64_t>() == 18'446'744'073'709'551'615u);
    CHECK_FALSE(object.contains("bytes"));
    CHECK_FALSE(object.contains("level"));
}

TEST_CASE("the log masks secrets and drops lines under its level", "[log]")
{
    std::vector<LogRecord> seen;
    Log log(masker_of("hunter22"));
    log.add_sink([&](const LogRecord& record) { seen.push_back(record); });
    log.write(JF_LOG_DEBUG, "not shown");
    log.write(JF_LOG_ERROR, "login with hunter22 failed", "{\"password\":\"hunter22\"}");
    log.set_level(JF_LOG_DEBUG);
    log.write(JF_LOG_DEBUG, "shown");
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].message == "login with *** failed");
    CHECK(seen[0].fields_json == "{\"password\":\"***\"}");
    CHECK(seen[0].at_ns > 0);
}

TEST_CASE("a sink that throws harms neither the caller nor the other sinks", "[log]")
{
    int seen = 0;
    Log log(nullptr);
    log.add_sink([](const LogRecord&) { throw std::runtime_error("no"); });
    log.add_sink([&](const LogRecord&) { ++seen; });
    log.write(JF_LOG_INFO, "hello");
    CHECK(seen == 1);
    CHECK(log.failures() == 1);
}

TEST_CASE("lines of several threads do not mix in a descriptor", "[log]")
{
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    Log log(nullptr);
    log.add_sink(plain_sink(to_descriptor(ends[1])));
    std::vector<std::thread> threads;
    for (int number = 0; number < 8; ++number)
        threads.emplace_back([&] {
            for (int count = 0; count < 20; ++count)
                log.write(JF_LOG_INFO, std::string(100, 'x'));
        });
    for (auto& thread : threads)
        thread.join();
    close(ends[1]);
    std::string all;
    char buffer[4096];
    for (ssize_t got = read(ends[0], buffer, sizeof buffer); got > 0; got = read(ends[0], buffer, sizeof buffer))
        all.append(buffer, static_cast<std::size_t>(got));
    close(ends[0]);
    std::size_t lines = 0;
    for (std::size_t begin = 0; begin < all.size(); ++lines) {
        const std::size_t end = all.find('\n', begin);
        CHECK(all.substr(begin, end - begin).substr(24) == " info: " + std::string(100, 'x'));
        begin = end + 1;
    }
    CHECK(lines == 160);
}

TEST_CASE("the store keeps the lines of a run, masked", "[log][store]")
{
    std::shared_ptr<store::Store> store = std::move(store::open_sqlite("")).value();
    store::Run run;
    run.flow = "orders";
    run = std::move(store->create_run(run, store::Commit::committed)).value();
    Log log(masker_of("hunter22"));
    log.add_sink(store_sink(store));
    LogRecord record = some_record();
    record.run = run.id;
    record.message = "hunter22";
    log.write(record);
    log.write(JF_LOG_INFO, "of the runtime itself");
    REQUIRE(store->flush(store::Commit::committed));
    const auto lines = std::move(store->logs(run.id, {})).value();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].message == "***");
    CHECK(lines[0].task == "land");
    CHECK(lines[0].level == JF_LOG_WARN);
    CHECK(lines[0].at == some_time);
}

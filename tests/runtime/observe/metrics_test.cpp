// Metrics as Prometheus reads them.
#include "observe/metrics.hpp"

#include <jackfield/abi/host.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

using namespace jackfield;
using namespace jackfield::observe;

TEST_CASE("counters add, gauges set, histograms observe", "[metrics]")
{
    Metrics metrics;
    const auto rows = metrics.define(JF_METRIC_COUNTER, "rows_total", "Rows read.");
    const auto lag = metrics.define(JF_METRIC_GAUGE, "lag_seconds", "");
    const std::array bounds = {0.1, 1.0};
    const auto time = metrics.define(JF_METRIC_HISTOGRAM, "commit_seconds", "Time\nof a \\ commit.", bounds);
    metrics.record(rows, 3, {{"task", "land"}, {"flow", "orders"}});
    metrics.record(rows, 4, {{"flow", "orders"}, {"task", "land"}});
    metrics.record(rows, -1, {{"flow", "orders"}, {"task", "land"}});
    metrics.record(rows, std::nan(""));
    metrics.record(lag, 5);
    metrics.record(lag, 2.5);
    for (const double value : {0.05, 0.1, 0.5, 7.0})
        metrics.record(time, value);
    metrics.record(99, 1);
    CHECK(metrics.prometheus_text() == "# HELP commit_seconds Time\\nof a \\\\ commit.\n"
                                       "# TYPE commit_seconds histogram\n"
                                       "commit_seconds_bucket{le=\"0.1\"} 2\n"
                                       "commit_seconds_bucket{le=\"1\"} 3\n"
                                       "commit_seconds_bucket{le=\"+Inf\"} 4\n"
                                       "commit_seconds_sum 7.65\n"
                                       "commit_seconds_count 4\n"
                                       "# TYPE lag_seconds gauge\n"
                                       "lag_seconds 2.5\n"
                                       "# HELP rows_total Rows read.\n"
                                       "# TYPE rows_total counter\n"
                                       "rows_total{flow=\"orders\",task=\"land\"} 7\n");
}

TEST_CASE("a name has one kind, and bad names have none", "[metrics]")
{
    Metrics metrics({}, {2, 10});
    const auto id = metrics.define(JF_METRIC_COUNTER, "a", "");
    CHECK(id != 0);
    CHECK(metrics.define(JF_METRIC_COUNTER, "a", "") == id);
    CHECK(metrics.define(JF_METRIC_GAUGE, "a", "") == 0);
    CHECK(metrics.define(9, "b", "") == 0);
    const std::array falling = {1.0, 0.5};
    CHECK(metrics.define(JF_METRIC_HISTOGRAM, "h", "", falling) == 0);
    for (const char* name : {"", "1a", "a-b", "a b", "\xc3\xbc"})
        CHECK(metrics.define(JF_METRIC_COUNTER, name, "") == 0);
    CHECK(metrics.define(JF_METRIC_COUNTER, "b", "") != 0);
    CHECK(metrics.define(JF_METRIC_COUNTER, "c", "") == 0); // too many
}

TEST_CASE("label values are escaped and masked, label names made fit", "[metrics]")
{
    auto masker = std::make_shared<Masker>();
    masker->add("hunter22");
    Metrics metrics(masker);
    const auto id = metrics.define(JF_METRIC_GAUGE, "g", "");
    metrics.record(id, 1, {{"a-b", "x\"\\\n"}, {"1", "hunter22"}});
    CHECK(metrics.prometheus_text() == "# TYPE g gauge\ng{_1=\"***\",a_b=\"x\\\"\\\\\\n\"} 1\n");
}

TEST_CASE("label values without end count together", "[metrics]")
{
    Metrics metrics({}, {10, 3});
    const auto id = metrics.define(JF_METRIC_COUNTER, "c", "");
    for (int count = 0; count < 100; ++count)
        metrics.record(id, 1, {{"user", std::to_string(count)}});
    metrics.record(id, 1, {{"user", "0"}});
    CHECK(metrics.prometheus_text() == "# TYPE c counter\nc{overflow=\"true\"} 97\nc{user=\"0\"} 2\nc{user=\"1\"} 1\n"
                                       "c{user=\"2\"} 1\n");
}

TEST_CASE("eight threads may count at once", "[metrics]")
{
    Metrics metrics;
    std::vector<std::thread> threads;
    for (int number = 0; number < 8; ++number)
        threads.emplace_back([&] {
            const auto id = metrics.define(JF_METRIC_COUNTER, "c", "");
            for (int count = 0; count < 1000; ++count)
                metrics.record(id, 1);
            (void)metrics.prometheus_text();
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(metrics.prometheus_text() == "# TYPE c counter\nc 8000\n");
}

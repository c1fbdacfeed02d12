// Metrics: counters, gauges and histograms with labels, as Prometheus text.
#pragma once

#include "observe/masker.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield::observe {

/// Name and value; the order does not matter.
using Labels = std::vector<std::pair<std::string, std::string>>;

struct MetricLimits {
    std::size_t metrics = 1000;
    std::size_t series = 1000; ///< of one metric; further label values count together under {overflow="true"}
};

/// *Any thread.*
class Metrics {
public:
    /// masker: for label values; may be empty.
    explicit Metrics(std::shared_ptr<const Masker> masker = {}, MetricLimits limits = {});

    /// An id for record(). kind: JF_METRIC_…; name: [a-zA-Z_:][a-zA-Z0-9_:]*; buckets: upper bounds of a histogram, rising,
    /// empty: 1 ms to 100 s. The same name and kind give the same id; 0: no such name or kind, the name has another
    /// kind, or there are too many.
    std::uint64_t define(std::int32_t kind, std::string_view name, std::string_view help, std::span<const double> buckets = {});

    /// Counter: adds (not if negative); gauge: sets; histogram: observes. Unknown ids and NaN are ignored. Label names
    /// that Prometheus would refuse get '_' for what is wrong in them.
    void record(std::uint64_t id, double value, const Labels& labels = {});

    /// Exposition format 0.0.4, sorted by name.
    [[nodiscard]] std::string prometheus_text() const;

private:
    struct Series {
        double value = 0; ///< of a histogram: the sum
        std::uint64_t count = 0;
        std::vector<std::uint64_t> buckets;
    };
    struct Metric {
        std::int32_t kind = 0;
        std::string name;
        std::string help;
        std::vector<double> bounds;
        std::map<Labels, Series> series;
    };
    [[nodiscard]] std::string label_text(const Labels& labels, std::string_view bound = {}) const;
    void append(std::string& out, const Metric& metric) const;

    std::shared_ptr<const Masker> masker_; // shared with the log
    MetricLimits limits_;
    mutable std::mutex mutex_;             // guards all below
    std::vector<Metric> metrics_;          // id - 1 is the index
    std::map<std::string, std::uint64_t, std::less<>> ids_;
};

} // namespace jackfield::observe

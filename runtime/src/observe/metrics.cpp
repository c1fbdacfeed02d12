// The registry and its text.
#include "observe/metrics.hpp"

#include <jackfield/abi/host.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <functional>

namespace jackfield::observe {
namespace {

constexpr std::array default_bounds = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0};

bool fits(char c, bool first, bool colon)
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x80 && std::isalpha(byte) != 0) || c == '_' || (colon && c == ':') || (!first && std::isdigit(byte) != 0);
}

bool is_metric_name(std::string_view name)
{
    for (std::size_t index = 0; index < name.size(); ++index)
        if (!fits(name[index], index == 0, true))
            return false;
    return !name.empty() && name.size() <= 200;
}

std::string label_name(std::string_view name)
{
    std::string out(name);
    for (char& c : out)
        if (!fits(c, false, false))
            c = '_';
    if (out.empty() || !fits(out.front(), true, false))
        out.insert(out.begin(), '_');
    return out;
}

std::string number(double value)
{
    if (std::isnan(value))
        return "NaN";
    if (std::isinf(value))
        return value > 0 ? "+Inf" : "-Inf";
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return std::string(text.data(), end);
}

/// Backslash and newline escaped, in label values the quote too.
std::string escaped(std::string_view text, bool quote)
{
    std::string out;
    for (const char c : text) {
        if (c == '\\' || (quote && c == '"'))
            out += '\\';
        out += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return out;
}

const char* kind_name(std::int32_t kind)
{
    return kind == JF_METRIC_COUNTER ? "counter" : kind == JF_METRIC_GAUGE ? "gauge" : "histogram";
}

} // namespace

Metrics::Metrics(std::shared_ptr<const Masker> masker, MetricLimits limits) : masker_(std::move(masker)), limits_(limits) {}

std::uint64_t Metrics::define(std::int32_t kind, std::string_view name, std::string_view help, std::span<const double> buckets)
{
    if (kind < JF_METRIC_COUNTER || kind > JF_METRIC_HISTOGRAM || !is_metric_name(name))
        return 0;
    std::lock_guard lock(mutex_);
    if (const auto found = ids_.find(name); found != ids_.end())
        return metrics_[found->second - 1].kind == kind ? found->second : 0;
    if (metrics_.size() >= limits_.metrics)
        return 0;
    Metric metric;
    metric.kind = kind;
    metric.name = name;
    metric.help = help;
    if (kind == JF_METRIC_HISTOGRAM) {
        const std::span<const double> bounds = buckets.empty() ? std::span<const double>(default_bounds) : buckets;
        const auto not_rising = [](double before, double after) { return !(before < after); };
        if (std::adjacent_find(bounds.begin(), bounds.end(), not_rising) != bounds.end())
            return 0;
        metric.bounds.assign(bounds.begin(), bounds.end());
    }
    metrics_.push_back(std::move(metric));
    ids_.emplace(name, metrics_.size());
    return metrics_.size();
}

void Metrics::record(std::uint64_t id, double value, const Labels& labels)
{
    if (std::isnan(value))
        return;
    Labels sorted;
    for (const auto& [name, text] : labels)
        sorted.emplace_back(label_name(name), text);
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end(), [](auto& a, auto& b) { return a.first == b.first; }), sorted.end());
    std::lock_guard lock(mutex_);
    if (id == 0 || id > metrics_.size())
        return;
    Metric& metric = metrics_[id - 1];
    if (metric.kind == JF_METRIC_COUNTER && value < 0)
        return;
    if (metric.series.size() >= limits_.series && metric.series.find(sorted) == metric.series.end())
        sorted = {{"overflow", "true"}};
    Series& series = metric.series[std::move(sorted)];
    series.buckets.resize(metric.bounds.size());
    ++series.count;
    series.value = metric.kind == JF_METRIC_GAUGE ? value : series.value + value;
    const auto bound = std::lower_bound(metric.bounds.begin(), metric.bounds.end(), value);
    if (bound != metric.bounds.end())
        ++series.buckets[static_cast<std::size_t>(bound - metric.bounds.begin())];
}

std::string Metrics::label_text(const Labels& labels, std::string_view bound) const
{
    std::string out;
    for (const auto& [name, value] : labels)
        out += (out.empty() ? "" : ",") + name + "=\"" + escaped(masker_ ? masker_->mask(value) : value, true) + '"';
    if (!bound.empty())
        out += (out.empty() ? "le=\"" : ",le=\"") + std::string(bound) + '"';
    return out.empty() ? out : '{' + out + '}';
}

void Metrics::append(std::string& out, const Metric& metric) const
{
    if (!metric.help.empty())
        out += "# HELP " + metric.name + ' ' + escaped(metric.help, false) + '\n';
    out += "# TYPE " + metric.name + ' ' + kind_name(metric.kind) + '\n';
    for (const auto& [labels, series] : metric.series) {
        if (metric.kind != JF_METRIC_HISTOGRAM) {
            out += metric.name + label_text(labels) + ' ' + number(series.value) + '\n';
            continue;
        }
        std::uint64_t below = 0;
        for (std::size_t index = 0; index < metric.bounds.size(); ++index) {
            below += series.buckets[index];
            out += metric.name + "_bucket" + label_text(labels, number(metric.bounds[index])) + ' ' + std::to_string(below) + '\n';
        }
        out += metric.name + "_bucket" + label_text(labels, "+Inf") + ' ' + std::to_string(series.count) + '\n';
        out += metric.name + "_sum" + label_text(labels) + ' ' + number(series.value) + '\n';
        out += metric.name + "_count" + label_text(labels) + ' ' + std::to_string(series.count) + '\n';
    }
}

std::string Metrics::prometheus_text() const
{
    std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& [name, id] : ids_)
        append(out, metrics_[id - 1]);
    return out;
}

} // namespace jackfield::observe

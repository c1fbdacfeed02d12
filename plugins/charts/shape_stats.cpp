// Histograms and box plots: the rows stay here, the picture gets counts and quartiles.
#include "shape_parts.hpp"

#include <algorithm>

namespace jackfield::charts {
namespace {

struct Group {
    std::string name;
    std::vector<double> values;
};

std::vector<Group> group(const Column* by, const Column& values, std::size_t rows)
{
    std::vector<Group> out;
    Names names;
    for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t at = names.index_of(by != nullptr ? by->label(row) : values.name);
        if (at == out.size())
            out.push_back({names.all()[at], {}});
        if (!values.is_null(row))
            out[at].values.push_back(values.numbers[row]);
    }
    return out;
}

// Quantile of sorted values, linear between neighbours (type 7 of Hyndman and Fan, the default of R and numpy).
double quantile(const std::vector<double>& sorted, double share)
{
    const double at = share * static_cast<double>(sorted.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, sorted.size() - 1);
    return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

double round_step(double raw)
{
    const double power = std::pow(10, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 2.5, 5.0})
        if (raw <= power * factor * 1.0000001)
            return power * factor;
    return power * 10;
}

struct Bins {
    double start = 0;
    double step = 1;
    std::size_t count = 0;
};

// Freedman and Diaconis' width, made round, 5 to 60 bins unless asked otherwise.
Bins choose_bins(std::vector<double> values, std::optional<double> wanted)
{
    if (values.empty())
        return {};
    std::ranges::sort(values);
    const double low = values.front();
    const double range = values.back() - low;
    if (range <= 0)
        return {low - 0.5, 1, 1};
    double raw = range / wanted.value_or(1);
    if (!wanted) {
        const double spread = quantile(values, 0.75) - quantile(values, 0.25);
        raw = 2 * spread / std::cbrt(static_cast<double>(values.size()));
        raw = std::clamp(raw > 0 ? raw : range / 20, range / 60, range / 5);
    }
    Bins out;
    out.step = round_step(raw);
    out.start = std::floor(low / out.step) * out.step;
    out.count = static_cast<std::size_t>(std::floor((values.back() - out.start) / out.step)) + 1;
    return out;
}

void append_box(std::string& out, const Group& group, std::size_t most_outliers, std::size_t& shown, std::size_t& all)
{
    std::vector<double> sorted = group.values;
    std::ranges::sort(sorted);
    out += "{\"name\":";
    append_string(out, group.name);
    out += ",\"count\":" + std::to_string(sorted.size()) + ",\"box\":";
    if (sorted.empty()) {
        out += "null,\"outliers\":[]}";
        return;
    }
    const double low = quantile(sorted, 0.25);
    const double high = quantile(sorted, 0.75);
    const double reach = 1.5 * (high - low); // Tukey's whiskers: the last value within 1.5 boxes
    const auto inside_from = std::ranges::lower_bound(sorted, low - reach);
    const auto inside_to = std::ranges::upper_bound(sorted, high + reach);
    append_array(out, std::vector<double>{*inside_from, low, quantile(sorted, 0.5), high, *(inside_to - 1)},
                 append_number);
    std::vector<double> outliers(sorted.begin(), inside_from);
    outliers.insert(outliers.end(), inside_to, sorted.end());
    all += outliers.size();
    if (outliers.size() > most_outliers) { // the farthest on both sides tell most
        const auto half = static_cast<std::ptrdiff_t>(most_outliers / 2);
        outliers.erase(outliers.begin() + half, outliers.end() - half);
    }
    shown += outliers.size();
    out += ",\"outliers\":";
    append_array(out, outliers, append_number);
    out += '}';
}

} // namespace

Status shape_histogram(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows)
{
    Remarks remarks;
    std::vector<Group> groups;
    if (!parts.y.empty())
        groups = group(parts.series, *parts.y.front(), rows);
    const auto most = static_cast<std::size_t>(*spec.number("max_series"));
    if (groups.size() > most) { // the rest as one: counts can be added
        const std::size_t keep = most > 1 ? most - 1 : 1;
        std::ranges::stable_sort(groups, [](const Group& a, const Group& b) { return a.values.size() > b.values.size(); });
        Group rest{"Others (" + grouped(groups.size() - keep) + ")", {}};
        for (std::size_t i = keep; i < groups.size(); ++i)
            rest.values.insert(rest.values.end(), groups[i].values.begin(), groups[i].values.end());
        groups.resize(keep);
        groups.push_back(std::move(rest));
    }
    std::vector<double> all;
    for (const Group& one : groups)
        all.insert(all.end(), one.values.begin(), one.values.end());
    const Bins bins = choose_bins(all, spec.number("bins"));
    out += ",\"start\":";
    append_number(out, bins.start);
    out += ",\"step\":";
    append_number(out, bins.step);
    out += ",\"bins\":" + std::to_string(bins.count) + ",\"nulls\":" + std::to_string(rows - all.size()) + ",\"series\":";
    append_array(out, groups, [&](std::string& o, const Group& one) {
        std::vector<double> counts(bins.count, 0);
        for (const double value : one.values)
            counts[std::min(static_cast<std::size_t>((value - bins.start) / bins.step), bins.count - 1)] += 1;
        o += "{\"name\":";
        append_string(o, one.name);
        o += ",\"values\":";
        append_array(o, counts, append_number);
        o += '}';
    });
    if (rows > all.size())
        remarks.lines.push_back(grouped(rows - all.size()) + (rows - all.size() == 1 ? " row" : " rows") + " without a value");
    append_remarks(out, remarks);
    return {};
}

Status shape_boxplot(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows)
{
    Remarks remarks;
    std::vector<Group> groups;
    if (!parts.y.empty())
        groups = group(parts.x != nullptr ? parts.x : parts.series, *parts.y.front(), rows);
    const std::string_view how = spec.text("sort");
    if (how == "x" || how == "-x")
        std::ranges::stable_sort(groups, [](const Group& a, const Group& b) { return a.name < b.name; });
    if (how == "-x")
        std::ranges::reverse(groups);
    const auto most = static_cast<std::size_t>(spec.number("limit").value_or(40));
    remarks.cut(most, groups.size(), "groups");
    if (groups.size() > most)
        groups.resize(most);
    std::size_t shown = 0;
    std::size_t all = 0;
    out += ",\"groups\":";
    append_array(out, groups, [&](std::string& o, const Group& one) { append_box(o, one, 200, shown, all); });
    remarks.cut(shown, all, "outliers");
    append_remarks(out, remarks);
    return {};
}

} // namespace jackfield::charts

// Data with the troubles of real data: gaps, long and foreign names, one row, none, ten thousand.
#include "chart_cases.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace jackfield::charts::cases {
namespace {

constexpr double null = std::numeric_limits<double>::quiet_NaN();
constexpr double day = 86400000.0;
constexpr double start = 1767225600000.0; // 2026-01-01

// A small generator of our own: the same pictures everywhere.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed * 2654435761U + 1) {}
    double roll() // 0 to 1
    {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<double>(state_ >> 33U) / 2147483648.0;
    }
    double bell()
    {
        double sum = 0;
        for (int i = 0; i < 12; ++i)
            sum += roll();
        return sum - 6;
    }

private:
    std::uint64_t state_;
};

Column numbers(std::string name, std::vector<double> values)
{
    Column out;
    out.name = std::move(name);
    out.numbers = std::move(values);
    return out;
}

Column times(std::string name, std::vector<double> values, bool date_only)
{
    Column out = numbers(std::move(name), std::move(values));
    out.kind = ColumnKind::time;
    out.date_only = date_only;
    return out;
}

Column texts(std::string name, std::vector<std::string> values)
{
    Column out;
    out.name = std::move(name);
    out.kind = ColumnKind::text;
    out.valid.assign(values.size(), true);
    out.texts = std::move(values);
    return out;
}

Table table(std::vector<Column> columns)
{
    Table out;
    out.rows = columns.front().kind == ColumnKind::text ? columns.front().texts.size() : columns.front().numbers.size();
    out.columns = std::move(columns);
    return out;
}

const std::vector<std::string> short_names{"Zürich", "Geneva", "Basel", "Bern", "Lausanne", "Lugano"};
const std::vector<std::string> long_names{"Revenue from subscriptions and renewals", "Professional services (Europe, Middle East)",
    "Hardware_and_accessories_without_any_space_to_break_at", "Training", "Partner commissions, settled quarterly",
    "Marketplace", "Support contracts – extended", "Other"};
const std::vector<std::string> foreign_names{"東京都千代田区", "Москва и область", "القاهرة الكبرى", "Ελλάδα", "กรุงเทพมหานคร", "서울특별시", "תל אביב", "मुंबई"};

Table walk(std::size_t rows, double step, std::uint64_t seed, std::vector<std::string> names, double offset, double swing)
{
    std::vector<Column> columns;
    std::vector<double> at;
    for (std::size_t i = 0; i < rows; ++i)
        at.push_back(start + static_cast<double>(i) * step);
    columns.push_back(times("day", at, std::fmod(step, day) == 0));
    Dice dice(seed);
    for (const std::string& name : names) {
        double level = offset * (0.7 + dice.roll());
        std::vector<double> values;
        for (std::size_t i = 0; i < rows; ++i)
            values.push_back(std::round((level += swing * dice.bell() * 0.4) * 100) / 100);
        columns.push_back(numbers(name, values));
    }
    return table(std::move(columns));
}

Table by_name(const std::vector<std::string>& names, const std::vector<std::string>& series, double low, double high)
{
    Dice dice(names.size() + series.size());
    std::vector<Column> columns{texts("place", names)};
    for (const std::string& one : series) {
        std::vector<double> values;
        for (std::size_t i = 0; i < names.size(); ++i)
            values.push_back(std::round((low + (high - low) * dice.roll()) * 10) / 10);
        columns.push_back(numbers(one, values));
    }
    return table(std::move(columns));
}

std::vector<std::string> many(const std::string& stem, std::size_t count)
{
    std::vector<std::string> out;
    for (std::size_t i = 1; i <= count; ++i)
        out.push_back(stem + " " + std::to_string(i));
    return out;
}

Table empty(std::vector<std::string> names)
{
    std::vector<Column> columns{texts("place", {})};
    for (std::string& name : names)
        columns.push_back(numbers(std::move(name), {}));
    return table(std::move(columns));
}

void set_null(Table& table, std::size_t column, std::initializer_list<std::size_t> rows)
{
    for (const std::size_t row : rows)
        table.columns[column].numbers[row] = null;
}

void add_lines(std::vector<Case>& out, const std::string& kind)
{
    const std::string head = R"({"kind":")" + kind + R"(",)";
    Table gaps = walk(60, day, 3, {"delay"}, 40, 9);
    set_null(gaps, 1, {10, 11, 12, 13, 14, 30, 32, 33, 50});
    out.push_back({kind + "/two series", head + R"("title":"Requests per day","subtitle":"Both regions, January to June","y_title":"requests"})",
                   walk(170, day, 1, {"Europe", "North America"}, 5200, 420), kind == "line"});
    out.push_back({kind + "/nulls", head + R"("title":"Mean delay with outages","y_title":"minutes","note":"Source: control system"})", gaps, true});
    out.push_back({kind + "/negative", head + R"("title":"Net flow","y":["net flow"]})", walk(48, 3600000, 5, {"net flow"}, 0.4, 3), false});
    out.push_back({kind + "/many series", head + R"("title":"Load of every host"})", walk(90, day / 2, 7, many("compute-host-eu-west", 18), 60, 8), kind == "line"});
    out.push_back({kind + "/one point", head + R"("title":"The first day"})", walk(1, day, 8, {"orders"}, 120, 5), false});
    out.push_back({kind + "/no points", head + R"("title":"Nothing yet"})", empty({"orders"}), false});
    out.push_back({kind + "/10,000 points", head + R"("title":"Sensor","y_title":"°C"})", walk(10000, 60000, 9, {"temperature"}, 20, 0.3), kind == "line"});
    out.push_back({kind + "/names", head + R"("title":"売上とВыручка: long title that goes on and on until it needs a second line and then has to be cut somewhere near its end because nobody can read that much","y_title":"тыс. ₽"})",
                   by_name(foreign_names, {"план", "実績"}, 100, 900), kind == "line"});
    out.push_back({kind + "/log", head + R"("title":"Latency, logarithmic","log":true,"x":"n","y":["p50","p99"]})",
                   [] {
                       std::vector<double> n, p50, p99;
                       for (int i = 1; i <= 40; ++i) {
                           n.push_back(i * 25);
                           p50.push_back(i == 7 ? 0 : 0.2 * std::pow(1.12, i));
                           p99.push_back(3 * std::pow(1.2, i));
                       }
                       return table({numbers("n", n), numbers("p50", p50), numbers("p99", p99)});
                   }(), false});
}

void add_bars(std::vector<Case>& out, const std::string& kind)
{
    const std::string head = R"({"kind":")" + kind + R"(",)";
    out.push_back({kind + "/few", head + R"("title":"Passengers by station","y_title":"thousand","labels":true})", by_name(short_names, {"2025"}, 20, 95), kind == "bar"});
    out.push_back({kind + "/grouped", head + R"("title":"Passengers by station and year","y_title":"thousand"})", by_name(short_names, {"2023", "2024", "2025"}, 20, 95), true});
    out.push_back({kind + "/long names", head + R"("title":"Income by line of business"})", by_name(long_names, {"income"}, 1000000, 8000000), kind == "bar"});
    out.push_back({kind + "/lying", head + R"("title":"Income by line of business","horizontal":true,"labels":true,"format":{"income":"0.0a"}})", by_name(long_names, {"income"}, 1000000, 8000000), kind == "bar"});
    out.push_back({kind + "/negative", head + R"("title":"Change against last year","y_title":"%"})", by_name(short_names, {"a", "b"}, -30, 40), true});
    out.push_back({kind + "/foreign", head + R"("title":"人口","labels":true})", by_name(foreign_names, {"人口"}, 100, 900), false});
    out.push_back({kind + "/many", head + R"("title":"Errors by endpoint"})", by_name(many("/api/v2/resource", 300), many("status", 14), 1, 900), false});
    out.push_back({kind + "/days", head + R"("title":"Orders per day","y_title":"orders"})", walk(92, day, 12, {"orders"}, 800, 60), kind == "bar"});
    out.push_back({kind + "/one", head + R"("title":"One"})", by_name({"only"}, {"value"}, 5, 6), false});
    out.push_back({kind + "/none", head + R"("title":"None"})", empty({"value"}), false});
}

void add_pies(std::vector<Case>& out)
{
    const std::string head = R"({"kind":"pie",)";
    out.push_back({"pie/few", head + R"("title":"Share of traffic"})", by_name(short_names, {"visits"}, 900, 8000), true});
    out.push_back({"pie/many", head + R"("title":"Share of cost by line of business","limit":14})", by_name(many("Line of business", 60), {"cost"}, 1, 90), false});
    out.push_back({"pie/long names", head + R"("title":"Income","format":{"income":"$ #,##0"}})", by_name(long_names, {"income"}, 1000000, 8000000), true});
    out.push_back({"pie/foreign", head + R"("title":"人口"})", by_name(foreign_names, {"人口"}, 100, 900), false});
    out.push_back({"pie/one", head + R"("title":"One"})", by_name({"only"}, {"value"}, 5, 6), false});
    out.push_back({"pie/none", head + R"("title":"None"})", empty({"value"}), false});
    out.push_back({"pie/negative", head + R"("title":"Negative values are left out"})", by_name(short_names, {"value"}, -40, 60), false});
}

Table cloud(std::size_t rows, std::size_t groups)
{
    Dice dice(rows);
    std::vector<double> x, y;
    std::vector<std::string> group;
    for (std::size_t i = 0; i < rows; ++i) {
        const double shift = static_cast<double>(i % groups) * 2.5;
        x.push_back(std::round((20 + shift * 3 + 4 * dice.bell()) * 100) / 100);
        y.push_back(std::round((300 + shift * 40 + 9 * x.back() + 50 * dice.bell()) * 10) / 10);
        group.push_back("Cluster " + std::to_string(i % groups + 1));
    }
    return table({numbers("weight, kg", x), numbers("power, W", y), texts("group", group)});
}

void add_scatter(std::vector<Case>& out)
{
    const std::string head = R"({"kind":"scatter","x":"weight, kg","y":"power, W",)";
    out.push_back({"scatter/groups", head + R"("title":"Power over weight","series":"group"})", cloud(240, 3), true});
    out.push_back({"scatter/10,000 points", head + R"("title":"Power over weight"})", cloud(10000, 2), true});
    out.push_back({"scatter/many series", head + R"("title":"Power over weight","series":"group"})", cloud(800, 16), false});
    out.push_back({"scatter/one", head + R"("title":"One"})", cloud(1, 1), false});
    out.push_back({"scatter/none", head + R"("title":"None"})", table({numbers("weight, kg", {}), numbers("power, W", {})}), false});
}

Table cells(const std::vector<std::string>& columns, const std::vector<std::string>& rows, double low, double high, bool gaps)
{
    Dice dice(columns.size());
    std::vector<std::string> x, y;
    std::vector<double> v;
    for (const std::string& row : rows)
        for (const std::string& column : columns) {
            x.push_back(column);
            y.push_back(row);
            v.push_back(gaps && dice.roll() < 0.12 ? null : std::round(low + (high - low) * dice.roll()));
        }
    return table({texts("hour", x), texts("weekday", y), numbers("visits", v)});
}

void add_heatmaps(std::vector<Case>& out)
{
    const std::vector<std::string> week{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    std::vector<std::string> hours;
    for (int i = 0; i < 24; ++i)
        hours.push_back((i < 10 ? "0" : "") + std::to_string(i));
    const std::string head = R"({"kind":"heatmap","x":"hour","y":"weekday","value":"visits",)";
    out.push_back({"heatmap/week", head + R"("title":"Visits by hour and weekday","x_title":"hour"})", cells(hours, week, 10, 990, true), true});
    out.push_back({"heatmap/diverging", head + R"("title":"Change against last week"})", cells(short_names, week, -60, 80, false), true});
    out.push_back({"heatmap/long names", head + R"("title":"Correlation of lines of business"})", cells(long_names, long_names, 0, 100, false), true});
    out.push_back({"heatmap/foreign", head + R"("title":"人口"})", cells(foreign_names, foreign_names, 0, 100, false), false});
    out.push_back({"heatmap/many", head + R"("title":"Many"})", cells(many("column", 150), many("row", 80), 0, 100, false), false});
    out.push_back({"heatmap/one", head + R"("title":"One"})", cells({"a"}, {"b"}, 5, 6, false), false});
    out.push_back({"heatmap/none", head + R"("title":"None"})", cells({}, {}, 0, 1, false), false});
}

void add_statistics(std::vector<Case>& out)
{
    Dice dice(77);
    std::vector<double> delay;
    std::vector<std::string> carrier;
    const std::vector<std::string> carriers{"Alpine Air", "Baltic", "Continental Wings", "Dolphin", "Eastern"};
    for (int i = 0; i < 3000; ++i) {
        const std::size_t which = static_cast<std::size_t>(dice.roll() * 5) % 5;
        carrier.push_back(carriers[which]);
        delay.push_back(std::round((static_cast<double>(which) * 3 + 8 * dice.bell() + (dice.roll() < 0.06 ? 70 * dice.roll() : 0)) * 10) / 10);
    }
    const Table flights = table({texts("carrier", carrier), numbers("delay, min", delay)});
    out.push_back({"histogram/delays", R"({"kind":"histogram","title":"Delays","y":"delay, min","y_title":"flights"})", flights, true});
    out.push_back({"histogram/groups", R"({"kind":"histogram","title":"Delays by carrier","y":"delay, min","series":"carrier","bins":24})", flights, true});
    out.push_back({"histogram/one", R"({"kind":"histogram","title":"One"})", table({numbers("value", {5})}), false});
    out.push_back({"histogram/none", R"({"kind":"histogram","title":"None"})", table({numbers("value", {})}), false});
    out.push_back({"histogram/large", R"({"kind":"histogram","title":"Large numbers"})", table({numbers("bytes", {1.5e9, 2.25e9, 8e9, 9.1e9, 4e9, 4.4e9})}), false});
    out.push_back({"boxplot/delays", R"({"kind":"boxplot","title":"Delays by carrier","x":"carrier","y":"delay, min"})", flights, true});
    Table lines = cells(long_names, many("r", 30), 0, 1000, false);
    out.push_back({"boxplot/long names", R"({"kind":"boxplot","title":"By line","x":"hour","y":"visits"})", lines, true});
    out.push_back({"boxplot/foreign", R"({"kind":"boxplot","title":"人口","x":"hour","y":"visits"})", cells(foreign_names, many("r", 9), -50, 100, true), false});
    out.push_back({"boxplot/one", R"({"kind":"boxplot","title":"One","x":"hour","y":"visits"})", cells({"a"}, {"b"}, 5, 6, false), false});
    out.push_back({"boxplot/none", R"({"kind":"boxplot","title":"None","x":"hour","y":"visits"})", cells({}, {}, 0, 1, false), false});
}

void add_texts(std::vector<Case>& out)
{
    out.push_back({"number/trend", R"({"kind":"number","title":"Active users","subtitle":"per day","y":"users"})", walk(60, day, 21, {"users"}, 48000, 900), true});
    out.push_back({"number/percent", R"({"kind":"number","title":"Error rate","better":"down","format":{"rate":"0.00 %"}})",
                   table({times("day", {start, start + day, start + 2 * day, start + 3 * day}, true), numbers("rate", {0.021, 0.019, 0.02, 0.0234})}), true});
    out.push_back({"number/plain", R"({"kind":"number","title":"Open orders","note":"as of this morning"})", table({numbers("orders", {1284})}), true});
    out.push_back({"number/large", R"({"kind":"number","title":"Выручка за весь период, 東京","format":{"v":"$ #,##0.00"}})", table({numbers("v", {-123456789012.34, -9.9})}), false});
    out.push_back({"number/none", R"({"kind":"number","title":"None"})", table({numbers("orders", {})}), false});
    std::vector<double> amounts, when;
    for (std::size_t i = 0; i < 8; ++i) {
        amounts.push_back(i == 3 ? null : 1234.5 * std::pow(-1.7, static_cast<double>(i)));
        when.push_back(start + static_cast<double>(i) * 1.37 * day);
    }
    const Table mixed = table({texts("line of business", long_names), texts("place", foreign_names), times("booked", when, false), numbers("amount", amounts)});
    out.push_back({"table/mixed", R"({"kind":"table","title":"Latest bookings","subtitle":"All lines"})", mixed, true});
    out.push_back({"table/many", R"({"kind":"table","title":"Hosts"})", by_name(many("compute-host", 400), many("metric", 14), -5, 99999), false});
    out.push_back({"table/none", R"({"kind":"table","title":"None"})", empty({"value"}), false});
}

} // namespace

std::vector<Case> all()
{
    std::vector<Case> out;
    for (const char* kind : {"line", "area"})
        add_lines(out, kind);
    out.push_back({"area/stacked", R"({"kind":"area","title":"Memory by service","stack":true,"y_title":"MB"})", walk(120, day, 31, {"search", "cart", "payments", "mail"}, 400, 12), true});
    for (const char* kind : {"bar", "stacked_bar"})
        add_bars(out, kind);
    add_pies(out);
    add_scatter(out);
    add_heatmaps(out);
    add_statistics(out);
    add_texts(out);
    return out;
}

std::string sized(const Case& one, int width, int height, const std::string& theme)
{
    return one.spec.substr(0, one.spec.size() - 1) + ",\"width\":" + std::to_string(width) + ",\"height\":" + std::to_string(height) +
           ",\"theme\":\"" + theme + "\"}";
}

} // namespace jackfield::charts::cases

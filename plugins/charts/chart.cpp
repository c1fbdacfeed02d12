// The plugin: figures in, a page, an option or a picture out.
#include "arrow_table.hpp"
#include "assets.hpp"
#include "engine_client.hpp"
#include "page.hpp"
#include "shape.hpp"

#include <jackfield/sdk/plugin.hpp>

namespace jackfield::charts {
namespace {

constexpr std::string_view html_type = "text/html";
constexpr std::string_view option_type = "application/vnd.jackfield.echarts+json";
constexpr std::string_view svg_type = "image/svg+xml";
constexpr std::string_view png_type = "image/png";
constexpr std::size_t page_points = 20000; // of a line that a reader can still zoom into

/// Draws with ECharts: pages in the reader's browser, pictures in the helper program. Any thread.
class EChartsRenderer : public sdk::Chart {
public:
    EChartsRenderer(const sdk::Config& config, sdk::Host host)
        : host_(host), timeout_(config.duration("timeout", 30'000'000'000)), engine_(find_engine())
    {
    }

    /// The same fonts given.
    static sdk::Description describe(const sdk::Config&) { return {.capabilities = JF_DETERMINISTIC}; }

    /// In a flow a chart is configured by what it draws.
    static std::string config_schema() { return std::string(assets::spec_schema()); }

    std::vector<std::string> media_types() override
    {
        return {std::string(html_type), std::string(option_type), std::string(svg_type), std::string(png_type)};
    }

    std::string spec_schema() override { return std::string(assets::spec_schema()); }

    Status render(const sdk::Call& call, std::string_view page_json, std::vector<sdk::Figure> figures,
                  std::string_view media_type, const sdk::BytesOut& out) override
    {
        JF_ASSIGN(Page page, Page::parse(page_json));
        const bool html = media_type == html_type;
        if (!html && media_type != option_type && media_type != svg_type && media_type != png_type)
            return fail(JF_E_UNSUPPORTED, "charts are no '" + std::string(media_type) + "'; ask for " + std::string(html_type) +
                                              ", " + std::string(option_type) + ", " + std::string(svg_type) + " or " + std::string(png_type));
        if (!html && figures.size() != 1)
            return fail(JF_E_UNSUPPORTED, std::string(media_type) + " holds one chart, not " + std::to_string(figures.size()) +
                                              "; a page of several is " + std::string(html_type));
        std::vector<Figure> shaped;
        for (std::size_t i = 0; i < figures.size(); ++i) {
            Result<Figure> made = prepare(figures[i], page, html);
            if (!made && figures.size() == 1 && page_json.empty()) // a chart alone
                return std::move(made).error();
            if (!made)
                return std::move(made).error().at("charts[" + std::to_string(i) + "]");
            shaped.push_back(std::move(made).value());
        }
        if (html) {
            if (page_json.empty() && shaped.size() == 1 && shaped.front().spec.text("theme") == "dark")
                page.theme = "dark";
            return out.write(make_page(page, shaped));
        }
        return draw(call, shaped.front(), media_type, out);
    }

private:
    static Result<Figure> prepare(sdk::Figure& given, const Page& page, bool html)
    {
        JF_ASSIGN(Spec spec, Spec::parse(given.spec));
        if (!page.theme.empty())
            spec.set_theme(page.theme);
        JF_ASSIGN(const Table table, read_table(*given.data));
        given.data.reset();
        const auto pixels = static_cast<std::size_t>(spec.number("width").value_or(800));
        JF_ASSIGN(std::string text, shape(spec, table, html ? page_points : pixels * 2));
        return Figure{std::move(spec), std::move(text)};
    }

    Status draw(const sdk::Call& call, const Figure& figure, std::string_view media_type, const sdk::BytesOut& out)
    {
        const Ask what = media_type == svg_type ? Ask::svg : media_type == png_type ? Ask::png : Ask::option;
        std::int64_t left = timeout_;
        if (call.deadline_ns() != INT64_MAX)
            left = std::min(left, call.deadline_ns() - host_.monotonic_ns());
        const auto deadline = EngineClient::Clock::now() + std::chrono::nanoseconds(left);
        JF_ASSIGN(const std::string bytes, engine_.ask(what, figure.spec.number("scale").value_or(1), figure.shaped,
                                                       deadline, [&] { return call.cancelled(); }));
        return out.write(bytes);
    }

    sdk::Host host_;
    std::int64_t timeout_; // nanoseconds
    EngineClient engine_;
};

} // namespace
} // namespace jackfield::charts

JACKFIELD_PLUGIN("charts", "0.1.0", "Jackfield", "Apache-2.0",
    jackfield::sdk::chart<jackfield::charts::EChartsRenderer>(
        "charts.echarts", "Charts with ECharts: pages for the browser, SVG and PNG pictures",
        "Line, area, bar, stacked bar, pie, scatter, heat map, histogram, box plot, big number and table. text/html is one "
        "page that needs no network and holds any number of charts; SVG and PNG are drawn by the program "
        "jackfield-chart-engine, which is started at the first picture."))

// Writes the HTML around the charts.
#include "page.hpp"

#include "assets.hpp"

namespace jackfield::charts {
namespace {

std::string escape(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    }
    return out;
}

void append_header(std::string& out, const Page& page)
{
    if (page.title.empty() && page.subtitle.empty())
        return;
    out += "<header>";
    if (!page.title.empty())
        out += "<h1>" + escape(page.title) + "</h1>";
    if (!page.subtitle.empty())
        out += "<p>" + escape(page.subtitle) + "</p>";
    out += "</header>\n";
}

void append_cards(std::string& out, const Page& page, const std::vector<Figure>& figures)
{
    const int columns = figures.size() == 1 ? 1 : page.columns;
    out += "<div class=\"grid\" style=\"--columns:" + std::to_string(columns) + "\">\n";
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const Spec& spec = figures[i].spec;
        const int span = std::min(columns, static_cast<int>(spec.number("span").value_or(1)));
        out += "<div class=\"card\" style=\"--span:" + std::to_string(span);
        if (spec.kind() != "table") // a table is as high as its rows
            out += ";height:" + std::to_string(static_cast<int>(spec.number("height").value_or(400)) + 2) + "px";
        out += "\"><div id=\"chart-" + std::to_string(i) + "\"></div></div>\n";
    }
    out += "</div>\n";
}

} // namespace

std::string make_page(const Page& page, const std::vector<Figure>& figures)
{
    std::string title = page.title;
    if (title.empty() && !figures.empty())
        title = figures.front().spec.text("title");
    std::string out;
    out.reserve(assets::echarts().size() + 200000);
    out += "<!DOCTYPE html>\n<html lang=\"en\"";
    if (!page.theme.empty())
        out += " data-theme=\"" + escape(page.theme) + "\"";
    out += "><head><meta charset=\"utf-8\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
           "style-src 'unsafe-inline'; img-src data:\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
           escape(title.empty() ? "Charts" : title) + "</title>\n<style>\n";
    out += assets::page_style();
    out += "</style></head>\n<body><main>\n";
    append_header(out, page);
    append_cards(out, page, figures);
    if (!page.footer.empty())
        out += "<footer>" + escape(page.footer) + "</footer>\n";
    out += "</main>\n<script type=\"application/json\" id=\"charts\">[";
    for (std::size_t i = 0; i < figures.size(); ++i)
        out += (i > 0 ? ",\n" : "") + figures[i].shaped;
    out += "]</script>\n<script>";
    for (const std::string_view script : {assets::echarts(), assets::chart_script(), assets::page_script()}) {
        out += script;
        out += '\n';
    }
    out += "</script></body></html>\n";
    return out;
}

} // namespace jackfield::charts

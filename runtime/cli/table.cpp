// Tables for people.
#include "table.hpp"

#include "terminal.hpp"

#include <algorithm>
#include <cstdint>
#include <ctime>

namespace jackfield::cli {

Table& Table::column(std::string title, bool right)
{
    columns_.push_back({std::move(title), right});
    return *this;
}

void Table::row(std::vector<std::string> cells)
{
    cells.resize(columns_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::print(std::size_t width) const
{
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = display_width(columns_[i].title);
        for (const auto& row : rows_)
            widest = std::max(widest, display_width(row[i]));
        widths.push_back(widest);
    }
    if (width > 0) { // the widest column gives way until the line fits
        std::size_t total = 2 * (widths.empty() ? 0 : widths.size() - 1);
        for (const std::size_t one : widths)
            total += one;
        while (total > width) {
            const auto widest = std::max_element(widths.begin(), widths.end());
            if (*widest <= 8)
                break;
            const std::size_t less = std::min(total - width, *widest - 8);
            const std::size_t step = std::max<std::size_t>(1, std::min<std::size_t>(less, 4));
            *widest -= step;
            total -= step;
        }
    }
    std::string out;
    const auto line = [&](const auto& cell) {
        std::string text;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string shown = clipped(cell(i), widths[i]);
            const std::string blanks(widths[i] - std::min(widths[i], display_width(shown)), ' ');
            text += (i > 0 ? "  " : "") + (columns_[i].right ? blanks + shown : shown + blanks);
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += (width > 0 ? clipped(text, width) : text) + "\n";
    };
    line([&](std::size_t i) { return columns_[i].title; });
    for (const auto& row : rows_)
        line([&](std::size_t i) { return row[i]; });
    return out;
}

std::string local_time(std::int64_t unix_ns)
{
    if (unix_ns == 0)
        return "-";
    const std::time_t seconds = unix_ns / 1'000'000'000;
    std::tm parts{};
    localtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%F %T", &parts)};
}

} // namespace jackfield::cli

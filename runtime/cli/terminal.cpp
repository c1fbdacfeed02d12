// Terminals, and how wide characters are.
#include "terminal.hpp"

#include "observe/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace jackfield::cli {

namespace {

struct Range {
    std::uint32_t first, last;
};

// Unicode 15: East_Asian_Width W and F, blocks joined where what lies between is unassigned or wide in practice.
constexpr std::array wide_ranges = {Range{0x1100, 0x115F}, Range{0x231A, 0x231B}, Range{0x2329, 0x232A}, Range{0x23E9, 0x23EC}, Range{0x23F0, 0x23F0},
    Range{0x23F3, 0x23F3}, Range{0x25FD, 0x25FE}, Range{0x2614, 0x2615}, Range{0x2648, 0x2653}, Range{0x267F, 0x267F}, Range{0x2693, 0x2693},
    Range{0x26A1, 0x26A1}, Range{0x26AA, 0x26AB}, Range{0x26BD, 0x26BE}, Range{0x26C4, 0x26C5}, Range{0x26CE, 0x26CE}, Range{0x26D4, 0x26D4},
    Range{0x26EA, 0x26EA}, Range{0x26F2, 0x26F3}, Range{0x26F5, 0x26F5}, Range{0x26FA, 0x26FA}, Range{0x26FD, 0x26FD}, Range{0x2705, 0x2705},
    Range{0x270A, 0x270B}, Range{0x2728, 0x2728}, Range{0x274C, 0x274C}, Range{0x274E, 0x274E}, Range{0x2753, 0x2755}, Range{0x2757, 0x2757},
    Range{0x2795, 0x2797}, Range{0x27B0, 0x27B0}, Range{0x27BF, 0x27BF}, Range{0x2B1B, 0x2B1C}, Range{0x2B50, 0x2B50}, Range{0x2B55, 0x2B55},
    Range{0x2E80, 0x303E}, Range{0x3041, 0x4DBF}, Range{0x4E00, 0xA4CF}, Range{0xA960, 0xA97F}, Range{0xAC00, 0xD7A3}, Range{0xF900, 0xFAFF},
    Range{0xFE10, 0xFE19}, Range{0xFE30, 0xFE6F}, Range{0xFF00, 0xFF60}, Range{0xFFE0, 0xFFE6}, Range{0x16FE0, 0x18CFF}, Range{0x1B000, 0x1B2FF},
    Range{0x1F004, 0x1F004}, Range{0x1F0CF, 0x1F0CF}, Range{0x1F18E, 0x1F18E}, Range{0x1F191, 0x1F19A}, Range{0x1F200, 0x1F320},
    Range{0x1F32D, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F7E0, 0x1F7F0}, Range{0x1F90C, 0x1F9FF}, Range{0x1FA70, 0x1FAFF},
    Range{0x20000, 0x3FFFD}};
constexpr std::array empty_ranges = {Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x05BF, 0x05C7}, Range{0x0610, 0x061A},
    Range{0x064B, 0x065F}, Range{0x0670, 0x0670}, Range{0x06D6, 0x06DC}, Range{0x06DF, 0x06E4}, Range{0x06E7, 0x06ED}, Range{0x0711, 0x0711},
    Range{0x0730, 0x074A}, Range{0x0900, 0x0902}, Range{0x093C, 0x093C}, Range{0x0941, 0x0948}, Range{0x094D, 0x094D}, Range{0x0E31, 0x0E31},
    Range{0x0E34, 0x0E3A}, Range{0x0E47, 0x0E4E}, Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200F}, Range{0x202A, 0x202E},
    Range{0x2060, 0x2064}, Range{0x20D0, 0x20FF}, Range{0x3099, 0x309A}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}, Range{0xFEFF, 0xFEFF},
    Range{0x1F3FB, 0x1F3FF}, Range{0xE0100, 0xE01EF}};

template <std::size_t Count>
bool within(const std::array<Range, Count>& ranges, std::uint32_t point)
{
    const auto after = std::upper_bound(ranges.begin(), ranges.end(), point, [](std::uint32_t at, const Range& range) { return at < range.first; });
    return after != ranges.begin() && point <= std::prev(after)->last;
}

std::size_t width_of(std::uint32_t point)
{
    if (point < 0x300)
        return point < 0x20 || (point >= 0x7F && point < 0xA0) ? 0 : 1;
    return within(empty_ranges, point) ? 0 : within(wide_ranges, point) ? 2 : 1;
}

/// Length of the escape sequence "ESC [ … letter" that starts here; 0: none does.
std::size_t escape_at(std::string_view text, std::size_t at)
{
    if (text[at] != '\x1b' || at + 1 >= text.size() || text[at + 1] != '[')
        return 0;
    std::size_t end = at + 2;
    while (end < text.size() && (text[end] < '@' || text[end] > '~'))
        ++end;
    return std::min(end + 1, text.size()) - at;
}

} // namespace

std::size_t Terminal::width() const
{
    winsize size{};
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return std::max<std::size_t>(20, size.ws_col);
    return 80;
}

std::size_t Terminal::height() const
{
    winsize size{};
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

std::string Terminal::coloured(const char* code, std::string_view text) const
{
    return colours ? "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m" : std::string(text);
}

Terminal terminal_of(int descriptor)
{
    Terminal out{descriptor};
    const char* kind = std::getenv("TERM");
    const char* no_colour = std::getenv("NO_COLOR");
    out.moves = isatty(descriptor) == 1 && kind && *kind && std::string_view(kind) != "dumb";
    out.colours = out.moves && !(no_colour && *no_colour);
    return out;
}

std::size_t display_width(std::string_view text)
{
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (const std::size_t escape = escape_at(text, at))
            at += escape;
        else
            width += width_of(observe::next_code_point(text, at));
    }
    return width;
}

std::string clipped(std::string_view text, std::size_t width)
{
    if (display_width(text) <= width)
        return std::string(text);
    std::string out;
    std::size_t used = 0;
    bool cut = false;
    for (std::size_t at = 0; at < text.size();) {
        if (const std::size_t escape = escape_at(text, at)) {
            out += text.substr(at, escape);
            at += escape;
            continue;
        }
        const std::size_t from = at;
        const std::size_t wide = width_of(observe::next_code_point(text, at));
        if (cut)
            continue;
        if (used + wide + 1 > width) {
            out += width > 0 ? "…" : "";
            cut = true;
            continue;
        }
        used += wide;
        out += text.substr(from, at - from);
    }
    return out;
}

std::string padded_to(std::string_view text, std::size_t width)
{
    const std::size_t wide = display_width(text);
    return std::string(text) + std::string(wide < width ? width - wide : 0, ' ');
}

bool print_to(int descriptor, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) { // somebody made it non-blocking
            pollfd ready{descriptor, POLLOUT, 0};
            (void)::poll(&ready, 1, 1000);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool print_out(std::string_view text) { return print_to(STDOUT_FILENO, text); }
bool print_err(std::string_view text) { return print_to(STDERR_FILENO, text); }

} // namespace jackfield::cli

// Lines of a program's output.
#include "lines.hpp"

namespace jackfield::program {

namespace {

/// Length of the UTF-8 sequence that starts `text`, 0 if there is none (RFC 3629).
std::size_t sequence_length(std::string_view text)
{
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto tail = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
    const unsigned first = at(0);
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return tail(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const bool ok = tail(1) && tail(2) && !(first == 0xE0 && at(1) < 0xA0) && !(first == 0xED && at(1) > 0x9F);
        return ok ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool ok = tail(1) && tail(2) && tail(3) && !(first == 0xF0 && at(1) < 0x90) && !(first == 0xF4 && at(1) > 0x8F);
        return ok ? 4 : 0;
    }
    return 0;
}

} // namespace

void Lines::add(std::string_view bytes)
{
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view piece = bytes.substr(0, end);
        open_.append(piece);
        while (open_.size() > longest_) {
            give(std::string_view(open_).substr(0, longest_));
            open_.erase(0, longest_);
        }
        if (end == std::string_view::npos)
            return;
        give(open_);
        open_.clear();
        bytes.remove_prefix(end + 1);
    }
}

void Lines::finish()
{
    if (!open_.empty())
        give(open_);
    open_.clear();
}

void Lines::give(std::string_view line)
{
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    std::string clean;
    clean.reserve(line.size());
    while (!line.empty()) {
        const std::size_t length = sequence_length(line);
        if (length == 0)
            clean += "\xEF\xBF\xBD";
        else
            clean += line.substr(0, length);
        line.remove_prefix(length == 0 ? 1 : length);
    }
    take_(clean);
}

} // namespace jackfield::program
